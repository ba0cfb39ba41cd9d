//! Alerts of agents.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use fastrand::Rng;
use serde_json::Value;

use super::{
    draw::{ago, between, chance, ids, optional, pick},
    subjects::ALERTS,
};
use crate::world::{
    Entity::{Agent, Alert, Ticket},
    Record, Store, time,
};

/// The id of the first alert, which the examples of the description name.
const FIRST_ID: i64 = 90_210;

/// Generates alerts of the last 60 days. About half are resolved, and some of the others snoozed. An alert may belong
/// to a ticket of the same customer that was opened after it.
pub(super) fn generate(store: &mut Store, rng: &mut Rng, count: usize) {
    let agents = ids(store, Agent);
    if agents.is_empty() {
        return;
    }
    let tickets = tickets(store);
    for (id, index) in (FIRST_ID..).zip(0..count) {
        let agent = if index == 0 {
            agents[0]
        } else {
            *pick(rng, &agents)
        };
        let Some(device) = store.table(Agent).get(agent) else {
            continue;
        };
        let customer = device.get("CustomerID").clone();
        let folder = device.get("FolderID").clone();
        let registered = device.time("Created").unwrap_or(store.as_of());
        let created = ago(rng, store.as_of(), TimeDelta::minutes(3), TimeDelta::days(60)).max(registered);
        let of_customer = customer.as_i64().and_then(|customer| tickets.get(&customer));
        let ticket = of_customer
            .filter(|_| chance(rng, 25))
            .and_then(|tickets| tickets.iter().find(|(opened, _)| *opened >= created))
            .map(|(_, id)| *id);
        let resolved = chance(rng, 55).then(|| between(rng, created, store.as_of()));
        let snoozed = (resolved.is_none() && chance(rng, 25))
            .then(|| store.as_of() + TimeDelta::hours(rng.i64(1..200)));
        let (title, message, category, severity, code) = *pick(rng, &ALERTS);
        let alert = Record::with_fields(
            Alert.shape(),
            resolved.unwrap_or(created),
            [
                ("Code", code.into()),
                (
                    "Source",
                    (*pick(rng, &["Agent", "Agent", "Agent", "Threshold"])).into(),
                ),
                ("Title", title.into()),
                ("Severity", severity.into()),
                ("Created", time(created)),
                ("SnoozedEndDate", snoozed.map_or(Value::Null, time)),
                ("AgentId", agent.into()),
                (
                    "AdditionalInfo",
                    optional(rng, 10, |_| "Found by the weekly capacity check".to_string()),
                ),
                ("Archived", resolved.is_some().into()),
                ("AlertCategoryID", category.into()),
                ("ArchivedDate", resolved.map_or(Value::Null, time)),
                ("TicketID", ticket.into()),
                ("AlertMessage", message.into()),
                ("CustomerID", customer),
                ("FolderID", folder),
                ("PollingCyclesCount", rng.i32(1..8).into()),
                ("DeviceType", "Agent".into()),
            ],
        );
        store.put(Alert, id, alert);
    }
}

/// For each customer its tickets, each with the time at which it was opened, in that order.
fn tickets(store: &Store) -> HashMap<i64, Vec<(DateTime<Utc>, i64)>> {
    let mut tickets: HashMap<i64, Vec<_>> = HashMap::new();
    for ticket in store.table(Ticket).iter() {
        let key = (ticket.number("CustomerID"), ticket.number("TicketID"));
        if let ((Some(customer), Some(id)), Some(opened)) = (key, ticket.time("TicketCreatedDate")) {
            tickets.entry(customer).or_default().push((opened, id));
        }
    }
    tickets
}
