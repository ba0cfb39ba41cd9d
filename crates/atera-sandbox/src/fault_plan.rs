//! Faults as they happen.

use std::time::Duration;

use axum::{
    body::{Body, Bytes},
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use fastrand::Rng;
use futures_util::{StreamExt, stream};

use super::{
    answer::{Answer, Problem, empty},
    dialect::Dialect,
    faults::{Effect, Faults},
    service::too_many,
    window::Quota,
};
use atera::description::Operation;

/// The faults that are set, and what they are drawn with.
#[derive(Debug)]
pub(super) struct FaultPlan {
    faults: Faults,
    /// How often each has happened.
    happened: Vec<u32>,
    rng: Rng,
}

/// What goes wrong with one request.
#[derive(Debug, Default)]
pub(super) struct Plan {
    latency: Duration,
    before: Option<Effect>,
    after: Option<Effect>,
    /// For faults that leave something to chance.
    chance: usize,
}

/// A host that there is not.
const ELSEWHERE: &str = "https://elsewhere.invalid";

/// What a proxy says when the service does not answer it.
const HTML: &str = "<!DOCTYPE html>\n<html><head><title>502 Bad Gateway</title></head>\n<body><center><h1>502 Bad Gateway</h1></center></body></html>\n";

impl FaultPlan {
    pub(super) fn new(faults: Faults, seed: u64) -> Self {
        let happened = vec![0; faults.0.len()];
        let rng = Rng::with_seed(seed);
        FaultPlan {
            faults,
            happened,
            rng,
        }
    }

    pub(super) fn faults(&self) -> &Faults {
        &self.faults
    }

    /// Sets other faults; they are drawn from where the last ones ended.
    pub(super) fn set(&mut self, faults: Faults) {
        self.happened = vec![0; faults.0.len()];
        self.faults = faults;
    }

    /// Draws what goes wrong with a request of the operation: each fault by itself, in the order in which they are set.
    pub(super) fn plan(&mut self, operation: &Operation) -> Plan {
        let mut plan = Plan {
            chance: self.rng.usize(..),
            ..Plan::default()
        };
        for (fault, happened) in self.faults.0.iter().zip(&mut self.happened) {
            let drawn = self.rng.f64() < fault.chance;
            let elsewhere = fault.operation.is_some_and(|id| id != operation.id);
            if !drawn || elsewhere || fault.times.is_some_and(|times| *happened >= times) {
                continue;
            }
            let place = match fault.effect {
                Effect::Latency { base, spread } => {
                    let factor = self.rng.f64() * 2.0 - 1.0;
                    let spread = spread.as_secs_f64() * factor;
                    let latency = (base.as_secs_f64() + spread).max(0.0);
                    plan.latency += Duration::try_from_secs_f64(latency).unwrap_or(base);
                    *happened += 1;
                    continue;
                }
                effect if effect.is_before() => &mut plan.before,
                _ => &mut plan.after,
            };
            if place.is_none() {
                *place = Some(fault.effect);
                *happened += 1;
            }
        }
        // What comes before leaves nothing for what comes after.
        if plan.before.is_some() {
            plan.after = None;
        }
        plan
    }
}

impl Plan {
    /// The faults by their names, but for latency.
    pub(super) fn names(&self) -> impl Iterator<Item = String> {
        self.before
            .into_iter()
            .chain(self.after)
            .map(|effect| effect.to_string())
    }

    pub(super) fn latency(&self) -> Duration {
        self.latency
    }

    /// What is answered in place of carrying the request out, if anything is; within that nothing if the connection is
    /// to be reset.
    pub(super) fn instead(&self, path: &str, dialect: Dialect) -> Option<Option<Response>> {
        Some(match self.before? {
            Effect::Status { code, .. } => Some(failure(code, path, dialect)),
            Effect::ServerError => Some(failure([500, 502, 503, 504][self.chance % 4], path, dialect)),
            Effect::Html => Some(html()),
            Effect::Redirect => Some(redirect(path)),
            _ => None,
        })
    }

    /// Changes the answer before it is written.
    pub(super) fn change(&self, answer: &mut Answer) {
        if let (Some(Effect::ForeignLink), Answer::Page(page)) = (self.after, answer)
            && !page.next_link.is_empty()
        {
            page.next_link = format!("{ELSEWHERE}/api/v3/?page={}", page.page + 1);
        }
    }

    /// What becomes of the answer on its way; nothing if the connection is to be reset.
    pub(super) async fn afterwards(
        &self,
        response: Response,
        path: &str,
        dialect: Dialect,
    ) -> Option<Response> {
        let Some(effect) = self.after else {
            return Some(response);
        };
        match effect {
            Effect::ResetAfter => return None,
            Effect::Status { code, .. } => return Some(failure(code, path, dialect)),
            _ => {}
        }
        let (mut parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
        let body = match effect {
            Effect::Cut(at) => {
                parts.headers.insert(header::CONTENT_LENGTH, bytes.len().into());
                cut(&bytes, at.unwrap_or(bytes.len() / 2))
            }
            Effect::Drip(pause) => {
                parts.headers.insert(header::CONTENT_LENGTH, bytes.len().into());
                drip(bytes, pause)
            }
            Effect::BadJson => Body::from(bytes.slice(..bytes.len() / 2)),
            _ => Body::from(bytes),
        };
        Some(Response::from_parts(parts, body))
    }
}

/// The body up to a byte, after which the connection breaks.
fn cut(bytes: &Bytes, at: usize) -> Body {
    let head = bytes.slice(..at.min(bytes.len()));
    let broken = std::io::Error::from(std::io::ErrorKind::ConnectionAborted);
    // The pieces are not sent as one, so that the first is not lost with the second.
    let pieces = stream::iter([Ok(head), Err(broken)]).then(|piece| async {
        tokio::task::yield_now().await;
        piece
    });
    Body::from_stream(pieces)
}

/// The body in pieces, with pauses between them.
fn drip(bytes: Bytes, pause: Duration) -> Body {
    const PIECES: usize = 16;
    let size = bytes.len().div_ceil(PIECES).max(1);
    let starts = (0..bytes.len()).step_by(size);
    let pieces: Vec<Bytes> = starts
        .map(|start| bytes.slice(start..(start + size).min(bytes.len())))
        .collect();
    Body::from_stream(stream::iter(pieces).then(move |piece| async move {
        tokio::time::sleep(pause).await;
        Ok::<_, std::io::Error>(piece)
    }))
}

fn failure(code: u16, path: &str, dialect: Dialect) -> Response {
    let status = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    match status {
        StatusCode::UNAUTHORIZED => empty(status),
        StatusCode::TOO_MANY_REQUESTS => too_many(&Quota {
            remaining: 0,
            reset: Duration::from_secs(1),
        }),
        // A gateway speaks there, not the service.
        StatusCode::BAD_GATEWAY | StatusCode::GATEWAY_TIMEOUT => {
            let mut response = html();
            *response.status_mut() = status;
            response
        }
        _ => Problem::new(status, "The sandbox was told to fail here.")
            .at(path)
            .into_response(dialect),
    }
}

fn html() -> Response {
    let mut response = Response::new(Body::from(HTML));
    *response.status_mut() = StatusCode::BAD_GATEWAY;
    let html = HeaderValue::from_static("text/html; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, html);
    response
}

fn redirect(path: &str) -> Response {
    let mut response = empty(StatusCode::TEMPORARY_REDIRECT);
    if let Ok(location) = HeaderValue::from_str(&format!("{ELSEWHERE}{path}")) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}
