//! `--dry-run`: shows the request that would be sent.
//!
//! The call goes through the client as any other, with a transport that hands the request over instead of sending it. So the
//! output is the request of the client itself, down to its headers, and not a guess of the command. Of a list it is the first
//! page. The key is hidden.
//!
//! ```text
//! POST https://app.atera.com/api/v3/tickets/54321
//! accept: application/json
//! content-type: application/json
//! user-agent: atera/0.1.0
//! x-api-key: (hidden)
//!
//! {
//!   "TicketStatus": "Resolved"
//! }
//! ```

use std::{
    collections::BTreeMap,
    io::{self, Write},
    sync::Mutex,
};

use atera::{
    Client,
    transport::{Request, ResponseFuture, Transport},
};
use tokio::sync::oneshot;

use crate::{input::connection::Connection, output::failure::Failure};

/// Prints the request that a call makes. Nothing is sent, and no slot of the rate limit is taken on this machine.
///
/// # Errors
///
/// If the client refuses the call before it would send it.
pub(crate) async fn show<T>(
    connection: &Connection,
    call: impl AsyncFnOnce(Client) -> atera::Result<T>,
) -> Result<(), Failure> {
    let (hand_over, handed_over) = oneshot::channel();
    let capture = Capture(Mutex::new(Some(hand_over)));
    let client = connection.builder().transport(capture).build()?;
    let request = tokio::select! {
        biased;
        Ok(request) = handed_over => request,
        // The transport never answers, so a call that ends was refused before it was sent.
        result = call(client) => return Ok(result.map(|_| ())?),
    };
    let mut out = io::stdout().lock();
    out.write_all(shown(&request).as_bytes())?;
    Ok(out.flush()?)
}

/// A request as text: method and address, headers in order, and the body as indented JSON. Sensitive headers are hidden.
fn shown(request: &Request) -> String {
    let mut text = format!("{} {}\n", request.method, request.url);
    let headers: BTreeMap<_, _> = request
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), value))
        .collect();
    for (name, value) in headers {
        let value = match value.is_sensitive() {
            true => "(hidden)".into(),
            false => String::from_utf8_lossy(value.as_bytes()),
        };
        text.push_str(&format!("{name}: {value}\n"));
    }
    if let Some(body) = &request.body {
        let json = serde_json::from_slice::<serde_json::Value>(body);
        let body = json.and_then(|json| serde_json::to_string_pretty(&json));
        text.push_str(&format!("\n{}\n", body.unwrap_or_default()));
    }
    text
}

/// A transport that hands over the first request and never answers.
#[derive(Debug)]
struct Capture(Mutex<Option<oneshot::Sender<Request>>>);

impl Transport for Capture {
    fn send(&self, request: Request) -> ResponseFuture {
        let hand_over = self.0.lock().ok().and_then(|mut it| it.take());
        if let Some(hand_over) = hand_over {
            let _ = hand_over.send(request);
        }
        Box::pin(std::future::pending())
    }
}
