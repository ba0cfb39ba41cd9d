//! A record: a value for every field that the description gives it, in its order.

use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::{Map, Value};

use crate::{Schema, Timestamp};

/// A record. What it holds nothing for is `null`, as with the service.
#[derive(Clone, Debug)]
pub(super) struct Record {
    schema: &'static Schema,
    values: Vec<Value>,
    /// When it was last changed, which not every schema tells.
    pub(super) modified: Timestamp,
}

impl Record {
    /// A record of the schema with nothing in it.
    pub(super) fn new(schema: &'static Schema, modified: Timestamp) -> Self {
        Record {
            schema,
            values: vec![Value::Null; schema.fields.len()],
            modified,
        }
    }

    /// The value of a field.
    pub(super) fn get(&self, field: &str) -> &Value {
        &self.values[self.index(field)]
    }

    /// The value of a field as a number.
    pub(super) fn number(&self, field: &str) -> Option<i64> {
        self.get(field).as_i64()
    }

    /// The value of a field as text; empty where there is none.
    pub(super) fn text(&self, field: &str) -> &str {
        self.get(field).as_str().unwrap_or_default()
    }

    /// Gives a field its value.
    pub(super) fn set(&mut self, field: &str, value: impl Into<Value>) {
        let index = self.index(field);
        self.values[index] = value.into();
    }

    /// The record with the field's value, for building one.
    pub(super) fn with(mut self, field: &str, value: impl Into<Value>) -> Self {
        self.set(field, value);
        self
    }

    /// Takes over the fields of a body that records of this kind have.
    pub(super) fn apply(&mut self, body: &Map<String, Value>) {
        for (name, value) in body {
            if let Some(index) = self.schema.fields.iter().position(|field| field.name == name) {
                self.values[index] = value.clone();
            }
        }
    }

    /// The record without what these fields hold.
    pub(super) fn without(&self, fields: &[&str]) -> Self {
        let mut record = self.clone();
        for field in fields {
            record.set(field, Value::Null);
        }
        record
    }

    fn index(&self, field: &str) -> usize {
        let position = self.schema.fields.iter().position(|it| it.name == field);
        position.expect("only fields of the description are set and read")
    }
}

impl Serialize for Record {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.values.len()))?;
        for (field, value) in self.schema.fields.iter().zip(&self.values) {
            map.serialize_entry(field.name, value)?;
        }
        map.end()
    }
}
