//! The two documents that the sandbox can take for the truth.

use std::str::FromStr;

use atera::{
    Error,
    description::{Kind, Operation, Source},
};

use super::shape::Column;

/// Which document the answers follow where the two differ.
///
/// | | published | guide |
/// |---|---|---|
/// | total of a list | `totalItemCount`, with links | `totalItems`, without links |
/// | `itemsInPage` of a list | the size asked for | how many there are in this page |
/// | `ActionID` | text | a number |
/// | answer to a ticket create | 201, `ActionID` | 200, `ActionID` and `TicketID` |
/// | answer to a delete | 204, empty | 200, `ActionID` and `Success` |
/// | refusals | problem details with the fields | `Message` and `ErrorCode` |
/// | an object or a value of a list that a record lacks | left out | `null` |
///
/// Paths that only the guide has are answered as the guide has it in both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Dialect {
    /// Atera's own OpenAPI document.
    #[default]
    Published,
    /// The guide.
    Guide,
}

impl Dialect {
    /// Names of the dialects, as they are parsed.
    pub const NAMES: [&'static str; 2] = ["published", "guide"];

    /// That of the answers to an operation.
    pub(super) fn of(self, operation: &Operation) -> Dialect {
        match operation.source {
            Source::Guide => Dialect::Guide,
            _ => self,
        }
    }

    /// Whether a field that has no value is null in an answer; else it is left out.
    pub(super) fn has_null(self, column: &Column) -> bool {
        match self {
            Dialect::Guide => true,
            // The published document gives these by `$ref` alone, beside which OpenAPI 3.0 cannot say that null is possible.
            Dialect::Published if matches!(column.kind, Kind::Object(_) | Kind::Enum { .. }) => false,
            Dialect::Published => column.nullable,
        }
    }
}

impl FromStr for Dialect {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text {
            "published" => Ok(Dialect::Published),
            "guide" => Ok(Dialect::Guide),
            _ => Err(Error::config(format!(
                "`{text}` is not a dialect; there are `published` and `guide`"
            ))),
        }
    }
}
