//! Where the records of a sandbox come from.

use chrono::{DateTime, Utc};
use fastrand::Rng;

use super::generate::{Counts, generate};
use crate::world::{Store, Zone};

/// What the records are made from. A reset makes them again.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    pub(crate) seed: u64,
    pub(crate) counts: Counts,
    pub(crate) zone: Zone,
    /// The date of the generated records.
    pub(crate) as_of: DateTime<Utc>,
    /// Records of a dump, in place of generated ones.
    pub(crate) loaded: Option<Box<Store>>,
}

impl Origin {
    /// The records, and the random numbers with which a sandbox goes on from there.
    pub(crate) fn records(&self) -> (Store, Rng) {
        let store = match &self.loaded {
            Some(store) => (**store).clone(),
            None => generate(self.seed, self.counts, &self.zone, self.as_of),
        };
        (store, Rng::with_seed(self.seed))
    }
}
