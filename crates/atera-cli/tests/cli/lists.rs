//! Lists and single records, as they are printed.

use serde_json::Value;

use super::*;

/// How many tickets the sandbox has.
const TICKETS: usize = 2847;

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
    let ticket = &page[0];
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
async fn a_limit_reads_as_many_pages_as_it_takes_and_no_more() {
    let sandbox = sandbox().await;
    for (limit, count) in [("1", 1), ("50", 50), ("51", 51), ("120", 120)] {
        let listed = ask(&sandbox, &["tickets", "list", "--limit", limit, "-o", "ndjson"]).await;
        assert_success(&listed);
        assert_eq!(stdout(&listed).lines().count(), count);
        assert!(
            stderr(&listed).starts_with(&format!("{limit} of 2847 records; --all")),
            "{listed:?}"
        );
    }
    let quiet = ask(&sandbox, &["tickets", "list", "--limit", "7", "--quiet"]).await;
    assert_eq!(
        (json(&quiet).as_array().map(Vec::len), stderr(&quiet)),
        (Some(7), "")
    );
}

#[tokio::test]
async fn a_page_is_an_array_like_every_list() {
    let sandbox = sandbox().await;
    let arguments = ["tickets", "list", "--page", "2", "--items-in-page", "7"];
    let page = json(&ask(&sandbox, &arguments).await);
    let all = json(&ask(&sandbox, &["tickets", "list", "--limit", "14"]).await);
    let (page, all) = (
        page.as_array().expect("an array"),
        all.as_array().expect("an array"),
    );
    assert_eq!(page[..], all[7..]);
}

#[tokio::test]
async fn a_list_since_a_time_has_what_changed_since() {
    let sandbox = sandbox().await;
    let arguments = [
        "tickets",
        "list-last-modified",
        "--since",
        "2026-03-01T00:00:00Z",
        "--all",
    ];
    let changed = json(&ask(&sandbox, &arguments).await);
    let changed = changed.as_array().expect("an array");
    assert!(
        !changed.is_empty() && changed.len() < TICKETS,
        "{}",
        changed.len()
    );
}

/// What the last request asked for.
fn last_request(sandbox: &Sandbox) -> String {
    sandbox.log().pop().expect("a request").path
}

#[tokio::test]
async fn a_time_is_told_by_the_clocks_of_the_account_where_a_list_wants_that() {
    let sandbox = Sandbox::builder().time_zone("America/New_York");
    let sandbox = sandbox.start().await.expect("a sandbox");
    for (list, asked) in [
        ("tickets list-last-modified", "date=2026-03-02T04%3A59%3A00Z"),
        ("customers list", "FromLastModifiedDate=2026-03-01T23%3A59%3A00"),
        ("contacts list", "FromLastModifiedDate=2026-03-01T23%3A59%3A00"),
        ("work-hours list", "startWorkhour=2026-03-01T23%3A59%3A00"),
        ("invoices list", "invoiceDateFrom=2026-03-01"),
    ] {
        let arguments: Vec<_> = list
            .split(' ')
            .chain(["--since", "2026-03-02T04:59:00Z"])
            .collect();
        let listed = ask(&sandbox, &arguments).await;
        assert_success(&listed);
        assert!(!stderr(&listed).contains("time zone"), "{listed:?}");
        let last = last_request(&sandbox);
        assert!(last.split(['?', '&']).any(|part| part == asked), "{last}");
    }
}

#[tokio::test]
async fn a_time_reaches_far_enough_back_where_the_zone_is_not_known() {
    let permissions = "customers:r".parse().expect("permissions");
    let sandbox = Sandbox::builder().key("desk", permissions);
    let sandbox = sandbox.start().await.expect("a sandbox");
    let mut list = atera(&["customers", "list", "--since", "2026-03-02T04:59:00Z"]);
    list.env("ATERA_BASE_URL", sandbox.base_url())
        .env("ATERA_API_KEY", "desk");
    let listed = output(list).await;
    assert_success(&listed);
    assert!(
        stderr(&listed).starts_with("the time zone of the account is not known"),
        "{listed:?}"
    );
    let last = last_request(&sandbox);
    assert!(
        last.contains("FromLastModifiedDate=2026-03-01T16%3A59%3A00"),
        "{last}"
    );
}

