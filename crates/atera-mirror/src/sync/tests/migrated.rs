//! A sync into a mirror that a program with an earlier description has made.

use super::{
    Place, for_both,
    service::{Service, agents},
};
use crate::SyncOptions;

for_both![
    what_a_new_version_of_the_description_adds_is_filled_and_told,
    what_the_user_has_added_to_a_table_survives_its_first_sync,
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
