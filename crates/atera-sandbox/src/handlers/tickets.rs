//! Tickets.
//!
//! Some fields follow from others: the customer from the contact, due dates from the priority, the date of resolution
//! from the status. The documents describe the fields, but not when the service sets them.

use chrono::{DateTime, NaiveTime, Utc};
use serde_json::{Map, Value};

use super::{handler::Handlers, paging::page, records, relations};
use crate::{
    http::{Answer, OperationRequest, Problem},
    rules::{
        comments::comment,
        contracts,
        tickets::{due_dates, number},
    },
    world::{
        Entity::{Comment, Contact, Customer, Ticket},
        Record, World, time,
    },
};

pub(super) const HANDLERS: Handlers = &[
    ("tickets_list", |world, request| {
        let tickets = records::matching(world, request, Ticket);
        Ok(list(world, request, tickets, true))
    }),
    ("tickets_list_without_comments", |world, request| {
        let tickets = records::matching(world, request, Ticket);
        Ok(list(world, request, tickets, false))
    }),
    ("tickets_list_last_modified", |world, request| {
        let today = world.now().with_time(NaiveTime::MIN).single().unwrap_or_default();
        let since = request.time("date").unwrap_or(today);
        let comments = request.is_set("includeComments");
        let tickets = world.store.table(Ticket).iter();
        let changed = tickets.filter(|ticket| ticket.modified >= since);
        Ok(list(world, request, changed, comments))
    }),
    ("tickets_list_status_modified", |world, request| {
        let comments = request.is_set("includeComments");
        let done = world.store.table(Ticket).with_any("TicketStatus", &DONE);
        Ok(list(world, request, done.into_iter(), comments))
    }),
    ("tickets_get", |world, request| {
        let mut ticket = world
            .store
            .joined(records::record_in_path(world, request, Ticket)?);
        shape(&mut ticket, request, true);
        Ok(Answer::Record(Box::new(ticket)))
    }),
    ("tickets_create", create),
    ("tickets_update", update),
    ("tickets_update_put", update),
    ("tickets_delete", |world, request| {
        relations::end_relations(&mut world.store, request.id());
        records::delete(world, request)
    }),
];

/// A page of tickets. `comments` says whether they show their first and last comments.
fn list<'a>(
    world: &World,
    request: &OperationRequest,
    tickets: impl Iterator<Item = &'a Record>,
    comments: bool,
) -> Answer {
    page(world, request, tickets, |ticket| shape(ticket, request, comments))
}

/// Clears the fields that the request does not ask for.
fn shape(ticket: &mut Record, request: &OperationRequest, comments: bool) {
    if !comments {
        ticket.clear(&["FirstComment", "LastEndUserComment", "LastTechnicianComment"]);
    }
    if !request.is_set("includeRelations") {
        ticket.clear(&["RelationType", "RelatedTicketId"]);
    }
}

/// The statuses of tickets that are resolved. Accounts can add others, which do not count.
const DONE: [&str; 2] = ["Resolved", "Closed"];

/// Whether the status of a ticket is one of [`DONE`], in any letter case.
fn is_done(ticket: &Record) -> bool {
    let status = ticket.text("TicketStatus");
    DONE.iter().any(|done| done.eq_ignore_ascii_case(status))
}

