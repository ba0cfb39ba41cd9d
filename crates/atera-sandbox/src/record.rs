//! Records, which have every field of their schema, in its order, and how they are written in a dialect.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::Value;

use super::{
    dialect::Dialect,
    shape::{Column, Shape},
};
use atera::{Timestamp, description::Kind};

/// One record. It cannot lack a field, nor have one that the description does not know.
#[derive(Clone, Debug)]
pub(super) struct Record {
    shape: &'static Shape,
    /// A value for each field of the schema.
    values: Vec<Value>,
    /// When it was last changed, which not every kind of record shows.
    pub(super) modified: DateTime<Utc>,
}

impl Record {
    /// A record with nothing in it.
    pub(super) fn new(shape: &'static Shape, modified: DateTime<Utc>) -> Self {
        Record {
            shape,
            values: vec![Value::Null; shape.columns.len()],
            modified,
        }
    }

    /// A record of these fields; the others are null.
    pub(super) fn of<const N: usize>(
        shape: &'static Shape,
        modified: DateTime<Utc>,
        fields: [(&'static str, Value); N],
    ) -> Self {
        let mut record = Record::new(shape, modified);
        let mut expected = 0;
        for (name, value) in fields {
            // Fields mostly come in order, so looking from the last one on spares most of the search.
            let ahead = shape.columns[expected..]
                .iter()
                .position(|field| field.name == name);
            match ahead.map(|ahead| expected + ahead) {
                Some(index) => {
                    record.values[index] = value;
                    expected = index + 1;
                }
                None => record.set(name, value),
            }
        }
        record
    }

    pub(super) fn shape(&self) -> &'static Shape {
        self.shape
    }

    /// The value of the field that has this place in the schema.
    pub(super) fn at(&self, position: usize) -> &Value {
        &self.values[position]
    }

    /// Gives the field that has this place in the schema the value of a field elsewhere.
    pub(super) fn show(&mut self, position: usize, value: &Value) {
        if self.values[position] != *value {
            self.values[position].clone_from(value);
        }
    }

    /// What another schema shows of it: the fields that have the same names.
    pub(super) fn seen_as(self, shape: &'static Shape) -> Record {
        if std::ptr::eq(self.shape, shape) {
            return self;
        }
        let mut record = Record::new(shape, self.modified);
        for (field, value) in self.shape.columns.iter().zip(self.values) {
            if record.has(field.name) {
                record.set(field.name, value);
            }
        }
        record
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.shape.position(name).is_some()
    }

    pub(super) fn get(&self, name: &str) -> &Value {
        match self.shape.position(name) {
            Some(index) => &self.values[index],
            None => &Value::Null,
        }
    }

    pub(super) fn set(&mut self, name: &str, value: impl Into<Value>) {
        let position = self.shape.position(name);
        debug_assert!(position.is_some(), "{} has no field {name}", self.shape.name);
        if let Some(index) = position {
            self.values[index] = value.into();
        }
    }

    pub(super) fn clear(&mut self, names: &[&str]) {
        for name in names {
            self.set(name, Value::Null);
        }
    }

    /// Clears whatever may be null but these.
    pub(super) fn strip(&mut self, kept: &[&str]) {
        let shape = self.shape;
        for (field, value) in shape.columns.iter().zip(&mut self.values) {
            if field.nullable && !kept.contains(&field.name) {
                *value = Value::Null;
            }
        }
    }

    pub(super) fn number(&self, name: &str) -> Option<i64> {
        self.get(name).as_i64()
    }

    pub(super) fn text(&self, name: &str) -> &str {
        self.get(name).as_str().unwrap_or_default()
    }

    pub(super) fn time(&self, name: &str) -> Option<DateTime<Utc>> {
        let time: Timestamp = self.text(name).parse().ok()?;
        Some(time.to_utc())
    }

    /// Notes that it changed now, in whichever field shows it.
    pub(super) fn touch(&mut self, now: DateTime<Utc>) {
        self.modified = now;
        for name in ["LastModified", "Modified"] {
            if self.has(name) {
                self.set(name, time(now));
            }
        }
    }
}

/// A point in time as records have it.
pub(super) fn time(time: DateTime<Utc>) -> Value {
    // As a `Timestamp` is written, without a detour by way of its formatter.
    time.to_rfc3339_opts(SecondsFormat::AutoSi, true).into()
}

/// Something that is answered, in the form that it has in a dialect.
pub(super) struct InDialect<T>(pub(super) Dialect, pub(super) T);

impl Serialize for InDialect<&Record> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let InDialect(dialect, record) = *self;
        let fields = record.shape.columns.iter().copied().zip(&record.values);
        serialize_fields(dialect, fields, serializer)
    }
}

impl Serialize for InDialect<&[Record]> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let InDialect(dialect, records) = *self;
        serializer.collect_seq(records.iter().map(|record| InDialect(dialect, record)))
    }
}

fn serialize_fields<'a, S: Serializer>(
    dialect: Dialect,
    fields: impl Iterator<Item = (Column, &'a Value)>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(None)?;
    for (column, value) in fields {
        if !value.is_null() || dialect.has_null(&column) {
            let shaped = Shaped {
                kind: &column.kind,
                value,
            };
            map.serialize_entry(column.name, &InDialect(dialect, shaped))?;
        }
    }
    map.end()
}

/// What the description knows of a value: objects, also those within, without any other field.
pub(super) fn known(kind: &Kind, value: Value) -> Value {
    match (kind, value) {
        (Kind::Object(schema), Value::Object(object)) => {
            let fields = object.into_iter().filter_map(|(name, value)| {
                let field = schema.fields.iter().find(|field| field.name == name)?;
                Some((name, known(&field.kind, value)))
            });
            Value::Object(fields.collect())
        }
        (Kind::Array(kind), Value::Array(values)) => {
            values.into_iter().map(|value| known(kind, value)).collect()
        }
        (_, value) => value,
    }
}

/// A value in the shape of its kind: objects within have every field, in order.
pub(super) struct Shaped<'a> {
    pub(super) kind: &'a Kind,
    pub(super) value: &'a Value,
}

impl Serialize for InDialect<Shaped<'_>> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let InDialect(dialect, Shaped { kind, value }) = *self;
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
                let fields = schema
                    .fields
                    .iter()
                    .map(|field| (Column::from(field), value(field.name)));
                serialize_fields(dialect, fields, serializer)
            }
            (Kind::Array(kind), Value::Array(values)) => {
                let shaped = values.iter().map(|value| Shaped { kind, value });
                serializer.collect_seq(shaped.map(|shaped| InDialect(dialect, shaped)))
            }
            (_, value) => value.serialize(serializer),
        }
    }
}
