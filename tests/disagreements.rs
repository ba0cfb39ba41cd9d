//! Lists whose answers disagree with each other, or never end: what comes out, what is said, and how many requests it takes.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use atera::{
    Consistency, Error, ErrorKind, RateLimit,
    mock::Recorder,
    page::Drift,
    transport::{Request, Response},
};
use http::StatusCode;

/// The page and the page size that a request asks for.
fn asked(request: &Request) -> (i64, i64) {
    let number = |name: &str| {
        let mut pairs = request.url.query_pairs();
        let pair = pairs.find(|(key, _)| key == name);
        pair.map(|(_, value)| value.parse().unwrap()).unwrap()
    };
    (number("page"), number("itemsInPage"))
}

/// Tickets with the numbers of this page, of so many in all.
fn page_of(page: i64, size: i64, total: i64) -> Vec<i64> {
    (((page - 1) * size).min(total)..(page * size).min(total))
        .map(|id| id + 1)
        .collect()
}

/// An answer with these tickets, and what it says besides.
fn answer(ids: &[i64], rest: &str) -> String {
    let items: Vec<_> = ids.iter().map(|id| format!(r#"{{"TicketID": {id}}}"#)).collect();
    format!(r#"{{"items": [{}]{rest}}}"#, items.join(", "))
}

/// A service whose list is answered so, by the page, its size and the number of the request.
type Write = fn(i64, i64, u64) -> String;

/// What came of a walk.
struct Walked {
    records: usize,
    requests: usize,
    drift: Drift,
    ended: Result<(), Error>,
}

async fn walk(write: Write, consistency: Consistency, prefetch: Option<usize>) -> Walked {
    let requests = Arc::new(AtomicU64::new(0));
    let recorder = Recorder::new(move |request| {
        let (page, size) = asked(request);
        let body = write(page, size, requests.fetch_add(1, Ordering::Relaxed));
        Ok(Response::new(StatusCode::OK, body))
    });
    let client = recorder.builder().rate_limit(RateLimit::off()).build().unwrap();
    let mut list = client.tickets().list().consistency(consistency);
    if let Some(pages) = prefetch {
        list = list.prefetch(pages);
    }
    let mut tickets = list.stream();
    let mut records = 0;
    let ended = loop {
        match tickets.try_next().await {
            Ok(Some(_)) => records += 1,
            Ok(None) => break Ok(()),
            Err(error) => break Err(error),
        }
    };
    Walked {
        records,
        requests: recorder.sent().len(),
        drift: tickets.drift(),
        ended,
    }
}

/// Of 250 tickets the service hands out fewer, and its total stays.
#[tokio::test]
async fn a_total_that_is_not_reached_is_said() {
    fn rest(page: i64, size: i64) -> String {
        let pages = (250 + size - 1) / size;
        format!(r#", "page": {page}, "itemsInPage": {size}, "totalItemCount": 250, "totalPages": {pages}"#)
    }
    let lists: [(&str, Write, usize, usize); 7] = [
        (
            "the number of the page is ignored and echoed",
            |page, size, _| answer(&page_of(1, size, 250), &rest(page, size)),
            50,
            5,
        ),
        (
            "a record a page",
            |page, size, _| {
                let ids = if page <= 5 { vec![page] } else { Vec::new() };
                answer(&ids, &rest(page, size))
            },
            5,
            6,
        ),
        (
            "the first page is empty",
            |page, size, _| {
                let ids = if page == 1 {
                    Vec::new()
                } else {
                    page_of(page, size, 250)
                };
                answer(&ids, &rest(page, size))
            },
            200,
            5,
        ),
        (
            "a page in the middle is empty",
            |page, size, _| {
                let ids = if page == 3 {
                    Vec::new()
                } else {
                    page_of(page, size, 250)
                };
                answer(&ids, &rest(page, size))
            },
            200,
            5,
        ),
        (
            "the first page is short",
            |page, size, _| {
                let mut ids = page_of(page, size, 250);
                ids.truncate(if page == 1 { 10 } else { 50 });
                answer(&ids, &rest(page, size))
            },
            210,
            5,
        ),
        (
            "a stale page comes again",
            |page, size, _| {
                let ids = page_of(if page == 3 { 2 } else { page }, size, 250);
                answer(&ids, &rest(page, size))
            },
            200,
            5,
        ),
        (
            "the same record on every page",
            |page, size, _| answer(&[7], &rest(page, size)),
            1,
            105,
        ),
    ];
    for (what, write, records, requests) in lists {
        for prefetch in [Some(1), None] {
            // Side by side, some are on their way when it turns out that there is no more.
            let requests = requests + prefetch.map_or(8, |_| 0);
            let one = walk(write, Consistency::OnePass, prefetch).await;
            assert_eq!(one.records, records, "{what}");
            if let Err(error) = &one.ended {
                // Where it goes on for long without a new record, it ends with an error.
                assert!(
                    error.to_string().contains("brought no new record"),
                    "{what}: {error}"
                );
                continue;
            }
            assert_eq!(
                one.drift.shortfall,
                250 - records as u64,
                "{what}: {:?}",
                one.drift
            );
            assert!(one.requests <= requests, "{what}: {} requests", one.requests);

            let complete = walk(write, Consistency::Complete, prefetch).await;
            let error = complete.ended.expect_err(what);
            assert_eq!(error.kind(), ErrorKind::Unsettled, "{what}");
            assert!(error.to_string().contains("its total is 250"), "{what}: {error}");
            assert!(
                (records..250).contains(&complete.records),
                "{what}: {}",
                complete.records
            );
            assert!(complete.drift.shortfall > 0, "{what}: {:?}", complete.drift);
            assert!(
                (3..=8).contains(&complete.drift.sweeps),
                "{what}: {:?}",
                complete.drift
            );
            assert!(
                complete.requests <= 8 * (requests + 2),
                "{what}: {} requests",
                complete.requests
            );
        }
    }
}

/// The service says in one way that there is no more, and in another that there is.
#[tokio::test]
async fn where_the_answers_disagree_the_walk_goes_on_and_nothing_is_lost() {
    let lists: [(&str, Write, usize); 5] = [
        (
            "totalPages 1, a larger total",
            |page, size, _| {
                answer(
                    &page_of(page, size, 250),
                    r#", "totalItemCount": 250, "totalPages": 1"#,
                )
            },
            5,
        ),
        (
            "totalPages 0, a larger total",
            |page, size, _| {
                answer(
                    &page_of(page, size, 250),
                    r#", "totalItemCount": 250, "totalPages": 0"#,
                )
            },
            5,
        ),
        (
            "total 0, a nextLink",
            |page, size, _| {
                let link = if page * size < 250 { "/next" } else { "" };
                answer(
                    &page_of(page, size, 250),
                    &format!(r#", "totalItemCount": 0, "totalPages": 0, "nextLink": "{link}""#),
                )
            },
            5,
        ),
        (
            "total -1, a nextLink",
            |page, size, _| {
                let link = if page * size < 250 { "\"/next\"" } else { "null" };
                let rest = format!(r#", "totalItemCount": -1, "nextLink": {link}"#);
                answer(&page_of(page, size, 250), &rest)
            },
            6,
        ),
        (
            "a record a page, and it goes on",
            |page, _, _| {
                let ids = if page <= 250 { vec![page] } else { Vec::new() };
                answer(
                    &ids,
                    r#", "itemsInPage": 50, "totalItemCount": 250, "totalPages": 5"#,
                )
            },
            251,
        ),
    ];
    for (what, write, requests) in lists {
        for (consistency, sweeps) in [(Consistency::OnePass, 1), (Consistency::Complete, 2)] {
            let walked = walk(write, consistency, Some(1)).await;
            walked.ended.unwrap_or_else(|error| panic!("{what}: {error}"));
            assert_eq!((walked.records, walked.drift.shortfall), (250, 0), "{what}");
            assert_eq!(walked.drift.sweeps, sweeps, "{what}");
            assert!(
                walked.requests <= requests * sweeps as usize,
                "{what}: {} requests",
                walked.requests
            );
        }
    }
}

/// The service says for ever that there is more.
#[tokio::test]
async fn a_walk_that_brings_nothing_new_ends_with_an_error() {
    let lists: [(&str, Write, usize); 6] = [
        (
            "the number of the page is ignored and echoed, no totals",
            |page, size, _| {
                let rest = format!(r#", "page": {page}, "nextLink": "/next""#);
                answer(&page_of(1, size, 250), &rest)
            },
            50,
        ),
        (
            "the same, shuffled",
            |page, size, request| {
                let mut ids = page_of(1, size, 250);
                fastrand::Rng::with_seed(request).shuffle(&mut ids);
                answer(&ids, &format!(r#", "page": {page}, "nextLink": "/next""#))
            },
            50,
        ),
        (
            "the same, in answers that vary",
            |page, _, request| {
                let rest = format!(r#", "page": {page}, "nextLink": "/next?{request}", "at": {request}"#);
                answer(&[1 + request as i64 % 50], &rest)
            },
            50,
        ),
        (
            "two pages in turn",
            |page, size, _| {
                let rest = format!(r#", "page": {page}, "nextLink": "/next""#);
                answer(&page_of(1 + page % 2, size, 250), &rest)
            },
            100,
        ),
        (
            "every second page is empty, and the others are the first",
            |page, size, _| {
                let ids = if page % 2 == 0 {
                    Vec::new()
                } else {
                    page_of(1, size, 250)
                };
                answer(&ids, &format!(r#", "page": {page}, "nextLink": "/next""#))
            },
            50,
        ),
        (
            "nothing at all",
            |_, _, _| answer(&[], r#", "nextLink": "/next""#),
            0,
        ),
    ];
    for (what, write, records) in lists {
        for prefetch in [Some(1), Some(8), None] {
            for consistency in [Consistency::OnePass, Consistency::Complete] {
                let walked = walk(write, consistency, prefetch).await;
                let error = walked.ended.expect_err(what);
                assert_eq!(error.kind(), ErrorKind::Decode, "{what}");
                assert!(
                    error
                        .to_string()
                        .contains("the last of 100 pages that brought no new record"),
                    "{what}: {error}"
                );
                assert_eq!(walked.records, records, "{what}");
                assert!(
                    walked.requests <= 150 + 2 + 32,
                    "{what}: {} requests",
                    walked.requests
                );
            }
        }
    }
}

/// Lists whose records have no id are held to the same.
#[tokio::test]
async fn lists_without_ids_end_too() {
    let comments = |page: i64, shuffle: u64| {
        let mut items: Vec<_> = (0..50)
            .map(|number| format!(r#"{{"Comment": "{number}"}}"#))
            .collect();
        fastrand::Rng::with_seed(shuffle).shuffle(&mut items);
        format!(
            r#"{{"items": [{}], "page": {page}, "nextLink": "/next"}}"#,
            items.join(",")
        )
    };
    let recorder = Recorder::new(move |request| {
        let (page, _) = asked(request);
        Ok(Response::new(StatusCode::OK, comments(page, page as u64)))
    });
    let client = recorder.builder().rate_limit(RateLimit::off()).build().unwrap();
    let error = client
        .tickets()
        .list_comments(7)
        .prefetch(1)
        .all()
        .await
        .unwrap_err();
    assert!(error.to_string().contains("brought no new record"), "{error}");
    assert_eq!(recorder.sent().len(), 101);

    // Fewer came than the total says.
    let short = r#"{"items": [{"Comment": "x"}, {"Comment": "x"}], "totalItemCount": 3, "totalPages": 1}"#;
    let client = Recorder::new(move |request| {
        let empty = r#"{"items": [], "totalItemCount": 3, "totalPages": 1}"#;
        let body = if asked(request).0 == 1 { short } else { empty };
        Ok(Response::new(StatusCode::OK, body))
    });
    let client = client.client();
    let mut records = client.tickets().list_comments(7).stream();
    let mut count = 0;
    while records.try_next().await.unwrap().is_some() {
        count += 1;
    }
    let drift = records.drift();
    assert_eq!((count, drift.without_id, drift.shortfall), (2, 2, 1));
}
