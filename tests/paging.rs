//! Walks: how fast they are, what they ask for, and what they make of odd answers. In virtual time.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use atera::{
    Consistency, ErrorKind, List, Priority, RateLimit,
    description::Operation,
    mock::Recorder,
    transport::{Request, Response, ResponseFuture},
};
use futures_util::StreamExt;
use http::StatusCode;
use tokio::time::{Instant, sleep};

/// The page and the page size that a request asks for.
fn asked(request: &Request) -> (i64, i64) {
    let pairs: HashMap<_, _> = request.url.query_pairs().into_owned().collect();
    let number = |name: &str| pairs.get(name).map(|value| value.parse().unwrap());
    (number("page").unwrap_or(1), number("itemsInPage").unwrap_or(20))
}

/// Tickets of the page, of so many in all.
fn items(page: i64, size: i64, total: i64) -> String {
    let ids = ((page - 1) * size).min(total)..(page * size).min(total);
    let items: Vec<_> = ids.map(|id| format!(r#"{{"TicketID": {}}}"#, id + 1)).collect();
    items.join(",")
}

fn page(page: i64, size: i64, total: i64) -> String {
    format!(
        r#"{{"items": [{}], "page": {page}, "itemsInPage": {size}, "totalItemCount": {total}, "totalPages": {}}}"#,
        items(page, size, total),
        (total + size - 1) / size
    )
}

fn answer(body: String) -> Response {
    Response::new(StatusCode::OK, body)
}

/// A list of so many tickets, each page of which takes its time.
fn tickets(total: i64, delay: Duration) -> Recorder {
    Recorder::in_time(move |request| later(delay, page(asked(request).0, asked(request).1, total)))
}

fn later(delay: Duration, body: String) -> ResponseFuture {
    Box::pin(async move {
        sleep(delay).await;
        Ok(answer(body))
    })
}

async fn ids(list: impl List<Record = atera::types::Ticket>) -> atera::Result<Vec<i64>> {
    let tickets = list.all().await?;
    Ok(tickets
        .into_iter()
        .filter_map(|ticket| ticket.ticket_id)
        .collect())
}

const LATENCY: Duration = Duration::from_millis(200);

#[tokio::test(start_paused = true)]
async fn side_by_side_is_at_least_six_times_as_fast() {
    let took = async |prefetch| {
        let client = tickets(2847, LATENCY).client();
        let before = Instant::now();
        let ids = ids(client.tickets().list().prefetch(prefetch)).await.unwrap();
        assert_eq!(ids, (1..=2847).collect::<Vec<_>>());
        before.elapsed()
    };
    let (one, eight) = (took(1).await, took(8).await);
    assert_eq!(one, LATENCY * 57);
    assert!(eight * 6 <= one, "{eight:?} against {one:?}");
}

#[tokio::test(start_paused = true)]
async fn a_long_list_gets_all_that_the_limit_allows() {
    let recorder = tickets(1_400 * 50, LATENCY);
    let client = recorder.client();
    let before = Instant::now();
    let mut records = client.tickets().list().undecoded();
    let mut count = 0;
    while records.try_next().await.unwrap().is_some() {
        count += 1;
    }
    assert_eq!((count, recorder.sent().len()), (70_000, 1_400));
    // 690 a window are for walks, and the last of three windows has 20.
    let windows = (Duration::from_secs(60) + LATENCY) * 2;
    assert!(
        before.elapsed().as_secs_f64() <= windows.as_secs_f64() / 0.99 + 1.0,
        "{:?}",
        before.elapsed()
    );
    assert_eq!(client.usage().total().throttled, 0);
}

#[tokio::test(start_paused = true)]
async fn a_limit_asks_for_no_page_that_it_does_not_need() {
    for (limit, size, pages, sizes) in [
        (0, None, 0, 0),
        (1, None, 1, 1),
        (49, None, 1, 49),
        (50, None, 1, 50),
        (51, None, 2, 50),
        (100, None, 2, 50),
        (101, None, 3, 50),
        (30, Some(20), 2, 20),
        (5, Some(20), 1, 20),
        (100_000, None, 57, 50),
    ] {
        let recorder = tickets(2847, LATENCY);
        let mut list = recorder.client().tickets().list().limit(limit);
        if let Some(size) = size {
            list = list.items_in_page(size);
        }
        let ids = ids(list).await.unwrap();
        assert_eq!(ids.len() as u64, limit.min(2847));
        sleep(LATENCY * 10).await;
        let sent = recorder.sent();
        assert_eq!(sent.len(), pages, "limit {limit}");
        assert!(
            sent.iter().all(|request| asked(request).1 == sizes),
            "limit {limit}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn pages_keep_the_limit_too() {
    let recorder = tickets(2847, LATENCY);
    let pages: Vec<_> = recorder
        .client()
        .tickets()
        .list()
        .limit(120)
        .pages()
        .collect()
        .await;
    assert_eq!((pages.len(), recorder.sent().len()), (3, 3));
}

#[tokio::test(start_paused = true)]
async fn a_consumer_may_take_its_time() {
    let recorder = tickets(400, LATENCY);
    let client = recorder
        .builder()
        .rate_limit(RateLimit::per_minute(20))
        .build()
        .unwrap();
    let mut stream = client.tickets().list().prefetch(3).stream();
    stream.try_next().await.unwrap().unwrap();
    stream.try_next().await.unwrap().unwrap();
    let mut read = 2;
    for _ in 0..120 {
        sleep(Duration::from_secs(61)).await;
        assert_eq!(client.rate().in_use, 0, "no slot is held");
        stream.try_next().await.unwrap().unwrap();
        read += 1;
        let of_walk = recorder
            .sent()
            .iter()
            .filter(|request| asked(request).1 == 50)
            .count();
        assert!(of_walk <= read / 50 + 1 + 3, "it is read no further ahead");
        let before = Instant::now();
        client.tickets().list().count().await.unwrap();
        assert_eq!(before.elapsed(), LATENCY, "another caller is unhindered");
    }
}

#[tokio::test(start_paused = true)]
async fn a_dropped_stream_sends_nothing_more() {
    let recorder = tickets(2847, LATENCY);
    let mut stream = recorder.client().tickets().list().stream();
    for _ in 0..51 {
        stream.try_next().await.unwrap().unwrap();
    }
    let sent = recorder.sent().len();
    drop(stream);
    sleep(Duration::from_secs(60)).await;
    assert_eq!(recorder.sent().len(), sent);
}

#[tokio::test(start_paused = true)]
async fn a_walk_is_in_the_background_unless_told_otherwise() {
    let recorder = tickets(2847, LATENCY);
    // As many slots as a walk may have at once, but for the ten that are kept.
    let client = recorder
        .builder()
        .rate_limit(RateLimit::per_minute(100))
        .build()
        .unwrap();
    let before = Instant::now();
    client.tickets().list().items_in_page(29).all().await.unwrap();
    assert!(
        before.elapsed() > Duration::from_secs(60),
        "the 99 pages have 90 slots"
    );
    sleep(Duration::from_secs(120)).await;
    let before = Instant::now();
    let hurried = client.with_priority(Priority::Interactive);
    hurried.tickets().list().items_in_page(29).all().await.unwrap();
    assert!(before.elapsed() < Duration::from_secs(60));
}

#[tokio::test(start_paused = true)]
async fn a_walk_goes_on_where_it_failed() {
    let failing = Arc::new(Mutex::new(true));
    let recorder = {
        let failing = failing.clone();
        Recorder::in_time(move |request| {
            let (number, size) = asked(request);
            if number == 5 && *failing.lock().unwrap() {
                return Box::pin(std::future::ready(Ok(Response::new(StatusCode::BAD_REQUEST, ""))));
            }
            later(LATENCY, page(number, size, 500))
        })
    };
    let client = recorder.client();
    let mut stream = client.tickets().list().stream();
    let mut read = Vec::new();
    let error = loop {
        match stream.try_next().await {
            Ok(ticket) => read.push(ticket.unwrap().ticket_id.unwrap()),
            Err(error) => break error,
        }
    };
    *failing.lock().unwrap() = false;
    let rest = client.tickets().list().start_page(error.page().unwrap());
    read.extend(ids(rest).await.unwrap());
    assert_eq!(read, (1..=500).collect::<Vec<_>>());
}

/// A list whose pages the function writes.
fn pages(write: impl Fn(i64, i64) -> String + Send + Sync + 'static) -> Recorder {
    Recorder::new(move |request| Ok(answer(write(asked(request).0, asked(request).1))))
}

#[tokio::test]
async fn odd_answers_lose_nothing_and_end() {
    type Write = fn(i64, i64) -> String;
    let lists: [(&str, Write); 11] = [
        ("no totals, nextLink null at the end", |number, size| {
            let link = if number * size >= 230 { "null" } else { "\"/next\"" };
            format!(
                r#"{{"items": [{}], "nextLink": {link}}}"#,
                items(number, size, 230)
            )
        }),
        ("no totals, nextLink empty at the end", |number, size| {
            let link = if number * size >= 230 { "" } else { "/next" };
            format!(
                r#"{{"items": [{}], "nextLink": "{link}"}}"#,
                items(number, size, 230)
            )
        }),
        ("no totals, nextLink to itself", |number, size| {
            let link = if number * size >= 230 {
                ""
            } else {
                "/tickets?page=1"
            };
            format!(
                r#"{{"items": [{}], "nextLink": "{link}"}}"#,
                items(number, size, 230)
            )
        }),
        ("nothing but items", |number, size| {
            format!(r#"{{"items": [{}]}}"#, items(number, size, 230))
        }),
        ("nothing but items, the last page full", |number, size| {
            format!(r#"{{"items": [{}]}}"#, items(number, size, 200))
        }),
        ("totalItems alone", |number, size| {
            format!(
                r#"{{"items": [{}], "totalItems": 230}}"#,
                items(number, size, 230)
            )
        }),
        ("smaller pages than asked for, told", |number, _| {
            format!(
                r#"{{"items": [{}], "itemsInPage": 20, "totalItems": 230}}"#,
                items(number, 20, 230)
            )
        }),
        ("smaller pages than asked for, not told", |number, _| {
            format!(r#"{{"items": [{}], "totalItems": 230}}"#, items(number, 20, 230))
        }),
        ("smaller pages than it says", |number, size| {
            format!(
                r#"{{"items": [{}], "itemsInPage": {size}, "totalItems": 230}}"#,
                items(number, 20, 230)
            )
        }),
        ("fewer pages than promised", |number, size| {
            let pages = if number == 1 { 9 } else { 5 };
            format!(
                r#"{{"items": [{}], "page": {number}, "totalPages": {pages}}}"#,
                items(number, size, 230)
            )
        }),
        ("more pages than promised", |number, size| {
            let pages = if number < 3 { 3 } else { 5 };
            format!(
                r#"{{"items": [{}], "page": {number}, "totalPages": {pages}}}"#,
                items(number, size, 230)
            )
        }),
    ];
    for (what, write) in lists {
        let total = if what.contains("full") { 200 } else { 230 };
        for prefetch in [1, 8] {
            let client = pages(write).client();
            let ids = ids(client.tickets().list().prefetch(prefetch)).await;
            assert_eq!(
                ids.unwrap(),
                (1..=total).collect::<Vec<_>>(),
                "{what}, prefetch {prefetch}"
            );
        }
    }
}

#[tokio::test]
async fn what_was_asked_for_already_is_not_thrown_away() {
    // The list shrank and grew again between the answers, which come side by side.
    let client = pages(|number, size| {
        let pages = if number == 2 { 2 } else { 5 };
        format!(
            r#"{{"items": [{}], "page": {number}, "totalPages": {pages}}}"#,
            items(number, size, 230)
        )
    })
    .client();
    let ids = ids(client.tickets().list().prefetch(8)).await.unwrap();
    assert_eq!(ids, (1..=230).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_short_or_empty_page_in_the_middle_is_not_the_end() {
    type Write = fn(i64, i64) -> String;
    let lists: [(Write, Vec<i64>, u64); 2] = [
        (
            |number, size| {
                let items = items(number, if number == 2 { 1 } else { size }, 230);
                format!(r#"{{"items": [{items}], "page": {number}, "totalItems": 230}}"#)
            },
            (1..=50).chain(101..=230).collect(),
            50,
        ),
        (
            |number, size| match number {
                3 => r#"{"items": [], "page": 3, "totalPages": 6}"#.to_string(),
                _ => {
                    let before = if number > 3 { number - 1 } else { number };
                    format!(
                        r#"{{"items": [{}], "page": {number}, "totalPages": 6}}"#,
                        items(before, size, 230)
                    )
                }
            },
            (1..=230).collect(),
            21,
        ),
    ];
    for (write, came, shortfall) in lists {
        for prefetch in [1, 8] {
            let client = pages(write).client();
            let mut records = client.tickets().list().prefetch(prefetch).stream();
            let mut ids = Vec::new();
            while let Some(ticket) = records.try_next().await.unwrap() {
                ids.push(ticket.ticket_id.unwrap());
            }
            assert_eq!(ids, came);
            let drift = records.drift();
            assert_eq!((drift.holes, drift.shortfall), (1, shortfall), "{drift:?}");
        }
    }
}

#[tokio::test]
async fn a_service_that_answers_the_same_page_for_ever_is_an_error() {
    type Write = fn(i64, i64) -> String;
    let lists: [(Write, &str); 3] = [
        (
            |_, size| page(1, size, 230),
            "it says that it is page 1, and page 2 was asked for",
        ),
        (
            |_, size| format!(r#"{{"items": [{}], "nextLink": "/next"}}"#, items(1, size, 230)),
            "is identical to the page before it",
        ),
        (
            |_, _| r#"{"items": [], "nextLink": "/next"}"#.to_string(),
            "the last of 100 pages that brought no new record",
        ),
    ];
    for (write, reason) in lists {
        for prefetch in [1, 8] {
            let recorder = pages(write);
            let error = ids(recorder.client().tickets().list().prefetch(prefetch))
                .await
                .unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Decode);
            assert!(error.to_string().contains(reason), "{error}");
            // From no page would it go on.
            assert_eq!(error.page().is_none(), reason.contains("100 pages"), "{error}");
        }
    }
}

#[tokio::test]
async fn a_record_that_moves_to_a_later_page_comes_once() {
    // A row comes in front after the second page was read.
    let write = |number: i64, size: i64| {
        let shift = i64::from(number > 2);
        let ids = (((number - 1) * size - shift).max(0)..(number * size - shift).min(230)).map(|id| id + 1);
        let items: Vec<_> = ids.map(|id| format!(r#"{{"TicketID": {id}}}"#)).collect();
        let total = 230 + shift;
        format!(
            r#"{{"items": [{}], "page": {number}, "totalItemCount": {total}}}"#,
            items.join(",")
        )
    };
    let client = pages(write).client();
    assert_eq!(
        ids(client.tickets().list()).await.unwrap(),
        (1..=230).collect::<Vec<_>>()
    );
    let raw = client.tickets().list().consistency(Consistency::KeepDuplicates);
    assert_eq!(ids(raw).await.unwrap().len(), 231);
    let mut records = client.tickets().list().stream();
    while records.try_next().await.unwrap().is_some() {}
    let drift = records.drift();
    assert_eq!(
        (drift.sweeps, drift.totals, drift.repeats),
        (1, Some((230, 231)), 1)
    );
}

#[tokio::test]
async fn calls_by_name_walk_alike_and_refuse_what_cannot_be_promised() {
    let recorder = tickets(120, Duration::ZERO);
    let client = recorder.client();
    let list = Operation::find("tickets_list").unwrap();
    let complete = client
        .operation(list)
        .consistency(Consistency::Complete)
        .unwrap()
        .records();
    assert_eq!(complete.collect::<Vec<_>>().await.len(), 120);
    assert_eq!(
        client
            .operation(list)
            .limit(60)
            .prefetch(2)
            .records()
            .count()
            .await,
        60
    );
    let unkeyed = atera::description::OPERATIONS
        .iter()
        .find(|operation| operation.record().is_some_and(|record| record.id_field.is_none()))
        .unwrap();
    let error = client
        .operation(unkeyed)
        .consistency(Consistency::Complete)
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
}

/// Envelopes at random, of a list that has its records: whatever is left out, nothing is lost, repeated or endless.
#[tokio::test]
async fn envelopes_at_random_lose_nothing() {
    for seed in 0..2_000 {
        let total = fastrand::Rng::with_seed(seed).i64(0..300);
        let recorder = pages(move |number, size| {
            let mut random = fastrand::Rng::with_seed(seed);
            let _ = random.i64(0..300);
            let cap = if random.bool() { size } else { random.i64(1..=size) };
            let (with_pages, total_name, with_size, link) =
                (random.bool(), random.u8(0..3), random.bool(), random.u8(0..4));
            let last = number * cap >= total;
            let mut fields = vec![format!(r#""items": [{}]"#, items(number, cap, total))];
            if random.bool() {
                fields.push(format!(r#""page": {number}"#));
            }
            if with_pages {
                fields.push(format!(r#""totalPages": "{}""#, (total + cap - 1) / cap));
            }
            match total_name {
                0 => fields.push(format!(r#""totalItemCount": {total}"#)),
                1 => fields.push(format!(r#""totalItems": {total}, "totalItemCount": null"#)),
                _ => {}
            }
            if with_size || cap != size {
                fields.push(format!(r#""itemsInPage": {cap}"#));
            }
            match link {
                0 => fields.push(format!(
                    r#""nextLink": "{}""#,
                    if last { "" } else { "https://elsewhere.example" }
                )),
                1 => fields.push(format!(
                    r#""nextLink": {}"#,
                    if last { "null" } else { "\"/tickets?page=1\"" }
                )),
                2 if with_pages || total_name < 2 => fields.push(r#""nextLink": "/always""#.to_string()),
                _ => {}
            }
            random.shuffle(&mut fields);
            format!("{{{}}}", fields.join(", "))
        });
        let client = recorder.builder().rate_limit(RateLimit::off()).build().unwrap();
        let size = fastrand::Rng::with_seed(seed + 1).i32(1..=50);
        let list = client.tickets().list().items_in_page(size);
        assert_eq!(
            ids(list).await.unwrap(),
            (1..=total).collect::<Vec<_>>(),
            "seed {seed}"
        );
    }
}

/// The tasks that fetch pages end with the runtime on which the stream was polled first.
#[test]
fn a_stream_that_outlives_its_runtime_does_not_end_well() {
    let runtime = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap()
    };
    let recorder = Recorder::in_time(|request| match asked(request) {
        (3, _) => Box::pin(std::future::pending()),
        (number, size) => Box::pin(std::future::ready(Ok(answer(page(number, size, 230))))),
    });
    let mut stream = recorder.client().tickets().list().prefetch(2).stream();
    let first = runtime();
    for _ in 0..51 {
        first.block_on(stream.try_next()).unwrap().unwrap();
    }
    drop(first);
    let error = runtime().block_on(async {
        loop {
            if let Err(error) = stream.try_next().await.map(Option::unwrap) {
                break error;
            }
        }
    });
    assert_eq!((error.kind(), error.page()), (ErrorKind::Connection, Some(3)));
    assert!(
        error.to_string().contains("poll a stream on one runtime"),
        "{error}"
    );
}

/// Memory in use, in pages and records.
#[test]
fn a_long_walk_needs_little_memory() {
    const RECORDS: i64 = 100_000;
    let text = "x".repeat(400);
    let body = move |number: i64, size: i64| {
        let ids = ((number - 1) * size)..(number * size).min(RECORDS);
        let items: Vec<_> = ids
            .map(|id| format!(r#"{{"TicketID": {}, "TicketTitle": "{text}"}}"#, id + 1))
            .collect();
        format!(
            r#"{{"items": [{}], "page": {number}, "totalItemCount": {RECORDS}}}"#,
            items.join(",")
        )
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let client = {
        let transport = Forgetful(Arc::new(move |request: &Request| {
            body(asked(request).0, asked(request).1)
        }));
        atera::Client::builder()
            .api_key(atera::ApiKey::new("key-of-a-long-walk").unwrap())
            .rate_limit(RateLimit::off())
            .transport(transport)
            .build()
            .unwrap()
    };
    let walk = |pages: usize| {
        allocation_counter::measure(|| {
            runtime.block_on(async {
                let list = client.tickets().list().prefetch(8).limit(pages as u64 * 50);
                assert_eq!(list.undecoded().count().await, pages * 50);
            });
        })
        .bytes_max
    };
    // A walk of ten pages has no more than that in memory, and neither has a long one.
    let ten_pages = walk(10);
    let peak = walk(RECORDS as usize / 50);
    let allowed = ten_pages + 32 * RECORDS as u64;
    assert!(peak <= allowed, "{peak} bytes at most, and {allowed} are allowed");
}

/// A transport that notes nothing.
#[derive(Clone)]
struct Forgetful(Arc<dyn Fn(&Request) -> String + Send + Sync>);

impl std::fmt::Debug for Forgetful {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Forgetful")
    }
}

impl atera::transport::Transport for Forgetful {
    fn send(&self, request: Request) -> ResponseFuture {
        let body = (self.0)(&request);
        Box::pin(async move { Ok(answer(body)) })
    }
}
