//! Values and errors between Postgres and the mirror.

use std::error::Error as StdError;

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use postgres_types::{Format, FromSql, IsNull, ToSql, Type, private::BytesMut};
use tokio_postgres::{Error as PostgresError, error::SqlState};

use crate::{
    engine::{
        query_error,
        value::{ColumnType, Value, timestamp_text},
    },
    error::{Error, ErrorKind},
};

/// Values are sent as text: the server reads each as what its place in the statement needs.
impl ToSql for Value {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn StdError + Sync + Send>> {
        match self {
            Value::Null => return Ok(IsNull::Yes),
            Value::Boolean(value) => out.extend_from_slice(if *value { b"true" } else { b"false" }),
            Value::Integer(value) => out.extend_from_slice(value.to_string().as_bytes()),
            Value::Real(value) => out.extend_from_slice(value.to_string().as_bytes()),
            Value::Text(value) => out.extend_from_slice(value.as_bytes()),
        }
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    fn encode_format(&self, _: &Type) -> Format {
        Format::Text
    }

    postgres_types::to_sql_checked!();
}

/// Values of the mirror's own statements come in binary form.
impl<'a> FromSql<'a> for Value {
    fn from_sql(kind: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn StdError + Sync + Send>> {
        Ok(match *kind {
            Type::BOOL => Value::Boolean(bool::from_sql(kind, raw)?),
            Type::INT2 => Value::Integer(i16::from_sql(kind, raw)?.into()),
            Type::INT4 => Value::Integer(i32::from_sql(kind, raw)?.into()),
            Type::INT8 => Value::Integer(i64::from_sql(kind, raw)?),
            Type::OID => Value::Integer(u32::from_sql(kind, raw)?.into()),
            Type::FLOAT4 => Value::Real(f32::from_sql(kind, raw)?.into()),
            Type::FLOAT8 => Value::Real(f64::from_sql(kind, raw)?),
            Type::TIMESTAMPTZ => Value::Text(timestamp_text(DateTime::<Utc>::from_sql(kind, raw)?)),
            Type::TIMESTAMP => Value::Text(local_text(NaiveDateTime::from_sql(kind, raw)?)),
            Type::DATE => Value::Text(NaiveDate::from_sql(kind, raw)?.to_string()),
            Type::JSON => Value::Text(std::str::from_utf8(raw)?.to_string()),
            // The first byte is the version of the form.
            Type::JSONB => Value::Text(compact(std::str::from_utf8(raw.get(1..).unwrap_or_default())?)),
            _ => Value::Text(String::from_sql(kind, raw)?),
        })
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn StdError + Sync + Send>> {
        Ok(Value::Null)
    }

    fn accepts(kind: &Type) -> bool {
        let known = [
            Type::BOOL,
            Type::INT2,
            Type::INT4,
            Type::INT8,
            Type::OID,
            Type::FLOAT4,
            Type::FLOAT8,
            Type::TIMESTAMPTZ,
            Type::TIMESTAMP,
            Type::DATE,
            Type::JSON,
            Type::JSONB,
        ];
        known.contains(kind) || <String as FromSql>::accepts(kind)
    }
}

/// The type of a column of a user's query.
pub(super) fn column_type(kind: &Type) -> Option<ColumnType> {
    Some(match *kind {
        Type::BOOL => ColumnType::Boolean,
        Type::INT2 | Type::INT4 | Type::INT8 | Type::OID => ColumnType::Integer,
        Type::FLOAT4 | Type::FLOAT8 | Type::NUMERIC => ColumnType::Real,
        Type::TIMESTAMPTZ => ColumnType::Timestamp,
        Type::TIMESTAMP => ColumnType::LocalTime,
        Type::DATE => ColumnType::Date,
        Type::JSON | Type::JSONB => ColumnType::Json,
        Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME => ColumnType::Text,
        _ => return None,
    })
}

/// A value of a user's query, which comes as text. What is no value of the other database stays a text.
pub(super) fn value(kind: &Type, text: &str) -> Value {
    let own = || Value::Text(text.to_string());
    let real = || text.parse().map_or_else(|_| own(), Value::Real);
    let integer = || text.parse().map(Value::Integer);
    match *kind {
        Type::BOOL => Value::Boolean(text == "t"),
        Type::INT2 | Type::INT4 | Type::INT8 | Type::OID => integer().unwrap_or_else(|_| own()),
        Type::FLOAT4 | Type::FLOAT8 => real(),
        // The sum of whole numbers is a `numeric`; in SQLite it is a whole number.
        Type::NUMERIC => integer().unwrap_or_else(|_| real()),
        Type::TIMESTAMPTZ => match DateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f%#z") {
            Ok(time) => Value::Text(timestamp_text(time.to_utc())),
            Err(_) => own(),
        },
        Type::TIMESTAMP => match NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f") {
            Ok(time) => Value::Text(local_text(time)),
            Err(_) => own(),
        },
        Type::JSONB => Value::Text(compact(text)),
        _ => own(),
    }
}

fn local_text(time: NaiveDateTime) -> String {
    time.format("%Y-%m-%dT%H:%M:%S%.f").to_string()
}

/// JSON without the spaces that `jsonb` is printed with.
fn compact(json: &str) -> String {
    let mut compact = String::with_capacity(json.len());
    let (mut is_in_text, mut is_escaped) = (false, false);
    for character in json.chars() {
        if is_in_text {
            is_in_text = is_escaped || character != '"';
            is_escaped = !is_escaped && character == '\\';
        } else {
            is_in_text = character == '"';
            if character.is_ascii_whitespace() {
                continue;
            }
        }
        compact.push(character);
    }
    compact
}

/// The error of a connection that could not be made.
pub(super) fn not_connected(shown: &str, error: &PostgresError) -> Error {
    let is_setting =
        |code: &SqlState| code.code().starts_with("28") || *code == SqlState::INVALID_CATALOG_NAME;
    let kind = match error.code() {
        Some(code) if is_setting(code) => ErrorKind::Config,
        _ => ErrorKind::Connection,
    };
    let is_tls = chain(error).contains("TLS") || chain(error).contains("certificate");
    let advice = match (kind, is_tls) {
        (ErrorKind::Config, _) => "see to the user, the password and the name of the database",
        (_, true) => {
            "give the server a certificate that this system trusts, name its certificate with sslrootcert=FILE, or add \
             sslmode=disable if nobody can listen on the way"
        }
        _ => "see whether the server runs and can be reached from here",
    };
    Error::new(
        kind,
        format!(
            "the database {shown} cannot be reached: {}; {advice}",
            chain(error)
        ),
    )
}

/// The error of a statement of the mirror itself.
pub(super) fn failed(error: &PostgresError) -> Error {
    let code = error.code().map_or("", SqlState::code);
    let (kind, advice) = match code.get(..2) {
        _ if error.is_closed() => (ErrorKind::Connection, "try again"),
        Some("42") if code == "42501" => (ErrorKind::Config, "give the user that right"),
        Some("53") => (ErrorKind::Database, "make room for the server"),
        Some("08" | "57") => (
            ErrorKind::Connection,
            "see whether the server runs, and try again",
        ),
        _ => (
            ErrorKind::Database,
            "try again, and check the database if that fails too",
        ),
    };
    Error::new(kind, format!("the database failed: {}; {advice}", chain(error)))
}

/// The error of a user's query.
pub(super) fn query_failed(error: &PostgresError) -> Error {
    let Some(code) = error.code() else {
        // The server did not refuse it: a value could not be sent, or the connection broke.
        return failed(error);
    };
    match (code.code(), code.code().get(..2)) {
        // A write in a read-only transaction, a statement that a cursor cannot have, a missing right.
        ("25006" | "0A000" | "42501", _) => query_error::refused(&chain(error)),
        (_, Some("42" | "22" | "21" | "54" | "0L" | "34")) => query_error::invalid(&chain(error)),
        _ => failed(error),
    }
}

/// Whether the server ended the query because its time was over.
pub(super) fn is_timeout(error: &PostgresError) -> bool {
    error.code() == Some(&SqlState::QUERY_CANCELED)
}

/// What the server or the connection says.
fn chain(error: &PostgresError) -> String {
    if let Some(error) = error.as_db_error() {
        return error.message().to_string();
    }
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let next = error.to_string();
        if !text.contains(&next) {
            text = format!("{text}: {next}");
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_queries_look_as_those_of_the_other_database() {
        let text = |text: &str| Value::Text(text.to_string());
        let cases = [
            (Type::BOOL, "t", Value::Boolean(true)),
            (Type::NUMERIC, "12", Value::Integer(12)),
            (Type::NUMERIC, "12.50", Value::Real(12.5)),
            (Type::FLOAT8, "2", Value::Real(2.0)),
            (
                Type::TIMESTAMPTZ,
                "2026-03-02 08:15:00.5+00",
                text("2026-03-02T08:15:00.500Z"),
            ),
            (Type::TIMESTAMPTZ, "infinity", text("infinity")),
            (
                Type::TIMESTAMP,
                "2026-03-02 08:15:00",
                text("2026-03-02T08:15:00"),
            ),
            (
                Type::JSONB,
                r#"{"a": ["b \" , c", 1]}"#,
                text(r#"{"a":["b \" , c",1]}"#),
            ),
            (Type::JSON, r#"{"a" : 1}"#, text(r#"{"a" : 1}"#)),
        ];
        for (kind, sent, expected) in cases {
            assert_eq!(value(&kind, sent), expected, "{kind}");
        }
    }
}
