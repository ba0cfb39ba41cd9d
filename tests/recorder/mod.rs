//! A transport without sockets: it notes what is sent, and answers what the test says.

#![allow(dead_code, reason = "each test file uses its part of it")]

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use atera::{
    ApiKey, Client, ClientBuilder, RetryPolicy,
    transport::{Fault, Request, Response, ResponseFuture, Transport},
};
use http::StatusCode;

/// A key that no message, snapshot or address may show.
pub const KEY: &str = "canary0123456789canary0123456789";

type Answer = dyn Fn(&Request) -> ResponseFuture + Send + Sync;

/// Notes requests and answers them.
#[derive(Clone)]
pub struct Recorder {
    sent: Arc<Mutex<Vec<Request>>>,
    answer: Arc<Answer>,
    key: String,
}

impl Recorder {
    /// Answers at once, by the function.
    pub fn new(answer: impl Fn(&Request) -> Result<Response, Fault> + Send + Sync + 'static) -> Self {
        Recorder::in_time(move |request| Box::pin(std::future::ready(answer(request))))
    }

    /// Answers when the future of the function does.
    pub fn in_time(answer: impl Fn(&Request) -> ResponseFuture + Send + Sync + 'static) -> Self {
        // Each has a key of its own: clients with the same key share a limit, even across tests.
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        Recorder {
            sent: Arc::default(),
            answer: Arc::new(answer),
            key: format!("{KEY}{number}"),
        }
    }

    /// Answers everything alike.
    pub fn answering(status: u16, body: impl Into<String>) -> Self {
        let (status, body) = (StatusCode::from_u16(status).unwrap(), body.into());
        Recorder::new(move |_| Ok(Response::new(status, body.clone())))
    }

    /// A client that sends through it.
    pub fn client(&self) -> Client {
        self.builder().build().unwrap()
    }

    /// A client that sends through it, everything once, to be set up further.
    pub fn builder(&self) -> ClientBuilder {
        Client::builder()
            .api_key(ApiKey::new(self.key.as_str()).unwrap())
            .transport(self.clone())
            .retry(RetryPolicy::never())
    }

    /// What was sent so far.
    pub fn sent(&self) -> Vec<Request> {
        self.sent.lock().unwrap().clone()
    }

    /// The one request that was sent.
    pub fn only(&self) -> Request {
        let sent = self.sent();
        assert_eq!(sent.len(), 1, "{sent:?}");
        sent.into_iter().next().unwrap()
    }
}

impl std::fmt::Debug for Recorder {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Recorder")
    }
}

impl Transport for Recorder {
    fn send(&self, request: Request) -> ResponseFuture {
        let answer = (self.answer)(&request);
        self.sent.lock().unwrap().push(request);
        answer
    }
}
