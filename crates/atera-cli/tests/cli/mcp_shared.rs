//! What `atera mcp` shares with other programs: the limit of the machine, and its metrics.

use std::{
    io::{BufRead, BufReader, Lines},
    process::{Child, ChildStderr, ChildStdin, ChildStdout},
};

use atera::RateLimit;
use serde_json::json;

use super::{
    mcp::{call, hello},
    mcp_http::Served,
    metrics::{address, get, samples},
    *,
};

/// A server over stdin and stdout, which goes on. It is killed at the end.
struct Started {
    child: Child,
    /// `None` once the host has gone.
    stdin: Option<ChildStdin>,
    stdout: Lines<BufReader<ChildStdout>>,
    stderr: Lines<BufReader<ChildStderr>>,
}

impl Drop for Started {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Started {
    fn start(mut command: Command) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the command runs");
        let mut started = Started {
            stdin: child.stdin.take(),
            stdout: BufReader::new(child.stdout.take().expect("a pipe")).lines(),
            stderr: BufReader::new(child.stderr.take().expect("a pipe")).lines(),
            child,
        };
        for message in hello() {
            started.say(&message);
        }
        started.answer();
        started
    }

    fn say(&mut self, message: &Value) {
        let mut stdin = self.stdin.as_ref().expect("a pipe");
        writeln!(stdin, "{message}").expect("it reads");
    }

    fn answer(&mut self) -> Value {
        let line = self.stdout.next().expect("an answer").expect("text");
        serde_json::from_str(&line).expect("JSON")
    }

    /// The next line that it says to a person.
    fn told(&mut self) -> String {
        self.stderr.next().expect("a line").expect("text")
    }
}

/// A read of the account, which is one request.
fn read(id: u64) -> Value {
    call(id, "read", &json!({"operation": "account_get"}))
}

/// A limit of three requests an hour: two of an assistant, and one of a command. Then both wait.
#[tokio::test(flavor = "multi_thread")]
async fn an_assistant_has_one_limit_with_the_other_programs_of_the_machine() {
    let sandbox = Sandbox::builder().rate_limit(RateLimit::off());
    let sandbox = sandbox.start().await.expect("a sandbox");
    let state = tempfile::tempdir().expect("a folder");
    let limited = |arguments: &[&str]| {
        let mut command = against(&sandbox, arguments);
        command
            .args(["--rate-limit", "3/1h"])
            .env("XDG_STATE_HOME", state.path());
        command
    };
    let server = limited(&["mcp"]);
    let mut server = aside(move || {
        let mut server = Started::start(server);
        for id in [1, 2] {
            server.say(&read(id));
            assert_eq!(server.answer()["result"]["isError"], false);
        }
        server
    })
    .await;
    let command = output(limited(&["account", "get", "--quiet"])).await;
    assert_success(&command);
    let status = json(&output(limited(&["limit", "status", "-o", "json"])).await);
    assert_eq!(status[0]["InUse"], 3, "{status}");
    // The fourth request waits, be it of the server or of the command.
    let mut command = limited(&["account", "get"]);
    command.stdout(Stdio::null()).stderr(Stdio::piped());
    let told = aside(move || {
        let mut waiting = command.spawn().expect("the command runs");
        let lines = BufReader::new(waiting.stderr.take().expect("a pipe"));
        let of_command = lines.lines().next().expect("a line").expect("text");
        waiting.kill().expect("it runs");
        waiting.wait().expect("it ends");
        server.say(&read(3));
        [of_command, server.told()]
    })
    .await;
    for told in told {
        assert!(told.starts_with("rate limit reached: next slot in "), "{told}");
    }
    assert_eq!(sandbox.log().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_metrics_of_a_server_are_those_of_its_calls_and_its_mirror() {
    let sandbox = sandbox().await;
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("account.db").display().to_string();
    let synced = ["mirror", "sync", "--only", "tickets,agents", "--db", &file];
    assert_success(&ask(&sandbox, &synced).await);
    let rows = ["report", "stale-agents", "--db", &file, "-o", "json", "--quiet"];
    let rows = json(&output(atera(&rows)).await).as_array().expect("rows").len();
    let arguments = [
        "mcp",
        "--mirror",
        &file,
        "--metrics",
        ":0",
        "--metrics-report",
        "stale-agents",
    ];
    let command = against(&sandbox, &arguments);
    let (address, text, ended) = aside(move || {
        let mut server = Started::start(command);
        let address = address(&server.told());
        for id in [1, 2] {
            server.say(&read(id));
            assert_eq!(server.answer()["result"]["isError"], false);
        }
        let text = get(&address, "/metrics");
        // The host goes, and the server with it.
        server.stdin = None;
        let ended = server.child.wait().expect("it ends");
        (address, text, ended)
    })
    .await;
    let (head, text) = text.split_once("\r\n\r\n").expect("a body");
    assert!(head.starts_with("HTTP/1.1 200 OK"), "{head}");
    let samples = samples(text);
    let value = |name: &str| *samples.get(name).unwrap_or_else(|| panic!("{name} in {text}"));
    assert_eq!(value("atera_requests_total{operation=\"account_get\"}"), 2.0);
    assert_eq!(value("atera_calls_waiting"), 0.0);
    assert_eq!(value("atera_mirror_readable"), 1.0);
    assert_eq!(value("atera_list_whole{list=\"tickets\"}"), 1.0);
    assert_eq!(value("atera_report_rows{report=\"stale-agents\"}"), rows as f64);
    assert!(!text.contains(sandbox.api_key()));
    assert!(ended.success(), "{ended:?}");
    assert!(TcpStream::connect(&address).is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn over_http_the_metrics_have_an_address_of_their_own() {
    let (server, said) = Served::saying(&["--metrics", "localhost:0"]).await;
    let metrics = address(&said[0]);
    assert!(metrics.starts_with("127.0.0.1:"), "{metrics}");
    // Without a mirror there is none to tell of, and the one does not answer for the other.
    let (text, other) = aside(move || {
        let at_server = get(&server.address.to_string(), "/metrics");
        (get(&metrics, "/metrics"), at_server)
    })
    .await;
    assert!(
        text.contains("atera_slots_in_use 0") && !text.contains("atera_mirror_readable"),
        "{text}"
    );
    assert!(!other.starts_with("HTTP/1.1 200"), "{other}");
}

#[tokio::test]
async fn metrics_that_cannot_be_served_are_refused() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let taken = taken.local_addr().expect("an address").to_string();
    for (arguments, says) in [
        (&["--metrics", "here"][..], ":9100"),
        (&["--metrics", &taken], "metrics cannot be served at 127.0.0.1:"),
        (&["--metrics", ":0", "--metrics-report", "quality"], "--mirror"),
        (&["--metrics-report", "quality", "--mirror", "no.db"], "--metrics"),
    ] {
        let refused = output(atera(&[&["mcp", "--sandbox"], arguments].concat())).await;
        assert_failure(&refused, 2, says);
    }
}
