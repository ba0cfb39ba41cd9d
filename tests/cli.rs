//! The `atera` command, as a process of its own, against the sandbox.
#![cfg(feature = "cli")]

use std::process::Output;

use assert_cmd::Command;
use serde_json::Value;

/// The command without anything of the environment that could change what it does.
fn atera(arguments: &[&str]) -> Command {
    let mut command = Command::cargo_bin("atera").unwrap();
    for variable in ["ATERA_API_KEY", "ATERA_API_KEY_FILE", "ATERA_BASE_URL"] {
        command.env_remove(variable);
    }
    command.args(arguments);
    command
}

fn sandboxed(arguments: &[&str]) -> Output {
    atera(&["--sandbox"]).args(arguments).output().unwrap()
}

fn stdout(output: &Output) -> String {
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// The exit code, and the one sentence that is told.
fn failure(output: &Output) -> (Option<i32>, String) {
    let told = String::from_utf8(output.stderr.clone()).unwrap();
    assert!(output.stdout.is_empty());
    (output.status.code(), told)
}

#[test]
fn ndjson_has_every_ticket_on_a_line_of_its_own() {
    let out = stdout(&sandboxed(&["tickets", "list", "--all", "--output", "ndjson"]));
    assert_eq!(out.lines().count(), 2847);
    for line in out.lines() {
        let ticket: Value = serde_json::from_str(line).unwrap();
        assert!(ticket["TicketID"].is_i64());
    }
}

#[test]
fn json_is_the_page_as_the_service_sent_it_or_an_array_of_all() {
    let page: Value =
        serde_json::from_str(&stdout(&sandboxed(&["tickets", "list", "--output", "json"]))).unwrap();
    assert_eq!(
        (
            page["totalItemCount"].as_i64(),
            page["items"].as_array().unwrap().len()
        ),
        (Some(2847), 20)
    );
    let all: Value = serde_json::from_str(&stdout(&sandboxed(&[
        "customers",
        "list",
        "--all",
        "--output",
        "json",
    ])))
    .unwrap();
    assert_eq!(all.as_array().unwrap().len(), 120);
}

#[test]
fn a_table_has_its_key_first() {
    let out = stdout(&sandboxed(&[
        "agents",
        "list",
        "--output",
        "table",
        "--items-in-page",
        "5",
    ]));
    let lines: Vec<_> = out.lines().collect();
    assert!(lines[0].starts_with("AgentID"), "{out}");
    assert_eq!(lines.len(), 6, "{out}");
}

#[test]
fn filters_and_fields_are_flags() {
    let open = stdout(&sandboxed(&[
        "tickets",
        "list",
        "--ticket-status",
        "Open",
        "--output",
        "ndjson",
    ]));
    assert!(
        !open.is_empty()
            && open
                .lines()
                .all(|line| line.contains("\"TicketStatus\":\"Open\""))
    );

    let create = [
        "tickets",
        "create",
        "--ticket-title",
        "Printer",
        "--description",
        "on fire",
        "--end-user-id",
        "12001",
    ];
    let made: Value = serde_json::from_str(&stdout(&sandboxed(
        &[&create[..], &["--output", "json"]].concat(),
    )))
    .unwrap();
    assert_eq!(made["ActionID"], "56848");
    stdout(&sandboxed(&[
        "tickets",
        "update",
        "54001",
        "--ticket-status",
        "Closed",
    ]));
    stdout(&sandboxed(&["tickets", "delete", "54001"]));
    stdout(&sandboxed(&["alerts", "resolve", "90001"]));
}

#[test]
fn each_failure_has_its_exit_code_and_a_sentence_on_stderr() {
    let refused = |arguments: &[&str]| failure(&sandboxed(arguments));
    for (arguments, code, told) in [
        (&["tickets", "get", "1"][..], 3, "404: there is no such record"),
        (&["tickets", "get", "0"], 2, "`ticketId` must be at least 1"),
        (&["tickets", "list", "--stauts", "Open"], 2, "--stauts"),
        (&["alerts", "list", "--alert-status", "Gone"], 2, "Resolved"),
        (
            &["tickets", "create", "--ticket-title", "Printer"],
            2,
            "`Description` is missing",
        ),
        (
            &[
                "agents",
                "get-available-patches",
                "6f1c0d3e-8a54-4b7b-9d0e-2f6a3c1b7e55",
            ],
            5,
            "501",
        ),
    ] {
        let (exit, sentence) = refused(arguments);
        assert_eq!(exit, Some(code), "{sentence}");
        assert!(sentence.contains(told), "{sentence}");
    }
}

#[test]
fn without_a_key_or_a_service_it_says_what_to_set() {
    let (exit, told) = failure(&atera(&["tickets", "list"]).output().unwrap());
    assert_eq!(exit, Some(2));
    assert!(told.contains("set ATERA_API_KEY"), "{told}");

    let mut command = atera(&["tickets", "list"]);
    command
        .env("ATERA_API_KEY", "canary0123456789canary0123456789")
        .env("ATERA_BASE_URL", "http://127.0.0.1:1");
    let (exit, told) = failure(&command.output().unwrap());
    assert_eq!(exit, Some(8));
    assert!(
        told.contains("cannot be reached") && !told.contains("canary"),
        "{told}"
    );
}

#[test]
fn a_wrong_key_is_exit_code_4() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let sandbox = runtime
        .block_on(atera::sandbox::Sandbox::builder().start())
        .unwrap();
    let list = |key: &str| {
        let mut command = atera(&["tickets", "list", "--all", "--output", "ndjson"]);
        command
            .env("ATERA_API_KEY", key)
            .env("ATERA_BASE_URL", sandbox.base_url())
            .output()
            .unwrap()
    };
    assert_eq!(failure(&list("wrong")).0, Some(4));
    assert_eq!(stdout(&list(sandbox.api_key())).lines().count(), 2847);
}
