//! What a sync does not read again: lists of which it knows enough, and records that show nothing old.

use atera::Client;

use super::{
    Place, for_both,
    service::{Service, agent, agents},
};
use crate::{ListReport, Report, Strategy, SyncOptions};

for_both![
    one_pass_is_enough_if_all_that_is_known_came_or_is_gone,
    a_record_that_is_missing_although_it_exists_takes_a_second_pass,
    one_pass_is_not_enough_where_much_is_new,
    few_records_that_show_old_values_are_read_one_by_one,
    what_both_readings_of_a_list_found_is_kept,
    a_value_that_was_null_and_a_record_that_came_back_are_shown,
    a_plan_before_the_first_sync_makes_no_tables,
];

fn only(lists: &[&str]) -> SyncOptions {
    SyncOptions::new().only(lists).unwrap()
}

fn of<'a>(report: &'a Report, list: &str) -> &'a ListReport {
    report.lists.iter().find(|it| it.list == list).unwrap()
}

async fn synced(place: &Place, client: &Client, options: &SyncOptions) -> Report {
    let report = place.sync(client, options).await;
    assert!(report.is_success(), "{:?}", report.worst());
    report
}

async fn one_pass_is_enough_if_all_that_is_known_came_or_is_gone(place: Place) {
    let service = Service::new();
    service.agents(agents(500));
    let (client, options) = (service.client(), only(&["agents"]));
    assert_eq!(
        of(&synced(&place, &client, &options).await, "agents").requests,
        20
    );
    assert_eq!(
        of(&synced(&place, &client, &options).await, "agents").requests,
        10
    );

    // Each that is gone is asked for.
    let mut changed = agents(503);
    changed[3] = agent(4, "renamed");
    changed.drain(10..13);
    service.agents(changed.clone());
    service.change("/agents/", |list| list.fails = Some((0, 404)));
    let report = synced(&place, &client, &options).await;
    let list = of(&report, "agents");
    assert_eq!((list.inserted, list.updated, list.deleted), (3, 1, 3));
    assert_eq!(list.requests, 10 + 3);
    changed.sort_unstable();
    assert_eq!(place.records("agents").await, changed);

    // In full means so.
    assert_eq!(
        of(&synced(&place, &client, &options.full(true)).await, "agents").requests,
        20
    );
}

async fn a_record_that_is_missing_although_it_exists_takes_a_second_pass(place: Place) {
    let service = Service::new();
    service.agents(agents(500));
    let (client, options) = (service.client(), only(&["agents"]));
    synced(&place, &client, &options).await;
    service.agents(agents(499));
    service.change("/agents/", |list| list.instead = Some(agent(500, "there")));
    let report = synced(&place, &client, &options).await;
    // Two passes over the list count for more than the record by itself.
    assert_eq!(
        (of(&report, "agents").requests, of(&report, "agents").deleted),
        (10 + 1 + 10, 1)
    );
}

async fn one_pass_is_not_enough_where_much_is_new(place: Place) {
    let service = Service::new();
    service.agents(agents(200));
    let (client, options) = (service.client(), only(&["agents"]));
    synced(&place, &client, &options).await;
    service.agents(agents(300));
    assert_eq!(
        of(&synced(&place, &client, &options).await, "agents").requests,
        12
    );
}

async fn a_plan_before_the_first_sync_makes_no_tables(place: Place) {
    let service = Service::new();
    service.agents(agents(120));
    let mut session = place.engine.writer().await.unwrap();
    for view in ["_history", "search"] {
        let kind = if place.folder.is_some() && view == "search" {
            "TABLE"
        } else {
            "VIEW"
        };
        session
            .execute(&format!("DROP {kind} \"{view}\""), &[])
            .await
            .unwrap();
    }
    for table in crate::schema::table_names() {
        session
            .execute(&format!("DROP TABLE \"{table}\""), &[])
            .await
            .unwrap();
    }
    drop(session);
    let plan = crate::sync::plan(&*place.engine, &service.client(), &only(&["agents"]))
        .await
        .unwrap();
    assert_eq!((plan.requests, plan.lists[0].records), (1 + 6, Some(120)));
    let mut session = place.engine.reader().await.unwrap();
    assert!(
        crate::schema::find(&mut *session, place.engine.dialect())
            .await
            .unwrap()
            .is_none()
    );
    if let Some(folder) = &place.folder {
        let other = crate::engine::Sqlite::open(&folder.path().join("other.db")).unwrap();
        crate::sync::plan(&other, &service.client(), &only(&["agents"]))
            .await
            .unwrap();
        assert!(!folder.path().join("other.db").exists());
    }
}

fn ticket(id: i64, customer: &str) -> String {
    format!(
        r#"{{"TicketID":{id},"TicketTitle":"t","CustomerID":{},"CustomerName":"{customer}"}}"#,
        id % 100
    )
}

