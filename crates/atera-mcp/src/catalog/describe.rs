//! What an operation takes and answers, in as few characters as are needed.

use std::fmt::Write;

use atera::description::{Field, Kind, Location, Operation, Parameter, Schema, is_paging};

use crate::level::{Level, internal_switch};

/// How deep the fields of objects within a body are shown.
const DEEPEST: usize = 3;

/// An operation in detail.
pub(crate) fn describe(operation: &'static Operation) -> String {
    let mut text = format!(
        "{} ({})\n{}\n",
        operation.id,
        level(operation),
        operation.description
    );
    let shown: Vec<_> = operation
        .parameters
        .iter()
        .filter(|parameter| !(operation.list && is_paging(parameter.name)))
        .collect();
    if !shown.is_empty() {
        text.push_str("arguments:\n");
        for it in shown {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "- {}", parameter(it));
        }
    }
    match operation.body {
        Some(Kind::Object(schema)) => {
            text.push_str("body:\n");
            fields(schema, 0, &mut text);
            if !schema.requires.is_empty() {
                let sets = schema.requires.iter().map(|set| set.join(" with "));
                let _ = writeln!(text, "one of: {}", sets.collect::<Vec<_>>().join(", or "));
            }
        }
        Some(kind) => {
            let _ = writeln!(text, "body: {}", kind_name(kind));
            if let Kind::Array(Kind::Object(schema)) = kind {
                fields(schema, 0, &mut text);
            }
        }
        None => {}
    }
    if let Some(example) = operation.example {
        let _ = writeln!(text, "example of a body: {}", compact(example));
    }
    let _ = writeln!(text, "answers: {}", answer(operation));
    text
}

/// The level in words, and what it depends on.
pub(crate) fn level(operation: &Operation) -> String {
    let least = Level::least(operation).tool();
    match internal_switch(operation) {
        Some(switch) if Level::highest(operation) > Level::least(operation) => {
            format!(
                "{least}; destroy unless {}.{} is true",
                switch.parent, switch.field
            )
        }
        _ => least.to_string(),
    }
}

fn parameter(parameter: &Parameter) -> String {
    let mut text = format!("{} ({}", parameter.name, kind_name(parameter.kind));
    if parameter.required || parameter.location == Location::Path {
        text.push_str(", required");
    }
    text.push(')');
    if !parameter.description.is_empty() {
        let _ = write!(text, ": {}", one_line(parameter.description));
    }
    if !parameter.example.is_empty() && !matches!(parameter.kind, Kind::Boolean | Kind::Enum { .. }) {
        let _ = write!(text, " As in {}.", parameter.example);
    }
    text
}

fn fields(schema: &Schema, depth: usize, text: &mut String) {
    for field in schema.fields.iter().filter(|field| !field.deprecated) {
        let _ = writeln!(text, "{}- {}", "  ".repeat(depth), of_field(field));
        let inner = match field.kind {
            Kind::Object(inner) => Some(inner),
            Kind::Array(Kind::Object(inner)) => Some(*inner),
            _ => None,
        };
        if let Some(inner) = inner.filter(|_| depth + 1 < DEEPEST) {
            fields(inner, depth + 1, text);
        }
    }
}

fn of_field(field: &Field) -> String {
    let mut text = format!("{} ({}", field.name, kind_name(field.kind));
    if field.required {
        text.push_str(", required");
    }
    text.push(')');
    if !field.description.is_empty() {
        let _ = write!(text, ": {}", one_line(field.description));
    }
    text
}

/// What an operation answers: the type, and the names of its fields.
fn answer(operation: &Operation) -> String {
    let names = |schema: &Schema| {
        let names: Vec<_> = schema.fields.iter().map(|field| field.name).collect();
        format!("{} ({})", schema.name, names.join(", "))
    };
    match (operation.record(), operation.answer) {
        (Some(record), _) => format!("a list of {}", names(record)),
        (None, Some(Kind::Object(schema))) => names(schema),
        (None, Some(Kind::Array(Kind::Object(schema)))) => format!("a list of {}", names(schema)),
        (None, Some(kind)) => kind_name(kind),
        (None, None) => "nothing".to_string(),
    }
}

fn kind_name(kind: Kind) -> String {
    match kind {
        Kind::Integer => "integer".to_string(),
        Kind::Number => "number".to_string(),
        Kind::Boolean => "boolean".to_string(),
        Kind::Text => "text".to_string(),
        Kind::Uuid => "guid".to_string(),
        Kind::Date => "date".to_string(),
        Kind::Timestamp => "UTC time".to_string(),
        Kind::AccountTime => "time in the account's zone, without offset".to_string(),
        Kind::ActionId => "id".to_string(),
        Kind::Enum { values, .. } => values.join("|"),
        Kind::Object(schema) => schema.name.to_string(),
        Kind::Array(inner) => format!("list of {}", kind_name(*inner)),
        Kind::Map(_) => "object".to_string(),
        _ => "anything".to_string(),
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// JSON without the spaces between its parts.
fn compact(json: &str) -> String {
    match serde_json::from_str::<serde_json::Value>(json) {
        Ok(value) => value.to_string(),
        Err(_) => one_line(json),
    }
}

#[cfg(test)]
mod tests {
    use atera::description::OPERATIONS;

    use super::*;

    fn text(id: &str) -> String {
        describe(Operation::find(id).expect(id))
    }

    #[test]
    fn an_operation_is_told_with_all_that_a_call_needs() {
        insta::assert_snapshot!("describe_tickets_add_comment", text("tickets_add_comment"));
        insta::assert_snapshot!("describe_alerts_list", text("alerts_list"));
    }

    #[test]
    fn every_operation_is_told_in_bounded_space() {
        for operation in OPERATIONS {
            let text = describe(operation);
            assert!(text.len() < 16_000, "{}: {}", operation.id, text.len());
            for parameter in operation.parameters {
                let is_shown = text.contains(&format!("- {} (", parameter.name));
                assert_eq!(
                    is_shown,
                    !(operation.list && is_paging(parameter.name)),
                    "{}",
                    operation.id
                );
            }
        }
    }
}
