//! A transport without sockets.

use std::{
    fmt,
    sync::{Arc, Mutex},
};

use http::StatusCode;

use super::builder;
use crate::{
    Client, ClientBuilder, Result,
    sync::lock,
    transport::{Fault, Request, Response, ResponseFuture, Transport},
};

/// A transport that records requests and answers them without a network. A clone is the same recorder.
#[derive(Clone)]
pub struct Recorder {
    sent: Arc<Mutex<Vec<Request>>>,
    answer: Arc<Answer>,
}

type Answer = dyn Fn(&Request) -> ResponseFuture + Send + Sync;

impl Recorder {
    /// Answers each request at once with the result of the function, an answer or a fault.
    pub fn new(answer: impl Fn(&Request) -> Result<Response, Fault> + Send + Sync + 'static) -> Self {
        Recorder::in_time(move |request| Box::pin(std::future::ready(answer(request))))
    }

    /// Answers each request with the future of the function, which may take time.
    pub fn in_time(answer: impl Fn(&Request) -> ResponseFuture + Send + Sync + 'static) -> Self {
        Recorder {
            sent: Arc::default(),
            answer: Arc::new(answer),
        }
    }

    /// Answers every request with this status and body.
    ///
    /// # Panics
    ///
    /// If the status is not one of HTTP.
    pub fn answering(status: u16, body: impl Into<String>) -> Self {
        let (status, body) = (StatusCode::from_u16(status), body.into());
        let status = status.expect("a status of HTTP");
        Recorder::new(move |_| Ok(Response::new(status, body.clone())))
    }

    /// A client that sends through this recorder, without retries and with a unique key.
    ///
    /// # Panics
    ///
    /// Never: the client needs neither a network nor TLS.
    pub fn client(&self) -> Client {
        self.builder()
            .build()
            .expect("nothing of the client has to be set up")
    }

    /// The builder of such a client, for more settings.
    pub fn builder(&self) -> ClientBuilder {
        builder().transport(self.clone())
    }

    /// The requests that were sent so far.
    pub fn sent(&self) -> Vec<Request> {
        lock(&self.sent).clone()
    }

    /// The only request that was sent.
    ///
    /// # Panics
    ///
    /// If more were sent, or none.
    pub fn only(&self) -> Request {
        let sent = self.sent();
        assert_eq!(sent.len(), 1, "one request was expected, not {sent:?}");
        sent.into_iter().next().expect("one request")
    }
}

impl Transport for Recorder {
    fn send(&self, request: Request) -> ResponseFuture {
        let answer = (self.answer)(&request);
        lock(&self.sent).push(request);
        answer
    }
}

impl fmt::Debug for Recorder {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Recorder")
            .field("sent", &self.sent())
            .finish_non_exhaustive()
    }
}
