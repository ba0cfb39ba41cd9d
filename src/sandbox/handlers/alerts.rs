//! Alerts.

use super::{Handlers, records};
use crate::{
    check::Violation,
    sandbox::{
        answer::{Answer, Problem},
        entity::Entity::{Agent, Alert},
        paging::page,
        record::{Record, time},
        request::Request,
        world::World,
    },
};

pub(super) const HANDLERS: Handlers = &[
    ("alerts_list", |world, request| {
        let asked = request.text("alertStatus");
        let alerts = world.store.table(Alert).iter();
        let wanted = |alert: &&Record| asked.is_none_or(|asked| status(alert).eq_ignore_ascii_case(asked));
        Ok(page(world, request, alerts.filter(wanted), |_| {}))
    }),
    ("alerts_get", |world, request| records::get(world, request, Alert)),
    ("alerts_create", create),
    ("alerts_resolve", resolve),
    ("alerts_delete", |world, request| {
        records::delete(world, request, Alert)
    }),
];

/// The state of an alert. One that was snoozed stays so: the generated ones are as of a date that the clock has passed.
fn status(alert: &Record) -> &'static str {
    if alert.get("Archived").as_bool() == Some(true) {
        "Resolved"
    } else if alert.get("SnoozedEndDate").is_null() {
        "Open"
    } else {
        "Snoozed"
    }
}

fn create(world: &mut World, request: &Request) -> Result<Answer, Problem> {
    let now = world.now();
    let mut alert = Record::of(
        Alert.schema(),
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
    let given = request.given();
    world.store.fill(&mut alert, &given)?;
    let agent = alert
        .number("AgentId")
        .and_then(|id| world.store.table(Agent).get(id));
    if let Some(agent) = agent {
        let customer = agent.get("CustomerID");
        if given.get("CustomerID").is_some_and(|given| given != customer) {
            return Err(Problem::invalid(vec![Violation {
                field: "CustomerID".to_string(),
                reason: format!("the device belongs to customer {customer}"),
            }]));
        }
        alert.set("CustomerID", customer.clone());
        if alert.get("FolderID").is_null() {
            alert.set("FolderID", agent.get("FolderID").clone());
        }
    }
    let message = given
        .get("MessageTemplate")
        .unwrap_or_else(|| alert.get("Title"))
        .clone();
    alert.set("AlertMessage", message);
    Ok(Answer::Created(world.store.add(Alert, alert)))
}

fn resolve(world: &mut World, request: &Request) -> Result<Answer, Problem> {
    let now = world.now();
    let mut alert = records::named(world, request, Alert)?.clone();
    // An alert that is resolved keeps the date.
    if status(&alert) != "Resolved" {
        alert.set("Archived", true);
        alert.set("ArchivedDate", time(now));
        alert.set("SnoozedEndDate", ());
        alert.touch(now);
        world.store.put(Alert, request.id(), alert);
    }
    Ok(Answer::Empty)
}
