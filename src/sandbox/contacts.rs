//! Contacts, whom the wire calls end users.

use axum::http::StatusCode;
use serde_json::{Map, Value};

use super::{
    answer::Answer,
    customers::sorted,
    record::Record,
    router::{Handler, Incoming},
    world::World,
};

pub(super) fn handler(verb: &str) -> Option<Handler> {
    Some(match verb {
        "list" => list,
        "create" => create,
        "get" => |world, incoming| match world.contacts.get(incoming.id("contactId")) {
            Some(contact) => Answer::record(contact),
            None => Answer::not_found(incoming),
        },
        "update" | "update_put" => update,
        "delete" => {
            |world, incoming| Answer::deleted(world.delete_contact(incoming.id("contactId")), incoming)
        }
        _ => return None,
    })
}

fn list(world: &mut World, incoming: &Incoming<'_>) -> Answer {
    let holds = |record: &Record, fields: &[&str], parameter: &str| {
        let Some(part) = incoming.text(parameter) else {
            return true;
        };
        let part = part.to_lowercase();
        fields
            .iter()
            .any(|field| record.text(field).to_lowercase().contains(&part))
    };
    let contacts = world.contacts.newest_first().filter(|contact| {
        holds(contact, &["Email"], "Email") && holds(contact, &["Phone", "MobilePhone"], "Phone")
    });
    Answer::page(incoming, sorted(incoming, contacts).into_iter())
}

fn create(world: &mut World, incoming: &Incoming<'_>) -> Answer {
    let body = incoming.body();
    let Some(customer) = customer(world, &body) else {
        return Answer::refused_field("CustomerID", "There is no such customer.");
    };
    let (customer_id, customer_name) = customer;
    let now = world.now();
    let mut contact = world
        .contacts
        .blank(now)
        .with("CreatedOn", now.to_string())
        .with("Archived", false)
        .with("IsContactPerson", false)
        .with("InIgnoreMode", false);
    contact.apply(&body);
    contact.set("CustomerID", customer_id);
    contact.set("CustomerName", customer_name);
    contact.set("LastModified", now.to_string());
    Answer::written(StatusCode::CREATED, world.contacts.add(contact))
}

fn update(world: &mut World, incoming: &Incoming<'_>) -> Answer {
    let (id, now, mut body) = (incoming.id("contactId"), world.now(), incoming.body());
    if body
        .get("CustomerID")
        .or(body.get("CustomerName"))
        .is_some_and(|value| !value.is_null())
    {
        let Some((id, name)) = customer(world, &body) else {
            return Answer::refused_field("CustomerID", "There is no such customer.");
        };
        body.insert("CustomerID".into(), id.into());
        body.insert("CustomerName".into(), name);
    }
    let Some(contact) = world.contacts.get_mut(id) else {
        return Answer::not_found(incoming);
    };
    contact.apply(&body);
    contact.set("LastModified", now.to_string());
    contact.modified = now;
    Answer::written(StatusCode::OK, id)
}

/// Id and name of the customer that a body names by either.
fn customer(world: &World, body: &Map<String, Value>) -> Option<(i64, Value)> {
    let id = body.get("CustomerID").and_then(Value::as_i64);
    let name = body.get("CustomerName").and_then(Value::as_str);
    let found = match id {
        Some(id) => world.customers.get(id)?,
        None => world
            .customers
            .newest_first()
            .find(|customer| Some(customer.text("CustomerName")) == name)?,
    };
    Some((found.number("CustomerID")?, found.get("CustomerName").clone()))
}
