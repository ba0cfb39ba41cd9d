//! The server as a host sees it, against the sandbox.

mod abuse;
mod audit;
mod confirm;
mod content;
mod costs;
mod every_operation;
mod host;
#[cfg(feature = "http")]
mod http;
mod levels;
#[cfg(feature = "mirror")]
mod mirror;
mod narrow;
mod odd_values;
mod reads;
mod resources;
mod writes;

use atera_mcp::{Access, AteraServer};
use atera_sandbox::{Sandbox, SandboxBuilder};
use host::{Host, Session};
use serde_json::{Value, json};

/// A sandbox whose records are the same on every day. It has no limit: a machine that is fast would reach it, and then wait.
fn builder() -> SandboxBuilder {
    let now = "2026-03-02T09:00:00Z".parse().expect("a time");
    // A small account, which starts quickly.
    Sandbox::builder()
        .now(now)
        .customers(12)
        .contacts(40)
        .agents(30)
        .tickets(300)
        .alerts(30)
        .contracts(8)
        .invoices(10)
        .articles(5)
        .devices(8)
        .rate_limit(atera::RateLimit::off())
}

async fn sandbox() -> Sandbox {
    builder().start().await.expect("a sandbox")
}

/// A server of this access, which asks the sandbox.
fn server(sandbox: &Sandbox, access: Access) -> AteraServer {
    let client = sandbox.client().expect("a client");
    let server = AteraServer::builder(client).access(access).build();
    server.expect("a server")
}

/// A host that cannot ask a person, connected to a server of this access.
async fn connected(sandbox: &Sandbox, access: Access) -> Session {
    Host::mute().connect(server(sandbox, access)).await
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

/// Whether a failure took effect.
fn applied(answer: &Value) -> &str {
    answer["error"]["applied"].as_str().unwrap_or_default()
}
