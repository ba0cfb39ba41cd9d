//! One operation for many ids.

use serde_json::Value;

use super::*;

/// The ids of the first tickets.
async fn tickets(sandbox: &Sandbox, count: &str) -> Vec<String> {
    let list = json(&ask(sandbox, &["tickets", "list", "--limit", count]).await);
    let ids = list.as_array().expect("a list").iter();
    ids.map(|ticket| ticket["TicketID"].to_string()).collect()
}

fn column(rows: &Value, name: &str) -> Vec<String> {
    let rows = rows.as_array().expect("rows").iter();
    rows.map(|row| row[name].as_str().unwrap_or("-").to_string())
        .collect()
}

#[tokio::test]
async fn records_of_several_ids_are_read_in_their_order() {
    let sandbox = sandbox().await;
    let ids = tickets(&sandbox, "3").await;
    let read = ask(&sandbox, &["tickets", "get", &ids[2], &ids[0], &ids[1]]).await;
    let read = json(&read);
    let read: Vec<_> = read
        .as_array()
        .expect("a list")
        .iter()
        .map(|it| it["TicketID"].to_string())
        .collect();
    assert_eq!(read, [&ids[2], &ids[0], &ids[1]].map(String::clone));

    let partly = ask(&sandbox, &["tickets", "get", &ids[0], "1", "-o", "ndjson"]).await;
    assert_eq!(partly.status.code(), Some(3), "{partly:?}");
    assert_eq!(stdout(&partly).lines().count(), 1);
    assert!(stderr(&partly).contains("tickets_get 1: 404"), "{partly:?}");
    assert!(
        stderr(&partly).contains("atera: tickets_get: 1 of 2 done, 1 failed"),
        "{partly:?}"
    );
}

#[tokio::test]
async fn what_came_of_each_id_is_told_and_the_first_failure_is_the_exit_code() {
    let sandbox = sandbox().await;
    let ids = tickets(&sandbox, "2").await;
    let deleted = ask(&sandbox, &["tickets", "delete", &ids[0], "1", &ids[1], "--yes"]).await;
    assert_eq!(deleted.status.code(), Some(3), "{deleted:?}");
    let rows: Value = serde_json::from_slice(&deleted.stdout).expect("JSON");
    assert_eq!(column(&rows, "Id"), [&ids[0], "1", &ids[1]]);
    assert_eq!(column(&rows, "Outcome"), ["done", "failed", "done"]);
    assert!(rows[1]["Reason"].as_str().expect("a reason").contains("404"));
    for id in &ids {
        assert_eq!(
            ask(&sandbox, &["tickets", "get", id]).await.status.code(),
            Some(3)
        );
    }
}

#[tokio::test]
async fn the_output_of_a_list_is_the_input_of_a_write() {
    let sandbox = sandbox().await;
    let ids = tickets(&sandbox, "3").await;
    for format in ["ndjson", "json", "csv"] {
        let list = ask(&sandbox, &["tickets", "list", "--limit", "3", "-o", format]).await;
        let arguments = [
            "tickets",
            "update",
            "--ids",
            "-",
            "--ticket-title",
            format,
            "--yes",
        ];
        let updated = fed(&sandbox, &arguments, stdout(&list)).await;
        assert_eq!(column(&json(&updated), "Outcome"), ["done"; 3]);
        for id in &ids {
            let ticket = json(&ask(&sandbox, &["tickets", "get", id]).await);
            assert_eq!(ticket["TicketTitle"], format);
        }
    }
    let nothing = fed(&sandbox, &["tickets", "delete", "--ids", "-", "--yes"], "").await;
    assert_success(&nothing);
    assert!(
        stderr(&nothing).contains("there are no ids, so nothing was sent"),
        "{nothing:?}"
    );
}

#[tokio::test]
async fn records_of_another_kind_are_no_ids_of_a_write() {
    let sandbox = sandbox().await;
    let list = ["contacts", "list", "--limit", "3", "-o"];
    let delete = ["customers", "delete", "--ids", "-", "--yes"];
    for format in ["ndjson", "json", "csv"] {
        let contacts = ask(&sandbox, &[&list[..], &[format]].concat()).await;
        let refused = fed(&sandbox, &delete, stdout(&contacts)).await;
        assert_failure(
            &refused,
            2,
            "the ids in stdin cannot be read: its records look like those of Contact, whose own id is `EndUserID`, and \
             `CustomerID` in them is that of another record",
        );
        assert!(stderr(&refused).ends_with("; nothing was sent\n"), "{refused:?}");
        let column = ask(
            &sandbox,
            &[&list[..], &[format, "--select", "CustomerID"]].concat(),
        )
        .await;
        let shown = [&delete[..], &["--dry-run"]].concat();
        assert_success(&fed(&sandbox, &shown, stdout(&column)).await);
    }
    assert!(sandbox.log().iter().all(|request| request.method == "GET"));
}

