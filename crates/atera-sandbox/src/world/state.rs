//! Everything that handlers read and change.

use chrono::{DateTime, Utc};
use fastrand::Rng;

use super::{clock::Clock, guid::random_guid, store::Store, zone::Zone};

/// The records, with the clock and the zone by which they are read and changed. One lock guards all of it, so a handler
/// sees no change of another request halfway.
#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) store: Store,
    pub(crate) clock: Clock,
    /// The time zone of the account.
    pub(crate) zone: Zone,
    /// Base URL of the sandbox, for the links between pages.
    pub(crate) base_url: String,
    /// Draws new GUIDs and the changes of churn.
    pub(crate) rng: Rng,
}

impl World {
    /// The time in whole seconds; see [`Clock::seconds`].
    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.clock.seconds(self.store.as_of())
    }

    /// A new GUID.
    pub(crate) fn guid(&mut self) -> String {
        random_guid(&mut self.rng)
    }
}
