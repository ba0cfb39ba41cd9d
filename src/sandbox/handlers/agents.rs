//! Agents.

use super::{Handlers, records};
use crate::sandbox::{
    answer::Answer, entity::Entity::Agent, paging::page, record::Record, request::Request, world::World,
};

pub(super) const HANDLERS: Handlers = &[
    ("agents_list", |world, request| Ok(list(world, request, |_| true))),
    ("agents_list_by_customer", |world, request| {
        let customer = request.number("customerId");
        Ok(list(world, request, |agent| {
            agent.number("CustomerID") == customer
        }))
    }),
    ("agents_list_by_machine", |world, request| {
        let name = request.text("machineName").unwrap_or_default();
        Ok(list(world, request, |agent| {
            agent.text("MachineName").eq_ignore_ascii_case(name)
        }))
    }),
    ("agents_get", |world, request| records::get(world, request, Agent)),
    ("agents_delete", |world, request| {
        records::delete(world, request, Agent)
    }),
];

fn list(world: &World, request: &Request, wanted: impl Fn(&Record) -> bool) -> Answer {
    let agents = world.store.table(Agent).iter().filter(|agent| wanted(agent));
    page(world, request, agents, |_| {})
}
