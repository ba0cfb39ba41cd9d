//! The errors of attempts: an answer with an error status, an answer that does not fit the description, and no answer. Each
//! message is one sentence of the form *what failed: why; what to do*.

use std::{collections::BTreeMap, fmt::Write as _, io, time::Duration};

use bytes::Bytes;
use http::StatusCode;

use super::{
    credential::Credential,
    response::Answer,
    status::{StatusClass, applied_unless_read, classify},
    target::Target,
};
use crate::{
    Applied, Error, ErrorKind,
    error::message,
    text::plain_line,
    transport::Fault,
    types::{ApiError, json},
};

/// The error of an answer with an error status. `wait` is how long the service asks to wait, and `credential` is the key that
/// was sent. The caller has already removed the key from the body.
pub(super) fn refused(
    target: &Target,
    credential: &Credential,
    class: &StatusClass,
    status: StatusCode,
    body: Bytes,
    wait: Option<Duration>,
) -> Error {
    let answer: ApiError = serde_json::from_slice(json::without_bom(&body)).unwrap_or_default();
    let sentence = sentence(
        target,
        class.kind,
        status,
        &answer,
        &body,
        wait,
        credential.refusal_reason(),
    );
    Error::new(class.kind, sentence)
        .with_operation(target.operation)
        .with_applied(class.applied)
        .with_answer(status, answer, body)
}

/// An answer that does not fit the description.
pub(crate) fn undecodable(answer: &Answer, reason: &str) -> Error {
    let target = &answer.sent.target;
    let operation = target.operation;
    let is_html = looks_like_html(&answer.value);
    let done = match operation.reads {
        true => "",
        false if is_html => {
            "; if the service sent it, the call took effect, so do not repeat it before you have checked"
        }
        false => "; the call took effect, so do not repeat it",
    };
    let reason = match is_html {
        true => format!(
            "{} sent an HTML page instead of JSON, so a proxy or a login page may have answered; check the network and the \
             base URL",
            answer.sent.host.as_deref().unwrap_or("the service")
        ),
        false => answer.sent.without_key(reason),
    };
    // An untyped call knows nothing of the description, but reads JSON, or a page of a list.
    let failed = match target.is_untyped() {
        true => "cannot be read",
        false => "does not fit the description",
    };
    let sentence = format!("the answer to {target} {failed}: {reason}{done}");
    Error::new(ErrorKind::Decode, sentence)
        .with_operation(operation)
        .with_applied(applied_unless_read(operation, Applied::Yes))
        .with_attempts(answer.sent.attempts)
        .with_status(answer.status, answer.sent.redact_key(answer.value.clone()))
}

/// A record of a list that does not fit the description. Its JSON is the body.
pub(crate) fn malformed(answer: &Answer, index: usize, json: &[u8], reason: &str) -> Error {
    let Target { operation, .. } = answer.sent.target;
    let sentence = format!(
        "record {index} of a page of {} does not fit the description: {}",
        answer.sent.target,
        answer.sent.without_key(reason)
    );
    let json = answer.sent.redact_key(Bytes::copy_from_slice(json));
    Error::new(ErrorKind::Decode, sentence)
        .with_operation(operation)
        .with_attempts(answer.sent.attempts)
        .with_record(index, json)
}

/// The error of a successful answer whose body is longer than `limit` bytes.
pub(super) fn too_long(target: &Target, status: StatusCode, limit: usize) -> Error {
    let sentence = format!(
        "the answer to {target} is longer than {limit} bytes; raise `body_limit` if you expect such answers"
    );
    Error::new(ErrorKind::Decode, sentence)
        .with_operation(target.operation)
        .with_applied(applied_unless_read(target.operation, Applied::Yes))
        .with_status(status, Bytes::new())
}

/// The error of a request that got no answer.
pub(super) fn unanswered(target: &Target, fault: Fault) -> Error {
    let operation = target.operation;
    let (through, check) = match fault.proxy() {
        Some(proxy) => (
            format!(" through the proxy {proxy}"),
            "the proxy (HTTPS_PROXY, or the settings of the system)",
        ),
        None => (String::new(), "the network"),
    };
    let (kind, sentence) = match (fault.was_sent(), fault.is_timeout()) {
        _ if fault.was_refused() => (
            ErrorKind::Connection,
            format!("{target} was refused by the service before it was processed; try again"),
        ),
        (false, true) => (
            ErrorKind::Timeout,
            format!("{target} was not sent: connecting to the service{through} timed out; check {check}"),
        ),
        (false, false) if fault.is_permanent() => {
            (ErrorKind::Connection, format!("{target} was not sent: {fault}"))
        }
        (false, false) => (
            ErrorKind::Connection,
            format!(
                "{target} was not sent: the service cannot be reached{through}{}; check {check} and the base URL",
                unreachable_reason(&fault).map_or_else(String::new, |reason| format!(" ({reason})"))
            ),
        ),
        (true, _) if operation.creates() => (
            ErrorKind::OutcomeUnknown,
            format!(
                "{target} was sent but its answer was lost, so it may or may not have taken effect; {}",
                operation.how_to_find_out()
            ),
        ),
        (true, true) => (
            ErrorKind::Timeout,
            format!("{target} timed out waiting for the answer; try again"),
        ),
        (true, false) => (
            ErrorKind::Connection,
            format!("{target} got no answer: the connection broke; try again"),
        ),
    };
    let applied = match fault.was_sent() {
        true => applied_unless_read(operation, Applied::Unknown),
        false => Applied::No,
    };
    Error::new(kind, sentence)
        .with_operation(operation)
        .with_applied(applied)
        .with_source(fault)
}

