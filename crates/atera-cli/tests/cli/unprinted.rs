//! Writes that take effect, and whose answers cannot be printed.

use std::fs::File;

use super::{exit_codes::CREATE, *};

/// Sends a write whose output goes to this file, and gives the sandbox and how it ended.
pub(super) async fn created(stdout: &str, arguments: &[&str]) -> (Sandbox, Output) {
    let sandbox = sandbox().await;
    let file = File::options().write(true).open(stdout).expect("a file");
    let mut command = against(&sandbox, arguments);
    command.stdout(file).stderr(Stdio::piped());
    let started = command.spawn().expect("the command runs");
    let ended = aside(|| started.wait_with_output().expect("it ends")).await;
    (sandbox, ended)
}

/// The id of the newest ticket.
async fn newest(sandbox: &Sandbox) -> String {
    let tickets = ask(sandbox, &["tickets", "list", "--all", "--fast", "-o", "json"]).await;
    let ids = json(&tickets);
    let ids = ids.as_array().expect("tickets").iter();
    let newest = ids.filter_map(|ticket| ticket["TicketID"].as_i64()).max();
    newest.expect("a ticket").to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_create_on_a_full_disk_is_11_and_says_the_id() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    let body = r#"{"TicketTitle":"Printer","Description":"Fire","EndUserID":12345}"#;
    std::fs::write(file.path(), body).expect("a file");
    let body = file.path().to_str().expect("text");
    for arguments in [
        CREATE.to_vec(),
        [&CREATE[..], &["-o", "json"]].concat(),
        [&CREATE[..], &["-o", "csv"]].concat(),
        vec!["api", "POST", "/tickets", "--body", body, "--yes"],
    ] {
        let (sandbox, ended) = created("/dev/full", &arguments).await;
        let told = stderr(&ended);
        assert_eq!(ended.status.code(), Some(11), "{arguments:?}: {told}");
        let id = newest(&sandbox).await;
        assert!(
            told.contains(&format!("({id}"))
                && told.contains("took effect, but its answer cannot be printed"),
            "{id}: {told}"
        );
        assert!(told.ends_with("do not send it again\n"), "{told}");
    }
}

/// A read on a full disk is no worse than it was.
#[tokio::test(flavor = "multi_thread")]
async fn a_get_on_a_full_disk_is_1() {
    let (_sandbox, ended) = created("/dev/full", &["tickets", "get", "54321"]).await;
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_create_into_a_pipe_that_nobody_reads_is_11_and_says_the_id() {
    let sandbox = sandbox().await;
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let mut command = against(&sandbox, &CREATE);
    command.stdout(writer).stderr(Stdio::piped());
    let started = command.spawn().expect("the command runs");
    // The command holds the other end of the pipe.
    drop(command);
    let ended = aside(|| started.wait_with_output().expect("it ends")).await;
    assert_eq!(ended.status.code(), Some(11), "{ended:?}");
    let id = newest(&sandbox).await;
    assert!(
        stderr(&ended).contains(&format!("tickets_create ({id}")),
        "{id}: {ended:?}"
    );
}
