//! What the sandbox does for each operation: what any kind of record allows follows from its group and verb, and what is
//! peculiar to an operation is in the module of its group.

mod account;
mod agents;
mod alerts;
mod comments;
mod contacts;
pub(super) mod contracts;
mod custom_values;
mod customers;
mod devices;
mod invoices;
mod patches;
mod rates;
mod records;
mod relations;
mod tickets;
mod work_hours;

use super::{
    answer::{Answer, Problem},
    entity::Entity,
    request::Request,
    world::World,
};
use atera::description::Operation;

pub(super) use comments::html;
pub(super) use contracts::shown_terms;
pub(super) use custom_values::{TARGETS, value};
pub(super) use work_hours::{sum_up, within_sla};

/// Carries out a request.
pub(super) type Handler = fn(&mut World, &Request) -> Result<Answer, Problem>;

/// The handlers of a group, each with its operation.
type Handlers = &'static [(&'static str, Handler)];

/// What does not follow from group and verb.
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

/// The handler of an operation.
pub(super) fn find(operation: &Operation) -> Option<Handler> {
    let mut peculiar = QUIRKS.iter().copied().flatten();
    peculiar
        .find(|(id, _)| *id == operation.id)
        .map(|(_, handler)| *handler)
        .or_else(|| custom_values::find(operation))
        .or_else(|| usual(operation))
}

/// What group and verb say.
fn usual(operation: &Operation) -> Option<Handler> {
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

    use super::*;
    use atera::description::OPERATIONS;

    #[test]
    fn every_operation_has_its_handler() {
        let without: Vec<_> = OPERATIONS
            .iter()
            .filter(|operation| find(operation).is_none())
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
