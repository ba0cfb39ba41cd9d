//! Sums over all requests.

use std::collections::BTreeMap;

use serde::Serialize;

/// Sums over all requests since the sandbox was started or reset, also over those that the log no longer has.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Stats {
    /// How many requests arrived.
    pub arrivals: u64,
    /// How many answers had each status.
    pub statuses: BTreeMap<u16, u64>,
    /// How many requests of each operation arrived.
    pub operations: BTreeMap<&'static str, u64>,
    /// The most requests of one key that arrived within one window of the limit, refused ones included. A program with
    /// a limiter of its own stays at or below the limit.
    pub most_in_window: usize,
    /// The most requests of one key that the limit let through within one window.
    pub most_admitted_in_window: usize,
    /// How many requests the limit refused with 429.
    pub refused: u64,
    /// How many requests arrived before the time that an earlier 429 named in `Retry-After`. A program that waits has
    /// none.
    pub early_retries: u64,
    /// How many requests met each fault, by its name in [`Faults`](crate::Faults).
    pub faults: BTreeMap<String, u64>,
    /// What creates did, by operation.
    pub creates: BTreeMap<&'static str, Creates>,
}

/// What the creates of one operation did. A program that creates nothing twice has as many effects as requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Creates {
    /// How many different requests arrived, by path and body.
    pub requests: u64,
    /// How many records they created.
    pub effects: u64,
    /// The most records that one and the same request created.
    pub most_effects: u64,
}
