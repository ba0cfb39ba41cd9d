//! The mirror of a whole account: the sandbox's.

use std::collections::BTreeMap;

use atera::{
    Client, ErrorKind, RateLimit, RetryPolicy,
    description::Collection,
    types::{CreateTicket, UpdateCustomer, UpdateTicket},
};
use atera_sandbox::{Permissions, Sandbox};

use super::{Place, for_both};
use crate::{
    ListState, Report, Strategy, SyncOptions,
    engine::Value,
    schema::{Content, Table, tables},
    sync::plan,
};

for_both!(
    the_first_sync_equals_the_service,
    the_second_sync_finds_every_change_deletion_and_undeletion,
    what_a_record_was_is_in_the_log_of_changes,
    a_list_that_shows_fields_of_others_is_read_again_when_they_change,
    what_belongs_to_records_is_read_where_they_have_changed,
    one_record_whose_parts_cannot_be_read_does_not_stop_the_others,
    the_patches_of_machines_are_asked_for_by_another_field,
    lists_that_the_key_may_not_read_do_not_stop_the_others,
    a_plan_says_what_a_sync_requests,
);

/// A sandbox with some of everything.
pub(super) async fn sandbox() -> Sandbox {
    Sandbox::builder()
        .customers(14)
        .contacts(70)
        .agents(60)
        .tickets(130)
        .alerts(55)
        .contracts(12)
        .invoices(20)
        .articles(8)
        .devices(6)
        .rate_limit(RateLimit::off())
        .key("reader", Permissions::all().deny("alerts"))
        .start()
        .await
        .unwrap()
}

pub(super) fn client(sandbox: &Sandbox) -> Client {
    client_with(sandbox, sandbox.api_key())
}

fn client_with(sandbox: &Sandbox, key: &str) -> Client {
    Client::builder()
        .api_key(atera::ApiKey::new(key).unwrap())
        .base_url(sandbox.base_url())
        .rate_limit(RateLimit::off())
        .retry(RetryPolicy::never())
        .build()
        .unwrap()
}

/// The records of a list as the service has them, sorted.
async fn served(client: &Client, table: &'static Table) -> Vec<String> {
    let operation = table.operation().unwrap();
    let mut all: Vec<_> = match operation.list {
        true => {
            let mut records = client.operation(operation).records();
            let mut all = Vec::new();
            while let Some(record) = records.try_next().await.unwrap() {
                all.push(record.get().to_string());
            }
            all
        }
        false => {
            let answer = client.operation(operation).send().await.unwrap();
            let records: Vec<atera::UndecodedRecord> = answer.json().unwrap();
            records.iter().map(|record| record.get().to_string()).collect()
        }
    };
    all.sort_unstable();
    all
}

fn lists() -> impl Iterator<Item = &'static Table> {
    tables()
        .iter()
        .filter(|table| matches!(table.content, Content::List { .. }))
}

/// Every list has the records of the service, byte for byte.
async fn assert_same(place: &Place, client: &Client) {
    for table in lists() {
        let (here, there) = (place.records(&table.name).await, served(client, table).await);
        assert_eq!(here.len(), there.len(), "{}", table.name);
        assert!(here == there, "{} differs", table.name);
    }
}

fn of<'a>(report: &'a Report, list: &str) -> &'a crate::ListReport {
    report.lists.iter().find(|it| it.list == list).unwrap()
}

fn counts(report: &Report, list: &str) -> (u64, u64, u64, u64) {
    let list = of(report, list);
    (list.inserted, list.updated, list.deleted, list.undeleted)
}

