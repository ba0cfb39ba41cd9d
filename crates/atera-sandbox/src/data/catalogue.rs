//! Records of the account as a whole: rates, SLAs, articles of the knowledge base, and custom fields.

use chrono::TimeDelta;
use fastrand::Rng;
use serde_json::{Value, json};

use super::{
    draw::{ago, between, chance, ids, pick},
    names::ascii,
    subjects::SUBJECTS,
};
use crate::{
    rules::custom_values::{TARGETS, value},
    world::{
        Entity::{Agent, Article, CustomField, CustomValue, Rate, Sla},
        Record, Store, random_guid, time,
    },
};

/// A rate: id, amount, description, SKU and category.
type RateRow = (i64, f64, &'static str, Option<&'static str>, Option<&'static str>);

/// Products. Examples of the description name these ids.
#[rustfmt::skip]
const PRODUCTS: [RateRow; 9] = [
    (410, 95.5, "Remote support per hour", Some("LAB-REMOTE"), Some("Labour")),
    (411, 4.2, "Mailbox per month", Some("SUB-MAIL"), Some("Subscriptions")),
    (412, 142.0, "Support at nights and weekends per hour", Some("LAB-NIGHT"), Some("Labour")),
    (413, 120.0, "Support on site per hour", Some("LAB-SITE"), Some("Labour")),
    (414, 1500.0, "Support credit", Some("CREDIT-1500"), None),
    (415, 45.0, "Managed workstation", Some("MON-PC"), Some("Monitoring")),
    (416, 0.35, "Backup per gigabyte", Some("BAK-GB"), Some("Backup")),
    (417, 7800.0, "Move to a new server room", None, Some("Projects")),
    (418, 210.0, "Übersiedlung — Arbeitsplatz", None, None),
];

/// Expenses. The first is in the examples of the description.
#[rustfmt::skip]
const EXPENSES: [RateRow; 4] = [
    (455, 0.45, "Travel per mile", Some("EXP-MILE"), Some("Travel")),
    (456, 18.0, "Parking", Some("EXP-PARK"), Some("Travel")),
    (457, 62.5, "Courier", None, Some("Shipping")),
    (458, 129.0, "Hotel night", Some("EXP-HOTEL"), None),
];

/// Generates products and expenses. They are the same for each seed.
pub(super) fn rates(store: &mut Store) {
    let products = PRODUCTS.iter().map(|rate| (rate, false));
    let expenses = EXPENSES.iter().map(|rate| (rate, true));
    for ((id, amount, description, sku, category), is_expense) in products.chain(expenses) {
        let fields = [
            ("Amount", (*amount).into()),
            ("Description", (*description).into()),
            ("SKU", (*sku).into()),
            ("Category", (*category).into()),
            ("IsExpense", is_expense.into()),
            ("Archived", false.into()),
        ];
        store.put(
            Rate,
            *id,
            Record::with_fields(Rate.shape(), store.as_of(), fields),
        );
    }
}

/// Generates SLAs. Contracts refer to their ids, and no answer has more of them.
pub(super) fn slas(store: &mut Store) {
    for (id, name) in (21..).zip(["Standard", "Extended", "Around the clock"]) {
        store.put(
            Sla,
            id,
            Record::with_fields(Sla.shape(), store.as_of(), [("Name", name.into())]),
        );
    }
}

/// Sections of the knowledge base: name and GUID of the section, and of the category that it belongs to.
const SECTIONS: [(&str, &str, &str, &str); 3] = [
    (
        "Printing",
        "2b7f4c1a-90d3-4e58-a6c2-5d8e1f3b0a94",
        "Office equipment",
        "7e0a6d92-13b5-4f8c-8b47-c9d2e4a5f601",
    ),
    (
        "Mail and calendar",
        "c3d91f60-2f47-4b0e-9a15-6b7cc0e8d512",
        "Applications",
        "0f4be7aa-61d8-4c9b-9e33-52a8d7c61b20",
    ),
    (
        "Network",
        "91f6b2d4-5a0c-4d7e-8f21-3ce5a7904b68",
        "Infrastructure",
        "5a2e8c17-b94d-4f63-a0d1-7f38e62b9c45",
    ),
];

/// Generates articles, in turn for each subject of tickets. Every 13th has no field set but its id.
pub(super) fn articles(store: &mut Store, rng: &mut Rng, count: usize) {
    for (id, index) in (860..).zip(0..count) {
        let subject = &SUBJECTS[index % SUBJECTS.len()];
        let (section, section_id, category, category_id) = SECTIONS[index % SECTIONS.len()];
        let written = ago(rng, store.as_of(), TimeDelta::days(30), TimeDelta::days(900));
        let modified = between(rng, written, store.as_of());
        let views = rng.i32(0..2_000);
        let words: Vec<String> = subject
            .title
            .split(' ')
            .map(ascii)
            .filter(|word| !word.is_empty())
            .collect();
        let mut article = Record::with_fields(
            Article.shape(),
            modified,
            [
                ("KBTimestamp", time(written)),
                (
                    "KBContext",
                    format!("<h1>{}</h1><p>{}</p>", subject.title, subject.solution).into(),
                ),
                ("KBProduct", subject.title.into()),
                ("KBRating_Yes", (views / 12).into()),
                ("KBRating_No", (views / 70).into()),
                ("KBRating_Views", views.into()),
                ("KBLastModified", time(modified)),
                ("KBIsPrivate", chance(rng, 30).into()),
                ("KBStatus", 1.into()),
                ("KBPriority", rng.i32(0..3).into()),
                ("KBKeywords", words.join(",").into()),
                ("KBAddress", format!("{}-{id}", words.join("-")).into()),
                ("SectionId", section_id.into()),
                ("SectionName", section.into()),
                ("CategoryId", category_id.into()),
                ("CategoryName", category.into()),
            ],
        );
        if index % 13 == 12 {
            article.clear_all_but(&["KBID"]);
        }
        store.put(Article, id, article);
    }
}

/// A custom field: name, data type, targets, options each with the option of the parent that it needs, and the parent
/// field.
type CustomFieldRow = (
    &'static str,
    &'static str,
    &'static [&'static str],
    &'static [(&'static str, Option<&'static str>)],
    Option<&'static str>,
);

