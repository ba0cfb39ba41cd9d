//! Generates all records.

use chrono::{DateTime, Utc};
use fastrand::Rng;

use super::{agents, alerts, billing, catalogue, contacts, customers, devices, staff, tickets};
use crate::world::{Entity, Store, Zone};

/// How many records of each kind to generate.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counts {
    pub(crate) customers: usize,
    pub(crate) contacts: usize,
    pub(crate) agents: usize,
    pub(crate) tickets: usize,
    pub(crate) alerts: usize,
    pub(crate) contracts: usize,
    pub(crate) invoices: usize,
    pub(crate) articles: usize,
    /// Of each of the four kinds.
    pub(crate) devices: usize,
}

impl Default for Counts {
    /// An account of a middling size: lists of several pages, and tickets of more than one hundred.
    fn default() -> Self {
        Counts {
            customers: 64,
            contacts: 520,
            agents: 412,
            tickets: 2_847,
            alerts: 380,
            contracts: 72,
            invoices: 240,
            articles: 84,
            devices: 64,
        }
    }
}

/// Generates all records as of a date, each kind after those that it refers to.
///
/// All times are drawn backwards from that date, and nothing else is looked at, so the same seed and date give the same
/// bytes.
pub(super) fn generate(seed: u64, counts: Counts, zone: &Zone, as_of: DateTime<Utc>) -> Store {
    let mut store = Store::new(as_of);
    // Each kind has random numbers of its own, so that more records of one kind hardly change those of another.
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
