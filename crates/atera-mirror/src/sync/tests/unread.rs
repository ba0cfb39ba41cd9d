//! What was asked for and has not come is told, and so is what depends on it.

use super::{
    Place, for_both,
    service::{Service, account},
};
use crate::{ErrorKind, ListState, Redaction, SyncOptions};

for_both!(
    a_list_that_was_not_read_to_its_end_is_told,
    the_key_of_another_account_asks_for_no_list,
    the_fields_that_are_left_out_are_known_before_anything_answers,
    what_belongs_to_records_is_no_more_whole_than_their_list,
    a_first_reading_that_fails_leaves_the_list_unread,
    what_a_stopped_sync_alone_has_asked_for_is_forgotten,
);

fn only(lists: &[&str]) -> SyncOptions {
    SyncOptions::new().only(lists).unwrap()
}

/// Begins a sync that the service never lets come to its end, and stops it when the condition holds.
async fn stopped(
    place: &Place,
    service: &Service,
    options: &SyncOptions,
    mut is_reached: impl AsyncFnMut() -> bool,
) {
    let client = service.client();
    let reached = async {
        while !is_reached().await {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        () = reached => {}
        report = crate::sync::run(&*place.engine, &client, options) => panic!("it has ended: {report:?}"),
    }
}

fn with_customer_and_ticket() -> Service {
    let service = Service::new();
    let record = |json: &str| vec![json.to_string()];
    service.change("/customers", |list| list.records = record(r#"{"CustomerID":1}"#));
    service.change("/tickets", |list| list.records = record(r#"{"TicketID":1}"#));
    service
}

async fn a_list_that_was_not_read_to_its_end_is_told(place: Place) {
    let service = with_customer_and_ticket();
    service.change("/tickets", |list| list.is_silent = true);
    let options = only(&["customers", "tickets"]).with(["comments"]).unwrap();
    stopped(&place, &service, &options, async || {
        let lists = place.statuses().await;
        lists
            .iter()
            .any(|it| it.list == "customers" && it.state == ListState::Complete)
    })
    .await;
    for list in ["tickets", "tickets_comments"] {
        let status = place.status(list).await;
        assert_eq!((status.state, status.as_of), (ListState::Failed, None), "{list}");
        assert!(status.tried.is_none() && status.since.is_some(), "{status:?}");
        let reason = status.reason.unwrap();
        assert_eq!(
            reason,
            format!("{list} has not been read to its end yet; sync again")
        );
    }
    service.change("/tickets", |list| list.is_silent = false);
    let report = place.sync(&service.client(), &options).await;
    assert!(report.is_success(), "{:?}", report.worst());
    for status in place.statuses().await {
        assert_eq!((status.state, status.reason), (ListState::Complete, None));
    }
}

async fn the_key_of_another_account_asks_for_no_list(place: Place) {
    let service = with_customer_and_ticket();
    place.sync(&service.client(), &only(&["customers"])).await;
    service.change("/account", |list| list.instead = Some(account("8")));
    let other = crate::sync::run(&*place.engine, &service.client(), &only(&["tickets"])).await;
    assert_eq!(other.unwrap_err().kind(), ErrorKind::Config);
    let lists: Vec<_> = place.statuses().await.into_iter().map(|it| it.list).collect();
    assert_eq!(lists, ["customers"]);
}

async fn the_fields_that_are_left_out_are_known_before_anything_answers(place: Place) {
    let service = Service::new();
    let contact = r#"{"EndUserID":1,"Phone":"5550100"}"#;
    service.change("/contacts", |list| list.records = vec![contact.to_string()]);
    service.change("/account", |list| list.is_silent = true);
    let options = only(&["contacts"]);
    let redacted = options
        .clone()
        .redact(Redaction::parse(["contacts.Phone"]).unwrap());
    stopped(&place, &service, &redacted, async || service.requests() > 0).await;
    assert_eq!(place.status("contacts").await.state, ListState::Failed);
    service.change("/account", |list| list.is_silent = false);
    let error = crate::sync::run(&*place.engine, &service.client(), &options)
        .await
        .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("leaves out contacts.Phone, and not no fields"),
        "{error}"
    );
    assert!(place.sync(&service.client(), &redacted).await.is_success());
    assert_eq!(place.records("contacts").await, [r#"{"EndUserID":1}"#]);
}

async fn what_belongs_to_records_is_no_more_whole_than_their_list(place: Place) {
    let service = with_customer_and_ticket();
    let comments = async |lists: &[&str]| {
        let options = only(lists).with(["comments"]).unwrap();
        let report = place.sync(&service.client(), &options).await;
        let comments = report.lists.into_iter().last().unwrap();
        let status = place.status("tickets_comments").await;
        assert_eq!(status.state, comments.state);
        assert_eq!(status.reason, comments.problem.as_ref().map(ToString::to_string));
        let kind = comments.problem.map(|error| error.kind());
        (status, kind)
    };
    // Without its tickets, no comment can be there.
    let (status, kind) = comments(&["customers"]).await;
    assert_eq!((status.state, status.as_of), (ListState::Failed, None));
    assert_eq!(kind, Some(atera::ErrorKind::Server));
    assert_eq!(
        status.reason.as_deref(),
        Some("tickets_comments cannot be whole, since tickets was never read; sync both")
    );
    let (status, kind) = comments(&["tickets"]).await;
    assert_eq!((status.state, kind), (ListState::Complete, None));
    let as_of = status.as_of;
    for (code, state, expected) in [
        (500, ListState::Failed, atera::ErrorKind::Server),
        (403, ListState::NoPermission, atera::ErrorKind::Forbidden),
    ] {
        service.change("/tickets", |list| list.fails = Some((1, code)));
        service.change("/tickets/lastmodified", |list| list.fails = Some((1, code)));
        let (status, kind) = comments(&["tickets"]).await;
        assert_eq!((status.state, kind), (state, Some(expected)));
        assert_eq!(status.as_of, as_of, "it is as old as the tickets");
        let reason = status.reason.unwrap();
        assert!(
            reason.starts_with("tickets_comments cannot be whole, since tickets is not: "),
            "{reason}"
        );
    }
    service.change("/tickets", |list| list.fails = None);
    service.change("/tickets/lastmodified", |list| list.fails = None);
    assert_eq!(comments(&["tickets"]).await.0.state, ListState::Complete);
}

async fn a_first_reading_that_fails_leaves_the_list_unread(place: Place) {
    let service = with_customer_and_ticket();
    let options = only(&["tickets"]).with(["comments"]).unwrap();
    for (path, code, state) in [
        // The key is wrong, which says nothing of what it may read.
        ("/account", 401, ListState::Failed),
        ("/tickets", 401, ListState::Failed),
        ("/tickets", 500, ListState::Failed),
        ("/tickets", 403, ListState::NoPermission),
    ] {
        service.change(path, |list| list.fails = Some((1, code)));
        place.sync(&service.client(), &options).await;
        service.change(path, |list| list.fails = None);
        for list in ["tickets", "tickets_comments"] {
            let status = place.status(list).await;
            assert_eq!(
                (status.state, status.as_of),
                (state, None),
                "{path} {code}: {list}"
            );
            // What the key may not read is not missing.
            assert_eq!(status.is_unread(), code != 403, "{path} {code}: {list}");
        }
    }
    service.change("/tickets", |list| {
        list.records = (1..=120).map(|id| format!(r#"{{"TicketID":{id}}}"#)).collect();
        list.is_restless = true;
    });
    place.sync(&service.client(), &options).await;
    for list in ["tickets", "tickets_comments"] {
        let status = place.status(list).await;
        assert_eq!(
            (status.state, status.as_of),
            (ListState::Unsettled, None),
            "{list}"
        );
        assert!(status.is_unread(), "{list}");
    }
}

async fn what_a_stopped_sync_alone_has_asked_for_is_forgotten(place: Place) {
    let service = with_customer_and_ticket();
    service.change("/tickets", |list| list.is_silent = true);
    let with_comments = only(&["tickets"]).with(["comments"]).unwrap();
    let stop = async || {
        stopped(&place, &service, &with_comments, async || {
            let lists = place.statuses().await;
            lists.iter().any(|it| it.list == "tickets_comments")
        })
        .await;
    };
    let lists = async || {
        let lists = place.statuses().await.into_iter();
        lists.map(|it| (it.list, it.state)).collect::<Vec<_>>()
    };
    stop().await;
    // The list itself is still missing, whatever else is synced.
    assert!(
        place
            .sync(&service.client(), &only(&["customers"]))
            .await
            .is_success()
    );
    let complete = |list: &str| (list.to_string(), ListState::Complete);
    assert_eq!(
        lists().await,
        [complete("customers"), ("tickets".to_string(), ListState::Failed)]
    );
    stop().await;
    service.change("/tickets", |list| list.is_silent = false);
    assert!(
        place
            .sync(&service.client(), &only(&["tickets"]))
            .await
            .is_success()
    );
    assert_eq!(lists().await, [complete("customers"), complete("tickets")]);
    // What was read once stays, and is as old as it is.
    assert!(place.sync(&service.client(), &with_comments).await.is_success());
    assert!(
        place
            .sync(&service.client(), &only(&["tickets"]))
            .await
            .is_success()
    );
    assert_eq!(
        lists().await,
        [
            complete("customers"),
            complete("tickets"),
            complete("tickets_comments")
        ]
    );
}
