//! The two documents that the sandbox can follow.

use std::str::FromStr;

use atera::{
    Error,
    description::{Kind, Operation, Source},
};

use crate::world::Column;

/// Which document the answers follow where the two differ.
///
/// The *published* document is Atera's own OpenAPI document. The *guide* is the one that the client was made for; it
/// describes some answers differently, and nobody knows which of the two the service keeps to.
///
/// | | published | guide |
/// |---|---|---|
/// | total of a list | `totalItemCount`, with links | `totalItems`, without links |
/// | `itemsInPage` of a list | the size that was asked for | how many records this page has |
/// | `ActionID` | text | a number |
/// | answer to a ticket create | 201, `ActionID` | 200, `ActionID` and `TicketID` |
/// | answer to a delete | 204, empty | 200, `ActionID` and `Success` |
/// | refusals | problem details with the fields | `Message` and `ErrorCode` |
/// | an object or a value of a list that a record lacks | left out | `null` |
///
/// Operations that only the guide has are answered as in the guide in both.
///
/// ```
/// use atera_sandbox::Dialect;
///
/// assert_eq!("guide".parse::<Dialect>().unwrap(), Dialect::Guide);
/// assert_eq!(Dialect::default(), Dialect::Published);
/// ```
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
    /// Names of the dialects, as [`str::parse`] reads them.
    pub const NAMES: [&'static str; 2] = ["published", "guide"];

    /// The dialect in which an operation is answered.
    pub(crate) fn of(self, operation: &Operation) -> Dialect {
        match operation.source {
            Source::Guide => Dialect::Guide,
            _ => self,
        }
    }

    /// Whether an answer has `null` for a field without a value. Otherwise it leaves the field out.
    pub(crate) fn writes_null(self, column: &Column) -> bool {
        match self {
            Dialect::Guide => true,
            // The published document gives these fields by `$ref` alone, and OpenAPI 3.0 ignores `nullable` beside it.
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
                "cannot set the dialect: `{text}` is not one; choose `published` or `guide`"
            ))),
        }
    }
}
