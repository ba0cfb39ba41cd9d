//! Random choices, and lookups that the generators of several kinds need.
//!
//! A generator draws the same numbers in the same order in each run. A draw that is added in the middle changes all
//! records that follow, so a new one belongs at the end of a record.

use chrono::{DateTime, TimeDelta, Utc};
use fastrand::Rng;
use serde_json::Value;

use crate::world::{Entity, Store};

/// One of a list.
pub(super) fn pick<'a, T>(rng: &mut Rng, list: &'a [T]) -> &'a T {
    &list[rng.usize(..list.len())]
}

/// True with this probability, in percent.
pub(super) fn chance(rng: &mut Rng, percent: u8) -> bool {
    rng.u8(..100) < percent
}

/// A text with this probability, in percent; otherwise null.
pub(super) fn optional(rng: &mut Rng, percent: u8, value: impl FnOnce(&mut Rng) -> String) -> Value {
    match chance(rng, percent) {
        true => value(rng).into(),
        false => Value::Null,
    }
}

/// A time between two, to the second; `to` if it is not after `from`.
pub(super) fn between(rng: &mut Rng, from: DateTime<Utc>, to: DateTime<Utc>) -> DateTime<Utc> {
    match (to - from).num_seconds() {
        seconds if seconds > 0 => from + TimeDelta::seconds(rng.i64(0..=seconds)),
        _ => to,
    }
}

/// A time that is at least and at most so long before the date of the records.
pub(super) fn ago(rng: &mut Rng, as_of: DateTime<Utc>, least: TimeDelta, most: TimeDelta) -> DateTime<Utc> {
    between(rng, as_of - most, as_of - least)
}

/// The customer of the record with this index. The first records go to one customer each, so that every customer has
/// one. Later ones go more often to the first customers, since customers differ in size.
pub(super) fn owning_customer(rng: &mut Rng, customers: &[i64], index: usize) -> i64 {
    match customers.get(index) {
        Some(id) => *id,
        None => {
            let most = rng.usize(1..=customers.len());
            *pick(rng, &customers[..most])
        }
    }
}

/// The ids of all records of a kind, ascending.
pub(super) fn ids(store: &Store, entity: Entity) -> Vec<i64> {
    let records = store.table(entity).iter();
    records
        .filter_map(|record| record.number(entity.id_field()))
        .collect()
}
