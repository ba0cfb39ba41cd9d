//! Scripts and patches of agents.

use serde_json::json;

use super::{handler::Handlers, patches, records};
use crate::{
    http::{Answer, OperationRequest, Problem},
    world::{
        Entity::{Agent, ScriptRun},
        Record, World, time,
    },
};

pub(super) const HANDLERS: Handlers = &[
    ("agents_run_powershell", run_powershell),
    ("agents_get_available_patches", |world, request| {
        let agent = by_guid(world, request)?;
        Ok(Answer::Value(patches::available(agent)))
    }),
    ("agents_get_installed_patches", |world, request| {
        let agent = by_guid(world, request)?;
        Ok(Answer::Value(patches::installed(agent)))
    }),
];

/// The agent whose GUID is in the path; otherwise 404.
fn by_guid<'a>(world: &'a World, request: &OperationRequest) -> Result<&'a Record, Problem> {
    let guid = request.text("deviceGuid").unwrap_or_default();
    let agents = world.store.table(Agent);
    let id = agents.find("DeviceGuid", guid);
    id.and_then(|id| agents.get(id))
        .ok_or_else(|| records::not_found(Agent, guid))
}

/// Stores the script and answers that it is queued. Nothing ever runs it.
fn run_powershell(world: &mut World, request: &OperationRequest) -> Result<Answer, Problem> {
    let now = world.now();
    let agent = records::record_in_path(world, request, Agent)?;
    let message = match agent.get("Online").as_bool() {
        Some(true) => "The script was sent to the agent.",
        _ => "The agent is offline. The script waits until it is back.",
    };
    let script = request.given().get("Script").cloned().unwrap_or_default();
    let run = Record::with_fields(
        ScriptRun.shape(),
        now,
        [
            ("AgentID", request.id().into()),
            ("Script", script),
            ("Queued", time(now)),
        ],
    );
    let id = world.store.add(ScriptRun, run);
    Ok(Answer::Value(
        json!({"ActionID": id, "Status": "Queued", "Message": message}),
    ))
}
