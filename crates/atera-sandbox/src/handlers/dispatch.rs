//! Which handler an operation has.

use atera::description::Operation;

use super::{
    account, agents, alerts, comments, contacts, contracts, custom_values, customers, devices,
    handler::{Handler, Handlers},
    invoices, rates, records, relations, tickets, work_hours,
};
use crate::world::Entity;

/// The handlers of single operations. They come before those that follow from group and verb.
const QUIRKS: [Handlers; 14] = [
    account::HANDLERS,
    agents::HANDLERS,
    alerts::HANDLERS,
    comments::HANDLERS,
    contacts::HANDLERS,
    contracts::HANDLERS,
    custom_values::HANDLERS,
    customers::HANDLERS,
    devices::HANDLERS,
    invoices::HANDLERS,
    rates::HANDLERS,
    relations::HANDLERS,
    tickets::HANDLERS,
    work_hours::HANDLERS,
];

/// The handler of an operation; none if the description is newer than the handlers.
pub(crate) fn handler_of(operation: &Operation) -> Option<Handler> {
    let mut quirks = QUIRKS.iter().copied().flatten();
    quirks
        .find(|(id, _)| *id == operation.id)
        .map(|(_, handler)| *handler)
        .or_else(|| custom_values::handler_by_verb(operation))
        .or_else(|| handler_by_verb(operation))
}

/// The handler of an operation on one kind of record, by its verb.
fn handler_by_verb(operation: &Operation) -> Option<Handler> {
    Entity::of(operation)?;
    match operation.verb {
        "get" => Some(records::get),
        "create" => Some(records::create),
        "update" | "update_put" => Some(records::update),
        "delete" => Some(records::delete),
        verb if verb.starts_with("list") => Some(records::list),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use atera::description::OPERATIONS;

    use super::*;

    #[test]
    fn every_operation_has_its_handler() {
        let without: Vec<_> = OPERATIONS
            .iter()
            .filter(|operation| handler_of(operation).is_none())
            .map(|operation| operation.id)
            .collect();
        assert!(without.is_empty(), "{without:?}");
    }

    #[test]
    fn every_handler_is_that_of_one_operation() {
        let ids: Vec<_> = QUIRKS.iter().copied().flatten().map(|(id, _)| *id).collect();
        for id in &ids {
            assert!(Operation::find(id).is_some(), "{id}");
        }
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len());
    }
}
