//! What goes wrong with a list never marks a record as deleted, and is told.

use atera::ErrorKind;

use super::{
    Place, for_both,
    service::{Service, account, agent, agents},
};
use crate::{ListState, Strategy, SyncOptions};

for_both!(
    a_list_that_does_not_settle_deletes_nothing,
    a_record_that_cannot_be_stored_is_kept_and_nothing_is_deleted,
    a_value_that_does_not_fit_is_told_and_kept,
    a_list_that_is_refused_stays_as_it_was,
    a_page_that_is_lost_is_asked_for_again_by_the_next_sync,
    a_walk_that_was_begun_is_continued_although_changes_could_be_asked_for,
    a_walk_that_was_continued_is_compared_with_what_changed_meanwhile,
    an_empty_answer_where_there_were_many_deletes_nothing_unless_that_is_accepted,
    what_is_new_in_the_answers_is_kept,
    a_mirror_of_something_else_is_refused,
    without_a_valid_key_nothing_is_asked_for,
    the_second_of_two_syncs_is_refused,
    readers_see_the_list_as_it_was_or_as_it_is,
    readers_of_a_first_sync_see_nothing_or_all,
);

fn only_agents() -> SyncOptions {
    SyncOptions::new().only(["agents"]).unwrap()
}

/// A mirror of 120 agents, of which the service then has lost one.
async fn with_a_loss(place: &Place) -> Service {
    let service = with_agents(place, 120).await;
    service.change("/agents", |list| drop(list.records.remove(7)));
    service
}

/// A mirror of so many agents.
async fn with_agents(place: &Place, count: i64) -> Service {
    let service = Service::new();
    service.agents(agents(count));
    let report = place.sync(&service.client(), &only_agents()).await;
    assert!(report.is_success(), "{report:?}");
    assert_eq!(place.records("agents").await.len(), count as usize);
    service
}

/// A sync that must not succeed, nor mark anything as deleted. Returns its message.
async fn fails(place: &Place, service: &Service, state: ListState, kind: ErrorKind) -> String {
    let before = place.status("agents").await;
    let report = place.sync(&service.client(), &only_agents()).await;
    assert!(!report.is_success());
    assert_eq!(report.worst().unwrap().kind(), kind);
    assert_eq!(report.lists[0].state, state);
    assert_eq!(place.deleted("agents").await, 0);
    let status = place.status("agents").await;
    assert_eq!((status.state, status.deleted), (state, 0));
    assert_eq!(
        status.complete_as_of, before.complete_as_of,
        "what was deleted is not known anew"
    );
    assert!(status.tried > before.tried);
    let told = report.lists[0].problem.as_ref().unwrap().to_string();
    assert_eq!(status.reason.as_deref(), Some(told.as_str()));
    told
}

/// The next sync, of a service without faults, finds the loss.
async fn then_finds_the_loss(place: &Place, service: &Service) {
    let report = place.sync(&service.client(), &only_agents()).await;
    assert!(report.is_success(), "{report:?}");
    assert_eq!(report.lists[0].deleted, 1);
    assert_eq!(place.deleted("agents").await, 1);
    assert_eq!(place.status("agents").await.state, ListState::Complete);
}

async fn a_list_that_does_not_settle_deletes_nothing(place: Place) {
    let service = with_a_loss(&place).await;
    service.change("/agents", |list| {
        list.is_restless = true;
        list.records[0] = agent(1, "renamed");
    });
    let told = fails(&place, &service, ListState::Unsettled, ErrorKind::Unsettled).await;
    assert!(told.starts_with("agents did not settle"), "{told}");
    // What came is there all the same.
    assert!(place.records("agents").await.contains(&agent(1, "renamed")));
    service.change("/agents", |list| list.is_restless = false);
    then_finds_the_loss(&place, &service).await;
}

async fn a_record_that_cannot_be_stored_is_kept_and_nothing_is_deleted(place: Place) {
    let service = with_a_loss(&place).await;
    let odd = [
        r#"{"MachineName":"nobody"}"#,
        r#""text""#,
        r#"{"AgentID":"0b1f3b76-6f0c-4d7e-9a51-1f2c3d4e5f60"}"#,
    ];
    service.change("/agents", |list| list.records.extend(odd.map(String::from)));
    let told = fails(&place, &service, ListState::Unreadable, ErrorKind::Decode).await;
    assert!(told.contains("could not be stored (3)"), "{told}");
    let kept = place
        .texts(
            "SELECT \"reason\" || ': ' || CAST(\"record\" AS TEXT) FROM \"_unreadable\" ORDER BY \"reason\"",
        )
        .await;
    let reasons = ["it has no id", "it is not an object", "its id is not a number"];
    let expected = [odd[0], odd[1], odd[2]]
        .into_iter()
        .zip(reasons)
        .map(|(json, why)| format!("{why}: {json}"));
    assert_eq!(kept, expected.collect::<Vec<_>>());
    service.change("/agents", |list| list.records.truncate(119));
    then_finds_the_loss(&place, &service).await;
    assert_eq!(place.count("SELECT COUNT(*) FROM \"_unreadable\"").await, 0);
}

