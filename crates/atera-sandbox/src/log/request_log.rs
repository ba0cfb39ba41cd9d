//! Every request, and the sums over them.

use std::{
    collections::{HashMap, VecDeque},
    hash::{DefaultHasher, Hash, Hasher},
    time::Duration,
};

use atera::RateLimit;
use axum::body::Bytes;
use tokio::time::Instant;

use super::{
    arrival::Arrival,
    bodies::Bodies,
    rate_limit::{Limit, Quota, Window},
    stats::Stats,
};

/// How many requests the log has with their bodies.
const MAX_BODIES: usize = 200;

/// How many requests the log has. Older ones remain in the sums only.
const MAX_ARRIVALS: usize = 10_000;

/// The log, which also counts requests against the limit: both need the times of the same requests.
#[derive(Debug)]
pub(crate) struct RequestLog {
    start: Instant,
    limit: Option<Limit>,
    arrivals: VecDeque<Arrival>,
    /// The bodies of the last requests, each with the number of its request.
    bodies: VecDeque<(u64, Bodies)>,
    keys: HashMap<usize, KeyUse>,
    /// How many records each create made, by operation and a hash of path and body.
    effects: HashMap<(&'static str, u64), u64>,
    stats: Stats,
}

/// The requests of one key.
#[derive(Debug, Default)]
struct KeyUse {
    /// Those that the limit let through.
    admitted: Window,
    /// All of them.
    arrived: Window,
    /// Until when an earlier 429 asked to wait.
    paused_until: Option<Instant>,
}

impl RequestLog {
    /// An empty log. Times in it count from now.
    pub(crate) fn new(limit: Option<Limit>) -> Self {
        RequestLog {
            start: Instant::now(),
            limit,
            arrivals: VecDeque::new(),
            bodies: VecDeque::new(),
            keys: HashMap::new(),
            effects: HashMap::new(),
            stats: Stats::default(),
        }
    }

    /// A limit that refuses nothing, to count requests in the window of the limit. Without a limit the window is the
    /// default one.
    fn unlimited(&self) -> Limit {
        let window = self.limit.map(|limit| limit.window);
        Limit {
            requests: usize::MAX,
            window: window.unwrap_or(RateLimit::default().window()),
        }
    }

    /// Adds a request and returns its number.
    pub(crate) fn add(
        &mut self,
        method: &str,
        path: &str,
        key: Option<usize>,
        operation: Option<&'static str>,
    ) -> u64 {
        let now = Instant::now();
        self.stats.arrivals += 1;
        let mut early = false;
        if let Some(key) = key {
            let unlimited = self.unlimited();
            let key_use = self.keys.entry(key).or_default();
            let _ = key_use.arrived.admit(unlimited, now);
            self.stats.most_in_window = self.stats.most_in_window.max(key_use.arrived.len());
            early = key_use.paused_until.is_some_and(|until| now < until);
            self.stats.early_retries += u64::from(early);
        }
        if let Some(operation) = operation {
            *self.stats.operations.entry(operation).or_default() += 1;
        }
        if self.arrivals.len() == MAX_ARRIVALS {
            self.arrivals.pop_front();
        }
        self.arrivals.push_back(Arrival {
            number: self.stats.arrivals,
            at: now - self.start,
            method: method.to_string(),
            path: path.to_string(),
            operation,
            key: key.map(|key| key + 1),
            early,
            status: None,
            fault: None,
            took: None,
        });
        self.stats.arrivals
    }

    /// Counts a request against the limit of its key. `Ok` without a value means that there is no limit.
    ///
    /// # Errors
    ///
    /// The limit refuses the request.
    pub(crate) fn admit(&mut self, key: usize) -> Result<Option<(Limit, Quota)>, (Limit, Quota)> {
        let now = Instant::now();
        let limit = self.limit.unwrap_or(self.unlimited());
        let key_use = self.keys.entry(key).or_default();
        match key_use.admitted.admit(limit, now) {
            Ok(quota) => {
                let most = &mut self.stats.most_admitted_in_window;
                *most = (*most).max(key_use.admitted.len());
                Ok(self.limit.map(|limit| (limit, quota)))
            }
            Err(quota) => {
                self.stats.refused += 1;
                let until = now + Duration::from_secs(quota.seconds());
                key_use.paused_until = key_use.paused_until.max(Some(until));
                Err((limit, quota))
            }
        }
    }

    /// Adds how many records a create made. Equal requests are told by path and body.
    pub(crate) fn add_create(&mut self, operation: &'static str, path: &str, body: &[u8], effects: u64) {
        let mut hasher = DefaultHasher::new();
        (path, body).hash(&mut hasher);
        let creates = self.stats.creates.entry(operation).or_default();
        let made = self
            .effects
            .entry((operation, hasher.finish()))
            .or_insert_with(|| {
                creates.requests += 1;
                0
            });
        *made += effects;
        creates.effects += effects;
        creates.most_effects = creates.most_effects.max(*made);
    }

    /// Notes that a request met a fault.
    pub(crate) fn set_fault(&mut self, number: u64, fault: &str) {
        *self.stats.faults.entry(fault.to_string()).or_default() += 1;
        if let Some(arrival) = self.find(number) {
            arrival.fault = Some(fault.to_string());
        }
    }

    /// Notes the answer to a request.
    pub(crate) fn set_status(&mut self, number: u64, status: u16) {
        *self.stats.statuses.entry(status).or_default() += 1;
        let now = Instant::now() - self.start;
        if let Some(arrival) = self.find(number) {
            arrival.status = Some(status);
            arrival.took = Some(now.saturating_sub(arrival.at));
        }
    }

    /// Notes what was sent in either direction.
    pub(crate) fn set_bodies(&mut self, number: u64, request: Option<&Bytes>, response: Option<&Bytes>) {
        if self.bodies.len() == MAX_BODIES {
            self.bodies.pop_front();
        }
        self.bodies.push_back((number, Bodies::new(request, response)));
    }

    /// The bodies of the request with this number, if it is one of the last.
    pub(crate) fn bodies(&self, number: u64) -> Option<Bodies> {
        let (_, bodies) = self.bodies.iter().rev().find(|(other, _)| *other == number)?;
        Some(bodies.clone())
    }

    /// A copy of the request with this number, as long as the log has it.
    pub(crate) fn arrival(&mut self, number: u64) -> Option<Arrival> {
        self.find(number).cloned()
    }

    /// The request with this number, as long as the log has it.
    fn find(&mut self, number: u64) -> Option<&mut Arrival> {
        let first = self.arrivals.front()?.number;
        let index = usize::try_from(number.checked_sub(first)?).ok()?;
        self.arrivals.get_mut(index)
    }

    /// The requests after the one with this number, in order.
    pub(crate) fn since(&self, number: u64) -> Vec<Arrival> {
        let later = self.arrivals.iter().filter(|arrival| arrival.number > number);
        later.cloned().collect()
    }

    /// A copy of the sums, so that the lock is free again while they are written as JSON.
    pub(crate) fn stats(&self) -> Stats {
        self.stats.clone()
    }

    /// The limit and how many requests it still admits, of the key that has used most of it.
    pub(crate) fn least_remaining(&self) -> Option<(Limit, usize)> {
        let limit = self.limit?;
        let now = Instant::now();
        let used = self.keys.values().map(|key| key.admitted.counting(limit, now));
        let most = used.max().unwrap_or_default();
        Some((limit, limit.requests.saturating_sub(most)))
    }
}
