//! `atera mcp --http`, over real connections.

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    os::unix::fs::PermissionsExt,
    path::PathBuf,
    process::Child,
};

use tempfile::TempDir;

use super::*;

pub(crate) const TOKEN: &str = "0123456789abcdef0123456789abcdef";

/// A folder with a token in it, which this mode protects.
fn folder(mode: u32) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let token = folder.path().join("token");
    fs::write(&token, format!("{TOKEN}\n")).expect("a file");
    fs::set_permissions(&token, fs::Permissions::from_mode(mode)).expect("a mode");
    (folder, token)
}

/// A server, which is killed at the end.
pub(crate) struct Served {
    child: Child,
    pub(crate) address: SocketAddr,
    _folder: TempDir,
}

impl Served {
    /// The address for a host.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/mcp", self.address)
    }

    pub(crate) async fn start(arguments: &[&str]) -> Self {
        let (server, said) = Self::saying(arguments).await;
        assert_eq!(said, [] as [&str; 0]);
        server
    }

    /// The same, and the lines that it says before the one about its address.
    pub(crate) async fn saying(arguments: &[&str]) -> (Self, Vec<String>) {
        let (folder, token) = folder(0o600);
        let mut command = atera(&["mcp", "--sandbox", "--http", "0", "--token-file"]);
        command
            .arg(token)
            .args(arguments)
            .stderr(Stdio::piped())
            .stdout(Stdio::piped());
        aside(move || {
            let mut child = command.spawn().expect("it starts");
            let mut lines = BufReader::new(child.stderr.take().expect("a pipe")).lines();
            let mut said = Vec::new();
            let address = loop {
                let line = lines.next().unwrap_or_else(|| panic!("{said:?}")).expect("text");
                let address = line.split_once("serving at http://");
                match address.and_then(|(_, rest)| rest.split("/mcp").next()) {
                    Some(address) => break address.parse().expect("an address"),
                    None => said.push(line),
                }
            };
            let server = Served {
                address,
                child,
                _folder: folder,
            };
            (server, said)
        })
        .await
    }

    /// The answer to a call with this authorization.
    async fn call(&self, authorization: &str, body: &Value) -> String {
        let (address, body) = (self.address, body.to_string());
        let request = format!(
            "POST /mcp HTTP/1.1\r\nHost: {address}\r\nAuthorization: {authorization}\r\nContent-Type: application/json\r\nAccept: \
             application/json, text/event-stream\r\nMCP-Protocol-Version: 2025-06-18\r\nConnection: close\r\nContent-Length: \
             {}\r\n\r\n{body}",
            body.len()
        );
        aside(move || {
            let mut connection = TcpStream::connect(address).expect("it listens");
            connection.write_all(request.as_bytes()).expect("it reads");
            let mut answer = String::new();
            connection.read_to_string(&mut answer).expect("an answer");
            answer
        })
        .await
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn a_call_reaches_the_account_only_with_the_token() {
    let served = Served::start(&[]).await;
    assert!(served.address.ip().is_loopback());
    let search = serde_json::json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {
        "name": "read", "arguments": {"operation": "account_get"},
    }});
    let answer = served.call(&format!("Bearer {TOKEN}"), &search).await;
    assert!(
        answer.starts_with("HTTP/1.1 200") && answer.contains("\"isError\":false"),
        "{answer}"
    );
    let answer = served
        .call("Bearer 00000000000000000000000000000000", &search)
        .await;
    assert!(
        answer.starts_with("HTTP/1.1 401") && !answer.contains("isError"),
        "{answer}"
    );
}

#[tokio::test]
async fn a_signal_ends_it_in_good_order() {
    let mut served = Served::start(&[]).await;
    let pid = rustix::process::Pid::from_child(&served.child);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("it runs");
    let status = aside(move || (served.child.wait().expect("it ends"), served))
        .await
        .0;
    assert!(status.success(), "{status:?}");
}

#[tokio::test]
async fn nothing_is_served_where_others_could_read_along() {
    let (_folder, token) = folder(0o600);
    let token = token.to_str().expect("a path");
    for (arguments, says) in [
        (&["--http", "0"][..], "--token-file"),
        (&["--listen", "0.0.0.0"], "--http"),
        (
            &["--http", "0", "--token-file", token, "--listen", "0.0.0.0"],
            "--behind-proxy",
        ),
        (
            &["--http", "0", "--token-file", token, "--tls-cert", token],
            "--tls-key",
        ),
        (
            &[
                "--http",
                "0",
                "--token-file",
                token,
                "--tls-cert",
                token,
                "--tls-key",
                token,
            ],
            "cannot be used for TLS",
        ),
        (&["--http", "0", "--token-file", "no/such/file"], "umask 077"),
    ] {
        let refused = output(atera(&[&["mcp", "--sandbox"], arguments].concat())).await;
        assert_failure(&refused, 2, says);
        assert!(!stderr(&refused).contains(TOKEN), "{refused:?}");
    }
    let (_folder, open) = folder(0o644);
    let mut command = atera(&["mcp", "--sandbox", "--http", "0", "--token-file"]);
    command.arg(open);
    assert_failure(&output(command).await, 2, "may be read or changed by others");
}
