//! The names and conditions of a table in SQL.

use atera::{RecordId, Timestamp};

use crate::{
    engine::{ColumnType, Dialect, Value},
    schema::{Column, Table},
};

pub(crate) use crate::schema::quoted;

/// A point in time as an expression, where the database cannot know the type of a placeholder.
pub(crate) fn time(dialect: Dialect, time: Timestamp) -> String {
    let text = match Value::timestamp(time) {
        Value::Text(text) => text,
        _ => String::new(),
    };
    match dialect {
        Dialect::Sqlite => format!("'{text}'"),
        Dialect::Postgres => format!("'{text}'::timestamptz"),
    }
}

/// The column of a table that distinguishes its records: for what belongs to records, that of the record.
pub(crate) fn key(table: &'static Table) -> &'static Column {
    &table.columns[0]
}

/// The key of a row as text. `row` is the table or what it is called in the statement.
pub(crate) fn key_text(table: &'static Table, row: &str) -> String {
    format!("CAST({row}.{} AS TEXT)", quoted(&key(table).name))
}

/// A text as a key of the table.
pub(crate) fn from_text(table: &'static Table, text: &str) -> String {
    match key(table).column_type {
        ColumnType::Integer => format!("CAST({text} AS BIGINT)"),
        _ => text.to_string(),
    }
}

/// A key that is before all others of the table.
pub(crate) fn before_all(table: &'static Table) -> Value {
    match key(table).column_type {
        ColumnType::Integer => Value::Integer(i64::MIN),
        _ => Value::from(""),
    }
}

/// A key as a value of the table. `None` if its table cannot have it.
pub(crate) fn key_value(table: &'static Table, id: &str) -> Option<Value> {
    match key(table).column_type {
        ColumnType::Integer => id.parse().ok().map(Value::Integer),
        _ => Some(Value::from(id)),
    }
}

/// The number that a key is, if it is one: rows are ordered by it.
pub(crate) fn key_number(table: &'static Table, id: &str) -> Option<i64> {
    match key(table).column_type {
        ColumnType::Integer => id.parse().ok(),
        _ => None,
    }
}

/// The id of a record as a key of the table. `None` if its table cannot have it.
pub(crate) fn id_text(table: &'static Table, id: RecordId) -> Option<String> {
    match (id, key(table).column_type) {
        (RecordId::Number(_), _) | (_, ColumnType::Text) => Some(id.to_string()),
        _ => None,
    }
}

/// Whether the records have no id of their own.
pub(crate) fn has_no_id(table: &'static Table) -> bool {
    key(table).name == "_key"
}

/// A text as a literal.
pub(crate) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
