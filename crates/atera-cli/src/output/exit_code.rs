//! The exit codes of the command: the whole table, and nothing else decides on one.
//!
//! Scripts rely on these numbers, so a number never changes its meaning, and one that is added is a new line in the help and
//! in the README. The sandbox is an exception: a signal ends it with 0, as a server that is stopped, and
//! `atera sandbox -- COMMAND` ends with the code of that command.

use atera::ErrorKind;

/// All is done.
pub(crate) const SUCCESS: u8 = 0;
/// A failure with no code of its own, such as a disk that is full or a question that was answered with no.
pub(crate) const FAILED: u8 = 1;
/// The arguments, the request or the setup cannot be used. It is also clap's own code.
pub(crate) const USAGE: u8 = 2;
/// There is no such record.
pub(crate) const NOT_FOUND: u8 = 3;
/// A create may or may not have taken place.
pub(crate) const UNKNOWN: u8 = 6;
/// A report has rows, where there should be none.
pub(crate) const ROWS: u8 = 20;
/// A write took effect, and its answer could not be printed.
pub(crate) const UNPRINTED: u8 = 11;
// The codes of signals are those of shells: 128 and the number of the signal.
/// SIGHUP, which is 1: the terminal was closed.
const HUNG_UP: u8 = 129;
/// Ctrl-C, which is SIGINT, 2.
const INTERRUPTED: u8 = 130;
/// SIGTERM, which is 15: what `kill` and service managers send.
const TERMINATED: u8 = 143;

/// Each code with its meaning, as the help lists them. The one for "anything else" comes last.
pub(crate) const TABLE: [(u8, &str); 15] = [
    (USAGE, "the arguments, the request or the setup cannot be used"),
    (NOT_FOUND, "there is no such record"),
    (4, "the key is refused, or lacks the permission"),
    (5, "the service refused the request, or failed"),
    (UNKNOWN, "a create may or may not have taken place"),
    (7, "too many requests"),
    (
        8,
        "the service or the database cannot be reached, or did not answer in time",
    ),
    (
        9,
        "the answer does not fit the description, or cannot be printed as it was sent",
    ),
    (10, "a walk over a list did not settle"),
    (
        UNPRINTED,
        "a create or another write took effect, but its answer cannot be printed",
    ),
    (ROWS, "a report has rows, and --fail-if-rows was given"),
    (HUNG_UP, "SIGHUP, the terminal was closed"),
    (INTERRUPTED, "Ctrl-C"),
    (TERMINATED, "SIGTERM"),
    (FAILED, "anything else"),
];

/// The codes of failures of which another run helps least, in this order. It helps any other more.
const SERIOUS_FIRST: [u8; 10] = [FAILED, USAGE, 4, 9, NOT_FOUND, 5, UNKNOWN, 7, 8, 10];

/// The place of a code among those of several failures: the first one decides how the command ends.
pub(crate) fn rank(code: u8) -> usize {
    let place = SERIOUS_FIRST.iter().position(|it| *it == code);
    place.unwrap_or(SERIOUS_FIRST.len())
}

/// A signal that asks the command to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    /// SIGINT, as from Ctrl-C.
    Interrupt,
    /// SIGTERM.
    Terminate,
    /// SIGHUP.
    HangUp,
}

impl Signal {
    /// The code of a command that it ended.
    pub(crate) fn exit_code(self) -> u8 {
        match self {
            Signal::Interrupt => INTERRUPTED,
            Signal::Terminate => TERMINATED,
            Signal::HangUp => HUNG_UP,
        }
    }
}

/// The code for a call that failed.
///
/// Kinds that a script handles alike share a code: whether the key is wrong or lacks a permission, a person has to look.
/// A create whose answer was lost has a code of its own, because it is the one failure after which a retry does harm.
pub(crate) fn of(kind: ErrorKind) -> u8 {
    match kind {
        ErrorKind::InvalidRequest | ErrorKind::Config => USAGE,
        ErrorKind::NotFound => NOT_FOUND,
        ErrorKind::Unauthorized | ErrorKind::Forbidden => 4,
        ErrorKind::Rejected | ErrorKind::Conflict | ErrorKind::Server => 5,
        ErrorKind::OutcomeUnknown => UNKNOWN,
        ErrorKind::RateLimited => 7,
        ErrorKind::Connection | ErrorKind::Timeout => 8,
        ErrorKind::Decode => 9,
        ErrorKind::Unsettled => 10,
        // The library may learn to tell more kinds apart.
        _ => FAILED,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_of_an_error_is_in_the_table() {
        for kind in ErrorKind::ALL {
            let code = of(*kind);
            assert!(code > FAILED, "{kind:?}");
            assert!(TABLE.iter().any(|(known, _)| *known == code), "{kind:?}");
        }
    }
}
