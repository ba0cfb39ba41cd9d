//! All records.
//!
//! The store keeps the references between records intact: a request cannot name a record that does not exist, and
//! deleting a record also changes those that refer to it.

use std::collections::BTreeSet;

use atera::{Timestamp, description::Kind};
use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use super::{
    entity::Entity,
    field_error::FieldError,
    record::Record,
    reference::{BoundReference, OnDelete, Reference},
    table::Table,
};

/// All records, by kind and id.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    as_of: DateTime<Utc>,
    /// The records that were stored or deleted since they were last kept; none if nobody keeps them.
    changed: Option<BTreeSet<(Entity, i64)>>,
    tables: Vec<Table>,
}

/// What a request says of a reference.
enum Named {
    /// Nothing: the reference stays as it is.
    Nothing,
    /// That it is to be null.
    Null,
    /// The record with this id, which exists.
    Record(i64),
}

impl Store {
    /// A store without records, of an account as it is at a time.
    pub(crate) fn new(as_of: DateTime<Utc>) -> Self {
        Store {
            as_of,
            changed: None,
            tables: Entity::ALL.into_iter().map(Table::new).collect(),
        }
    }

    /// The date of the records at the start. No generated record has a later date of creation or change.
    pub(crate) fn as_of(&self) -> DateTime<Utc> {
        self.as_of
    }

    pub(crate) fn table(&self, entity: Entity) -> &Table {
        &self.tables[entity as usize]
    }

    /// The table of a record that is about to be stored or deleted, which is noted.
    fn table_to_change(&mut self, entity: Entity, id: i64) -> &mut Table {
        if let Some(changed) = &mut self.changed {
            changed.insert((entity, id));
        }
        &mut self.tables[entity as usize]
    }

    /// Notes from now on which records are stored and deleted.
    pub(crate) fn note_changes(&mut self) {
        self.changed.get_or_insert_default();
    }

    /// The records that were stored or deleted since [`Store::forget_changes`], by kind and id.
    pub(crate) fn changed(&self) -> impl Iterator<Item = (Entity, i64)> {
        self.changed.iter().flatten().copied()
    }

    /// Forgets which records have changed, since they are kept now.
    pub(crate) fn forget_changes(&mut self) {
        if let Some(changed) = &mut self.changed {
            changed.clear();
        }
    }

    /// Deletes a record and nothing else, as it was deleted before; its id is not given to another.
    pub(crate) fn forget(&mut self, entity: Entity, id: i64) {
        self.table_to_change(entity, id).forget(id);
    }

    /// The id that the next record of this kind gets.
    pub(crate) fn next_id(&self, entity: Entity) -> i64 {
        let sequence = match Entity::DEVICES.contains(&entity) {
            true => &Entity::DEVICES[..],
            false => &[entity],
        };
        let highest = sequence.iter().map(|entity| self.table(*entity).highest_id());
        highest.max().unwrap_or_default() + 1
    }

    /// Stores a record under an id, in place of the one that has it.
    pub(crate) fn put(&mut self, entity: Entity, id: i64, mut record: Record) {
        record.set(entity.id_field(), id);
        self.table_to_change(entity, id).insert(id, record);
    }

    /// Stores a new record and returns its id.
    pub(crate) fn add(&mut self, entity: Entity, record: Record) -> i64 {
        let id = self.next_id(entity);
        self.put(entity, id, record);
        id
    }

    /// Deletes a record, and changes those that refer to it as [`OnDelete`] says. Returns whether it existed.
    pub(crate) fn remove(&mut self, entity: Entity, id: i64) -> bool {
        if self.table(entity).get(id).is_none() {
            return false;
        }
        let references: Vec<_> = Reference::all_to(entity).collect();
        for (other, reference) in &references {
            if reference.on_delete == OnDelete::Keep {
                self.keep_joined_fields(*other, reference, id);
            }
        }
        let removed = self.table_to_change(entity, id).remove(id);
        for (other, reference) in references {
            self.follow_deletion(other, reference, id);
        }
        // Two references are not in the table, since the kind of the other record is in a field of its own.
        if let Some(target) = entity.target() {
            let values = self.table(Entity::CustomValue).with_number("ItemId", id);
            let values = values.into_iter().filter(|value| value.text("Target") == target);
            let values: Vec<i64> = values.filter_map(|value| value.number("ValueID")).collect();
            for value in values {
                self.remove(Entity::CustomValue, value);
            }
        }
        if let Some(device) = removed.filter(|_| Entity::DEVICES.contains(&entity)) {
            let guid = device.text("DeviceGuid");
            while let Some(alert) = self.table(Entity::Alert).find("DeviceGuid", guid) {
                self.remove(Entity::Alert, alert);
            }
        }
        true
    }

