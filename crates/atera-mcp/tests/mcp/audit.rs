//! The log holds every call, and no secret.

use atera_mcp::Audit;
use rmcp::model::{GetPromptRequestParams, ReadResourceRequestParams};

use super::*;

/// A server that writes its calls down in this file.
fn logging(sandbox: &Sandbox, file: &std::path::Path) -> AteraServer {
    let client = sandbox.client().expect("a client");
    let audit = Audit::file(file).expect("a log");
    let server = AteraServer::builder(client)
        .access(Access::Full)
        .audit(audit)
        .build();
    server.expect("a server")
}

/// A cursor is a text that nobody can read; what is read with it is in the log all the same.
#[tokio::test]
async fn a_read_that_goes_on_is_in_the_log_with_what_it_reads() {
    let sandbox = sandbox().await;
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("audit.jsonl");
    let session = Host::mute().connect(logging(&sandbox, &file)).await;
    let first = json!({"operation": "tickets_list", "where": "Status=Open", "limit": 3});
    let page = session.call("read", first).await;
    let next = &page["next"];
    session.call("read", json!({"cursor": next})).await;
    session.call("read", json!({"cursor": "nonsense"})).await;
    let text = std::fs::read_to_string(&file).expect("a log");
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert_eq!(lines[1]["operation"], "tickets_list", "{text}");
    let arguments = &lines[1]["arguments"];
    assert_eq!(
        (&arguments["where"], &arguments["limit"]),
        (&json!("Status=Open"), &json!(3))
    );
    assert!(
        arguments["cursor"]["at"].as_u64().is_some_and(|at| at >= 3),
        "{arguments}"
    );
    assert_eq!(lines[2]["arguments"]["cursor"], "nonsense");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_call_is_in_the_log() {
    let sandbox = sandbox().await;
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("audit.jsonl");
    let session = Host::typing("Nobody").connect(logging(&sandbox, &file)).await;
    let operation = atera::description::Operation::find("devices_snmp_create_v1v2").expect("an operation");
    let example = operation.example.expect("an example");
    let mut device: Value = serde_json::from_str(example).expect("JSON");
    device["Community"] = json!("s3cret-community");
    session.call("search", json!({"words": "tickets"})).await;
    session
        .call(
            "read",
            json!({"operation": "tickets_get", "arguments": {"ticketId": 54321}}),
        )
        .await;
    session
        .call(
            "read",
            json!({"operation": "tickets_get", "arguments": {"ticketId": 999_999}}),
        )
        .await;
    session
        .call(
            "write",
            json!({"operation": "devices_snmp_create_v1v2", "body": device}),
        )
        .await;
    // As text, which is understood too.
    session
        .call(
            "write",
            json!({"operation": "devices_snmp_create_v1v2", "body": device.to_string()}),
        )
        .await;
    session
        .call(
            "destroy",
            json!({"operation": "customers_delete", "arguments": {"customerId": 1201}}),
        )
        .await;
    session
        .client
        .call_tool(host::call("format_disk", json!({})))
        .await
        .expect_err("no such tool");
    // What is no tool is a call too.
    let record = ReadResourceRequestParams::new("atera://tickets/54321");
    session.client.read_resource(record).await.expect("a record");
    let prompt = GetPromptRequestParams::new("no_such_prompt");
    session
        .client
        .get_prompt(prompt)
        .await
        .expect_err("no such prompt");

    let text = std::fs::read_to_string(&file).expect("a log");
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let called: Vec<_> = lines
        .iter()
        .filter(|line| line["event"] == "called")
        .map(|line| {
            let of = |name: &str| line[name].as_str().unwrap_or("-").to_string();
            format!("{} {} {}", of("tool"), of("outcome"), of("confirmation"))
        })
        .collect();
    assert_eq!(called[..3], ["search ok -", "read ok -", "read not_found -"],);
    assert_eq!(
        called[5..],
        [
            "destroy not_confirmed mistyped",
            "format_disk not_allowed -",
            "resources/read ok -",
            "prompts/get invalid_request -",
        ]
    );
    assert_eq!(lines[0]["host"], "host 1.0");
    assert!(lines.iter().all(|line| line["time"].is_string()));
    // What is sent is written down before.
    assert!(
        lines
            .iter()
            .any(|line| line["event"] == "sending" && line["operation"] == "devices_snmp_create_v1v2")
    );
    assert!(
        !text.contains("s3cret-community") && !text.contains(sandbox.api_key()),
        "{text}"
    );
    assert!(text.contains("(secret, not shown)"));
}

/// Before it is sent it is in the log with how it was confirmed, and so it stays if the program ends there.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_person_confirmed_is_in_the_log_before_it_is_sent() {
    let sandbox = sandbox().await;
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("audit.jsonl");
    let session = Host::typing("Harbor Dental")
        .connect(logging(&sandbox, &file))
        .await;
    let deletion = json!({"operation": "customers_delete", "arguments": {"customerId": 1201}});
    assert_eq!(session.call("destroy", deletion).await["applied"], "yes");
    let text = std::fs::read_to_string(&file).expect("a log");
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let [sending, called] = &lines[..] else {
        panic!("{text}");
    };
    assert_eq!(
        (&sending["event"], &sending["confirmation"]),
        (&json!("sending"), &json!("typed"))
    );
    assert_eq!(sending["arguments"]["arguments"]["customerId"], "1201");
    assert_eq!(
        (&called["event"], &called["outcome"]),
        (&json!("called"), &json!("ok"))
    );
    assert_eq!(sending["call"], called["call"]);
}