/// Why no connection was made, as far as it is known. The causes themselves are too long for a message.
fn unreachable_reason(fault: &Fault) -> Option<&'static str> {
    fault.causes().find_map(|cause| {
        let kind = cause.downcast_ref::<io::Error>().map(io::Error::kind);
        match kind {
            Some(io::ErrorKind::ConnectionRefused) => Some("the connection was refused"),
            Some(io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable) => {
                Some("there is no route to it")
            }
            // hyper-util has no other mark for it.
            _ if cause.to_string() == "dns error" => Some("its name was not found"),
            _ => None,
        }
    })
}

/// The error of a successful answer whose body is incomplete.
pub(super) fn interrupted(target: &Target, status: StatusCode, fault: Fault) -> Error {
    let operation = target.operation;
    let kind = match fault.is_timeout() {
        true => ErrorKind::Timeout,
        false => ErrorKind::Connection,
    };
    let advice = match operation.reads {
        true => "try again",
        false => "the call took effect, so do not repeat it",
    };
    Error::new(kind, format!("the answer to {target} was cut short; {advice}"))
        .with_operation(operation)
        .with_applied(applied_unless_read(operation, Applied::Yes))
        .with_status(status, Bytes::new())
        .with_source(fault)
}

/// The message of an answer with an error status: the status, what failed, what to do, and what the service says.
/// `of_key` is what is known about a key that was refused.
fn sentence(
    target: &Target,
    kind: ErrorKind,
    status: StatusCode,
    answer: &ApiError,
    body: &[u8],
    wait: Option<Duration>,
    of_key: Option<String>,
) -> String {
    let operation = target.operation;
    let wait = wait.map(in_words);
    let of_key = of_key.unwrap_or_else(|| "check ATERA_API_KEY, and whether the key has expired".to_string());
    let unknown = || {
        let find_out = operation.how_to_find_out();
        format!(
            "a gateway answered instead of the service, so the call may or may not have taken effect; {find_out}"
        )
    };
    let advice = match kind {
        ErrorKind::Unauthorized => &format!("the key was refused; {of_key}"),
        ErrorKind::Forbidden => {
            "the key may not do this; give it the permission in Admin > API, or use another key"
        }
        ErrorKind::NotFound if target.is_untyped() => "there is nothing at this path; check it",
        ErrorKind::NotFound => "there is no such record; check the id",
        ErrorKind::RateLimited => match wait {
            Some(wait) => &format!(
                "too many requests with this key; the service asks to wait {wait}, so wait that long, and see what else \
                 uses the key"
            ),
            None => "too many requests with this key; wait a minute, and see what else uses it",
        },
        // Another try may create it twice.
        ErrorKind::Server | ErrorKind::Timeout
            if operation.creates() && classify(status, operation).applied == Applied::Unknown =>
        {
            &format!(
                "the service failed, and the call may have taken effect nevertheless; {}",
                operation.how_to_find_out()
            )
        }
        ErrorKind::Timeout => "the service timed out; try again",
        ErrorKind::Conflict => "the request conflicts with an existing record; check that record",
        ErrorKind::OutcomeUnknown => &unknown(),
        ErrorKind::Server if status == StatusCode::NOT_MODIFIED => {
            "the service says that nothing has changed, although the client did not ask that, so a caching proxy may have \
             answered; look for one between this machine and the service"
        }
        ErrorKind::Server if status.is_redirection() => {
            "the service sent a redirect, which is not followed because that would send the key along; check the base URL"
        }
        ErrorKind::Server => match wait {
            Some(wait) => &format!("the service failed; try again in {wait}, as it asks"),
            None => "the service failed; try again later",
        },
        _ => "the service refused the request; correct it",
    };
    let mut out = format!("{}: {advice} ({target}", status.as_u16());
    let quoted = |text: &str| plain_line(text).trim_end_matches('.').to_string();
    // Writing to a String cannot fail.
    if let Some(message) = message(answer) {
        let _ = write!(out, "; Atera says: {}", quoted(message));
    } else if looks_like_html(body) {
        out.push_str("; the answer is an HTML page, so a proxy may have sent it");
    }
    for (field, errors) in answer.errors.iter().flatten().collect::<BTreeMap<_, _>>() {
        let _ = write!(out, "; {}: {}", quoted(field), quoted(&errors.join(" ")));
    }
    out.push(')');
    out
}

/// A wait in words, rounded up.
pub(crate) fn in_words(wait: Duration) -> String {
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    match seconds {
        1 => "1 second".to_string(),
        0..120 => format!("{seconds} seconds"),
        120..7200 => format!("{} minutes", seconds.div_ceil(60)),
        7200.. => format!("{} hours", seconds.div_ceil(3600)),
    }
}

fn looks_like_html(body: &[u8]) -> bool {
    json::without_bom(body).trim_ascii_start().first() == Some(&b'<')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_told_in_words_and_is_never_too_short() {
        for (milliseconds, words) in [
            (0, "0 seconds"),
            (1_000, "1 second"),
            (1_001, "2 seconds"),
            (119_000, "119 seconds"),
            (120_000, "2 minutes"),
            (3_600_000, "60 minutes"),
            (3_601_000, "61 minutes"),
            (7_200_000, "2 hours"),
            (86_400_001, "25 hours"),
        ] {
            assert_eq!(in_words(Duration::from_millis(milliseconds)), words);
        }
    }
}
