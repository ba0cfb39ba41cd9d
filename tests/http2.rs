//! HTTP/2: a stream that was refused is told from a connection that broke, and nothing is sent again without a slot.
//!
//! Each test runs in a process of its own, which trusts the certificate of its server.

mod sockets;

use std::time::Duration;

use atera::{Applied, Client, ErrorKind, RateLimit, RetryPolicy};
use futures_util::future::join_all;
use sockets::{
    child::is_child_with_tls,
    http2::{Reply, Server},
    ticket,
};

const MADE: Reply = Reply::Answer(201, r#"{"ActionID": "54321", "TicketID": 54321}"#);

/// At most this many attempts, one right after another.
fn attempts(attempts: u32) -> RetryPolicy {
    RetryPolicy::new()
        .max_attempts(attempts)
        .base_delay(Duration::ZERO)
}

/// Everything that the server saw was counted, and took a slot.
fn assert_every_stream_took_a_slot(server: &Server, client: &Client, streams: usize) {
    assert_eq!(server.streams(), streams);
    assert_eq!(client.usage().total().attempts, streams as u64);
    assert_eq!(client.rate().in_use as usize, streams);
}

#[tokio::test]
async fn a_refused_stream_was_not_looked_at_so_even_a_create_is_sent_again() {
    if !is_child_with_tls("a_refused_stream_was_not_looked_at_so_even_a_create_is_sent_again") {
        return;
    }
    for refusal in [Reply::Refuse, Reply::GoAway] {
        let server = Server::new(move |stream| if stream < 2 { refusal } else { MADE }).await;
        let client = server.builder().retry(attempts(5)).build().unwrap();
        let made = client.tickets().create(ticket()).await.unwrap();
        assert_eq!(made.action_id.and_then(|id| id.number()), Some(54321));
        assert_every_stream_took_a_slot(&server, &client, 3);

        let server = Server::new(move |_| refusal).await;
        let client = server.builder().retry(attempts(4)).build().unwrap();
        let error = client.tickets().create(ticket()).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.applied(), error.attempts()),
            (ErrorKind::Connection, Applied::No, 4),
            "{error}"
        );
        assert_every_stream_took_a_slot(&server, &client, 4);
        let error = client
            .tickets()
            .get(54321)
            .await
            .map(|_| ())
            .expect_err("a refusal");
        assert_eq!(
            error.to_string(),
            "tickets_get was refused by the service before it was processed; try again; tried 4 times"
        );
        assert_every_stream_took_a_slot(&server, &client, 8);
    }
}

#[tokio::test]
async fn a_stream_that_broke_off_may_have_been_looked_at_so_a_create_is_not_sent_again() {
    if !is_child_with_tls("a_stream_that_broke_off_may_have_been_looked_at_so_a_create_is_not_sent_again") {
        return;
    }
    for fault in [Reply::Break, Reply::Reset] {
        let server = Server::new(move |stream| if stream < 2 { fault } else { MADE }).await;
        let client = server.builder().retry(attempts(5)).build().unwrap();
        let error = client.tickets().create(ticket()).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.applied(), error.attempts()),
            (ErrorKind::OutcomeUnknown, Applied::Unknown, 1),
            "{error}"
        );
        assert_every_stream_took_a_slot(&server, &client, 1);
        client.tickets().get(54321).await.unwrap();
        assert_every_stream_took_a_slot(&server, &client, 3);
    }
}

#[tokio::test]
async fn an_answer_that_is_reset_is_never_taken_for_a_whole_one() {
    if !is_child_with_tls("an_answer_that_is_reset_is_never_taken_for_a_whole_one") {
        return;
    }
    let server = Server::new(|_| Reply::CutShort(r#"{"ActionID": "54321", "TicketID": 54321}"#)).await;
    let client = server.builder().retry(RetryPolicy::never()).build().unwrap();
    let error = client.tickets().get(54321).await.map(|_| ()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection, "{error}");
    let error = client.tickets().create(ticket()).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.applied()),
        (ErrorKind::Connection, Applied::Yes),
        "{error}"
    );
    let request = client.request(http::Method::GET, "/tickets/54321");
    assert_eq!(request.send().await.unwrap_err().kind(), ErrorKind::Connection);
}

#[tokio::test]
async fn many_calls_on_one_connection_send_nothing_without_a_slot() {
    if !is_child_with_tls("many_calls_on_one_connection_send_nothing_without_a_slot") {
        return;
    }
    // Going away takes along all streams that are open, so do it less often than there is a budget for.
    for (refusal, every) in [(Reply::Refuse, 5), (Reply::GoAway, 50)] {
        let server = Server::new(move |stream| if stream % every == 2 { refusal } else { MADE }).await;
        let client = server.builder().retry(attempts(5)).build().unwrap();
        let mut made = 0;
        for _ in 0..20 {
            for created in join_all((0..10).map(|_| client.tickets().create(ticket()).into_future())).await {
                match created {
                    Ok(_) => made += 1,
                    Err(error) => assert_eq!(error.applied(), Applied::No, "{error}"),
                }
            }
        }
        let (streams, attempts) = (server.streams(), client.usage().total().attempts as usize);
        assert!(made > 150 && attempts > 210, "{made} of 200, {attempts} attempts");
        match refusal {
            Reply::Refuse => assert_every_stream_took_a_slot(&server, &client, streams),
            // What waited in the client when the connection went was never a stream.
            _ => assert!(streams <= attempts && streams <= client.rate().in_use as usize),
        }
    }
}

#[tokio::test]
async fn refusals_do_not_get_past_the_limit() {
    if !is_child_with_tls("refusals_do_not_get_past_the_limit") {
        return;
    }
    let server = Server::new(|_| Reply::Refuse).await;
    let client = server
        .builder()
        .retry(attempts(5))
        .rate_limit(RateLimit::new(7, Duration::from_secs(60 * 60)))
        .build()
        .unwrap();
    let calls: Vec<_> = (0..4)
        .map(|_| tokio::spawn(client.tickets().create(ticket()).into_future()))
        .collect();
    let finished = || calls.iter().any(tokio::task::JoinHandle::is_finished);
    while client.rate().waiting < calls.len() && !finished() {
        tokio::task::yield_now().await;
    }
    assert_every_stream_took_a_slot(&server, &client, 7);
    assert!(!finished());
    calls.iter().for_each(tokio::task::JoinHandle::abort);
}
