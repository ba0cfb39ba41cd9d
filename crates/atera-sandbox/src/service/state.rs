//! What all connections share.

use std::sync::{Mutex, MutexGuard};

use super::permissions::Permissions;
use crate::{
    data::Origin,
    faults::{Churn, FaultPlan},
    http::{Cors, Dialect},
    log::{Limit, Observer, RequestLog},
    persist::Journal,
    sync::lock,
    world::World,
};

/// The settings of a sandbox, and what changes while it runs.
///
/// Each part that changes has a lock of its own. No lock is held across an `await`, and where two are held at once the
/// world is locked first.
#[derive(Debug)]
pub(crate) struct SandboxState {
    /// The keys with their permissions, in the order in which they were set up.
    pub(crate) keys: Vec<(String, Permissions)>,
    pub(crate) dialect: Dialect,
    pub(crate) limit: Option<Limit>,
    pub(crate) cors: Cors,
    /// Where the records come from, at the start and at each reset.
    pub(crate) origin: Origin,
    pub(crate) world: Mutex<World>,
    pub(crate) request_log: Mutex<RequestLog>,
    pub(crate) fault_plan: Mutex<FaultPlan>,
    pub(crate) churn: Mutex<Churn>,
    /// Where the records are kept beyond the end of the sandbox. It is locked after the world.
    pub(crate) journal: Mutex<Option<Journal>>,
    /// What is told of each request.
    pub(crate) observer: Option<Observer>,
}

impl SandboxState {
    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        lock(&self.world)
    }

    pub(crate) fn request_log(&self) -> MutexGuard<'_, RequestLog> {
        lock(&self.request_log)
    }

    pub(crate) fn fault_plan(&self) -> MutexGuard<'_, FaultPlan> {
        lock(&self.fault_plan)
    }

    pub(crate) fn churn(&self) -> MutexGuard<'_, Churn> {
        lock(&self.churn)
    }

    /// Restores the records and empties the log. Faults and churn stay set.
    pub(crate) fn reset(&self) {
        let (store, rng) = self.origin.records();
        let mut world = self.world();
        world.store = store;
        world.rng = rng;
        let World { store, rng, .. } = &mut *world;
        if let Some(journal) = &mut *lock(&self.journal) {
            journal.reset(store, rng);
        }
        *self.request_log() = RequestLog::new(self.limit);
    }
}
