//! Terms of contracts.
//!
//! Each type of contract has an object with terms of its own: `HourlyContract` for the type `Hourly`, and so on. A
//! create gives the terms with the ids of rates, and an answer shows the rates themselves, under other names.

use atera::description::Kind;
use serde_json::{Map, Value};

use crate::world::{
    Entity::{Contract, Rate},
    FieldError, Record, Shape, Store,
};

/// The rates in the terms: the object with the terms, the field with the id in a create, and the field with the rate in
/// an answer. The published document does not connect the two; the names suggest it.
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

/// Name of the field with the terms of a contract, by its `ContractType`.
pub(crate) fn terms_field(contract: &Record) -> String {
    format!("{}Contract", contract.text("ContractType"))
}

/// The id of the contract that new tickets of a customer are charged to: its default, if that is active.
pub(crate) fn default_of(store: &Store, customer: Option<i64>) -> Option<i64> {
    let mut contracts = store.table(Contract).iter();
    let contract = contracts.find(|contract| {
        contract.number("CustomerID") == customer && contract.is_set("Default") && contract.is_set("Active")
    });
    contract?.number("ContractID")
}

/// The terms as answers show them, from those that a create gives. Flags that are not given are `false`.
///
/// # Errors
///
/// If a rate does not exist, or is archived.
pub(crate) fn shown_terms(
    store: &Store,
    terms_field: &str,
    given: &Map<String, Value>,
) -> Result<Value, FieldError> {
    let mut terms = Map::new();
    for column in &Shape::named(terms_field).columns {
        let value = match (given.get(column.name), column.kind) {
            (Some(value), _) => value.clone(),
            (None, Kind::Boolean) => false.into(),
            (None, _) => Value::Null,
        };
        terms.insert(column.name.to_string(), value);
    }
    for (_, from, to) in RATES.iter().filter(|(field, ..)| *field == terms_field) {
        let place = format!("{terms_field}.{from}");
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

/// The rate with this id as an object in the terms. `place` is the field with the id.
fn rate(store: &Store, id: &Value, place: &str) -> Result<Value, FieldError> {
    let rate = id.as_i64().and_then(|id| store.table(Rate).get(id));
    match rate.filter(|rate| !rate.is_set("Archived")) {
        Some(rate) => {
            let names = Shape::named("Rate").columns.iter().map(|column| column.name);
            let shown = names.map(|name| (name.to_string(), rate.get(name).clone()));
            Ok(shown.collect::<Map<_, _>>().into())
        }
        None => Err(FieldError::new(place, format!("there is no rate `{id}`"))),
    }
}
