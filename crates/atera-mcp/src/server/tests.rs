//! Calls whose log cannot be written, before and after they are sent.

use std::fs::File;

use atera::description::Operation;
use atera_sandbox::{Sandbox, SandboxBuilder};
use serde_json::{Value, json};

use super::*;
use crate::audit::Audit;

/// A log, and a file that takes its place, to which nothing can be written.
struct Log {
    _folder: tempfile::TempDir,
    writable: File,
    read_only: File,
}

impl Log {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("audit.jsonl");
        Log {
            writable: File::create(&path).expect("a file"),
            read_only: File::open(&path).expect("a file"),
            _folder: folder,
        }
    }
}

fn builder() -> SandboxBuilder {
    Sandbox::builder().tickets(20).agents(5).alerts(5)
}

/// What a server with this log answers to the creation of a ticket.
async fn create(sandbox: &Sandbox, audit: Audit) -> Value {
    let server = AteraServer::builder(sandbox.client().expect("a client"))
        .access(Access::Full)
        .audit(audit)
        .build()
        .expect("a server");
    let (near, far) = tokio::io::duplex(64 * 1024);
    let serving = tokio::spawn(async move {
        let running = rmcp::serve_server(server, far).await.expect("a connection");
        running.waiting().await.expect("no panic");
    });
    let host = rmcp::serve_client((), near).await.expect("a connection");
    let operation = Operation::find("tickets_create").expect("an operation");
    let body: Value = serde_json::from_str(operation.example.expect("an example")).expect("JSON");
    let Value::Object(arguments) = json!({"operation": operation.id, "body": body}) else {
        panic!("arguments are an object");
    };
    let call = CallToolRequestParams::new("write").with_arguments(arguments);
    let answer = host.call_tool(call).await.expect("an answer");
    serving.abort();
    answer.structured_content.expect("structured content")
}

#[tokio::test]
async fn nothing_is_sent_that_cannot_be_written_down() {
    let sandbox = builder().start().await.expect("a sandbox");
    let (audit, _) = Audit::of_test(Log::new().read_only);
    let answer = create(&sandbox, audit).await;
    assert_eq!(answer["error"]["kind"], "config", "{answer}");
    assert_eq!(answer["error"]["applied"], "no");
    assert_eq!(sandbox.log().len(), 0);
}

/// The log breaks while the request is under way.
#[tokio::test]
async fn a_change_that_cannot_be_written_down_afterwards_is_told() {
    for (faults, applied) in [(None, "yes"), (Some("tickets_create:reset-after=1*1"), "unknown")] {
        let log = Log::new();
        let (audit, file) = Audit::of_test(log.writable);
        let read_only = log.read_only;
        let mut builder = builder().on_request(move |_| {
            *file.lock().expect("a lock") = read_only.try_clone().expect("a file");
        });
        if let Some(faults) = faults {
            builder = builder.faults(faults.parse().expect("faults"));
        }
        let sandbox = builder.start().await.expect("a sandbox");
        let answer = create(&sandbox, audit).await;
        let error = &answer["error"];
        assert!(
            error["message"].as_str().expect("text").contains("log"),
            "{answer}"
        );
        assert_eq!(error["applied"], applied, "{answer}");
        let next = error["next"].as_str().expect("text");
        assert!(
            next.contains("do not send it again") && next.contains("--audit"),
            "{next}"
        );
        assert_eq!(sandbox.log().len(), 1);
    }
}