async fn a_value_that_does_not_fit_is_told_and_kept(place: Place) {
    let service = with_a_loss(&place).await;
    let odd = r#"{"AgentID":1,"MachineName":"pc-1","Online":"perhaps"}"#;
    service.change("/agents", |list| list.records[0] = odd.to_string());
    // What is gone is known: the record is there, though a value of it is not.
    for _ in 0..2 {
        let report = place.sync(&service.client(), &only_agents()).await;
        let error = report.worst().unwrap();
        assert_eq!(error.kind(), ErrorKind::Decode);
        assert!(
            error.to_string().contains("in 1 of 119 records: online;"),
            "{error}"
        );
        assert_eq!(place.deleted("agents").await, 1);
        assert_eq!(place.status("agents").await.misfits, 1);
    }
    let sql = "SELECT CAST(\"record\" AS TEXT) FROM \"agents\" WHERE \"agent_id\" = 1 AND \"online\" IS NULL";
    assert_eq!(place.texts(sql).await, [odd]);
    service.change("/agents", |list| list.records[0] = agent(1, "pc-1"));
    assert!(place.sync(&service.client(), &only_agents()).await.is_success());
    assert_eq!(place.status("agents").await.misfits, 0);

    // A record that is gone has no value that matters.
    service.change("/agents", |list| list.records[0] = odd.to_string());
    assert!(!place.sync(&service.client(), &only_agents()).await.is_success());
    service.change("/agents", |list| drop(list.records.remove(0)));
    assert!(place.sync(&service.client(), &only_agents()).await.is_success());
    assert_eq!(place.deleted("agents").await, 2);
}

async fn a_list_that_is_refused_stays_as_it_was(place: Place) {
    let service = with_a_loss(&place).await;
    service.change("/agents", |list| list.fails = Some((1, 403)));
    fails(&place, &service, ListState::NoPermission, ErrorKind::Forbidden).await;
    let since = place.status("agents").await.since;
    fails(&place, &service, ListState::NoPermission, ErrorKind::Forbidden).await;
    assert_eq!(
        place.status("agents").await.since,
        since,
        "it has been so since the first time"
    );
    service.change("/agents", |list| list.fails = None);
    then_finds_the_loss(&place, &service).await;
}

async fn a_page_that_is_lost_is_asked_for_again_by_the_next_sync(place: Place) {
    let service = with_a_loss(&place).await;
    service.change("/agents", |list| list.fails = Some((2, 500)));
    fails(&place, &service, ListState::Failed, ErrorKind::Server).await;
    service.change("/agents", |list| list.fails = None);
    let before = service.requests();
    then_finds_the_loss(&place, &service).await;
    // The account, two pages of the first sweep, and three of the second.
    assert_eq!(service.requests() - before, 6);
}

