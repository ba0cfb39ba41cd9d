//! Each report that is built in, on the records of a sandbox, beside an answer that is computed from the lists without SQL. The same
//! rows come from SQLite and from Postgres.

mod expected;

use std::collections::{BTreeMap, BTreeSet};

use atera::{
    Client, RateLimit, Timestamp,
    description::Operation,
    mock::Recorder,
    transport::{Request, Response},
};
use atera_mirror::{
    Limits, Mirror, SyncOptions, Value,
    report::Reports,
    schema::{Content, tables},
};
use atera_sandbox::Sandbox;
use http::StatusCode;
use serde_json::{Value as Json, json};

/// The records of each list, by the name of its table.
type Lists = BTreeMap<String, Vec<Json>>;

/// A mirror of a sandbox in each database, and its lists.
struct Account {
    mirrors: Vec<(&'static str, Mirror)>,
    lists: Lists,
    now: Timestamp,
    _folder: tempfile::TempDir,
}

impl Account {
    async fn new() -> Self {
        let now: Timestamp = "2026-03-02T09:00:00Z".parse().unwrap();
        let sandbox = Sandbox::builder()
            .customers(30)
            .contacts(120)
            .agents(40)
            .tickets(200)
            .alerts(150)
            .contracts(24)
            .invoices(70)
            .articles(1)
            .devices(3)
            .rate_limit(RateLimit::off())
            .now(now)
            .start()
            .await
            .unwrap();
        let client = Client::builder()
            .api_key(atera::ApiKey::new(sandbox.api_key()).unwrap())
            .base_url(sandbox.base_url())
            .rate_limit(RateLimit::off())
            .build()
            .unwrap();
        contradict(&client).await;
        let (folder, mirrors) = empty().await;
        let mut lists = Lists::new();
        for table in tables() {
            if let Content::List { operation } = &table.content {
                lists.insert(table.name.clone(), list(&client, operation).await);
            }
        }
        lists.insert("patches".into(), patches(&client, &lists["agents"]).await);
        let options = SyncOptions::new().with(["patches"]).unwrap();
        for (_, mirror) in &mirrors {
            let report = mirror.sync(&client, &options).await.unwrap();
            assert!(report.is_success(), "{:?}", report.worst());
        }
        Account {
            mirrors,
            lists,
            now,
            _folder: folder,
        }
    }

