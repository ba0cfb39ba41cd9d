//! Numbers and due dates of tickets.

use chrono::{DateTime, TimeDelta, Utc};

/// The id of the first ticket, which the examples of the description name.
pub(crate) const FIRST_TICKET: i64 = 54_321;

/// `TicketNumber`, which people see in place of the id: it counts from 1.
pub(crate) fn number(id: i64) -> String {
    (id - FIRST_TICKET + 1).to_string()
}

/// `FirstResponseDueDate` and `ClosedTicketDueDate` by the priority of the ticket. The hours are a guess: they are set
/// in the console of an account, and no document has defaults.
pub(crate) fn due_dates(priority: &str, created: DateTime<Utc>) -> (DateTime<Utc>, DateTime<Utc>) {
    let (response, closing) = match priority {
        "Critical" => (1, 8),
        "High" => (2, 24),
        "Medium" => (4, 72),
        _ => (8, 120),
    };
    (
        created + TimeDelta::hours(response),
        created + TimeDelta::hours(closing),
    )
}
