//! What keeps production data and the key safe.

use super::*;

#[tokio::test]
async fn what_cannot_be_undone_needs_a_yes_where_there_is_no_terminal() {
    let sandbox = sandbox().await;
    for arguments in [
        &["tickets", "delete", "54321"][..],
        &["customers", "delete", "1201"],
        &["alerts", "resolve", "90210"],
        &["agents", "powershell", "5501", "--script", "Restart-Computer"],
    ] {
        let refused = ask(&sandbox, arguments).await;
        assert_failure(&refused, 2, "nothing was sent; add --yes");
    }
    assert_success(&ask(&sandbox, &["tickets", "get", "54321"]).await);
    assert_success(&ask(&sandbox, &["tickets", "delete", "54321", "--yes"]).await);
    assert_eq!(
        ask(&sandbox, &["tickets", "get", "54321"]).await.status.code(),
        Some(3)
    );
}

#[tokio::test]
async fn what_can_be_undone_needs_none() {
    let sandbox = sandbox().await;
    assert_success(
        &ask(
            &sandbox,
            &["tickets", "update", "54321", "--ticket-status", "Open"],
        )
        .await,
    );
}

#[tokio::test]
async fn a_dry_run_shows_the_request_without_the_key_and_sends_nothing() {
    let sandbox = sandbox().await;
    let arguments = [
        "tickets",
        "update",
        "54321",
        "--ticket-title",
        "Fire",
        "--dry-run",
    ];
    let shown = ask(&sandbox, &arguments).await;
    assert_success(&shown);
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(
        stdout(&shown),
        format!(
            "POST {}/tickets/54321\naccept: application/json\ncontent-type: application/json\nuser-agent: atera/{version}\n\
             x-api-key: (hidden)\n\n{{\n  \"TicketTitle\": \"Fire\"\n}}\n",
            sandbox.base_url()
        )
    );
    let ticket = json(&ask(&sandbox, &["tickets", "get", "54321"]).await);
    assert_eq!(ticket["TicketTitle"], "Printer in room 2 offline");
}

#[tokio::test]
async fn a_dry_run_needs_neither_a_key_nor_a_yes() {
    let shown = output(atera(&["tickets", "delete", "54321", "--dry-run"])).await;
    assert_success(&shown);
    assert!(
        stdout(&shown).starts_with("DELETE https://app.atera.com/api/v3/tickets/54321\n"),
        "{shown:?}"
    );
    let refused = output(atera(&["tickets", "list", "--items-in-page", "51", "--dry-run"])).await;
    assert_failure(&refused, 2, "1 to 50");
}

/// The table of processes shows arguments to everyone on the machine.
#[tokio::test]
async fn there_is_no_flag_for_the_key() {
    for arguments in [
        &["tickets", "list", "--api-key", "secret-key"][..],
        &["tickets", "list", "--key=secret-key"],
        &["config", "set", "acme", "secret-key"],
    ] {
        let refused = output(atera(arguments)).await;
        assert_eq!(refused.status.code(), Some(2), "{refused:?}");
    }
    let refused = output(atera(&["tickets", "list", "--api-key=secret-key"])).await;
    assert!(!stderr(&refused).contains("secret-key"), "{refused:?}");
}

#[tokio::test]
async fn an_id_that_would_lead_elsewhere_is_refused() {
    for id in ["..", "."] {
        let refused = output(atera(&["agents", "list-by-machine", id, "--sandbox"])).await;
        assert_failure(&refused, 2, "must not be empty, `.` or `..`");
    }
}

/// A flag was meant to change something, so a command that would ignore it does nothing at all.
#[tokio::test]
async fn a_flag_that_would_be_ignored_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let dir = folder.path().join("backup").display().to_string();
    for (arguments, says) in [
        (
            &["export", "--dir", &dir, "--select", "TicketID"][..],
            "--select has no effect on `atera export`",
        ),
        (
            &["export", "--dir", &dir, "--format", "csv", "--bom"],
            "--bom has no effect on `atera export`",
        ),
        (
            &["export", "--dir", &dir, "--output", "csv"],
            "an export has --format ndjson|csv",
        ),
        (
            &["config", "remove", "acme", "--dry-run"],
            "--dry-run has no effect on `atera config remove`",
        ),
        (&["--sandbox", "--profile=a", "operations"], "cannot be used with"),
        (
            &["tickets", "get", "54321", "--sort", "TicketID"],
            "--sort has nothing to sort: tickets_get answers with one record",
        ),
    ] {
        assert_failure(&output(atera(arguments)).await, 2, says);
    }
    assert!(!folder.path().join("backup").exists());
}

#[tokio::test]
async fn a_number_that_the_service_cannot_read_is_refused_before_it_is_sent() {
    let sandbox = sandbox().await;
    let page = ask(&sandbox, &["tickets", "list", "--page", "99999999999999"]).await;
    assert_failure(&page, 2, "`page` must be 1 to 2147483647, not 99999999999999");
    assert_eq!(sandbox.stats().arrivals, 0);
}
