//! Contracts, of which each type has terms of its own.

use serde_json::{Map, Value};

use super::{Handlers, records};
use crate::{
    answer::{Answer, Problem},
    entity::Entity::{Contract, Rate},
    field_error::FieldError,
    record::Record,
    request::Request,
    shape::Shape,
    store::Store,
    world::World,
};
use atera::description::Kind;

pub(super) const HANDLERS: Handlers = &[
    ("contracts_create", create),
    ("contracts_update", update),
    ("contracts_update_put", update),
];

/// The ids of rates in the terms of a create, each with the place where the rate is shown.
const RATES: [(&str, &str, &str); 13] = [
    ("RetainerFlatFeeContract", "RateID", "Rate"),
    ("HourlyContract", "HourlyRateID", "PrimaryRate"),
    ("HourlyContract", "AdditionalRateIDs", "AdditionalRates"),
    ("BlockHoursContract", "HourlyRateID", "PricePerHour"),
    ("BlockHoursContract", "OverageRateID", "OverageRate"),
    ("BlockMoneyContract", "ContractAmountRateID", "ContractAmount"),
    ("BlockMoneyContract", "HourlyRateID", "PrimaryRate"),
    ("BlockMoneyContract", "OverageRateID", "AdditionalRates"),
    ("RemoteMonitoringContract", "PerDeviceRateID", "RatePerDevice"),
    ("OnlineBackupContract", "PerGBRateID", "RatePerGB"),
    ("ProjectOneTimeFeeContract", "TotalAmountRateId", "TotalAmount"),
    ("ProjectHourlyRateContract", "TotalAmountRateId", "PrimaryRate"),
    (
        "ProjectHourlyRateContract",
        "AdditionalRateIDs",
        "AdditionalRates",
    ),
];

/// The contract that new work for a customer is charged to.
pub(crate) fn usual(store: &Store, customer: Option<i64>) -> Option<i64> {
    let set = |contract: &Record, name: &str| contract.get(name).as_bool() == Some(true);
    let mut contracts = store.table(Contract).iter();
    let contract = contracts.find(|contract| {
        contract.number("CustomerID") == customer && set(contract, "Default") && set(contract, "Active")
    });
    contract?.number("ContractID")
}

/// Whether the terms of a contract name the rate.
pub(super) fn names(contract: &Record, rate: i64) -> bool {
    fn within(value: &Value, rate: i64) -> bool {
        match value {
            Value::Object(object) => {
                object.get("RateID").and_then(Value::as_i64) == Some(rate)
                    || object.values().any(|value| within(value, rate))
            }
            Value::Array(values) => values.iter().any(|value| within(value, rate)),
            _ => false,
        }
    }
    contract.terms().is_some_and(|terms| within(terms, rate))
}

fn create(world: &mut World, request: &Request) -> Result<Answer, Problem> {
    let given = request.given();
    let fields = [
        ("Active", false.into()),
        ("Default", false.into()),
        ("Taxable", false.into()),
    ];
    let mut contract = Record::of(Contract.shape(), world.now(), fields);
    let (terms, plain): (Map<_, _>, Map<_, _>) = given
        .into_iter()
        .partition(|(name, value)| name.ends_with("Contract") && value.is_object());
    world.store.fill(&mut contract, &plain)?;
    let name = format!("{}Contract", contract.text("ContractType"));
    if let Some(other) = terms.keys().find(|other| **other != name) {
        let reason = format!("the terms of a contract of this type are in `{name}`");
        return Err(Problem::field(other, reason));
    }
    let Some(Value::Object(given)) = terms.get(&name) else {
        return Err(Problem::field(&name, format!("`{name}` is missing")));
    };
    contract.set(&name, shown_terms(&world.store, &name, given)?);
    dates_agree(&contract)?;
    let id = world.store.next_id(Contract);
    world.store.put(Contract, id, contract);
    alone_default(world, id);
    Ok(Answer::Created(id.into()))
}

