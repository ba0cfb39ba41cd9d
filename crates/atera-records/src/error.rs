//! Why records cannot be selected.

use std::fmt;

/// What an [`Error`] is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// What was asked for is not understood, or does not fit the records. It is found before the first record is read, except
    /// for a time that comes twice by the clocks of the account.
    Usage,
    /// A record has a value that cannot be summed exactly.
    Inexact,
}

/// Why records cannot be selected. Its text is one sentence: what failed, why, and what to do.
///
/// The text quotes what was asked for, and for [`ErrorKind::Inexact`] a value of a record, as they are. Escape it before it is
/// printed on a terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    kind: ErrorKind,
    sentence: String,
}

impl Error {
    pub(crate) fn usage(sentence: impl Into<String>) -> Self {
        Error {
            kind: ErrorKind::Usage,
            sentence: sentence.into(),
        }
    }

    pub(crate) fn inexact(sentence: impl Into<String>) -> Self {
        Error {
            kind: ErrorKind::Inexact,
            sentence: sentence.into(),
        }
    }

    /// What it is about.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.sentence)
    }
}

impl std::error::Error for Error {}
