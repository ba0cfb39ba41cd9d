//! What time it is in the sandbox.

use atera::Timestamp;
use chrono::{DateTime, SubsecRound, Utc};

/// The date of the generated records unless another is set: 2026-03-02T09:00:00Z.
///
/// It is fixed, so that the same seed gives the same bytes on every day.
pub(crate) const REFERENCE_DATE: DateTime<Utc> = match DateTime::from_timestamp(1_772_442_000, 0) {
    Some(time) => time,
    None => DateTime::UNIX_EPOCH,
};

/// The source of the time.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Clock {
    /// The clock of this machine.
    System,
    /// Always this time.
    Fixed(DateTime<Utc>),
}

impl Clock {
    /// The time, with fractions of a second.
    pub(crate) fn now(self) -> DateTime<Utc> {
        match self {
            Clock::System => Timestamp::now().to_utc(),
            Clock::Fixed(time) => time,
        }
    }

    /// The time in whole seconds, as records have it.
    ///
    /// The clock of a machine that is set to an earlier date than that of the records counts as their date. Otherwise a
    /// changed record would be older than an unchanged one.
    pub(crate) fn seconds(self, as_of: DateTime<Utc>) -> DateTime<Utc> {
        let now = self.now().trunc_subsecs(0);
        match self {
            Clock::System => now.max(as_of),
            Clock::Fixed(_) => now,
        }
    }
}
