//! Records: a value for each field of a shape.

use atera::{Timestamp, description::Kind};
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::Value;

use super::shape::{Column, Shape};

/// One record. It has a value for each field of its shape, null where there is none, and no other fields.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    shape: &'static Shape,
    /// The values, in the order of the columns of the shape.
    values: Vec<Value>,
    /// When the record last changed. Lists filter by it, also those of kinds that do not show it.
    pub(crate) modified: DateTime<Utc>,
}

impl Record {
    /// A record whose fields are all null.
    pub(crate) fn new(shape: &'static Shape, modified: DateTime<Utc>) -> Self {
        Record {
            shape,
            values: vec![Value::Null; shape.columns.len()],
            modified,
        }
    }

    /// A record with these fields; the others are null.
    pub(crate) fn with_fields<const N: usize>(
        shape: &'static Shape,
        modified: DateTime<Utc>,
        fields: [(&'static str, Value); N],
    ) -> Self {
        let mut record = Record::new(shape, modified);
        let mut expected = 0;
        for (name, value) in fields {
            // Callers mostly give fields in the order of the shape, so the search starts after the last one.
            let ahead = shape.columns[expected..]
                .iter()
                .position(|column| column.name == name);
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

    pub(crate) fn shape(&self) -> &'static Shape {
        self.shape
    }

    /// The fields with their values, in the order of the shape.
    pub(crate) fn fields(&self) -> impl Iterator<Item = (&'static Column, &Value)> {
        self.shape.columns.iter().zip(&self.values)
    }

    /// The value at a position of the shape.
    pub(crate) fn at(&self, position: usize) -> &Value {
        &self.values[position]
    }

    /// Sets the value at a position of the shape. An equal value is not cloned, which is the usual case when fields are
    /// joined.
    pub(crate) fn set_at(&mut self, position: usize, value: &Value) {
        if self.values[position] != *value {
            self.values[position].clone_from(value);
        }
    }

    /// The record in another shape: the fields of the same names. Operations whose answer has fewer fields than the
    /// store show it this way.
    pub(crate) fn into_shape(self, shape: &'static Shape) -> Record {
        if std::ptr::eq(self.shape, shape) {
            return self;
        }
        let mut record = Record::new(shape, self.modified);
        for (column, value) in self.shape.columns.iter().zip(self.values) {
            if record.has(column.name) {
                record.set(column.name, value);
            }
        }
        record
    }

    /// Whether the shape has the field, be it null or not.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.shape.position(name).is_some()
    }

    /// The value of a field. A field that the shape lacks reads as null.
    pub(crate) fn get(&self, name: &str) -> &Value {
        match self.shape.position(name) {
            Some(index) => &self.values[index],
            None => &Value::Null,
        }
    }

    /// Sets a field, which the shape must have: names are constants of this crate, and a debug build panics on a wrong
    /// one.
    pub(crate) fn set(&mut self, name: &str, value: impl Into<Value>) {
        let position = self.shape.position(name);
        debug_assert!(position.is_some(), "{} has no field {name}", self.shape.name);
        if let Some(index) = position {
            self.values[index] = value.into();
        }
    }

    /// Makes fields null.
    pub(crate) fn clear(&mut self, names: &[&str]) {
        for name in names {
            self.set(name, Value::Null);
        }
    }

    /// Makes every nullable field null but these. Some generated records are so bare on purpose: programs tend to rely
    /// on fields that are usually set.
    pub(crate) fn clear_all_but(&mut self, kept: &[&str]) {
        for (column, value) in self.shape.columns.iter().zip(&mut self.values) {
            if column.nullable && !kept.contains(&column.name) {
                *value = Value::Null;
            }
        }
    }

    /// A field as a whole number.
    pub(crate) fn number(&self, name: &str) -> Option<i64> {
        self.get(name).as_i64()
    }

    /// A field as text; empty if it is null.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.get(name).as_str().unwrap_or_default()
    }

    /// Whether a field is `true`; null is not.
    pub(crate) fn is_set(&self, name: &str) -> bool {
        self.get(name).as_bool() == Some(true)
    }

    /// A field as a point in time.
    pub(crate) fn time(&self, name: &str) -> Option<DateTime<Utc>> {
        let time: Timestamp = self.text(name).parse().ok()?;
        Some(time.to_utc())
    }

    /// Sets the time of the last change, also in the field that shows it: `LastModified` or `Modified`, where there is
    /// one.
    pub(crate) fn mark_modified(&mut self, now: DateTime<Utc>) {
        self.modified = now;
        for name in ["LastModified", "Modified"] {
            if self.has(name) {
                self.set(name, time(now));
            }
        }
    }
}

/// A point in time as records have it: RFC 3339 in UTC.
///
/// The text is that of [`Timestamp`]. It is made here without the detour over a formatter, since a sandbox with 100,000
/// tickets writes more than a million of them when it starts.
pub(crate) fn time(time: DateTime<Utc>) -> Value {
    time.to_rfc3339_opts(SecondsFormat::AutoSi, true).into()
}

/// A value without the fields that the description does not have, also in objects within it. The service ignores such
/// fields, so the sandbox does not store them.
pub(crate) fn without_unknown_fields(kind: &Kind, value: Value) -> Value {
    match (kind, value) {
        (Kind::Object(schema), Value::Object(object)) => {
            let fields = object.into_iter().filter_map(|(name, value)| {
                let field = schema.fields.iter().find(|field| field.name == name)?;
                Some((name, without_unknown_fields(&field.kind, value)))
            });
            Value::Object(fields.collect())
        }
        (Kind::Array(kind), Value::Array(values)) => {
            let values = values.into_iter();
            values.map(|value| without_unknown_fields(kind, value)).collect()
        }
        (_, value) => value,
    }
}
