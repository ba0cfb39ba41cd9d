//! The one error type of the crate.

use std::{error::Error as StdError, fmt, sync::Arc};

/// A result with this crate's error.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why the mirror could not do something: what failed, why, and what to do, in one sentence. The cause is in
/// [`source`](StdError::source). Neither contains the key or the password of the database.
#[derive(Clone)]
pub struct Error(Box<Inner>);

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    sentence: String,
    source: Option<Arc<dyn StdError + Send + Sync>>,
    flaw: Option<Flaw>,
}

/// What is wrong with a query, for those who know where its text comes from and can say more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Flaw {
    /// It has this parameter, and there is no value for it.
    NoValue(String),
    /// It does not have this parameter, and there is a value for it.
    NoParameter(String),
    /// Something at this byte, counted from 0.
    At { offset: usize, reason: String },
}

/// What kind of failure it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The mirror is set up wrongly: its address, its file, its folder, an option.
    Config,
    /// Someone else is writing to the mirror.
    Busy,
    /// A newer program has written the database.
    Newer,
    /// The query would do more than read, or is not one SQL statement.
    Refused,
    /// The query is no valid SQL for this database, or names what it does not have.
    Query,
    /// The text is no cursor, or the mirror has no such place in its sequence of changes.
    Cursor,
    /// The query took longer than its limit.
    TimedOut,
    /// The database could not be reached, or the connection broke.
    Connection,
    /// The database failed, or its content is damaged.
    Database,
    /// The receiver of a webhook wants no more of them.
    Gone,
    /// The service failed. The source is the [`atera::Error`].
    Service,
}

impl Error {
    /// An error of this kind. The sentence says what failed, why, and what to do.
    pub(crate) fn new(kind: ErrorKind, sentence: impl Into<String>) -> Self {
        Error(Box::new(Inner {
            kind,
            // It may quote the database or the service and be shown on a terminal.
            sentence: atera::text::plain(sentence),
            source: None,
            flaw: None,
        }))
    }

    /// A `Config` error.
    pub(crate) fn config(sentence: impl Into<String>) -> Self {
        Error::new(ErrorKind::Config, sentence)
    }

    pub(crate) fn with_source(mut self, source: impl StdError + Send + Sync + 'static) -> Self {
        self.0.source = Some(Arc::new(source));
        self
    }

    pub(crate) fn with_flaw(mut self, flaw: Flaw) -> Self {
        self.0.flaw = Some(flaw);
        self
    }

    /// What is wrong with the query, if that is known so exactly.
    pub(crate) fn flaw(&self) -> Option<&Flaw> {
        self.0.flaw.as_ref()
    }

    /// What kind of failure it was.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The service's error, if it was the service that failed.
    pub fn service(&self) -> Option<&atera::Error> {
        self.0.source.as_ref()?.downcast_ref()
    }
}

impl From<atera::Error> for Error {
    fn from(error: atera::Error) -> Self {
        Error::new(ErrorKind::Service, error.to_string()).with_source(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0.sentence)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("sentence", &self.0.sentence)
            .finish_non_exhaustive()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        let source = self.0.source.as_ref()?;
        Some(&**source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_of_the_service_keeps_its_cause() {
        let error = Error::from(atera::Error::new(atera::ErrorKind::Forbidden, "refused"));
        assert_eq!(error.kind(), ErrorKind::Service);
        assert_eq!(error.service().unwrap().kind(), atera::ErrorKind::Forbidden);
        assert!(error.source().is_some());
    }
}
