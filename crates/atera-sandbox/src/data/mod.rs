//! The records that a sandbox starts with: made up, the same for the same seed, and in agreement with each other.

mod agents;
mod alerts;
mod billing;
mod catalogue;
mod contacts;
mod conversation;
mod customers;
mod devices;
mod hardware;
mod names;
mod staff;
mod subjects;
pub(super) mod tickets;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use fastrand::Rng;
use serde_json::json;
use uuid::Uuid;

use super::{entity::Entity, store::Store, zone::Zone};

/// When the data was taken, as it were: 2026-03-02T09:00:00Z. Nothing in it happened later.
pub(super) const REFERENCE_DATE: DateTime<Utc> = match DateTime::from_timestamp(1_772_442_000, 0) {
    Some(time) => time,
    None => DateTime::UNIX_EPOCH,
};

/// How many records of each kind there are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counts {
    pub(super) customers: usize,
    pub(super) contacts: usize,
    pub(super) agents: usize,
    pub(super) tickets: usize,
    pub(super) alerts: usize,
    pub(super) contracts: usize,
    pub(super) invoices: usize,
    pub(super) articles: usize,
    /// Of each of the four kinds.
    pub(super) devices: usize,
}

/// Makes all records.
pub(super) fn generate(seed: u64, counts: Counts, zone: &Zone) -> Store {
    let mut store = Store::new();
    // Each kind draws from a sequence of its own, so that it hardly changes when there are more of another.
    let rng = |kind: Entity| Rng::with_seed(seed.wrapping_mul(1_000_003).wrapping_add(kind as u64));
    staff::departments(&mut store);
    staff::technicians(&mut store);
    catalogue::rates(&mut store);
    catalogue::slas(&mut store);
    catalogue::custom_fields(&mut store);
    customers::generate(&mut store, &mut rng(Entity::Customer), counts.customers);
    contacts::generate(&mut store, &mut rng(Entity::Contact), counts.contacts);
    agents::generate(&mut store, &mut rng(Entity::Agent), counts.agents);
    billing::contracts(&mut store, &mut rng(Entity::Contract), counts.contracts);
    tickets::generate(&mut store, &mut rng(Entity::Ticket), counts.tickets, zone);
    alerts::generate(&mut store, &mut rng(Entity::Alert), counts.alerts);
    devices::generate(&mut store, &mut rng(Entity::GenericDevice), counts.devices);
    billing::invoices(&mut store, &mut rng(Entity::Invoice), counts.invoices);
    catalogue::articles(&mut store, &mut rng(Entity::Article), counts.articles);
    catalogue::custom_values(&mut store, &mut rng(Entity::CustomValue));
    store
}

/// A key in the form of the legacy ones: 32 lower-case letters and digits.
pub(super) fn api_key(seed: u64) -> String {
    let mut rng = Rng::with_seed(seed);
    // A letter in every other place keeps it from being mistaken for a number.
    let pairs = (0..16).flat_map(|_| [rng.lowercase(), rng.digit(10)]);
    pairs.collect()
}

/// A key in the form of the new ones: a JWT that expires a year from now. Nobody checks its signature.
pub(super) fn jwt(seed: u64, now: DateTime<Utc>) -> String {
    let part = |json: serde_json::Value| URL_SAFE_NO_PAD.encode(json.to_string());
    let expires = now + TimeDelta::days(365);
    let header = part(json!({"alg": "HS256", "typ": "JWT"}));
    let claims = part(json!({
        "iss": "atera-sandbox", "sub": api_key(seed), "iat": now.timestamp(), "exp": expires.timestamp(),
    }));
    let mut rng = Rng::with_seed(seed);
    let signature: Vec<u8> = (0..32).map(|_| rng.u8(..)).collect();
    format!("{header}.{claims}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn pick<'a, T>(rng: &mut Rng, list: &'a [T]) -> &'a T {
    &list[rng.usize(..list.len())]
}

/// True that often in a hundred.
fn chance(rng: &mut Rng, percent: u8) -> bool {
    rng.u8(..100) < percent
}

pub(super) fn guid(rng: &mut Rng) -> String {
    let bytes = rng.u128(..).to_be_bytes();
    let uuid: Uuid = uuid::Builder::from_random_bytes(bytes).into_uuid();
    uuid.to_string()
}

/// A time from one to another, or the latter if it is not after the former.
fn between(rng: &mut Rng, from: DateTime<Utc>, to: DateTime<Utc>) -> DateTime<Utc> {
    match (to - from).num_seconds() {
        seconds if seconds > 0 => from + TimeDelta::seconds(rng.i64(0..=seconds)),
        _ => to,
    }
}

/// A time that long before the reference date, give or take.
fn ago(rng: &mut Rng, least: TimeDelta, most: TimeDelta) -> DateTime<Utc> {
    between(rng, REFERENCE_DATE - most, REFERENCE_DATE - least)
}

/// Of the ids of customers: one for each of the first records, so that every customer has one, and any for the others.
fn owner(rng: &mut Rng, customers: &[i64], index: usize) -> i64 {
    match customers.get(index) {
        Some(id) => *id,
        // Customers differ in size: the earlier have more.
        None => {
            let most = rng.usize(1..=customers.len());
            *pick(rng, &customers[..most])
        }
    }
}

/// The ids of the records of a kind.
fn ids(store: &Store, entity: Entity) -> Vec<i64> {
    let key = entity.id_field();
    let records = store.table(entity).iter();
    records.filter_map(|record| record.number(key)).collect()
}
