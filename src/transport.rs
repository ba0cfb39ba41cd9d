//! The seam to HTTP: a request goes out, and a status, headers and a stream of the body come back, or a typed fault.
//!
//! Everything above it is tested without sockets, and a program can bring its own: one that records, or that goes
//! through a tunnel. What is sent, and whether again, is decided above; a transport sends once.

use std::{error::Error as StdError, fmt, io, iter, pin::Pin, sync::Arc, time::Duration};

use async_compression::tokio::bufread::GzipDecoder;
use bytes::Bytes;
use futures_util::{Stream, StreamExt, TryStreamExt, stream};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Version, header};
use rustls_platform_verifier::BuilderVerifierExt;
use tokio_util::io::{ReaderStream, StreamReader};
use url::Url;

use crate::{Error, Result};

/// Sends requests.
pub trait Transport: fmt::Debug + Send + Sync + 'static {
    /// Sends one request, once: no redirect followed, nothing repeated, no header added that names who asks.
    fn send(&self, request: Request) -> Answering;
}

/// An answer on its way.
pub type Answering = Pin<Box<dyn Future<Output = Result<Response, Fault>> + Send>>;

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

/// The transport that is used unless another is given.
#[derive(Clone, Debug)]
pub(crate) struct Reqwest(reqwest::Client);

impl Reqwest {
    /// A client that does no more than a transport may: it follows no redirect (`X-API-KEY` would go along to another
    /// host), repeats nothing, and tells no `Referer`.
    pub(crate) fn new(connect_timeout: Duration, proxies: bool) -> Result<Self> {
        let mut tls = tls()?
            .with_platform_verifier()
            .map_err(|error| tls_failed(error.into()))?
            .with_no_client_auth();
        // reqwest offers no protocol of its own accord where TLS is set up for it.
        tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let mut builder = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .connect_timeout(connect_timeout)
            // Shorter than what servers and their load balancers usually keep, so that no request meets a connection
            // that is being closed.
            .pool_idle_timeout(Duration::from_secs(45))
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            // Bodies are unpacked here, whatever codings another crate of the program has turned on.
            .no_gzip()
            .no_brotli()
            .no_deflate()
            .no_zstd();
        if !proxies {
            builder = builder.no_proxy();
        }
        builder
            .build()
            .map(Reqwest)
            .map_err(|error| tls_failed(error.into()))
    }
}

/// TLS with a provider of this client's own, so that a program's choice for its other connections stays as it is.
fn tls() -> Result<rustls::ConfigBuilder<rustls::ClientConfig, rustls::WantsVerifier>> {
    rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| tls_failed(error.into()))
}

fn tls_failed(error: Box<dyn StdError + Send + Sync>) -> Error {
    let where_from = match READS_SSL_CERT_FILE {
        true => ", or those that SSL_CERT_FILE and SSL_CERT_DIR name",
        false => "",
    };
    Error::config(format!(
        "TLS cannot be set up; check the system's certificates{where_from}"
    ))
    .with_source(error)
}

impl Transport for Reqwest {
    fn send(&self, mut request: Request) -> Answering {
        let gzip = HeaderValue::from_static(GZIP);
        request.headers.insert(header::ACCEPT_ENCODING, gzip);
        let mut outgoing = reqwest::Request::new(request.method, request.url);
        *outgoing.headers_mut() = request.headers;
        *outgoing.body_mut() = request.body.map(reqwest::Body::from);
        let sending = self.0.execute(outgoing);
        Box::pin(async move {
            let mut answer = sending.await.map_err(fault)?;
            let (status, mut headers) = (answer.status(), std::mem::take(answer.headers_mut()));
            let is_framed = [header::CONTENT_LENGTH, header::TRANSFER_ENCODING]
                .iter()
                .any(|name| headers.contains_key(name));
            // A 204 and a 304 end with their headers.
            let has_body = !matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
            let ends_unmarked = answer.version() < Version::HTTP_2 && !is_framed && has_body;
            let body = Box::pin(answer.bytes_stream().map_err(fault));
            let body = match is_gzip(&headers) {
                true => {
                    headers.remove(header::CONTENT_ENCODING);
                    headers.remove(header::CONTENT_LENGTH);
                    unzipped(body)
                }
                false => body,
            };
            Ok(Response {
                status,
                headers,
                body,
                ends_unmarked,
            })
        })
    }
}

/// The one coding of bodies that is asked for.
const GZIP: &str = "gzip";

fn is_gzip(headers: &HeaderMap) -> bool {
    let codings = headers.get_all(header::CONTENT_ENCODING).iter();
    codings.filter_map(|coding| coding.to_str().ok()).any(|coding| {
        coding.trim().eq_ignore_ascii_case(GZIP) || coding.trim().eq_ignore_ascii_case("x-gzip")
    })
}

