//! The mirror's errors as failures of the command.

use atera_mirror::{Error, ErrorKind};

use crate::output::{
    exit_code,
    failure::{Failure, of_call},
};

/// What the command says of an error, and its exit code.
pub(crate) fn failure(error: &Error) -> Failure {
    Failure::Records(sentence(error), code(error))
}

/// What is said of an error: of one of the service as everywhere.
fn sentence(error: &Error) -> String {
    match error.service() {
        Some(service) => of_call(service),
        None => error.to_string(),
    }
}

/// The exit code of an error.
pub(crate) fn code(error: &Error) -> u8 {
    match error.kind() {
        ErrorKind::Config
        | ErrorKind::Busy
        | ErrorKind::Newer
        | ErrorKind::Refused
        | ErrorKind::Query
        | ErrorKind::Cursor => exit_code::USAGE,
        ErrorKind::Gone => exit_code::of(atera::ErrorKind::Rejected),
        ErrorKind::TimedOut | ErrorKind::Connection => exit_code::of(atera::ErrorKind::Connection),
        ErrorKind::Service => error
            .service()
            .map_or(exit_code::FAILED, |error| exit_code::of(error.kind())),
        _ => exit_code::FAILED,
    }
}
