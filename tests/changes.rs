//! Pulling what has changed. In virtual time.
#![cfg(feature = "changes")]

use std::time::Duration;

use atera::{
    Client, ErrorKind, Timestamp, description::Collection, mock::Recorder, page::Drift, transport::Response,
};
use http::{StatusCode, header};

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Two pages of records, one of which moves to the second, and an account in New York. The service's clock goes on from
/// noon of 2 March.
fn service(key: &'static str) -> Recorder {
    let began = std::sync::OnceLock::new();
    Recorder::in_time(move |request| {
        let began = *began.get_or_init(tokio::time::Instant::now);
        let second = request.url.query().is_some_and(|query| query.contains("page=2"));
        let body = if request.url.path().ends_with("/account") {
            r#"{"TimeZoneName": "Eastern Standard Time"}"#.to_string()
        } else if second {
            format!(r#"{{"items": [{{"{key}": 2}}, {{"{key}": 3}}], "page": 2, "totalPages": 2}}"#)
        } else {
            format!(r#"{{"items": [{{"{key}": 1}}, {{"{key}": 2}}], "page": 1, "totalPages": 2}}"#)
        };
        Box::pin(async move {
            tokio::time::sleep(Duration::from_secs(4)).await;
            let noon = std::time::UNIX_EPOCH + Duration::from_secs(1_772_452_800);
            let mut response = Response::new(StatusCode::OK, body);
            let date = httpdate::fmt_http_date(noon + began.elapsed());
            response.headers.insert(header::DATE, date.parse().unwrap());
            Ok(response)
        })
    })
}

fn queries(recorder: &Recorder) -> Vec<String> {
    let lists = recorder
        .sent()
        .into_iter()
        .filter(|request| !request.url.path().ends_with("/account"));
    lists
        .map(|request| request.url.query().unwrap().to_string())
        .collect()
}

fn client(recorder: &Recorder) -> Client {
    recorder.client()
}

#[tokio::test(start_paused = true)]
async fn tickets_are_asked_for_in_utc_from_ten_minutes_before() {
    let recorder = service("TicketID");
    let mut changes = client(&recorder)
        .tickets()
        .modified_since(time("2026-03-02T11:00:00Z"));
    assert_eq!(changes.bookmark(), None);
    let mut ids = Vec::new();
    while let Some(ticket) = changes.try_next().await.unwrap() {
        ids.push(ticket.ticket_id.unwrap());
        assert_eq!(changes.bookmark(), None, "not before all of them have come");
    }
    assert_eq!(ids, [1, 2, 3], "each comes once");
    assert_eq!(
        queries(&recorder),
        [
            "page=1&itemsInPage=50&date=2026-03-02T10%3A50%3A00Z",
            "page=2&itemsInPage=50&date=2026-03-02T10%3A50%3A00Z"
        ]
    );
    assert_eq!(
        changes.bookmark(),
        Some(time("2026-03-02T12:00:00Z")),
        "when it began, not when it ended"
    );
}

#[tokio::test(start_paused = true)]
async fn contacts_and_customers_are_asked_for_by_the_clocks_of_the_account() {
    let recorder = service("EndUserID");
    let contacts = client(&recorder).contacts();
    let mut changes = contacts
        .modified_since(time("2026-03-02T11:00:00Z"))
        .look_back(Duration::from_secs(3600));
    let mut count = 0;
    while changes.try_next().await.unwrap().is_some() {
        count += 1;
    }
    assert_eq!(count, 3);
    assert!(
        queries(&recorder)[0].contains("FromLastModifiedDate=2026-03-02T05%3A00%3A00"),
        "{:?}",
        queries(&recorder)
    );
    assert_eq!(changes.bookmark(), Some(time("2026-03-02T12:00:04Z")));

    let recorder = service("CustomerID");
    let mut changes = client(&recorder)
        .customers()
        .modified_since(time("2026-03-02T11:00:00Z"));
    changes.try_next().await.unwrap().unwrap();
    assert!(
        queries(&recorder)[0].contains("FromLastModifiedDate=2026-03-02T05%3A50%3A00"),
        "{:?}",
        queries(&recorder)
    );
}

#[tokio::test(start_paused = true)]
async fn a_pull_that_failed_has_no_bookmark() {
    let recorder = Recorder::answering(500, "");
    let mut changes = client(&recorder)
        .tickets()
        .modified_since(time("2026-03-02T11:00:00Z"));
    assert_eq!(changes.try_next().await.unwrap_err().kind(), ErrorKind::Server);
    assert!(changes.try_next().await.unwrap().is_none());
    assert_eq!(changes.bookmark(), None);

    let recorder = Recorder::answering(200, r#"{"TimeZoneName": "Mordor\nStandard Time"}"#);
    let mut changes = client(&recorder)
        .contacts()
        .modified_since(time("2026-03-02T11:00:00Z"));
    let error = changes.try_next().await.unwrap_err();
    assert!(error.to_string().contains(r"Mordor\nStandard Time"), "{error}");
    assert_eq!(recorder.sent().len(), 1);
}

/// What did not come this time would not come the next time, if that asked from when this began.
#[tokio::test(start_paused = true)]
async fn a_pull_that_misses_records_has_no_bookmark() {
    for (rest, shortfall, holes) in [
        (r#", "totalItemCount": 250"#, 50, 1),
        (r#", "nextLink": "/next""#, 0, 1),
        (r#", "totalPages": 6, "totalItemCount": null"#, 51, 1),
    ] {
        let recorder = Recorder::new(move |request| {
            let mut pairs = request.url.query_pairs();
            let (_, page) = pairs.find(|(name, _)| name == "page").unwrap();
            let page: i64 = page.parse().unwrap();
            let ids = match page {
                3 | 6.. => 0..0,
                page => (page - 1) * 50..page * 50,
            };
            let items: Vec<_> = ids.map(|id| format!(r#"{{"TicketID": {id}}}"#)).collect();
            let rest = if page < 6 { rest } else { "" };
            Ok(Response::new(
                StatusCode::OK,
                format!(r#"{{"items": [{}], "page": {page}{rest}}}"#, items.join(",")),
            ))
        });
        let mut changes = client(&recorder)
            .tickets()
            .modified_since(time("2026-03-02T11:00:00Z"));
        assert_eq!(changes.drift(), Drift::default());
        let mut count = 0;
        while changes.try_next().await.unwrap().is_some() {
            count += 1;
        }
        let drift = changes.drift();
        assert_eq!((count, drift.sweeps), (200, 1), "{rest}");
        assert_eq!((drift.shortfall, drift.holes), (shortfall, holes), "{rest}");
        assert_eq!(changes.bookmark(), None, "{rest}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_filter_for_changes_takes_the_time_in_its_own_way() {
    for (name, answer, query) in [
        (
            "tickets",
            "{}",
            "date=2026-03-02T11%3A00%3A00Z&includeComments=true",
        ),
        (
            "contacts",
            r#"{"TimeZoneName": "Eastern Standard Time"}"#,
            "FromLastModifiedDate=2026-03-02T06%3A00%3A00",
        ),
        // The zone is unknown, so the time is early enough in every one.
        ("customers", "{}", "FromLastModifiedDate=2026-03-01T23%3A00%3A00"),
    ] {
        let recorder = Recorder::new(move |request| {
            let body = match request.url.path().ends_with("/account") {
                true => answer,
                false => r#"{"items": []}"#,
            };
            Ok(Response::new(StatusCode::OK, body))
        });
        let filter = Collection::all()
            .find(|collection| collection.name() == name)
            .and_then(|collection| collection.change_filter())
            .unwrap();
        let since = time("2026-03-02T11:00:00Z");
        let call = client(&recorder).changed_since(&filter, since).await.unwrap();
        call.page().await.unwrap();
        assert_eq!(queries(&recorder), [query]);
    }
    let recorder = Recorder::answering(500, "");
    let filter = Collection::all().find_map(|it| it.change_filter().filter(|it| it.parameter.name != "date"));
    let (client, filter) = (client(&recorder), filter.unwrap());
    let call = client.changed_since(&filter, time("2026-03-02T11:00:00Z"));
    assert_eq!(call.await.unwrap_err().kind(), ErrorKind::Server);
}
