//! Records as one JSON text, which people can read, edit and load again.
//!
//! It is an object with an array for each kind of record. A record has its fields that are not null, and `$modified`
//! with the time of its last change.

use atera::{Error, Result, Timestamp, description::expected};
use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::{
    entity::Entity,
    record::{Record, without_unknown_fields},
    store::Store,
};

/// The time of the last change. Not every kind has a field for it, so it is written under a name that no field has.
const MODIFIED: &str = "$modified";

/// Ids must be below this: JavaScript holds them exactly, and the next ids do not overflow.
const END_OF_IDS: i64 = 1 << 53;

/// Writes all records.
pub(crate) fn write(store: &Store) -> Value {
    let kinds = Entity::ALL.into_iter().map(|entity| {
        let records = store.table(entity).iter().map(|record| written(store, record));
        (entity.name().to_string(), Value::from_iter(records))
    });
    Value::Object(kinds.collect())
}

/// Writes one record.
fn written(store: &Store, record: &Record) -> Value {
    let record = store.joined(record);
    let given = record.fields().filter(|(_, value)| !value.is_null());
    let mut object: Map<String, Value> = given
        .map(|(column, value)| (column.name.to_string(), value.clone()))
        .collect();
    let modified = Timestamp::from(record.modified).to_string();
    object.insert(MODIFIED.to_string(), modified.into());
    Value::Object(object)
}

/// Writes the records that have changed, and the ids of those that are gone: `[[kind, record or id], ..]`.
pub(crate) fn changes(store: &Store) -> Value {
    let changed = store.changed().map(|(entity, id)| {
        let record = store.table(entity).get(id);
        let what = record.map_or(id.into(), |record| written(store, record));
        json!([entity.name(), what])
    });
    Value::from_iter(changed)
}

/// Makes the changes that [`changes`] wrote.
///
/// # Errors
///
/// What does not fit.
pub(crate) fn apply(store: &mut Store, changes: &Value) -> std::result::Result<(), String> {
    for change in changes.as_array().ok_or("it has no array of changes")? {
        let kind = Entity::ALL.into_iter().find(|entity| change[0] == entity.name());
        let entity = kind.ok_or_else(|| format!("{} is not a kind of record", change[0]))?;
        match change[1].as_i64() {
            Some(id) => store.forget(entity, id),
            None => {
                let (id, record) = record(entity, &change[1], store.as_of())
                    .map_err(|reason| format!("{}{reason}", entity.name()))?;
                store.put(entity, id, record);
            }
        }
    }
    Ok(())
}

/// Reads what [`write()`] wrote, or what people made of it.
///
/// Values must have the kind of their field. References are not checked, so an edited dump can hold a ticket without a
/// contact. A record without `$modified` counts as changed at the date of the records, `as_of`.
///
/// # Errors
///
/// `Config`, with the place in the text, if something does not fit.
pub(crate) fn read(text: &str, as_of: DateTime<Utc>) -> Result<Store> {
    let invalid = |reason: String| Error::config(format!("cannot load the records: {reason}"));
    let data: Map<String, Value> = serde_json::from_str(text).map_err(|error| {
        invalid(
            "the text is not a JSON object with kinds of records; use what `Sandbox::dump` wrote".to_string(),
        )
        .with_source(error)
    })?;
    let is_unknown = |name: &&String| Entity::ALL.iter().all(|entity| entity.name() != **name);
    if let Some(unknown) = data.keys().find(is_unknown) {
        let known: Vec<_> = Entity::ALL.iter().map(|entity| entity.name()).collect();
        return Err(invalid(format!(
            "`{unknown}` is not a kind of record; there are {}",
            known.join(", ")
        )));
    }
    let mut store = Store::new(as_of);
    for entity in Entity::ALL {
        let name = entity.name();
        let records = match data.get(name) {
            None => continue,
            Some(Value::Array(records)) => records,
            Some(_) => return Err(invalid(format!("`{name}` must be an array of records"))),
        };
        for (index, object) in records.iter().enumerate() {
            let (id, record) = record(entity, object, as_of)
                .map_err(|reason| invalid(format!("{name}[{index}]{reason}")))?;
            store.put(entity, id, record);
        }
    }
    Ok(store)
}

/// Reads one record with its id. An error continues the place of the record, as in `.TicketID must be a whole number`.
fn record(
    entity: Entity,
    object: &Value,
    as_of: DateTime<Utc>,
) -> std::result::Result<(i64, Record), String> {
    let shape = entity.shape();
    let object = object.as_object().ok_or(" must be an object")?;
    let mut modified = as_of;
    if let Some(text) = object.get(MODIFIED) {
        let time: Option<Timestamp> = text.as_str().and_then(|text| text.parse().ok());
        modified = DateTime::from(time.ok_or_else(|| format!(".{MODIFIED} must be a point in time"))?);
    }
    let mut record = Record::new(shape, modified);
    for (name, value) in object.iter().filter(|(name, _)| *name != MODIFIED) {
        let column = shape.columns.iter().find(|column| column.name == name);
        let column = column.ok_or_else(|| format!(".{name} is not a field of this kind of record"))?;
        if !value.is_null()
            && let Some(expected) = expected(&column.kind, value)
        {
            return Err(format!(".{name} must be {expected}"));
        }
        record.set(name, without_unknown_fields(&column.kind, value.clone()));
    }
    let id_field = entity.id_field();
    match record.number(id_field) {
        Some(id) if (1..END_OF_IDS).contains(&id) => Ok((id, record)),
        _ => Err(format!(
            ".{id_field} must be a number above 0 and below {END_OF_IDS}"
        )),
    }
}

/// How many records of each kind there are.
pub(crate) fn counts(store: &Store) -> Value {
    let counts = Entity::ALL
        .into_iter()
        .map(|entity| (entity.name().to_string(), store.table(entity).len().into()));
    json!(counts.collect::<Map<String, Value>>())
}
