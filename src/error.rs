//! The one error type.

use std::{collections::BTreeMap, error::Error as StdError, fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use http::StatusCode;

use crate::{
    description::Operation,
    text::plain,
    types::{ApiError, InvalidTime},
};

/// A result with this crate's error.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a call failed, and what can be done about it.
///
/// [`kind`](Error::kind) is for deciding what to do, and [`applied`](Error::applied) says whether the call took effect. The
/// message is one sentence; the cause is in [`source`](StdError::source). Neither contains the key. From a request they contain
/// at most the argument that was refused, or the method and the path of an [untyped call](crate::UntypedCall), and from an answer
/// what the service says about the failure.
pub struct Error(Box<Inner>);

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    /// What failed, why, and what to do.
    sentence: String,
    /// Whether the sentence is complete, so that `Display` does not add the number of attempts.
    is_whole: bool,
    operation: Option<&'static Operation>,
    status: Option<StatusCode>,
    answer: ApiError,
    body: Bytes,
    attempts: u32,
    retry_after: Option<Duration>,
    applied: Applied,
    page: Option<i32>,
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
    /// The service failed (5xx), or sent a redirect (3xx), which is not followed.
    Server,
    /// A create was sent and its answer was lost: the record may or may not exist.
    OutcomeUnknown,
    /// Too many requests (429).
    RateLimited,
    /// The service could not be reached, or the connection broke.
    Connection,
    /// There was no answer in time, or the service timed out (408).
    Timeout,
    /// The answer does not fit the description.
    Decode,
    /// A list could not be read completely: it kept changing, or records are missing by its total.
    Unsettled,
    /// The client is set up wrongly: its key, its base URL, a file, a store.
    Config,
}

impl ErrorKind {
    /// All kinds that this version tells apart, for a program that has something to say of each.
    pub const ALL: &'static [ErrorKind] = &[
        ErrorKind::InvalidRequest,
        ErrorKind::NotFound,
        ErrorKind::Unauthorized,
        ErrorKind::Forbidden,
        ErrorKind::Rejected,
        ErrorKind::Conflict,
        ErrorKind::Server,
        ErrorKind::OutcomeUnknown,
        ErrorKind::RateLimited,
        ErrorKind::Connection,
        ErrorKind::Timeout,
        ErrorKind::Decode,
        ErrorKind::Unsettled,
        ErrorKind::Config,
    ];

    /// The name of the kind in snake case, for logs, metrics and JSON. It is the name of the variant, and stays the same between
    /// versions.
    ///
    /// ```
    /// use atera::ErrorKind;
    ///
    /// assert_eq!(ErrorKind::NotFound.as_str(), "not_found");
    /// ```
    pub const fn as_str(self) -> &'static str {
        match self {
            ErrorKind::InvalidRequest => "invalid_request",
            ErrorKind::NotFound => "not_found",
            ErrorKind::Unauthorized => "unauthorized",
            ErrorKind::Forbidden => "forbidden",
            ErrorKind::Rejected => "rejected",
            ErrorKind::Conflict => "conflict",
            ErrorKind::Server => "server",
            ErrorKind::OutcomeUnknown => "outcome_unknown",
            ErrorKind::RateLimited => "rate_limited",
            ErrorKind::Connection => "connection",
            ErrorKind::Timeout => "timeout",
            ErrorKind::Decode => "decode",
            ErrorKind::Unsettled => "unsettled",
            ErrorKind::Config => "config",
        }
    }
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

impl Applied {
    /// The answer in a word, for logs and JSON. It stays the same between versions.
    ///
    /// ```
    /// use atera::Applied;
    ///
    /// assert_eq!(Applied::Unknown.as_str(), "unknown");
    /// ```
    pub const fn as_str(self) -> &'static str {
        match self {
            Applied::No => "no",
            Applied::Unknown => "unknown",
            Applied::Yes => "yes",
        }
    }
}

