//! The built-in transport against real sockets: what it sends byte by byte, and what it makes of odd answers.

mod sockets;

use std::{
    io::Write,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use atera::{Applied, Client, Error, ErrorKind, RateLimit, Result, RetryPolicy, description::Operation};
use flate2::write::GzEncoder;
use futures_util::TryStreamExt;
use http::Method;
use sockets::{Server, answer, chunked, gzip, in_every_coding, ticket};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

#[tokio::test]
async fn a_request_carries_the_headers_of_the_guide_and_no_more() {
    let server = Server::answering(answer("201 Created", r#"{"ActionID": "54321"}"#)).await;
    let client = server.builder().user_agent("tool/1.0").build().unwrap();
    client.tickets().create(ticket()).await.unwrap();
    let heard = server.heard().remove(0);
    let (head, body) = heard.split_once("\r\n\r\n").unwrap();
    let mut lines: Vec<_> = head.lines().collect();
    assert_eq!(lines.remove(0), "POST /api/v3/tickets HTTP/1.1");
    lines.sort_unstable();
    let host = server.address.strip_prefix("http://").unwrap();
    assert_eq!(
        lines,
        [
            "accept-encoding: gzip".to_string(),
            "accept: application/json".to_string(),
            format!("content-length: {}", body.len()),
            "content-type: application/json".to_string(),
            format!("host: {host}"),
            format!("user-agent: tool/1.0 atera/{}", env!("CARGO_PKG_VERSION")),
            format!("x-api-key: {}", server.key),
        ]
    );
    assert_eq!(
        body,
        r#"{"TicketTitle":"Printer","Description":"on fire","EndUserID":7}"#
    );
}

type Call = fn(Client) -> Pin<Box<dyn Future<Output = Result<()>>>>;

/// Every way to send something, by whether it creates.
const CALLS: [(&str, bool, Call); 7] = [
    ("typed", false, |client| {
        Box::pin(async move { client.tickets().get(54321).await.map(drop) })
    }),
    ("undecoded", false, |client| {
        Box::pin(async move { client.tickets().get(54321).send_undecoded().await.map(drop) })
    }),
    ("list", false, |client| {
        Box::pin(async move { client.tickets().list().all().await.map(drop) })
    }),
    ("dynamic", false, |client| {
        let operation = Operation::find("tickets_list").unwrap();
        Box::pin(async move { client.operation(operation).send().await.map(drop) })
    }),
    ("raw", false, |client| {
        Box::pin(async move { client.request(Method::GET, "/tickets").send().await.map(drop) })
    }),
    ("create", true, |client| {
        Box::pin(async move { client.tickets().create(ticket()).await.map(drop) })
    }),
    ("raw create", true, |client| {
        Box::pin(async move { client.request(Method::POST, "/tickets").send().await.map(drop) })
    }),
];

/// Suits all of them.
const WHOLE: &str =
    r#"{"ActionID": "54321", "TicketID": 54321, "items": [{"TicketID": 54321}], "totalPages": 1}"#;

/// Cuts the answer at every byte, and hands the failure to the check, with whether its head was whole.
async fn cut_at_every_byte(status: &str, check: impl Fn(&Error, bool, bool) -> bool) {
    for (coding, bytes) in in_every_coding(status, WHOLE) {
        let head = bytes.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap() + 4;
        let cut = Arc::new(AtomicUsize::new(bytes.len()));
        let (length, at) = (bytes.len(), cut.clone());
        let server = Server::new(move |_| bytes[..at.load(Ordering::Relaxed)].to_vec()).await;
        // One client for all of them, as setting up TLS is what takes the time.
        let client = server.builder().rate_limit(RateLimit::off()).build().unwrap();
        for (name, creates, call) in CALLS {
            cut.store(length, Ordering::Relaxed);
            let whole = call(client.clone()).await;
            assert_eq!(
                whole.is_ok(),
                status.starts_with('2'),
                "{name}, {coding}: {whole:?}"
            );
            for at in 0..length {
                cut.store(at, Ordering::Relaxed);
                let error = call(client.clone()).await.expect_err("a cut answer");
                assert!(
                    check(&error, creates, at >= head),
                    "{name}, {coding}, {status}, {at} of {length}: {error:?}"
                );
            }
        }
    }
}

#[tokio::test]
async fn an_answer_cut_at_any_byte_is_never_taken_for_a_whole_one() {
    cut_at_every_byte("200 OK", |error, creates, head| {
        let expected = match (creates, head) {
            (false, _) => (ErrorKind::Connection, Applied::No),
            (true, false) => (ErrorKind::OutcomeUnknown, Applied::Unknown),
            (true, true) => (ErrorKind::Connection, Applied::Yes),
        };
        (error.kind(), error.applied()) == expected
    })
    .await;
}

#[tokio::test]
async fn a_failure_cut_at_any_byte_keeps_its_status() {
    cut_at_every_byte("503 Service Unavailable", |error, creates, head| {
        let kind = match (creates, head) {
            (_, true) => ErrorKind::Server,
            (true, false) => ErrorKind::OutcomeUnknown,
            (false, false) => ErrorKind::Connection,
        };
        let applied = if creates { Applied::Unknown } else { Applied::No };
        (error.kind(), error.applied()) == (kind, applied)
    })
    .await;
}

#[tokio::test]
async fn a_compressed_answer_is_read() {
    let head = "200 OK\r\ncontent-encoding: gzip";
    for bytes in [answer(head, gzip(WHOLE)), chunked(head, gzip(WHOLE))] {
        let ticket = Server::answering(bytes).await.client().tickets().get(54321).await;
        assert_eq!(ticket.unwrap().ticket_id, Some(54321));
    }
}

/// The answer in two members of gzip: a program that joins files writes such ones.
fn in_two_members(body: &str, at: usize) -> Vec<u8> {
    let (one, two) = body.as_bytes().split_at(at);
    [gzip(one), gzip(two)].concat()
}

#[tokio::test]
async fn an_answer_in_several_members_of_gzip_is_read_whole() {
    for head in [
        "200 OK\r\ncontent-encoding: gzip",
        "200 OK\r\ncontent-encoding: GZip",
    ] {
        let members = in_two_members(WHOLE, 5);
        let server = Server::answering(answer(head, &members)).await;
        let read = server
            .client()
            .tickets()
            .get(54321)
            .send_undecoded()
            .await
            .unwrap();
        assert_eq!(read.value, WHOLE);
        assert!(
            !read.headers.contains_key("content-encoding"),
            "it is not compressed any more"
        );
        for end in 0..members.len() {
            let mut cut = answer(head, &members);
            cut.truncate(cut.len() - members.len() + end);
            let server = Server::answering(cut).await;
            let error = server
                .client()
                .tickets()
                .get(54321)
                .send_undecoded()
                .await
                .unwrap_err();
            assert_eq!(
                error.kind(),
                ErrorKind::Connection,
                "cut after {end} bytes: {error}"
            );
        }
    }
}

/// A proxy may name the coding of a body that there is none of, as of a 204.
#[tokio::test]
async fn an_empty_body_is_empty_whatever_its_coding() {
    let gzipped = "content-encoding: gzip";
    for bytes in [
        format!("HTTP/1.1 204 No Content\r\nconnection: close\r\n{gzipped}\r\n\r\n").into_bytes(),
        answer(&format!("200 OK\r\n{gzipped}"), ""),
        chunked(&format!("200 OK\r\n{gzipped}"), ""),
        answer(&format!("200 OK\r\n{gzipped}"), gzip("")),
    ] {
        let client = Server::answering(bytes).await.client();
        client.tickets().delete(54321).await.unwrap();
        let error = client.tickets().get(54321).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode);
        assert!(error.to_string().contains("it is empty"), "{error}");
    }
}

#[tokio::test]
async fn an_answer_that_ends_with_its_connection_is_read_again_if_its_json_ends_early() {
    const PAGE: &str =
        r#"{"items": [{"TicketID": 1, "TicketTitle": "a"}, {"TicketID": 2}], "totalPages": 1}"#;
    fn unmarked(body: &[u8]) -> Vec<u8> {
        [b"HTTP/1.0 200 OK\r\n\r\n", body].concat()
    }
    for end in 0..PAGE.len() {
        let asked = Arc::new(AtomicUsize::new(0));
        let server = Server::new(move |_| match asked.fetch_add(1, Ordering::Relaxed) {
            0 => unmarked(&PAGE.as_bytes()[..end]),
            _ => unmarked(PAGE.as_bytes()),
        });
        let server = server.await;
        let retry = RetryPolicy::new().base_delay(Duration::ZERO);
        let client = server.builder().retry(retry).build().unwrap();
        let page = client.tickets().list().send().await.unwrap();
        assert_eq!(
            (page.value.items.len(), server.heard().len()),
            (2, 2),
            "cut after {end} bytes"
        );

        // Once, it is an error, however it is read.
        let server = Server::answering(unmarked(&PAGE.as_bytes()[..end])).await;
        let list = Operation::find("tickets_list").unwrap();
        let error = server.client().operation(list).send().await.unwrap_err();
        assert_eq!(
            error.kind(),
            ErrorKind::Connection,
            "cut after {end} bytes: {error}"
        );
    }

    // What a create has answered is lost, and it is not sent again.
    let server = Server::answering(unmarked(br#"{"ActionID": 543"#)).await;
    let client = server.builder().retry(RetryPolicy::new()).build().unwrap();
    let error = client.tickets().create(ticket()).await.unwrap_err();
    assert_eq!(
        (error.applied(), server.heard().len()),
        (Applied::Yes, 1),
        "{error}"
    );
    // What is no JSON is no cut.
    let server = Server::answering(unmarked(b"plain text")).await;
    let answer = server.client().tickets().get(1).send_undecoded().await.unwrap();
    assert_eq!(answer.value, "plain text");
}

#[tokio::test]
async fn the_mark_that_some_write_before_utf_8_is_passed_over() {
    let marked = |text: &str| format!("\u{feff}{text}");
    let server = Server::answering(answer("200 OK", marked(WHOLE))).await;
    assert_eq!(
        server.client().tickets().get(54321).await.unwrap().ticket_id,
        Some(54321)
    );
    let page = marked(r#"{"items": [{"TicketID": 1}], "totalPages": 1}"#);
    let server = Server::answering(answer("200 OK", page)).await;
    assert_eq!(server.client().tickets().list().all().await.unwrap().len(), 1);
    let raw: Vec<_> = server
        .client()
        .tickets()
        .list()
        .undecoded()
        .try_collect()
        .await
        .unwrap();
    assert_eq!(raw[0].get(), r#"{"TicketID": 1}"#);
    let server = Server::answering(answer("400 Bad Request", marked(r#"{"Message": "no"}"#))).await;
    let error = server.client().tickets().get(1).await.unwrap_err();
    assert_eq!(error.message(), Some("no"));
}

#[tokio::test]
async fn the_limit_of_a_body_is_counted_in_bytes_after_decompression() {
    for (_, bytes) in in_every_coding("200 OK", WHOLE) {
        let server = Server::answering(bytes).await;
        for (limit, fits) in [
            (WHOLE.len() + 1, true),
            (WHOLE.len(), true),
            (WHOLE.len() - 1, false),
        ] {
            let client = server.builder().body_limit(limit).build().unwrap();
            for (name, creates, call) in CALLS {
                let result = call(client.clone()).await;
                assert_eq!(result.is_ok(), fits, "{name}, {limit}");
                if let Err(error) = result {
                    let applied = if creates { Applied::Yes } else { Applied::No };
                    assert_eq!((error.kind(), error.applied()), (ErrorKind::Decode, applied));
                    assert!(
                        error.to_string().contains(&format!("longer than {limit} bytes")),
                        "{error}"
                    );
                }
            }
        }
    }
}

#[tokio::test]
async fn without_a_limit_of_its_own_an_answer_may_have_16_mib() {
    let compressed = gzip(vec![b' '; 17 * 1024 * 1024]);
    let server = Server::answering(answer("200 OK\r\ncontent-encoding: gzip", compressed)).await;
    let error = server.client().tickets().get(54321).await.unwrap_err();
    assert!(
        error.to_string().contains("longer than 16777216 bytes"),
        "{error}"
    );
}

#[tokio::test]
async fn a_small_answer_that_becomes_an_endless_one_stops_at_the_limit() {
    for (status, kind) in [
        ("200 OK", ErrorKind::Decode),
        ("404 Not Found", ErrorKind::NotFound),
        ("503 Service Unavailable", ErrorKind::Server),
    ] {
        let (address, sent) = endless(status).await;
        let server = Server::answering("").await;
        let client = server.builder().base_url(address);
        let client = client.body_limit(1024 * 1024).build().unwrap();
        for (name, creates, call) in CALLS {
            // It never ends, so that this would not either if it were read on.
            let error = call(client.clone()).await.unwrap_err();
            assert_eq!(error.kind(), kind, "{name}: {error}");
            let applied = match error.kind() {
                ErrorKind::Decode if creates => Applied::Yes,
                ErrorKind::Server if creates => Applied::Unknown,
                _ => Applied::No,
            };
            assert_eq!(error.applied(), applied, "{name}: {error}");
            assert!(error.body().is_empty());
        }
        assert!(sent.load(Ordering::Relaxed) > 0);
    }
}

/// A server of gzipped zeros without end, and how many bytes of it were sent.
async fn endless(status: &'static str) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let sent = Arc::<AtomicUsize>::default();
    let count = sent.clone();
    // What comes after the first zeros is the same for all others.
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::best());
    let mut zeros = || {
        encoder.write_all(&[0; 64 * 1024]).unwrap();
        encoder.flush().unwrap();
        let chunk = std::mem::take(encoder.get_mut());
        [format!("{:x}\r\n", chunk.len()).as_bytes(), &chunk, b"\r\n"].concat()
    };
    let head = format!("HTTP/1.1 {status}\r\ncontent-encoding: gzip\r\ntransfer-encoding: chunked\r\n\r\n");
    let begin = Arc::new([head.into_bytes(), zeros()].concat());
    let more = Arc::new(zeros());
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let (count, begin, more) = (count.clone(), begin.clone(), more.clone());
            tokio::spawn(async move {
                let _ = socket.read(&mut [0; 1024]).await;
                let mut bytes = begin;
                while socket.write_all(&bytes).await.is_ok() {
                    count.fetch_add(bytes.len(), Ordering::Relaxed);
                    bytes = more.clone();
                }
            });
        }
    });
    (address, sent)
}

#[tokio::test]
async fn an_unreachable_service_was_sent_nothing() {
    // Bound and not listening: nobody else gets the port, and nobody is there.
    let nobody = tokio::net::TcpSocket::new_v4().unwrap();
    nobody.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = nobody.local_addr().unwrap();
    let server = Server::answering("").await;
    let client = server
        .builder()
        .base_url(format!("http://{address}"))
        .build()
        .unwrap();
    let error = client.tickets().create(ticket()).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.applied()),
        (ErrorKind::Connection, Applied::No),
        "{error}"
    );
}

#[tokio::test]
async fn a_connection_closed_without_an_answer_leaves_a_create_open() {
    let server = Server::answering("").await;
    let error = server.client().tickets().create(ticket()).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.applied()),
        (ErrorKind::OutcomeUnknown, Applied::Unknown),
        "{error}"
    );
    assert_eq!(server.heard().len(), 1, "it is not sent again");
}
