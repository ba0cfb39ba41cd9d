//! Which faults a request meets, and what they do to its answer.

use std::{io, time::Duration};

use atera::description::Operation;
use axum::{
    body::{Body, Bytes},
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use fastrand::Rng;
use futures_util::{StreamExt, stream};

use super::fault::{FaultKind, Faults};
use crate::http::{Answer, Dialect, Problem, empty, too_many_requests};

/// The faults that are set, and how often requests have met them.
#[derive(Debug)]
pub(crate) struct FaultPlan {
    faults: Faults,
    /// How many requests have met each fault.
    times: Vec<u32>,
    rng: Rng,
}

/// The faults that one request meets.
#[derive(Debug, Default)]
pub(crate) struct RequestFaults {
    latency: Duration,
    /// Keeps the request from being carried out.
    before: Option<FaultKind>,
    /// Changes or replaces the answer.
    after: Option<FaultKind>,
    /// A random number, for a kind that has several forms.
    random: usize,
}

/// What happens to a request that is not carried out.
pub(crate) enum EarlyOutcome {
    /// It is answered with this.
    Response(Response),
    /// Its connection is reset.
    Reset,
}

/// A host that cannot exist (RFC 6761). A client that sends its key there is found out without the key going anywhere.
const FOREIGN_HOST: &str = "https://elsewhere.invalid";

/// The page with which a proxy answers when the service behind it does not.
const BAD_GATEWAY_PAGE: &str = "<!DOCTYPE html>\n<html><head><title>502 Bad Gateway</title></head>\n<body><center><h1>502 Bad Gateway</h1></center></body></html>\n";

impl FaultPlan {
    /// A plan whose random numbers come from the seed of the sandbox.
    pub(crate) fn new(faults: Faults, seed: u64) -> Self {
        FaultPlan {
            times: vec![0; faults.0.len()],
            faults,
            rng: Rng::with_seed(seed),
        }
    }

    pub(crate) fn faults(&self) -> &Faults {
        &self.faults
    }

    /// Replaces the faults. The random numbers go on, so that setting the same faults twice does not repeat their
    /// outcome.
    pub(crate) fn set(&mut self, faults: Faults) {
        self.times = vec![0; faults.0.len()];
        self.faults = faults;
    }

    /// Draws the faults of the next request.
    ///
    /// Each fault draws a number for each request, also where it does not apply, so that the same requests in the same
    /// order meet the same faults.
    pub(crate) fn draw(&mut self, operation: &Operation) -> RequestFaults {
        let mut drawn = RequestFaults {
            random: self.rng.usize(..),
            ..RequestFaults::default()
        };
        for (fault, times) in self.faults.0.iter().zip(&mut self.times) {
            let happens = self.rng.f64() < fault.probability;
            let applies = fault.operation.is_none_or(|id| id == operation.id);
            if !happens || !applies || fault.max_times.is_some_and(|most| *times >= most) {
                continue;
            }
            let place = match fault.kind {
                FaultKind::Latency { base, spread } => {
                    let factor = self.rng.f64() * 2.0 - 1.0;
                    let spread = spread.as_secs_f64() * factor;
                    let latency = (base.as_secs_f64() + spread).max(0.0);
                    drawn.latency += Duration::try_from_secs_f64(latency).unwrap_or(base);
                    *times += 1;
                    continue;
                }
                kind if kind.is_before() => &mut drawn.before,
                _ => &mut drawn.after,
            };
            if place.is_none() {
                *place = Some(fault.kind);
                *times += 1;
            }
        }
        // A request that is not carried out has no answer to change.
        if drawn.before.is_some() {
            drawn.after = None;
        }
        drawn
    }
}

impl RequestFaults {
    /// Names of the faults, as [`Faults`] has them, without latency.
    pub(crate) fn names(&self) -> impl Iterator<Item = String> {
        let kinds = self.before.into_iter().chain(self.after);
        kinds.map(|kind| kind.to_string())
    }

    /// How long to wait before the request is handled.
    pub(crate) fn latency(&self) -> Duration {
        self.latency
    }

    /// What happens in place of the request; none if it is to be carried out.
    pub(crate) fn early_outcome(&self, path: &str, dialect: Dialect) -> Option<EarlyOutcome> {
        Some(EarlyOutcome::Response(match self.before? {
            FaultKind::Status { code, .. } => failure(code, path, dialect),
            FaultKind::ServerError => failure([500, 502, 503, 504][self.random % 4], path, dialect),
            FaultKind::Html => bad_gateway_page(),
            FaultKind::Redirect => redirect(path),
            _ => return Some(EarlyOutcome::Reset),
        }))
    }

    /// Changes an answer before it is serialized.
    pub(crate) fn change_answer(&self, answer: &mut Answer) {
        if let (Some(FaultKind::ForeignLink), Answer::Page(page)) = (self.after, answer)
            && !page.next_link.is_empty()
        {
            page.next_link = format!("{FOREIGN_HOST}/api/v3/?page={}", page.page + 1);
        }
    }

    /// Changes or replaces a response; none if the connection is to be reset.
    pub(crate) async fn change_response(
        &self,
        response: Response,
        path: &str,
        dialect: Dialect,
    ) -> Option<Response> {
        let Some(kind) = self.after else {
            return Some(response);
        };
        match kind {
            FaultKind::ResetAfter => return None,
            FaultKind::Status { code, .. } => return Some(failure(code, path, dialect)),
            _ => {}
        }
        let (mut parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
        let body = match kind {
            FaultKind::Cut(at) => {
                parts.headers.insert(header::CONTENT_LENGTH, bytes.len().into());
                cut(&bytes, at.unwrap_or(bytes.len() / 2))
            }
            FaultKind::Drip(pause) => {
                parts.headers.insert(header::CONTENT_LENGTH, bytes.len().into());
                drip(bytes, pause)
            }
            FaultKind::BadJson => Body::from(bytes.slice(..bytes.len() / 2)),
            _ => Body::from(bytes),
        };
        Some(Response::from_parts(parts, body))
    }
}

/// The first bytes of a body, after which the connection breaks.
fn cut(bytes: &Bytes, at: usize) -> Body {
    let head = bytes.slice(..at.min(bytes.len()));
    let broken = io::Error::from(io::ErrorKind::ConnectionAborted);
    // Without the yield the error would follow before the bytes are written, and they would be lost.
    let pieces = stream::iter([Ok(head), Err(broken)]).then(|piece| async {
        tokio::task::yield_now().await;
        piece
    });
    Body::from_stream(pieces)
}

/// A body in pieces, each after a pause.
fn drip(bytes: Bytes, pause: Duration) -> Body {
    const PIECES: usize = 16;
    let size = bytes.len().div_ceil(PIECES).max(1);
    let starts = (0..bytes.len()).step_by(size);
    let pieces: Vec<Bytes> = starts
        .map(|start| bytes.slice(start..(start + size).min(bytes.len())))
        .collect();
    Body::from_stream(stream::iter(pieces).then(move |piece| async move {
        tokio::time::sleep(pause).await;
        Ok::<_, io::Error>(piece)
    }))
}

/// The answer with this status, in the form that the service has for it.
fn failure(code: u16, path: &str, dialect: Dialect) -> Response {
    let status = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    match status {
        StatusCode::UNAUTHORIZED => empty(status),
        StatusCode::TOO_MANY_REQUESTS => too_many_requests(1),
        // These come from a gateway in front of the service.
        StatusCode::BAD_GATEWAY | StatusCode::GATEWAY_TIMEOUT => {
            let mut response = bad_gateway_page();
            *response.status_mut() = status;
            response
        }
        _ => Problem::new(status, "The sandbox was told to fail here.")
            .at(path)
            .into_response(dialect),
    }
}

fn bad_gateway_page() -> Response {
    let mut response = Response::new(Body::from(BAD_GATEWAY_PAGE));
    *response.status_mut() = StatusCode::BAD_GATEWAY;
    let html = HeaderValue::from_static("text/html; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, html);
    response
}

/// The redirect has the path of the request, so that a client that follows it would send the same request elsewhere.
fn redirect(path: &str) -> Response {
    let mut response = empty(StatusCode::TEMPORARY_REDIRECT);
    if let Ok(location) = HeaderValue::from_str(&format!("{FOREIGN_HOST}{path}")) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}