/// Creates a ticket with its first comment. Without a contact id, the contact is found or created by the e-mail
/// address.
fn create(world: &mut World, request: &OperationRequest) -> Result<Answer, Problem> {
    let now = world.now();
    let given = request.given();
    let mut ticket = Record::with_fields(
        Ticket.shape(),
        now,
        [
            ("TicketPriority", "Low".into()),
            ("TicketImpact", "NoImpact".into()),
            ("TicketStatus", "Open".into()),
            ("TicketSource", "API".into()),
            ("TicketType", "Incident".into()),
            ("TicketCreatedDate", time(now)),
            ("LastEndUserCommentTimestamp", time(now)),
            ("OnSiteDurationSeconds", 0.into()),
            ("OnSiteDurationMinutes", 0.into()),
            ("OffSiteDurationSeconds", 0.into()),
            ("OffSiteDurationMinutes", 0.into()),
            ("OnSLADurationSeconds", 0.into()),
            ("OnSLADurationMinutes", 0.into()),
            ("OffSLADurationSeconds", 0.into()),
            ("OffSLADurationMinutes", 0.into()),
            ("TotalDurationSeconds", 0.into()),
            ("TotalDurationMinutes", 0.into()),
        ],
    );
    world.store.apply(&mut ticket, &given)?;
    if ticket.get("EndUserID").is_null() {
        let contact = contact_by_email(world, &given, now);
        ticket.set("EndUserID", contact);
    }
    let description = given.get("Description").cloned().unwrap_or_default();
    ticket.set("FirstComment", description.clone());
    ticket.set("LastEndUserComment", description);
    let contact = ticket
        .number("EndUserID")
        .and_then(|id| world.store.table(Contact).get(id));
    let customer = contact.map_or(Value::Null, |contact| contact.get("CustomerID").clone());
    ticket.set(
        "ContractID",
        contracts::default_of(&world.store, customer.as_i64()),
    );
    ticket.set("CustomerID", customer);
    let (response, closing) = due_dates(ticket.text("TicketPriority"), now);
    ticket.set("FirstResponseDueDate", time(response));
    ticket.set("ClosedTicketDueDate", time(closing));
    ticket.set("TicketNumber", number(world.store.next_id(Ticket)));
    follow_status(&mut ticket, now);
    let (author, text) = (
        ticket.get("EndUserID").clone(),
        ticket.text("FirstComment").to_string(),
    );
    let id = world.store.add(Ticket, ticket);
    let mut comment = comment(id.into(), time(now), &text, now);
    comment.set("EndUserID", author);
    world.store.add(Comment, comment);
    Ok(Answer::Created(id.into()))
}

/// Changes a ticket.
fn update(world: &mut World, request: &OperationRequest) -> Result<Answer, Problem> {
    let mut ticket = records::updated(world, request, Ticket)?;
    follow_status(&mut ticket, world.now());
    world.store.put(Ticket, request.id(), ticket);
    Ok(Answer::Updated(request.id().into()))
}

/// Sets `TicketResolvedDate` when a ticket becomes resolved, and clears it when the ticket is opened again.
fn follow_status(ticket: &mut Record, now: DateTime<Utc>) {
    if !is_done(ticket) {
        ticket.clear(&["TicketResolvedDate"]);
    } else if ticket.get("TicketResolvedDate").is_null() {
        ticket.set("TicketResolvedDate", time(now));
    }
}

/// The id of the contact with the e-mail address of the request. A new contact belongs to the customer with the domain
/// of the address, or else to the customer [`UNASSIGNED`].
fn contact_by_email(world: &mut World, given: &Map<String, Value>, now: DateTime<Utc>) -> i64 {
    let value = |name: &str| given.get(name).cloned().unwrap_or_default();
    let email = value("EndUserEmail");
    let email = email.as_str().unwrap_or_default();
    if let Some(id) = world.store.table(Contact).find("Email", email) {
        return id;
    }
    let domain = email.rsplit_once('@').map_or("", |(_, domain)| domain);
    let customers = world.store.table(Customer);
    let known = customers
        .find("Domain", domain)
        .filter(|_| !domain.is_empty())
        .or_else(|| customers.find("CustomerName", UNASSIGNED));
    let customer = known.unwrap_or_else(|| {
        let fields = [("CustomerName", UNASSIGNED.into()), ("CreatedOn", time(now))];
        let mut customer = Record::with_fields(Customer.shape(), now, fields);
        customer.mark_modified(now);
        world.store.add(Customer, customer)
    });
    let mut contact = Record::with_fields(
        Contact.shape(),
        now,
        [
            ("CustomerID", customer.into()),
            ("Firstname", value("EndUserFirstName")),
            ("Lastname", value("EndUserLastName")),
            ("Email", email.into()),
            ("Phone", value("EndUserPhone")),
            ("IsContactPerson", false.into()),
            ("InIgnoreMode", false.into()),
            ("CreatedOn", time(now)),
            ("Archived", false.into()),
        ],
    );
    contact.mark_modified(now);
    world.store.add(Contact, contact)
}

/// The customer of contacts whose domain is unknown. It is created for the first of them.
const UNASSIGNED: &str = "Unassigned";
