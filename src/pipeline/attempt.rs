//! One attempt: sends the request once, reads the whole answer within the time and size limits, and classifies it.

use std::{
    future::poll_fn,
    pin::{Pin, pin},
    task::Poll,
    time::{Duration, Instant},
};

use bytes::{Bytes, BytesMut};
use futures_util::TryStreamExt;
use http::{HeaderMap, StatusCode};
use serde::de::IgnoredAny;
use tokio::time::Sleep;

use super::{
    context::ClientState,
    credential::Credential,
    failures, rate_limit_headers,
    response::{Answer, Sent},
    retry::{self, FailureClass},
    status,
    target::Target,
};
use crate::{
    Error, clock,
    description::Operation,
    limit::{Reporting, Slot, SlotUse},
    transport::{Body, Fault, Response, ResponseFuture},
    types::json,
};

/// An attempt that failed, with what the retry decision needs.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) error: Error,
    pub(crate) class: FailureClass,
    /// How long the service asks to wait.
    pub(crate) hint: Option<Duration>,
    /// Whether the limiter already knew of a pause.
    pub(crate) paused: bool,
}

impl Failure {
    fn new(error: Error, class: FailureClass) -> Self {
        Failure {
            error,
            class,
            hint: None,
            paused: false,
        }
    }
}

/// Waits for the answer and reads its body. Fails at the time `until`, if one is given.
pub(crate) async fn receive(
    target: &Target,
    shared: &ClientState,
    credential: &Credential,
    slot: &mut Slot,
    answer: ResponseFuture,
    until: Option<Instant>,
) -> Result<Answer, Failure> {
    let mut timer = pin!(until.map(clock::sleep_until));
    let answer = before_timer(timer.as_mut(), answer).await;
    // Computed right away, because `Retry-After` may be a date: the wait shrinks as time passes.
    let hint = answer.as_ref().ok().and_then(hint);
    let paused = report_to_limiter(shared, credential, slot, &answer, hint, until).await;
    let Response {
        status,
        headers,
        body,
        ends_unmarked,
    } = answer.map_err(|fault| {
        let class = match fault.was_sent() {
            _ if fault.is_permanent() => FailureClass::Final,
            true => FailureClass::Unanswered,
            false => FailureClass::Unsent,
        };
        Failure::new(failures::unanswered(target, fault), class)
    })?;
    let body = before_timer(timer, pin!(read(body, shared.body_limit))).await;
    let body = match ends_unmarked && status.is_success() {
        true => body.and_then(|body| complete_json(target.operation, body)),
        false => body,
    };
    match status.is_success() {
        true => succeeded(target, shared, status, headers, body),
        false => Err(refused(target, credential, status, body, hint, paused)),
    }
}

/// How long an answer with an error status asks to wait.
fn hint(answer: &Response) -> Option<Duration> {
    match answer.status {
        status if status.is_success() => None,
        StatusCode::TOO_MANY_REQUESTS => rate_limit_headers::wait(&answer.headers),
        _ => rate_limit_headers::retry_after(&answer.headers),
    }
}

/// Reports to the limiter how the slot was used, how many requests are left, and a pause after a 429. The result is whether
/// the limiter already knew of a pause. A store is not waited for beyond the time. The answer is read before the future is
/// returned: its body is not `Sync`, so a future that borrowed it would not be `Send`.
fn report_to_limiter(
    shared: &ClientState,
    credential: &Credential,
    slot: &mut Slot,
    answer: &Result<Response, Fault>,
    hint: Option<Duration>,
    until: Option<Instant>,
) -> impl Future<Output = bool> {
    let (slot_use, left) = match answer {
        Ok(answer) => (
            Some(SlotUse::Answered),
            rate_limit_headers::remaining(&answer.headers),
        ),
        // The slot reports this itself when it is dropped. A store is not awaited, since the time may be over.
        Err(fault) if fault.was_sent() => (None, None),
        // The service may have counted the request, but no later than now.
        Err(fault) if fault.was_refused() => (Some(SlotUse::Answered), None),
        Err(_) => (Some(SlotUse::Unsent), None),
    };
    let throttled = answer
        .as_ref()
        .is_ok_and(|answer| answer.status == StatusCode::TOO_MANY_REQUESTS);
    let pause = throttled.then(|| retry::pause(hint, shared.random()));
    async move {
        let mut paused = false;
        if let Some(pause) = pause {
            // Before anything else, so that every call that asks for a slot from now on is held back.
            let (news, pausing) = credential.limiter.pause(pause);
            paused = note(pausing, until).await && !news;
        }
        if let Some(slot_use) = slot_use {
            note(slot.finish(slot_use, left), until).await;
        }
        paused
    }
}

