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

/// Runs the command with an output whose reader has left.
async fn unread(sandbox: &Sandbox, arguments: &[&str]) -> Output {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let mut command = against(sandbox, arguments);
    command.stdout(writer).stderr(Stdio::piped());
    let started = command.spawn().expect("the command runs");
    // The command holds the other end of the pipe.
    drop(command);
    aside(|| started.wait_with_output().expect("it ends")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_create_into_a_pipe_that_nobody_reads_is_11_and_says_the_id() {
    let sandbox = sandbox().await;
    let ended = unread(&sandbox, &CREATE).await;
    assert_eq!(ended.status.code(), Some(11), "{ended:?}");
    let id = newest(&sandbox).await;
    assert!(
        stderr(&ended).contains(&format!("tickets_create ({id}")),
        "{id}: {ended:?}"
    );
}

/// A file with these rows of tickets. Without a contact, the service refuses a row.
fn rows(rows: &[&str]) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("rows.csv");
    let text = format!("TicketTitle,Description,EndUserID\n{}\n", rows.join("\n"));
    std::fs::write(&file, text).expect("a file");
    (folder, file.to_str().expect("text").to_string())
}

const UPDATE: [&str; 7] = [
    "tickets",
    "update",
    "54321",
    "54322",
    "--ticket-status",
    "Resolved",
    "--yes",
];

#[tokio::test(flavor = "multi_thread")]
async fn many_writes_whose_outcomes_cannot_be_printed_are_11_and_say_how_many_are_done() {
    let (_folder, file) = rows(&["Fire,Hot,12345", "Flood,Wet,12345"]);
    let from = ["tickets", "create", "--from", &file, "--yes", "-o", "ndjson"];
    let (_sandbox, ended) = created("/dev/full", &UPDATE).await;
    assert_eq!(ended.status.code(), Some(11), "{ended:?}");
    assert!(
        stderr(&ended).contains("tickets_update (2 of 2 done) took effect, but its answer cannot be printed"),
        "{ended:?}"
    );
    let (_sandbox, ended) = created("/dev/full", &from).await;
    assert_eq!(ended.status.code(), Some(11), "{ended:?}");
    assert!(
        stderr(&ended).contains("tickets_create (all 2 rows) took effect"),
        "{ended:?}"
    );
    let ended = unread(&sandbox().await, &UPDATE).await;
    assert_eq!(ended.status.code(), Some(11), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_write_is_told_although_nobody_reads_the_output() {
    let sandbox = sandbox().await;
    let ended = unread(
        &sandbox,
        &["tickets", "delete", "54321", "888888", "--yes", "-o", "ndjson"],
    )
    .await;
    assert_eq!(ended.status.code(), Some(3), "{ended:?}");
    assert!(
        stderr(&ended).contains("tickets_delete: 1 of 2 done, 1 failed"),
        "{ended:?}"
    );
    let (_folder, file) = rows(&["Fire,Hot,12345", "Flood,Wet,99999999"]);
    let from = ["tickets", "create", "--from", &file, "--yes", "-o", "ndjson"];
    let ended = unread(&sandbox, &from).await;
    assert_ne!(ended.status.code(), Some(0), "{ended:?}");
    assert!(
        stderr(&ended).contains("tickets_create: 1 of 2 rows done, 1 failed"),
        "{ended:?}"
    );
    let (_sandbox, ended) = created("/dev/full", &[&UPDATE[..], &["888888"]].concat()).await;
    assert_eq!(ended.status.code(), Some(3), "{ended:?}");
    assert!(
        stderr(&ended).contains("2 of 3 done, 1 failed") && stderr(&ended).contains("cannot be written"),
        "{ended:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_read_is_told_although_nobody_reads_the_output_and_others_are_no_failure() {
    let sandbox = sandbox().await;
    let ended = unread(&sandbox, &["tickets", "get", "999999", "54321"]).await;
    assert_eq!(ended.status.code(), Some(3), "{ended:?}");
    assert!(
        stderr(&ended).contains("tickets_get: 1 of 2 done, 1 failed"),
        "{ended:?}"
    );
    let ended = unread(&sandbox, &["tickets", "get", "54322", "54321"]).await;
    assert_eq!((ended.status.code(), stderr(&ended)), (Some(0), ""));
}
