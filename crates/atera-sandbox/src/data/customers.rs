//! Customers.

use chrono::TimeDelta;
use fastrand::Rng;
use serde_json::Value;

use super::{
    draw::{ago, between, chance, optional, pick},
    hardware::FOLDERS,
    names::{HOUSES, PLACES, Place, STREETS, TRADES, ascii},
};
use crate::world::{
    Entity::{Customer, Folder},
    REFERENCE_DATE, Record, Store, time,
};

/// Id of the first.
const FIRST_ID: i64 = 1201;

pub(super) fn generate(store: &mut Store, rng: &mut Rng, count: usize) {
    for (id, index) in (FIRST_ID..).zip(0..count) {
        let customer = customer(rng, index);
        store.put(Customer, id, customer);
        folders(store, id);
    }
}

/// Each customer has the same folders, under ids of its own.
fn folders(store: &mut Store, customer: i64) {
    for (index, name) in (0..).zip(FOLDERS) {
        let fields = [
            ("Name", name.into()),
            ("CustomerId", customer.into()),
            ("ThresholdId", (index == 2).then_some(61).into()),
        ];
        let folder = Record::with_fields(Folder.shape(), REFERENCE_DATE, fields);
        store.put(Folder, folder_id(customer, index), folder);
    }
}

/// The id of a folder of a customer, by its place among those.
pub(super) fn folder_id(customer: i64, place: i64) -> i64 {
    310 + (customer - FIRST_ID) * FOLDERS.len() as i64 + place
}

fn customer(rng: &mut Rng, index: usize) -> Record {
    let name = name(index);
    let domain = format!("{}.example", ascii(&name));
    // The first is in Bristol, as in the examples of the description.
    let place = if index == 0 {
        &PLACES[0]
    } else {
        pick(rng, &PLACES)
    };
    // The first is older than any ticket.
    let created = match index {
        0 => REFERENCE_DATE - TimeDelta::days(1500),
        _ => ago(rng, TimeDelta::days(40), TimeDelta::days(1400)),
    };
    let modified = between(rng, created, REFERENCE_DATE);
    let notes = [
        "Closed on Wednesday afternoons.",
        "Ring twice; the bell is faint.",
        "Invoices by post only.\nAsk for the manager before anything is restarted.",
    ];
    Record::with_fields(
        Customer.shape(),
        modified,
        [
            ("CustomerName", name.as_str().into()),
            ("CreatedOn", time(created)),
            ("LastModified", time(modified)),
            (
                "BusinessNumber",
                optional(rng, 70, |rng| {
                    format!("{}-{:08}", place.code, rng.u32(1..99_999_999))
                }),
            ),
            ("Domain", domain.as_str().into()),
            (
                "Address",
                format!("{} {}", rng.u8(1..180), pick(rng, &STREETS)).into(),
            ),
            ("City", place.city.into()),
            ("State", place.state.into()),
            ("Country", place.country.into()),
            ("Phone", phone(rng, place)),
            (
                "Fax",
                if chance(rng, 20) {
                    phone(rng, place)
                } else {
                    Value::Null
                },
            ),
            ("Notes", optional(rng, 35, |rng| (*pick(rng, &notes)).to_string())),
            (
                "Logo",
                optional(rng, 25, |_| format!("https://{domain}/logo.png")),
            ),
            ("Links", optional(rng, 60, |_| format!("https://www.{domain}"))),
            ("Longitude", near(rng, place.longitude).into()),
            ("Latitude", near(rng, place.latitude).into()),
            ("ZipCodeStr", filled(rng, place.zip).into()),
        ],
    )
}

/// A name that no other customer has.
fn name(index: usize) -> String {
    let house = index % HOUSES.len();
    let round = index / HOUSES.len();
    let trade = TRADES[(round + house) % TRADES.len()];
    let name = format!("{} {trade}", HOUSES[house]);
    match round / TRADES.len() {
        0 => name,
        again => format!("{name} {}", again + 1),
    }
}

/// A telephone number of the place, if there are such for fiction.
pub(super) fn phone(rng: &mut Rng, place: &Place) -> Value {
    place.phone.map(|pattern| filled(rng, pattern)).into()
}

/// A pattern with digits in place of `#` and letters in place of `@`.
fn filled(rng: &mut Rng, pattern: &str) -> String {
    let fill = |character| match character {
        '#' => rng.digit(10),
        '@' => rng.uppercase(),
        other => other,
    };
    pattern.chars().map(fill).collect()
}

/// A coordinate some streets away.
fn near(rng: &mut Rng, degrees: f64) -> f64 {
    let away = f64::from(rng.i32(-400..400)) / 10_000.0;
    ((degrees + away) * 10_000.0).round() / 10_000.0
}
