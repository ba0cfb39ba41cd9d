//! What can be wrong with a user's query, in the same words for both databases.

use crate::error::{Error, ErrorKind, Flaw};

/// A query that would do more than read.
pub(super) fn refused(reason: &str) -> Error {
    Error::new(
        ErrorKind::Refused,
        format!("the query was refused: {reason}; a query reads with one SELECT"),
    )
}

/// A query that the database does not understand, or that computes what cannot be.
pub(super) fn invalid(reason: &str) -> Error {
    Error::new(
        ErrorKind::Query,
        format!("the query is not valid: {reason}; compare it with the tables and columns of the schema"),
    )
}

/// A parameter without a value.
pub(super) fn no_value(name: &str) -> Error {
    Error::new(
        ErrorKind::Query,
        format!("the query has the parameter :{name}, which has no value; give it one"),
    )
    .with_flaw(Flaw::NoValue(name.to_string()))
}

/// A value without a parameter.
pub(super) fn no_parameter(name: &str) -> Error {
    Error::new(
        ErrorKind::Query,
        format!("the query has no parameter :{name}; leave its value out, or correct its name"),
    )
    .with_flaw(Flaw::NoParameter(name.to_string()))
}

/// A parameter that is not written by name.
pub(super) fn numbered_parameter(text: &str) -> Error {
    Error::new(
        ErrorKind::Query,
        format!("the query has the parameter {text}; write parameters by name, like :days"),
    )
}

/// A value that is longer than so many bytes.
pub(super) fn value_too_long(bytes: i32) -> Error {
    Error::new(
        ErrorKind::Query,
        format!(
            "the query was stopped: a value has more than {} MB; leave that column out, or add a WHERE that leaves out its row",
            bytes >> 20
        ),
    )
}

/// A row that is longer than so many bytes.
pub(super) fn row_too_long(bytes: usize) -> Error {
    Error::new(
        ErrorKind::Query,
        format!(
            "the query was stopped: a row has more than {} MB; choose fewer columns, or a part of their text with substr",
            bytes >> 20
        ),
    )
}
