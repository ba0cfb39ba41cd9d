//! The built-in transport against real sockets: what it sends byte by byte, and what it makes of odd answers.

use std::{
    io::Write,
    sync::{Arc, Mutex},
};

use atera::{ApiKey, Applied, Client, ClientBuilder, ErrorKind, RetryPolicy, types::CreateTicket};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

const KEY: &str = "canary0123456789canary0123456789";

/// A server that gives each connection the same bytes and then closes it.
struct Server {
    address: String,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Server {
    async fn answering(bytes: impl Into<Vec<u8>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let (bytes, heard) = (bytes.into(), Arc::<Mutex<Vec<String>>>::default());
        let server = Server {
            address,
            heard: heard.clone(),
        };
        tokio::spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                let request = read_request(&mut socket).await;
                heard.lock().unwrap().push(request);
                let _ = socket.write_all(&bytes).await;
                let _ = socket.shutdown().await;
            }
        });
        server
    }

    fn builder(&self) -> ClientBuilder {
        Client::builder()
            .api_key(ApiKey::new(KEY).unwrap())
            .base_url(format!("{}/api/v3", self.address))
            .retry(RetryPolicy::never())
    }

    fn client(&self) -> Client {
        self.builder().build().unwrap()
    }

    fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }
}

/// A request to its last byte, by its `content-length`.
async fn read_request(socket: &mut tokio::net::TcpStream) -> String {
    let mut request = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&request).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "));
            if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
                return text;
            }
        }
        match socket.read_buf(&mut request).await {
            Ok(0) | Err(_) => return text,
            Ok(_) => {}
        }
    }
}

fn answer(head: &str, body: &str) -> String {
    format!("HTTP/1.1 {head}\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

fn ticket() -> CreateTicket {
    CreateTicket {
        end_user_id: Some(7),
        ..CreateTicket::new("Printer", "on fire")
    }
}

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
            format!("x-api-key: {KEY}"),
        ]
    );
    assert_eq!(
        body,
        r#"{"TicketTitle":"Printer","Description":"on fire","EndUserID":7}"#
    );
}

#[tokio::test]
async fn no_redirect_is_followed_and_the_key_stays_here() {
    let elsewhere = Server::answering(answer("200 OK", r#"{"TicketID": 1}"#)).await;
    for status in [
        "301 Moved",
        "302 Found",
        "303 See Other",
        "307 Temporary",
        "308 Permanent",
    ] {
        let location = format!("{status}\r\nlocation: {}/api/v3/tickets/1", elsewhere.address);
        let server = Server::answering(answer(&location, "")).await;
        let error = server.client().tickets().get(1).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Server, "{error}");
        let error = server.client().tickets().create(ticket()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Server, "{error}");
    }
    assert_eq!(elsewhere.heard().len(), 0);
}

#[tokio::test]
async fn a_compressed_answer_is_read() {
    let json = r#"{"TicketID": 54321}"#;
    let server = Server::answering(gzipped(json.as_bytes())).await;
    assert_eq!(
        server.client().tickets().get(54321).await.unwrap().ticket_id,
        Some(54321)
    );
}

#[tokio::test]
async fn a_small_answer_that_becomes_a_large_one_stops_at_the_limit() {
    let server = Server::answering(gzipped(&vec![b' '; 64 * 1024 * 1024])).await;
    let error = server.client().tickets().get(54321).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert!(
        error.to_string().contains("longer than 16777216 bytes"),
        "{error}"
    );
}

fn gzipped(body: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(body).unwrap();
    let body = encoder.finish().unwrap();
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    [head.into_bytes(), body].concat()
}

#[tokio::test]
async fn an_answer_cut_at_any_byte_is_never_taken_for_a_whole_one() {
    let whole = r#"{"TicketID": 54321, "TicketTitle": "Printer"}"#;
    let plain = answer("200 OK", whole).into_bytes();
    let chunked = format!(
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n{whole}\r\n0\r\n\r\n",
        whole.len()
    );
    for bytes in [plain, chunked.into_bytes(), gzipped(whole.as_bytes())] {
        let all = Server::answering(bytes.clone()).await;
        assert!(all.client().tickets().get(54321).await.is_ok());
        // One client for all of them, as setting up TLS is what takes the time.
        let cut = Arc::new(Mutex::new(0));
        let server = cutting(bytes.clone(), cut.clone()).await;
        let client = server.client();
        for length in 0..bytes.len() {
            *cut.lock().unwrap() = length;
            let error = client
                .tickets()
                .get(54321)
                .await
                .map(|_| ())
                .expect_err("a cut answer");
            assert!(
                matches!(error.kind(), ErrorKind::Connection | ErrorKind::Decode),
                "{length}: {error}"
            );
        }
    }
}

/// A server that cuts its answer where it is told at the time.
async fn cutting(bytes: Vec<u8>, cut: Arc<Mutex<usize>>) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            read_request(&mut socket).await;
            let length = *cut.lock().unwrap();
            let _ = socket.write_all(&bytes[..length]).await;
            let _ = socket.shutdown().await;
        }
    });
    Server {
        address,
        heard: Arc::default(),
    }
}

#[tokio::test]
async fn an_unreachable_service_was_sent_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let key = ApiKey::new(KEY).unwrap();
    let client = Client::builder()
        .api_key(key)
        .base_url(format!("http://{address}"))
        .retry(RetryPolicy::never())
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
