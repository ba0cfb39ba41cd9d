//! `atera mirror query` and `atera mirror schema`.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_query_has_parameters_formats_and_limits() {
    for place in Place::both() {
        place.mirrored(small(), &["--only", "tickets,customers"]).await;
        let sql = "SELECT ticket_id, ticket_title, record FROM tickets WHERE ticket_status = :status AND ticket_id > :least \
                   ORDER BY ticket_id";
        let query = [
            "query",
            sql,
            "--param",
            "status=Open",
            "--param",
            "least=0",
            "--limit",
            "1",
        ];
        let rows = json(&place.run(&query).await);
        assert_eq!(rows.as_array().expect("rows").len(), 1);
        assert_eq!(
            rows[0]["record"]["TicketID"], rows[0]["ticket_id"],
            "a record is JSON in JSON"
        );
        let cut = place.run(&query).await;
        assert!(
            stderr(&cut).starts_with("1 row, and --limit ends there; there are more\ntickets: "),
            "{cut:?}"
        );
        let csv = place
            .run(&[&query[..], &["-o", "csv", "--select", "ticket_id"]].concat())
            .await;
        assert_eq!(stdout(&csv).lines().next(), Some("ticket_id"));
        // Sorted before some are left out.
        let sorted = place.run(&[&query[..], &["--sort", "-ticket_id"]].concat()).await;
        let sorted = json(&sorted);
        let last = place
            .ask("SELECT max(ticket_id) FROM tickets WHERE ticket_status = 'Open'")
            .await;
        assert_eq!(sorted[0]["ticket_id"].to_string(), last.trim());
        let table = place
            .run(&["query", "SELECT 1 AS one, NULL AS one, 1.5 AS x", "-o", "table"])
            .await;
        assert_eq!(
            stdout(&table)
                .lines()
                .next()
                .map(str::split_whitespace)
                .map(Vec::from_iter),
            Some(vec!["one", "one_2", "x"])
        );
        let empty = place
            .run(&[
                "query",
                "SELECT customer_id FROM customers WHERE 1 = 0",
                "-o",
                "csv",
            ])
            .await;
        assert_eq!(stdout(&empty), "customer_id\n");

        let file = place.folder.path().join("query.sql");
        fs::write(&file, "SELECT count(*) AS n FROM customers").expect("a file");
        let of_file = place.run(&["query", &format!("@{}", file.display())]).await;
        assert_eq!(json(&of_file)[0]["n"], 12);
        let missing = place.run(&["query", "@no.sql"]).await;
        assert_failure(&missing, 2, "the query cannot be read from no.sql");
        let unset = place.run(&["query", sql, "--param", "status=Open"]).await;
        assert_failure(&unset, 2, ":least");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_comes_from_stdin_too() {
    let place = Place::file();
    let sandbox = place.mirrored(small(), &["--only", "customers"]).await;
    let path = place.path();
    let arguments = ["mirror", "query", "-", "--db", path.to_str().expect("text")];
    let counted = fed(&sandbox, &arguments, "SELECT count(*) AS n FROM customers;\n").await;
    assert_eq!(json(&counted)[0]["n"], 12);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_only_reads_and_ends_in_time() {
    for place in Place::both() {
        place.mirrored(small(), &["--only", "customers"]).await;
        for sql in [
            "DELETE FROM customers",
            "WITH x AS (SELECT 1) INSERT INTO customers (customer_id) SELECT * FROM x",
            "SELECT 1; SELECT 2",
        ] {
            let refused = place.run(&["query", sql]).await;
            assert_failure(&refused, 2, "the query was refused: ");
        }
        assert_failure(
            &place.run(&["query", "SELECT nothing FROM customers"]).await,
            2,
            "the query is not valid",
        );
        let endless =
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";
        let stopped = place.run(&["query", endless, "--timeout", "50ms"]).await;
        assert_failure(&stopped, 8, "longer than 0.05 s");
        assert_eq!(place.ask("SELECT count(*) FROM customers").await, "12\n");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn max_age_syncs_the_lists_of_the_query_or_fails() {
    for place in Place::both() {
        let sandbox = start(small()).await;
        let ask = ["query", "SELECT count(*) AS n FROM customers", "--max-age", "1h"];
        let first = output(place.against(&sandbox, &ask)).await;
        assert_eq!(json(&first)[0]["n"], 12);
        let paths = sandbox.log().into_iter().map(|arrival| arrival.path);
        let lists: Vec<_> = paths.filter(|path| path.contains('?')).collect();
        assert!(lists.iter().all(|path| path.contains("/customers?")), "{lists:?}");
        // Young enough: nobody is asked.
        let arrivals = sandbox.stats().arrivals;
        assert_success(&output(place.against(&sandbox, &ask)).await);
        assert_eq!(sandbox.stats().arrivals, arrivals);
        // Too old, and the service fails.
        sandbox.set_faults("503=1".parse().expect("faults"));
        let old = [
            "query",
            "SELECT count(*) FROM customers",
            "--max-age",
            "1ms",
            "--max-attempts",
            "1",
        ];
        let failed = output(place.against(&sandbox, &old)).await;
        assert_failure(&failed, 5, "customers");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn max_age_is_not_that_of_a_sync_which_was_stopped() {
    let place = Place::file();
    // So many that what was read of them is kept when the sync stops.
    let sandbox = start(Sandbox::builder().tickets(2500).rate_limit(RateLimit::off())).await;
    let arguments = ["sync", "--only", "tickets", "--rate-limit", "60/1h"];
    let mut stopped = place.against(&sandbox, &arguments);
    stopped.env("XDG_STATE_HOME", place.folder.path().join("state"));
    let code = aside(move || {
        let (mut child, mut lines) = started(stopped);
        assert!(lines.any(|line| line.starts_with("rate limit reached")));
        signal("TERM", &child);
        child.wait().expect("it ends").code()
    })
    .await;
    assert_eq!(code, Some(143));
    let ask = ["query", "SELECT count(*) AS n FROM tickets", "--max-age", "1ms"];
    let asked = output(place.against(&sandbox, &ask)).await;
    assert_eq!(json(&asked)[0]["n"], 2500);
    // It was read to its end, as of when the first sync began, and what has changed since then was asked for.
    let log = sandbox.log();
    assert!(
        log.iter()
            .any(|arrival| arrival.path.contains("/tickets/lastmodified"))
    );
}

#[tokio::test]
async fn the_schema_needs_no_mirror() {
    let tables = json(&output(atera(&["mirror", "schema"])).await);
    assert!(
        tables.as_array().is_some_and(|tables| tables.len() > 20),
        "{tables}"
    );
    let columns = output(atera(&["mirror", "schema", "tickets", "-o", "csv"])).await;
    assert!(
        stdout(&columns).starts_with("Column,Type,Key,Field,Description\nticket_id,integer,true,TicketID,"),
        "{columns:?}"
    );
    assert_failure(
        &output(atera(&["mirror", "schema", "tickts"])).await,
        2,
        "did you mean `tickets`?",
    );
}
