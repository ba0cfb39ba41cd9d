//! Customers.

use super::{Handlers, records};
use crate::sandbox::{
    answer::{Answer, Problem},
    entity::Entity::{self, Customer},
    paging::page,
    record::{Record, time},
    request::Request,
    world::World,
};

pub(super) const HANDLERS: Handlers = &[
    ("customers_list", |world, request| {
        let customers = newest_first(world, request, Customer);
        Ok(page(world, request, customers.into_iter(), |_| {}))
    }),
    ("customers_get", |world, request| {
        records::get(world, request, Customer)
    }),
    ("customers_create", create),
    ("customers_update", |world, request| {
        records::update(world, request, Customer)
    }),
    ("customers_update_put", |world, request| {
        records::update(world, request, Customer)
    }),
    ("customers_delete", |world, request| {
        records::delete(world, request, Customer)
    }),
];

/// The records changed since `FromLastModifiedDate`, in the order of `SortBy`: that of customers and contacts.
pub(super) fn newest_first<'a>(world: &'a World, request: &Request, entity: Entity) -> Vec<&'a Record> {
    let since = request.time("FromLastModifiedDate");
    let all = world.store.table(entity).iter().rev();
    let mut records: Vec<_> = all
        .filter(|record| since.is_none_or(|since| record.modified >= since))
        .collect();
    let asked = request.text("SortBy").unwrap_or_default();
    // Sorting is stable, so that records of the same time stay in the order of their ids.
    if asked.eq_ignore_ascii_case("Creation") {
        records.sort_by_key(|record| std::cmp::Reverse(record.time("CreatedOn")));
    } else if asked.eq_ignore_ascii_case("LastModified") {
        records.sort_by_key(|record| std::cmp::Reverse(record.modified));
    }
    records
}

fn create(world: &mut World, request: &Request) -> Result<Answer, Problem> {
    let now = world.now();
    let mut customer = Record::of(Customer.schema(), now, [("CreatedOn", time(now))]);
    world.store.fill(&mut customer, &request.given())?;
    customer.touch(now);
    Ok(Answer::Created(world.store.add(Customer, customer)))
}
