//! What the sandbox has seen: every arrival, and what can be said of them together.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    hash::{DefaultHasher, Hash, Hasher},
    time::Duration,
};

use serde::{Serialize, Serializer};
use tokio::time::Instant;

use super::window::{Limit, Quota, Window};
use atera::RateLimit;

/// How many arrivals are kept; of older ones only the sums are.
const KEPT: usize = 10_000;

/// One request as it arrived, and what became of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Arrival {
    /// Counted from 1, without gaps.
    pub number: u64,
    /// When it arrived, since the sandbox was started or reset; as JSON in milliseconds.
    #[serde(rename = "at_ms", serialize_with = "millis")]
    pub at: Duration,
    /// The method.
    pub method: String,
    /// The path, with the query.
    pub path: String,
    /// The operation that it was for, if there is one.
    pub operation: Option<&'static str>,
    /// Which of the keys it had, counted from 1 in the order in which they were set up; none if it had no valid one.
    pub key: Option<usize>,
    /// Whether it came before the time that an earlier 429 named in `Retry-After`.
    pub early: bool,
    /// Status of the answer; none if there was no answer, or not yet.
    pub status: Option<u16>,
    /// The fault that it met with.
    pub fault: Option<String>,
    /// How long it took until there was an answer; as JSON in milliseconds.
    #[serde(rename = "took_ms", serialize_with = "optional_millis")]
    pub took: Option<Duration>,
}

/// What can be said of all arrivals together.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Stats {
    /// How many requests arrived.
    pub arrivals: u64,
    /// How many answers there were of each status.
    pub statuses: BTreeMap<u16, u64>,
    /// How many requests of each operation arrived.
    pub operations: BTreeMap<&'static str, u64>,
    /// The most requests of one key that arrived within one window of the limit, whatever was answered.
    pub most_in_window: usize,
    /// The most requests of one key that were let through within one window.
    pub most_admitted_in_window: usize,
    /// How many requests were refused with 429 by the limit.
    pub refused: u64,
    /// How many requests came before the time that `Retry-After` of an earlier 429 named.
    pub early_retries: u64,
    /// How many requests met with a fault, by kind.
    pub faults: BTreeMap<String, u64>,
    /// What became of creates, by operation.
    pub creates: BTreeMap<&'static str, Creates>,
}

/// What became of the creates of one operation. A program that never makes a thing twice has as many effects as requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Creates {
    /// How many different requests arrived, by path and body.
    pub requests: u64,
    /// How many records they made.
    pub effects: u64,
    /// The most records that one and the same request made.
    pub most_effects: u64,
}

/// The requests of one key.
#[derive(Debug, Default)]
struct OfKey {
    admitted: Window,
    arrived: Window,
    /// When a pause ends that a 429 named.
    paused_until: Option<Instant>,
}

#[derive(Debug)]
pub(super) struct RequestLog {
    start: Instant,
    limit: Option<Limit>,
    arrivals: VecDeque<Arrival>,
    keys: HashMap<usize, OfKey>,
    /// How often each create took effect, by operation and a hash of path and body.
    effects: HashMap<(&'static str, u64), u64>,
    stats: Stats,
}

impl RequestLog {
    pub(super) fn new(limit: Option<Limit>) -> Self {
        RequestLog {
            start: Instant::now(),
            limit,
            arrivals: VecDeque::new(),
            keys: HashMap::new(),
            effects: HashMap::new(),
            stats: Stats::default(),
        }
    }

    /// A limit by which everything is counted and nothing refused.
    fn counted(&self) -> Limit {
        let window = self
            .limit
            .map_or(RateLimit::default().window(), |limit| limit.window);
        Limit {
            requests: usize::MAX,
            window,
        }
    }

    /// Notes a request and returns its number.
    pub(super) fn arrive(
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
            let counted = self.counted();
            let of_key = self.keys.entry(key).or_default();
            let _ = of_key.arrived.admit(counted, now);
            self.stats.most_in_window = self.stats.most_in_window.max(of_key.arrived.len());
            early = of_key.paused_until.is_some_and(|until| now < until);
            self.stats.early_retries += u64::from(early);
        }
        if let Some(operation) = operation {
            *self.stats.operations.entry(operation).or_default() += 1;
        }
        if self.arrivals.len() == KEPT {
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

    /// Counts a request against the limit of its key.
    pub(super) fn admit(&mut self, key: usize) -> Result<Option<(Limit, Quota)>, (Limit, Quota)> {
        let now = Instant::now();
        let counted = self.counted();
        let of_key = self.keys.entry(key).or_default();
        let Some(limit) = self.limit else {
            let _ = of_key.admitted.admit(counted, now);
            self.stats.most_admitted_in_window =
                self.stats.most_admitted_in_window.max(of_key.admitted.len());
            return Ok(None);
        };
        match of_key.admitted.admit(limit, now) {
            Ok(quota) => {
                self.stats.most_admitted_in_window =
                    self.stats.most_admitted_in_window.max(of_key.admitted.len());
                Ok(Some((limit, quota)))
            }
            Err(quota) => {
                self.stats.refused += 1;
                let until = now + Duration::from_secs(quota.seconds());
                of_key.paused_until = of_key.paused_until.max(Some(until));
                Err((limit, quota))
            }
        }
    }

    /// Notes that a create was asked for, and how many records it made.
    pub(super) fn create(&mut self, operation: &'static str, path: &str, body: &[u8], effects: u64) {
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

    pub(super) fn meet(&mut self, number: u64, fault: &str) {
        *self.stats.faults.entry(fault.to_string()).or_default() += 1;
        if let Some(arrival) = self.find(number) {
            arrival.fault = Some(fault.to_string());
        }
    }

    pub(super) fn answer(&mut self, number: u64, status: u16) {
        *self.stats.statuses.entry(status).or_default() += 1;
        let now = Instant::now() - self.start;
        if let Some(arrival) = self.find(number) {
            arrival.status = Some(status);
            arrival.took = Some(now.saturating_sub(arrival.at));
        }
    }

    fn find(&mut self, number: u64) -> Option<&mut Arrival> {
        let first = self.arrivals.front()?.number;
        let index = usize::try_from(number.checked_sub(first)?).ok()?;
        self.arrivals.get_mut(index)
    }

    /// The arrivals after this one that are kept, in order.
    pub(super) fn since(&self, number: u64) -> Vec<Arrival> {
        let later = self.arrivals.iter().filter(|arrival| arrival.number > number);
        later.cloned().collect()
    }

    pub(super) fn stats(&self) -> Stats {
        self.stats.clone()
    }

    /// Limit and what is left of it, of the key that has least.
    pub(super) fn fullest(&self) -> Option<(Limit, usize)> {
        let limit = self.limit?;
        let now = Instant::now();
        let fullest = self
            .keys
            .values()
            .map(|key| key.admitted.counting(limit, now))
            .max();
        Some((limit, limit.requests.saturating_sub(fullest.unwrap_or_default())))
    }
}

fn millis<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64((duration.as_secs_f64() * 1_000_000.0).round() / 1_000.0)
}

fn optional_millis<S: Serializer>(duration: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    match duration {
        Some(duration) => millis(duration, serializer),
        None => serializer.serialize_none(),
    }
}
