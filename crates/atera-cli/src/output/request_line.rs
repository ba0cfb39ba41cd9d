//! The line that `atera sandbox` prints for a request: time, method, path, status, and how long the answer took.
//!
//! Programs put keys where they do not belong, and the log of a sandbox ends up in tickets. So whatever may be a secret in the
//! path and its query is left out. Other values stay, since a line without them does not say what a program has asked for; the
//! help of the command says so.

use std::time::Duration;

use atera::{ApiKey, Timestamp};

/// Parts of a parameter's name that make its value a secret.
const SECRET: [&str; 5] = ["key", "token", "secret", "password", "auth"];

/// What is told of a request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RequestLine<'a> {
    pub(crate) time: Timestamp,
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    /// None if the connection was reset.
    pub(crate) status: Option<u16>,
    pub(crate) took: Option<Duration>,
    pub(crate) fault: Option<&'a str>,
}

impl RequestLine<'_> {
    /// The line, as in `09:15:02Z GET /api/v3/tickets?page=2 200 4.1 ms`.
    pub(crate) fn text(&self) -> String {
        let time = self.time.to_utc().format("%H:%M:%SZ");
        let (method, path) = (self.method, without_secrets(self.path));
        let status = self
            .status
            .map_or("reset".to_string(), |status| status.to_string());
        let took = self
            .took
            .map(|took| format!(" {:.1} ms", took.as_secs_f64() * 1_000.0));
        let fault = self.fault.map(|fault| format!(" (fault {fault})"));
        format!(
            "{time} {method} {path} {status}{}{}",
            took.unwrap_or_default(),
            fault.unwrap_or_default()
        )
    }
}

/// A path with its query, with `…` in place of what may be a secret.
fn without_secrets(path: &str) -> String {
    let (path, query) = match path.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (path, None),
    };
    let hidden = |text: &str| match ApiKey::resembles(text) {
        true => "…".to_string(),
        false => text.to_string(),
    };
    let path: Vec<_> = path.split('/').map(hidden).collect();
    let query = query.map(|query| {
        let pairs: Vec<_> = query.split('&').map(pair_without_secret).collect();
        format!("?{}", pairs.join("&"))
    });
    path.join("/") + &query.unwrap_or_default()
}

/// A parameter of the query, with `…` in place of its value if that may be a secret.
fn pair_without_secret(pair: &str) -> String {
    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
    let lower = name.to_ascii_lowercase();
    let is_secret = SECRET.iter().any(|part| lower.contains(part)) || ApiKey::resembles(value);
    match (is_secret, ApiKey::resembles(name)) {
        (_, true) => "…".to_string(),
        (true, _) => format!("{name}=…"),
        _ => pair.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_in_an_address_is_left_out() {
        let key = "0123456789abcdef0123456789abcdef";
        for (path, shown) in [
            ("/tickets?page=2&itemsInPage=50", "/tickets?page=2&itemsInPage=50"),
            ("/tickets?apiKey=x&page=2", "/tickets?apiKey=…&page=2"),
            (&format!("/tickets?q={key}"), "/tickets?q=…"),
            (&format!("/tickets?{key}"), "/tickets?…"),
            (&format!("/{key}/tickets"), "/…/tickets"),
            ("/tickets", "/tickets"),
            ("/tickets?", "/tickets?"),
        ] {
            assert_eq!(without_secrets(path), shown);
        }
    }

    #[test]
    fn a_reset_has_no_status() {
        let mut line = RequestLine {
            time: "2026-03-02T09:15:02.7Z".parse().expect("a time"),
            method: "GET",
            path: "/api/v3/tickets?page=2",
            status: Some(200),
            took: Some(Duration::from_micros(4_120)),
            fault: None,
        };
        assert_eq!(line.text(), "09:15:02Z GET /api/v3/tickets?page=2 200 4.1 ms");
        (line.status, line.took, line.fault) = (None, None, Some("reset"));
        assert_eq!(
            line.text(),
            "09:15:02Z GET /api/v3/tickets?page=2 reset (fault reset)"
        );
    }
}