async fn the_first_sync_equals_the_service(place: Place) {
    let sandbox = sandbox().await;
    let client = client(&sandbox);
    let sent = sandbox.log().len();
    // A sync can run in a task of its own.
    let (place, report) = tokio::spawn({
        let client = client.clone();
        async move {
            let report = place.sync(&client, &SyncOptions::new()).await;
            (place, report)
        }
    })
    .await
    .unwrap();
    assert!(report.is_success(), "{:?}", report.worst());
    assert_eq!(report.requests as usize, sandbox.log().len() - sent);
    let of_lists: u64 = report.lists.iter().map(|list| list.requests).sum();
    assert_eq!(report.requests, of_lists + 1, "and the account");
    assert_same(&place, &client).await;
    for list in &report.lists {
        assert_eq!(
            (list.state, list.strategy),
            (ListState::Complete, Strategy::Full),
            "{}",
            list.list
        );
        assert_eq!(list.inserted, list.records, "{}", list.list);
        let status = place.status(&list.list).await;
        assert_eq!(status.records, list.records);
        assert!(
            status.as_of.is_some() && status.complete_as_of == status.as_of,
            "{status:?}"
        );
    }
    // The rows of arrays are those of the records.
    let invoices = served(&client, Table::find("invoices").unwrap()).await;
    let lines = invoices.iter().map(|json| {
        let invoice: serde_json::Value = serde_json::from_str(json).unwrap();
        invoice["LineItems"].as_array().map_or(0, Vec::len)
    });
    let lines = lines.sum::<usize>() as i64;
    assert!(lines > 0);
    assert_eq!(
        place.count("SELECT COUNT(*) FROM \"invoices_line_items\"").await,
        lines
    );
    assert_eq!(place.count("SELECT COUNT(*) FROM \"_staged\"").await, 0);
    assert_eq!(place.count("SELECT COUNT(*) FROM \"_walks\"").await, 0);

    // Nothing has changed: the second sync asks for less, and writes no row.
    let before = place.count("SELECT COUNT(*) FROM \"_changes\"").await;
    let again = place.sync(&client, &SyncOptions::new()).await;
    assert!(again.is_success(), "{:?}", again.worst());
    assert!(again.requests < report.requests);
    assert_eq!(of(&again, "tickets").strategy, Strategy::Changes);
    assert_eq!(place.count("SELECT COUNT(*) FROM \"_changes\"").await, before);
    let full = place.sync(&client, &SyncOptions::new().full(true)).await;
    assert_eq!(of(&full, "tickets").why.as_deref(), Some("that was asked for"));
    assert_eq!(place.count("SELECT COUNT(*) FROM \"_changes\"").await, before);
}

/// The ids of the first records of a list.
async fn ids(place: &Place, table: &str, count: usize) -> Vec<i64> {
    let key = &Table::find(table).unwrap().columns[0].name;
    let rows = place
        .rows(&format!(
            "SELECT \"{key}\" FROM \"{table}\" ORDER BY \"{key}\" LIMIT {count}"
        ))
        .await;
    rows.into_iter()
        .map(|row| match row[0] {
            Value::Integer(id) => id,
            ref other => panic!("{other:?}"),
        })
        .collect()
}

async fn the_second_sync_finds_every_change_deletion_and_undeletion(place: Place) {
    let sandbox = sandbox().await;
    let client = client(&sandbox);
    place.sync(&client, &SyncOptions::new()).await;
    let tickets = ids(&place, "tickets", 6).await;
    let alerts = ids(&place, "alerts", 3).await;
    let contacts = ids(&place, "contacts", 40).await;
    let body = CreateTicket {
        end_user_id: Some(contacts[30]),
        ..CreateTicket::new("New", "It is new")
    };
    client.tickets().create(body).await.unwrap();
    for id in &tickets[..2] {
        let body = UpdateTicket {
            ticket_title: Some("Changed".to_string()),
            ..UpdateTicket::default()
        };
        client.tickets().update(*id, body).await.unwrap();
    }
    for id in &tickets[3..] {
        client.tickets().delete(*id).await.unwrap();
    }
    for id in &alerts {
        client.alerts().delete(*id).await.unwrap();
    }
    let report = place.sync(&client, &SyncOptions::new()).await;
    assert!(report.is_success(), "{:?}", report.worst());
    assert_eq!(counts(&report, "tickets"), (1, 2, 3, 0));
    assert_eq!(of(&report, "tickets").strategy, Strategy::Changes);
    assert_eq!(counts(&report, "alerts"), (0, 0, 3, 0));
    // Each deletion that the filter for changes does not show is confirmed by the service.
    for id in &tickets[3..] {
        let path = format!("/tickets/{id}");
        let log = sandbox.log();
        let asked = log
            .iter()
            .filter(|it| it.method == "GET" && it.path.ends_with(&path));
        let statuses: Vec<_> = asked.map(|it| it.status).collect();
        assert_eq!(statuses, [Some(404)]);
    }
    assert_same(&place, &client).await;
    assert_eq!(place.deleted("tickets").await, 3);
    let sql = "SELECT \"kind\" || ' ' || \"id\" FROM \"_changes\" WHERE \"table_name\" = 'tickets' AND \"kind\" = 'delete' ORDER \
               BY \"seq\"";
    let expected: Vec<_> = tickets[3..].iter().map(|id| format!("delete {id}")).collect();
    assert_eq!(place.texts(sql).await, expected);

    // The sandbox has its first records again: what was deleted is there, and what was created is not.
    sandbox.reset();
    let report = place.sync(&client, &SyncOptions::new()).await;
    assert!(report.is_success(), "{:?}", report.worst());
    assert_eq!(counts(&report, "tickets"), (0, 2, 1, 3));
    assert_eq!(counts(&report, "alerts"), (0, 0, 0, 3));
    assert!(
        of(&report, "tickets").why.is_some(),
        "the filter for changes does not show it"
    );
    assert_same(&place, &client).await;
}

