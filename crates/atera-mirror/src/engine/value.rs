//! Values of the database, and the types of columns.

use chrono::{DateTime, Utc};

/// A value that goes to the database or comes from it.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// No value.
    Null,
    /// `true` or `false`.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// A number.
    Real(f64),
    /// A text. Times are texts as well (`2026-03-02T08:15:00.000Z`), and so are dates and JSON.
    Text(String),
}

/// What the values of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ColumnType {
    /// A whole number of 64 bits.
    Integer,
    /// A number, as a float of 64 bits.
    Real,
    /// `true` or `false`.
    Boolean,
    /// A text.
    Text,
    /// A date, `2026-03-02`.
    Date,
    /// A point in time, `2026-03-02T08:15:00.000Z`: always in UTC and with milliseconds, so that texts compare as times do.
    Timestamp,
    /// A time on the clock of the account, `2026-03-02T08:15:00`.
    LocalTime,
    /// JSON, in a form in which the database can look into it.
    Json,
    /// JSON, byte for byte as it came.
    Record,
}

impl Value {
    /// A point in time, in the form of [`ColumnType::Timestamp`].
    pub(crate) fn timestamp(time: atera::Timestamp) -> Self {
        Value::Text(timestamp_text(time.to_utc()))
    }
}

/// A point in time as [`ColumnType::Timestamp`] writes it.
pub(super) fn timestamp_text(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// Bytes in hexadecimal digits, as Postgres prints them.
pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    let digits = bytes.iter().map(|byte| format!("{byte:02x}"));
    digits.fold(String::from("\\x"), |text, digits| text + &digits)
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Value::Integer(value)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Value::Boolean(value)
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Value::Real(value)
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Value::Text(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Value::Text(value.to_string())
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Value::Null, Into::into)
    }
}
