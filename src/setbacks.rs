//! What the pipeline tells a walk of requests that were refused or failed, before it has sent them again.

use std::{
    sync::{Mutex, PoisonError},
    time::Instant,
};

/// When the latest of the requests that were refused or failed was sent.
#[derive(Debug, Default)]
pub(crate) struct Setbacks(Mutex<Option<Instant>>);

impl Setbacks {
    /// Notes a request that was refused or failed, and when it was sent.
    pub(crate) fn note(&self, sent: Instant) {
        let mut latest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *latest = latest.max(Some(sent));
    }

    /// The latest since the last time that this was asked.
    pub(crate) fn take(&self) -> Option<Instant> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