async fn what_a_record_was_is_in_the_log_of_changes(place: Place) {
    let sandbox = sandbox().await;
    let client = client(&sandbox);
    place.sync(&client, &SyncOptions::new()).await;
    let id = ids(&place, "tickets", 1).await[0];
    let record = || async {
        let sql = format!("SELECT CAST(\"record\" AS TEXT) FROM \"tickets\" WHERE \"ticket_id\" = {id}");
        place.texts(&sql).await.remove(0)
    };
    let mut versions = vec![record().await];
    for title in ["One", "Two"] {
        let body = UpdateTicket {
            ticket_title: Some(title.to_string()),
            ..UpdateTicket::default()
        };
        client.tickets().update(id, body).await.unwrap();
        place.sync(&client, &SyncOptions::new()).await;
        versions.push(record().await);
    }
    client.tickets().delete(id).await.unwrap();
    place.sync(&client, &SyncOptions::new()).await;
    let sql = format!(
        "SELECT \"kind\", CAST(\"before\" AS TEXT) FROM \"_changes\" WHERE \"table_name\" = 'tickets' AND \"id\" = '{id}' ORDER BY \
         \"seq\""
    );
    let text = |text: &str| Value::from(text);
    assert_eq!(
        place.rows(&sql).await,
        [
            vec![text("insert"), Value::Null],
            vec![text("update"), text(&versions[0])],
            vec![text("update"), text(&versions[1])],
            vec![text("delete"), text(&versions[2])],
        ]
    );
    assert!(versions[1].contains("\"One\"") && versions[2].contains("\"Two\""));
    let sql = format!(
        "SELECT COUNT(*) FROM \"tickets\" WHERE \"ticket_id\" = {id} AND \"_first_seen\" < \"_changed\" AND \"_changed\" = \"_deleted\""
    );
    assert_eq!(place.count(&sql).await, 1);
}

async fn a_list_that_shows_fields_of_others_is_read_again_when_they_change(place: Place) {
    let sandbox = sandbox().await;
    let client = client(&sandbox);
    place.sync(&client, &SyncOptions::new()).await;
    let sql = "SELECT \"customer_id\" FROM \"tickets\" ORDER BY \"ticket_id\" LIMIT 1";
    let Value::Integer(customer) = place.rows(sql).await[0][0] else {
        panic!()
    };
    let body = UpdateCustomer {
        customer_name: Some("Renamed".to_string()),
        ..UpdateCustomer::default()
    };
    client.customers().update(customer, body).await.unwrap();
    let report = place.sync(&client, &SyncOptions::new()).await;
    assert!(report.is_success(), "{:?}", report.worst());
    let tickets = of(&report, "tickets");
    assert_eq!(
        tickets.why.as_deref(),
        Some("it shows fields of customers that have changed")
    );
    assert!(tickets.updated > 0);
    assert_same(&place, &client).await;

    // Also if another sync, which did not come to the tickets, has found the change.
    let body = UpdateCustomer {
        customer_name: Some("Renamed again".to_string()),
        ..UpdateCustomer::default()
    };
    client.customers().update(customer, body).await.unwrap();
    let only = |list: &str| SyncOptions::new().only([list]).unwrap();
    place.sync(&client, &only("customers")).await;
    let report = place.sync(&client, &only("tickets")).await;
    assert_eq!(
        of(&report, "tickets").why.as_deref(),
        Some("it shows fields of customers that have changed")
    );
    let report = place.sync(&client, &only("tickets")).await;
    assert_eq!(of(&report, "tickets").strategy, Strategy::Changes);
    place.sync(&client, &SyncOptions::new()).await;
    assert_same(&place, &client).await;
}

async fn what_belongs_to_records_is_read_where_they_have_changed(place: Place) {
    let sandbox = sandbox().await;
    let client = client(&sandbox);
    let options = SyncOptions::new()
        .only(["tickets"])
        .unwrap()
        .with(["comments"])
        .unwrap();
    let first = place.sync(&client, &options).await;
    assert!(first.is_success(), "{:?}", first.worst());
    assert_eq!(of(&first, "tickets_comments").updated, 130);
    let comments = |id: i64| {
        let call = Collection::all()
            .find(|it| it.name() == "tickets_comments")
            .unwrap();
        client
            .operation(call.operation)
            .set("ticketId", id.to_string())
            .unwrap()
    };
    let same = || async {
        let mut there: BTreeMap<i64, Vec<String>> = BTreeMap::new();
        for id in ids(&place, "tickets", 500).await {
            let call = comments(id);
            let mut records = call.records();
            while let Some(record) = records.try_next().await.unwrap_or_default() {
                there.entry(id).or_default().push(record.get().to_string());
            }
        }
        let sql = "SELECT \"ticket_id\", CAST(\"record\" AS TEXT) FROM \"tickets_comments\" ORDER BY \"ticket_id\", \"_position\"";
        let mut here: BTreeMap<i64, Vec<String>> = BTreeMap::new();
        for row in place.rows(sql).await {
            if let [Value::Integer(id), Value::Text(record)] = &row[..] {
                here.entry(*id).or_default().push(record.clone());
            }
        }
        assert!(!here.is_empty());
        assert_eq!(here, there);
    };
    same().await;
    let tickets = ids(&place, "tickets", 2).await;
    let body = UpdateTicket {
        ticket_title: Some("Changed".to_string()),
        ..UpdateTicket::default()
    };
    client.tickets().update(tickets[0], body).await.unwrap();
    client.tickets().delete(tickets[1]).await.unwrap();
    let second = place.sync(&client, &options).await;
    assert!(second.is_success(), "{:?}", second.worst());
    assert_eq!(of(&second, "tickets_comments").requests, 1);
    same().await;
}

