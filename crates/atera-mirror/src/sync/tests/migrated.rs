//! A sync into a mirror that a program with an earlier description has made.

use super::{
    Place, for_both,
    service::{Service, agents},
};
use crate::SyncOptions;

for_both![what_a_new_version_of_the_description_adds_is_filled_and_told];

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
