//! Relations between tickets.
//!
//! A ticket is the child of one other, or the parent of any number. Both records show the relation, and a parent shows
//! one of its children.

use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use serde_json::Value;

use super::{handler::Handlers, records};
use crate::{
    http::{Answer, OperationRequest, Problem},
    world::{Entity::Ticket, Store, World},
};

pub(super) const HANDLERS: Handlers = &[
    ("tickets_add_relation", add),
    ("tickets_delete_relation", |world, request| {
        let ticket = records::record_in_path(world, request, Ticket)?;
        let kind = request.text("relationType").unwrap_or_default();
        if !ticket.text("RelationType").eq_ignore_ascii_case(kind) || kind.eq_ignore_ascii_case("None") {
            let reason = format!("the ticket has no relation of type {kind}");
            return Err(Problem::field("relationType", reason));
        }
        end_relations(&mut world.store, request.id());
        let now = world.now();
        mark_modified(&mut world.store, request.id(), now);
        Ok(Answer::Empty)
    }),
];

/// Relates two tickets. A child cannot get children or another parent, and a parent cannot become a child: 409.
fn add(world: &mut World, request: &OperationRequest) -> Result<Answer, Problem> {
    let ticket = records::record_in_path(world, request, Ticket)?;
    let given = request.given();
    let other = given
        .get("RelatedTicketId")
        .and_then(Value::as_i64)
        .unwrap_or_default();
    let Some(related) = world.store.table(Ticket).get(other) else {
        return Err(Problem::field(
            "RelatedTicketId",
            format!("there is no ticket `{other}`"),
        ));
    };
    if other == request.id() {
        return Err(Problem::field(
            "RelatedTicketId",
            "a ticket is not related to itself",
        ));
    }
    let (parent, child) = match given.get("RelationType").and_then(Value::as_str) {
        Some(kind) if kind.eq_ignore_ascii_case("Parent") => ((request.id(), ticket), (other, related)),
        Some(kind) if kind.eq_ignore_ascii_case("Child") => ((other, related), (request.id(), ticket)),
        _ => return Err(Problem::field("RelationType", "it must be Parent or Child")),
    };
    let (above, below) = (parent.1.text("RelationType"), child.1.text("RelationType"));
    if above == "Child" || !below.is_empty() {
        let detail = "One of the tickets is already related in a way that does not go with this.";
        return Err(Problem::new(StatusCode::CONFLICT, detail));
    }
    let (now, parent, child) = (world.now(), parent.0, child.0);
    relate(&mut world.store, parent, child);
    mark_modified(&mut world.store, request.id(), now);
    Ok(Answer::Created(request.id().into()))
}

/// Stores a relation. The parent shows the child that it got last.
fn relate(store: &mut Store, parent: i64, child: i64) {
    show(store, parent, Some(("Parent", child)));
    show(store, child, Some(("Child", parent)));
}

/// Ends all relations of a ticket. A parent that loses the child that it shows goes on to show another.
pub(super) fn end_relations(store: &mut Store, id: i64) {
    let Some(ticket) = store.table(Ticket).get(id) else {
        return;
    };
    match (ticket.text("RelationType"), ticket.number("RelatedTicketId")) {
        ("Parent", _) => {
            for child in children(store, id) {
                show(store, child, None);
            }
        }
        ("Child", Some(parent)) => {
            let other = children(store, parent).into_iter().rfind(|child| *child != id);
            show(store, parent, other.map(|child| ("Parent", child)));
        }
        _ => {}
    }
    show(store, id, None);
}

/// The ids of the children of a ticket, ascending.
fn children(store: &Store, parent: i64) -> Vec<i64> {
    let related = store
        .table(Ticket)
        .with_number("RelatedTicketId", parent)
        .into_iter();
    let children = related.filter(|ticket| ticket.text("RelationType") == "Child");
    children.filter_map(|ticket| ticket.number("TicketID")).collect()
}

/// Sets or clears the relation that a ticket shows.
fn show(store: &mut Store, id: i64, relation: Option<(&str, i64)>) {
    let Some(mut ticket) = store.table(Ticket).get(id).cloned() else {
        return;
    };
    ticket.set("RelationType", relation.map(|(kind, _)| kind));
    ticket.set("RelatedTicketId", relation.map(|(_, other)| other));
    store.put(Ticket, id, ticket);
}

/// Marks a ticket as changed.
fn mark_modified(store: &mut Store, id: i64, now: DateTime<Utc>) {
    if let Some(mut ticket) = store.table(Ticket).get(id).cloned() {
        ticket.mark_modified(now);
        store.put(Ticket, id, ticket);
    }
}