async fn one_record_whose_parts_cannot_be_read_does_not_stop_the_others(place: Place) {
    let sandbox = sandbox().await;
    let client = client(&sandbox);
    let options = SyncOptions::new()
        .only(["tickets"])
        .unwrap()
        .with(["comments"])
        .unwrap();
    sandbox.set_faults("tickets_list_comments:500=1*2".parse().unwrap());
    let report = place.sync(&client, &options).await;
    let (list, error) = report.problems().next().unwrap();
    assert_eq!(
        (list.list.as_str(), list.updated, error.kind()),
        ("tickets_comments", 128, ErrorKind::Server)
    );
    assert!(
        error
            .to_string()
            .starts_with("tickets_comments could not be read for 2 of the records: "),
        "{error}"
    );
    let status = place.status("tickets_comments").await;
    assert_eq!((status.state, status.as_of), (ListState::Failed, None));
    let report = place.sync(&client, &options).await;
    assert!(report.is_success(), "{:?}", report.worst());
    assert_eq!(of(&report, "tickets_comments").requests, 2);
    assert!(place.status("tickets_comments").await.as_of.is_some());
}

async fn the_patches_of_machines_are_asked_for_by_another_field(place: Place) {
    let sandbox = sandbox().await;
    let client = client(&sandbox);
    let options = SyncOptions::new()
        .only(["agents"])
        .unwrap()
        .with(["available-patches"])
        .unwrap();
    let report = place.sync(&client, &options).await;
    assert!(report.is_success(), "{:?}", report.worst());
    let mut there = 0;
    for id in place.texts("SELECT \"device_guid\" FROM \"agents\"").await {
        let patches = client
            .agents()
            .get_available_patches(id.parse().unwrap())
            .await
            .unwrap();
        there += patches.available_updates.unwrap_or_default().len() as i64;
    }
    assert!(there > 0);
    assert_eq!(
        place
            .count("SELECT COUNT(\"name\") FROM \"agents_available_patches\"")
            .await,
        there
    );
}

async fn lists_that_the_key_may_not_read_do_not_stop_the_others(place: Place) {
    let sandbox = sandbox().await;
    let report = place
        .sync(&client_with(&sandbox, "reader"), &SyncOptions::new())
        .await;
    let problems: Vec<_> = report
        .problems()
        .map(|(list, error)| (list.list.as_str(), error.kind()))
        .collect();
    assert_eq!(problems, [("alerts", ErrorKind::Forbidden)]);
    assert_eq!(place.status("alerts").await.as_of, None);
    assert_eq!(place.records("tickets").await.len(), 130);
}

async fn a_plan_says_what_a_sync_requests(place: Place) {
    let sandbox = sandbox().await;
    let client = client(&sandbox);
    for options in [SyncOptions::new(), SyncOptions::new().full(true)] {
        let planned = plan(&*place.engine, &client, &options).await.unwrap();
        let report = place.sync(&client, &options).await;
        assert!(report.is_success(), "{:?}", report.worst());
        assert_eq!(planned.requests, report.requests);
        for (planned, list) in planned.lists.iter().zip(&report.lists) {
            assert_eq!((&planned.list, planned.requests), (&list.list, list.requests));
            assert!(
                planned.records.is_none_or(|records| records == list.records),
                "{}",
                list.list
            );
        }
    }
    let planned = plan(&*place.engine, &client, &SyncOptions::new()).await.unwrap();
    let tickets = planned.lists.iter().find(|list| list.list == "tickets").unwrap();
    assert_eq!(tickets.strategy, Strategy::Changes);
    let before = sandbox.log().len();
    plan(&*place.engine, &client, &SyncOptions::new()).await.unwrap();
    assert_eq!(sandbox.log().len(), before, "what is known is not asked for");
}
