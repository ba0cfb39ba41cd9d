//! `--metrics` and its like, for the commands that run for long.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use clap::{Arg, ArgAction};

use crate::input::reports_folder;

/// Serves metrics at an address.
pub(crate) const METRICS: &str = "metrics";
/// Counts the rows of a report among them.
pub(crate) const METRICS_REPORT: &str = "metrics-report";

/// The heading of these flags.
const HEADING: &str = "Metrics";

/// The flags.
pub(crate) fn arguments() -> [Arg; 2] {
    [
        Arg::new(METRICS)
            .long(METRICS)
            .value_name("ADDRESS")
            .value_parser(address)
            .help_heading(HEADING)
            .help("Serve metrics for Prometheus, as at :9100, which is of this machine alone, or 0.0.0.0:9100 for all"),
        Arg::new(METRICS_REPORT)
            .long(METRICS_REPORT)
            .value_name("NAMES")
            .value_delimiter(',')
            .action(ArgAction::Append)
            .requires(METRICS)
            .help_heading(HEADING)
            .help("Count the rows of these reports, with their defaults, each time the metrics are asked for"),
    ]
}

/// The folder of the reports, for a command that has no other use for it.
pub(crate) fn reports() -> Arg {
    reports_folder::argument()
        .requires(METRICS_REPORT)
        .help_heading(HEADING)
}

/// An address to listen at. Without a host it is of this machine alone.
fn address(text: &str) -> Result<SocketAddr, String> {
    let (host, port) = text.rsplit_once(':').unwrap_or(("", text));
    let local = match host {
        "" => Some(IpAddr::from(Ipv4Addr::LOCALHOST)),
        "localhost" => Some(IpAddr::from(Ipv4Addr::LOCALHOST)),
        _ => None,
    };
    let address = match (local, port.parse()) {
        (Some(ip), Ok(port)) => Some(SocketAddr::new(ip, port)),
        _ => text.parse().ok(),
    };
    address.ok_or_else(|| {
        "it must be an address with a port, as in :9100, 0.0.0.0:9100 or [::1]:9100".to_string()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_without_a_host_is_of_this_machine() {
        for (text, expected) in [
            (":9100", "127.0.0.1:9100"),
            ("9100", "127.0.0.1:9100"),
            ("localhost:9100", "127.0.0.1:9100"),
            ("0.0.0.0:9100", "0.0.0.0:9100"),
            ("[::1]:0", "[::1]:0"),
            ("192.168.1.5:80", "192.168.1.5:80"),
        ] {
            assert_eq!(address(text), Ok(expected.parse().expect("an address")), "{text}");
        }
        for text in ["", ":", "host:9100", ":99999", "::1", "http://127.0.0.1:9100"] {
            assert!(address(text).is_err_and(|told| told.contains(":9100")), "{text}");
        }
    }
}
