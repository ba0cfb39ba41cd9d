//! Alerts.

use axum::http::StatusCode;
use serde_json::Value;

use super::{
    answer::Answer,
    record::Record,
    router::{Handler, Incoming},
    world::World,
};
use crate::Timestamp;

pub(super) fn handler(verb: &str) -> Option<Handler> {
    Some(match verb {
        "list" => list,
        "create" => create,
        "get" => |world, incoming| match world.alerts.get(incoming.id("alertId")) {
            Some(alert) => Answer::record(alert),
            None => Answer::not_found(incoming),
        },
        "resolve" => resolve,
        "delete" => |world, incoming| Answer::deleted(world.alerts.delete(incoming.id("alertId")), incoming),
        _ => return None,
    })
}

fn list(world: &mut World, incoming: &Incoming<'_>) -> Answer {
    let now = world.now();
    let wanted = incoming.text("alertStatus");
    let alerts = world
        .alerts
        .newest_first()
        .filter(|alert| wanted.is_none_or(|wanted| wanted.eq_ignore_ascii_case(status(alert, now))));
    Answer::page(incoming, alerts)
}

fn status(alert: &Record, now: Timestamp) -> &'static str {
    let snoozed = || {
        alert
            .text("SnoozedEndDate")
            .parse::<Timestamp>()
            .is_ok_and(|end| end > now)
    };
    match alert.get("Archived").as_bool() {
        Some(true) => "Resolved",
        _ if snoozed() => "Snoozed",
        _ => "Open",
    }
}

fn create(world: &mut World, incoming: &Incoming<'_>) -> Answer {
    let (now, body) = (world.now(), incoming.body());
    let guid = body.get("DeviceGuid").and_then(Value::as_str).unwrap_or_default();
    let Some(agent) = world
        .agents
        .newest_first()
        .find(|agent| agent.text("DeviceGuid").eq_ignore_ascii_case(guid))
    else {
        return Answer::refused_field("DeviceGuid", "There is no such device.");
    };
    let mut alert = world
        .alerts
        .blank(now)
        .with("Source", "API")
        .with("Severity", "Information")
        .with("AlertCategoryID", "General");
    alert.apply(&body);
    for (field, from) in [
        ("AgentId", "AgentID"),
        ("DeviceName", "AgentName"),
        ("CustomerID", "CustomerID"),
        ("CustomerName", "CustomerName"),
        ("FolderID", "FolderID"),
    ] {
        alert.set(field, agent.get(from).clone());
    }
    alert.set("Created", now.to_string());
    alert.set("Archived", false);
    alert.set(
        "AlertMessage",
        body.get("MessageTemplate").or(body.get("Title")).cloned(),
    );
    Answer::written(StatusCode::CREATED, world.alerts.add(alert))
}

fn resolve(world: &mut World, incoming: &Incoming<'_>) -> Answer {
    let now = world.now();
    let Some(alert) = world.alerts.get_mut(incoming.id("alertId")) else {
        return Answer::not_found(incoming);
    };
    alert.set("Archived", true);
    alert.set("ArchivedDate", now.to_string());
    alert.modified = now;
    Answer::empty(StatusCode::NO_CONTENT)
}
