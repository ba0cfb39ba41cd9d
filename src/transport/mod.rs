//! The seam to HTTP: a request goes out, and a status, headers and a stream of the body come back, or a typed fault.
//!
//! Everything above it is tested without sockets, and a program can bring its own: one that records, or that goes
//! through a tunnel. What is sent, and whether again, is decided above; a transport sends once.

mod base_url;
mod certificate;
mod gzip;
mod reqwest;

use std::{error::Error as StdError, fmt, pin::Pin};

use bytes::Bytes;
use futures_util::Stream;
use http::{HeaderMap, Method, StatusCode};
use url::Url;

pub(crate) use self::reqwest::Reqwest;
pub(crate) use base_url::BaseUrl;

/// Sends requests.
pub trait Transport: fmt::Debug + Send + Sync + 'static {
    /// Sends one request, once: no redirect followed, nothing repeated, no header added that names who asks.
    fn send(&self, request: Request) -> ResponseFuture;
}

/// What a [`Transport`] answers.
pub type ResponseFuture = Pin<Box<dyn Future<Output = Result<Response, Fault>> + Send>>;

/// A body on its way, in chunks as they come, decompressed. A body that is cut short ends with a fault.
pub type Body = Pin<Box<dyn Stream<Item = Result<Bytes, Fault>> + Send>>;

/// A request as it is to be sent.
#[derive(Clone)]
#[non_exhaustive]
pub struct Request {
    /// HTTP method.
    pub method: Method,
    /// Where to.
    pub url: Url,
    /// All headers, the key's among them, which is marked sensitive.
    pub headers: HeaderMap,
    /// The body, where there is one.
    pub body: Option<Bytes>,
}

/// An answer, its body still to be read.
#[non_exhaustive]
pub struct Response {
    /// HTTP status.
    pub status: StatusCode,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub body: Body,
    /// Whether nothing but the end of the connection marks the end of the body, as over HTTP/1 without a length and without
    /// chunks. The client looks then whether its JSON is whole.
    pub ends_unmarked: bool,
}

/// Why there is no answer, or not all of it.
#[derive(Debug)]
pub struct Fault {
    reach: Reach,
    timed_out: bool,
    permanent: bool,
    source: Box<dyn StdError + Send + Sync>,
}

/// How far a request came that has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    Unsent,
    Refused,
    Sent,
}

impl Request {
    /// A request without headers and body.
    pub fn new(method: Method, url: Url) -> Self {
        Request {
            method,
            url,
            headers: HeaderMap::new(),
            body: None,
        }
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not the query, which may hold names and addresses of people, and not the body.
        out.debug_struct("Request")
            .field("method", &self.method)
            .field("path", &self.url.path())
            .finish_non_exhaustive()
    }
}

impl Response {
    /// An answer whose body is at hand.
    pub fn new(status: StatusCode, body: impl Into<Bytes>) -> Self {
        let chunk = Ok(body.into());
        let body = Box::pin(futures_util::stream::once(std::future::ready(chunk)));
        Response {
            status,
            headers: HeaderMap::new(),
            body,
            ends_unmarked: false,
        }
    }

    /// An answer whose body comes in pieces.
    pub fn streaming(status: StatusCode, headers: HeaderMap, body: Body) -> Self {
        Response {
            status,
            headers,
            body,
            ends_unmarked: false,
        }
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Response")
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

impl Fault {
    /// Not a byte was sent: the service cannot have seen the request.
    pub fn not_sent(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Fault::new(Reach::Unsent, source.into())
    }

    /// The service turned the request away and gives its word that it did not look at it, as HTTP/2 does by refusing a
    /// stream. It may be counted within the rate limit all the same.
    pub fn refused(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Fault::new(Reach::Refused, source.into())
    }

    /// Something may have been sent: the service may have acted on the request.
    pub fn broken(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Fault::new(Reach::Sent, source.into())
    }

    fn new(reach: Reach, source: Box<dyn StdError + Send + Sync>) -> Self {
        Fault {
            reach,
            timed_out: false,
            permanent: false,
            source,
        }
    }

    /// The same fault, brought about by waiting too long.
    #[must_use]
    pub fn timed_out(mut self) -> Self {
        self.timed_out = true;
        self
    }

    /// The same fault, which the next attempt would meet as well, as it would a certificate that has expired. The request is
    /// not sent again then, and the error tells what the fault displays, which should say what to do.
    #[must_use]
    pub fn permanent(mut self) -> Self {
        self.permanent = true;
        self
    }

    /// Whether the service may have acted on the request.
    pub fn was_sent(&self) -> bool {
        self.reach == Reach::Sent
    }

    /// Whether the service turned the request away without looking at it.
    pub fn was_refused(&self) -> bool {
        self.reach == Reach::Refused
    }

    /// Whether it came of waiting too long.
    pub fn is_timeout(&self) -> bool {
        self.timed_out
    }

    /// Whether the next attempt would meet it as well.
    pub fn is_permanent(&self) -> bool {
        self.permanent
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.source.fmt(out)
    }
}

impl StdError for Fault {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.source()
    }
}
