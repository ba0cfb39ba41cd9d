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

/// Notes what is sent, and answers it, without a network. A clone is the same recorder.
#[derive(Clone)]
pub struct Recorder {
    sent: Arc<Mutex<Vec<Request>>>,
    answer: Arc<Answer>,
}

type Answer = dyn Fn(&Request) -> ResponseFuture + Send + Sync;

impl Recorder {
    /// Answers at once, by the function, which may also tell what went wrong on the way.
    pub fn new(answer: impl Fn(&Request) -> Result<Response, Fault> + Send + Sync + 'static) -> Self {
        Recorder::in_time(move |request| Box::pin(std::future::ready(answer(request))))
    }

    /// Answers when the future of the function does.
    pub fn in_time(answer: impl Fn(&Request) -> ResponseFuture + Send + Sync + 'static) -> Self {
        Recorder {
            sent: Arc::default(),
            answer: Arc::new(answer),
        }
    }

    /// Answers everything alike.
    ///
    /// # Panics
    ///
    /// If the status is not one of HTTP.
    pub fn answering(status: u16, body: impl Into<String>) -> Self {
        let (status, body) = (StatusCode::from_u16(status), body.into());
        let status = status.expect("a status of HTTP");
        Recorder::new(move |_| Ok(Response::new(status, body.clone())))
    }

    /// A client that sends through it, everything once, with a key of its own.
    ///
    /// # Panics
    ///
    /// Never: the client needs neither a network nor TLS.
    pub fn client(&self) -> Client {
        self.builder()
            .build()
            .expect("nothing of the client has to be set up")
    }

    /// The same client, to be set up further.
    pub fn builder(&self) -> ClientBuilder {
        builder().transport(self.clone())
    }

    /// What was sent so far.
    pub fn sent(&self) -> Vec<Request> {
        lock(&self.sent).clone()
    }

    /// The one request that was sent.
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
