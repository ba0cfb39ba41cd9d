//! Contracts. `rules/contracts.rs` has the rules of their terms.

use serde_json::{Map, Value};

use super::{handler::Handlers, records};
use crate::{
    http::{Answer, OperationRequest, Problem},
    rules::contracts::{shown_terms, terms_field},
    world::{Entity::Contract, Record, World},
};

pub(super) const HANDLERS: Handlers = &[
    ("contracts_create", create),
    ("contracts_update", update),
    ("contracts_update_put", update),
];

/// Creates a contract. Its terms must be in the field of its type.
fn create(world: &mut World, request: &OperationRequest) -> Result<Answer, Problem> {
    let given = request.given();
    let fields = [
        ("Active", false.into()),
        ("Default", false.into()),
        ("Taxable", false.into()),
    ];
    let mut contract = Record::with_fields(Contract.shape(), world.now(), fields);
    let (terms, plain): (Map<_, _>, Map<_, _>) = given
        .into_iter()
        .partition(|(name, value)| name.ends_with("Contract") && value.is_object());
    world.store.apply(&mut contract, &plain)?;
    let name = terms_field(&contract);
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
    clear_other_defaults(world, id);
    Ok(Answer::Created(id.into()))
}

/// Changes a contract. Terms are merged field by field: a term that is left out or null stays.
fn update(world: &mut World, request: &OperationRequest) -> Result<Answer, Problem> {
    let mut contract = records::record_in_path(world, request, Contract)?.clone();
    let before = contract.clone();
    let (terms, mut plain): (Map<_, _>, Map<_, _>) = request
        .body
        .clone()
        .into_iter()
        .partition(|(name, _)| name.ends_with("Contract"));
    // Flags cannot be null, so a null leaves them as they are.
    plain.retain(|name, value| !(value.is_null() && before.get(name).is_boolean()));
    world.store.apply(&mut contract, &plain)?;
    let name = terms_field(&contract);
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
    contract.mark_modified(world.now());
    world.store.put(Contract, request.id(), contract);
    clear_other_defaults(world, request.id());
    Ok(Answer::Updated(request.id().into()))
}

/// Clears `Default` of the other contracts of a customer if this one has it.
fn clear_other_defaults(world: &mut World, id: i64) {
    let contracts = world.store.table(Contract);
    let set = |contract: &Record| contract.is_set("Default");
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

/// Refuses a contract that ends before it starts.
fn dates_agree(contract: &Record) -> Result<(), Problem> {
    match (contract.time("StartDate"), contract.time("EndDate")) {
        (Some(start), Some(end)) if end < start => Err(Problem::field(
            "EndDate",
            "`EndDate` must not be before `StartDate`",
        )),
        _ => Ok(()),
    }
}