fn update(world: &mut World, request: &Request) -> Result<Answer, Problem> {
    let mut contract = records::named(world, request, Contract)?.clone();
    let before = contract.clone();
    let (terms, mut plain): (Map<_, _>, Map<_, _>) = request
        .body
        .clone()
        .into_iter()
        .partition(|(name, _)| name.ends_with("Contract"));
    // What is not null in a contract is left alone by a null.
    plain.retain(|name, value| !(value.is_null() && before.get(name).is_boolean()));
    world.store.fill(&mut contract, &plain)?;
    let name = format!("{}Contract", contract.text("ContractType"));
    for (given, changes) in &terms {
        let Value::Object(changes) = changes else { continue };
        if *given != name {
            let reason = format!("the terms of this contract are in `{name}`");
            return Err(Problem::field(given, reason));
        }
        let mut merged = contract.get(&name).clone();
        for (field, value) in changes.iter().filter(|(_, value)| !value.is_null()) {
            merged[field.as_str()] = value.clone();
        }
        contract.set(&name, merged);
    }
    dates_agree(&contract)?;
    contract.touch(world.now());
    world.store.put(Contract, request.id(), contract);
    alone_default(world, request.id());
    Ok(Answer::Updated(request.id().into()))
}

/// A customer has one default contract: the last that was made so.
fn alone_default(world: &mut World, id: i64) {
    let contracts = world.store.table(Contract);
    let set = |contract: &Record| contract.get("Default").as_bool() == Some(true);
    let Some(contract) = contracts.get(id).filter(|contract| set(contract)) else {
        return;
    };
    let customer = contract.get("CustomerID");
    let others: Vec<Record> = contracts
        .iter()
        .filter(|other| other.get("CustomerID") == customer && set(other))
        .filter(|other| other.number("ContractID") != Some(id))
        .cloned()
        .collect();
    for mut other in others {
        other.set("Default", false);
        let id = other.number("ContractID").unwrap_or_default();
        world.store.put(Contract, id, other);
    }
}

fn dates_agree(contract: &Record) -> Result<(), Problem> {
    match (contract.time("StartDate"), contract.time("EndDate")) {
        (Some(start), Some(end)) if end < start => Err(Problem::field(
            "EndDate",
            "`EndDate` must not be before `StartDate`",
        )),
        _ => Ok(()),
    }
}

/// The terms as they are read: with the rates themselves in place of their ids.
pub(crate) fn shown_terms(
    store: &Store,
    name: &str,
    given: &Map<String, Value>,
) -> Result<Value, FieldError> {
    let mut terms = Map::new();
    for column in &Shape::named(name).columns {
        let value = match (given.get(column.name), column.kind) {
            (Some(value), _) => value.clone(),
            (None, Kind::Boolean) => false.into(),
            (None, _) => Value::Null,
        };
        terms.insert(column.name.to_string(), value);
    }
    for (_, from, to) in RATES.iter().filter(|(contract, ..)| *contract == name) {
        let place = format!("{name}.{from}");
        let shown = match given.get(*from) {
            Some(Value::Array(ids)) => {
                let rates = ids.iter().map(|id| rate(store, id, &place));
                Value::Array(rates.collect::<Result<_, _>>()?)
            }
            Some(id) if !id.is_null() => {
                let rate = rate(store, id, &place)?;
                if *to == "AdditionalRates" {
                    Value::Array(vec![rate])
                } else {
                    rate
                }
            }
            _ => continue,
        };
        terms.insert(to.to_string(), shown);
    }
    if let Some(amount) = terms.get("ContractAmount").and_then(|rate| rate.get("Amount")) {
        let amount = amount.clone();
        terms.insert("Amount".to_string(), amount);
    }
    Ok(terms.into())
}

fn rate(store: &Store, id: &Value, place: &str) -> Result<Value, FieldError> {
    let rate = id.as_i64().and_then(|id| store.table(Rate).get(id));
    let usable = |rate: &&Record| rate.get("Archived").as_bool() != Some(true);
    match rate.filter(usable) {
        Some(rate) => {
            let names = Shape::named("Rate").columns.iter().map(|column| column.name);
            let shown = names.map(|name| (name.to_string(), rate.get(name).clone()));
            Ok(shown.collect::<Map<_, _>>().into())
        }
        None => Err(FieldError::new(place, format!("there is no rate `{id}`"))),
    }
}

impl Record {
    /// The terms of a contract.
    fn terms(&self) -> Option<&Value> {
        let name = format!("{}Contract", self.text("ContractType"));
        Some(self.get(&name)).filter(|terms| terms.is_object())
    }
}
