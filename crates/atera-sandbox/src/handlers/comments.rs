//! Comments and attachments of tickets.

use atera::Timestamp;
use serde_json::{Map, Value};

use super::{handler::Handlers, paging::page, records};
use crate::{
    http::{Answer, OperationRequest, Problem},
    rules::comments::comment,
    world::{
        Entity::{Comment, Contact, Technician, Ticket, TicketFile},
        World, time,
    },
};

pub(super) const HANDLERS: Handlers = &[
    ("tickets_list_comments", |world, request| {
        records::record_in_path(world, request, Ticket)?;
        let comments = world.store.table(Comment).with_number("TicketID", request.id());
        Ok(page(world, request, comments.into_iter(), |_| {}))
    }),
    ("tickets_add_comment", add),
    ("tickets_list_attachments", |world, request| {
        records::record_in_path(world, request, Ticket)?;
        let files = world
            .store
            .table(TicketFile)
            .with_number("TicketID", request.id());
        let addresses = files.iter().map(|file| file.get("Address").clone());
        Ok(Answer::Value(addresses.collect()))
    }),
];

/// Adds a comment of a technician or an end user. The ticket shows the last of each.
fn add(world: &mut World, request: &OperationRequest) -> Result<Answer, Problem> {
    let now = world.now();
    let mut ticket = records::record_in_path(world, request, Ticket)?.clone();
    let given = request.given();
    let part = |name: &str| given.get(name).and_then(Value::as_object);
    let text = given
        .get("CommentText")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let mut comment = comment(request.id().into(), time(now), text, now);
    if let Some(Value::String(date)) = given.get("CommentTimestampUTC") {
        let date: Timestamp = date.parse().unwrap_or(now.into());
        comment.set("Date", time(date.to_utc()));
    }
    let date = comment.get("Date").clone();
    if let Some(details) = part("TechnicianCommentDetails") {
        let id = technician(world, details)?;
        comment.set("TechnicianContactID", id);
        let internal = details.get("IsInternal").and_then(Value::as_bool);
        comment.set("IsInternal", internal.unwrap_or_default());
        ticket.set("LastTechnicianComment", text);
        ticket.set("LastTechnicianCommentTimestamp", date.clone());
        if ticket.get("TechnicianFirstCommentDate").is_null() {
            ticket.set("TechnicianFirstCommentDate", date);
        }
    } else if let Some(details) = part("EnduserCommentDetails") {
        let id = details
            .get("EnduserId")
            .and_then(Value::as_i64)
            .unwrap_or_default();
        if world.store.table(Contact).get(id).is_none() {
            let reason = format!("there is no contact `{id}`");
            return Err(Problem::field("EnduserCommentDetails.EnduserId", reason));
        }
        comment.set("EndUserID", id);
        ticket.set("LastEndUserComment", text);
        ticket.set("LastEndUserCommentTimestamp", date);
    }
    ticket.mark_modified(now);
    world.store.put(Ticket, request.id(), ticket);
    world.store.add(Comment, comment);
    // No answer shows the id of a comment, so this has the id of the ticket.
    Ok(Answer::Updated(request.id().into()))
}

/// The technician that a request names by id or e-mail address.
fn technician(world: &World, details: &Map<String, Value>) -> Result<i64, Problem> {
    let technicians = world.store.table(Technician);
    let (field, given, found) = match (details.get("TechnicianId"), details.get("TechnicianEmail")) {
        (Some(Value::Number(id)), _) => {
            let known = id.as_i64().filter(|id| technicians.get(*id).is_some());
            ("TechnicianId", id.to_string(), known)
        }
        (_, Some(Value::String(email))) => {
            let found = technicians.find("TechnicianEmail", email);
            ("TechnicianEmail", email.clone(), found)
        }
        _ => {
            let reason = "it is missing; give it, or `TechnicianEmail`";
            return Err(Problem::field("TechnicianCommentDetails.TechnicianId", reason));
        }
    };
    found.ok_or_else(|| {
        let reason = format!("there is no technician `{given}`");
        Problem::field(&format!("TechnicianCommentDetails.{field}"), reason)
    })
}
