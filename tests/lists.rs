//! Walks over lists.

use atera::{ErrorKind, mock::Recorder, transport::Response};
use http::StatusCode;

/// A list of `total` tickets, in pages as they are asked for.
fn tickets(total: i64) -> Recorder {
    Recorder::new(move |request| {
        let number = |name: &str| {
            let pair = request.url.query_pairs().find(|(key, _)| key == name);
            pair.map(|(_, value)| value.parse::<i64>().unwrap())
        };
        let (page, size) = (number("page").unwrap_or(1), number("itemsInPage").unwrap_or(20));
        let items: Vec<_> = ((page - 1) * size..(page * size).min(total))
            .map(|id| serde_json::json!({"TicketID": id + 1, "TicketTitle": format!("Ticket {}", id + 1)}))
            .collect();
        let pages = (total + size - 1) / size;
        let next_link = match page < pages {
            true => "https://elsewhere.example/api/v3/tickets?page=2",
            false => "",
        };
        let page = serde_json::json!({
            "items": items, "page": page, "itemsInPage": size, "totalItemCount": total, "totalPages": pages,
            "prevLink": "", "nextLink": next_link,
        });
        Ok(Response::new(StatusCode::OK, page.to_string()))
    })
}

#[tokio::test]
async fn a_stream_yields_every_record_once_and_in_order() {
    for total in [0, 1, 49, 50, 51, 100, 2847] {
        let recorder = tickets(total);
        let mut ids = Vec::new();
        let mut stream = recorder.client().tickets().list().stream();
        while let Some(ticket) = stream.try_next().await.unwrap() {
            ids.push(ticket.ticket_id.unwrap());
        }
        assert_eq!(ids, (1..=total).collect::<Vec<_>>());
        assert_eq!(
            recorder.sent().len() as i64,
            ((total + 49) / 50).max(1),
            "pages of {total}"
        );
    }
}

#[tokio::test]
async fn a_walk_keeps_the_filters_and_the_page_size_that_were_asked_for() {
    let recorder = tickets(45);
    let list = recorder
        .client()
        .tickets()
        .list()
        .ticket_status("Open")
        .items_in_page(20);
    assert_eq!(list.all().await.unwrap().len(), 45);
    let queries: Vec<_> = recorder
        .sent()
        .iter()
        .map(|sent| sent.url.query().unwrap().to_string())
        .collect();
    assert_eq!(
        queries,
        [1, 2, 3].map(|page| format!("page={page}&itemsInPage=20&ticketStatus=Open"))
    );
}

#[tokio::test]
async fn a_walk_begins_at_the_page_that_was_asked_for() {
    let recorder = tickets(2847);
    let tickets = recorder.client().tickets().list().page(57).all().await.unwrap();
    assert_eq!(
        tickets
            .iter()
            .map(|ticket| ticket.ticket_id.unwrap())
            .collect::<Vec<_>>(),
        (2801..=2847).collect::<Vec<_>>()
    );
    recorder.only();
}

#[tokio::test]
async fn no_link_is_ever_followed() {
    let recorder = tickets(120);
    recorder.client().tickets().list().all().await.unwrap();
    for sent in recorder.sent() {
        assert_eq!(sent.url.host_str(), Some("app.atera.com"));
    }
}

#[tokio::test]
async fn pages_come_with_their_totals_and_status() {
    let mut pages = tickets(75).client().tickets().list().pages();
    let first = pages.try_next().await.unwrap().unwrap();
    assert_eq!(
        (first.status, first.value.total(), first.value.items.len()),
        (StatusCode::OK, Some(75), 50)
    );
    let second = pages.try_next().await.unwrap().unwrap();
    assert_eq!((second.value.page, second.value.items.len()), (Some(2), 25));
    assert!(pages.try_next().await.unwrap().is_none());
}

#[tokio::test]
async fn a_count_asks_for_one_record() {
    let recorder = tickets(2847);
    assert_eq!(recorder.client().tickets().list().count().await.unwrap(), 2847);
    assert_eq!(recorder.only().url.query(), Some("page=1&itemsInPage=1"));

    let error = Recorder::answering(200, r#"{"items": []}"#)
        .client()
        .tickets()
        .list()
        .count()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert!(error.to_string().contains("it has no total"), "{error}");
}

#[tokio::test]
async fn a_failed_page_ends_the_walk_and_is_named() {
    let good = tickets(200);
    let recorder = Recorder::new(
        move |request| match request.url.query().unwrap().contains("page=3") {
            true => Ok(Response::new(StatusCode::INTERNAL_SERVER_ERROR, "")),
            false => {
                let page = request
                    .url
                    .query_pairs()
                    .find(|(name, _)| name == "page")
                    .unwrap()
                    .1
                    .into_owned();
                let items: Vec<_> = (0..50)
                    .map(|id| format!(r#"{{"TicketID": {page}{id}}}"#))
                    .collect();
                Ok(Response::new(
                    StatusCode::OK,
                    format!(r#"{{"items": [{}], "totalPages": 4}}"#, items.join(",")),
                ))
            }
        },
    );
    drop(good);
    let mut stream = recorder.client().tickets().list().stream();
    let mut before = 0;
    let error = loop {
        match stream.try_next().await {
            Ok(Some(_)) => before += 1,
            Ok(None) => panic!("the walk ended as if there were no more"),
            Err(error) => break error,
        }
    };
    assert_eq!(
        (before, error.page(), error.kind()),
        (100, Some(3), ErrorKind::Server)
    );
    assert!(
        stream.try_next().await.unwrap().is_none(),
        "a stream ends with its error"
    );
    let sent = recorder.sent().len();
    tokio::task::yield_now().await;
    assert_eq!(recorder.sent().len(), sent, "nothing more is asked for");
}

#[tokio::test]
async fn a_dropped_stream_asks_for_no_more() {
    let recorder = tickets(2847);
    let mut stream = recorder.client().tickets().list().stream();
    stream.try_next().await.unwrap().unwrap();
    drop(stream);
    recorder.only();
}
