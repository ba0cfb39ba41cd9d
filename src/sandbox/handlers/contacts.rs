//! Contacts.

use super::{Handlers, customers::newest_first, records};
use crate::sandbox::{
    answer::{Answer, Problem},
    entity::Entity::Contact,
    paging::page,
    record::{Record, time},
    request::Request,
    world::World,
};

pub(super) const HANDLERS: Handlers = &[
    ("contacts_list", |world, request| Ok(list(world, request))),
    ("contacts_get", |world, request| {
        records::get(world, request, Contact)
    }),
    ("contacts_create", create),
    ("contacts_update", |world, request| {
        records::update(world, request, Contact)
    }),
    ("contacts_update_put", |world, request| {
        records::update(world, request, Contact)
    }),
    ("contacts_delete", |world, request| {
        records::delete(world, request, Contact)
    }),
];

fn list(world: &World, request: &Request) -> Answer {
    let (email, phone) = (request.text("Email"), request.text("Phone"));
    let contacts = newest_first(world, request, Contact)
        .into_iter()
        .filter(|contact| {
            email.is_none_or(|email| contact.text("Email").eq_ignore_ascii_case(email.trim()))
                && phone.is_none_or(|phone| digits(contact.text("Phone")).eq(digits(phone)))
        });
    page(world, request, contacts, |_| {})
}

/// A number is the same however it is grouped, and a `+` is easily lost in a query.
fn digits(number: &str) -> impl Iterator<Item = char> {
    number.chars().filter(char::is_ascii_digit)
}

fn create(world: &mut World, request: &Request) -> Result<Answer, Problem> {
    let now = world.now();
    let mut contact = Record::of(
        Contact.schema(),
        now,
        [
            ("IsContactPerson", false.into()),
            ("InIgnoreMode", false.into()),
            ("CreatedOn", time(now)),
            ("Archived", false.into()),
        ],
    );
    world.store.fill(&mut contact, &request.given())?;
    contact.touch(now);
    Ok(Answer::Created(world.store.add(Contact, contact)))
}
