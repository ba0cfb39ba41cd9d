//! Contacts, found by parts of their addresses and numbers.

use super::{customers::newest_first, handler::Handlers, paging::page};
use crate::{
    http::{Answer, OperationRequest, Problem},
    world::{Entity::Contact, Record, World, time},
};

pub(super) const HANDLERS: Handlers = &[
    ("contacts_list", |world, request| Ok(list(world, request))),
    ("contacts_create", create),
];

/// The list. `Email` and `Phone` match a part of the field; which fields a number is looked for in is a guess.
fn list(world: &World, request: &OperationRequest) -> Answer {
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

/// The digits of a telephone number, so that grouping makes no difference. An unescaped `+` in a query is read as a
/// space.
fn digits(number: &str) -> String {
    number.chars().filter(char::is_ascii_digit).collect()
}

/// Creates a contact. The flags that a request can leave out are `false`.
fn create(world: &mut World, request: &OperationRequest) -> Result<Answer, Problem> {
    let now = world.now();
    let mut contact = Record::with_fields(
        Contact.shape(),
        now,
        [
            ("IsContactPerson", false.into()),
            ("InIgnoreMode", false.into()),
            ("CreatedOn", time(now)),
            ("Archived", false.into()),
        ],
    );
    world.store.apply(&mut contact, &request.given())?;
    contact.mark_modified(now);
    Ok(Answer::Created(world.store.add(Contact, contact).into()))
}
