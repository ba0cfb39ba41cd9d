//! What changes records.

use serde_json::Value;

use super::*;

#[tokio::test]
async fn a_ticket_is_created_read_changed_and_deleted() {
    let sandbox = sandbox().await;
    let contact = json(&ask(&sandbox, &["contacts", "list", "--items-in-page", "1"]).await);
    let contact = contact[0]["EndUserID"].to_string();

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

    let deleted = ask(&sandbox, &["tickets", "delete", &id, "--yes", "-o", "table"]).await;
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
        "TicketTitle": "Printer", "Description": "It is on fire", "EndUserID": contact[0]["EndUserID"],
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
async fn a_misspelt_field_is_named() {
    let sandbox = sandbox().await;
    let body = r#"{"TicketTitel": "Printer", "Description": "Fire", "EndUserID": 7}"#;
    let refused = fed(&sandbox, &["tickets", "create", "--body", "-"], body).await;
    assert_failure(
        &refused,
        2,
        "CreateTicket has no field `TicketTitel` (did you mean `TicketTitle`?); `TicketTitle` is missing",
    );
}

#[tokio::test]
async fn a_misspelt_status_is_remarked_on() {
    let sandbox = sandbox().await;
    for (status, remarks) in [("Clsed", 1), ("Closed", 0)] {
        let listed = ask(
            &sandbox,
            &["tickets", "list", "--ticket-status", status, "-o", "json"],
        )
        .await;
        assert_success(&listed);
        let said = stderr(&listed).matches("did you mean `Closed`?").count();
        assert_eq!(said, remarks, "{listed:?}");
    }
}

#[tokio::test]
async fn a_text_comes_from_a_file_or_from_stdin() {
    let sandbox = sandbox().await;
    let arguments = ["tickets", "update", "54321", "--ticket-title", "@-", "--dry-run"];
    let shown = fed(&sandbox, &arguments, "Printer\non fire\n").await;
    assert_success(&shown);
    assert!(
        stdout(&shown).contains(r#""TicketTitle": "Printer\non fire""#),
        "{shown:?}"
    );
    let twice = [&arguments[..], &["--body", "-"]].concat();
    let refused = fed(&sandbox, &twice, "{}").await;
    assert_failure(&refused, 2, "another argument has read it already");
    let missing = ask(
        &sandbox,
        &["tickets", "update", "54321", "--ticket-title", "@no/such"],
    )
    .await;
    assert_failure(&missing, 2, "write @@no/such if the text itself begins with @");
}

#[tokio::test]
async fn a_field_is_emptied_and_a_value_let_through() {
    let sandbox = sandbox().await;
    let shown = |arguments: &'static [&'static str]| {
        let sandbox = &sandbox;
        async move { stdout(&ask(sandbox, arguments).await).to_string() }
    };
    let update = shown(&["customers", "update", "1201", "--clear", "Domain", "--dry-run"]).await;
    assert!(update.ends_with("\n\n{\n  \"Domain\": null\n}\n"), "{update}");
    let arguments = &[
        "tickets",
        "update",
        "54321",
        "--ticket-priority",
        "Urgent",
        "--allow-unknown",
        "--dry-run",
    ];
    let update = shown(arguments).await;
    assert!(update.contains("\"TicketPriority\": \"Urgent\""), "{update}");
}
