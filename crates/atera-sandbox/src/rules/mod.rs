//! Rules of the account that generated data and requests have in common.
//!
//! `data` makes records by them, so that they agree with each other, and `handlers` keeps them so. A rule that only a
//! request needs is with its handler. No document states the rules for certain; the crate page lists the guesses.

pub(crate) mod comments;
pub(crate) mod contracts;
pub(crate) mod custom_values;
pub(crate) mod tickets;
pub(crate) mod work_hours;