    /// Stores the joined fields in the records that stay when the other one is deleted. Afterwards nothing is left to
    /// join.
    fn keep_joined_fields(&mut self, entity: Entity, reference: &Reference, deleted: i64) {
        for (id, record) in self.referring(entity, reference, deleted) {
            let joined = self.joined(&record);
            self.table_to_change(entity, id).insert(id, joined);
        }
    }

    /// Deletes or changes the records that refer to a deleted one.
    fn follow_deletion(&mut self, entity: Entity, reference: &Reference, deleted: i64) {
        if reference.on_delete == OnDelete::Keep {
            return;
        }
        for (id, mut record) in self.referring(entity, reference, deleted) {
            if reference.on_delete == OnDelete::Cascade {
                self.remove(entity, id);
            } else {
                unset(&mut record, reference);
                self.table_to_change(entity, id).insert(id, record);
            }
        }
    }

    /// Clones of the records that refer to the one with this id, each with its own id.
    fn referring(&self, entity: Entity, reference: &Reference, to: i64) -> Vec<(i64, Record)> {
        let records = self.table(entity).with_number(reference.field, to).into_iter();
        records
            .filter_map(|record| Some((record.number(entity.id_field())?, record.clone())))
            .collect()
    }

    /// A record as it is answered: with the fields that it shows of other records, as those are now. They are not
    /// stored, so that renaming a customer does not have to change all its tickets.
    pub(crate) fn joined(&self, record: &Record) -> Record {
        let mut record = record.clone();
        self.join(&mut record);
        record
    }

    /// Sets the joined fields. A reference to a record that is gone leaves them as they are stored.
    fn join(&self, record: &mut Record) {
        for bound in Reference::of(record.shape()) {
            let id = record.at(bound.column).as_i64();
            let Some(other) = id.and_then(|id| self.table(bound.reference.to).get(id)) else {
                continue;
            };
            for (here, there) in &bound.joined {
                record.set_at(*here, other.at(*there));
            }
        }
    }

    /// Sets the fields of a record that a request gives; a null clears one.
    ///
    /// # Errors
    ///
    /// One for each reference to a record that does not exist. The record is of no use then.
    pub(crate) fn apply(
        &self,
        record: &mut Record,
        given: &Map<String, Value>,
    ) -> Result<(), Vec<FieldError>> {
        for column in &record.shape().columns {
            if let Some(value) = given.get(column.name) {
                record.set(column.name, normalised(&column.kind, value));
            }
        }
        let mut errors = Vec::new();
        for BoundReference { reference, .. } in Reference::of(record.shape()) {
            match self.named(reference, given) {
                Ok(Named::Nothing) => {}
                Ok(Named::Record(id)) => record.set(reference.field, id),
                Ok(Named::Null) => unset(record, reference),
                Err(error) => errors.push(error),
            }
        }
        self.join(record);
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }

    /// Looks up the record that a request names by id, or by the field [`Reference::named_by`]. The id counts if it has
    /// both.
    fn named(&self, reference: &Reference, given: &Map<String, Value>) -> Result<Named, FieldError> {
        let table = self.table(reference.to);
        let id = given.get(reference.field);
        let name = reference.named_by.and_then(|name| Some((name, given.get(name)?)));
        if let Some(id) = id.filter(|id| !id.is_null()) {
            return match id.as_i64().filter(|id| table.get(*id).is_some()) {
                Some(known) => Ok(Named::Record(known)),
                // A number that is too large for an id ends here as well.
                None => Err(unknown(reference.to, reference.field, &id.to_string())),
            };
        }
        if let Some((name, text)) = name.and_then(|(name, value)| Some((name, value.as_str()?))) {
            let there = reference.joined.iter().find(|(here, _)| *here == name);
            let found = there.and_then(|(_, there)| table.find(there, text));
            return match found {
                Some(id) => Ok(Named::Record(id)),
                None => Err(unknown(reference.to, name, text)),
            };
        }
        match id.is_some() || name.is_some() {
            true => Ok(Named::Null),
            false => Ok(Named::Nothing),
        }
    }
}

/// Makes a reference null, with its joined fields.
fn unset(record: &mut Record, reference: &Reference) {
    let joined = reference.joined.iter().map(|(here, _)| *here);
    let names = [reference.field].into_iter().chain(joined);
    for name in names.chain(reference.cleared_with) {
        if record.has(name) {
            record.clear(&[name]);
        }
    }
}

/// A value in the form that the service answers: times in RFC 3339, values of a list in the letter case of the list.
fn normalised(kind: &Kind, value: &Value) -> Value {
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

/// The refusal for a reference to a record that does not exist.
fn unknown(entity: Entity, field: &str, value: &str) -> FieldError {
    FieldError::new(field, format!("there is no {} `{value}`", entity.noun()))
}
