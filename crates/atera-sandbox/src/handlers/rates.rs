//! Products and expenses, which are two kinds of rates.

use axum::http::StatusCode;
use serde_json::Value;

use super::{handler::Handlers, records};
use crate::{
    http::{Answer, OperationRequest, Problem},
    rules::contracts::terms_field,
    world::{
        Entity::{Contract, Rate},
        Record, World,
    },
};

pub(super) const HANDLERS: Handlers = &[
    ("rates_products_list", list),
    ("rates_products_create", create),
    ("rates_products_get", get),
    ("rates_products_update", update),
    ("rates_products_delete", delete),
    ("rates_expenses_list", list),
    ("rates_expenses_create", create),
    ("rates_expenses_get", get),
    ("rates_expenses_update", update),
    ("rates_expenses_delete", delete),
    ("guide_rates_list", list),
    ("guide_rates_create", create),
];

/// Whether the operation is about expenses. None for operations of the guide, which list both and create products.
fn about_expenses(request: &OperationRequest) -> Option<bool> {
    match request.operation.group {
        "rates_expenses" => Some(true),
        "rates_products" => Some(false),
        _ => None,
    }
}

/// Which of the two kinds a rate is.
fn is_expense(rate: &Record) -> Option<bool> {
    rate.get("IsExpense").as_bool()
}

/// The rates of the kind of the operation, archived ones included.
fn list(world: &mut World, request: &OperationRequest) -> Result<Answer, Problem> {
    let expenses = about_expenses(request);
    let fits = |rate: &Record| expenses.is_none() || is_expense(rate) == expenses;
    Ok(records::list_of(world, request, Rate, fits))
}

/// The rate in the path. An expense is not found among the products, nor the other way round.
fn named<'a>(world: &'a World, request: &OperationRequest) -> Result<&'a Record, Problem> {
    let rate = records::record_in_path(world, request, Rate)?;
    match is_expense(rate) == about_expenses(request) {
        true => Ok(rate),
        false => Err(records::not_found(Rate, request.id())),
    }
}

fn get(world: &mut World, request: &OperationRequest) -> Result<Answer, Problem> {
    let rate = named(world, request)?;
    Ok(records::answer(world, request, rate))
}

/// Creates a rate of the kind of the operation.
fn create(world: &mut World, request: &OperationRequest) -> Result<Answer, Problem> {
    let fields = [
        ("Amount", 0.0.into()),
        ("IsExpense", about_expenses(request).unwrap_or_default().into()),
        ("Archived", false.into()),
    ];
    let mut rate = Record::with_fields(Rate.shape(), world.now(), fields);
    world.store.apply(&mut rate, &request.given())?;
    Ok(Answer::Created(world.store.add(Rate, rate).into()))
}

/// Changes a rate. A null amount becomes 0, as in a create.
fn update(world: &mut World, request: &OperationRequest) -> Result<Answer, Problem> {
    named(world, request)?;
    let mut rate = records::updated(world, request, Rate)?;
    if rate.get("Amount").is_null() {
        rate.set("Amount", 0.0);
    }
    world.store.put(Rate, request.id(), rate);
    Ok(Answer::Updated(request.id().into()))
}

/// Deletes a rate, unless the terms of a contract have it.
fn delete(world: &mut World, request: &OperationRequest) -> Result<Answer, Problem> {
    named(world, request)?;
    let id = request.id();
    let contract = world
        .store
        .table(Contract)
        .iter()
        .find(|contract| uses_rate(contract, id));
    if let Some(contract) = contract {
        let contract = contract.get("ContractID");
        let detail = format!("Contract {contract} names rate {id}; archive the rate instead.");
        return Err(Problem::new(StatusCode::BAD_REQUEST, detail));
    }
    world.store.remove(Rate, id);
    Ok(Answer::Deleted(id.into()))
}

/// Whether the terms of a contract have the rate, at any depth.
fn uses_rate(contract: &Record, rate: i64) -> bool {
    fn has(value: &Value, rate: i64) -> bool {
        match value {
            Value::Object(object) => {
                object.get("RateID").and_then(Value::as_i64) == Some(rate)
                    || object.values().any(|value| has(value, rate))
            }
            Value::Array(values) => values.iter().any(|value| has(value, rate)),
            _ => false,
        }
    }
    has(contract.get(&terms_field(contract)), rate)
}
