//! Counters of what a client did, by operation, for monitoring.

use std::{
    collections::{BTreeMap, HashMap},
    ops::AddAssign,
    sync::{Arc, Mutex},
    time::Duration,
};

use crate::sync::lock;

/// What a client and its clones did so far.
///
/// ```no_run
/// # async fn example(client: atera::Client) {
/// for (operation, counts) in client.usage().by_operation {
///     println!("{operation}: {} calls, {} requests", counts.calls, counts.attempts);
/// }
/// # }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Usage {
    /// By the name of the operation. Requests to any path count under `untyped_get`, `untyped_post` and so on.
    pub by_operation: BTreeMap<&'static str, Counts>,
}

impl Usage {
    /// The sum over all operations.
    pub fn total(&self) -> Counts {
        let mut total = Counts::default();
        for counts in self.by_operation.values() {
            total += *counts;
        }
        total
    }
}

/// The counters of an operation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Calls that passed the checks of the description. Each page of a walk is a call.
    pub calls: u64,
    /// Calls that failed in the end.
    pub failures: u64,
    /// Requests that were sent, counting those whose sending failed.
    pub attempts: u64,
    /// Requests that were sent because an earlier one had failed.
    pub retries: u64,
    /// Answers with status 429.
    pub throttled: u64,
    /// Total time that calls waited for slots of the rate limit.
    pub waited: Duration,
    /// Bytes of the bodies that were sent.
    pub bytes_sent: u64,
    /// Bytes of the bodies that were received, after decompression.
    pub bytes_received: u64,
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.calls += other.calls;
        self.failures += other.failures;
        self.attempts += other.attempts;
        self.retries += other.retries;
        self.throttled += other.throttled;
        self.waited += other.waited;
        self.bytes_sent += other.bytes_sent;
        self.bytes_received += other.bytes_received;
    }
}

/// The counters of a client.
#[derive(Debug, Default)]
pub(crate) struct Tally(Mutex<HashMap<&'static str, Counter>>);

/// The counters of an operation.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counter(Arc<Mutex<Counts>>);

impl Counter {
    pub(crate) fn count(&self, count: impl FnOnce(&mut Counts)) {
        count(&mut lock(&self.0));
    }
}

impl Tally {
    pub(crate) fn of(&self, operation: &'static str) -> Counter {
        let mut counters = lock(&self.0);
        counters.entry(operation).or_default().clone()
    }

    pub(crate) fn usage(&self) -> Usage {
        let counters = lock(&self.0);
        let counts = |counter: &Counter| *lock(&counter.0);
        Usage {
            by_operation: counters
                .iter()
                .map(|(operation, counter)| (*operation, counts(counter)))
                .collect(),
        }
    }
}
