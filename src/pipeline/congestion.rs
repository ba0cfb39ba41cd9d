//! Reports refused and failed requests from the pipeline to the walk that sent them, before they are retried: the walk may
//! have too many requests in flight.

use std::{sync::Mutex, time::Instant};

use crate::sync::lock;

/// When the latest refused or failed request was sent.
#[derive(Debug, Default)]
pub(crate) struct Congestion(Mutex<Option<Instant>>);

impl Congestion {
    /// Records a refused or failed request that was sent at this time.
    pub(crate) fn note(&self, sent: Instant) {
        let mut latest = lock(&self.0);
        *latest = latest.max(Some(sent));
    }

    /// The latest one since the previous call.
    pub(crate) fn take(&self) -> Option<Instant> {
        lock(&self.0).take()
    }
}
