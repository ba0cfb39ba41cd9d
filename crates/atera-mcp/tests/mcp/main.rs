//! The server as a host sees it, against the sandbox.

mod host;
mod levels;
mod reads;

use atera_mcp::{Access, AteraServer};
use atera_sandbox::Sandbox;
use host::{Host, Session};
use serde_json::{Value, json};

/// A sandbox whose records are the same on every day.
async fn sandbox() -> Sandbox {
    let now = "2026-03-02T09:00:00Z".parse().expect("a time");
    let sandbox = Sandbox::builder().now(now).tickets(300);
    sandbox.start().await.expect("a sandbox")
}

/// A host that is connected to a server of this access.
async fn connected(sandbox: &Sandbox, access: Access) -> Session {
    let client = sandbox.client().expect("a client");
    let server = AteraServer::builder(client).access(access).build();
    Host.connect(server.expect("a server")).await
}

/// How many requests the sandbox has seen that may change something.
fn changes(sandbox: &Sandbox) -> usize {
    let log = sandbox.log();
    let changing = log.iter().filter(|it| {
        let operation = it.operation.and_then(atera::description::Operation::find);
        it.method != "GET" && operation.is_none_or(|operation| !operation.reads)
    });
    changing.count()
}

/// The kind of a failure.
fn kind(answer: &Value) -> &str {
    answer["error"]["kind"].as_str().unwrap_or_default()
}
