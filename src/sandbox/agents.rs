//! Agents: they come by being installed, so they can only be read and deleted.

use super::{answer::Answer, router::Handler};

pub(super) fn handler(verb: &str) -> Option<Handler> {
    Some(match verb {
        "list" => |world, incoming| Answer::page(incoming, world.agents.newest_first()),
        "list_by_customer" => |world, incoming| {
            let customer = incoming.number("customerId");
            let agents = world
                .agents
                .newest_first()
                .filter(|agent| agent.number("CustomerID") == customer);
            Answer::page(incoming, agents)
        },
        "list_by_machine" => |world, incoming| {
            let name = incoming.text("machineName").unwrap_or_default();
            let agents = world
                .agents
                .newest_first()
                .filter(|agent| agent.text("MachineName").eq_ignore_ascii_case(name));
            Answer::page(incoming, agents)
        },
        "get" => |world, incoming| match world.agents.get(incoming.id("agentId")) {
            Some(agent) => Answer::record(agent),
            None => Answer::not_found(incoming),
        },
        "delete" => |world, incoming| Answer::deleted(world.delete_agent(incoming.id("agentId")), incoming),
        _ => return None,
    })
}
