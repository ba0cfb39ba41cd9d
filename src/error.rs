//! The one error type.

use std::{
    collections::BTreeMap,
    error::Error as StdError,
    fmt::{self, Write as _},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use http::StatusCode;

use crate::{
    Operation,
    plain::{plain, plain_line},
    types::ApiError,
    wire,
};

/// A result with this crate's error.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a call failed, and what can be done about it.
///
/// [`kind`](Error::kind) tells what to do, [`applied`](Error::applied) whether the call took effect. The message is one
/// sentence; what lies behind it is in [`source`](StdError::source). Neither holds the key. Of a request they hold no more
/// than the argument that was refused, and of an answer what the service says of a failure.
pub struct Error(Box<Inner>);

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    /// What happened, in words that say what to do next.
    sentence: String,
    operation: Option<&'static Operation>,
    status: Option<StatusCode>,
    answer: ApiError,
    body: Bytes,
    attempts: u32,
    retry_after: Option<Duration>,
    applied: Applied,
    page: Option<u32>,
    record: Option<usize>,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

/// What kind of failure it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The request was refused before it was sent.
    InvalidRequest,
    /// The record does not exist (404, 410).
    NotFound,
    /// The key is missing, wrong or expired (401).
    Unauthorized,
    /// The key lacks a permission (403).
    Forbidden,
    /// The service refused the request (400, 422 and other 4xx).
    Rejected,
    /// The record is in conflict with another (409).
    Conflict,
    /// The service failed (5xx), or sent the client elsewhere (3xx).
    Server,
    /// A create was sent and its answer lost: the record may or may not exist.
    OutcomeUnknown,
    /// Too many requests (429).
    RateLimited,
    /// The service could not be reached, or the connection broke.
    Connection,
    /// There was no answer in time, or the service gave up waiting (408).
    Timeout,
    /// The answer does not fit the description.
    Decode,
    /// A complete walk over a list would not settle.
    Unsettled,
    /// The client is not set up: key, base URL, files.
    Config,
}

/// Whether a failed call took effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Applied {
    /// It did not.
    No,
    /// It may have.
    Unknown,
    /// It did.
    Yes,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, sentence: impl Into<String>) -> Self {
        Error(Box::new(Inner {
            kind,
            // It may quote the service, and is shown on terminals.
            sentence: plain(sentence),
            operation: None,
            status: None,
            answer: ApiError::default(),
            body: Bytes::new(),
            attempts: 0,
            retry_after: None,
            applied: Applied::No,
            page: None,
            record: None,
            source: None,
        }))
    }

    pub(crate) fn invalid_request(sentence: impl Into<String>) -> Self {
        Error::new(ErrorKind::InvalidRequest, sentence)
    }

    pub(crate) fn config(sentence: impl Into<String>) -> Self {
        Error::new(ErrorKind::Config, sentence)
    }

    /// The failure that an answer stands for. `wait` is how long the service asks to wait, `of_key` what is known of a key
    /// that was refused.
    pub(crate) fn from_answer(
        operation: &'static Operation,
        status: StatusCode,
        body: Bytes,
        wait: Option<Duration>,
        of_key: Option<String>,
    ) -> Self {
        let answer: ApiError = serde_json::from_slice(wire::without_bom(&body)).unwrap_or_default();
        let kind = match status.as_u16() {
            401 => ErrorKind::Unauthorized,
            403 => ErrorKind::Forbidden,
            404 | 410 => ErrorKind::NotFound,
            408 => ErrorKind::Timeout,
            409 => ErrorKind::Conflict,
            429 => ErrorKind::RateLimited,
            400..=499 => ErrorKind::Rejected,
            502 | 504 if operation.creates() => ErrorKind::OutcomeUnknown,
            _ => ErrorKind::Server,
        };
        let applied = match status.as_u16() {
            _ if operation.reads => Applied::No,
            408 | 500.. => Applied::Unknown,
            _ => Applied::No,
        };
        let sentence = sentence(operation, kind, status, &answer, &body, wait, of_key);
        let mut error = Error::new(kind, sentence)
            .with_operation(operation)
            .with_applied(applied);
        error.0.status = Some(status);
        error.0.answer = answer;
        error.0.body = body;
        error
    }

    /// Which record of a page it is, and its JSON.
    pub(crate) fn with_record(mut self, index: usize, json: Bytes) -> Self {
        self.0.record = Some(index);
        self.0.body = json;
        self
    }

    pub(crate) fn with_operation(mut self, operation: &Operation) -> Self {
        // Operations live in one table; the reference that the error keeps is looked up there.
        self.0.operation = Operation::find(operation.id);
        self
    }

    pub(crate) fn with_applied(mut self, applied: Applied) -> Self {
        self.0.applied = applied;
        self
    }

    pub(crate) fn with_attempts(mut self, attempts: u32) -> Self {
        self.0.attempts = attempts;
        self
    }

    pub(crate) fn with_retry_after(mut self, wait: Duration) -> Self {
        self.0.retry_after = Some(wait);
        self
    }

    pub(crate) fn with_page(mut self, page: i32) -> Self {
        self.0.page = u32::try_from(page).ok();
        self
    }

    pub(crate) fn with_status(mut self, status: StatusCode, body: Bytes) -> Self {
        self.0.status = Some(status);
        self.0.body = body;
        self
    }

    pub(crate) fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(Arc::from(source.into()));
        self
    }

    /// The same error, for another who waited for the same thing.
    #[cfg(feature = "cache")]
    pub(crate) fn duplicate(&self) -> Self {
        Error(self.0.clone())
    }

    /// What kind of failure it was.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Status of the answer, if there was one.
    pub fn status(&self) -> Option<StatusCode> {
        self.0.status
    }

    /// The service's code for programs (`ErrorCode`), if it sent one.
    pub fn code(&self) -> Option<&str> {
        self.0.answer.error_code.as_deref()
    }

    /// What the service says went wrong: `Message`, `detail` or `title` of its answer, as it came. Only what is displayed of
    /// it is without control characters.
    pub fn message(&self) -> Option<&str> {
        message(&self.0.answer)
    }

    /// By field, what the service says is wrong with its value.
    pub fn field_errors(&self) -> BTreeMap<&str, &[String]> {
        let errors = self.0.answer.errors.iter().flatten();
        errors
            .map(|(field, errors)| (field.as_str(), errors.as_slice()))
            .collect()
    }

    /// The operation that failed.
    pub fn operation(&self) -> Option<&'static Operation> {
        self.0.operation
    }

    /// How many requests were sent.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// How long the service asks to wait before the next request.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// Whether the call took effect all the same.
    pub fn applied(&self) -> Applied {
        self.0.applied
    }

    /// The page of a list that failed, from which the walk can be resumed.
    pub fn page(&self) -> Option<u32> {
        self.0.page
    }

    /// Which record of the page or the array it is, from 0, that does not fit the description. [`body`](Error::body) is its
    /// JSON then, and not that of the others. A stream that it came from goes on.
    pub fn record(&self) -> Option<usize> {
        self.0.record
    }

    /// Body of the answer, as it came, but for the key if the answer quotes it; of one [`record`](Error::record) alone, its
    /// JSON.
    pub fn body(&self) -> &[u8] {
        &self.0.body
    }
}

