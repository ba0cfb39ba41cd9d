//! `--metrics` as Prometheus reads it, for the tests of the commands that have it.

use std::{collections::HashMap, io::Read};

use super::*;

/// The address in the line that says where they are.
pub(crate) fn address(line: &str) -> String {
    line.trim_end()
        .strip_prefix("metrics are at http://")
        .and_then(|rest| rest.strip_suffix("/metrics"))
        .unwrap_or_else(|| panic!("{line}"))
        .to_string()
}

/// The answer to a GET.
pub(crate) fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("the address of the metrics");
    let request = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("it is sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("text");
    answer
}

/// The values by their names with labels.
pub(crate) fn samples(text: &str) -> HashMap<&str, f64> {
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.rsplit_once(' ').expect("a value"))
        .map(|(name, value)| (name, value.parse().expect(value)))
        .collect()
}