/// A body that comes as gzip, of as many members as there are. One without a byte is empty, and not gzip that was cut short.
fn unzipped(mut body: Body) -> Body {
    let body = async move {
        Ok::<Body, Fault>(match body.try_next().await? {
            Some(first) => members(Box::pin(stream::iter([Ok(first)]).chain(body))),
            None => body,
        })
    };
    Box::pin(stream::once(body).try_flatten())
}

fn members(body: Body) -> Body {
    let mut decoder = GzipDecoder::new(StreamReader::new(body.map_err(io::Error::other)));
    decoder.multiple_members(true);
    let chunks = ReaderStream::with_capacity(decoder, CHUNK);
    Box::pin(chunks.map_err(|error| match error.downcast::<Fault>() {
        Ok(fault) => fault,
        Err(error) => Fault::broken(error),
    }))
}

/// How much is unpacked at a time, in bytes.
const CHUNK: usize = 32 * 1024;

/// reqwest's error as a fault. Its address is taken off, for it has the query in it.
fn fault(error: reqwest::Error) -> Fault {
    if let Some(error) = certificate_error(&error) {
        return Fault::not_sent(UntrustedCertificate(error)).permanent();
    }
    let reach = match () {
        () if error.is_connect() || error.is_builder() => Reach::Unsent,
        () if is_refusal(&error) => Reach::Refused,
        () => Reach::Sent,
    };
    let timed_out = error.is_timeout();
    let fault = Fault::new(reach, error.without_url().into());
    if timed_out { fault.timed_out() } else { fault }
}

/// What is wrong with the certificate, if that is what kept a connection from being made.
fn certificate_error(error: &reqwest::Error) -> Option<rustls::Error> {
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(error @ rustls::Error::InvalidCertificate(_)) = error.downcast_ref() {
            return Some(error.clone());
        }
        // An I/O error takes the source of what it holds for its own, so that it is asked for what it holds.
        let held = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        cause = held.map_or_else(|| error.source(), |held| Some(held));
    }
    None
}

/// The service has a certificate that is not trusted.
#[derive(Debug)]
struct UntrustedCertificate(rustls::Error);

impl fmt::Display for UntrustedCertificate {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        use rustls::CertificateError::{
            BadSignature, Expired, ExpiredContext, NotValidForName, NotValidForNameContext, NotValidYet,
            NotValidYetContext, Revoked, UnknownIssuer,
        };

        let rustls::Error::InvalidCertificate(error) = &self.0 else {
            return self.0.fmt(out);
        };
        out.write_str(match error {
            Expired | ExpiredContext { .. } => {
                "the certificate of the service has expired; check this machine's clock, or ask whoever runs the service or \
                 a proxy before it to renew it"
            }
            NotValidYet | NotValidYetContext { .. } => {
                "the certificate of the service is not valid yet; check this machine's clock"
            }
            NotValidForName | NotValidForNameContext { .. } => {
                "the certificate of the service is for another name; check the base URL, and whether a proxy answers"
            }
            Revoked => "the certificate of the service was revoked; ask whoever runs it for a new one",
            // An authority of the same name as one that is known, with another key, leaves a bad signature.
            UnknownIssuer | BadSignature if READS_SSL_CERT_FILE => {
                "the certificate of the service is from an unknown authority; if it is a proxy's that you trust, add that \
                 authority to those of the system, or to the file that SSL_CERT_FILE names, which is read in their place"
            }
            UnknownIssuer | BadSignature => {
                "the certificate of the service is from an unknown authority; if it is a proxy's that you trust, add that \
                 authority to those that the system trusts"
            }
            _ => "the certificate of the service is not accepted; ask whoever runs it, or a proxy before it",
        })
    }
}

impl StdError for UntrustedCertificate {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&self.0)
    }
}

/// Whether the verifier of certificates reads files, and so the one that this variable names. Elsewhere it asks the system.
const READS_SSL_CERT_FILE: bool = cfg!(all(
    unix,
    not(target_os = "android"),
    not(target_vendor = "apple")
));

/// Whether the service refused the HTTP/2 stream, or was shutting down and told that it will not look at it: by RFC 9113,
/// section 8.7, nothing has been done then.
fn is_refusal(error: &reqwest::Error) -> bool {
    let causes = iter::successors(error.source(), |&cause| cause.source());
    causes
        .filter_map(|cause| cause.downcast_ref::<h2::Error>())
        .any(|error| {
            let reset = error.is_reset() && error.reason() == Some(h2::Reason::REFUSED_STREAM);
            let shutdown = error.is_go_away() && error.reason() == Some(h2::Reason::NO_ERROR);
            error.is_remote() && (reset || shutdown)
        })
}
