//! The records of the sandbox, and the rules that keep them together.

use std::collections::BTreeMap;

use chrono::{SubsecRound, Utc};
use serde_json::Value;

use super::record::Record;
use crate::{Schema, Timestamp};

/// Everything that the sandbox holds.
#[derive(Debug)]
pub(super) struct World {
    pub(super) customers: Table,
    pub(super) contacts: Table,
    pub(super) agents: Table,
    pub(super) tickets: Table,
    pub(super) alerts: Table,
    pub(super) technicians: Vec<Technician>,
    clock: Clock,
}

/// Someone who works on tickets.
#[derive(Debug)]
pub(super) struct Technician {
    pub(super) id: i64,
    pub(super) name: &'static str,
    pub(super) email: &'static str,
}

/// What tells the present.
#[derive(Clone, Copy, Debug, Default)]
pub(super) enum Clock {
    #[default]
    System,
    Stopped(Timestamp),
}

/// Records of one kind by their number.
#[derive(Debug)]
pub(super) struct Table {
    schema: &'static Schema,
    key: &'static str,
    records: BTreeMap<i64, Record>,
    next: i64,
}

impl World {
    /// A world without records.
    pub(super) fn empty(clock: Clock) -> Self {
        World {
            customers: Table::new("Customer", 1201),
            contacts: Table::new("Contact", 12001),
            agents: Table::new("Agent", 5501),
            tickets: Table::new("Ticket", 54001),
            alerts: Table::new("Alert", 90001),
            technicians: Vec::new(),
            clock,
        }
    }

    /// The present, in whole seconds.
    pub(super) fn now(&self) -> Timestamp {
        match self.clock {
            Clock::System => Utc::now().trunc_subsecs(0).into(),
            Clock::Stopped(now) => now,
        }
    }

    /// A technician by id or by e-mail address.
    pub(super) fn technician(&self, id: Option<i64>, email: Option<&str>) -> Option<&Technician> {
        let known = |it: &&Technician| {
            id.map_or_else(
                || email.is_some_and(|email| it.email.eq_ignore_ascii_case(email)),
                |id| it.id == id,
            )
        };
        self.technicians.iter().find(known)
    }

    /// Deletes a customer with everything that is its own.
    pub(super) fn delete_customer(&mut self, id: i64) -> bool {
        let found = self.customers.delete(id);
        for table in [
            &mut self.contacts,
            &mut self.agents,
            &mut self.tickets,
            &mut self.alerts,
        ] {
            table
                .records
                .retain(|_, record| record.number("CustomerID") != Some(id));
        }
        found
    }

    /// Deletes an agent with its alerts.
    pub(super) fn delete_agent(&mut self, id: i64) -> bool {
        self.alerts
            .records
            .retain(|_, alert| alert.number("AgentId") != Some(id));
        self.agents.delete(id)
    }

    /// Deletes a contact; its tickets stay, and are nobody's.
    pub(super) fn delete_contact(&mut self, id: i64) -> bool {
        for ticket in self.tickets.records.values_mut() {
            if ticket.number("EndUserID") == Some(id) {
                ticket.set("EndUserID", Value::Null);
            }
        }
        self.contacts.delete(id)
    }
}

impl Table {
    fn new(schema: &str, first: i64) -> Self {
        let schema = Schema::find(schema).expect("a schema of the description");
        let key = schema.key.expect("a record has a key");
        Table {
            schema,
            key,
            records: BTreeMap::new(),
            next: first,
        }
    }

    /// A record with nothing in it, to be added.
    pub(super) fn blank(&self, modified: Timestamp) -> Record {
        Record::new(self.schema, modified)
    }

    /// Adds a record under the next number, which it returns.
    pub(super) fn add(&mut self, mut record: Record) -> i64 {
        let id = self.next;
        self.next += 1;
        record.set(self.key, id);
        self.records.insert(id, record);
        id
    }

    pub(super) fn get(&self, id: i64) -> Option<&Record> {
        self.records.get(&id)
    }

    pub(super) fn get_mut(&mut self, id: i64) -> Option<&mut Record> {
        self.records.get_mut(&id)
    }

    pub(super) fn delete(&mut self, id: i64) -> bool {
        self.records.remove(&id).is_some()
    }

    /// All records, the newest first.
    pub(super) fn newest_first(&self) -> impl Iterator<Item = &Record> {
        self.records.values().rev()
    }
}
