//! Values of custom fields.

use atera::{Timestamp, description::parse_boolean};
use serde_json::Value;

use crate::world::{
    Entity::{self, CustomValue},
    Record, guid_of, time,
};

/// The kinds of records that have custom fields, each with the name that verbs of operations have for it, as in
/// `set_on_snmp_device`.
pub(crate) const TARGETS: [(&str, Entity); 10] = [
    ("ticket", Entity::Ticket),
    ("customer", Entity::Customer),
    ("contact", Entity::Contact),
    ("contract", Entity::Contract),
    ("sla", Entity::Sla),
    ("agent", Entity::Agent),
    ("snmp_device", Entity::SnmpDevice),
    ("tcp_device", Entity::TcpDevice),
    ("http_device", Entity::HttpDevice),
    ("generic_device", Entity::GenericDevice),
];

/// The value of a custom field on the record with the id `item`. A value has all its forms at once: the text, and the
/// number, flag or date that the text stands for by the type of the field.
///
/// # Errors
///
/// The reason, if the text does not fit the type of the field. An empty text always fits: it clears the value.
pub(crate) fn value(field: &Record, item: i64, text: &str) -> Result<Record, String> {
    let mut value = Record::with_fields(
        CustomValue.shape(),
        field.modified,
        [
            ("ItemId", item.into()),
            ("FieldName", field.get("Name").clone()),
            ("ValueAsString", text.into()),
            ("ValueAsDecimal", 0.0.into()),
            ("ValueAsBool", false.into()),
            ("Target", field.get("Target").clone()),
        ],
    );
    if text.is_empty() {
        return Ok(value);
    }
    match field.text("DataType") {
        "Numeric" => match text.trim().parse::<f64>() {
            Ok(number) if number.is_finite() => value.set("ValueAsDecimal", number),
            _ => return Err(format!("`{text}` is not a number")),
        },
        "Boolean" => match parse_boolean(text.trim()) {
            Some(flag) => value.set("ValueAsBool", flag),
            None => return Err(format!("`{text}` is neither true nor false")),
        },
        "Date" => match date(text.trim()) {
            Some(date) => value.set("ValueAsDateTime", date),
            None => return Err(format!("`{text}` is not a date; write it like 2026-03-02")),
        },
        "Options" | "OptionsWithDependencies" => {
            let option = option(field, text)?;
            value.set("ValueAsString", option);
            // The description has an id for options in answers, but none that a program could know beforehand. A hash
            // of the names stays the same in each run.
            let name = format!("{}/{}/{option}", field.text("Target"), field.text("Name"));
            value.set("OptionId", guid_of(&name));
        }
        _ => {}
    }
    Ok(value)
}

/// The option of a field that a text names, in the letter case of the field.
fn option<'a>(field: &'a Record, text: &str) -> Result<&'a str, String> {
    let options = field.get("PossibleValues").as_array().into_iter().flatten();
    let options: Vec<&str> = options.filter_map(|option| option["Value"].as_str()).collect();
    let found = options.iter().find(|option| option.eq_ignore_ascii_case(text));
    match found {
        Some(option) => Ok(option),
        None => Err(format!("`{text}` is none of {}", options.join(", "))),
    }
}

/// A date in the form of [`time`]. A date without a time is the start of that day in UTC.
fn date(text: &str) -> Option<Value> {
    let date: Timestamp = text.parse().ok()?;
    Some(time(date.to_utc()))
}
