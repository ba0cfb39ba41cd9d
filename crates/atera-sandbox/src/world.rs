//! What the handlers act on.

use atera::Timestamp;
use chrono::{DateTime, SubsecRound, Utc};
use fastrand::Rng;

use super::{
    data::{REFERENCE_DATE, guid},
    store::Store,
    zone::Zone,
};

/// The records, the clock, and where it all is.
#[derive(Clone, Debug)]
pub(super) struct World {
    pub(super) store: Store,
    pub(super) clock: Clock,
    pub(super) zone: Zone,
    /// Base URL, for links.
    pub(super) base_url: String,
    /// What new guids and the coming and going of records are drawn from.
    pub(super) rng: Rng,
}

/// What time it is in the sandbox.
#[derive(Clone, Copy, Debug)]
pub(super) enum Clock {
    /// That of this machine.
    System,
    /// Always the same.
    Fixed(DateTime<Utc>),
}

impl Clock {
    /// The time, unrounded.
    pub(super) fn now(self) -> DateTime<Utc> {
        match self {
            Clock::System => Timestamp::now().to_utc(),
            Clock::Fixed(time) => time,
        }
    }
}

impl World {
    /// The time, in whole seconds. It is never before that of the generated data, so that what is changed is never older
    /// than what was there.
    pub(super) fn now(&self) -> DateTime<Utc> {
        match self.clock {
            Clock::System => self.clock.now().trunc_subsecs(0).max(REFERENCE_DATE),
            Clock::Fixed(time) => time.trunc_subsecs(0),
        }
    }

    /// A guid that there was not before.
    pub(super) fn guid(&mut self) -> String {
        guid(&mut self.rng)
    }
}
