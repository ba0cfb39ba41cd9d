//! The interface to HTTP: a transport sends a request, and returns a status, headers and a stream of the body, or a typed fault.
//!
//! All other modules are tested with transports without sockets, and a program can use a transport of its own, for example one
//! that records requests or uses a tunnel. A transport sends a request once; the client decides about retries.

mod base_url;
mod certificate;
mod gzip;
mod proxy;
mod reqwest;

use std::{error::Error as StdError, fmt, iter, pin::Pin, sync::Arc};

use bytes::Bytes;
use futures_util::Stream;
use http::{HeaderMap, Method, StatusCode};
use url::Url;

pub(crate) use self::reqwest::Reqwest;
pub(crate) use base_url::BaseUrl;

/// Sends requests.
pub trait Transport: fmt::Debug + Send + Sync + 'static {
    /// Sends the request once: without following redirects, without retries, and without headers that identify the program.
    fn send(&self, request: Request) -> ResponseFuture;
}

/// The future that [`Transport::send`] returns.
pub type ResponseFuture = Pin<Box<dyn Future<Output = Result<Response, Fault>> + Send>>;

/// A decompressed body as a stream of chunks. An incomplete body ends with a fault.
pub type Body = Pin<Box<dyn Stream<Item = Result<Bytes, Fault>> + Send>>;

/// A request that is ready to be sent.
#[derive(Clone)]
#[non_exhaustive]
pub struct Request {
    /// HTTP method.
    pub method: Method,
    /// The address, with its query.
    pub url: Url,
    /// All headers, including the one with the key, which is marked sensitive.
    pub headers: HeaderMap,
    /// The body, if there is one.
    pub body: Option<Bytes>,
}

/// An answer whose body is not read yet.
#[non_exhaustive]
pub struct Response {
    /// HTTP status.
    pub status: StatusCode,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub body: Body,
    /// Whether only the end of the connection marks the end of the body, as over HTTP/1 without a length and without chunked
    /// encoding. The client then checks that the JSON is complete.
    pub ends_unmarked: bool,
}

/// Why there is no answer, or only a part of it.
#[derive(Debug)]
pub struct Fault {
    reach: Reach,
    timed_out: bool,
    permanent: bool,
    proxy: Option<Arc<str>>,
    source: Box<dyn StdError + Send + Sync>,
}

/// How far a request without an answer got.
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
        // Without the query and the body, which may hold names and addresses of people.
        out.debug_struct("Request")
            .field("method", &self.method)
            .field("path", &self.url.path())
            .finish_non_exhaustive()
    }
}

impl Response {
    /// An answer with this body.
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

    /// An answer whose body is a stream.
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
    /// Nothing was sent, so the service cannot have seen the request.
    pub fn not_sent(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Fault::new(Reach::Unsent, source.into())
    }

    /// The service refused the request and guarantees that it did not process it, as HTTP/2 does by refusing a stream. The
    /// service may still count the request for its rate limit.
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
            proxy: None,
            source,
        }
    }

    /// The same fault, marked as a timeout.
    #[must_use]
    pub fn timed_out(mut self) -> Self {
        self.timed_out = true;
        self
    }

    /// The same fault, marked as permanent: the next attempt would fail in the same way, for example because a certificate has
    /// expired. The request is then not retried, and the message of the error has the `Display` of the fault, which should say
    /// what to do.
    #[must_use]
    pub fn permanent(mut self) -> Self {
        self.permanent = true;
        self
    }

    /// The same fault, of a request that went through a proxy. The message of an error then names the proxy, so this is its host
    /// and port, without a user name or a password.
    #[must_use]
    pub fn through_proxy(mut self, proxy: impl Into<Arc<str>>) -> Self {
        self.proxy = Some(proxy.into());
        self
    }

    /// Whether the service may have acted on the request.
    pub fn was_sent(&self) -> bool {
        self.reach == Reach::Sent
    }

    /// Whether the service refused the request without processing it.
    pub fn was_refused(&self) -> bool {
        self.reach == Reach::Refused
    }

    /// Whether it is a timeout.
    pub fn is_timeout(&self) -> bool {
        self.timed_out
    }

    /// Whether the next attempt would fail in the same way.
    pub fn is_permanent(&self) -> bool {
        self.permanent
    }

    /// What it comes from, each with its own cause after it.
    pub(crate) fn causes(&self) -> impl Iterator<Item = &(dyn StdError + 'static)> {
        let first: &(dyn StdError + 'static) = &*self.source;
        iter::successors(Some(first), |&cause| cause.source())
    }

    /// The proxy that the request went through, if there was one.
    pub fn proxy(&self) -> Option<&str> {
        self.proxy.as_deref()
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
