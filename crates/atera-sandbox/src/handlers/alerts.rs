//! Alerts.
//!
//! The API creates alerts on a device that the request names by its GUID. No document states how the service tells that
//! an alert exists already; the rule here is a guess.

use axum::http::StatusCode;
use serde_json::{Map, Value};

use super::{handler::Handlers, paging::page, records};
use crate::{
    http::{Answer, OperationRequest, Problem},
    world::{
        Entity::{self, Agent, Alert},
        Record, World, time,
    },
};

pub(super) const HANDLERS: Handlers = &[
    ("alerts_list", |world, request| {
        let filter = request.text("alertStatus");
        let alerts = world.store.table(Alert).iter();
        let fits = |alert: &&Record| filter.is_none_or(|filter| status(alert).eq_ignore_ascii_case(filter));
        Ok(page(world, request, alerts.filter(fits), |_| {}))
    }),
    ("alerts_create", create),
    ("alerts_resolve", resolve),
];

/// `alertStatus` of an alert. A snoozed alert stays snoozed after its `SnoozedEndDate`: the generated dates are around
/// the reference date, and would all have passed.
fn status(alert: &Record) -> &'static str {
    if alert.is_set("Archived") {
        "Resolved"
    } else if alert.get("SnoozedEndDate").is_null() {
        "Open"
    } else {
        "Snoozed"
    }
}

/// Creates an alert, or answers 409 if the device has an unresolved one of the same title and code.
fn create(world: &mut World, request: &OperationRequest) -> Result<Answer, Problem> {
    let now = world.now();
    let mut alert = Record::with_fields(
        Alert.shape(),
        now,
        [
            ("Source", "API".into()),
            ("Severity", "Information".into()),
            ("Created", time(now)),
            ("Archived", false.into()),
            ("AlertCategoryID", "General".into()),
            ("PollingCyclesCount", 0.into()),
            ("DeviceType", "Agent".into()),
        ],
    );
    let mut given = request.given();
    set_device(world, &mut alert, &mut given)?;
    world.store.apply(&mut alert, &given)?;
    let title = alert.text("Title").to_string();
    let same = |other: &Record| {
        status(other) != "Resolved"
            && other.get("DeviceGuid") == alert.get("DeviceGuid")
            && other.get("Code") == alert.get("Code")
            && other.text("Source") == "API"
            && other.text("Title") == title
    };
    if world.store.table(Alert).iter().any(same) {
        let detail = "The device has an alert of the same title and code that is not resolved.";
        return Err(Problem::new(StatusCode::CONFLICT, detail));
    }
    let message = given
        .get("MessageTemplate")
        .unwrap_or_else(|| alert.get("Title"))
        .clone();
    alert.set("AlertMessage", message);
    Ok(Answer::Created(world.store.add(Alert, alert).into()))
}

/// Sets the fields that follow from the device with the `DeviceGuid` of the request: an agent, or a device that one
/// monitors.
fn set_device(world: &World, alert: &mut Record, given: &mut Map<String, Value>) -> Result<(), Problem> {
    let guid = given
        .get("DeviceGuid")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let kinds = [Agent].into_iter().chain(Entity::DEVICES);
    let found = kinds.into_iter().find_map(|kind| {
        let table = world.store.table(kind);
        Some((kind, table.get(table.find("DeviceGuid", guid)?)?))
    });
    let Some((kind, device)) = found else {
        return Err(Problem::field(
            "DeviceGuid",
            format!("there is no device `{guid}`"),
        ));
    };
    let customer = device.get("CustomerID");
    if given.get("CustomerID").is_some_and(|given| given != customer) {
        let reason = format!("the device belongs to customer {customer}");
        return Err(Problem::field("CustomerID", reason));
    }
    alert.set("CustomerID", customer.clone());
    if !given.contains_key("FolderID") {
        alert.set("FolderID", device.get("FolderID").clone());
    }
    if kind != Agent {
        // Alerts refer to agents only. Fields of another device are copied, and stay when it is renamed.
        given.remove("DeviceGuid");
        alert.set("DeviceGuid", device.get("DeviceGuid").clone());
        alert.set("DeviceName", device.get("Name").clone());
        alert.set("DeviceType", kind.name());
    }
    Ok(())
}

/// Resolves an alert. Resolving it again changes nothing, not even the date.
fn resolve(world: &mut World, request: &OperationRequest) -> Result<Answer, Problem> {
    let now = world.now();
    let mut alert = records::record_in_path(world, request, Alert)?.clone();
    if status(&alert) != "Resolved" {
        alert.set("Archived", true);
        alert.set("ArchivedDate", time(now));
        alert.set("SnoozedEndDate", ());
        alert.mark_modified(now);
        world.store.put(Alert, request.id(), alert);
    }
    Ok(Answer::Empty)
}
