//! `atera mirror sync`.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn the_next_sync_finds_what_changed_and_what_went() {
    for place in Place::both() {
        let lists = ["--only", "tickets,alerts"];
        let sandbox = place.mirrored(small(), &lists).await;
        let first = |table: &'static str, id: &'static str| {
            let sql = format!("SELECT min({id}) FROM {table}");
            let place = &place;
            async move { place.ask(&sql).await.trim().parse::<i64>().expect("an id") }
        };
        let client = sandbox.client().expect("a client");
        let ticket = first("tickets", "ticket_id").await;
        let alert = first("alerts", "alert_id").await;
        let update = UpdateTicket {
            ticket_title: Some("Renamed".to_string()),
            ..UpdateTicket::default()
        };
        client.tickets().update(ticket, update).await.expect("changed");
        client.alerts().delete(alert).await.expect("deleted");
        let rows = json(&place.sync(&sandbox, &lists).await);
        let tickets = row(&rows, "tickets");
        assert_eq!(
            (&tickets["Came"], &tickets["Changed"]),
            (&0.into(), &1.into()),
            "{rows}"
        );
        assert_eq!(tickets["Read"], "changes");
        assert_eq!(row(&rows, "alerts")["Went"], 1, "{rows}");
        let title = format!("SELECT ticket_title FROM tickets WHERE ticket_id = {ticket}");
        assert_eq!(place.ask(&title).await, "Renamed\n");
        let gone = format!("SELECT count(*) FROM alerts WHERE alert_id = {alert} AND _deleted IS NOT NULL");
        assert_eq!(place.ask(&gone).await, "1\n");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_list_is_named_and_decides_on_the_exit_code() {
    for place in Place::both() {
        let allowed = Permissions::none().read("tickets").read("account");
        let sandbox = start(small().permissions(allowed)).await;
        let synced = place
            .sync(&sandbox, &["--only", "tickets,agents,alerts", "-o", "ndjson"])
            .await;
        assert_eq!(synced.status.code(), Some(4), "{synced:?}");
        let rows: Vec<Value> = stdout(&synced)
            .lines()
            .map(|line| serde_json::from_str(line).expect("JSON"))
            .collect();
        let rows = Value::from(rows);
        assert_eq!(row(&rows, "tickets")["State"], "complete");
        assert_eq!(row(&rows, "agents")["State"], "no permission");
        let said = stderr(&synced);
        assert!(said.contains("agents") && said.contains("alerts"), "{said}");
        let status = place.run(&["status"]).await;
        assert_eq!(status.status.code(), Some(4), "{status:?}");
        assert!(stderr(&status).contains("not whole: "), "{status:?}");
        let asked = place
            .run(&["query", "SELECT count(*) FROM agents, tickets"])
            .await;
        assert_success(&asked);
        let said = stderr(&asked);
        assert!(
            said.contains("agents: never read (no permission), tickets: "),
            "{said}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_tells_requests_and_reads_no_list() {
    for place in Place::both() {
        let sandbox = start(small()).await;
        let plan = output(place.against(&sandbox, &["sync", "--plan", "--rate-limit", "40/1h"])).await;
        let rows = json(&plan);
        let tickets = row(&rows, "tickets");
        assert_eq!(
            (&tickets["Records"], &tickets["Read"]),
            (&120.into(), &"full".into()),
            "{rows}"
        );
        assert!(
            tickets["Requests"].as_u64().is_some_and(|count| count >= 3),
            "{rows}"
        );
        assert!(
            tickets["Minutes"].as_f64().is_some_and(|minutes| minutes >= 1.8),
            "{rows}"
        );
        assert!(stderr(&plan).contains(" requests in all, at least "), "{plan:?}");
        let pages = sandbox
            .log()
            .into_iter()
            .filter(|arrival| arrival.path.contains("itemsInPage=50"));
        assert_eq!(pages.count(), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rounds_go_on_until_a_signal_though_some_fail() {
    let place = Place::file();
    let sandbox = start(small()).await;
    sandbox.set_faults("customers_list:403=1*1".parse().expect("faults"));
    let arguments = ["sync", "--only", "customers", "--every", "1ms"];
    let command = place.against(&sandbox, &arguments);
    let (code, said) = aside(move || {
        let (mut child, mut lines) = started(command);
        let said: Vec<_> = lines.by_ref().take(4).collect();
        signal("TERM", &child);
        let rest = lines.count();
        assert!(rest < 100_000);
        (child.wait().expect("it ends").code(), said)
    })
    .await;
    assert_eq!(code, Some(0), "{said:?}");
    assert!(said[0].contains("Z: 0 came, "), "{said:?}");
    assert!(said[1].starts_with("atera: customers: "), "{said:?}");
    assert!(said[2].contains("Z: 12 came, "), "{said:?}");
    assert!(said[3].contains("Z: 0 came, "), "{said:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn rounds_end_with_the_code_of_the_last_one() {
    let place = Place::file();
    let sandbox = start(small()).await;
    sandbox.set_faults("customers_list:403=1".parse().expect("faults"));
    let command = place.against(&sandbox, &["sync", "--only", "customers", "--every", "1h"]);
    let code = aside(move || {
        let (mut child, mut lines) = started(command);
        assert!(lines.any(|line| line.starts_with("atera: customers: ")));
        signal("INT", &child);
        assert_eq!(
            lines.last().as_deref(),
            Some("atera: stopped; the last round failed")
        );
        child.wait().expect("it ends").code()
    })
    .await;
    assert_eq!(code, Some(4));
    let refused = place.sync(&sandbox, &["--every", "1h", "-o", "csv"]).await;
    assert_failure(&refused, 2, "--every prints no table");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_sync_is_refused_and_told_by_whom() {
    for place in Place::both() {
        let sandbox = Sandbox::builder().tickets(500).start().await.expect("a sandbox");
        let state = place.folder.path().join("state");
        let mut first = place.against(&sandbox, &["sync", "--only", "tickets", "--rate-limit", "3/1h"]);
        first.env("XDG_STATE_HOME", state);
        let (mut child, waits) = aside(move || {
            let (child, mut lines) = started(first);
            assert!(
                lines.any(|line| line.starts_with("rate limit reached")),
                "it does not wait"
            );
            (child, lines)
        })
        .await;
        let second = place.sync(&sandbox, &["--only", "customers"]).await;
        assert_failure(&second, 2, "is being written to: ");
        // Rounds wait for the first to end.
        let rounds = place.against(&sandbox, &["sync", "--only", "customers", "--every", "1h"]);
        let code = aside(move || {
            let (mut child, mut lines) = started(rounds);
            assert!(lines.any(|line| line.contains("is being written to: ")));
            signal("INT", &child);
            assert_eq!(
                lines.last().as_deref(),
                Some("atera: stopped; the last round failed")
            );
            child.wait().expect("it ends").code()
        });
        assert_eq!(code.await, Some(2));
        signal("TERM", &child);
        let said = waits.filter(|line| !line.starts_with("rate limit reached"));
        let (code, said) = aside(move || (child.wait().expect("it ends").code(), Vec::from_iter(said))).await;
        assert_eq!(code, Some(143), "{said:?}");
        assert_eq!(said, ["atera: stopped; the next sync goes on where it was"]);
        assert_success(&place.sync(&sandbox, &["--only", "tickets"]).await);
        assert_eq!(place.ask("SELECT count(*) FROM tickets").await, "500\n");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_field_that_is_left_out_stays_out() {
    for place in Place::both() {
        let sandbox = place
            .mirrored(small(), &["--only", "contacts", "--redact", "Contact.Phone"])
            .await;
        // A later sync need not say it again, and cannot say something else.
        assert_success(&place.sync(&sandbox, &["--only", "contacts", "--full"]).await);
        let other = place
            .sync(&sandbox, &["--only", "contacts", "--redact", "Contact.Email"])
            .await;
        assert_failure(&other, 2, "leaves out contacts.Phone");
        assert_eq!(place.ask("SELECT count(phone) FROM contacts").await, "0\n");
        let records = place.ask("SELECT record FROM contacts").await;
        assert!(
            records.contains("Email") && !records.contains("\"\"Phone\"\""),
            "{records}"
        );
        let status = place.run(&["status"]).await;
        assert_success(&status);
        assert_eq!(stderr(&status), "left out of the mirror: contacts.Phone\n");
    }
}
