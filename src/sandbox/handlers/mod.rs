//! What the sandbox does for each operation: a module for each group, and a table from operation to handler.

mod account;
mod agents;
mod alerts;
mod contacts;
mod customers;
mod records;
mod tickets;

use super::{
    answer::{Answer, Problem},
    request::Request,
    world::World,
};

/// Carries out a request.
pub(super) type Handler = fn(&mut World, &Request) -> Result<Answer, Problem>;

/// The handlers of a group, each with its operation.
type Handlers = &'static [(&'static str, Handler)];

const GROUPS: [Handlers; 6] = [
    account::HANDLERS,
    agents::HANDLERS,
    alerts::HANDLERS,
    contacts::HANDLERS,
    customers::HANDLERS,
    tickets::HANDLERS,
];

/// The handler of an operation, if there is one yet.
pub(super) fn find(operation: &str) -> Option<Handler> {
    let mut all = GROUPS.iter().copied().flatten();
    all.find(|(id, _)| *id == operation).map(|(_, handler)| *handler)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::Operation;

    #[test]
    fn every_handler_is_that_of_one_operation() {
        let ids: Vec<_> = GROUPS.iter().copied().flatten().map(|(id, _)| *id).collect();
        for id in &ids {
            assert!(Operation::find(id).is_some(), "{id}");
        }
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len());
    }
}
