//! `atera mirror sync --every … --metrics …`.

use super::*;
use crate::metrics::{address, get, samples};

/// What `promtool` finds wrong with the metrics, where it is installed.
fn checked(text: &str) -> String {
    let promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut promtool) = promtool else {
        // Tests capture what `eprintln!` prints.
        let _ = writeln!(
            std::io::stderr(),
            "SKIPPED: the metrics are not checked by `promtool`, because it is not installed (package `prometheus`)"
        );
        return String::new();
    };
    let mut input = promtool.stdin.take().expect("a pipe");
    input.write_all(text.as_bytes()).expect("it is read");
    drop(input);
    let output = promtool.wait_with_output().expect("it ends");
    [output.stdout, output.stderr]
        .map(|it| String::from_utf8_lossy(&it).into_owned())
        .concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_are_served_while_rounds_go_on() {
    for place in Place::both() {
        let sandbox = start(small()).await;
        let mut command = place.against(
            &sandbox,
            &[
                "sync",
                "--only",
                "tickets,agents",
                "--every",
                "1h",
                "--metrics",
                ":0",
                "--metrics-report",
                "stale-agents,backlog,alert-storms",
            ],
        );
        command
            // However long it takes, the slots are in use when the metrics are asked for.
            .env("ATERA_RATE_LIMIT", "700/1h")
            .env("XDG_STATE_HOME", place.folder.path());
        let (child, mut lines) = started(command);
        let (child, first, other) = aside(move || {
            let line = lines.next().expect("where they are");
            let address = address(&line);
            assert!(address.starts_with("127.0.0.1:"), "{address}");
            // The round is over.
            let round = lines.find(|line| line.contains(" came, ")).expect("a round");
            assert!(round.contains("135 came"), "{round}");
            (child, get(&address, "/metrics"), get(&address, "/"))
        })
        .await;
        let (head, text) = first.split_once("\r\n\r\n").expect("a body");
        assert!(
            head.starts_with("HTTP/1.1 200 OK") && head.contains("text/plain; version=0.0.4"),
            "{head}"
        );
        assert!(
            other.starts_with("HTTP/1.1 404 ") && other.contains("/metrics"),
            "{other}"
        );
        let samples = samples(text);
        let value = |name: &str| *samples.get(name).unwrap_or_else(|| panic!("{name} in {text}"));
        let all = sandbox.log().len() as f64;
        let requests = samples
            .iter()
            .filter(|(name, _)| name.starts_with("atera_requests_total{"));
        assert_eq!(requests.map(|(_, count)| count).sum::<f64>(), all, "{text}");
        assert!(value("atera_requests_total{operation=\"tickets_list\"}") >= 3.0);
        assert_eq!(value("atera_retries_total{operation=\"tickets_list\"}"), 0.0);
        assert!(value("atera_wait_seconds_total{operation=\"tickets_list\"}") >= 0.0);
        assert_eq!((value("atera_slots"), value("atera_calls_waiting")), (700.0, 0.0));
        assert!(value("atera_slots_in_use") > 0.0 && value("atera_slots_in_use") <= all);
        assert_eq!(value("atera_list_records{list=\"tickets\"}"), 120.0);
        assert_eq!(value("atera_list_whole{list=\"agents\"}"), 1.0);
        let age = value("atera_list_age_seconds{list=\"tickets\"}");
        assert!((0.0..600.0).contains(&age), "{age}");
        for report in ["stale-agents", "backlog"] {
            let rows = atera(&["report", report, "-o", "json", "--quiet"]);
            let rows = json(&output(place.at(rows)).await);
            let counted = value(&format!("atera_report_rows{{report=\"{report}\"}}"));
            assert_eq!(rows.as_array().map(|rows| rows.len() as f64), Some(counted));
            assert_eq!(
                value(&format!("atera_report_answered{{report=\"{report}\"}}")),
                1.0
            );
        }
        // No rows would look as if there were no alerts; they were never read.
        assert_eq!(value("atera_report_answered{report=\"alert-storms\"}"), 0.0);
        assert!(
            !samples.contains_key("atera_report_rows{report=\"alert-storms\"}"),
            "{text}"
        );
        assert!(!text.contains(sandbox.api_key()));
        assert_eq!(checked(text), "");
        let ended = aside(move || {
            signal("TERM", &child);
            child.wait_with_output().expect("it ends")
        })
        .await;
        assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_that_cannot_be_served_are_refused() {
    let place = Place::file();
    let sandbox = start(small()).await;
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let taken = taken.local_addr().expect("an address").to_string();
    for (arguments, says) in [
        (&["--metrics", ":0"][..], "--every"),
        (&["--every", "1h", "--metrics", "here"], ":9100"),
        (&["--every", "1h", "--metrics-report", "quality"], "--metrics"),
        (
            &["--every", "1h", "--metrics", &taken],
            "metrics cannot be served at 127.0.0.1:",
        ),
        (
            &["--every", "1h", "--metrics", ":0", "--metrics-report", "nonsense"],
            "there is no report `nonsense`",
        ),
    ] {
        let refused = place.sync(&sandbox, arguments).await;
        assert_failure(&refused, 2, says);
    }
}
