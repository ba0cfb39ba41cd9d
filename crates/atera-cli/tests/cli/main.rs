//! The `atera` command as a whole, against the sandbox.

mod api;
mod connection;
#[cfg(unix)]
mod disagreements;
mod exit_codes;
#[cfg(unix)]
mod export;
mod formats;
mod help;
#[cfg(unix)]
mod jobs;
#[cfg(unix)]
mod limit_store;
mod lists;
mod many_ids;
#[cfg(unix)]
mod mcp;
#[cfg(unix)]
mod mcp_clients;
mod mcp_config;
#[cfg(unix)]
mod mcp_http;
#[cfg(unix)]
mod mcp_shared;
#[cfg(unix)]
mod metrics;
#[cfg(unix)]
mod mirror;
#[cfg(unix)]
mod mirrored;
mod names;
mod odd_values;
#[cfg(unix)]
mod on_a_terminal;
mod reference;
#[cfg(unix)]
mod report;
mod rows;
mod running;
mod safety;
mod selection;
#[cfg(unix)]
mod shared_limit;
#[cfg(unix)]
mod shells;
#[cfg(unix)]
mod skill;
#[cfg(unix)]
mod terminal;
#[cfg(target_os = "linux")]
mod unprinted;
mod verbose;
#[cfg(unix)]
mod waits;
mod writes;

use std::{
    io::Write,
    net::{SocketAddr, TcpListener, TcpStream},
    process::{Command, Output, Stdio},
};

use atera_sandbox::Sandbox;
use atera_testkit::nobody;
use serde_json::Value;

/// The command with nothing in its environment that could reach a service.
fn atera(arguments: &[&str]) -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("atera"));
    command
        .args(arguments)
        .env_remove("ATERA_API_KEY")
        .env_remove("ATERA_API_KEY_FILE")
        .env_remove("ATERA_BASE_URL")
        .env(
            "ATERA_CONFIG",
            concat!(env!("CARGO_TARGET_TMPDIR"), "/no/config.toml"),
        )
        .env("XDG_STATE_HOME", concat!(env!("CARGO_TARGET_TMPDIR"), "/state"))
        .env("XDG_DATA_HOME", concat!(env!("CARGO_TARGET_TMPDIR"), "/data"))
        .env_remove("ATERA_DATABASE_URL")
        .env_remove("ATERA_RATE_LIMIT")
        .env_remove("ATERA_LIMIT_STORE")
        .env_remove("ATERA_LIMIT_STORE_FALLBACK")
        .env_remove("ATERA_PROFILE")
        .env_remove("ATERA_LOG")
        // The records are the same on every day.
        .env("ATERA_SANDBOX_NOW", "2026-03-02T09:00:00Z")
        .env_remove("NO_COLOR")
        .env_remove("CLICOLOR_FORCE")
        .stdin(Stdio::null());
    command
}

/// The command against the sandbox.
fn against(sandbox: &Sandbox, arguments: &[&str]) -> Command {
    let mut command = atera(arguments);
    command
        .env("ATERA_BASE_URL", sandbox.base_url())
        .env("ATERA_API_KEY", sandbox.api_key());
    command
}

/// Does what waits for a command while the sandbox of the same thread goes on answering.
async fn aside<T: Send + 'static>(wait: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(wait).await.expect("no panic")
}

/// Runs it.
async fn output(mut command: Command) -> Output {
    aside(move || command.output().expect("the command runs")).await
}

async fn sandbox() -> Sandbox {
    Sandbox::builder().start().await.expect("a sandbox")
}

/// Runs it against the sandbox.
async fn ask(sandbox: &Sandbox, arguments: &[&str]) -> Output {
    output(against(sandbox, arguments)).await
}

/// Runs the command against the sandbox with this text on stdin.
async fn fed(sandbox: &Sandbox, arguments: &[&str], text: &str) -> Output {
    let mut command = against(sandbox, arguments);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let text = text.to_string();
    aside(move || {
        let mut child = command.spawn().expect("the command runs");
        let mut stdin = child.stdin.take().expect("a pipe");
        // A command that refuses its arguments does not read.
        let _ = stdin.write_all(text.as_bytes());
        drop(stdin);
        child.wait_with_output().expect("the command runs")
    })
    .await
}

fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).expect("text")
}

fn stderr(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).expect("text")
}

fn json(output: &Output) -> Value {
    assert_success(output);
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn assert_success(output: &Output) {
    assert!(output.status.success(), "{output:?}");
}

/// Asserts that it failed with this code, and said this in one sentence.
fn assert_failure(output: &Output, code: i32, says: &str) {
    assert_eq!(output.status.code(), Some(code), "{output:?}");
    assert_eq!(stdout(output), "");
    let said = stderr(output);
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.starts_with("atera: ") && said.contains(says), "{said}");
}
