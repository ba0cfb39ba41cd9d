//! Values and errors between SQLite and the mirror.

use rusqlite::{
    ErrorCode, Row, Statement, ToSql,
    types::{ToSqlOutput, ValueRef},
};

use crate::{
    engine::value::{ColumnType, Value, hexadecimal},
    error::{Error, ErrorKind, Result},
};

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Value::Null => ValueRef::Null,
            Value::Boolean(value) => ValueRef::Integer(i64::from(*value)),
            Value::Integer(value) => ValueRef::Integer(*value),
            Value::Real(value) => ValueRef::Real(*value),
            Value::Text(value) => ValueRef::Text(value.as_bytes()),
        }))
    }
}

/// The types of a statement's columns: SQLite knows them for columns of tables.
pub(super) fn column_types(statement: &Statement<'_>) -> Vec<Option<ColumnType>> {
    let columns = statement.columns();
    columns
        .map(|column| column.decl_type().and_then(column_type))
        .collect()
}

fn column_type(name: &str) -> Option<ColumnType> {
    Some(match name {
        "INTEGER" => ColumnType::Integer,
        "REAL" => ColumnType::Real,
        "BOOLEAN" => ColumnType::Boolean,
        "TEXT" => ColumnType::Text,
        "DATE" => ColumnType::Date,
        "TIMESTAMP" => ColumnType::Timestamp,
        "LOCAL TIMESTAMP" => ColumnType::LocalTime,
        "JSON TEXT" => ColumnType::Json,
        _ => return None,
    })
}

/// How many bytes a text of a row has.
pub(super) fn length(row: &Row<'_>, index: usize) -> usize {
    match row.get_ref(index) {
        Ok(ValueRef::Text(text)) => text.len(),
        Ok(ValueRef::Blob(bytes)) => 2 * bytes.len(),
        _ => 0,
    }
}

/// The values of a row.
pub(super) fn values(row: &Row<'_>, types: &[Option<ColumnType>]) -> rusqlite::Result<Vec<Value>> {
    let values = types.iter().enumerate().map(|(index, column_type)| {
        Ok(match (row.get_ref(index)?, column_type) {
            (ValueRef::Null, _) => Value::Null,
            (ValueRef::Integer(value @ (0 | 1)), Some(ColumnType::Boolean)) => Value::Boolean(value == 1),
            (ValueRef::Integer(value), _) => Value::Integer(value),
            (ValueRef::Real(value), _) => Value::Real(value),
            (ValueRef::Text(text), _) => Value::Text(String::from_utf8_lossy(text).into_owned()),
            (ValueRef::Blob(bytes), _) => Value::Text(hexadecimal(bytes)),
        })
    });
    values.collect()
}

/// The error of a statement of the mirror itself.
pub(super) fn failed(error: &rusqlite::Error) -> Error {
    use ErrorCode as Code;

    let (kind, advice) = match error.sqlite_error_code() {
        Some(Code::DatabaseCorrupt | Code::NotADatabase) => (
            ErrorKind::Database,
            "the file is damaged or no database; make a new one with a sync into another file",
        ),
        Some(Code::DiskFull) => (ErrorKind::Database, "make room on the disk"),
        Some(Code::DatabaseBusy | Code::DatabaseLocked) => (
            ErrorKind::Busy,
            "another program uses the whole file; wait until it has finished",
        ),
        Some(Code::CannotOpen | Code::PermissionDenied | Code::ReadOnly) => (
            ErrorKind::Config,
            "see to the permissions of the file and its folder",
        ),
        _ => (
            ErrorKind::Database,
            "try again, and check the database if that fails too",
        ),
    };
    Error::new(kind, format!("the database failed: {}; {advice}", reason(error)))
}

/// What SQLite says.
pub(super) fn reason(error: &rusqlite::Error) -> String {
    match error {
        rusqlite::Error::SqliteFailure(_, Some(message)) => message.clone(),
        // Without the text of the query, which the user has written.
        rusqlite::Error::SqlInputError { msg, offset, .. } if *offset >= 0 => {
            format!("{msg}, at character {}", offset + 1)
        }
        rusqlite::Error::SqlInputError { msg, .. } => msg.clone(),
        other => other.to_string(),
    }
}

/// The numbers of a statement's parameters for values that are numbered from 1: SQLite takes `$1` for a name.
pub(super) fn bind(
    statement: &mut Statement<'_>,
    numbers: &[usize],
    values: &[Value],
) -> rusqlite::Result<()> {
    for (number, value) in numbers.iter().zip(values) {
        statement.raw_bind_parameter(*number, value)?;
    }
    Ok(())
}

/// For each value, in order, the number by which SQLite knows its parameter.
pub(super) fn numbers(statement: &Statement<'_>, count: usize) -> Result<Vec<usize>> {
    let numbers = (1..=count).map(|index| match statement.parameter_index(&format!("${index}")) {
        Ok(Some(number)) => Ok(number),
        Ok(None) => Err(Error::new(
            ErrorKind::Database,
            format!("a statement of the mirror has no parameter ${index}; report this as a defect"),
        )),
        Err(error) => Err(failed(&error)),
    });
    let numbers: Vec<_> = numbers.collect::<Result<_>>()?;
    match statement.parameter_count() == count {
        true => Ok(numbers),
        false => Err(Error::new(
            ErrorKind::Database,
            "a statement of the mirror has parameters without values; report this as a defect",
        )),
    }
}
