//! Customers and the folders of their agents.

use chrono::{DateTime, TimeDelta, Utc};
use fastrand::Rng;
use serde_json::Value;

use super::{
    draw::{ago, between, chance, optional, pick},
    hardware::FOLDERS,
    names::{HOUSES, PLACES, Place, STREETS, TRADES, ascii},
};
use crate::world::{
    Entity::{Customer, Folder},
    Record, Store, time,
};

/// The id of the first customer, which the examples of the description name.
const FIRST_ID: i64 = 1201;

/// Generates customers, each with its folders.
pub(super) fn generate(store: &mut Store, rng: &mut Rng, count: usize) {
    for (id, index) in (FIRST_ID..).zip(0..count) {
        let customer = customer(rng, index, store.as_of());
        store.put(Customer, id, customer);
        folders(store, id);
    }
}

/// Adds the folders of a customer. Their names are the same at each customer, their ids are not.
fn folders(store: &mut Store, customer: i64) {
    for (index, name) in (0..).zip(FOLDERS) {
        let fields = [
            ("Name", name.into()),
            ("CustomerId", customer.into()),
            ("ThresholdId", (index == 2).then_some(61).into()),
        ];
        let folder = Record::with_fields(Folder.shape(), store.as_of(), fields);
        store.put(Folder, folder_id(customer, index), folder);
    }
}

/// The id of the folder of a customer with this index.
pub(super) fn folder_id(customer: i64, place: i64) -> i64 {
    310 + (customer - FIRST_ID) * FOLDERS.len() as i64 + place
}

/// The customer with this index, as of a date.
fn customer(rng: &mut Rng, index: usize, as_of: DateTime<Utc>) -> Record {
    let name = name(index);
    let domain = format!("{}.example", ascii(&name));
    // The examples of the description have a town for the first customer.
    let place = if index == 0 {
        &PLACES[0]
    } else {
        pick(rng, &PLACES)
    };
    // The first ticket belongs to the first customer, which must be older.
    let created = match index {
        0 => as_of - TimeDelta::days(1500),
        _ => ago(rng, as_of, TimeDelta::days(40), TimeDelta::days(1400)),
    };
    let modified = between(rng, created, as_of);
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

/// The name of the customer with this index, such as `Harbor Dental`. No two are equal.
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

/// A telephone number of a town; null where no numbers are reserved for fiction.
pub(super) fn phone(rng: &mut Rng, place: &Place) -> Value {
    place.phone.map(|pattern| filled(rng, pattern)).into()
}

/// A pattern with a random digit for each `#` and a random capital letter for each `@`.
fn filled(rng: &mut Rng, pattern: &str) -> String {
    let fill = |character| match character {
        '#' => rng.digit(10),
        '@' => rng.uppercase(),
        other => other,
    };
    pattern.chars().map(fill).collect()
}

/// A coordinate up to 0.04 degrees away, with four decimals.
fn near(rng: &mut Rng, degrees: f64) -> f64 {
    let away = f64::from(rng.i32(-400..400)) / 10_000.0;
    ((degrees + away) * 10_000.0).round() / 10_000.0
}
