//! The `atera` command as a whole, against the sandbox.

#![cfg(feature = "cli")]

use std::{
    io::Write,
    process::{Command, Output, Stdio},
};

use atera::sandbox::Sandbox;
use serde_json::Value;

/// How many tickets the sandbox has.
const TICKETS: usize = 2847;

/// The command with nothing in its environment that could reach a service.
fn atera(arguments: &[&str]) -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("atera"));
    command
        .args(arguments)
        .env_remove("ATERA_API_KEY")
        .env_remove("ATERA_API_KEY_FILE")
        .env_remove("ATERA_BASE_URL")
        .stdin(Stdio::null());
    command
}

/// Runs it while the sandbox of the same thread goes on answering.
async fn output(mut command: Command) -> Output {
    let run = move || command.output().expect("the command runs");
    tokio::task::spawn_blocking(run).await.expect("no panic")
}

async fn sandbox() -> Sandbox {
    Sandbox::builder().start().await.expect("a sandbox")
}

/// Runs it against the sandbox.
async fn ask(sandbox: &Sandbox, arguments: &[&str]) -> Output {
    let mut command = atera(arguments);
    command
        .env("ATERA_BASE_URL", sandbox.base_url())
        .env("ATERA_API_KEY", sandbox.api_key());
    output(command).await
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

#[tokio::test]
async fn all_tickets_are_lines_of_json() {
    let sandbox = sandbox().await;
    let output = ask(&sandbox, &["tickets", "list", "--all", "--output", "ndjson"]).await;
    assert_success(&output);
    assert_eq!(stderr(&output), "");
    let tickets: Vec<Value> = stdout(&output)
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert_eq!(tickets.len(), TICKETS);
    assert!(tickets.iter().all(|ticket| ticket["TicketID"].is_i64()));
}

#[tokio::test]
async fn all_tickets_are_one_array_of_json() {
    let sandbox = sandbox().await;
    let output = ask(&sandbox, &["tickets", "list", "--all", "--output", "json"]).await;
    let tickets = json(&output);
    assert_eq!(tickets.as_array().map(Vec::len), Some(TICKETS));
}

#[tokio::test]
async fn a_page_is_printed_as_it_was_sent() {
    let sandbox = sandbox().await;
    // Not a terminal, so JSON without being asked.
    let page = ask(
        &sandbox,
        &["tickets", "list", "--page", "2", "--items-in-page", "7"],
    )
    .await;
    let client = atera::Client::builder()
        .api_key(atera::ApiKey::new(sandbox.api_key()).expect("a key"))
        .base_url(sandbox.base_url())
        .build()
        .expect("a client");
    let operation = atera::Operation::find("tickets_list").expect("an operation");
    let call = client.operation(operation);
    let call = call
        .set("page", "2")
        .and_then(|call| call.set("itemsInPage", "7"));
    let sent = call.expect("parameters").send().await.expect("a page").value;
    assert_success(&page);
    assert_eq!(page.stdout.strip_suffix(b"\n"), Some(&sent[..]));
}

#[tokio::test]
async fn filters_filter() {
    let sandbox = sandbox().await;
    let filtered = ask(
        &sandbox,
        &[
            "tickets",
            "list",
            "--ticket-status",
            "Open",
            "--items-in-page",
            "50",
            "-o",
            "ndjson",
        ],
    )
    .await;
    assert_success(&filtered);
    assert_eq!(stdout(&filtered).lines().count(), 50);
    for line in stdout(&filtered).lines() {
        let ticket: Value = serde_json::from_str(line).expect("JSON");
        assert_eq!(ticket["TicketStatus"], "Open");
    }
}

#[tokio::test]
async fn a_ticket_is_created_read_changed_and_deleted() {
    let sandbox = sandbox().await;
    let contact = json(&ask(&sandbox, &["contacts", "list", "--items-in-page", "1"]).await);
    let contact = contact["items"][0]["EndUserID"].to_string();

    let created = ask(
        &sandbox,
        &[
            "tickets",
            "create",
            "--ticket-title",
            "Printer",
            "--description",
            "It is on fire",
            "--end-user-id",
            &contact,
            "--ticket-priority",
            "high",
        ],
    )
    .await;
    let created = json(&created);
    let id = match &created["ActionID"] {
        Value::String(id) => id.clone(),
        id => id.to_string(),
    };

    let ticket = json(&ask(&sandbox, &["tickets", "get", &id]).await);
    assert_eq!(
        (&ticket["TicketTitle"], &ticket["TicketPriority"]),
        (&"Printer".into(), &"High".into())
    );

    let updated = ask(
        &sandbox,
        &[
            "tickets",
            "update",
            &id,
            "--ticket-status",
            "Resolved",
            "-o",
            "table",
        ],
    )
    .await;
    assert_success(&updated);
    assert_eq!(stdout(&updated), format!("tickets_update: {id}\n"));
    let ticket = json(&ask(&sandbox, &["tickets", "get", &id]).await);
    assert_eq!(ticket["TicketStatus"], "Resolved");

    let deleted = ask(&sandbox, &["tickets", "delete", &id, "-o", "table"]).await;
    assert_success(&deleted);
    assert_eq!(stdout(&deleted), format!("tickets_delete: {id}\n"));
    let gone = ask(&sandbox, &["tickets", "get", &id]).await;
    assert_failure(&gone, 3, "404");
}

#[tokio::test]
async fn a_body_is_read_from_stdin_and_flags_win_over_it() {
    let sandbox = sandbox().await;
    let contact = json(&ask(&sandbox, &["contacts", "list", "--items-in-page", "1"]).await);
    let body = serde_json::json!({
        "TicketTitle": "Printer", "Description": "It is on fire", "EndUserID": contact["items"][0]["EndUserID"],
    });
    let mut create = atera(&[
        "tickets",
        "create",
        "--body",
        "-",
        "--ticket-title",
        "Fire",
        "-o",
        "table",
    ]);
    create
        .env("ATERA_BASE_URL", sandbox.base_url())
        .env("ATERA_API_KEY", sandbox.api_key())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let run = move || {
        let mut child = create.spawn().expect("the command runs");
        let mut stdin = child.stdin.take().expect("a pipe");
        stdin.write_all(body.to_string().as_bytes()).expect("a reader");
        drop(stdin);
        child.wait_with_output().expect("the command runs")
    };
    let created = tokio::task::spawn_blocking(run).await.expect("no panic");
    assert_success(&created);
    let id = stdout(&created)
        .trim()
        .strip_prefix("tickets_create: ")
        .expect("an id");
    let ticket = json(&ask(&sandbox, &["tickets", "get", id]).await);
    assert_eq!(ticket["TicketTitle"], "Fire");
}

#[tokio::test]
async fn a_table_has_the_telling_columns_and_tells_the_count() {
    let sandbox = sandbox().await;
    let table = ask(&sandbox, &["tickets", "list", "--output", "table"]).await;
    assert_success(&table);
    let mut lines = stdout(&table).lines();
    let header: Vec<_> = lines.next().expect("a header").split_whitespace().collect();
    assert_eq!(
        header,
        [
            "TicketID",
            "Title",
            "Status",
            "Priority",
            "CustomerName",
            "TechnicianFullName",
            "CreatedDate"
        ]
    );
    assert_eq!(lines.count(), 20);
    assert!(
        stderr(&table).starts_with("20 of 2847 records"),
        "{}",
        stderr(&table)
    );
    assert_eq!(stderr(&table).lines().count(), 1);
}

#[tokio::test]
async fn a_record_is_a_table_of_its_fields() {
    let sandbox = sandbox().await;
    let page = json(&ask(&sandbox, &["tickets", "list", "--items-in-page", "1"]).await);
    let ticket = &page["items"][0];
    let table = ask(
        &sandbox,
        &["tickets", "get", &ticket["TicketID"].to_string(), "-o", "table"],
    )
    .await;
    assert_success(&table);
    let first: Vec<_> = stdout(&table)
        .lines()
        .next()
        .expect("a line")
        .split_whitespace()
        .collect();
    assert_eq!(first, ["TicketID", &ticket["TicketID"].to_string()]);
    assert!(
        stdout(&table)
            .lines()
            .any(|line| line.starts_with("TicketStatus "))
    );
}

#[tokio::test]
async fn a_sandbox_can_live_as_long_as_the_command() {
    let alone = output(atera(&["tickets", "list", "--sandbox", "-o", "ndjson"])).await;
    assert_success(&alone);
    assert_eq!(stdout(&alone).lines().count(), 20);
}

#[tokio::test]
async fn a_key_can_come_from_a_file() {
    let sandbox = sandbox().await;
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), format!("{}\n", sandbox.api_key())).expect("a file");
    let mut command = atera(&["tickets", "list", "--api-key-file"]);
    command.arg(file.path()).env("ATERA_BASE_URL", sandbox.base_url());
    assert_success(&output(command).await);
}