impl Error {
    /// An error of this kind, for code that works with the client and fails in the same ways: a transport, a store of the limit,
    /// a program that reports its own failures with this type. The sentence says what failed, why, and what to do.
    pub fn new(kind: ErrorKind, sentence: impl Into<String>) -> Self {
        Error(Box::new(Inner {
            kind,
            // It may quote the service and be shown on a terminal, so control characters are replaced.
            sentence: plain(sentence),
            is_whole: false,
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

    /// A `Config` error: something is set up wrongly.
    pub fn config(sentence: impl Into<String>) -> Self {
        Error::new(ErrorKind::Config, sentence)
    }

    /// Adds the answer: its status, the error that it describes, and its body.
    pub(crate) fn with_answer(mut self, status: StatusCode, answer: ApiError, body: Bytes) -> Self {
        self.0.status = Some(status);
        self.0.answer = answer;
        self.0.body = body;
        self
    }

    /// Adds the index of the record in its page, and its JSON.
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
        self.0.page = Some(page);
        self
    }

    pub(crate) fn with_status(mut self, status: StatusCode, body: Bytes) -> Self {
        self.0.status = Some(status);
        self.0.body = body;
        self
    }

    /// The same error with another message, for a program that knows better what to do. This error becomes its source. `Display`
    /// shows only the sentence, so it may quote this error in full.
    #[must_use]
    pub fn explained(self, sentence: impl Into<String>) -> Self {
        let mut inner = self.0.clone();
        inner.sentence = plain(sentence);
        inner.is_whole = true;
        Error(inner).with_source(self)
    }

    /// The same error with a cause.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(Arc::from(source.into()));
        self
    }

    /// A copy of the error, for another call that waited for the same answer.
    #[cfg(feature = "cache")]
    pub(crate) fn duplicate(&self) -> Self {
        Error(self.0.clone())
    }

    /// The kind of the failure.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// HTTP status of the answer, if there was one.
    pub fn status(&self) -> Option<StatusCode> {
        self.0.status
    }

    /// The machine-readable code of the service (`ErrorCode`), if it sent one.
    pub fn code(&self) -> Option<&str> {
        self.0.answer.error_code.as_deref()
    }

    /// The error message of the service: `Message`, `detail` or `title` of its answer, unchanged. It may have control characters;
    /// `Display` of this error replaces them.
    pub fn message(&self) -> Option<&str> {
        message(&self.0.answer)
    }

    /// The validation errors of the service, by field.
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

    /// How many requests were sent, with all retries.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// How long the service asks to wait before the next request.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// Whether the call took effect although it failed.
    pub fn applied(&self) -> Applied {
        self.0.applied
    }

    /// The page of a list that failed. Give it to `start_page` to continue from there.
    pub fn page(&self) -> Option<i32> {
        self.0.page
    }

    /// The index of the record that does not fit the description, in its page or array, from 0. [`body`](Error::body) is then the
    /// JSON of this record only. A stream that returned this error continues.
    pub fn record(&self) -> Option<usize> {
        self.0.record
    }

    /// The body of the answer, unchanged except that the key is removed if the answer quotes it. If [`record`](Error::record) is
    /// set, the JSON of that record.
    pub fn body(&self) -> &[u8] {
        &self.0.body
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0.sentence)?;
        match self.0.attempts {
            _ if self.0.is_whole => Ok(()),
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

impl From<InvalidTime> for Error {
    fn from(error: InvalidTime) -> Self {
        Error::invalid_request(error.to_string())
    }
}

/// The error message of the service, from the first of its fields that has one.
pub(crate) fn message(answer: &ApiError) -> Option<&str> {
    [&answer.message, &answer.detail, &answer.title]
        .into_iter()
        .flatten()
        .map(|text| text.trim())
        .find(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The name of a variant in snake case.
    fn snake_case(variant: impl fmt::Debug) -> String {
        let mut name = String::new();
        for letter in format!("{variant:?}").chars() {
            if letter.is_uppercase() && !name.is_empty() {
                name.push('_');
            }
            name.push(letter.to_ascii_lowercase());
        }
        name
    }

    #[test]
    fn a_kind_is_called_as_its_variant() {
        for (place, kind) in ErrorKind::ALL.iter().enumerate() {
            assert_eq!(kind.as_str(), snake_case(kind));
            // In the order of the variants, so that none is left out between two.
            assert_eq!(*kind as usize, place);
        }
        for applied in [Applied::No, Applied::Unknown, Applied::Yes] {
            assert_eq!(applied.as_str(), snake_case(applied));
        }
    }
}