/// A service may quote what it was sent, at any length.
#[tokio::test(flavor = "multi_thread")]
async fn messages_in_the_log_are_bounded_and_without_secrets() {
    use atera::mock::Recorder;

    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("audit.jsonl");
    let quoted = format!(
        "the device \u{1b}[31m s3cret-community is refused {}",
        "x".repeat(5_000)
    );
    let client = Recorder::answering(400, json!({"Message": quoted}).to_string()).client();
    let audit = Audit::file(&file).expect("a log");
    let server = AteraServer::builder(client)
        .access(Access::Full)
        .audit(audit)
        .build();
    let session = Host::mute().connect(server.expect("a server")).await;
    let operation = atera::description::Operation::find("devices_snmp_create_v1v2").expect("an operation");
    let mut device: Value = serde_json::from_str(operation.example.expect("an example")).expect("JSON");
    device["Community"] = json!("s3cret-community");
    session
        .call(
            "write",
            json!({"operation": "devices_snmp_create_v1v2", "body": device}),
        )
        .await;
    session
        .call(
            "read",
            json!({"operation": "tickets_get", "arguments": {"ticketId": 7}}),
        )
        .await;
    device["CustomerID"] = json!({"s3cret-community": 1});
    session
        .call(
            "write",
            json!({"operation": "devices_snmp_create_v1v2", "body": device}),
        )
        .await;
    let text = std::fs::read_to_string(&file).expect("a log");
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .filter(|line: &Value| line["event"] == "called")
        .collect();
    let [refused, read, wrong] = &lines[..] else {
        panic!("{text}");
    };
    assert_eq!(refused["outcome"], "rejected", "{refused}");
    assert!(!refused.to_string().contains("s3cret"), "{refused}");
    assert!(
        refused["message"].as_str().expect("text").contains("status 400"),
        "{refused}"
    );
    let message = read["message"].as_str().expect("text");
    assert!(
        message.contains("is refused") && message.chars().count() < 1_100,
        "{message}"
    );
    assert!(!message.contains('\u{1b}'), "{message}");
    let message = wrong["message"].as_str().expect("text");
    assert!(message.contains("CustomerID"), "{message}");
    assert!(!message.contains("s3cret"), "{message}");
}