/// Every `Target` that a custom field can have.
const ALL_TARGETS: [&str; 10] = [
    "Customer",
    "Ticket",
    "Contact",
    "Contract",
    "SLA",
    "Agent",
    "SNMPDevice",
    "TCPDevice",
    "HTTPDevice",
    "GenericDevice",
];

/// Custom fields of each data type. The slash in one name must be escaped in a path.
const FIELDS: [CustomFieldRow; 7] = [
    ("Asset tag", "Text", &ALL_TARGETS, &[], None),
    ("Approved", "Boolean", &["Ticket", "Contract"], &[], None),
    ("Cost", "Numeric", &["Ticket", "Agent"], &[], None),
    (
        "Renewal date",
        "Date",
        &["Customer", "Agent", "Contract"],
        &[],
        None,
    ),
    (
        "Site area",
        "Options",
        &["Agent", "GenericDevice"],
        &[
            ("Front office", None),
            ("Back office", None),
            ("Keller/Müll", None),
        ],
        None,
    ),
    (
        "Desk",
        "OptionsWithDependencies",
        &["Agent"],
        &[
            ("Reception 1", Some("Front office")),
            ("Reception 2", Some("Front office")),
            ("Accounts 1", Some("Back office")),
        ],
        Some("Site area"),
    ),
    ("Größe / Size", "Text", &["Customer"], &[], None),
];

/// Generates custom fields. A field with several targets becomes a record for each of them.
pub(super) fn custom_fields(store: &mut Store) {
    let with_targets = FIELDS
        .iter()
        .flat_map(|field| field.2.iter().map(move |target| (field, *target)));
    for (id, (field, target)) in (1..).zip(with_targets) {
        let (name, data_type, _, options, parent) = *field;
        let options = options
            .iter()
            .map(|(option, parent)| json!({"Value": option, "Text": option, "ParentName": parent}));
        let fields = [
            ("Name", name.into()),
            ("DataType", data_type.into()),
            ("Target", target.into()),
            ("PossibleValues", Value::from_iter(options)),
            ("ParentAttributeName", parent.into()),
        ];
        store.put(
            CustomField,
            id,
            Record::with_fields(CustomField.shape(), store.as_of(), fields),
        );
    }
}

/// The GUID of the first value, which the examples of the description name.
const FIRST_VALUE: &str = "c4b1f7a2-93d5-4e08-b6a1-5d7e20f84c19";

/// Generates values on the first 40 records of each kind with custom fields. Agents come first, because the first value
/// of the examples is on an agent.
pub(super) fn custom_values(store: &mut Store, rng: &mut Rng) {
    let fields: Vec<Record> = store.table(CustomField).iter().cloned().collect();
    let others = TARGETS
        .iter()
        .map(|(_, entity)| *entity)
        .filter(|entity| *entity != Agent);
    for entity in [Agent].into_iter().chain(others) {
        let items: Vec<i64> = ids(store, entity).into_iter().take(40).collect();
        for (index, item) in items.into_iter().enumerate() {
            for field in fields
                .iter()
                .filter(|field| Some(field.text("Target")) == entity.target())
            {
                if index > 0 && chance(rng, 40) {
                    continue;
                }
                let text = match field.text("DataType") {
                    "Boolean" => chance(rng, 60).to_string(),
                    "Numeric" => format!("{}.5", rng.u16(1..900)),
                    "Date" => format!(
                        "{}-{:02}-{:02}",
                        store.as_of().format("%Y"),
                        rng.u8(1..13),
                        rng.u8(1..29)
                    ),
                    "Text" => format!("HD-{:04}", 417 + index),
                    _ => {
                        let options = field.get("PossibleValues").as_array();
                        let options: Vec<_> = options.into_iter().flatten().collect();
                        pick(rng, &options)["Value"]
                            .as_str()
                            .unwrap_or_default()
                            .to_string()
                    }
                };
                let Ok(mut made) = value(field, item, &text) else {
                    continue;
                };
                let first = store.table(CustomValue).len() == 0;
                made.set(
                    "Id",
                    if first {
                        FIRST_VALUE.to_string()
                    } else {
                        random_guid(rng)
                    },
                );
                store.add(CustomValue, made);
            }
        }
    }
}
