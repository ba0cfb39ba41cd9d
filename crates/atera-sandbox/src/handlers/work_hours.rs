//! Work hours, and the durations that are sums of them.

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::{handler::Handlers, paging::page, records};
use crate::{
    http::{Answer, OperationRequest, Problem},
    rules::work_hours::{WorkSeconds, is_billable, is_within_sla, set_durations},
    world::{
        Entity::{Rate, Ticket, WorkHours},
        Record, Store, World,
    },
};

pub(super) const HANDLERS: Handlers = &[
    ("work_hours_list", list),
    ("tickets_list_work_hours", |world, request| {
        records::record_in_path(world, request, Ticket)?;
        let hours = world.store.table(WorkHours).with_number("TicketID", request.id());
        Ok(page(world, request, hours.into_iter(), |_| {}))
    }),
    ("tickets_get_work_hours", |world, request| {
        records::record_in_path(world, request, Ticket)?;
        let id = request.id();
        Ok(Answer::Value(json!({
            "TicketID": id,
            "Billable": in_hours(&world.store, id, true),
            "NonBillable": in_hours(&world.store, id, false),
        })))
    }),
    ("tickets_add_work_hours", add),
    ("tickets_get_billable_duration", |world, request| {
        records::record_in_path(world, request, Ticket)?;
        Ok(Answer::Value(in_hours(&world.store, request.id(), true)))
    }),
    ("tickets_get_non_billable_duration", |world, request| {
        records::record_in_path(world, request, Ticket)?;
        Ok(Answer::Value(in_hours(&world.store, request.id(), false)))
    }),
    ("tickets_query_billable_durations", |world, request| {
        let known = known(world, request);
        Ok(Answer::Value(
            known.map(|id| in_hours(&world.store, id, true)).collect(),
        ))
    }),
    ("tickets_query_site_durations", |world, request| {
        let seconds = known(world, request).map(|id| {
            let sums = WorkSeconds::of_ticket(&world.store, id, |hours| is_billable(hours) == Some(true));
            json!({
                "TicketID": id,
                "TotalDurationSeconds": sums.total,
                "OnSiteDurationSeconds": sums.on_site,
                "OffSiteDurationSeconds": sums.off_site(),
            })
        });
        let seconds: Value = seconds.collect();
        Ok(Answer::Value(
            json!({"TicketsWorkHoursSiteDurationSummaries": seconds}),
        ))
    }),
];

/// The longest time that one record may take. It is a guess: longer ones are most likely mistakes.
const LONGEST: TimeDelta = TimeDelta::days(31);

/// The ids in the body that are tickets, each once. Unknown ids are left out.
fn known(world: &World, request: &OperationRequest) -> impl Iterator<Item = i64> {
    let mut ids: Vec<i64> = Vec::new();
    for id in request.numbers() {
        if !ids.contains(&id) && world.store.table(Ticket).get(id).is_some() {
            ids.push(id);
        }
    }
    ids.into_iter()
}

/// The list. `startWorkhour` and `endWorkhour` are times by the clocks of the account.
fn list(world: &mut World, request: &OperationRequest) -> Result<Answer, Problem> {
    let bound = |name: &str| request.local_time(name, &world.zone);
    let (from, to) = (bound("startWorkhour"), bound("endWorkhour"));
    if let (Some(from), Some(to)) = (from, to)
        && to < from
    {
        return Err(Problem::field(
            "endWorkhour",
            "`endWorkhour` must not be before `startWorkhour`",
        ));
    }
    let rates = request.is_set("includeRates");
    let hours = world
        .store
        .table(WorkHours)
        .during(("StartWorkHour", from), ("EndWorkHour", to));
    Ok(page(world, request, hours, |hours| {
        if !rates {
            hours.clear(&["RateID", "RateAmount"]);
        }
    }))
}

/// Adds work hours to a ticket, and updates its durations.
fn add(world: &mut World, request: &OperationRequest) -> Result<Answer, Problem> {
    let now = world.now();
    records::record_in_path(world, request, Ticket)?;
    let given = request.given();
    let mut hours = Record::with_fields(
        WorkHours.shape(),
        now,
        [
            ("TicketID", request.id().into()),
            ("Billiable", false.into()),
            ("OnCustomerSite", false.into()),
        ],
    );
    world.store.apply(&mut hours, &given)?;
    let (Some(start), Some(end)) = (hours.time("StartWorkHour"), hours.time("EndWorkHour")) else {
        return Err(Problem::field("StartWorkHour", "it is not a time"));
    };
    if end <= start {
        return Err(Problem::field(
            "EndWorkHour",
            "`EndWorkHour` must be after `StartWorkHour`",
        ));
    }
    if end - start > LONGEST {
        return Err(Problem::field(
            "EndWorkHour",
            "one entry cannot be longer than 31 days",
        ));
    }
    let technician = hours.get("TechnicianContactID");
    if technician.is_null() {
        let reason = "it is missing; give it, or `TechnicianEmail`";
        return Err(Problem::field("TechnicianContactID", reason));
    }
    let rate = hours
        .number("RateID")
        .and_then(|id| world.store.table(Rate).get(id));
    if rate.is_some_and(|rate| rate.is_set("Archived")) {
        return Err(Problem::field("RateID", "the rate is archived"));
    }
    hours.set("WithinSLA", is_within_sla(start, &world.zone));
    let id = world.store.add(WorkHours, hours);
    if let Some(mut ticket) = world.store.table(Ticket).get(request.id()).cloned() {
        set_durations(&world.store, &mut ticket);
        ticket.mark_modified(now);
        world.store.put(Ticket, request.id(), ticket);
    }
    Ok(Answer::Created(id.into()))
}

/// The durations of a ticket in hours, of billable work or of the rest.
fn in_hours(store: &Store, ticket: i64, billable: bool) -> Value {
    let sums = WorkSeconds::of_ticket(store, ticket, |hours| {
        is_billable(hours).unwrap_or_default() == billable
    });
    let mut hours = json!({"ticketId": ticket});
    for (name, seconds) in [
        ("OnSite", sums.on_site),
        ("OffSite", sums.off_site()),
        ("OnSLA", sums.within_sla),
        ("OffSLA", sums.outside_sla()),
        ("Total", sums.total),
    ] {
        hours[format!("{name}DurationHours")] = (seconds as f64 / 3600.0).into();
    }
    hours
}
