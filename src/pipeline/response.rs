//! A complete answer, and the requests that led to it.

use std::{fmt, pin::Pin, sync::Arc, time::Duration};

use bytes::Bytes;
use chrono::{DateTime, TimeDelta};
use http::{HeaderMap, StatusCode, header};

use super::{credential::Credential, target::Target};
use crate::{
    Result, clock,
    types::{Timestamp, json},
};

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
    pub(crate) target: Target,
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
    pub(crate) fn of(target: Target) -> Self {
        Sent {
            target,
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

    /// When the request was sent, by the clock of the service: the `Date` of the answer, less the time that the answer took. It
    /// is the time of this machine if the answer has no `Date`.
    ///
    /// What changed on the service before this time is in the answer. Ask for later changes from here on.
    pub fn sent_at(&self) -> Timestamp {
        let date = self.headers.get(header::DATE).and_then(|date| date.to_str().ok());
        let date = date.and_then(|date| httpdate::parse_http_date(date).ok());
        let took = TimeDelta::from_std(self.sent.took).unwrap_or_default();
        (date.map_or_else(clock::utc, DateTime::from) - took).into()
    }

    /// The value, without status and headers.
    pub fn into_inner(self) -> T {
        self.value
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::description::Operation;

    #[test]
    fn an_answer_tells_when_its_request_was_sent() {
        let operation = Operation::find("account_get").expect("an operation");
        let mut answer = Response {
            value: (),
            status: StatusCode::OK,
            headers: HeaderMap::new(),
            sent: Sent {
                took: Duration::from_secs(30),
                ..Sent::of(operation.into())
            },
        };
        let now = clock::utc();
        let away = now - answer.sent_at().to_utc();
        assert!((25..=30).contains(&away.num_seconds()), "{away}");
        let date = "Mon, 02 Mar 2026 09:00:10 GMT".parse().expect("a header");
        answer.headers.insert(header::DATE, date);
        assert_eq!(answer.sent_at().to_string(), "2026-03-02T08:59:40Z");
    }
}
