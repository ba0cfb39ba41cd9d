//! A sync into a mirror that a program with an earlier description has made.

use super::{
    Place, for_both,
    service::{Service, agents},
};
use crate::SyncOptions;

for_both![
    what_a_new_version_of_the_description_adds_is_filled_and_told,
    what_the_user_has_added_to_a_table_survives_its_first_sync,
    what_a_sync_requests_is_known_before_it_adds_what_is_new,
];

async fn what_a_new_version_of_the_description_adds_is_filled_and_told(place: Place) {
    let service = Service::new();
    service.agents(agents(3));
    service.change("/invoices", |list| {
        list.records =
            vec![r#"{"InvoiceId":"7","Total":1.5,"LineItems":[{"ItemID":1},{"ItemID":2}]}"#.into()];
    });
    let (client, options) = (
        service.client(),
        SyncOptions::new().only(["agents", "invoices"]).unwrap(),
    );
    let report = place.sync(&client, &options).await;
    assert_eq!(report.added, [""; 0], "a new mirror was not migrated");
    let read = async || {
        let mut rows = place
            .rows("SELECT \"agent_id\", \"machine_name\", \"_first_seen\" FROM \"agents\" ORDER BY 1")
            .await;
        rows.extend(
            place
                .rows("SELECT \"invoice_id\", \"_position\" FROM \"invoices_line_items\" ORDER BY 1, 2")
                .await,
        );
        rows
    };
    let before = read().await;

    // As a program with an earlier description has left it.
    let mut session = place.engine.writer().await.unwrap();
    for sql in [
        "DROP VIEW \"_history\"",
        "ALTER TABLE \"agents\" DROP COLUMN \"machine_name\"",
        "DROP TABLE \"invoices_line_items\"",
        "DELETE FROM \"_mirror\" WHERE \"name\" = 'schema'",
    ] {
        session.execute(sql, &[]).await.unwrap();
    }
    drop(session);
    let report = place.sync(&client, &options).await;
    assert_eq!(report.added, ["agents.machine_name", "invoices_line_items"]);
    assert_eq!(report.lists.iter().map(|list| list.updated).sum::<u64>(), 0);
    assert_eq!(read().await, before);
    assert_eq!(place.sync(&client, &options).await.added, [""; 0]);
}

async fn what_the_user_has_added_to_a_table_survives_its_first_sync(place: Place) {
    let mut session = place.engine.writer().await.unwrap();
    for sql in [
        "ALTER TABLE \"customers\" ADD COLUMN \"mine\" TEXT DEFAULT 'to do'",
        "CREATE INDEX \"of_mine\" ON \"customers\" (\"mine\")",
    ] {
        session.execute(sql, &[]).await.unwrap();
    }
    drop(session);
    let service = Service::new();
    let customer = |id: i64| format!(r#"{{"CustomerID":{id},"CustomerName":"customer {id}"}}"#);
    service.change("/customers", |list| {
        list.records = (1..=3).map(customer).collect()
    });
    let options = SyncOptions::new().only(["customers"]).unwrap();
    let report = place.sync(&service.client(), &options).await;
    assert!(report.is_success(), "{:?}", report.worst());
    assert_eq!(report.lists[0].inserted, 3);
    let sql = "SELECT COUNT(*) FROM \"customers\" WHERE \"mine\" = 'to do'";
    assert_eq!(place.count(sql).await, 3);
    // Each is found once.
    assert_eq!(place.count("SELECT COUNT(*) FROM \"search\"").await, 3);
}

async fn what_a_sync_requests_is_known_before_it_adds_what_is_new(place: Place) {
    let service = Service::new();
    let customer = |name: &str| vec![format!(r#"{{"CustomerID":1,"CustomerName":"{name}"}}"#)];
    let ticket = r#"{"TicketID":7,"CustomerID":1,"CustomerName":"first"}"#;
    service.change("/tickets", |list| list.records = vec![ticket.to_string()]);
    service.change("/customers", |list| list.records = customer("first"));
    service.agents(agents(120));
    let only = |lists: &[&str]| SyncOptions::new().only(lists).unwrap();
    let client = service.client();
    place.sync(&client, &only(&["tickets", "customers"])).await;
    service.change("/customers", |list| list.records = customer("second"));
    place.sync(&client, &only(&["customers"]).full(true)).await;

    // As a program with an earlier description has left it.
    let mut session = place.engine.writer().await.unwrap();
    for sql in [
        "DROP VIEW \"_history\"",
        "ALTER TABLE \"customers\" DROP COLUMN \"fax\"",
        "DROP TABLE \"agents_hardware_disks\"",
        "DROP TABLE \"agents_available_patches\"",
        "DROP TABLE \"agents\"",
        "DELETE FROM \"_mirror\" WHERE \"name\" = 'schema'",
    ] {
        session.execute(sql, &[]).await.unwrap();
    }
    drop(session);
    let options = only(&["tickets", "customers", "agents"])
        .with(["available-patches"])
        .unwrap();
    let plan = crate::sync::plan(&*place.engine, &client, &options)
        .await
        .unwrap();
    let records: Vec<_> = plan
        .lists
        .iter()
        .map(|list| (list.list.as_str(), list.records))
        .collect();
    assert_eq!(
        records,
        [
            ("tickets", Some(1)),
            ("agents", Some(120)),
            ("customers", Some(1)),
            ("agents_available_patches", Some(120)),
        ]
    );
    assert_eq!(
        plan.lists[0].why, None,
        "what it shows of customers cannot be compared yet"
    );
    let report = place.sync(&client, &options).await;
    assert!(
        report.added.contains(&"customers.fax".to_string()),
        "{:?}",
        report.added
    );
}
