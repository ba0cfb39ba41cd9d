//! Contacts.

use super::{Handlers, customers::newest_first};
use crate::{
    answer::{Answer, Problem},
    entity::Entity::Contact,
    paging::page,
    record::{Record, time},
    request::Request,
    world::World,
};

pub(super) const HANDLERS: Handlers = &[
    ("contacts_list", |world, request| Ok(list(world, request))),
    ("contacts_create", create),
];

fn list(world: &World, request: &Request) -> Answer {
    let (email, phone) = (request.text("Email"), request.text("Phone"));
    let email = email.map(|email| email.trim().to_lowercase());
    let phone = phone.map(digits);
    let contacts = newest_first(world, request, Contact)
        .into_iter()
        .filter(|contact| {
            let has_number = |number: &str| {
                let fields = ["Phone", "MobilePhone"];
                fields
                    .iter()
                    .any(|field| digits(contact.text(field)).contains(number))
            };
            email
                .as_ref()
                .is_none_or(|email| contact.text("Email").to_lowercase().contains(email))
                && phone.as_deref().is_none_or(has_number)
        });
    page(world, request, contacts, |_| {})
}

/// A number is the same however it is grouped, and a `+` is easily lost in a query.
fn digits(number: &str) -> String {
    number.chars().filter(char::is_ascii_digit).collect()
}

fn create(world: &mut World, request: &Request) -> Result<Answer, Problem> {
    let now = world.now();
    let mut contact = Record::of(
        Contact.shape(),
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
    Ok(Answer::Created(world.store.add(Contact, contact).into()))
}
