//! Records: what identifies them, and how they are kept apart.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashSet},
    fmt,
};

use serde::Deserialize;
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::Result;

/// What identifies a record within its list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Key {
    /// A number.
    Number(i64),
    /// A UUID.
    Uuid(Uuid),
}

impl Key {
    /// The identity that a text stands for.
    pub(crate) fn of(text: &str) -> Option<Self> {
        let number = text.parse().map(Key::Number);
        number.or_else(|_| text.parse().map(Key::Uuid)).ok()
    }
}

impl fmt::Display for Key {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Key::Number(number) => number.fmt(out),
            Key::Uuid(uuid) => uuid.fmt(out),
        }
    }
}

impl From<i64> for Key {
    fn from(number: i64) -> Self {
        Key::Number(number)
    }
}

impl From<i32> for Key {
    fn from(number: i32) -> Self {
        Key::Number(number.into())
    }
}

impl From<Uuid> for Key {
    fn from(uuid: Uuid) -> Self {
        Key::Uuid(uuid)
    }
}

/// A record that has an identity.
pub trait Record {
    /// The field that holds it, as on the wire.
    const KEY: &'static str;

    /// The identity of this record.
    fn key(&self) -> Option<Key>;
}

/// Refuses a record without its identity.
pub(crate) fn has_key<R: Record>(record: &R) -> Result<(), String> {
    match record.key() {
        Some(_) => Ok(()),
        None => Err(format!("there is no `{}`, so it is not the record", R::KEY)),
    }
}

/// Refuses records without their identity.
pub(crate) fn all_have_keys<R: Record>(records: &[R]) -> Result<(), String> {
    match records.iter().position(|record| record.key().is_none()) {
        None => Ok(()),
        Some(index) => Err(format!("record {index} has no `{}`", R::KEY)),
    }
}

/// A record as the service sent it.
#[derive(Clone, Debug)]
pub struct RawRecord(Box<RawValue>);

impl RawRecord {
    /// The record as JSON text, byte for byte.
    pub fn get(&self) -> &str {
        self.0.get()
    }
}

impl RawRecord {
    /// Its identity, which the field holds.
    #[cfg(feature = "cli")]
    pub(crate) fn key(&self, field: &str) -> Option<Key> {
        RawRecord::key_of(&self.0, field)
    }

    /// The identity of a record, which the field holds. Nothing else of it is decoded.
    pub(super) fn key_of(record: &RawValue, field: &str) -> Option<Key> {
        let fields: BTreeMap<Cow<'_, str>, &RawValue> = serde_json::from_str(record.get()).ok()?;
        let value = fields.get(field)?.get();
        Key::of(value.trim_matches('"'))
    }
}

impl From<&RawValue> for RawRecord {
    fn from(record: &RawValue) -> Self {
        RawRecord(record.to_owned())
    }
}

impl<'de> Deserialize<'de> for RawRecord {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Box::<RawValue>::deserialize(deserializer).map(RawRecord)
    }
}

/// The records that came already, by what identifies them: 8 bytes for a number, 16 for a UUID.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    numbers: HashSet<i64>,
    uuids: HashSet<Uuid>,
}

impl Seen {
    /// Notes a record. Tells whether it is the first time.
    pub(crate) fn insert(&mut self, key: Key) -> bool {
        match key {
            Key::Number(number) => self.numbers.insert(number),
            Key::Uuid(uuid) => self.uuids.insert(uuid),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.numbers.len() + self.uuids.len()
    }
}