#[tokio::test]
async fn a_wrong_key_is_4() {
    let sandbox = sandbox().await;
    let mut command = atera(&["tickets", "list"]);
    command
        .env("ATERA_BASE_URL", sandbox.base_url())
        .env("ATERA_API_KEY", "wrong");
    assert_failure(&output(command).await, 4, "the key was refused");
}

#[tokio::test]
async fn an_unknown_record_is_3() {
    let sandbox = sandbox().await;
    assert_failure(
        &ask(&sandbox, &["tickets", "get", "999999999"]).await,
        3,
        "no such record",
    );
}

#[tokio::test]
async fn no_key_is_2() {
    assert_failure(&output(atera(&["tickets", "list"])).await, 2, "ATERA_API_KEY");
}

#[tokio::test]
async fn arguments_that_cannot_be_used_are_2() {
    for (arguments, says) in [
        (&["tickets", "list", "--colour", "red"][..], "'--colour'"),
        (
            &["alerts", "list", "--alert-status", "Shut"],
            "Open, Resolved, Snoozed",
        ),
        (
            &["tickets", "update", "7", "--ticket-priority", "Huge"],
            "Low, Medium, High, Critical",
        ),
        (&["tickets", "list", "--items-in-page", "many"], "a whole number"),
        (
            &["tickets", "list", "--items-in-page", "51", "--sandbox"],
            "1 to 50",
        ),
        (&["tickets", "get"], "<TICKET_ID>"),
        (&["tickets", "get", "seven"], "a whole number"),
        (&["agents", "get-available-patches", "seven"], "a UUID"),
        (
            &["tickets", "create", "--ticket-title", "Printer", "--sandbox"],
            "`Description` is missing",
        ),
        (&["tickets", "create"], "needs a body"),
    ] {
        assert_failure(&output(atera(arguments)).await, 2, says);
    }
}

