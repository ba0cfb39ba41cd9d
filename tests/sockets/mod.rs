//! Servers on loopback sockets that answer any bytes and hear every byte that is sent.

#![allow(dead_code, reason = "each test file uses its part of it")]

pub mod child;
pub mod http2;

use std::{
    io::Write,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use atera::{ApiKey, Client, ClientBuilder, RetryPolicy, types::CreateTicket};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// A key that no other client has: clients with the same key share a limit, even across tests.
pub fn legacy_key() -> String {
    static COUNT: AtomicUsize = AtomicUsize::new(100_000);
    format!(
        "canary0123456789canary0123{}",
        COUNT.fetch_add(1, Ordering::Relaxed)
    )
}

/// The same as a JWT, which is over since 2026 began, or never.
pub fn jwt(expired: bool) -> String {
    let part = |text: &str| BASE64_URL_SAFE_NO_PAD.encode(text);
    let exp = if expired { 1_767_225_600_i64 } else { 4_102_444_800 };
    let (claims, signature) = (format!(r#"{{"exp":{exp}}}"#), legacy_key());
    format!(
        "{}.{}.{}",
        part(r#"{"alg":"HS256"}"#),
        part(&claims),
        part(&signature)
    )
}

/// A server that answers the one request of each connection and then closes it.
pub struct Server {
    pub address: String,
    pub key: String,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Answers by the function, which is told the request.
    pub async fn new(answer: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Server {
            address: format!("http://{}", listener.local_addr().unwrap()),
            key: legacy_key(),
            heard: Arc::default(),
        };
        let (answer, heard) = (Arc::new(answer), server.heard.clone());
        tokio::spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                let (answer, heard) = (answer.clone(), heard.clone());
                tokio::spawn(async move {
                    let request = read_request(&mut socket).await;
                    let bytes = answer(&request);
                    heard.lock().unwrap().push(request);
                    let _ = socket.write_all(&bytes).await;
                    let _ = socket.shutdown().await;
                });
            }
        });
        server
    }

    /// Answers everything alike.
    pub async fn answering(bytes: impl Into<Vec<u8>>) -> Self {
        let bytes = bytes.into();
        Server::new(move |_| bytes.clone()).await
    }

    /// A client that sends everything once, to be set up further.
    pub fn builder(&self) -> ClientBuilder {
        Client::builder()
            .api_key(ApiKey::new(self.key.as_str()).unwrap())
            .base_url(format!("{}/api/v3", self.address))
            .retry(RetryPolicy::never())
    }

    pub fn client(&self) -> Client {
        self.builder().build().unwrap()
    }

    /// The requests that came, or as much of each as did.
    pub fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }
}

/// A request to its last byte, by its `content-length`.
pub async fn read_request(socket: &mut TcpStream) -> String {
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

/// An answer whose head may go on after the status: `302 Found\r\nlocation: …`.
pub fn answer(head: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let head = format!(
        "HTTP/1.1 {head}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

/// The same, its body in two chunks.
pub fn chunked(head: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    let (one, two) = body.as_ref().split_at(body.as_ref().len() / 2);
    let mut bytes =
        format!("HTTP/1.1 {head}\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n").into_bytes();
    for chunk in [one, two, b""] {
        bytes.extend(format!("{:x}\r\n", chunk.len()).into_bytes());
        bytes.extend([chunk, b"\r\n"].concat());
    }
    bytes
}

pub fn gzip(body: impl AsRef<[u8]>) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(body.as_ref()).unwrap();
    encoder.finish().unwrap()
}

/// One answer in all the ways in which it can be sent.
pub fn in_every_coding(status: &str, body: &str) -> [(&'static str, Vec<u8>); 4] {
    let compressed = format!("{status}\r\ncontent-encoding: gzip");
    [
        ("plain", answer(status, body)),
        ("chunked", chunked(status, body)),
        ("gzip", answer(&compressed, gzip(body))),
        ("gzip, chunked", chunked(&compressed, gzip(body))),
    ]
}

pub fn ticket() -> CreateTicket {
    CreateTicket {
        end_user_id: Some(7),
        ..CreateTicket::new("Printer", "on fire")
    }
}
