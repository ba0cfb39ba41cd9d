//! All records, and what keeps them in agreement.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{
    answer::Problem,
    entity::{Entity, OnceGone, Reference},
    record::Record,
};
use crate::{Kind, Timestamp, check::Violation};

/// All records, by kind and id.
#[derive(Debug)]
pub(super) struct Store {
    tables: Vec<Table>,
}

/// The records of one kind.
#[derive(Debug, Default)]
pub(super) struct Table {
    records: BTreeMap<i64, Record>,
    /// The greatest id that was ever given; ids are not given twice.
    last: i64,
}

impl Table {
    pub(super) fn get(&self, id: i64) -> Option<&Record> {
        self.records.get(&id)
    }

    /// The records by id, ascending.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &Record> {
        self.records.values()
    }

    /// The id that the next record gets.
    pub(super) fn next_id(&self) -> i64 {
        self.last + 1
    }

    /// The id of the first record whose field has this text, in any case.
    pub(super) fn find(&self, field: &str, text: &str) -> Option<i64> {
        let same = |record: &Record| record.text(field).eq_ignore_ascii_case(text);
        self.records
            .iter()
            .find(|(_, record)| same(record))
            .map(|(id, _)| *id)
    }
}

impl Store {
    pub(super) fn new() -> Self {
        Store {
            tables: Entity::ALL.iter().map(|_| Table::default()).collect(),
        }
    }

    pub(super) fn table(&self, entity: Entity) -> &Table {
        &self.tables[entity as usize]
    }

    /// Puts a record in under its id, in place of one that has the same.
    pub(super) fn put(&mut self, entity: Entity, id: i64, mut record: Record) {
        if let Some(key) = record.schema().key {
            record.set(key, id);
        }
        self.refresh(&mut record);
        let table = &mut self.tables[entity as usize];
        table.last = table.last.max(id);
        table.records.insert(id, record);
    }

    /// Puts a new record in and returns the id that it got.
    pub(super) fn add(&mut self, entity: Entity, record: Record) -> i64 {
        let id = self.table(entity).next_id();
        self.put(entity, id, record);
        id
    }

    /// Takes a record out, and deals with those that refer to it. Returns whether there was one.
    pub(super) fn remove(&mut self, entity: Entity, id: i64) -> bool {
        if self.tables[entity as usize].records.remove(&id).is_none() {
            return false;
        }
        for other in Entity::ALL {
            for reference in Reference::of(other.schema()).filter(|reference| reference.to == entity) {
                self.unlink(other, reference, id);
            }
        }
        true
    }

    fn unlink(&mut self, entity: Entity, reference: &Reference, gone: i64) {
        let records = &mut self.tables[entity as usize].records;
        let affected = records
            .iter_mut()
            .filter(|(_, record)| record.number(reference.field) == Some(gone));
        match reference.once_gone {
            OnceGone::Keep => {}
            OnceGone::Clear => affected.for_each(|(_, record)| unset(record, reference)),
            OnceGone::Delete => {
                let ids: Vec<i64> = affected.map(|(id, _)| *id).collect();
                for id in ids {
                    self.remove(entity, id);
                }
            }
        }
    }

    /// A record as it is answered: with what its references show today.
    pub(super) fn shown(&self, record: &Record) -> Record {
        let mut record = record.clone();
        self.refresh(&mut record);
        record
    }

    pub(super) fn refresh(&self, record: &mut Record) {
        for reference in Reference::of(record.schema()) {
            let id = record.number(reference.field);
            let Some(other) = id.and_then(|id| self.table(reference.to).get(id)) else {
                continue;
            };
            for (here, there) in reference.shows {
                if record.has(here) {
                    record.set(here, other.get(there).clone());
                }
            }
        }
    }

    /// Takes the fields that a request gives into a record; a null clears. What it refers to must exist.
    pub(super) fn fill(&self, record: &mut Record, given: &Map<String, Value>) -> Result<(), Problem> {
        for field in record.schema().fields {
            if let Some(value) = given.get(field.name) {
                record.set(field.name, as_written(&field.kind, value));
            }
        }
        let mut violations = Vec::new();
        for reference in Reference::of(record.schema()) {
            match self.resolve(reference, given) {
                Ok(None) => {}
                Ok(Some(Some(id))) => record.set(reference.field, id),
                Ok(Some(None)) => unset(record, reference),
                Err(violation) => violations.push(violation),
            }
        }
        self.refresh(record);
        if violations.is_empty() {
            Ok(())
        } else {
            Err(Problem::invalid(violations))
        }
    }

    /// The record that a request refers to, by its id or by name: none if it says nothing of it, or that there is
    /// to be none.
    fn resolve(
        &self,
        reference: &Reference,
        given: &Map<String, Value>,
    ) -> Result<Option<Option<i64>>, Violation> {
        let table = self.table(reference.to);
        let id = given.get(reference.field);
        let named = reference.named_by.and_then(|name| Some((name, given.get(name)?)));
        if let Some(id) = id.and_then(Value::as_i64) {
            return match table.get(id) {
                Some(_) => Ok(Some(Some(id))),
                None => Err(unknown(reference.to, reference.field, &id.to_string())),
            };
        }
        if let Some((name, text)) = named.and_then(|(name, value)| Some((name, value.as_str()?))) {
            let there = reference.shows.iter().find(|(here, _)| *here == name);
            let found = there.and_then(|(_, there)| table.find(there, text));
            return match found {
                Some(id) => Ok(Some(Some(id))),
                None => Err(unknown(reference.to, name, text)),
            };
        }
        Ok((id.is_some() || named.is_some()).then_some(None))
    }
}

/// Makes a reference null, and what it shows.
fn unset(record: &mut Record, reference: &Reference) {
    record.clear(&[reference.field]);
    for (here, _) in reference.shows {
        if record.has(here) {
            record.clear(&[here]);
        }
    }
}

/// A value as the service would write it: times in one form, members of a list as they are spelt there.
fn as_written(kind: &Kind, value: &Value) -> Value {
    let Some(text) = value.as_str() else {
        return value.clone();
    };
    match kind {
        Kind::Timestamp => text
            .parse::<Timestamp>()
            .map_or(Value::Null, |time| time.to_string().into()),
        Kind::Enum { values, .. } => values
            .iter()
            .find(|value| value.eq_ignore_ascii_case(text))
            .map_or(text.into(), |value| (*value).into()),
        _ => text.into(),
    }
}

fn unknown(entity: Entity, field: &str, what: &str) -> Violation {
    Violation {
        field: field.to_string(),
        reason: format!("there is no {} `{what}`", entity.noun()),
    }
}