/// A service with 120 tickets, of which the eleventh is deleted once the first page has been read.
async fn moving() -> String {
    use std::sync::{Arc, Mutex};

    let ids: Arc<Mutex<Vec<usize>>> = Arc::new(Mutex::new((0..120).collect()));
    let answer = move |uri: axum::http::Uri| {
        let query = uri.query().unwrap_or_default();
        let page = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "page");
        let page: usize = page.and_then(|(_, page)| page.parse().ok()).expect("a page");
        let mut ids = ids.lock().expect("no panic");
        let items: Vec<_> = ids
            .iter()
            .skip((page - 1) * 50)
            .take(50)
            .map(|id| serde_json::json!({"TicketID": id}))
            .collect();
        let answer = serde_json::json!({"items": items, "totalItemCount": ids.len(), "totalPages": ids.len().div_ceil(50)});
        ids.retain(|id| *id != 10);
        std::future::ready(answer.to_string())
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let address = listener.local_addr().expect("an address");
    let service = axum::serve(listener, axum::Router::new().fallback(answer));
    tokio::spawn(service.into_future());
    format!("http://{address}/api/v3")
}

#[tokio::test]
async fn a_record_that_moves_while_the_list_is_read_is_not_missed_unless_it_is_to_be_fast() {
    for (arguments, expected) in [
        (&["tickets", "list", "--all", "-o", "ndjson"][..], 120),
        (&["tickets", "list", "--all", "--fast", "-o", "ndjson"], 119),
    ] {
        let mut command = atera(arguments);
        command
            .env("ATERA_BASE_URL", moving().await)
            .env("ATERA_API_KEY", "key");
        let listed = output(command).await;
        assert_success(&listed);
        let mut ids: Vec<_> = stdout(&listed).lines().collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(
            (ids.len(), stdout(&listed).lines().count()),
            (expected, expected),
            "{arguments:?}"
        );
        assert_eq!(ids.contains(&r#"{"TicketID":50}"#), expected == 120);
    }
}

/// The ids that were printed, one a line of CSV.
fn ids(output: &Output) -> Vec<i64> {
    assert_success(output);
    let rows = stdout(output).lines().skip(1);
    rows.map(|row| row.parse().expect("an id")).collect()
}

#[tokio::test]
async fn a_sorted_list_is_the_whole_list_sorted_and_a_limit_takes_the_first_of_it() {
    let sandbox = sandbox().await;
    let sorted = [
        "tickets",
        "list",
        "--sort",
        "-TicketID",
        "-o",
        "csv",
        "--select",
        "TicketID",
    ];
    let all = ids(&ask(&sandbox, &sorted).await);
    assert_eq!(all.len(), TICKETS);
    assert!(all.is_sorted_by(|one, other| one > other));
    let limited = ask(&sandbox, &[&sorted[..], &["--limit", "2"]].concat()).await;
    assert_eq!(ids(&limited), all[..2]);
    assert_eq!(
        stderr(&limited),
        "2 of 2847 records; without --limit all of them are printed\n"
    );
    let fast = ask(&sandbox, &[&sorted[..], &["--fast", "--limit", "3"]].concat()).await;
    assert_eq!(ids(&fast), all[..3]);
}

#[tokio::test]
async fn a_page_is_not_sorted_in_place_of_the_list() {
    let sandbox = sandbox().await;
    let page = ["tickets", "list", "--page", "2", "--sort", "TicketID"];
    assert_failure(&ask(&sandbox, &page).await, 2, "--page names one page of it");
    assert_failure(
        &ask(&sandbox, &["tickets", "list", "--fast"]).await,
        2,
        "add --all",
    );
    assert!(sandbox.log().is_empty());
}

#[tokio::test]
async fn commands_have_the_names_that_people_know_from_elsewhere() {
    let sandbox = sandbox().await;
    for (alias, name) in [
        (
            &["customers", "ls", "--limit", "1"][..],
            &["customers", "list", "--limit", "1"][..],
        ),
        (&["tickets", "view", "54321"], &["tickets", "get", "54321"]),
        (
            &["customers", "new", "--customer-name", "A", "--dry-run"],
            &["customers", "create", "--customer-name", "A", "--dry-run"],
        ),
        (
            &["tickets", "edit", "54321", "--ticket-title", "A", "--dry-run"],
            &["tickets", "update", "54321", "--ticket-title", "A", "--dry-run"],
        ),
        (
            &["tickets", "rm", "54321", "--dry-run"],
            &["tickets", "delete", "54321", "--dry-run"],
        ),
    ] {
        let by_alias = ask(&sandbox, alias).await;
        assert_success(&by_alias);
        assert_eq!(stdout(&by_alias), stdout(&ask(&sandbox, name).await), "{alias:?}");
    }
    let help = output(atera(&["tickets", "--help"])).await;
    assert!(stdout(&help).contains("[alias: ls]"), "{}", stdout(&help));
}
