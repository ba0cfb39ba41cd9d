//! Customers.

use axum::http::StatusCode;

use super::{
    answer::Answer,
    record::Record,
    router::{Handler, Incoming},
    world::World,
};
use crate::AccountTime;

pub(super) fn handler(verb: &str) -> Option<Handler> {
    Some(match verb {
        "list" => list,
        "create" => create,
        "get" => |world, incoming| match world.customers.get(incoming.id("customerId")) {
            Some(customer) => Answer::record(customer),
            None => Answer::not_found(incoming),
        },
        "update" | "update_put" => update,
        "delete" => {
            |world, incoming| Answer::deleted(world.delete_customer(incoming.id("customerId")), incoming)
        }
        _ => return None,
    })
}

fn list(world: &mut World, incoming: &Incoming<'_>) -> Answer {
    Answer::page(
        incoming,
        sorted(incoming, world.customers.newest_first()).into_iter(),
    )
}

/// The records that were changed since the time asked for, in the order asked for. The account's zone is UTC.
pub(super) fn sorted<'r>(
    incoming: &Incoming<'_>,
    records: impl Iterator<Item = &'r Record>,
) -> Vec<&'r Record> {
    let since = incoming
        .text("FromLastModifiedDate")
        .and_then(|text| text.parse::<AccountTime>().ok());
    let mut records: Vec<_> = records
        .filter(|record| since.is_none_or(|since| record.modified.to_utc().naive_utc() >= since.start()))
        .collect();
    match incoming.text("SortBy") {
        Some(order) if order.eq_ignore_ascii_case("LastModified") => {
            records.sort_by_key(|record| std::cmp::Reverse(record.modified));
        }
        // By creation is by id, in which they are.
        _ => {}
    }
    records
}

fn create(world: &mut World, incoming: &Incoming<'_>) -> Answer {
    let now = world.now();
    let mut customer = world.customers.blank(now).with("CreatedOn", now.to_string());
    customer.apply(&incoming.body());
    customer.set("LastModified", now.to_string());
    Answer::written(StatusCode::CREATED, world.customers.add(customer))
}

fn update(world: &mut World, incoming: &Incoming<'_>) -> Answer {
    let (id, now) = (incoming.id("customerId"), world.now());
    let Some(customer) = world.customers.get_mut(id) else {
        return Answer::not_found(incoming);
    };
    customer.apply(&incoming.body());
    customer.set("LastModified", now.to_string());
    customer.modified = now;
    Answer::written(StatusCode::OK, id)
}