async fn a_walk_that_was_begun_is_continued_although_changes_could_be_asked_for(place: Place) {
    let service = Service::new();
    let tickets = (1..=120).map(|id| format!(r#"{{"TicketID":{id}}}"#));
    service.change("/tickets", |list| list.records = tickets.collect());
    let options = || SyncOptions::new().only(["tickets"]).unwrap();
    let sync = async |options: SyncOptions| place.sync(&service.client(), &options).await;
    assert!(sync(options()).await.is_success());
    assert_eq!(sync(options()).await.lists[0].strategy, Strategy::Changes);
    service.change("/tickets", |list| list.fails = Some((3, 500)));
    assert!(!sync(options().full(true)).await.is_success());
    service.change("/tickets", |list| list.fails = None);
    let report = sync(options()).await;
    assert_eq!(report.lists[0].why.as_deref(), Some("that had been begun"));
    assert_eq!(
        report.lists[0].requests, 4,
        "the last page of one sweep, and another sweep"
    );
    assert_eq!(sync(options()).await.lists[0].strategy, Strategy::Changes);
}

async fn a_walk_that_was_continued_is_compared_with_what_changed_meanwhile(place: Place) {
    let service = Service::new();
    let named = |name: &str| {
        let tickets =
            (1..=120).map(|id| format!(r#"{{"TicketID":{id},"CustomerID":1,"CustomerName":"{name}"}}"#));
        service.change("/tickets", |list| list.records = tickets.collect());
        let customer = format!(r#"{{"CustomerID":1,"CustomerName":"{name}"}}"#);
        service.change("/customers", |list| list.records = vec![customer]);
    };
    let sync = async |list: &str, full: bool| {
        let options = SyncOptions::new().only([list]).unwrap().full(full);
        place.sync(&service.client(), &options).await
    };
    named("old");
    assert!(sync("customers", false).await.is_success());
    assert!(sync("tickets", false).await.is_success());
    service.change("/tickets", |list| list.fails = Some((3, 500)));
    assert!(!sync("tickets", true).await.is_success());
    service.change("/tickets", |list| list.fails = None);
    named("new");
    assert!(sync("customers", false).await.is_success());
    // Two of its pages were read when the customer had its old name.
    let report = sync("tickets", false).await;
    assert!(report.is_success(), "{report:?}");
    assert_eq!(
        report.lists[0].why.as_deref(),
        Some("it shows fields of customers that have changed")
    );
    let sql = "SELECT COUNT(*) FROM \"tickets\" WHERE \"customer_name\" = 'old'";
    assert_eq!(place.count(sql).await, 0);
}

async fn an_empty_answer_where_there_were_many_deletes_nothing_unless_that_is_accepted(place: Place) {
    let service = with_agents(&place, 5000).await;
    let left = agents(2499);
    for records in [Vec::new(), left.clone()] {
        service.agents(records.clone());
        let told = fails(&place, &service, ListState::Shrunk, ErrorKind::Unsettled).await;
        let lost = 5000 - records.len();
        assert!(
            told.contains(&format!("has lost {lost} of 5000 records")),
            "{told}"
        );
        assert_eq!(place.records("agents").await.len(), 5000);
    }
    let report = place
        .sync(&service.client(), &only_agents().accept_loss(true))
        .await;
    assert!(report.is_success(), "{report:?}");
    assert_eq!(
        (report.lists[0].deleted, place.deleted("agents").await),
        (2501, 2501)
    );
    assert_eq!(place.records("agents").await.len(), left.len());
}

async fn what_is_new_in_the_answers_is_kept(place: Place) {
    let service = with_a_loss(&place).await;
    let new = r#"{"AgentID": 1, "DeviceType": "Toaster", "NewField": {"a": [1.50, null]}}"#;
    service.change("/agents", |list| list.records[0] = new.to_string());
    then_finds_the_loss(&place, &service).await;
    let sql = "SELECT CAST(\"record\" AS TEXT) FROM \"agents\" WHERE \"device_type\" = 'Toaster'";
    assert_eq!(place.texts(sql).await, [new]);
}

async fn a_mirror_of_something_else_is_refused(place: Place) {
    let service = with_a_loss(&place).await;
    let client = service.client();
    let redaction = crate::Redaction::parse(["MachineName"]).unwrap();
    for (options, told) in [
        (only_agents().service("elsewhere"), "not of elsewhere"),
        (
            only_agents().redact(redaction),
            "leaves out no fields, and not MachineName",
        ),
    ] {
        let error = super::run(&*place.engine, &client, &options).await.unwrap_err();
        assert_eq!(error.kind(), crate::ErrorKind::Config);
        assert!(error.to_string().contains(told), "{error}");
    }
    service.change("/account", |list| list.instead = Some(account("8")));
    let error = crate::sync::run(&*place.engine, &client, &only_agents())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), crate::ErrorKind::Config);
    assert!(error.to_string().contains("another account"), "{error}");
    assert_eq!(place.deleted("agents").await, 0);
    service.change("/account", |list| {
        list.instead = None;
        list.fails = Some((1, 403));
    });
    // Without permission to read the account, it cannot be compared.
    then_finds_the_loss(&place, &service).await;
}

async fn without_a_valid_key_nothing_is_asked_for(place: Place) {
    let service = with_a_loss(&place).await;
    service.change("/account", |list| list.fails = Some((1, 401)));
    let before = service.requests();
    let told = fails(&place, &service, ListState::NoPermission, ErrorKind::Unauthorized).await;
    assert_eq!(service.requests() - before, 1);
    assert!(told.contains("401"), "{told}");
    service.change("/account", |list| list.fails = None);
    then_finds_the_loss(&place, &service).await;
}

async fn the_second_of_two_syncs_is_refused(place: Place) {
    let service = with_a_loss(&place).await;
    let first = place.engine.writer().await.unwrap();
    let error = super::run(&*place.engine, &service.client(), &only_agents())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), crate::ErrorKind::Busy);
    assert!(error.to_string().contains("process "), "{error}");
    drop(first);
    then_finds_the_loss(&place, &service).await;
}

async fn readers_see_the_list_as_it_was_or_as_it_is(place: Place) {
    let service = with_a_loss(&place).await;
    let place = std::sync::Arc::new(place);
    let done = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let readers: Vec<_> = (0..8)
        .map(|_| {
            let (place, done) = (place.clone(), done.clone());
            tokio::spawn(async move {
                let mut reads = 0;
                let sql = "SELECT (SELECT COUNT(*) FROM \"agents\" WHERE \"_deleted\" IS NULL), \"records\", (SELECT \
                           COUNT(DISTINCT \"machine_name\") FROM \"agents\" WHERE \"_deleted\" IS NULL) FROM \"_syncs\" WHERE \
                           \"list\" = 'agents'";
                while !done.load(std::sync::atomic::Ordering::SeqCst) {
                    let rows = place.rows(sql).await;
                    assert_eq!(rows[0][0], rows[0][1], "the rows and the state are of one point in time");
                    reads += 1;
                    tokio::task::yield_now().await;
                }
                reads
            })
        })
        .collect();
    for round in 0..20 {
        let records = (1..=119 - round).map(|id| agent(id, &format!("round-{round}-{id}")));
        service.agents(records.collect::<Vec<_>>());
        let report = place.sync(&service.client(), &only_agents()).await;
        assert!(report.is_success(), "{report:?}");
    }
    done.store(true, std::sync::atomic::Ordering::SeqCst);
    for reader in readers {
        assert!(reader.await.unwrap() > 0);
    }
}

/// The rows of a first sync are in a table that takes the place of the empty one.
async fn readers_of_a_first_sync_see_nothing_or_all(place: Place) {
    use std::sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    };

    let mirror = crate::Mirror::of_engine(Arc::from(place.engine));
    let done = Arc::new(AtomicBool::new(false));
    let sql = "SELECT (SELECT COUNT(*) FROM agents), (SELECT SUM(records) FROM _syncs WHERE list = 'agents'), (SELECT COUNT(*) FROM \
               invoices_line_items), 2 * (SELECT SUM(records) FROM _syncs WHERE list = 'invoices')";
    let readers: Vec<_> = (0..8)
        .map(|_| {
            let (mirror, done) = (mirror.clone(), done.clone());
            tokio::spawn(async move {
                let (mut before, mut after) = (0, 0);
                while !done.load(Ordering::SeqCst) || after == 0 {
                    let mut answer = mirror.query(sql, &[], &crate::Limits::default()).await.unwrap();
                    let rows = answer.all().await.unwrap();
                    let counts = rows[0].iter().map(|it| match it {
                        crate::Value::Integer(count) => *count,
                        crate::Value::Text(count) => count.parse().unwrap(),
                        _ => 0,
                    });
                    let counts: Vec<_> = counts.collect();
                    assert!(
                        [0, 1000].contains(&counts[0]) && [0, 400].contains(&counts[2]),
                        "{counts:?}"
                    );
                    assert_eq!(
                        (counts[0], counts[2]),
                        (counts[1], counts[3]),
                        "of one point in time"
                    );
                    match counts[0] + counts[2] {
                        1400 => after += 1,
                        _ => before += 1,
                    }
                }
                before
            })
        })
        .collect();
    let service = Service::new();
    service.agents(agents(1000));
    let lines = r#"[{"ItemID":1},{"ItemID":2}]"#;
    let invoices = (1..=200).map(|id| format!(r#"{{"InvoiceId":"{id}","LineItems":{lines}}}"#));
    service.change("/invoices", |list| list.records = invoices.collect());
    let options = SyncOptions::new().only(["agents", "invoices"]).unwrap();
    let report = mirror.sync(&service.client(), &options).await.unwrap();
    assert!(report.is_success(), "{report:?}");
    done.store(true, Ordering::SeqCst);
    let mut before = 0;
    for reader in readers {
        before += reader.await.unwrap();
    }
    assert!(before > 0, "the readers began before the sync ended");
}