    /// The rows of a report are these, in this order, in each database.
    async fn assert_rows(&self, name: &str, given: &[(&str, &str)], expected: &[Vec<String>]) {
        let reports = Reports::built_in();
        let report = reports.find(name).unwrap();
        let given: Vec<_> = given
            .iter()
            .map(|(name, value)| ((*name).to_string(), (*value).to_string()))
            .collect();
        for (database, mirror) in &self.mirrors {
            let mut answer = report
                .run(mirror, &given, self.now, &Limits::default())
                .await
                .unwrap();
            let rows: Vec<_> = answer.all().await.unwrap();
            let rows: Vec<Vec<_>> = rows.iter().map(|row| row.iter().map(shown).collect()).collect();
            for (place, (row, expected)) in rows.iter().zip(expected).enumerate() {
                assert_eq!(row, expected, "row {place} of {name} {given:?} in {database}");
            }
            assert_eq!(rows.len(), expected.len(), "{name} {given:?} in {database}");
        }
    }
}

/// A mirror in each database, with tables and without rows.
async fn empty() -> (tempfile::TempDir, Vec<(&'static str, Mirror)>) {
    let folder = tempfile::tempdir().unwrap();
    let mut mirrors = vec![(
        "SQLite",
        Mirror::file(&folder.path().join("mirror.db")).await.unwrap(),
    )];
    if let Some(url) = atera_testkit::postgres::new_database() {
        mirrors.push(("Postgres", Mirror::postgres(&url).await.unwrap()));
    }
    for (_, mirror) in &mirrors {
        mirror.make_tables().await.unwrap();
    }
    (folder, mirrors)
}

/// Deletes records that others name, and the machines of a customer with a contract.
async fn contradict(client: &Client) {
    let tickets = list(client, operation_of("tickets")).await;
    let contact = tickets
        .iter()
        .find_map(|ticket| ticket["EndUserID"].as_i64())
        .unwrap();
    client.contacts().delete(contact).await.unwrap();
    let mut watched = Vec::new();
    for table in ["devices_generic", "devices_http", "devices_snmp", "devices_tcp"] {
        let devices = list(client, operation_of(table)).await;
        watched.extend(devices.iter().filter_map(|device| device["CustomerID"].as_i64()));
    }
    let contracts = list(client, operation_of("contracts")).await;
    let contract = contracts.iter().find(|contract| {
        let customer = contract["CustomerID"].as_i64().unwrap();
        contract["Active"] == true && !watched.contains(&customer)
    });
    let customer = &contract.unwrap()["CustomerID"];
    for agent in list(client, operation_of("agents")).await {
        if agent["CustomerID"] == *customer {
            client
                .agents()
                .delete(agent["AgentID"].as_i64().unwrap())
                .await
                .unwrap();
        }
    }
}

fn operation_of(table: &str) -> &'static Operation {
    tables()
        .iter()
        .find(|it| it.name == table)
        .unwrap()
        .operation()
        .unwrap()
}

async fn list(client: &Client, operation: &'static Operation) -> Vec<Json> {
    if !operation.list {
        let answer = client.operation(operation).send().await.unwrap();
        return answer.json().unwrap();
    }
    let mut records = client.operation(operation).records();
    let mut all = Vec::new();
    while let Some(record) = records.try_next().await.unwrap() {
        all.push(serde_json::from_str(record.get()).unwrap());
    }
    all
}

/// The patches that each agent lacks, with the id of the agent.
async fn patches(client: &Client, agents: &[Json]) -> Vec<Json> {
    let mut all = Vec::new();
    for agent in agents {
        let guid = agent["DeviceGuid"].as_str().unwrap();
        let call = client.operation(operation_of("agents_available_patches"));
        let answer = call.set("deviceGuid", guid).unwrap().send().await.unwrap();
        let answer: Json = answer.json().unwrap();
        for patch in answer["availableUpdates"].as_array().unwrap() {
            all.push(json!({"AgentID": agent["AgentID"], "class": patch["class"]}));
        }
    }
    all
}

/// A value as the expected rows have it.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => "-".into(),
        Value::Boolean(value) => value.to_string(),
        Value::Integer(value) => value.to_string(),
        Value::Real(value) => format!("{value:.2}"),
        Value::Text(text) => text.clone(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_report_answers_what_the_lists_say() {
    let account = Account::new().await;
    let (lists, now) = (&account.lists, account.now.to_utc());
    for (days, customer) in [
        ("30", ""),
        ("0", ""),
        ("36500", ""),
        ("5", "Harbor Dental"),
        ("5", "Nobody's"),
    ] {
        let expected = expected::stale_agents(lists, now, days.parse().unwrap(), customer);
        account
            .assert_rows(
                "stale-agents",
                &[("days", days), ("customer", customer)],
                &expected,
            )
            .await;
    }
    for hours in ["4", "0", "100000"] {
        let expected = expected::sla_risk(lists, now, hours.parse().unwrap());
        assert!(!expected.is_empty());
        account
            .assert_rows("sla-risk", &[("hours", hours)], &expected)
            .await;
    }
    for by in ["customer", "technician", "status", "priority"] {
        let expected = expected::backlog(lists, now, by, [1, 7, 30]);
        account.assert_rows("backlog", &[("by", by)], &expected).await;
    }
    let expected = expected::backlog(lists, now, "customer", [0, 100, 100]);
    account
        .assert_rows(
            "backlog",
            &[("fresh", "0"), ("recent", "100"), ("aging", "100")],
            &expected,
        )
        .await;
    for (by, months) in [
        ("technician", "2"),
        ("customer", "200"),
        ("month", "200"),
        ("month", "0"),
    ] {
        let expected = expected::workload(lists, now, by, months.parse().unwrap());
        account
            .assert_rows("workload", &[("by", by), ("months", months)], &expected)
            .await;
    }
    for (days, times) in [("30", "3"), ("3000", "2"), ("3000", "1"), ("0", "0")] {
        let expected = expected::alert_storms(lists, now, days.parse().unwrap(), times.parse().unwrap());
        account
            .assert_rows("alert-storms", &[("days", days), ("times", times)], &expected)
            .await;
    }
    for days in ["30", "0", "5000"] {
        let expected = expected::patch_gaps(lists, now, days.parse().unwrap());
        account
            .assert_rows("patch-gaps", &[("days", days)], &expected)
            .await;
    }
    for (years, days) in [("3", "180"), ("0", "0"), ("100", "0"), ("100", "5000")] {
        let expected = expected::warranty_and_os(lists, now, years.parse().unwrap(), days.parse().unwrap());
        account
            .assert_rows("warranty-and-os", &[("years", years), ("days", days)], &expected)
            .await;
    }
    let expected = expected::coverage(lists);
    let gaps: BTreeSet<_> = expected.iter().map(|row| &row[0]).collect();
    assert_eq!(gaps.len(), 3, "{gaps:?}");
    account.assert_rows("coverage", &[], &expected).await;
    for (by, months) in [
        ("month", "11"),
        ("customer", "200"),
        ("product", "200"),
        ("month", "0"),
    ] {
        let expected = expected::invoices(lists, now, by, months.parse().unwrap());
        account
            .assert_rows("invoices", &[("by", by), ("months", months)], &expected)
            .await;
    }
    for (days, months) in [("30", "11"), ("3000", "200"), ("0", "0")] {
        let expected = expected::customer_health(lists, now, days.parse().unwrap(), months.parse().unwrap());
        assert_eq!(expected.len(), 30);
        account
            .assert_rows(
                "customer-health",
                &[("days", days), ("months", months)],
                &expected,
            )
            .await;
    }
    let expected = expected::quality(lists, now);
    assert!(!expected.is_empty());
    account.assert_rows("quality", &[], &expected).await;
}

/// A service whose records contradict each other in every way that the report knows.
#[tokio::test(flavor = "multi_thread")]
async fn every_contradiction_is_found() {
    let lists = json!({
        "customers": [{"CustomerID": 1, "CustomerName": "One"}],
        "contacts": [
            {"EndUserID": 1, "CustomerID": 1, "Firstname": "A", "Lastname": "B"},
            {"EndUserID": 2, "CustomerID": 9, "Lastname": "C"},
            {"EndUserID": 3}
        ],
        "tickets": [
            {"TicketID": 1, "TicketStatus": "Open", "EndUserID": 1, "CustomerID": 1},
            {"TicketID": 2, "TicketStatus": "Open", "EndUserID": 9, "CustomerID": 9, "CustomerName": "Nine", "TicketTitle": "T"},
            {"TicketID": 3, "TicketStatus": "Closed", "TicketCreatedDate": "2026-02-02T00:00:00Z"},
            {"TicketID": 4, "TicketStatus": "Resolved", "TicketCreatedDate": "2026-02-02T00:00:00Z",
                "TicketResolvedDate": "2026-02-01T00:00:00Z"}
        ],
        "agents": [
            {"AgentID": 1, "CustomerID": 1},
            {"AgentID": 2, "CustomerID": 9, "AgentName": "PC"},
            {"AgentID": 3}
        ],
        "alerts": [
            {"AlertID": 1, "AgentId": 1, "Archived": false},
            {"AlertID": 2, "AgentId": 9, "Archived": false, "Title": "T"},
            {"AlertID": 3, "AgentId": 9, "Archived": true},
            {"AlertID": 4}
        ],
        "contracts": [
            {"ContractID": 1, "CustomerID": 1, "Active": true, "EndDate": "2026-03-02T09:00:00Z"},
            {"ContractID": 2, "CustomerID": 1, "Active": true, "EndDate": "2026-03-02T08:59:59Z", "ContractName": "C"},
            {"ContractID": 3, "CustomerID": 9, "Active": false, "EndDate": "2020-01-01T00:00:00Z"}
        ],
        "work_hours": [
            {"WorkHoursID": 1, "TicketID": 1, "StartWorkHour": "2026-02-02T00:00:00Z", "EndWorkHour": "2026-02-02T00:00:00Z"},
            {"WorkHoursID": 2, "TicketID": 9, "StartWorkHour": "2026-02-02T00:00:01Z", "EndWorkHour": "2026-02-02T00:00:00Z"},
            {"WorkHoursID": 3, "StartWorkHour": "2026-02-02T00:00:00Z", "Description": "D"}
        ],
        "invoices": [
            {"InvoiceId": "00000000-0000-4000-8000-00000000000a", "InvoiceDate": "2026-02-02T00:00:00Z", "To": {"CompanyName": "One"}},
            {"InvoiceId": "00000000-0000-4000-8000-00000000000b", "InvoiceDate": "2026-02-02T00:00:00Z", "To": {"CompanyName": null}},
            {"InvoiceId": "00000000-0000-4000-8000-00000000000c", "InvoiceDate": null, "To": {"CompanyName": "One"}}
        ]
    });
    let lists: Lists = serde_json::from_value(lists).unwrap();
    let served = lists.clone();
    let recorder = Recorder::new(move |request: &Request| {
        let path = request.url.path();
        let table = served
            .keys()
            .find(|table| operation_of(table).path.trim_start_matches("/api/v3") == path_of(path));
        let body = match table {
            Some(table) => json!({"items": served[table], "totalItemCount": served[table].len(), "page": 1}),
            None if path.ends_with("/account") => json!({"AccountID": "7", "TimeZoneName": "UTC"}),
            None => json!({"items": [], "totalItemCount": 0}),
        };
        Ok(Response::new(StatusCode::OK, body.to_string()))
    });
    let client = recorder.builder().rate_limit(RateLimit::off()).build().unwrap();
    let (folder, mirrors) = empty().await;
    for (_, mirror) in &mirrors {
        let options = SyncOptions::new().only(lists.keys()).unwrap();
        let report = mirror.sync(&client, &options).await.unwrap();
        assert!(report.is_success(), "{:?}", report.worst());
    }
    let account = Account {
        mirrors,
        lists,
        now: "2026-03-02T09:00:00Z".parse().unwrap(),
        _folder: folder,
    };
    let expected = expected::quality(&account.lists, account.now.to_utc());
    let problems: BTreeSet<_> = expected.iter().map(|row| row[0].as_str()).collect();
    assert_eq!(problems.len(), 12, "{problems:?}");
    account.assert_rows("quality", &[], &expected).await;
}

/// The part of a path after the version.
fn path_of(path: &str) -> &str {
    path.split_once("/v3").map_or(path, |(_, rest)| rest)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_report_is_valid_on_an_empty_mirror() {
    let (_folder, mirrors) = empty().await;
    let now = Timestamp::now();
    for (database, mirror) in &mirrors {
        for (name, report) in Reports::built_in().iter() {
            let report = report.unwrap();
            report.check(mirror, now).await.unwrap();
            let mut answer = report.run(mirror, &[], now, &Limits::default()).await.unwrap();
            assert!(answer.all().await.unwrap().is_empty(), "{name} in {database}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_report_is_found_by_the_check() {
    let folder = tempfile::tempdir().unwrap();
    let (_mirror_folder, mirrors) = empty().await;
    let title = "-- title = \"x\"\n";
    for (name, text, expected) in [
        (
            "column",
            "SELECT nothing FROM tickets",
            "the report column failed: the query is not valid",
        ),
        (
            "writes",
            "DELETE FROM tickets",
            "the report writes failed: the query was refused",
        ),
        (
            "undeclared",
            "SELECT 1 AS one WHERE 1 < CAST(:days AS integer)",
            "which its header does not declare; add a line `-- params.days = ",
        ),
        (
            "unused",
            "-- params.a = { type = \"text\", default = \"\" }\nSELECT 1 AS one",
            "and its SQL has no :a; remove that line of the header",
        ),
        (
            "default",
            "-- params.a = { type = \"days ago\", default = \"x\" }\nSELECT ticket_id FROM tickets WHERE ticket_created_date < :a",
            "the parameter a cannot be `x`",
        ),
        (
            "chart",
            "-- chart = { type = \"bar\", label = \"two\" }\nSELECT 1 AS one",
            "its chart names the column `two`, which its rows do not have",
        ),
    ] {
        std::fs::write(
            folder.path().join(format!("{name}.sql")),
            format!("{title}{text}"),
        )
        .unwrap();
        let reports = Reports::with_folder(folder.path()).unwrap();
        for (database, mirror) in &mirrors {
            let checked = reports.find(name).unwrap().check(mirror, Timestamp::now()).await;
            let error = checked.unwrap_err().to_string();
            assert!(error.contains(expected), "{name} in {database}: {error}");
        }
    }
    let reports = Reports::built_in();
    let given = [("dayz".to_string(), "1".to_string())];
    let run = reports.find("stale-agents").unwrap();
    let error = run
        .run(&mirrors[0].1, &given, Timestamp::now(), &Limits::default())
        .await;
    assert_eq!(
        error.unwrap_err().to_string(),
        "the report stale-agents has no parameter dayz: it has customer, days; correct the name"
    );
}

/// The skeleton of a report of one's own answers in both databases.
#[tokio::test(flavor = "multi_thread")]
async fn the_skeleton_can_be_asked() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("mine.sql"), Reports::skeleton("mine")).unwrap();
    let (_mirror_folder, mirrors) = empty().await;
    let reports = Reports::with_folder(folder.path()).unwrap();
    for (_, mirror) in &mirrors {
        reports
            .find("mine")
            .unwrap()
            .check(mirror, Timestamp::now())
            .await
            .unwrap();
    }
}
