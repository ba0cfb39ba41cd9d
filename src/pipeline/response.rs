//! A complete answer, and the requests that led to it.

use std::{fmt, pin::Pin, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, StatusCode};

use super::credential::Credential;
use crate::{Result, description::Operation, types::json};

/// The future of a call that is awaited.
pub type CallFuture<T> = Pin<Box<dyn Future<Output = Result<T>> + Send>>;

/// An answer whose body was read completely.
pub(crate) type Answer = Response<Bytes>;

/// An answer with its status and headers.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Response<T> {
    /// The decoded body, or the body as bytes.
    pub value: T,
    /// HTTP status.
    pub status: StatusCode,
    /// HTTP headers.
    pub headers: HeaderMap,
    pub(crate) sent: Sent,
}

/// The requests that led to an answer.
#[derive(Clone)]
pub(crate) struct Sent {
    /// What was called.
    pub(crate) operation: &'static Operation,
    /// How many requests it took.
    pub(crate) attempts: u32,
    /// From sending the last request to the end of its answer.
    pub(crate) took: Duration,
    /// Whether any request waited for a slot of the rate limit.
    pub(crate) waited: bool,
    /// The key that the last request was sent with.
    pub(crate) credential: Option<Arc<Credential>>,
    /// The host that the requests were sent to.
    pub(crate) host: Option<Arc<str>>,
}

impl fmt::Debug for Sent {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Sent")
            .field("attempts", &self.attempts)
            .finish_non_exhaustive()
    }
}

impl Sent {
    /// One request that was answered; the pipeline fills in the rest.
    pub(crate) fn of(operation: &'static Operation) -> Self {
        Sent {
            operation,
            attempts: 1,
            took: Duration::ZERO,
            waited: false,
            credential: None,
            host: None,
        }
    }

    /// A body without the key in it.
    pub(crate) fn redact_key(&self, body: Bytes) -> Bytes {
        match &self.credential {
            Some(credential) => credential.redact_key(body),
            None => body,
        }
    }

    /// A reason without the key in it.
    pub(crate) fn without_key(&self, reason: &str) -> String {
        let reason = self.redact_key(Bytes::copy_from_slice(reason.as_bytes()));
        String::from_utf8_lossy(&reason).into_owned()
    }
}

impl Response<Bytes> {
    /// Whether the body is empty, or nothing but white space.
    pub fn is_empty(&self) -> bool {
        json::without_bom(&self.value).trim_ascii().is_empty()
    }
}

impl<T> Response<T> {
    /// The same answer with another value.
    pub(crate) fn with<U>(self, value: U) -> Response<U> {
        Response {
            value,
            status: self.status,
            headers: self.headers,
            sent: self.sent,
        }
    }

    /// The value, without status and headers.
    pub fn into_inner(self) -> T {
        self.value
    }
}
