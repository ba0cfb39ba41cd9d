//! Records: what identifies them, and how they are kept apart.

use std::{
    collections::HashSet,
    fmt,
    hash::{DefaultHasher, Hash, Hasher},
};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;
use uuid::Uuid;

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

/// The field of the identity, if one of the records came without it.
pub(crate) fn missing_id<R: Record>(records: &[R]) -> Option<&'static str> {
    let is_missing = records.iter().any(|record| record.key().is_none());
    is_missing.then_some(R::KEY)
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
    /// What tells it from the others; its id is in the field, if its operation names one.
    #[cfg(feature = "cli")]
    pub(crate) fn identity(&self, field: Option<&str>) -> Identity {
        let id = field.and_then(|field| RawRecord::key_of(&self.0, field));
        Identity::new(id, self.get().as_bytes())
    }

    /// The identity of a record, which the field holds. Nothing else of it is decoded.
    pub(super) fn key_of(record: &RawValue, field: &str) -> Option<Key> {
        struct FieldOf<'a>(&'a str);

        impl<'de> Visitor<'de> for FieldOf<'_> {
            type Value = Option<&'de str>;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut found = None;
                // Names are compared as they were sent, for some of the others may be no text (`"\ud800"`).
                while let Some((name, value)) = map.next_entry::<&RawValue, &RawValue>()? {
                    if name.get().trim_matches('"') == self.0 {
                        found = Some(value.get());
                    }
                }
                Ok(found)
            }
        }

        let fields = serde_json::Deserializer::from_str(record.get()).deserialize_map(FieldOf(field));
        Key::of(fields.ok()??.trim_matches('"'))
    }
}

impl From<&RawValue> for RawRecord {
    fn from(record: &RawValue) -> Self {
        RawRecord(record.to_owned())
    }
}

impl<'de> Deserialize<'de> for RawRecord {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Box::<RawValue>::deserialize(deserializer).map(RawRecord)
    }
}

/// How a walk tells a record from the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Identity {
    /// By what identifies it.
    Id(Key),
    /// By a hash of its JSON, where it has no id. Two records may have the same.
    Content(u64),
}

impl Identity {
    /// The identity of a record by its id, or else by its JSON.
    pub(super) fn new(id: Option<Key>, json: &[u8]) -> Self {
        id.map_or_else(
            || {
                let mut hasher = DefaultHasher::new();
                json.hash(&mut hasher);
                Identity::Content(hasher.finish())
            },
            Identity::Id,
        )
    }

    /// The identity that [`Display`](fmt::Display) wrote.
    #[cfg(feature = "cli")]
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text.strip_prefix('#') {
            Some(hash) => hash.parse().ok().map(Identity::Content),
            None => Key::of(text).map(Identity::Id),
        }
    }

    /// The id, if the record has one.
    pub(crate) fn id(self) -> Option<Key> {
        match self {
            Identity::Id(id) => Some(id),
            Identity::Content(_) => None,
        }
    }
}

#[cfg(feature = "cli")]
impl fmt::Display for Identity {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Identity::Id(id) => id.fmt(out),
            Identity::Content(hash) => write!(out, "#{hash}"),
        }
    }
}

/// A set of ids: 8 bytes for a number, 16 for a UUID.
#[derive(Clone, Debug, Default)]
pub(super) struct Ids {
    numbers: HashSet<i64>,
    uuids: HashSet<Uuid>,
}

impl Ids {
    /// Adds an id. Returns whether it was not in the set.
    pub(super) fn insert(&mut self, id: Key) -> bool {
        match id {
            Key::Number(number) => self.numbers.insert(number),
            Key::Uuid(uuid) => self.uuids.insert(uuid),
        }
    }

    pub(super) fn contains(&self, id: Key) -> bool {
        match id {
            Key::Number(number) => self.numbers.contains(&number),
            Key::Uuid(uuid) => self.uuids.contains(&uuid),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.numbers.len() + self.uuids.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Key> {
        let numbers = self.numbers.iter().copied().map(Key::Number);
        numbers.chain(self.uuids.iter().copied().map(Key::Uuid))
    }

    /// How many ids are in this set and not in the other.
    pub(super) fn count_missing_in(&self, other: &Ids) -> u64 {
        self.iter().filter(|id| !other.contains(*id)).count() as u64
    }
}