/// The answer of a successful request, unless its body is incomplete, too long, or empty where JSON is expected.
fn succeeded(
    target: &Target,
    shared: &ClientState,
    status: StatusCode,
    headers: HeaderMap,
    body: Result<Bytes, BodyError>,
) -> Result<Answer, Failure> {
    let limit = shared.body_limit;
    match body {
        Ok(value) => {
            let answer = Answer {
                value,
                status,
                headers,
                sent: Sent::of(target.clone()),
            };
            match target.operation.answers() && answer.is_empty() {
                false => Ok(answer),
                true => Err(Failure::new(
                    failures::undecodable(&answer, "it is empty"),
                    FailureClass::Final,
                )),
            }
        }
        Err(BodyError::TooLong) => Err(Failure::new(
            failures::too_long(target, status, limit),
            FailureClass::Final,
        )),
        Err(BodyError::Fault(fault)) => Err(Failure::new(
            failures::interrupted(target, status, fault),
            FailureClass::CutShort,
        )),
    }
}

/// The failure of an answer with an error status. The status decides, even if the body could not be read.
fn refused(
    target: &Target,
    credential: &Credential,
    status: StatusCode,
    body: Result<Bytes, BodyError>,
    hint: Option<Duration>,
    paused: bool,
) -> Failure {
    let (body, fault) = match body {
        Ok(body) => (credential.redact_key(body), None),
        Err(BodyError::TooLong) => (Bytes::new(), None),
        Err(BodyError::Fault(fault)) => (Bytes::new(), Some(fault)),
    };
    let class = status::classify(status, target.operation);
    let error = failures::refused(target, credential, &class, status, body, hint);
    Failure {
        error: match fault {
            Some(fault) => error.with_source(fault),
            None => error,
        },
        class: class.failure,
        hint,
        paused,
    }
}

/// Waits for a report to the store, and logs if it fails. It does not make the call fail, because the request was already sent.
/// Returns whether it did not fail.
async fn note(report: Reporting, until: Option<Instant>) -> bool {
    let noted = report.within(until).await;
    noted
        .inspect_err(|error| tracing::warn!(error, "the store of the rate limit failed"))
        .is_ok()
}

/// The result of the future, or an error if the timer fires first. The answer and its body share one timer, so that an
/// attempt needs no second one.
async fn before_timer<T, E: From<TimeOver>>(
    mut timer: Pin<&mut Option<Sleep>>,
    future: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    let mut future = pin!(future);
    poll_fn(
        |context| match (future.as_mut().poll(context), timer.as_mut().as_pin_mut()) {
            (Poll::Pending, Some(timer)) => timer.poll(context).map(|()| Err(TimeOver.into())),
            (result, _) => result,
        },
    )
    .await
}

/// The time for the attempt is over.
struct TimeOver;

/// Why a body was not read to its end.
enum BodyError {
    Fault(Fault),
    TooLong,
}

impl From<TimeOver> for BodyError {
    fn from(late: TimeOver) -> Self {
        BodyError::Fault(late.into())
    }
}

impl From<TimeOver> for Fault {
    fn from(_: TimeOver) -> Self {
        Fault::broken("the time for the attempt is over").timed_out()
    }
}

/// Reads a body of at most `limit` bytes after decompression. A body that arrives in one chunk is not copied.
async fn read(mut body: Body, limit: usize) -> Result<Bytes, BodyError> {
    let Some(first) = body.try_next().await.map_err(BodyError::Fault)? else {
        return Ok(Bytes::new());
    };
    let mut rest = Vec::new();
    let mut length = first.len();
    while length <= limit {
        let Some(chunk) = body.try_next().await.map_err(BodyError::Fault)? else {
            return Ok(joined(first, &rest, length));
        };
        length += chunk.len();
        rest.push(chunk);
    }
    Err(BodyError::TooLong)
}

/// Checks a successful body that only the end of the connection delimits: its JSON must not end early.
fn complete_json(operation: &Operation, body: Bytes) -> Result<Bytes, BodyError> {
    let json = json::without_bom(&body);
    let ends_early = match json.trim_ascii().is_empty() {
        true => operation.answers(),
        false => serde_json::from_slice::<IgnoredAny>(json).is_err_and(|error| error.is_eof()),
    };
    match ends_early {
        true => Err(BodyError::Fault(Fault::broken(
            "the connection ended before the JSON did",
        ))),
        false => Ok(body),
    }
}

fn joined(first: Bytes, rest: &[Bytes], length: usize) -> Bytes {
    if rest.is_empty() {
        return first;
    }
    let mut whole = BytesMut::with_capacity(length);
    whole.extend_from_slice(&first);
    for chunk in rest {
        whole.extend_from_slice(chunk);
    }
    whole.freeze()
}
