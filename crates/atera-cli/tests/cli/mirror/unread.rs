//! What the commands say of lists that are not whole, or were never read.

use std::{
    io::Read,
    sync::{Arc, Mutex},
};

use serde_json::json;

use super::*;
use crate::export::service_of_sizes;

/// That a command has printed its rows, and failed all the same.
fn assert_fails_with_rows(output: &Output, code: i32, says: &str) {
    assert_eq!(output.status.code(), Some(code), "{output:?}");
    assert!(stderr(output).contains(says), "{output:?}");
    assert!(!stdout(output).is_empty(), "{output:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_of_a_list_that_was_never_read_is_named_with_an_exit_code() {
    for place in Place::both() {
        let sandbox = start(small()).await;
        assert_success(&place.sync(&sandbox, &["--only", "customers"]).await);
        for sql in [
            "SELECT count(*) AS n FROM tickets",
            "SELECT count(*) AS n FROM customers, \"tickets\"",
            "SELECT count(*) AS n FROM invoices_line_items",
            "SELECT count(*) AS n FROM tickets_comments",
        ] {
            let asked = place.run(&["query", sql]).await;
            assert_eq!(asked.status.code(), Some(5), "{sql}: {asked:?}");
            assert!(
                stdout(&asked).contains("\"n\""),
                "{sql}: it is answered all the same"
            );
            let said = stderr(&asked);
            assert!(said.contains(": never read"), "{said}");
            assert!(said.contains("atera: the answer lacks "), "{said}");
        }
        // The words of a text, and the name of a column, are no table.
        let asked = place
            .run(&[
                "query",
                "SELECT count(*) AS tickets, 'agents' AS n FROM customers",
            ])
            .await;
        assert_success(&asked);
        assert!(!stderr(&asked).contains("never read"), "{asked:?}");
        let search = place.run(&["query", "SELECT count(*) FROM search"]).await;
        assert_success(&search);
        let said = stderr(&search);
        assert!(
            said.starts_with("customers: ") && said.contains(", tickets: never read"),
            "{said}"
        );
        let changes = place.run(&["changes", "--only", "tickets"]).await;
        // One line each for the place to go on from, the ages, and the failure.
        assert_eq!(changes.status.code(), Some(5), "{changes:?}");
        let said = stderr(&changes);
        assert!(
            said.contains("\ntickets: never read\natera: the answer lacks tickets"),
            "{said}"
        );
        assert_success(&place.run(&["changes", "--only", "customers"]).await);
        let mut report = atera(&["report", "backlog"]);
        report.env_remove("ATERA_REPORTS");
        assert_fails_with_rows(&output(place.at(report)).await, 5, "tickets: never read");
        let page = place.folder.path().join("page.html");
        let mut report = atera(&["report", "backlog", "--html"]);
        report.arg(&page).env_remove("ATERA_REPORTS");
        let written = output(place.at(report)).await;
        assert_eq!(written.status.code(), Some(5), "{written:?}");
        assert!(
            stderr(&written).contains("the answer lacks tickets"),
            "{written:?}"
        );
        let page = fs::read_to_string(page).expect("a page");
        assert!(page.contains("tickets: never read"), "{page}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_sync_that_is_killed_leaves_lists_that_were_never_read() {
    for place in Place::both() {
        let sandbox = start(small()).await;
        // The account, and no list.
        let arguments = ["sync", "--only", "customers,tickets", "--with", "comments"];
        let mut first = place.against(&sandbox, &[&arguments[..], &["--rate-limit", "1/1h"]].concat());
        first.env("XDG_STATE_HOME", place.folder.path().join("state"));
        aside(move || {
            let (mut child, mut lines) = started(first);
            assert!(lines.any(|line| line.starts_with("rate limit reached")));
            signal("KILL", &child);
            child.wait().expect("it ends");
        })
        .await;
        let status = place.run(&["status", "-o", "json"]).await;
        assert_fails_with_rows(&status, 5, "not whole: customers, tickets, tickets_comments; ");
        let rows: Value = serde_json::from_str(stdout(&status)).expect("rows");
        for list in ["customers", "tickets", "tickets_comments"] {
            let row = row(&rows, list);
            assert_eq!(
                (&row["State"], &row["Age"]),
                (&json!("failed"), &json!("never read"))
            );
            let reason = format!("{list} has not been read to its end yet; sync again");
            assert_eq!(row["Reason"], reason);
        }
        let asked = place.run(&["query", "SELECT count(*) AS n FROM tickets"]).await;
        assert_fails_with_rows(&asked, 5, "tickets: never read\n");
        assert_success(&place.sync(&sandbox, &arguments[1..]).await);
        assert_success(&place.run(&["status"]).await);
    }
}

/// Otherwise a monitor that asks for rows would take a key that is wrong for an account in which all is well.
#[tokio::test(flavor = "multi_thread")]
async fn a_first_sync_with_a_wrong_key_leaves_lists_that_were_never_read() {
    for place in Place::both() {
        let sandbox = start(small()).await;
        let mut command = place.against(&sandbox, &["sync", "--only", "tickets"]);
        command.env("ATERA_API_KEY", "wrong");
        assert_fails_with_rows(&output(command).await, 4, "401");
        let mut report = atera(&["report", "sla-risk", "--fail-if-rows", "--quiet"]);
        report.env_remove("ATERA_REPORTS");
        let asked = output(place.at(report)).await;
        assert_eq!(asked.status.code(), Some(5), "{asked:?}");
        assert!(stderr(&asked).contains("the answer lacks tickets"), "{asked:?}");
        assert_eq!(place.run(&["status"]).await.status.code(), Some(5));
        assert_success(&place.sync(&sandbox, &["--only", "tickets"]).await);
        assert_success(&place.run(&["status"]).await);
    }
}

/// The rows are those from before a sync, and so is what is said of their age.
#[tokio::test(flavor = "multi_thread")]
async fn the_age_that_is_told_is_not_that_of_a_later_sync() {
    for place in Place::both() {
        let sandbox = start(small()).await;
        assert_success(&place.sync(&sandbox, &["--only", "tickets"]).await);
        // More than a pipe holds, so that the query cannot end before the sync.
        let sql = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) SELECT i, (SELECT \
                   max(ticket_title) FROM tickets) AS title FROM n";
        let mut query = place.command(&["query", sql, "-o", "ndjson"]);
        query.stdout(Stdio::piped()).stderr(Stdio::piped());
        let (mut child, mut rows) = aside(move || {
            let mut child = query.spawn().expect("the command runs");
            let mut rows = child.stdout.take().expect("a pipe");
            rows.read_exact(&mut [0]).expect("a row comes");
            (child, rows)
        })
        .await;
        sandbox.set_faults("403=1".parse().expect("faults"));
        let synced = place.sync(&sandbox, &["--only", "tickets"]).await;
        assert_eq!(synced.status.code(), Some(4), "{synced:?}");
        let (code, said) = aside(move || {
            let (mut left, mut said) = (Vec::new(), String::new());
            rows.read_to_end(&mut left).expect("the rows come");
            let mut lines = child.stderr.take().expect("a pipe");
            lines.read_to_string(&mut said).expect("text");
            (child.wait().expect("it ends").code(), said)
        })
        .await;
        assert_eq!(code, Some(0), "{said}");
        assert!(
            said.starts_with("tickets: ") && !said.contains("no permission"),
            "{said}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_reads_comments_too() {
    for place in Place::both() {
        let sandbox = start(small().tickets(5)).await;
        let lists = "tickets,customers,knowledge-bases";
        assert_success(
            &place
                .sync(&sandbox, &["--only", lists, "--with", "comments"])
                .await,
        );
        let search = ["query", "SELECT count(*) FROM search"];
        let said = place.run(&search).await;
        assert!(stderr(&said).contains(", tickets_comments: "), "{said:?}");
        // `as_of` is by the clock of the service, in whole seconds.
        let tried = "SELECT tried FROM _syncs WHERE list = 'tickets_comments'";
        let before = place.ask(tried).await;
        let arguments = [&search[..], &["--max-age", "1ms"]].concat();
        assert_success(&output(place.against(&sandbox, &arguments)).await);
        assert_ne!(place.ask(tried).await, before);
        // Nothing else was asked for.
        assert_eq!(place.ask("SELECT count(*) FROM _syncs").await, "4\n");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_field_that_patches_are_asked_for_by_stays_left_out() {
    let place = Place::file();
    let sandbox = start(small()).await;
    let redacted = ["--only", "agents", "--redact", "agents.DeviceGuid"];
    assert_success(&place.sync(&sandbox, &redacted).await);
    let with = place
        .sync(&sandbox, &["--only", "agents", "--with", "available-patches"])
        .await;
    assert_failure(&with, 2, "they are asked for by the DeviceGuid of agents");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_kind_of_list_that_is_not_whole_has_its_exit_code() {
    let agents = |count: i64| Vec::from_iter((1..=count).map(|id| json!({"AgentID": id})));
    let mut without_id = agents(120);
    without_id.push(json!({"MachineName": "nobody"}));
    let mut with_misfit = agents(120);
    with_misfit[0]["Online"] = json!("perhaps");
    for place in Place::both() {
        let answers = Arc::new(Mutex::new((agents(120), false)));
        let (answering, mut asked) = (answers.clone(), 0);
        let service = service_of_sizes(move |page, size| {
            let (records, is_restless) = &*answering.lock().expect("a list");
            asked += 1;
            let items = records.chunks(size).nth(page - 1).unwrap_or_default();
            let total = records.len() + if *is_restless { asked } else { 0 };
            json!({"items": items, "totalItemCount": total})
        })
        .await;
        let sync = async |records: &Vec<Value>, is_restless: bool| {
            *answers.lock().expect("a list") = (records.clone(), is_restless);
            let mut command = place.command(&["sync", "--only", "agents", "--rate-limit", "off"]);
            command
                .env("ATERA_BASE_URL", &service)
                .env("ATERA_API_KEY", "key");
            output(command).await
        };
        // Before it was ever read, its table says nothing of the account.
        assert_eq!(sync(&agents(120), true).await.status.code(), Some(10));
        let asked = place.run(&["query", "SELECT count(*) AS n FROM agents"]).await;
        assert_fails_with_rows(&asked, 10, "the answer lacks agents");
        assert_success(&sync(&agents(120), false).await);
        for (records, is_restless, code, state, says) in [
            (&agents(120), true, 10, "unsettled", "agents did not settle"),
            (&agents(50), false, 10, "shrunk", "--accept-loss"),
            (
                &without_id,
                false,
                9,
                "unreadable records",
                "could not be stored (1)",
            ),
            (&with_misfit, false, 9, "complete", "in 1 of 120 records: online"),
        ] {
            let synced = sync(records, is_restless).await;
            assert_fails_with_rows(&synced, code, says);
            let status = place.run(&["status", "-o", "json"]).await;
            assert_fails_with_rows(&status, code, "not whole: agents; ");
            let rows: Value = serde_json::from_str(stdout(&status)).expect("rows");
            assert_eq!(row(&rows, "agents")["State"], state);
        }
        assert_success(&sync(&agents(120), false).await);
        assert_success(&place.run(&["status"]).await);
    }
}
