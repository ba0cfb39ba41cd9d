//! Tickets. Their comments, work hours and relations are not served yet.

use axum::http::StatusCode;
use chrono::TimeDelta;
use serde_json::{Map, Value};

use super::{
    answer::Answer,
    record::Record,
    router::{Handler, Incoming},
    world::World,
};
use crate::Timestamp;

/// The fields that hold comments.
const COMMENTS: [&str; 5] = [
    "FirstComment",
    "LastEndUserComment",
    "LastEndUserCommentTimestamp",
    "LastTechnicianComment",
    "LastTechnicianCommentTimestamp",
];
/// The fields that hold relations.
const RELATIONS: [&str; 2] = ["RelationType", "RelatedTicketId"];

pub(super) fn handler(verb: &str) -> Option<Handler> {
    Some(match verb {
        "list" => |world, incoming| list(world, incoming, true),
        "list_without_comments" => |world, incoming| list(world, incoming, false),
        "list_status_modified" => |world, incoming| {
            let done = |ticket: &&Record| is_done(ticket.text("TicketStatus"));
            let comments = incoming.flag("includeComments");
            Answer::page_with(incoming, world.tickets.newest_first().filter(done), |it| {
                shown(it, incoming, comments)
            })
        },
        "list_last_modified" => last_modified,
        "get" => |world, incoming| match world.tickets.get(incoming.id("ticketId")) {
            Some(ticket) => Answer::record(&shown(ticket, incoming, true)),
            None => Answer::not_found(incoming),
        },
        "create" => create,
        "update" | "update_put" => update,
        "delete" => {
            |world, incoming| Answer::deleted(world.tickets.delete(incoming.id("ticketId")), incoming)
        }
        _ => return None,
    })
}

fn list(world: &mut World, incoming: &Incoming<'_>, comments: bool) -> Answer {
    let (customer, status) = (incoming.number("customerId"), incoming.text("ticketStatus"));
    let tickets = world.tickets.newest_first().filter(|ticket| {
        customer.is_none_or(|customer| ticket.number("CustomerID") == Some(customer))
            && status.is_none_or(|status| ticket.text("TicketStatus").eq_ignore_ascii_case(status))
    });
    Answer::page_with(incoming, tickets, |ticket| shown(ticket, incoming, comments))
}

fn last_modified(world: &mut World, incoming: &Incoming<'_>) -> Answer {
    let today = || {
        Timestamp::from(
            world
                .now()
                .to_utc()
                .date_naive()
                .and_time(Default::default())
                .and_utc(),
        )
    };
    let since = incoming
        .text("date")
        .and_then(|text| text.parse().ok())
        .unwrap_or_else(today);
    let comments = incoming.flag("includeComments");
    let tickets = world
        .tickets
        .newest_first()
        .filter(|ticket| ticket.modified >= since);
    Answer::page_with(incoming, tickets, |ticket| shown(ticket, incoming, comments))
}

/// A ticket with what was asked for.
fn shown(ticket: &Record, incoming: &Incoming<'_>, comments: bool) -> Record {
    let ticket = if comments {
        ticket.clone()
    } else {
        ticket.without(&COMMENTS)
    };
    if incoming.flag("includeRelations") {
        ticket
    } else {
        ticket.without(&RELATIONS)
    }
}

pub(super) fn is_done(status: &str) -> bool {
    matches!(status, "Resolved" | "Closed")
}

fn create(world: &mut World, incoming: &Incoming<'_>) -> Answer {
    let (now, body) = (world.now(), incoming.body());
    let Some(contact) = contact(world, &body) else {
        return Answer::refused_field("EndUserID", "There is no such contact.");
    };
    let mut ticket = world
        .tickets
        .blank(now)
        .with("TicketPriority", "Low")
        .with("TicketImpact", "NoImpact")
        .with("TicketType", "Incident")
        .with("TicketStatus", "Open");
    ticket.apply(&body);
    for (field, from) in [
        ("EndUserID", "EndUserID"),
        ("EndUserFirstName", "Firstname"),
        ("EndUserLastName", "Lastname"),
        ("EndUserEmail", "Email"),
        ("EndUserPhone", "Phone"),
        ("CustomerID", "CustomerID"),
        ("CustomerName", "CustomerName"),
    ] {
        ticket.set(field, contact.get(from).clone());
    }
    let due = |hours| Timestamp::from(now.to_utc() + TimeDelta::hours(hours)).to_string();
    ticket.set("TicketSource", "API");
    ticket.set("TicketCreatedDate", now.to_string());
    ticket.set("FirstResponseDueDate", due(4));
    ticket.set("ClosedTicketDueDate", due(48));
    ticket.set("FirstComment", body.get("Description").cloned());
    if let Err(answer) = assign(world, &mut ticket, &body) {
        return answer;
    }
    resolved_or_not(&mut ticket, now);
    let id = world.tickets.add(ticket);
    if let Some(ticket) = world.tickets.get_mut(id) {
        ticket.set("TicketNumber", id.to_string());
    }
    Answer::written(StatusCode::CREATED, id)
}

