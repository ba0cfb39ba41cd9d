//! Comments, work hours and attachments of tickets.
//!
//! A ticket repeats some of them: the dates and texts of its first and last comments, and the sums of its work hours.
//! The ticket is made first, and these follow from it.

use chrono::{DateTime, TimeDelta, Utc};
use fastrand::Rng;

use super::draw::chance;
use crate::{
    rules::{comments, work_hours::is_within_sla},
    world::{
        Entity::{Comment, TicketFile, WorkHours},
        Record, Store, Zone, time,
    },
};

/// The id of the first work hours, which the examples of the description name.
const FIRST_HOURS: i64 = 88_012;

/// Names of attachments. One has a space and letters with marks.
const FILES: [&str; 4] = [
    "screenshot.png",
    "printer-status-page.pdf",
    "Übersicht März.xlsx",
    "event-log.txt",
];

/// Adds the comments of a ticket, at most four: the first and the last of the contact, and the first and the last of
/// technicians.
pub(super) fn comments(store: &mut Store, rng: &mut Rng, ticket: &Record) {
    let of_contact = |date: &str, text: &str| {
        let mut comment = comment(ticket, date, text);
        comment.set("EndUserID", ticket.get("EndUserID").clone());
        comment
    };
    let of_technician = |date: &str, text: &str, internal: bool| {
        let mut comment = comment(ticket, date, text);
        comment.set("TechnicianContactID", ticket.get("TechnicianContactID").clone());
        comment.set("IsInternal", internal);
        comment
    };
    let mut comments = vec![of_contact("TicketCreatedDate", ticket.text("FirstComment"))];
    let (first, last) = (
        ticket.get("TechnicianFirstCommentDate"),
        ticket.get("LastTechnicianCommentTimestamp"),
    );
    if first != last {
        let text = "Thank you for reporting this; we are looking into it.";
        comments.push(of_technician("TechnicianFirstCommentDate", text, chance(rng, 20)));
    }
    if ticket.get("LastEndUserCommentTimestamp") != ticket.get("TicketCreatedDate") {
        comments.push(of_contact(
            "LastEndUserCommentTimestamp",
            ticket.text("LastEndUserComment"),
        ));
    }
    if !last.is_null() {
        let text = ticket.text("LastTechnicianComment");
        comments.push(of_technician("LastTechnicianCommentTimestamp", text, false));
    }
    // Dates have the same form, so the order of their texts is the order in time.
    comments.sort_by(|one, other| one.text("Date").cmp(other.text("Date")));
    for comment in comments {
        store.add(Comment, comment);
    }
}

/// A comment with the date that a field of the ticket has.
fn comment(ticket: &Record, date: &str, text: &str) -> Record {
    let date = ticket.get(date).clone();
    comments::comment(ticket.get("TicketID").clone(), date, text, ticket.modified)
}

/// The work on a ticket.
pub(super) struct Work {
    /// How long it took, a multiple of 15.
    pub(super) minutes: i64,
    /// Whether it was done at the customer's.
    pub(super) on_site: bool,
    /// Whether it is entered as two records.
    pub(super) in_two: bool,
}

/// Adds the work hours of a ticket. They begin 15 to 60 minutes before the first comment of a technician.
pub(super) fn work_hours(store: &mut Store, rng: &mut Rng, ticket: &Record, work: &Work, zone: &Zone) {
    let Some(responded) = ticket.time("TechnicianFirstCommentDate") else {
        return;
    };
    // Both parts are multiples of 15 minutes.
    let second = if work.in_two { work.minutes / 30 * 15 } else { 0 };
    let mut start = responded - TimeDelta::minutes(rng.i64(15..60));
    for minutes in [work.minutes - second, second]
        .into_iter()
        .filter(|minutes| *minutes > 0)
    {
        let end = start + TimeDelta::minutes(minutes);
        let hours = hours(rng, ticket, (start, end), work.on_site, zone);
        let id = store.next_id(WorkHours).max(FIRST_HOURS);
        store.put(WorkHours, id, hours);
        start = end;
    }
}

/// One record of work hours. Three of four are billable, at the rate for work on site or the one for remote work.
fn hours(
    rng: &mut Rng,
    ticket: &Record,
    (start, end): (DateTime<Utc>, DateTime<Utc>),
    on_site: bool,
    zone: &Zone,
) -> Record {
    let billable = chance(rng, 75);
    let rate = billable.then_some(if on_site { 413 } else { 410 });
    let mut hours = Record::with_fields(
        WorkHours.shape(),
        end,
        [
            ("TicketID", ticket.get("TicketID").clone()),
            ("CustomerID", ticket.get("CustomerID").clone()),
            ("EndUserID", ticket.get("EndUserID").clone()),
            ("StartWorkHour", time(start)),
            ("EndWorkHour", time(end)),
            ("TechnicianContactID", ticket.get("TechnicianContactID").clone()),
            ("Billiable", billable.into()),
            ("OnCustomerSite", on_site.into()),
            ("WithinSLA", is_within_sla(start, zone).into()),
        ],
    );
    hours.set(
        "Description",
        chance(rng, 80).then(|| ticket.text("LastTechnicianComment").to_string()),
    );
    hours.set("RateID", rate);
    hours
}

/// Adds attachments: two to the first ticket, up to three to one in twelve of the others. Their addresses lead nowhere.
pub(super) fn files(store: &mut Store, rng: &mut Rng, ticket: &Record, is_first: bool) {
    let count = if is_first {
        2
    } else if chance(rng, 8) {
        rng.usize(1..4)
    } else {
        0
    };
    for index in 0..count {
        let id = ticket.get("TicketID").clone();
        let name = FILES[(index + usize::from(is_first)) % FILES.len()].replace(' ', "%20");
        let address = format!("https://files.fieldline.example/tickets/{id}/{name}");
        let fields = [("TicketID", id), ("Address", address.into())];
        store.add(
            TicketFile,
            Record::with_fields(TicketFile.shape(), ticket.modified, fields),
        );
    }
}
