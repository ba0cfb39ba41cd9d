//! What the pipeline tells a walk of requests that were refused or failed, before it has sent them again: there may be too
//! many at a time.

use std::{sync::Mutex, time::Instant};

use crate::sync::lock;

/// When the latest of the requests that were refused or failed was sent.
#[derive(Debug, Default)]
pub(crate) struct Congestion(Mutex<Option<Instant>>);

impl Congestion {
    /// Notes a request that was refused or failed, and when it was sent.
    pub(crate) fn note(&self, sent: Instant) {
        let mut latest = lock(&self.0);
        *latest = latest.max(Some(sent));
    }

    /// The latest since the last time that this was asked.
    pub(crate) fn take(&self) -> Option<Instant> {
        lock(&self.0).take()
    }
}
