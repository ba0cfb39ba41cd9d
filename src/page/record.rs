//! Undecoded records, and how a walk distinguishes records.

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

use crate::types::RecordId;

/// A record as the service sent it.
#[derive(Clone, Debug)]
pub struct UndecodedRecord(Box<RawValue>);

impl UndecodedRecord {
    /// The record as JSON text, byte for byte.
    pub fn get(&self) -> &str {
        self.0.get()
    }
}

impl UndecodedRecord {
    /// The id of the record, from the field of this name. No other field is decoded.
    pub fn id(&self, field: &str) -> Option<RecordId> {
        UndecodedRecord::id_of(&self.0, field)
    }

    /// The id in the field of a record. No other field is decoded.
    pub(super) fn id_of(record: &RawValue, field: &str) -> Option<RecordId> {
        struct FieldOf<'a>(&'a str);

        impl<'de> Visitor<'de> for FieldOf<'_> {
            type Value = Option<&'de str>;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut found = None;
                // Names are compared undecoded, because other names may not be valid text (`"\ud800"`).
                while let Some((name, value)) = map.next_entry::<&RawValue, &RawValue>()? {
                    if name.get().trim_matches('"') == self.0 {
                        found = Some(value.get());
                    }
                }
                Ok(found)
            }
        }

        if let Some(id) = first_field(record.get(), field) {
            return RecordId::parse(id.trim_matches('"'));
        }
        let fields = serde_json::Deserializer::from_str(record.get()).deserialize_map(FieldOf(field));
        RecordId::parse(fields.ok()??.trim_matches('"'))
    }
}

/// The value of the field with which a record begins, if that has this name and is a number or a plain text. `None` also if the name
/// comes again: the last one counts. Most records begin with their id, and to look for a text is much faster than to read JSON.
fn first_field<'a>(record: &'a str, field: &str) -> Option<&'a str> {
    let name = |rest: &'a str| rest.strip_prefix('"')?.strip_prefix(field)?.strip_prefix('"');
    let rest = name(record.strip_prefix('{')?)?;
    if rest.contains(field) {
        return None;
    }
    let value = rest.strip_prefix(':')?;
    let end = value.find([',', '}'])?;
    let value = &value[..end];
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    let text = value.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    text.unwrap_or(value).bytes().all(is_plain).then_some(value)
}

impl From<&RawValue> for UndecodedRecord {
    fn from(record: &RawValue) -> Self {
        UndecodedRecord(record.to_owned())
    }
}

impl<'de> Deserialize<'de> for UndecodedRecord {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Box::<RawValue>::deserialize(deserializer).map(UndecodedRecord)
    }
}

/// What distinguishes a record from the others of a walk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Identity {
    /// Its id.
    Id(RecordId),
    /// A hash of its JSON, for a record without an id. Two records may have the same.
    Content(u64),
}

impl Identity {
    /// The identity of a record by its id, or else by its JSON.
    pub(super) fn new(id: Option<RecordId>, json: &[u8]) -> Self {
        id.map_or_else(
            || {
                let mut hasher = DefaultHasher::new();
                json.hash(&mut hasher);
                Identity::Content(hasher.finish())
            },
            Identity::Id,
        )
    }

    /// Reads the identity that [`Display`](fmt::Display) wrote.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text.strip_prefix('#') {
            Some(hash) => hash.parse().ok().map(Identity::Content),
            None => RecordId::parse(text).map(Identity::Id),
        }
    }

    /// The id, if the record has one.
    pub(crate) fn id(self) -> Option<RecordId> {
        match self {
            Identity::Id(id) => Some(id),
            Identity::Content(_) => None,
        }
    }
}

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
    pub(super) fn insert(&mut self, id: RecordId) -> bool {
        match id {
            RecordId::Number(number) => self.numbers.insert(number),
            RecordId::Uuid(uuid) => self.uuids.insert(uuid),
        }
    }

    pub(super) fn contains(&self, id: RecordId) -> bool {
        match id {
            RecordId::Number(number) => self.numbers.contains(&number),
            RecordId::Uuid(uuid) => self.uuids.contains(&uuid),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.numbers.len() + self.uuids.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = RecordId> {
        let numbers = self.numbers.iter().copied().map(RecordId::Number);
        numbers.chain(self.uuids.iter().copied().map(RecordId::Uuid))
    }

    /// How many ids are in this set and not in the other.
    pub(super) fn count_missing_in(&self, other: &Ids) -> u64 {
        self.iter().filter(|id| !other.contains(*id)).count() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_is_found_wherever_it_is() {
        for (json, expected) in [
            (r#"{"ID":7,"A":1}"#, Some("7")),
            (r#"{"ID":"7"}"#, Some("7")),
            (r#"{"ID":7}"#, Some("7")),
            (r#"{ "ID": 7 }"#, Some("7")),
            (r#"{"A":{"ID":1},"ID":7}"#, Some("7")),
            (r#"{"ID":1,"ID":7}"#, Some("7")),
            (r#"{"ID":7,"A":{"ID":1}}"#, Some("7")),
            (r#"{"ID":7,"A":"ID"}"#, Some("7")),
            (r#"{"IDs":7}"#, None),
            (r#"{"ID":null}"#, None),
            (r#"{"ID":[1,2]}"#, None),
            (r#"{"ID":"a,b"}"#, None),
            ("7", None),
        ] {
            let record: &RawValue = serde_json::from_str(json).unwrap();
            let id = UndecodedRecord::id_of(record, "ID").map(|id| id.to_string());
            assert_eq!(id.as_deref(), expected, "{json}");
        }
        let uuid = "0e37df36-f698-11e6-8dd4-cb9ced3df976";
        let json = format!(r#"{{"ID":"{uuid}","A":1}}"#);
        let record: &RawValue = serde_json::from_str(&json).unwrap();
        assert_eq!(UndecodedRecord::id_of(record, "ID").unwrap().to_string(), uuid);
    }
}
