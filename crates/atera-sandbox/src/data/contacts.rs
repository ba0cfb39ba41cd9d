//! Contacts: people at customers, called end users in many names of the API.

use std::collections::HashSet;

use chrono::TimeDelta;
use fastrand::Rng;
use serde_json::Value;

use super::{
    customers::phone,
    draw::{between, chance, ids, optional, owning_customer, pick},
    names::{FIRST, JOBS, LAST, PLACES, ascii},
};
use crate::world::{
    Entity::{Contact, Customer, Department},
    Record, Store, time,
};

/// The id of the first contact, which the examples of the description name.
const FIRST_ID: i64 = 12_345;

/// Generates contacts. The first ones are the contact persons of their customers.
pub(super) fn generate(store: &mut Store, rng: &mut Rng, count: usize) {
    let customers = ids(store, Customer);
    if customers.is_empty() {
        return;
    }
    let departments = ids(store, Department);
    let mut emails = HashSet::new();
    for (id, index) in (FIRST_ID..).zip(0..count) {
        let customer = owning_customer(rng, &customers, index);
        // The examples of the description have a name for the first contact.
        let (first, last) = match index {
            0 => (FIRST[0], LAST[0]),
            _ => (*pick(rng, &FIRST), *pick(rng, &LAST)),
        };
        let Some(at) = store.table(Customer).get(customer) else {
            continue;
        };
        // Some people are known by their telephone alone.
        let email = match (index % 41, email(&mut emails, first, last, at.text("Domain"), id)) {
            (40, _) => Value::Null,
            (_, email) => email.into(),
        };
        let taken_on = at.time("CreatedOn").unwrap_or(store.as_of());
        let created = match index {
            0 => taken_on,
            _ => between(rng, taken_on, store.as_of() - TimeDelta::days(2)),
        };
        let modified = between(rng, created, store.as_of());
        let place = PLACES.iter().find(|place| place.city == at.text("City"));
        let department = match index {
            0 => departments.first().copied(),
            _ if chance(rng, 45) => Some(*pick(rng, &departments)),
            _ => None,
        };
        let contact = Record::with_fields(
            Contact.shape(),
            modified,
            [
                ("CustomerID", customer.into()),
                ("Firstname", first.into()),
                // Shared mailboxes are contacts without a last name.
                (
                    "Lastname",
                    if index > 0 && chance(rng, 3) {
                        Value::Null
                    } else {
                        last.into()
                    },
                ),
                (
                    "JobTitle",
                    optional(rng, 75, |rng| (*pick(rng, &JOBS)).to_string()),
                ),
                ("Email", email),
                ("Phone", place.map_or(Value::Null, |place| phone(rng, place))),
                (
                    "MobilePhone",
                    optional(rng, 50, |rng| format!("+44 7700 900{:03}", rng.u16(..1000))),
                ),
                ("IsContactPerson", (index < customers.len()).into()),
                ("InIgnoreMode", chance(rng, 3).into()),
                ("CreatedOn", time(created)),
                ("LastModified", time(modified)),
                ("Archived", (index >= customers.len() && chance(rng, 6)).into()),
                ("DepartmentID", department.into()),
            ],
        );
        let mut contact = contact;
        // One contact has nothing but an address, as if made from an e-mail.
        if index == 112 {
            contact.clear_all_but(&["CustomerID", "CustomerName", "Email", "CreatedOn", "LastModified"]);
        }
        store.put(Contact, id, contact);
    }
}

/// An e-mail address that no other contact has. The id makes it so where names are equal, or have no ASCII letters.
fn email(taken: &mut HashSet<String>, first: &str, last: &str, domain: &str, id: i64) -> String {
    let user = match (ascii(first), ascii(last)) {
        (first, last) if first.is_empty() || last.is_empty() => format!("{first}{last}{id}"),
        (first, last) => format!("{first}.{last}"),
    };
    let mut email = format!("{user}@{domain}");
    if !taken.insert(email.clone()) {
        email = format!("{user}{id}@{domain}");
        taken.insert(email.clone());
    }
    email
}
