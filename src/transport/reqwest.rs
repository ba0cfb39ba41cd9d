//! The default transport: reqwest, without redirects, retries and other features that a transport must not have.

use std::{error::Error as StdError, iter, sync::Arc, time::Duration};

use futures_util::TryStreamExt;
use http::{HeaderValue, StatusCode, Version, header};
use rustls_platform_verifier::BuilderVerifierExt;

use super::{
    BaseUrl, Fault, Reach, Request, Response, ResponseFuture, Transport,
    certificate::{READS_SSL_CERT_FILE, UntrustedCertificate, certificate_error},
    gzip::{GZIP, is_gzip, unzipped},
    proxy::proxy_for,
};
use crate::{Error, Result};

/// The default transport.
#[derive(Clone, Debug)]
pub(crate) struct Reqwest {
    client: reqwest::Client,
    /// The proxy that requests go through, if there is one.
    proxy: Option<Arc<str>>,
}

impl Reqwest {
    /// A client that follows no redirect (that would send `X-API-KEY` to another host), retries nothing, and sends no `Referer`.
    /// Requests to other machines go through the proxies of the system.
    pub(crate) fn new(connect_timeout: Duration, base_url: &BaseUrl) -> Result<Self> {
        let mut tls = tls()?
            .with_platform_verifier()
            .map_err(|error| tls_failed(error.into()))?
            .with_no_client_auth();
        // reqwest does not set ALPN protocols when TLS is preconfigured.
        tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let mut builder = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .connect_timeout(connect_timeout)
            // Shorter than the usual idle timeout of servers and load balancers, so that no request is sent on a
            // connection that is being closed.
            .pool_idle_timeout(Duration::from_secs(45))
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            // This module decompresses bodies, whichever features of reqwest another crate has turned on.
            .no_gzip()
            .no_brotli()
            .no_deflate()
            .no_zstd();
        let proxy = match base_url.is_loopback() {
            true => {
                builder = builder.no_proxy();
                None
            }
            false => proxy_for(&base_url.join("")),
        };
        let client = builder.build().map_err(|error| tls_failed(error.into()))?;
        Ok(Reqwest { client, proxy })
    }
}

/// TLS with a crypto provider of this client, so that it does not change the default provider of the program.
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
    fn send(&self, mut request: Request) -> ResponseFuture {
        let gzip = HeaderValue::from_static(GZIP);
        request.headers.insert(header::ACCEPT_ENCODING, gzip);
        let mut outgoing = reqwest::Request::new(request.method, request.url);
        *outgoing.headers_mut() = request.headers;
        *outgoing.body_mut() = request.body.map(reqwest::Body::from);
        let sending = self.client.execute(outgoing);
        let proxy = self.proxy.clone();
        Box::pin(async move {
            let mut answer = sending.await.map_err(|error| {
                let fault = fault(error);
                match proxy {
                    Some(proxy) => fault.through_proxy(proxy),
                    None => fault,
                }
            })?;
            let (status, mut headers) = (answer.status(), std::mem::take(answer.headers_mut()));
            let is_framed = [header::CONTENT_LENGTH, header::TRANSFER_ENCODING]
                .iter()
                .any(|name| headers.contains_key(name));
            // A 204 and a 304 have no body.
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

/// Converts an error of reqwest to a fault, without its URL, because that has the query.
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

/// Whether the service refused the HTTP/2 stream, or was shutting down and will not process it: RFC 9113, section 8.7,
/// guarantees that the request was not processed then.
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