fn update(world: &mut World, incoming: &Incoming<'_>) -> Answer {
    let (id, now, body) = (incoming.id("ticketId"), world.now(), incoming.body());
    let Some(mut ticket) = world.tickets.get(id).cloned() else {
        return Answer::not_found(incoming);
    };
    ticket.apply(&body);
    if let Err(answer) = assign(world, &mut ticket, &body) {
        return answer;
    }
    resolved_or_not(&mut ticket, now);
    ticket.modified = now;
    if let Some(kept) = world.tickets.get_mut(id) {
        *kept = ticket;
    }
    Answer::written(StatusCode::OK, id)
}

/// The contact that a body names by id, or by name and address; one that is new becomes a contact of the customer whose
/// domain the address has, or of the first there is.
fn contact(world: &mut World, body: &Map<String, Value>) -> Option<Record> {
    let text = |field: &str| {
        body.get(field)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_string()
    };
    if let Some(id) = body.get("EndUserID").and_then(Value::as_i64) {
        return world.contacts.get(id).cloned();
    }
    let email = text("EndUserEmail");
    if let Some(known) = world
        .contacts
        .newest_first()
        .find(|it| it.text("Email").eq_ignore_ascii_case(&email))
    {
        return Some(known.clone());
    }
    let domain = email.rsplit('@').next().unwrap_or_default();
    let customers = || world.customers.newest_first();
    let customer = customers()
        .find(|customer| customer.text("Domain") == domain)
        .or_else(|| customers().last())?;
    let (id, name) = (
        customer.get("CustomerID").clone(),
        customer.get("CustomerName").clone(),
    );
    let now = world.now();
    let contact = world
        .contacts
        .blank(now)
        .with("CustomerID", id)
        .with("CustomerName", name)
        .with("Firstname", text("EndUserFirstName"))
        .with("Lastname", text("EndUserLastName"))
        .with("Email", email)
        .with("Phone", body.get("EndUserPhone").cloned())
        .with("CreatedOn", now.to_string())
        .with("LastModified", now.to_string())
        .with("Archived", false);
    let id = world.contacts.add(contact);
    world.contacts.get(id).cloned()
}

/// Gives the ticket to the technician that a body names, if it names one.
fn assign(world: &World, ticket: &mut Record, body: &Map<String, Value>) -> Result<(), Answer> {
    let id = body.get("TechnicianContactID").and_then(Value::as_i64);
    let email = body.get("TechnicianEmail").and_then(Value::as_str);
    if id.is_none() && email.is_none() {
        return Ok(());
    }
    let Some(technician) = world.technician(id, email) else {
        let field = if id.is_some() {
            "TechnicianContactID"
        } else {
            "TechnicianEmail"
        };
        return Err(Answer::refused_field(field, "There is no such technician."));
    };
    ticket.set("TechnicianContactID", technician.id);
    ticket.set("TechnicianFullName", technician.name);
    ticket.set("TechnicianEmail", technician.email);
    Ok(())
}

/// The date of resolution goes with the status.
fn resolved_or_not(ticket: &mut Record, now: Timestamp) {
    match (
        is_done(ticket.text("TicketStatus")),
        ticket.get("TicketResolvedDate").is_null(),
    ) {
        (true, true) => ticket.set("TicketResolvedDate", now.to_string()),
        (false, false) => ticket.set("TicketResolvedDate", Value::Null),
        _ => {}
    }
}
