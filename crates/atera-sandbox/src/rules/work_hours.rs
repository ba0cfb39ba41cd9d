//! Durations of work, and which of them are within the SLA.

use chrono::{DateTime, Datelike, Timelike, Utc, Weekday};

use crate::world::{Entity::WorkHours, Record, Store, Zone};

/// Whether work that begins at this time is within the SLA: on weekdays from 8 to 18 o'clock by the clocks of the
/// account. The hours are a guess.
pub(crate) fn is_within_sla(start: DateTime<Utc>, zone: &Zone) -> bool {
    let local = zone.local(start);
    !matches!(local.weekday(), Weekday::Sat | Weekday::Sun) && (8..18).contains(&local.hour())
}

/// `Billiable` of a work hours record, spelt as the published document has it.
pub(crate) fn is_billable(hours: &Record) -> Option<bool> {
    hours.get("Billiable").as_bool()
}

/// Sets the durations of a ticket to the sums of its work hours. Fields in minutes are rounded down.
pub(crate) fn set_durations(store: &Store, ticket: &mut Record) {
    let Some(id) = ticket.number("TicketID") else {
        return;
    };
    let sums = WorkSeconds::of_ticket(store, id, |_| true);
    for (seconds_field, minutes_field, seconds) in [
        ("OnSiteDurationSeconds", "OnSiteDurationMinutes", sums.on_site),
        (
            "OffSiteDurationSeconds",
            "OffSiteDurationMinutes",
            sums.off_site(),
        ),
        ("OnSLADurationSeconds", "OnSLADurationMinutes", sums.within_sla),
        (
            "OffSLADurationSeconds",
            "OffSLADurationMinutes",
            sums.outside_sla(),
        ),
        ("TotalDurationSeconds", "TotalDurationMinutes", sums.total),
    ] {
        ticket.set(seconds_field, seconds);
        ticket.set(minutes_field, seconds / 60);
    }
}

/// Sums of work, in seconds.
#[derive(Default)]
pub(crate) struct WorkSeconds {
    pub(crate) total: i64,
    /// Of the total, what was done at the customer's.
    pub(crate) on_site: i64,
    /// Of the total, what began within the SLA.
    pub(crate) within_sla: i64,
}

impl WorkSeconds {
    /// The sums of the work hours of a ticket for which `counts` is true.
    pub(crate) fn of_ticket(store: &Store, ticket: i64, counts: impl Fn(&Record) -> bool) -> Self {
        let mut sums = WorkSeconds::default();
        let all = store.table(WorkHours).with_number("TicketID", ticket).into_iter();
        for hours in all.filter(|hours| counts(hours)) {
            let (Some(start), Some(end)) = (hours.time("StartWorkHour"), hours.time("EndWorkHour")) else {
                continue;
            };
            let seconds = (end - start).num_seconds();
            let if_set = |name: &str| if hours.is_set(name) { seconds } else { 0 };
            sums.total += seconds;
            sums.on_site += if_set("OnCustomerSite");
            sums.within_sla += if_set("WithinSLA");
        }
        sums
    }

    pub(crate) fn off_site(&self) -> i64 {
        self.total - self.on_site
    }

    pub(crate) fn outside_sla(&self) -> i64 {
        self.total - self.within_sla
    }
}
