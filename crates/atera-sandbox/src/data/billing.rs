//! Contracts and invoices.
//!
//! Amounts of an invoice are exact to the cent: lines add up to the subtotal, and subtotal and tax to the total.

use chrono::{DateTime, Datelike, Months, NaiveTime, TimeDelta, Utc};
use fastrand::Rng;
use serde_json::{Map, Value, json};

use super::draw::{chance, ids, pick};
use crate::{
    rules::contracts::{shown_terms, terms_field},
    world::{
        Entity::{Contact, Contract, Customer, Invoice},
        Record, Store, random_guid, time,
    },
};

/// The id of the first contract, which the examples of the description name.
const FIRST_CONTRACT: i64 = 3301;

/// The number of the first invoice, which the examples of the description name.
const FIRST_INVOICE: i64 = 10_045;

/// The id of the first invoice, which is a GUID.
const FIRST_GUID: &str = "0b9d2a44-6a6f-4d0c-8f43-6f9a1d2c7e10";

/// A contract of each type: `ContractType`, name, and terms in the form of a create.
#[rustfmt::skip]
const TYPES: [(&str, &str, &str); 8] = [
    ("RemoteMonitoring", "Managed workstations", r#"{"PerDeviceRateID": 415, "CountBy": "PCAgents", "BillingPeriod": "Monthly"}"#),
    ("RetainerFlatFee", "Mailboxes", r#"{"RateID": 411, "Quantity": 12.0, "BillingPeriod": "Monthly"}"#),
    ("Hourly", "Support by the hour", r#"{"HourlyRateID": 410, "AdditionalRateIDs": [412, 413], "BillingPeriod": "OnDemand"}"#),
    ("BlockHours", "Ten hours a month", r#"{"HourlyRateID": 410, "HoursIncluded": 10.0, "OverageRateID": 412, "CommitRollover": true, "BillingPeriod": "Monthly"}"#),
    ("BlockMoney", "Support credit", r#"{"ContractAmountRateID": 414, "HourlyRateID": 410, "OverageRateID": 412, "CommitRollover": false, "BillingPeriod": "Quarterly"}"#),
    ("OnlineBackup", "Server backup", r#"{"PerGBRateID": 416, "CountBy": "ServersTotalGB", "BillingPeriod": "Monthly"}"#),
    ("ProjectOneTimeFee", "Move to the new server room", r#"{"TotalAmountRateId": 417}"#),
    ("ProjectHourlyRate", "Wireless survey", r#"{"TotalAmountRateId": 410, "AdditionalRateIDs": [412]}"#),
];

/// Generates contracts. Every second customer has a default contract. Those that remain of the count are further ones:
/// one of each type for the first customer, and any for the others.
pub(super) fn contracts(store: &mut Store, rng: &mut Rng, count: usize) {
    let customers = ids(store, Customer);
    let defaults = customers.iter().copied().step_by(2).take(count);
    // Id, customer, and whether it is the default.
    let mut planned: Vec<(i64, i64, bool)> = (FIRST_CONTRACT..)
        .step_by(2)
        .zip(defaults)
        .map(|(id, customer)| (id, customer, true))
        .collect();
    let further = (FIRST_CONTRACT + customers.len() as i64 + 1..).zip(planned.len()..count);
    for (id, index) in further {
        // Examples of updates need a contract of each type.
        let customer = match index - planned.iter().filter(|(.., default)| *default).count() {
            place if place < TYPES.len() => customers.first(),
            _ if customers.is_empty() => None,
            _ => Some(pick(rng, &customers)),
        };
        let Some(customer) = customer else { return };
        planned.push((id, *customer, false));
    }
    for (index, (id, customer, default)) in planned.into_iter().enumerate() {
        let (kind, name, terms) = match (index, default) {
            (0, _) => TYPES[0],
            (_, true) => TYPES[rng.usize(..TYPES.len() - 2)],
            (_, false) => TYPES[id as usize % TYPES.len()],
        };
        let contract = contract(store, rng, (customer, default), (kind, name, terms));
        store.put(Contract, id, contract);
    }
}

/// A contract of a customer. It starts within a month after the customer was created, and lasts whole years unless it
/// is open ended, as a default contract always is.
fn contract(
    store: &Store,
    rng: &mut Rng,
    (customer, default): (i64, bool),
    (kind, name, terms): (&str, &str, &str),
) -> Record {
    let taken_on = store
        .table(Customer)
        .get(customer)
        .and_then(|customer| customer.time("CreatedOn"));
    let start = midnight(taken_on.unwrap_or(store.as_of()) + TimeDelta::days(rng.i64(1..30)));
    let years = rng.u32(1..4);
    let end = start.checked_add_months(Months::new(12 * years)).unwrap_or(start) - TimeDelta::days(1);
    let open_ended = default || chance(rng, 30);
    let terms: Map<String, Value> = serde_json::from_str(terms).unwrap_or_default();
    let mut contract = Record::with_fields(
        Contract.shape(),
        start,
        [
            ("CustomerID", customer.into()),
            ("ContractName", name.into()),
            ("ContractType", kind.into()),
            ("Active", (open_ended || end > store.as_of()).into()),
            ("Default", default.into()),
            ("Taxable", chance(rng, 80).into()),
            ("StartDate", time(start)),
            ("EndDate", if open_ended { Value::Null } else { time(end) }),
            ("SLAId", rng.i64(21..24).into()),
            ("TaxId", 5.into()),
        ],
    );
    let field = terms_field(&contract);
    contract.set(&field, shown_terms(store, &field, &terms).unwrap_or_default());
    contract
}

/// The day of a time, at 0 o'clock in UTC.
fn midnight(time: DateTime<Utc>) -> DateTime<Utc> {
    time.date_naive().and_time(NaiveTime::MIN).and_utc()
}

/// Generates invoices, 24 for each of the last months, the oldest first. Each belongs to a contract.
pub(super) fn invoices(store: &mut Store, rng: &mut Rng, count: usize) {
    let contracts: Vec<Record> = store.table(Contract).iter().cloned().collect();
    if contracts.is_empty() {
        return;
    }
    for (number, index) in (FIRST_INVOICE..).zip(0..count) {
        let months_ago = ((count - index) / 24 + 1) as u32;
        let yesterday = midnight(store.as_of() - TimeDelta::days(1));
        let first_of_month = yesterday.with_day(1).unwrap_or(yesterday);
        let start = first_of_month
            .checked_sub_months(Months::new(months_ago))
            .unwrap_or(first_of_month);
        let end = start.checked_add_months(Months::new(1)).unwrap_or(start) - TimeDelta::days(1);
        let contract = if index == 0 {
            &contracts[0]
        } else {
            pick(rng, &contracts)
        };
        let mut invoice = invoice(store, rng, contract, (start, end));
        invoice.set(
            "InvoiceId",
            if index == 0 {
                FIRST_GUID.to_string()
            } else {
                random_guid(rng)
            },
        );
        invoice.set("InvoiceNumberAsString", number.to_string());
        if index % 50 == 49 {
            invoice.clear_all_but(&[]);
        }
        store.put(Invoice, number, invoice);
    }
}

/// An invoice of a contract for a period, with one to three lines.
fn invoice(
    store: &Store,
    rng: &mut Rng,
    contract: &Record,
    (start, end): (DateTime<Utc>, DateTime<Utc>),
) -> Record {
    let tax_percentage = if contract.is_set("Taxable") { 20.0 } else { 0.0 };
    let mut lines = Vec::new();
    let (mut subtotal, mut tax) = (0.0, 0.0);
    for index in 1..=rng.i32(1..4) {
        let quantity = f64::from(rng.i32(1..24));
        let rate = *pick(rng, &[45.0, 95.5, 4.2, 120.0]);
        let discount = *pick(rng, &[0.0, 0.0, 0.0, 10.0]);
        let line = cents(quantity * rate * (1.0 - discount / 100.0));
        let line_tax = cents(line * tax_percentage / 100.0);
        subtotal = cents(subtotal + line);
        tax = cents(tax + line_tax);
        lines.push(json!({
            "Product": contract.get("ContractName"), "Description": format!("{quantity} units, {}", end.format("%B %Y")),
            "Quantity": quantity, "Rate": rate, "TaxPercentage": tax_percentage, "DiscountPercentage": discount,
            "Total": cents(line + line_tax), "Subtotal": line, "Tax": line_tax, "LineIdx": index,
        }));
    }
    Record::with_fields(
        Invoice.shape(),
        end,
        [
            ("IsAdhoc", chance(rng, 8).into()),
            ("Total", cents(subtotal + tax).into()),
            ("Subtotal", subtotal.into()),
            ("Tax", tax.into()),
            ("TaxPercentage", tax_percentage.into()),
            ("InvoiceDate", time(end)),
            ("ContractName", contract.get("ContractName").clone()),
            ("PeriodStartDate", time(start)),
            ("PeriodEndDate", time(end)),
            ("Currency", "GBP".into()),
            ("LineItems", lines.into()),
            (
                "From",
                json!({
                    "CompanyName": "Fieldline IT", "ContactFirstName": "June", "ContactLastName": "Park",
                    "ContactFullName": "June Park", "Address": "4 Quay Lane", "State": "England", "Country": "United Kingdom",
                    "ZipCode": null, "City": "Bristol", "Phone": "+44 117 496 0170", "Email": "accounts@fieldline.example",
                }),
            ),
            (
                "To",
                receiver(store, contract.number("CustomerID").unwrap_or_default()),
            ),
        ],
    )
}

/// `To` of an invoice: the customer, with its first contact.
fn receiver(store: &Store, customer: i64) -> Value {
    let Some(record) = store.table(Customer).get(customer) else {
        return Value::Null;
    };
    let mut contacts = store.table(Contact).iter();
    let contact = contacts.find(|contact| contact.number("CustomerID") == Some(customer));
    let of = |name: &str| contact.map(|contact| contact.get(name).clone());
    let name = contact.map(|contact| format!("{} {}", contact.text("Firstname"), contact.text("Lastname")));
    json!({
        "CompanyName": record.get("CustomerName"), "ContactFirstName": of("Firstname"), "ContactLastName": of("Lastname"),
        "ContactFullName": name.map(|name| name.trim().to_string()), "Address": record.get("Address"),
        "State": record.get("State"), "Country": record.get("Country"), "ZipCode": record.text("ZipCodeStr").parse::<i32>().ok(),
        "City": record.get("City"), "Phone": record.get("Phone"), "Email": of("Email"),
    })
}

/// An amount rounded to cents.
fn cents(amount: f64) -> f64 {
    (amount * 100.0).round() / 100.0
}
