//! What happens to a request, in order: it is checked, sent, its answer read whole, and judged.
//!
//! The limiter's slot is taken between the check and the sending, and the decision to try again falls after the
//! answer was judged.

use bytes::{Bytes, BytesMut};
use futures_util::TryStreamExt;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use crate::{
    Applied, Error, ErrorKind, Operation,
    client::Shared,
    transport::{Body, Fault, Request},
};

/// An answer that was read whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    /// Whether the body says nothing.
    pub(crate) fn is_empty(&self) -> bool {
        self.body.trim_ascii().is_empty()
    }
}

/// Sends a request and returns the answer of a success.
pub(crate) async fn run(
    shared: &Shared,
    operation: &'static Operation,
    mut request: Request,
) -> Result<Answer, Error> {
    check(shared, operation, &request)?;
    prepare(shared, &mut request.headers);
    let answer = attempt(shared, operation, request)
        .await
        .map_err(|error| error.with_attempts(1))?;
    judge(operation, answer).map_err(|error| error.with_attempts(1))
}

/// Refuses what would not do what it says, before anything is sent.
fn check(shared: &Shared, operation: &'static Operation, request: &Request) -> Result<(), Error> {
    // An address that has left the base has lost a segment, which the check of the path reports.
    let path = request
        .url
        .path()
        .strip_prefix(shared.base_url.path())
        .unwrap_or_default();
    operation.check(path, request.url.query(), request.body.as_deref())
}

/// The headers that every request has, and none that is not meant to be there.
fn prepare(shared: &Shared, headers: &mut HeaderMap) {
    // progenitor adds the version of the description; the service knows no such header.
    headers.remove(HeaderName::from_static("api-version"));
    headers.insert(http::header::ACCEPT, HeaderValue::from_static("application/json"));
    headers.insert(http::header::USER_AGENT, shared.user_agent.clone());
    let (name, value) = &shared.key_header;
    headers.insert(name.clone(), value.clone());
}

/// Sends once and reads the answer whole, within the time for an attempt.
async fn attempt(shared: &Shared, operation: &'static Operation, request: Request) -> Result<Answer, Error> {
    let exchange = async {
        let response = shared
            .transport
            .send(request)
            .await
            .map_err(|fault| unanswered(operation, fault))?;
        let body = read(response.body, shared.body_limit)
            .await
            .map_err(|cut| match cut {
                Cut::Fault(fault) => interrupted(operation, response.status, fault),
                Cut::TooLong => too_long(operation, response.status, shared.body_limit),
            })?;
        Ok(Answer {
            status: response.status,
            headers: response.headers,
            body,
        })
    };
    match tokio::time::timeout(shared.attempt_timeout, exchange).await {
        Ok(result) => result,
        Err(elapsed) => Err(unanswered(operation, Fault::broken(elapsed).timed_out())),
    }
}

/// Why a body was not read to its end.
enum Cut {
    Fault(Fault),
    TooLong,
}

/// Reads a body, counting what it has become after decompression.
async fn read(mut body: Body, limit: usize) -> Result<Bytes, Cut> {
    let Some(first) = body.try_next().await.map_err(Cut::Fault)? else {
        return Ok(Bytes::new());
    };
    let mut whole = None;
    let mut length = first.len();
    while length <= limit {
        let Some(chunk) = body.try_next().await.map_err(Cut::Fault)? else {
            return Ok(whole.map_or(first, BytesMut::freeze));
        };
        length += chunk.len();
        whole
            .get_or_insert_with(|| BytesMut::from(&first[..]))
            .extend_from_slice(&chunk);
    }
    Err(Cut::TooLong)
}

/// The answer of a success, or the error that the answer stands for. A write may be answered by nothing at all.
fn judge(operation: &'static Operation, answer: Answer) -> Result<Answer, Error> {
    if !answer.status.is_success() {
        return Err(Error::from_answer(operation, answer.status, answer.body));
    }
    if answer.is_empty() && operation.reads {
        let reason = "it is empty".to_string();
        return Err(undecodable(operation, answer.status, answer.body, reason));
    }
    Ok(answer)
}

/// An answer that does not fit the description.
pub(crate) fn undecodable(
    operation: &'static Operation,
    status: StatusCode,
    body: Bytes,
    reason: String,
) -> Error {
    let done = match operation.reads {
        true => "",
        false => "; the call took effect all the same, so do not repeat it",
    };
    Error::new(
        ErrorKind::Decode,
        format!(
            "the answer to {} does not fit the description, {reason}{done}",
            operation.id
        ),
    )
    .with_operation(operation)
    .with_applied(effect(operation, Applied::Yes))
    .with_status(status, body)
}

fn too_long(operation: &'static Operation, status: StatusCode, limit: usize) -> Error {
    Error::new(
        ErrorKind::Decode,
        format!(
            "the answer to {} is longer than {limit} bytes; raise `body_limit` if it should be",
            operation.id
        ),
    )
    .with_operation(operation)
    .with_applied(effect(
        operation,
        if status.is_success() {
            Applied::Yes
        } else {
            Applied::Unknown
        },
    ))
    .with_status(status, Bytes::new())
}

/// There is no answer.
fn unanswered(operation: &'static Operation, fault: Fault) -> Error {
    let id = operation.id;
    let (kind, sentence) = match (fault.was_sent(), fault.is_timeout()) {
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
                "{id} was sent and its answer lost, so the record may or may not exist; look for it before creating it again"
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
    let applied = if fault.was_sent() {
        effect(operation, Applied::Unknown)
    } else {
        Applied::No
    };
    Error::new(kind, sentence)
        .with_operation(operation)
        .with_applied(applied)
        .with_source(fault)
}

/// The answer began and was cut short.
fn interrupted(operation: &'static Operation, status: StatusCode, fault: Fault) -> Error {
    if !status.is_success() {
        // The status tells all that matters of a failure.
        return Error::from_answer(operation, status, Bytes::new()).with_source(fault);
    }
    let kind = if fault.is_timeout() {
        ErrorKind::Timeout
    } else {
        ErrorKind::Connection
    };
    let sentence = match operation.reads {
        true => format!("the answer to {} was cut short; try again", operation.id),
        false => format!(
            "the answer to {} was cut short; the call took effect all the same, so do not repeat it",
            operation.id
        ),
    };
    Error::new(kind, sentence)
        .with_operation(operation)
        .with_applied(effect(operation, Applied::Yes))
        .with_status(status, Bytes::new())
        .with_source(fault)
}

/// What took effect: nothing, where the operation only reads.
fn effect(operation: &Operation, otherwise: Applied) -> Applied {
    if operation.reads { Applied::No } else { otherwise }
}