impl ErrorKind {
    /// The exit code with which the `atera` command reports this kind.
    pub fn exit_code(self) -> u8 {
        match self {
            ErrorKind::InvalidRequest | ErrorKind::Config => 2,
            ErrorKind::NotFound => 3,
            ErrorKind::Unauthorized | ErrorKind::Forbidden => 4,
            ErrorKind::Rejected | ErrorKind::Conflict | ErrorKind::Server => 5,
            ErrorKind::OutcomeUnknown => 6,
            ErrorKind::RateLimited => 7,
            ErrorKind::Connection | ErrorKind::Timeout => 8,
            ErrorKind::Decode => 9,
            ErrorKind::Unsettled => 10,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0.sentence)?;
        match self.0.attempts {
            0 | 1 => Ok(()),
            attempts => write!(out, "; tried {attempts} times"),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut fields = out.debug_struct("Error");
        fields
            .field("kind", &self.0.kind)
            .field("sentence", &self.0.sentence);
        if let Some(operation) = self.0.operation {
            fields.field("operation", &operation.id);
        }
        if let Some(status) = self.0.status {
            fields.field("status", &status);
        }
        fields
            .field("applied", &self.0.applied)
            .field("attempts", &self.0.attempts);
        if let Some(source) = &self.0.source {
            fields.field("source", source);
        }
        fields.finish_non_exhaustive()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0
            .source
            .as_deref()
            .map(|source| source as &(dyn StdError + 'static))
    }
}

fn message(answer: &ApiError) -> Option<&str> {
    [&answer.message, &answer.detail, &answer.title]
        .into_iter()
        .flatten()
        .map(|text| text.trim())
        .find(|text| !text.is_empty())
}

/// One sentence: the status, what the service says, and what to do.
fn sentence(
    operation: &Operation,
    kind: ErrorKind,
    status: StatusCode,
    answer: &ApiError,
    body: &[u8],
    wait: Option<Duration>,
    of_key: Option<String>,
) -> String {
    let wait = wait.map(in_words);
    let of_key = of_key.unwrap_or_else(|| "check ATERA_API_KEY, and whether the key has expired".to_string());
    let unknown = || {
        let find_out = operation.how_to_find_out();
        format!("a gateway answered, not the service, so it may or may not have taken effect; {find_out}")
    };
    let advice = match kind {
        ErrorKind::Unauthorized => &format!("the key was refused; {of_key}"),
        ErrorKind::Forbidden => {
            "the key may not do this; give it the permission in Admin > API, or use another key"
        }
        ErrorKind::NotFound => "there is no such record; check the id",
        ErrorKind::RateLimited => match wait {
            Some(wait) => &format!(
                "too many requests with this key; the service asks to wait {wait}, so wait that long, and see what else \
                 uses the key"
            ),
            None => "too many requests with this key; wait a minute, and see what else uses it",
        },
        ErrorKind::Timeout => "the service gave up waiting; try again",
        ErrorKind::Conflict => "this is in conflict with a record that exists",
        ErrorKind::OutcomeUnknown => &unknown(),
        ErrorKind::Server if status == StatusCode::NOT_MODIFIED => {
            "the answer says that nothing has changed, which was not asked, so a proxy with a cache may have sent it; look \
             for one between here and the service"
        }
        ErrorKind::Server if status.is_redirection() => {
            "the service redirects, which is not followed because the key would go along; check the base URL"
        }
        ErrorKind::Server => match wait {
            Some(wait) => &format!("the service failed; try again in {wait}, as it asks"),
            None => "the service failed; try again later",
        },
        _ => "the service refused the request; correct it",
    };
    let mut out = format!("{}: {advice} ({}", status.as_u16(), operation.id);
    let quoted = |text: &str| plain_line(text).trim_end_matches('.').to_string();
    // Writing to a String cannot fail.
    if let Some(message) = message(answer) {
        let _ = write!(out, "; Atera says: {}", quoted(message));
    } else if looks_like_html(body) {
        out.push_str("; the answer is an HTML page, so a proxy may stand in between");
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

pub(crate) fn looks_like_html(body: &[u8]) -> bool {
    wire::without_bom(body).trim_ascii_start().first() == Some(&b'<')
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
