//! Customers, with their folders and attachments.

use std::cmp::Reverse;

use base64::{Engine, engine::general_purpose::STANDARD};

use super::{handler::Handlers, paging::page};
use crate::{
    http::{Answer, OperationRequest, Problem},
    world::{
        Entity::{self, Customer, CustomerFile, Folder},
        Record, World, time,
    },
};

pub(super) const HANDLERS: Handlers = &[
    ("customers_list", |world, request| {
        let customers = newest_first(world, request, Customer);
        Ok(page(world, request, customers.into_iter(), |_| {}))
    }),
    ("customers_create", create),
    ("customers_add_folder", |world, request| {
        add(world, request, Folder)
    }),
    ("customers_add_attachment", |world, request| {
        let content = request.given().get("ContentBased64").cloned().unwrap_or_default();
        let name = request.given().get("Name").cloned().unwrap_or_default();
        if STANDARD.decode(content.as_str().unwrap_or_default()).is_err() {
            return Err(Problem::field("ContentBased64", "it is not base64"));
        }
        if !name
            .as_str()
            .is_some_and(|name| name.trim_matches('.').contains('.'))
        {
            return Err(Problem::field("Name", "it needs an extension, as in `plan.pdf`"));
        }
        add(world, request, CustomerFile)
    }),
];

/// Adds a folder or an attachment to the customer that the body names.
fn add(world: &mut World, request: &OperationRequest, entity: Entity) -> Result<Answer, Problem> {
    let mut record = Record::new(entity.shape(), world.now());
    world.store.apply(&mut record, &request.given())?;
    Ok(Answer::Created(world.store.add(entity, record).into()))
}

/// Customers or contacts that changed since `FromLastModifiedDate`, in the order of `SortBy`, and by descending id
/// without it. The date is a time by the clocks of the account.
pub(super) fn newest_first<'a>(
    world: &'a World,
    request: &OperationRequest,
    entity: Entity,
) -> Vec<&'a Record> {
    let since = request.local_time("FromLastModifiedDate", &world.zone);
    let all = world.store.table(entity).iter().rev();
    let mut records: Vec<_> = all
        .filter(|record| since.is_none_or(|since| record.modified >= since))
        .collect();
    let order = request.text("SortBy").unwrap_or_default();
    // The sort is stable, so records with the same time stay in descending order of their ids.
    if order.eq_ignore_ascii_case("Creation") {
        records.sort_by_key(|record| Reverse(record.time("CreatedOn")));
    } else if order.eq_ignore_ascii_case("LastModified") {
        records.sort_by_key(|record| Reverse(record.modified));
    }
    records
}

/// Creates a customer.
fn create(world: &mut World, request: &OperationRequest) -> Result<Answer, Problem> {
    let now = world.now();
    let mut customer = Record::with_fields(Customer.shape(), now, [("CreatedOn", time(now))]);
    world.store.apply(&mut customer, &request.given())?;
    customer.mark_modified(now);
    Ok(Answer::Created(world.store.add(Customer, customer).into()))
}
