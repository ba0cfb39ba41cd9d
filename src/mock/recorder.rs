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
    /// # Errors
    ///
    /// `Config`, as [`ClientBuilder::build`].
    pub fn client(&self) -> Result<Client> {
        self.builder()?.build()
    }

    /// The same client, to be set up further.
    ///
    /// # Errors
    ///
    /// `Config`, as [`ApiKey::new`](crate::ApiKey::new).
    pub fn builder(&self) -> Result<ClientBuilder> {
        Ok(builder()?.transport(self.clone()))
    }

    /// What was sent so far.
    pub fn sent(&self) -> Vec<Request> {
        lock(&self.sent).clone()
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
