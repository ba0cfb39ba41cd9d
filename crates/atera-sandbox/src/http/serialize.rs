//! Records and values as JSON in a dialect.
//!
//! .NET writes every property of an object, in the order of its class. So do these: the order is that of the
//! description, and a field without a value is null unless the dialect leaves it out.

use atera::description::Kind;
use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::Value;

use super::dialect::Dialect;
use crate::world::{Column, Record};

/// Something to answer, in the form that a dialect gives it.
pub(crate) struct InDialect<T>(pub(crate) Dialect, pub(crate) T);

/// A value of a kind. Objects within it get all fields of their schema.
pub(crate) struct ValueOfKind<'a> {
    pub(crate) kind: &'a Kind,
    pub(crate) value: &'a Value,
}

impl Serialize for InDialect<&Record> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let InDialect(dialect, record) = *self;
        let fields = record.fields().map(|(column, value)| (*column, value));
        serialize_fields(dialect, fields, serializer)
    }
}

impl Serialize for InDialect<&[Record]> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let InDialect(dialect, records) = *self;
        serializer.collect_seq(records.iter().map(|record| InDialect(dialect, record)))
    }
}

impl Serialize for InDialect<ValueOfKind<'_>> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let InDialect(dialect, ValueOfKind { kind, value }) = *self;
        match (kind, value) {
            (Kind::Object(schema), Value::Object(object)) => {
                debug_assert!(
                    object
                        .keys()
                        .all(|name| schema.fields.iter().any(|field| field.name == name)),
                    "{} has no such fields: {object:?}",
                    schema.name
                );
                let value = |name: &str| object.get(name).unwrap_or(&Value::Null);
                let fields = schema.fields.iter();
                let fields = fields.map(|field| (Column::from(field), value(field.name)));
                serialize_fields(dialect, fields, serializer)
            }
            (Kind::Array(kind), Value::Array(values)) => {
                let values = values.iter().map(|value| ValueOfKind { kind, value });
                serializer.collect_seq(values.map(|value| InDialect(dialect, value)))
            }
            (_, value) => value.serialize(serializer),
        }
    }
}

/// Writes an object. Fields without a value are null or left out, as the dialect has it.
fn serialize_fields<'a, S: Serializer>(
    dialect: Dialect,
    fields: impl Iterator<Item = (Column, &'a Value)>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(None)?;
    for (column, value) in fields {
        if !value.is_null() || dialect.writes_null(&column) {
            let value = ValueOfKind {
                kind: &column.kind,
                value,
            };
            map.serialize_entry(column.name, &InDialect(dialect, value))?;
        }
    }
    map.end()
}