#[tokio::test]
async fn a_service_that_cannot_be_reached_is_8() {
    // The port is free again once the listener is dropped.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    let mut command = atera(&["tickets", "list"]);
    command
        .env("ATERA_BASE_URL", format!("http://{address}/api/v3"))
        .env("ATERA_API_KEY", "key");
    assert_failure(&output(command).await, 8, "cannot be reached");
}

#[tokio::test]
async fn help_is_no_failure_and_has_examples() {
    for (arguments, says) in [
        (&["--help"][..], "atera tickets list --all --output ndjson"),
        (&["tickets", "--help"], "add-comment"),
        (&["tickets", "list", "--help"], "--ticket-status <TEXT>"),
        (&["alerts", "list", "--help"], "Open, Resolved, Snoozed"),
        (&["tickets", "create", "--help"], "--end-user-id <INTEGER>"),
    ] {
        let help = output(atera(arguments)).await;
        assert_success(&help);
        assert!(stdout(&help).contains(says), "{}", stdout(&help));
    }
    let version = output(atera(&["--version"])).await;
    assert_eq!(stdout(&version), format!("atera {}\n", env!("CARGO_PKG_VERSION")));
}

#[tokio::test]
async fn a_sandbox_is_served_under_the_names_of_the_environment() {
    use std::io::{BufRead, BufReader};

    let mut server = atera(&["sandbox", "--port", "0"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the command runs");
    let lines = BufReader::new(server.stdout.take().expect("a pipe"))
        .lines()
        .take(2);
    let environment: Vec<_> = lines.map(|line| line.expect("a line")).collect();
    let mut command = atera(&["tickets", "list", "-o", "ndjson"]);
    for line in &environment {
        let (name, value) = line.split_once('=').expect("a variable");
        command.env(name, value);
    }
    let listed = output(command).await;
    server.kill().and_then(|()| server.wait()).expect("it runs");
    assert_success(&listed);
    assert_eq!(stdout(&listed).lines().count(), 20);
}

/// What only Unix has.
#[cfg(unix)]
mod unix {
    use std::{fs::File, io::Read};

    use super::*;

    #[tokio::test]
    async fn a_reader_that_leaves_is_no_failure() {
        let mut walk = atera(&["tickets", "list", "--sandbox", "--all", "-o", "ndjson"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the command runs");
        let mut byte = [0];
        let mut pipe = walk.stdout.take().expect("a pipe");
        pipe.read_exact(&mut byte).expect("output");
        drop(pipe);
        let left = walk.wait_with_output().expect("it ends");
        assert_success(&left);
        assert_eq!(stderr(&left), "");
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn a_full_disk_is_1() {
        let full = File::options()
            .write(true)
            .open("/dev/full")
            .expect("a full disk");
        let mut command = atera(&["tickets", "list", "--sandbox"]);
        command.stdout(full);
        let run = move || {
            command
                .stderr(Stdio::piped())
                .spawn()
                .and_then(std::process::Child::wait_with_output)
        };
        let failed = tokio::task::spawn_blocking(run)
            .await
            .expect("no panic")
            .expect("it runs");
        assert_failure(&failed, 1, "the output cannot be written");
    }

    #[tokio::test]
    async fn ctrl_c_is_130() {
        let mut walk = atera(&["tickets", "list", "--sandbox", "--all", "-o", "ndjson"])
            .stdout(Stdio::piped())
            .spawn()
            .expect("the command runs");
        // Something is printed, so the walk is under way, and goes on as nobody reads.
        let mut byte = [0];
        walk.stdout
            .as_mut()
            .expect("a pipe")
            .read_exact(&mut byte)
            .expect("output");
        let interrupted = Command::new("kill")
            .args(["-INT", &walk.id().to_string()])
            .status();
        assert!(interrupted.expect("kill runs").success());
        let interrupted = walk.wait_with_output().expect("it ends");
        assert_eq!(interrupted.status.code(), Some(130));
    }
}
