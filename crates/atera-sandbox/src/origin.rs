//! What the records of a sandbox are made from, and how they are written down and read back.

use chrono::DateTime;
use fastrand::Rng;
use serde_json::{Map, Value, json};

use super::{
    data::{self, Counts},
    entity::Entity,
    record::{Record, known},
    store::Store,
    zone::Zone,
};
use atera::{Error, Result, Timestamp, description::expected};

/// What the records are made from.
#[derive(Clone, Debug)]
pub(super) struct Origin {
    pub(super) seed: u64,
    pub(super) counts: Counts,
    pub(super) zone: Zone,
    /// Records that were written down before, in place of generated ones.
    pub(super) loaded: Option<Box<Store>>,
}

/// When a record was last changed, which not every kind shows.
const MODIFIED: &str = "$modified";

/// Ids are below this, so that there are always greater ones, and so that JavaScript holds them exactly.
const END_OF_IDS: i64 = 1 << 53;

impl Origin {
    pub(super) fn records(&self) -> (Store, Rng) {
        let store = match &self.loaded {
            Some(store) => (**store).clone(),
            None => data::generate(self.seed, self.counts, &self.zone),
        };
        (store, Rng::with_seed(self.seed))
    }
}

/// All records, by kind, with every field that is not null.
pub(super) fn dump(store: &Store) -> Value {
    let kinds = Entity::ALL.into_iter().map(|entity| {
        let records = store.table(entity).iter().map(|record| {
            let record = store.shown(record);
            let fields = record.shape().columns.iter();
            let given = fields.filter(|field| !record.get(field.name).is_null());
            let mut object: Map<String, Value> = given
                .map(|field| (field.name.to_string(), record.get(field.name).clone()))
                .collect();
            object.insert(
                MODIFIED.to_string(),
                Timestamp::from(record.modified).to_string().into(),
            );
            Value::Object(object)
        });
        (entity.name().to_string(), Value::from_iter(records))
    });
    Value::Object(kinds.collect())
}

/// Reads what `dump` wrote, or what people made of it.
pub(super) fn load(text: &str) -> Result<Store> {
    let data: Map<String, Value> = serde_json::from_str(text).map_err(|error| {
        Error::config("the data to load is not a JSON object of kinds of records").with_source(error)
    })?;
    if let Some(unknown) = data
        .keys()
        .find(|name| Entity::ALL.iter().all(|entity| entity.name() != **name))
    {
        let known: Vec<_> = Entity::ALL.iter().map(|entity| entity.name()).collect();
        return Err(Error::config(format!(
            "`{unknown}` is not a kind of record that can be loaded; there are {}",
            known.join(", ")
        )));
    }
    let mut store = Store::new();
    for entity in Entity::ALL {
        let records = match data.get(entity.name()) {
            None => continue,
            Some(Value::Array(records)) => records,
            Some(_) => {
                return Err(Error::config(format!(
                    "`{}` must be an array of records",
                    entity.name()
                )));
            }
        };
        for (index, object) in records.iter().enumerate() {
            let (id, record) = record(entity, object)
                .map_err(|reason| Error::config(format!("{}[{index}]{reason}", entity.name())))?;
            store.put(entity, id, record);
        }
    }
    Ok(store)
}

fn record(entity: Entity, object: &Value) -> std::result::Result<(i64, Record), String> {
    let shape = entity.shape();
    let object = object.as_object().ok_or(" must be an object")?;
    let mut modified = data::REFERENCE_DATE;
    if let Some(text) = object.get(MODIFIED) {
        let time: Option<Timestamp> = text.as_str().and_then(|text| text.parse().ok());
        modified = DateTime::from(time.ok_or_else(|| format!(".{MODIFIED} must be a point in time"))?);
    }
    let mut record = Record::new(shape, modified);
    for (name, value) in object.iter().filter(|(name, _)| *name != MODIFIED) {
        let field = shape.columns.iter().find(|column| column.name == name);
        let field = field.ok_or_else(|| format!(".{name} is not a field of it"))?;
        if !value.is_null()
            && let Some(what) = expected(&field.kind, value)
        {
            return Err(format!(".{name} must be {what}"));
        }
        record.set(name, known(&field.kind, value.clone()));
    }
    let key = entity.id_field();
    match record.number(key) {
        Some(id) if (1..END_OF_IDS).contains(&id) => Ok((id, record)),
        _ => Err(format!(".{key} must be a number above 0 and below {END_OF_IDS}")),
    }
}

/// The live state in a few numbers.
pub(super) fn counts(store: &Store) -> Value {
    let counts = Entity::ALL
        .into_iter()
        .map(|entity| (entity.name().to_string(), store.table(entity).len().into()));
    json!(counts.collect::<Map<String, Value>>())
}
