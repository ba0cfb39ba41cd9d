//! Requests as bytes: the client of the library refuses to send some of them, and does not show all of an answer.

use std::{collections::BTreeMap, fmt};

use atera_sandbox::Sandbox;
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// An answer, not decoded.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: BTreeMap<String, String>,
    pub body: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    /// The fields that a problem names.
    pub fn refused_fields(&self) -> Vec<String> {
        assert_eq!(self.headers["content-type"], "application/json; charset=utf-8");
        match &self.json()["errors"] {
            Value::Object(errors) => errors.keys().cloned().collect(),
            _ => Vec::new(),
        }
    }
}

/// Sends a request with the key of the sandbox.
pub async fn ask(sandbox: &Sandbox, method: &str, path: &str, body: &str) -> Answer {
    let key = format!("X-API-KEY: {}\r\n", sandbox.api_key());
    send(sandbox, method, &format!("/api/v3{path}"), &key, body).await
}

/// Gets a path below the base URL, with the key of the sandbox.
pub async fn get(sandbox: &Sandbox, path: &str) -> Answer {
    ask(sandbox, "GET", path, "").await
}

/// Sends a request with these headers.
pub async fn send(sandbox: &Sandbox, method: &str, path: &str, headers: &str, body: &str) -> Answer {
    let base = sandbox.base_url().trim_start_matches("http://");
    let (address, _) = base.split_once('/').expect("a path in the base URL");
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await.expect("to send");
    let mut answer = String::new();
    stream
        .read_to_string(&mut answer)
        .await
        .expect("an answer in UTF-8");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    let mut lines = head.lines();
    let status = lines
        .next()
        .and_then(|line| line.split(' ').nth(1))
        .expect("a status");
    let headers = lines.filter_map(|line| line.split_once(": "));
    Answer {
        status: status.parse().expect("a number"),
        headers: headers
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_string()))
            .collect(),
        body: body.to_string(),
    }
}

/// An object that keeps the order of its names.
#[derive(Debug)]
pub struct Ordered(pub Vec<(String, Box<serde_json::value::RawValue>)>);

impl Ordered {
    pub fn read(json: &str) -> Self {
        serde_json::from_str(json).unwrap_or_else(|error| panic!("{error}: {json}"))
    }

    pub fn names(&self) -> Vec<&str> {
        self.0.iter().map(|(name, _)| name.as_str()).collect()
    }
}

impl<'de> Deserialize<'de> for Ordered {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;

        impl<'de> Visitor<'de> for Pairs {
            type Value = Ordered;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Ordered, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Ordered(pairs))
            }
        }

        deserializer.deserialize_map(Pairs)
    }
}