fn customer(id: i64, name: &str) -> String {
    format!(r#"{{"CustomerID":{id},"CustomerName":"{name}"}}"#)
}

/// A customer without a name gets one, and another one goes and comes back: its tickets show no name meanwhile.
async fn a_value_that_was_null_and_a_record_that_came_back_are_shown(place: Place) {
    let service = Service::new();
    let unnamed = |ticket: String| ticket.replace(r#""""#, "null");
    let set = |customers: &[(i64, &str)], tickets: [&str; 2]| {
        let customers = customers.iter().map(|(id, name)| unnamed(customer(*id, name)));
        service.change("/customers", |list| list.records = customers.collect());
        let tickets = [unnamed(ticket(1, tickets[0])), unnamed(ticket(2, tickets[1]))];
        for (id, ticket) in (1..).zip(&tickets) {
            service.change(&format!("/tickets/{id}"), |list| {
                list.instead = Some(ticket.clone())
            });
        }
        service.change("/tickets", |list| list.records = tickets.to_vec());
    };
    let names = "SELECT COALESCE(\"customer_name\", '-') FROM \"tickets\" ORDER BY \"ticket_id\"";
    set(&[(1, ""), (2, "second")], ["", "second"]);
    service.change("/tickets/lastmodified", |list| list.records.clear());
    service.change("/customers/", |list| list.fails = Some((0, 404)));
    let (client, options) = (service.client(), only(&["tickets", "customers"]));
    synced(&place, &client, &options).await;
    assert_eq!(place.texts(names).await, ["-", "second"]);

    set(&[(1, "first"), (2, "second")], ["first", "second"]);
    synced(&place, &client, &only(&["customers"]).full(true)).await;
    synced(&place, &client, &only(&["tickets"])).await;
    assert_eq!(place.texts(names).await, ["first", "second"]);

    set(&[(1, "first")], ["first", ""]);
    synced(&place, &client, &only(&["customers"]).full(true)).await;
    synced(&place, &client, &only(&["tickets"])).await;
    assert_eq!(place.deleted("customers").await, 1);
    assert_eq!(place.texts(names).await, ["first", "-"]);

    set(&[(1, "first"), (2, "second")], ["first", "second"]);
    synced(&place, &client, &only(&["customers"]).full(true)).await;
    synced(&place, &client, &only(&["tickets"])).await;
    assert_eq!(place.deleted("customers").await, 0);
    assert_eq!(place.texts(names).await, ["first", "second"]);
}

async fn few_records_that_show_old_values_are_read_one_by_one(place: Place) {
    let service = Service::new();
    let set = |renamed: i64| {
        let name = |id: i64| if id < renamed { "new" } else { "old" };
        service.change("/customers", |list| {
            list.records = (0..100).map(|id| customer(id, name(id))).collect()
        });
        let tickets = (1..=400).map(|id| ticket(id, name(id % 100)));
        service.change("/tickets", |list| list.records = tickets.collect());
    };
    set(0);
    // A change of a customer does not count as one of its tickets.
    service.change("/tickets/lastmodified", |list| list.records.clear());
    let (client, options) = (service.client(), only(&["tickets", "customers"]));
    synced(&place, &client, &options).await;

    set(1);
    for id in [100, 200, 300, 400] {
        service.change(&format!("/tickets/{id}"), |list| {
            list.instead = Some(ticket(id, "new"))
        });
    }
    let report = synced(&place, &client, &options).await;
    let tickets = of(&report, "tickets");
    assert_eq!(
        tickets.why.as_deref(),
        Some("4 records show fields of customers that have changed, and are read one by one")
    );
    assert_eq!((tickets.strategy, tickets.updated), (Strategy::Changes, 4));
    let sql = "SELECT COUNT(*) FROM \"tickets\" WHERE \"customer_name\" = 'new'";
    assert_eq!(place.count(sql).await, 4);
    let before = service.requests();
    let report = synced(&place, &client, &only(&["tickets"])).await;
    assert_eq!(of(&report, "tickets").why, None, "it is done");
    assert!(service.requests() - before < 10);

    // For many, all of the list takes fewer requests.
    set(60);
    let report = synced(&place, &client, &options).await;
    let tickets = of(&report, "tickets");
    assert_eq!(
        tickets.why.as_deref(),
        Some("it shows fields of customers that have changed")
    );
    assert_eq!(tickets.strategy, Strategy::Full);
    assert_eq!(place.count(sql).await, 60 * 4);
}

/// Two tickets come, one changes, and three show another name of their customer.
async fn what_both_readings_of_a_list_found_is_kept(place: Place) {
    let service = Service::new();
    let tickets = |count: i64, name: &str| (1..=count).map(|id| ticket(id, name)).collect::<Vec<_>>();
    let renamed = |id: i64| customer(id, if (11..=13).contains(&id) { "new" } else { "old" });
    service.change("/customers", |list| {
        list.records = (0..100).map(|id| customer(id, "old")).collect()
    });
    service.change("/tickets", |list| list.records = tickets(90, "old"));
    service.change("/tickets/lastmodified", |list| list.records.clear());
    let (client, options) = (service.client(), only(&["tickets", "customers"]));
    synced(&place, &client, &options).await;

    let changed = ticket(1, "old").replace(r#""t""#, r#""changed""#);
    service.change("/customers", |list| {
        list.records = (0..100).map(renamed).collect()
    });
    let mut all = tickets(92, "old");
    all[0].clone_from(&changed);
    service.change("/tickets/lastmodified", |list| {
        list.records = vec![changed, all[90].clone(), all[91].clone()]
    });
    service.change("/tickets", |list| list.records = all);
    for id in 11..=13 {
        service.change(&format!("/tickets/{id}"), |list| {
            list.instead = Some(ticket(id, "new"))
        });
    }
    let report = synced(&place, &client, &options).await;
    let tickets = of(&report, "tickets");
    assert_eq!((tickets.inserted, tickets.updated), (2, 1 + 3));
    let status = place.status("tickets").await;
    assert_eq!((status.inserted, status.updated, status.records), (2, 1 + 3, 92));
}
