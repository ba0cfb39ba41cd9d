//! Work hours, and the durations that follow from them.

use chrono::{DateTime, Datelike, TimeDelta, Timelike, Utc, Weekday};
use serde_json::{Value, json};

use super::{Handlers, records};
use crate::{
    answer::{Answer, Problem},
    entity::Entity::{Rate, Ticket, WorkHours},
    paging::page,
    record::Record,
    request::Request,
    store::Store,
    world::World,
    zone::Zone,
};

pub(super) const HANDLERS: Handlers = &[
    ("work_hours_list", list),
    ("tickets_list_work_hours", |world, request| {
        records::named(world, request, Ticket)?;
        let hours = world.store.table(WorkHours).of("TicketID", request.id());
        Ok(page(world, request, hours.into_iter(), |_| {}))
    }),
    ("tickets_get_work_hours", |world, request| {
        records::named(world, request, Ticket)?;
        let id = request.id();
        Ok(Answer::Value(json!({
            "TicketID": id,
            "Billable": in_hours(&world.store, id, true),
            "NonBillable": in_hours(&world.store, id, false),
        })))
    }),
    ("tickets_add_work_hours", add),
    ("tickets_get_billable_duration", |world, request| {
        records::named(world, request, Ticket)?;
        Ok(Answer::Value(in_hours(&world.store, request.id(), true)))
    }),
    ("tickets_get_non_billable_duration", |world, request| {
        records::named(world, request, Ticket)?;
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
            let sums = Sums::of(&world.store, id, |hours| billable(hours) == Some(true));
            json!({
                "TicketID": id,
                "TotalDurationSeconds": sums.total,
                "OnSiteDurationSeconds": sums.on_site,
                "OffSiteDurationSeconds": sums.total - sums.on_site,
            })
        });
        let seconds: Value = seconds.collect();
        Ok(Answer::Value(
            json!({"TicketsWorkHoursSiteDurationSummaries": seconds}),
        ))
    }),
];

/// The longest stretch of time that is taken for work rather than for a mistake.
const LONGEST: TimeDelta = TimeDelta::days(31);

/// The tickets that are asked for and exist, each once.
fn known(world: &World, request: &Request) -> impl Iterator<Item = i64> {
    let mut ids: Vec<i64> = Vec::new();
    for id in request.numbers() {
        if !ids.contains(&id) && world.store.table(Ticket).get(id).is_some() {
            ids.push(id);
        }
    }
    ids.into_iter()
}

fn list(world: &mut World, request: &Request) -> Result<Answer, Problem> {
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
    let rates = request.flag("includeRates");
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

fn add(world: &mut World, request: &Request) -> Result<Answer, Problem> {
    let now = world.now();
    records::named(world, request, Ticket)?;
    let given = request.given();
    let mut hours = Record::of(
        WorkHours.shape(),
        now,
        [
            ("TicketID", request.id().into()),
            ("Billiable", false.into()),
            ("OnCustomerSite", false.into()),
        ],
    );
    world.store.fill(&mut hours, &given)?;
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
    if rate.is_some_and(|rate| rate.get("Archived").as_bool() == Some(true)) {
        return Err(Problem::field("RateID", "the rate is archived"));
    }
    hours.set("WithinSLA", within_sla(start, &world.zone));
    let id = world.store.add(WorkHours, hours);
    if let Some(mut ticket) = world.store.table(Ticket).get(request.id()).cloned() {
        sum_up(&world.store, &mut ticket);
        ticket.touch(now);
        world.store.put(Ticket, request.id(), ticket);
    }
    Ok(Answer::Created(id.into()))
}

/// Whether work that begins then is within the SLA: on weekdays from 8 to 18 o'clock, as the account's clocks show it.
pub(crate) fn within_sla(start: DateTime<Utc>, zone: &Zone) -> bool {
    let local = zone.local(start);
    !matches!(local.weekday(), Weekday::Sat | Weekday::Sun) && (8..18).contains(&local.hour())
}

/// Writes into a ticket what its work hours come to.
pub(crate) fn sum_up(store: &Store, ticket: &mut Record) {
    let Some(id) = ticket.number("TicketID") else {
        return;
    };
    let sums = Sums::of(store, id, |_| true);
    for (seconds_field, minutes_field, seconds) in [
        ("OnSiteDurationSeconds", "OnSiteDurationMinutes", sums.on_site),
        (
            "OffSiteDurationSeconds",
            "OffSiteDurationMinutes",
            sums.total - sums.on_site,
        ),
        ("OnSLADurationSeconds", "OnSLADurationMinutes", sums.within_sla),
        (
            "OffSLADurationSeconds",
            "OffSLADurationMinutes",
            sums.total - sums.within_sla,
        ),
        ("TotalDurationSeconds", "TotalDurationMinutes", sums.total),
    ] {
        ticket.set(seconds_field, seconds);
        ticket.set(minutes_field, seconds / 60);
    }
}

fn in_hours(store: &Store, ticket: i64, asked: bool) -> Value {
    let sums = Sums::of(store, ticket, |hours| {
        billable(hours).unwrap_or_default() == asked
    });
    let mut hours = json!({"ticketId": ticket});
    for (name, seconds) in [
        ("OnSite", sums.on_site),
        ("OffSite", sums.total - sums.on_site),
        ("OnSLA", sums.within_sla),
        ("OffSLA", sums.total - sums.within_sla),
        ("Total", sums.total),
    ] {
        hours[format!("{name}DurationHours")] = (seconds as f64 / 3600.0).into();
    }
    hours
}

fn billable(hours: &Record) -> Option<bool> {
    hours.get("Billiable").as_bool()
}

/// Seconds of work.
#[derive(Default)]
struct Sums {
    total: i64,
    on_site: i64,
    within_sla: i64,
}

impl Sums {
    fn of(store: &Store, ticket: i64, counts: impl Fn(&Record) -> bool) -> Sums {
        let mut sums = Sums::default();
        let all = store.table(WorkHours).of("TicketID", ticket).into_iter();
        for hours in all.filter(|hours| counts(hours)) {
            let (Some(start), Some(end)) = (hours.time("StartWorkHour"), hours.time("EndWorkHour")) else {
                continue;
            };
            let seconds = (end - start).num_seconds();
            let if_set = |name: &str| {
                if hours.get(name).as_bool() == Some(true) {
                    seconds
                } else {
                    0
                }
            };
            sums.total += seconds;
            sums.on_site += if_set("OnCustomerSite");
            sums.within_sla += if_set("WithinSLA");
        }
        sums
    }
}
