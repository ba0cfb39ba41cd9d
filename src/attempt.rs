//! One attempt: the request is sent once, its answer read whole within its time and size, and judged.

use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use futures_util::TryStreamExt;
use http::StatusCode;
use tokio::time::error::Elapsed;

use crate::{
    Applied, Error, ErrorKind, Operation, Response,
    call::Sent,
    client::Shared,
    credential::Credential,
    error, hints,
    limit::{Slot, StoreError},
    retry::{self, Mishap},
    transport::{self, Body, Fault, Request},
};

/// An answer that was read whole.
pub(crate) type Answer = Response<Bytes>;

/// An attempt that failed, with what is needed to decide whether there is another.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) error: Error,
    pub(crate) mishap: Mishap,
    /// How long the service asks to wait.
    pub(crate) hint: Option<Duration>,
    /// Whether others waited for the same pause already.
    pub(crate) paused: bool,
}

/// Sends a request once and reads its answer, until the time at the latest.
pub(crate) async fn send(
    operation: &'static Operation,
    shared: &Shared,
    credential: &Credential,
    mut slot: Slot,
    request: Request,
    until: Option<Instant>,
) -> Result<Answer, Failure> {
    let failure = |error, mishap| Failure {
        error,
        mishap,
        hint: None,
        paused: false,
    };
    slot.sending();
    let response = match in_time(until, shared.transport.send(request)).await {
        Ok(response) => response,
        Err(fault) if fault.was_sent() => {
            return Err(failure(unanswered(operation, fault), Mishap::Unanswered));
        }
        Err(fault) if fault.was_refused() => {
            // It may be counted, and no later than now.
            logged(slot.answered(None).await);
            return Err(failure(unanswered(operation, fault), Mishap::Unsent));
        }
        Err(fault) => {
            logged(slot.unsent().await);
            return Err(failure(unanswered(operation, fault), Mishap::Unsent));
        }
    };
    let transport::Response {
        status,
        headers,
        body,
    } = response;
    let mut hint = hints::retry_after(&headers);
    let mut paused = false;
    if status == StatusCode::TOO_MANY_REQUESTS {
        // Before anything else: whoever asks for a slot from here on has to know.
        hint = hints::wait(&headers);
        let pause = retry::pause(hint, shared.random());
        paused = logged(credential.limiter.pause(pause).await) == Some(false);
    }
    logged(slot.answered(hints::remaining(&headers)).await);

    let read = in_time(until, read(body, shared.body_limit)).await;
    let (error, mishap) = match read {
        _ if !status.is_success() => {
            // The status tells all that matters of a failure, whatever becomes of its body.
            let (body, fault) = match read {
                Ok(body) => (body, None),
                Err(Cut::TooLong) => (Bytes::new(), None),
                Err(Cut::Fault(fault)) => (Bytes::new(), Some(fault)),
            };
            let body = credential.blotted_out(body);
            let mut error = Error::from_answer(operation, status, body, credential.refused());
            if let Some(fault) = fault {
                error = error.with_source(fault);
            }
            (error, mishap(status))
        }
        Ok(value) => {
            let answer = Answer {
                value,
                status,
                headers,
                sent: Sent::default(),
            };
            if !operation.answers() || !answer.is_empty() {
                return Ok(answer);
            }
            (undecodable(operation, &answer, "it is empty"), Mishap::Final)
        }
        Err(Cut::TooLong) => (too_long(operation, status, shared.body_limit), Mishap::Final),
        Err(Cut::Fault(fault)) => (interrupted(operation, status, fault), Mishap::CutShort),
    };
    Err(Failure {
        error,
        mishap,
        hint,
        paused,
    })
}

/// How an answer other than a success counts.
fn mishap(status: StatusCode) -> Mishap {
    match status.as_u16() {
        429 => Mishap::Throttled,
        408 | 500 | 503 => Mishap::Unavailable,
        502 | 504 => Mishap::Gateway,
        _ => Mishap::Final,
    }
}

/// A store that fails after the request was sent does not make the call fail.
fn logged<T>(stored: Result<T, StoreError>) -> Option<T> {
    stored
        .inspect_err(|error| tracing::warn!(error, "the store of the rate limit failed"))
        .ok()
}

async fn in_time<T, E: From<Elapsed>>(
    until: Option<Instant>,
    future: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    match until {
        Some(until) => tokio::time::timeout_at(until.into(), future).await?,
        None => future.await,
    }
}

/// Why a body was not read to its end.
enum Cut {
    Fault(Fault),
    TooLong,
}

impl From<Elapsed> for Cut {
    fn from(elapsed: Elapsed) -> Self {
        Cut::Fault(elapsed.into())
    }
}