#[tokio::test]
async fn nothing_is_sent_where_an_id_is_wrong_or_nobody_says_yes() {
    let sandbox = sandbox().await;
    let ids = tickets(&sandbox, "2").await;
    let arguments = ["tickets", "delete", "--ids", "-", "--yes"];
    let refused = fed(&sandbox, &arguments, &format!("{}\nseven\n", ids[0])).await;
    assert_failure(&refused, 2, "line 2 has `seven`: it must be a whole number");
    let update = ["tickets", "update", &ids[0], &ids[1], "--ticket-title", "x"];
    assert_failure(&ask(&sandbox, &update).await, 2, "so nothing was sent; add --yes");
    let shown = ask(&sandbox, &[&update[..], &["--dry-run"]].concat()).await;
    assert_success(&shown);
    assert_eq!(stdout(&shown).matches("POST http").count(), 2, "{shown:?}");
    for id in &ids {
        let ticket = json(&ask(&sandbox, &["tickets", "get", id]).await);
        assert_ne!(ticket["TicketTitle"], "x");
    }
}

#[tokio::test]
async fn a_key_that_is_refused_stops_the_rest() {
    let sandbox = sandbox().await;
    let ids: Vec<_> = (1..=40).map(|id| id.to_string()).collect();
    let ids: Vec<_> = ids.iter().map(String::as_str).collect();
    let mut command = against(&sandbox, &[&["tickets", "delete", "--yes"][..], &ids].concat());
    command.env("ATERA_API_KEY", "none");
    let refused = output(command).await;
    assert_eq!(refused.status.code(), Some(4), "{refused:?}");
    let rows: Value = serde_json::from_slice(&refused.stdout).expect("JSON");
    let outcomes = column(&rows, "Outcome");
    assert_eq!(outcomes[0], "failed");
    assert_eq!(outcomes[39], "not tried");
}

#[tokio::test]
async fn a_write_is_sent_for_the_records_that_fulfil_a_condition() {
    let sandbox = sandbox().await;
    let listed = json(&ask(&sandbox, &["alerts", "list", "--where", "Severity=Critical"]).await);
    let wanted = listed.as_array().expect("a list").iter();
    let wanted: Vec<_> = wanted.map(|alert| alert["AlertID"].to_string()).collect();
    let resolved = ask(
        &sandbox,
        &["alerts", "resolve", "--where", "Severity=Critical", "--yes"],
    )
    .await;
    assert_success(&resolved);
    assert_eq!(column(&json(&resolved), "Id"), wanted);
    assert!(
        stderr(&resolved).contains(&format!("{} of 380 records fulfil the condition", wanted.len())),
        "{resolved:?}"
    );

    let table = ask(
        &sandbox,
        &["alerts", "resolve", "90211", "90212", "--yes", "-o", "table"],
    )
    .await;
    assert!(
        stdout(&table)
            .lines()
            .all(|line| line.starts_with("Id") || line.starts_with("902")),
        "{table:?}"
    );

    // A question that nobody answers, a mistake, two sources of ids, and a condition that no record fulfils: nothing is sent.
    let writes = || {
        sandbox
            .log()
            .iter()
            .filter(|request| request.method != "GET")
            .count()
    };
    let before = writes();
    for (more, code) in [
        (vec!["--where", "Severity=Critical"], 2),
        (vec!["--where", "Severty=Critical", "--yes"], 2),
        (vec!["90211", "--where", "Severity=Critical", "--yes"], 2),
        (vec!["--where", "Severity=Critical", "--dry-run"], 0),
        (vec!["--where", "DeviceName=nowhere", "--yes"], 0),
    ] {
        let arguments: Vec<_> = ["alerts", "resolve"].into_iter().chain(more).collect();
        let refused = ask(&sandbox, &arguments).await;
        assert_eq!(refused.status.code(), Some(code), "{arguments:?}: {refused:?}");
    }
    assert_eq!(writes(), before);
}
