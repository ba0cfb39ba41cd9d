//! The rows of a query as records, so that they are printed in any format.

use std::collections::HashSet;

use atera::description::{Field, Kind, Schema};
use atera_mirror::{AnswerColumn, ColumnType, Value};
use serde_json::value::RawValue;

use atera_records::Column;

use crate::names::{kept, row_type};

/// The columns of an answer.
pub(crate) struct AnswerRows {
    schema: &'static Schema,
    /// The names as JSON, and whether the values are JSON themselves.
    names: Vec<(String, bool)>,
}

/// What the type of the rows is called.
const ROW: &str = "Row";

impl AnswerRows {
    /// The columns of an answer. A name that comes again gets a number, since a record has each name once.
    pub(crate) fn new(columns: &[AnswerColumn]) -> Self {
        let mut taken: HashSet<String> = columns.iter().map(|column| column.name.clone()).collect();
        let mut seen = HashSet::new();
        let mut fields = Vec::new();
        let mut names = Vec::new();
        for column in columns {
            let mut name = column.name.clone();
            if !seen.insert(name.clone()) {
                let numbered = (2_u64..).map(|number| format!("{}_{number}", column.name));
                name = numbered
                    .into_iter()
                    .find(|name| taken.insert(name.clone()))
                    .unwrap_or(name);
            }
            let is_json = matches!(column.column_type, Some(ColumnType::Json | ColumnType::Record));
            names.push((serde_json::Value::from(name.as_str()).to_string(), is_json));
            fields.push(Field::new(kept(&name), kind(column.column_type)));
        }
        AnswerRows {
            schema: row_type(ROW, fields),
            names,
        }
    }

    /// The type of the rows.
    pub(crate) fn schema(&self) -> &'static Schema {
        self.schema
    }

    /// All columns, in their order.
    pub(crate) fn columns(&self) -> Vec<Column> {
        Column::all(self.schema)
    }

    /// A row as a record.
    pub(crate) fn json(&self, row: &[Value]) -> String {
        let fields = self.names.iter().zip(row).map(|((name, is_json), value)| {
            let value = match value {
                Value::Null => "null".to_string(),
                Value::Boolean(value) => value.to_string(),
                Value::Integer(value) => value.to_string(),
                Value::Real(value) => number(*value),
                Value::Text(text) if *is_json && serde_json::from_str::<&RawValue>(text).is_ok() => {
                    text.clone()
                }
                Value::Text(text) => serde_json::Value::from(text.as_str()).to_string(),
            };
            format!("{name}:{value}")
        });
        format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
    }
}

/// A number as JSON. Those that JSON lacks are text.
fn number(value: f64) -> String {
    match value.is_finite() {
        true => serde_json::Value::from(value).to_string(),
        false => format!("\"{value}\""),
    }
}

/// What the values of a column are.
fn kind(column_type: Option<ColumnType>) -> Kind {
    match column_type {
        Some(ColumnType::Integer) => Kind::Integer,
        Some(ColumnType::Real) => Kind::Number,
        Some(ColumnType::Boolean) => Kind::Boolean,
        Some(ColumnType::Text) => Kind::Text,
        Some(ColumnType::Date) => Kind::Date,
        Some(ColumnType::Timestamp) => Kind::Timestamp,
        Some(ColumnType::LocalTime) => Kind::AccountTime,
        _ => Kind::Any,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows with these columns. The library's own columns cannot be made here, so their JSON is.
    fn rows(names: &[&str]) -> AnswerRows {
        AnswerRows {
            schema: row_type(ROW, Vec::new()),
            names: names
                .iter()
                .map(|name| (format!("\"{name}\""), *name == "record"))
                .collect(),
        }
    }

    #[test]
    fn values_are_written_as_json() {
        let row = [
            Value::Null,
            Value::Boolean(true),
            Value::Integer(i64::MIN),
            Value::Real(0.1),
            Value::Real(f64::INFINITY),
            Value::Text("a \"b\"".into()),
            Value::Text("{\"x\" : 1.10}".into()),
        ];
        assert_eq!(
            rows(&["a", "b", "c", "d", "e", "f", "record"]).json(&row),
            r#"{"a":null,"b":true,"c":-9223372036854775808,"d":0.1,"e":"inf","f":"a \"b\"","record":{"x" : 1.10}}"#
        );
        assert_eq!(
            rows(&["record"]).json(&[Value::Text("not JSON".into())]),
            r#"{"record":"not JSON"}"#
        );
    }
}
