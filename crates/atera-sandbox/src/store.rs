//! All records, and what keeps them in agreement.

use serde_json::{Map, Value};

use super::{
    entity::Entity,
    field_error::FieldError,
    record::Record,
    reference::{OnceGone, Placed, Reference},
    table::Table,
};
use atera::{Timestamp, description::Kind};

/// All records, by kind and id.
#[derive(Clone, Debug)]
pub(super) struct Store {
    tables: Vec<Table>,
}

impl Store {
    pub(super) fn new() -> Self {
        Store {
            tables: Entity::ALL.into_iter().map(Table::new).collect(),
        }
    }

    pub(super) fn table(&self, entity: Entity) -> &Table {
        &self.tables[entity as usize]
    }

    /// The id that the next record gets.
    pub(super) fn next_id(&self, entity: Entity) -> i64 {
        let sequence = match Entity::DEVICES.contains(&entity) {
            true => &Entity::DEVICES[..],
            false => &[entity],
        };
        let last = sequence.iter().map(|entity| self.table(*entity).last());
        last.max().unwrap_or_default() + 1
    }

    /// Puts a record in under its id, in place of one that has the same.
    pub(super) fn put(&mut self, entity: Entity, id: i64, mut record: Record) {
        record.set(entity.id_field(), id);
        self.tables[entity as usize].insert(id, record);
    }

    /// Puts a new record in and returns the id that it got.
    pub(super) fn add(&mut self, entity: Entity, record: Record) -> i64 {
        let id = self.next_id(entity);
        self.put(entity, id, record);
        id
    }

    /// Takes a record out, and deals with those that refer to it. Returns whether there was one.
    pub(super) fn remove(&mut self, entity: Entity, id: i64) -> bool {
        if self.table(entity).get(id).is_none() {
            return false;
        }
        let references: Vec<_> = Reference::all_to(entity).collect();
        for (other, reference) in &references {
            if reference.once_gone == OnceGone::Keep {
                self.remember(*other, reference, id);
            }
        }
        let gone = self.tables[entity as usize].remove(id);
        for (other, reference) in references {
            self.unlink(other, reference, id);
        }
        if let Some(target) = entity.target() {
            let values = self.table(Entity::CustomValue).of("ItemId", id).into_iter();
            let values = values.filter(|value| value.text("Target") == target);
            let values: Vec<i64> = values.filter_map(|value| value.number("ValueID")).collect();
            for value in values {
                self.remove(Entity::CustomValue, value);
            }
        }
        if let Some(gone) = gone.filter(|_| Entity::DEVICES.contains(&entity)) {
            let guid = gone.text("DeviceGuid");
            while let Some(alert) = self.table(Entity::Alert).find("DeviceGuid", guid) {
                self.remove(Entity::Alert, alert);
            }
        }
        true
    }

    /// Writes into the records that refer to one what they show of it, since they stay when it goes.
    fn remember(&mut self, entity: Entity, reference: &Reference, going: i64) {
        for (id, record) in self.referring(entity, reference, going) {
            let shown = self.shown(&record);
            self.tables[entity as usize].insert(id, shown);
        }
    }

    fn unlink(&mut self, entity: Entity, reference: &Reference, gone: i64) {
        if reference.once_gone == OnceGone::Keep {
            return;
        }
        for (id, mut record) in self.referring(entity, reference, gone) {
            if reference.once_gone == OnceGone::Delete {
                self.remove(entity, id);
            } else {
                unset(&mut record, reference);
                self.tables[entity as usize].insert(id, record);
            }
        }
    }

    /// The records that refer to the one with this id, with their own.
    fn referring(&self, entity: Entity, reference: &Reference, to: i64) -> Vec<(i64, Record)> {
        let key = entity.id_field();
        let records = self.table(entity).of(reference.field, to).into_iter();
        records
            .filter_map(|record| Some((record.number(key)?, record.clone())))
            .collect()
    }

    /// A record as it is answered: with what its references show today. It is not kept with that, so that nothing needs to be
    /// changed in it when what it refers to changes.
    pub(super) fn shown(&self, record: &Record) -> Record {
        let mut record = record.clone();
        self.refresh(&mut record);
        record
    }

    fn refresh(&self, record: &mut Record) {
        for placed in Reference::of(record.shape()) {
            let id = record.at(placed.column).as_i64();
            let Some(other) = id.and_then(|id| self.table(placed.reference.to).get(id)) else {
                continue;
            };
            for (here, there) in &placed.shows {
                record.show(*here, other.at(*there));
            }
        }
    }

    /// Takes the fields that a request gives into a record; a null clears. What it refers to must exist.
    pub(super) fn fill(
        &self,
        record: &mut Record,
        given: &Map<String, Value>,
    ) -> Result<(), Vec<FieldError>> {
        for column in &record.shape().columns {
            if let Some(value) = given.get(column.name) {
                record.set(column.name, as_written(&column.kind, value));
            }
        }
        let mut violations = Vec::new();
        for Placed { reference, .. } in Reference::of(record.shape()) {
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
            Err(violations)
        }
    }

    /// The record that a request refers to, by its id or by name: none if it says nothing of it, or that there is
    /// to be none.
    fn resolve(
        &self,
        reference: &Reference,
        given: &Map<String, Value>,
    ) -> Result<Option<Option<i64>>, FieldError> {
        let table = self.table(reference.to);
        let id = given.get(reference.field);
        let named = reference.named_by.and_then(|name| Some((name, given.get(name)?)));
        if let Some(id) = id.filter(|id| !id.is_null()) {
            return match id.as_i64().filter(|id| table.get(*id).is_some()) {
                Some(known) => Ok(Some(Some(known))),
                // Numbers too large for an id come here as well.
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
    let shown = reference.shows.iter().map(|(here, _)| *here);
    for name in [reference.field].into_iter().chain(shown).chain(reference.along) {
        if record.has(name) {
            record.clear(&[name]);
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

fn unknown(entity: Entity, field: &str, what: &str) -> FieldError {
    FieldError::new(field, format!("there is no {} `{what}`", entity.noun()))
}
