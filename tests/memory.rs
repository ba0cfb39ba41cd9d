//! How much memory a long list takes, in bytes that are allocated at the highest. Allocations are counted, not measured, so the
//! result is the same on every machine.

use std::{future::ready, sync::Arc, time::Duration};

use atera::{
    RateLimit,
    transport::{Request, Response, ResponseFuture, Transport},
};
use http::StatusCode;

const TICKETS: i64 = 70_000;
const TICKET: &str = include_str!("../benches/service/ticket.json");

/// A list of so many tickets, with all their fields, whose total may be another.
#[derive(Clone)]
struct Tickets {
    total: i64,
    ticket: Arc<str>,
}

impl Tickets {
    fn new(total: i64) -> Self {
        // As the service sends it: on one line.
        let ticket: serde_json::Value = serde_json::from_str(TICKET).unwrap();
        Tickets {
            total,
            ticket: ticket.to_string().into(),
        }
    }

    fn client(&self) -> atera::Client {
        atera::Client::builder()
            .api_key(atera::ApiKey::new("key-of-a-long-list").unwrap())
            .rate_limit(RateLimit::off())
            .transport(self.clone())
            .build()
            .unwrap()
    }

    fn page(&self, page: i64) -> String {
        let ids = ((page - 1) * 50).min(TICKETS)..(page * 50).min(TICKETS);
        let id_of_example =
            serde_json::from_str::<serde_json::Value>(&self.ticket).unwrap()["TicketID"].to_string();
        let tickets: Vec<_> = ids
            .map(|id| self.ticket.replacen(&id_of_example, &(id + 1).to_string(), 1))
            .collect();
        format!(
            r#"{{"items": [{}], "page": {page}, "totalItemCount": {}}}"#,
            tickets.join(","),
            self.total
        )
    }
}

impl std::fmt::Debug for Tickets {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Tickets")
    }
}

impl Transport for Tickets {
    fn send(&self, request: Request) -> ResponseFuture {
        let mut pairs = request.url.query_pairs();
        let page = pairs.find(|(name, _)| name == "page").unwrap().1.parse().unwrap();
        let body = self.page(page);
        Box::pin(async move {
            tokio::time::sleep(Duration::from_millis(200)).await;
            ready(Ok(Response::new(StatusCode::OK, body))).await
        })
    }
}

/// What a walk takes at the highest, in megabytes.
fn megabytes(walk: impl AsyncFnOnce(atera::Client), total: i64) -> u64 {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    let client = Tickets::new(total).client();
    let measured = allocation_counter::measure(|| runtime.block_on(walk(client)));
    measured.bytes_max / 1_000_000
}

#[test]
fn a_list_in_memory_takes_little_more_than_its_records() {
    let took = megabytes(
        async |client| {
            let tickets = client.tickets().list().all().await.unwrap();
            assert_eq!(
                (tickets.len(), tickets.capacity()),
                (TICKETS as usize, TICKETS as usize)
            );
        },
        TICKETS,
    );
    println!("70,000 tickets: {took} MB");
    assert!(took <= 100, "{took} MB");
}

#[test]
fn a_total_that_is_absurd_makes_no_room() {
    let took = megabytes(
        async |client| {
            let list = client.tickets().list().limit(1_000);
            assert_eq!(list.all().await.unwrap().len(), 1_000);
        },
        1_000_000_000_000,
    );
    assert!(took <= 25, "{took} MB");
}

#[test]
fn a_stream_holds_the_pages_on_their_way_and_no_more() {
    for prefetch in [None, Some(32)] {
        let took = megabytes(
            async |client| {
                let mut list = client.tickets().list();
                if let Some(pages) = prefetch {
                    list = list.prefetch(pages);
                }
                let mut tickets = list.stream();
                let mut count = 0;
                while tickets.try_next().await.unwrap().is_some() {
                    count += 1;
                }
                assert_eq!(count, TICKETS);
            },
            TICKETS,
        );
        println!("a stream of 70,000 tickets, prefetch {prefetch:?}: {took} MB");
        assert!(took <= 20, "{took} MB");
    }
}
