//! The examples, each as it is run by a person, against the sandbox.
#![cfg(feature = "changes")]

use std::{path::PathBuf, process::Output};

use atera_sandbox::Sandbox;

/// Runs an example, which cargo has built beside the tests.
async fn run(sandbox: &Sandbox, name: &str, arguments: &[&str]) -> String {
    let mut path: PathBuf = std::env::current_exe().unwrap();
    path.pop();
    path.pop();
    path.push("examples");
    path.push(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    // `cargo test` builds them with all the tests, and not when it is told to run one file of them.
    assert!(
        path.exists(),
        "build the examples first: cargo build --all-features --examples"
    );
    let mut command = std::process::Command::new(path);
    command
        .args(arguments)
        .env("ATERA_BASE_URL", sandbox.base_url())
        .env("ATERA_API_KEY", sandbox.api_key());
    let output = tokio::task::spawn_blocking(move || command.output().unwrap())
        .await
        .unwrap();
    let Output {
        status,
        stdout,
        stderr,
    } = output;
    let stderr = String::from_utf8_lossy(&stderr);
    assert!(status.success(), "{name}: {stderr}");
    format!("{}{stderr}", String::from_utf8_lossy(&stdout))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_export_writes_each_ticket_on_a_line() {
    let sandbox = Sandbox::builder().start().await.unwrap();
    let told = run(&sandbox, "export", &[]).await;
    assert_eq!(
        told.lines()
            .filter(|line| line.starts_with("{\"TicketID\""))
            .count(),
        2847
    );
    assert!(
        told.contains("2847 tickets; Drift { sweeps: 2"),
        "{}",
        told.lines().last().unwrap()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn three_lists_are_read_at_once() {
    let sandbox = Sandbox::builder().start().await.unwrap();
    let told = run(&sandbox, "three_lists", &[]).await;
    assert!(
        told.contains(" customers, ") && told.contains(" requests, "),
        "{told}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn alerts_are_resolved_once() {
    let sandbox = Sandbox::builder().start().await.unwrap();
    let first = run(&sandbox, "resolve_alerts", &[]).await;
    assert!(
        first.contains(" resolved, 0 not tried") && !first.starts_with("0 "),
        "{first}"
    );
    let second = run(&sandbox, "resolve_alerts", &[]).await;
    assert!(second.starts_with("0 resolved"), "{second}");
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_begin_where_the_last_pull_began() {
    let sandbox = Sandbox::builder().start().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let bookmark = folder.path().join("bookmark.txt");
    let bookmark = bookmark.to_str().unwrap();
    let first = run(&sandbox, "changes", &[bookmark]).await;
    assert!(!first.contains("\n0 contacts since"), "{first}");
    let second = run(&sandbox, "changes", &[bookmark]).await;
    assert!(second.contains("0 contacts since 2"), "{second}");
}
