//! The id of a record, which identifies it within its list.

use std::fmt;

use uuid::Uuid;

/// The id of a record, which identifies it within its list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum RecordId {
    /// A number.
    Number(i64),
    /// A UUID.
    Uuid(Uuid),
}

impl RecordId {
    /// Parses an id: a number or a UUID.
    pub fn parse(text: &str) -> Option<Self> {
        let number = text.parse().map(RecordId::Number);
        number.or_else(|_| text.parse().map(RecordId::Uuid)).ok()
    }
}

impl fmt::Display for RecordId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RecordId::Number(number) => number.fmt(out),
            RecordId::Uuid(uuid) => uuid.fmt(out),
        }
    }
}

impl From<i64> for RecordId {
    fn from(number: i64) -> Self {
        RecordId::Number(number)
    }
}

impl From<i32> for RecordId {
    fn from(number: i32) -> Self {
        RecordId::Number(number.into())
    }
}

impl From<Uuid> for RecordId {
    fn from(uuid: Uuid) -> Self {
        RecordId::Uuid(uuid)
    }
}

/// A record with an id.
pub trait Record {
    /// The field that holds the id, by its name on the wire.
    const ID_FIELD: &'static str;

    /// The id of this record, if it came with one.
    fn id(&self) -> Option<RecordId>;
}

/// The name of the id field, if one of the records lacks its id.
pub(crate) fn missing_id<R: Record>(records: &[R]) -> Option<&'static str> {
    let is_missing = records.iter().any(|record| record.id().is_none());
    is_missing.then_some(R::ID_FIELD)
}
