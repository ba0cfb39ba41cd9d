//! The view `_history` of what syncs have found.

use std::collections::BTreeMap;

use atera::{
    Client,
    types::{CreateTicket, UpdateCustomer, UpdateTicket},
};

use super::{
    Place,
    account::{client, sandbox},
    for_both,
};
use crate::{
    SyncOptions,
    engine::Value,
    schema::{Content, tables},
};

for_both![the_history_has_each_state_that_a_sync_has_left];

/// When the last change was found, and the records of each list.
type State = (String, BTreeMap<&'static str, Vec<String>>);

async fn synced(place: &Place, client: &Client, options: &SyncOptions) -> State {
    let report = place.sync(client, options).await;
    assert!(report.is_success(), "{:?}", report.worst());
    let last = place.rows("SELECT MAX(\"at\") FROM \"_changes\"").await;
    let Value::Text(at) = last[0][0].clone() else {
        panic!("{last:?}");
    };
    let mut lists = BTreeMap::new();
    for table in tables() {
        if matches!(table.content, Content::List { .. }) {
            lists.insert(table.name.as_str(), place.records(&table.name).await);
        }
    }
    (at, lists)
}

async fn the_history_has_each_state_that_a_sync_has_left(place: Place) {
    let sandbox = sandbox().await;
    let client = client(&sandbox);
    let options = SyncOptions::new();
    let mut states = vec![synced(&place, &client, &options).await];
    let ids = place
        .rows("SELECT \"ticket_id\", \"customer_id\" FROM \"tickets\" ORDER BY 1 LIMIT 2")
        .await;
    let ([Value::Integer(ticket), Value::Integer(customer)], [Value::Integer(other), _]) =
        (&ids[0][..], &ids[1][..])
    else {
        panic!("{ids:?}");
    };
    let title = async |title: &str| {
        let body = UpdateTicket {
            ticket_title: Some(title.to_string()),
            ..UpdateTicket::default()
        };
        client.tickets().update(*ticket, body).await.unwrap();
    };
    title("One").await;
    client.tickets().delete(*other).await.unwrap();
    states.push(synced(&place, &client, &options).await);

    title("Two").await;
    let contact = place.count("SELECT MIN(\"end_user_id\") FROM \"contacts\"").await;
    let new = CreateTicket {
        end_user_id: Some(contact),
        ..CreateTicket::new("New", "It is new")
    };
    client.tickets().create(new).await.unwrap();
    let alert = place.count("SELECT MIN(\"alert_id\") FROM \"alerts\"").await;
    client.alerts().delete(alert).await.unwrap();
    states.push(synced(&place, &client, &options).await);

    // Its tickets show the new name.
    let renamed = UpdateCustomer {
        customer_name: Some("Renamed".to_string()),
        ..UpdateCustomer::default()
    };
    client.customers().update(*customer, renamed).await.unwrap();
    client.tickets().delete(*ticket).await.unwrap();
    states.push(synced(&place, &client, &options).await);

    // All is as it was in the beginning, also when it last changed.
    sandbox.reset();
    states.push(synced(&place, &client, &options.clone().full(true)).await);
    assert_eq!(states[4].1, states[0].1);

    for (at, lists) in &states {
        for (list, records) in lists {
            let sql = format!(
                "SELECT CAST(\"record\" AS TEXT) FROM \"_history\" WHERE \"table_name\" = '{list}' AND \"valid_from\" <= '{at}' AND \
                 (\"valid_to\" IS NULL OR \"valid_to\" > '{at}')"
            );
            let mut had = place.texts(&sql).await;
            had.sort_unstable();
            assert!(
                had == *records,
                "{list} at {at}: {} of {}",
                had.len(),
                records.len()
            );
        }
    }
    // One version after the other, and none while the record was gone.
    let sql = format!(
        "SELECT \"valid_from\", \"valid_to\", CAST(\"record\" AS TEXT) FROM \"_history\" WHERE \"table_name\" = 'tickets' AND \
         \"id\" = '{ticket}' ORDER BY 1"
    );
    let versions = place.rows(&sql).await;
    assert_eq!(versions.len(), 4, "{versions:?}");
    for (version, title) in versions[1..3].iter().zip(["One", "Two"]) {
        let Value::Text(record) = &version[2] else {
            panic!("{version:?}");
        };
        assert!(record.contains(&format!("\"{title}\"")), "{record}");
    }
    assert_eq!(versions[0][1], versions[1][0]);
    assert_eq!(versions[1][1], versions[2][0]);
    assert_ne!(versions[2][1], versions[3][0], "it was gone in between");
    assert_eq!(versions[3][1], Value::Null);
    assert_eq!(versions[0][2], versions[3][2]);
}
