//! Tickets.
//!
//! Times of a ticket are in order: created, first answer, last answer, resolved, and none is after the date of the records.
//! Its status fits its age.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use fastrand::Rng;
use serde_json::Value;

use super::{
    conversation::{self, Work},
    draw::{between, chance, ids, pick},
    subjects::{PROGRESS, REPLIES, SUBJECTS, Subject},
};
use crate::{
    rules::{
        contracts,
        tickets::{FIRST_TICKET, due_dates, number},
        work_hours::set_durations,
    },
    world::{
        Entity::{Contact, Customer, Technician, Ticket},
        Record, Store, Zone, time,
    },
};

/// The age of the oldest tickets.
const SPAN: TimeDelta = TimeDelta::days(700);

/// Generates tickets with their comments, attachments and work hours. One in twenty becomes the child of an earlier
/// ticket of the same customer.
pub(super) fn generate(store: &mut Store, rng: &mut Rng, count: usize, zone: &Zone) {
    let contacts = contacts(store);
    let Some((_, first)) = contacts.first() else {
        return;
    };
    let first = *first;
    let technicians = ids(store, Technician);
    // Comments, attachments and work hours have random numbers of their own.
    let mut of_parts = Rng::with_seed(!rng.get_seed());
    let usual: HashMap<i64, Option<i64>> = ids(store, Customer)
        .into_iter()
        .map(|customer| (customer, contracts::default_of(store, Some(customer))))
        .collect();
    // By customer, the last ticket without a relation: a ticket has at most one.
    let mut unrelated = HashMap::new();
    for (id, index) in (FIRST_TICKET..).zip(0..count) {
        // Tickets are spread evenly over the time, so that later ones have greater ids.
        let slot = TimeDelta::seconds(SPAN.num_seconds() / count as i64);
        let start = store.as_of() - SPAN + slot * index as i32;
        let created = between(rng, start, start + slot);
        // A ticket is no older than its contact. The first contact opened the first ticket.
        let known = contacts.partition_point(|(since, _)| *since <= created).max(1);
        let contact = if index == 0 {
            first
        } else {
            pick(rng, &contacts[..known]).1
        };
        let Some(asks) = store.table(Contact).get(contact) else {
            continue;
        };
        let customer = asks.get("CustomerID").clone();
        let subject = if index == 0 {
            &SUBJECTS[0]
        } else {
            pick(rng, &SUBJECTS)
        };
        let (mut ticket, work) = ticket(rng, subject, created, store.as_of());
        ticket.set("TicketNumber", number(id));
        ticket.set("EndUserID", contact);
        let of = customer.as_i64();
        let contract = of.and_then(|customer| usual.get(&customer).copied().flatten());
        ticket.set("ContractID", contract);
        let earlier = unrelated.insert(of, id);
        ticket.set("CustomerID", customer);
        if chance(rng, 85) || !ticket.get("LastTechnicianComment").is_null() {
            ticket.set("TechnicianContactID", *pick(rng, &technicians));
        }
        ticket.set("TicketID", id);
        conversation::comments(store, &mut of_parts, &ticket);
        conversation::files(store, &mut of_parts, &ticket, index == 0);
        conversation::work_hours(store, &mut of_parts, &ticket, &work, zone);
        set_durations(store, &mut ticket);
        store.put(Ticket, id, ticket);
        if chance(rng, 5)
            && let Some(parent) = earlier
        {
            relate(store, id, parent);
            unrelated.remove(&of);
        }
    }
}

/// All contacts, each with the time of its creation, in that order.
fn contacts(store: &Store) -> Vec<(DateTime<Utc>, i64)> {
    let known = |contact: &Record| Some((contact.time("CreatedOn")?, contact.number("EndUserID")?));
    let mut contacts: Vec<_> = store.table(Contact).iter().filter_map(known).collect();
    contacts.sort_unstable();
    contacts
}