impl From<Elapsed> for Fault {
    fn from(elapsed: Elapsed) -> Self {
        Fault::broken(elapsed).timed_out()
    }
}

/// Reads a body, counting what it has become after decompression. It is copied once, and not at all if it comes in one piece.
async fn read(mut body: Body, limit: usize) -> Result<Bytes, Cut> {
    let Some(first) = body.try_next().await.map_err(Cut::Fault)? else {
        return Ok(Bytes::new());
    };
    let mut rest = Vec::new();
    let mut length = first.len();
    while length <= limit {
        let Some(chunk) = body.try_next().await.map_err(Cut::Fault)? else {
            return Ok(whole(first, &rest, length));
        };
        length += chunk.len();
        rest.push(chunk);
    }
    Err(Cut::TooLong)
}

fn whole(first: Bytes, rest: &[Bytes], length: usize) -> Bytes {
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

/// An answer that does not fit the description.
pub(crate) fn undecodable(operation: &'static Operation, answer: &Answer, reason: &str) -> Error {
    let done = match operation.reads {
        true => "",
        false => "; the call took effect all the same, so do not repeat it",
    };
    let sentence = format!(
        "the answer to {} does not fit the description, {}{done}",
        operation.id,
        error::without_values(reason)
    );
    Error::new(ErrorKind::Decode, sentence)
        .with_operation(operation)
        .with_applied(effect(operation, Applied::Yes))
        .with_attempts(answer.sent.attempts)
        .with_status(answer.status, answer.sent.blotted_out(answer.value.clone()))
}

/// A record of a list that does not fit the description. Its JSON is the body.
pub(crate) fn malformed(
    operation: &'static Operation,
    answer: &Answer,
    index: usize,
    json: &str,
    reason: &str,
) -> Error {
    let sentence = format!(
        "record {index} of a page of {} does not fit the description, {}",
        operation.id,
        error::without_values(reason)
    );
    let json = answer.sent.blotted_out(Bytes::copy_from_slice(json.as_bytes()));
    Error::new(ErrorKind::Decode, sentence)
        .with_operation(operation)
        .with_attempts(answer.sent.attempts)
        .with_record(index, json)
}

/// The answer of a success that is longer than it may be.
fn too_long(operation: &'static Operation, status: StatusCode, limit: usize) -> Error {
    let sentence = format!(
        "the answer to {} is longer than {limit} bytes; raise `body_limit` if it should be",
        operation.id
    );
    Error::new(ErrorKind::Decode, sentence)
        .with_operation(operation)
        .with_applied(effect(operation, Applied::Yes))
        .with_status(status, Bytes::new())
}

/// There is no answer.
fn unanswered(operation: &'static Operation, fault: Fault) -> Error {
    let id = operation.id;
    let (kind, sentence) = match (fault.was_sent(), fault.is_timeout()) {
        _ if fault.was_refused() => (
            ErrorKind::Connection,
            format!("{id} was turned away by the service, which did not look at it; try again"),
        ),
        (false, true) => (
            ErrorKind::Timeout,
            format!("{id} was not sent, the service did not take the connection in time; check the network"),
        ),
        (false, false) => (
            ErrorKind::Connection,
            format!("{id} was not sent, the service cannot be reached; check the network and the base URL"),
        ),
        (true, _) if operation.creates() => (
            ErrorKind::OutcomeUnknown,
            format!(
                "{id} was sent and its answer lost, so it may or may not have taken effect; {}",
                operation.how_to_find_out()
            ),
        ),
        (true, true) => (
            ErrorKind::Timeout,
            format!("{id} had no answer in time; try again"),
        ),
        (true, false) => (
            ErrorKind::Connection,
            format!("{id} lost its connection before the answer; try again"),
        ),
    };
    let applied = match fault.was_sent() {
        true => effect(operation, Applied::Unknown),
        false => Applied::No,
    };
    Error::new(kind, sentence)
        .with_operation(operation)
        .with_applied(applied)
        .with_source(fault)
}

/// The answer of a success began and was cut short.
fn interrupted(operation: &'static Operation, status: StatusCode, fault: Fault) -> Error {
    let kind = match fault.is_timeout() {
        true => ErrorKind::Timeout,
        false => ErrorKind::Connection,
    };
    let advice = match operation.reads {
        true => "try again",
        false => "the call took effect all the same, so do not repeat it",
    };
    Error::new(
        kind,
        format!("the answer to {} was cut short; {advice}", operation.id),
    )
    .with_operation(operation)
    .with_applied(effect(operation, Applied::Yes))
    .with_status(status, Bytes::new())
    .with_source(fault)
}

/// What took effect: nothing, where the operation only reads.
fn effect(operation: &Operation, otherwise: Applied) -> Applied {
    if operation.reads { Applied::No } else { otherwise }
}