/// A ticket on a subject as of a date, and the work on it. The caller sets ids and references.
fn ticket(rng: &mut Rng, subject: &Subject, created: DateTime<Utc>, as_of: DateTime<Utc>) -> (Record, Work) {
    let priority = *pick(
        rng,
        &[
            "Low", "Low", "Medium", "Medium", "Medium", "High", "High", "Critical",
        ],
    );
    let impact = *pick(
        rng,
        &[
            "NoImpact",
            "Minor",
            "Minor",
            "Minor",
            "Major",
            "ServerIssue",
            "SiteDown",
            "Crisis",
        ],
    );
    let source = *pick(
        rng,
        &["Email", "Email", "Email", "Portal", "Phone", "Agent", "Alert"],
    );
    let status = status(rng, as_of - created);
    let done = ["Resolved", "Closed"].contains(&status);
    let (response_due, closing_due) = due_dates(priority, created);
    let responded = created + TimeDelta::minutes(rng.i64(4..600));
    // Every resolved ticket has a comment of a technician, and so have most of the others that are old enough.
    let responded = match responded.min(as_of) {
        responded if done || (responded < as_of && chance(rng, 80)) => Some(responded),
        _ => None,
    };
    let hours = TimeDelta::hours(rng.i64(1..140));
    let resolved = responded
        .filter(|_| done)
        .map(|responded| (responded + hours).min(as_of));
    let last_answer = responded.map(|responded| match resolved {
        Some(resolved) => between(rng, responded, resolved),
        None => between(rng, responded, (responded + hours).min(as_of)),
    });
    let replied = last_answer
        .filter(|_| chance(rng, 60))
        .map(|last| between(rng, created, last));
    let reply = match replied {
        Some(_) => (*pick(rng, &REPLIES)).to_string(),
        None => subject.comment.to_string(),
    };
    let answer = match (last_answer, done) {
        (None, _) => Value::Null,
        (_, true) => subject.solution.into(),
        (_, false) => (*pick(rng, &PROGRESS)).into(),
    };
    let modified = [resolved, last_answer, replied]
        .into_iter()
        .flatten()
        .fold(created, DateTime::max);
    let work = Work {
        minutes: responded.map_or(0, |_| rng.i64(1..16) * 15),
        on_site: chance(rng, 30),
        in_two: chance(rng, 15),
    };
    let ticket = Record::with_fields(
        Ticket.shape(),
        modified,
        [
            ("TicketTitle", subject.title.into()),
            ("TicketPriority", priority.into()),
            ("TicketImpact", impact.into()),
            ("TicketStatus", status.into()),
            ("TicketSource", source.into()),
            ("TicketType", subject.kind.into()),
            ("TicketResolvedDate", resolved.map_or(Value::Null, time)),
            ("TicketCreatedDate", time(created)),
            ("TechnicianFirstCommentDate", responded.map_or(Value::Null, time)),
            ("FirstResponseDueDate", time(response_due)),
            ("ClosedTicketDueDate", time(closing_due)),
            ("FirstComment", first_comment(rng, subject).into()),
            ("LastEndUserComment", reply.into()),
            ("LastEndUserCommentTimestamp", time(replied.unwrap_or(created))),
            ("LastTechnicianComment", answer),
            (
                "LastTechnicianCommentTimestamp",
                last_answer.map_or(Value::Null, time),
            ),
        ],
    );
    (ticket, work)
}

/// A status by age: most old tickets are closed, and most new ones open. `Waiting for customer` stands for the statuses
/// that an account can add.
fn status(rng: &mut Rng, age: TimeDelta) -> &'static str {
    let likely: &[&str] = match age.num_days() {
        0..3 => &["Open", "Open", "Open", "Pending", "Resolved"],
        3..30 => &[
            "Open",
            "Pending",
            "Waiting for customer",
            "Resolved",
            "Resolved",
            "Closed",
        ],
        _ if chance(rng, 90) => &["Closed"],
        _ => &["Resolved", "Resolved", "Open", "Pending"],
    };
    likely[rng.usize(..likely.len())]
}

/// The first comment. Three in a hundred are long, with a log pasted into them.
fn first_comment(rng: &mut Rng, subject: &Subject) -> String {
    let mut comment = subject.comment.to_string();
    if chance(rng, 3) {
        comment.push_str("\n\nThis is what the log says:\n");
        for line in 0..rng.u32(40..160) {
            comment.push_str(&format!(
                "{line:04} WARN \"connection lost\"\tretry in {} s\r\n",
                rng.u8(1..60)
            ));
        }
    }
    comment
}

/// Relates two tickets.
fn relate(store: &mut Store, child: i64, parent: i64) {
    for (id, kind, other) in [(child, "Child", parent), (parent, "Parent", child)] {
        if let Some(mut ticket) = store.table(Ticket).get(id).cloned() {
            ticket.set("RelationType", kind);
            ticket.set("RelatedTicketId", other);
            store.put(Ticket, id, ticket);
        }
    }
}
