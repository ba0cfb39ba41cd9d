//! Command lines for the help of an operation, made of the examples of the description.
//!
//! The help of each command ends with lines that work as they stand: a test parses every one of them.

use std::collections::BTreeMap;

use atera::description::{Kind, Location, Operation};
use serde_json::Value;

use super::{fields, target};
use crate::names::{command_line, flag_name};

/// The section "Examples" of an operation's help.
pub(crate) fn of(operation: &'static Operation) -> String {
    let mut lines = vec![example(operation)];
    if operation.list {
        lines.push(format!("{} --all --output ndjson", command_line(operation)));
    }
    if target::many(operation).is_some() {
        let flags = example(operation);
        let flags = flags
            .split_once(" --")
            .map_or(String::new(), |(_, flags)| format!(" --{flags}"));
        lines.push(format!("{} --ids ids.txt{flags}", command_line(operation)));
    }
    if target::takes_rows(operation) {
        lines.push(format!("{} --from rows.csv --dry-run", command_line(operation)));
    }
    let mut text = "Examples:".to_string();
    for line in lines {
        text.push_str("\n  ");
        text.push_str(&line);
    }
    text
}

/// One command line: with all that the path needs, one filter, and the example of the body. A body that has parts without a
/// flag is piped in as JSON.
pub(crate) fn example(operation: &Operation) -> String {
    let mut words = vec![command_line(operation)];
    let path = operation
        .parameters
        .iter()
        .filter(|it| it.location == Location::Path);
    words.extend(path.map(|parameter| quoted(parameter.example)));
    let mut filters = operation.parameters.iter().filter(|parameter| {
        parameter.location == Location::Query && !["page", "itemsInPage"].contains(&parameter.name)
    });
    if let Some(filter) = filters.next() {
        words.push(format!("--{}", flag_name(filter.name)));
        words.push(quoted(filter.example));
    }
    let line = words.join(" ");
    let Some((kind, example)) = operation.body.zip(operation.example) else {
        return line;
    };
    match flags(kind, example) {
        Some(flags) => line + &flags,
        None => format!("echo {} | {line} --body -", quoted(example)),
    }
}

/// The flags that make this body. `None` if a part of it has no flag.
fn flags(kind: Kind, example: &str) -> Option<String> {
    let scalars = fields::scalars(kind);
    let Ok(Value::Object(body)) = serde_json::from_str(example) else {
        return None;
    };
    // The map keeps the order of the description, whatever order the example has.
    let mut flags = BTreeMap::new();
    let mut add = |parent: Option<&str>, name: &str, value: &Value| {
        let position = scalars
            .iter()
            .position(|scalar| scalar.field.name == name && scalar.parent.map(|it| it.name) == parent)?;
        let value = match value {
            Value::String(text) => quoted(text),
            Value::Number(number) => number.to_string(),
            Value::Bool(yes) => yes.to_string(),
            _ => return None,
        };
        flags.insert(position, format!(" --{} {value}", scalars[position].flag()));
        Some(())
    };
    for (name, value) in &body {
        match value {
            Value::Object(inner) => {
                for (field, value) in inner {
                    add(Some(name), field, value)?;
                }
            }
            value => add(None, name, value)?,
        }
    }
    Some(flags.into_values().collect())
}

/// A word of a command line, in quotes if a shell would change it.
fn quoted(text: &str) -> String {
    let is_plain = |character: char| character.is_ascii_alphanumeric() || "-_./:@+,=".contains(character);
    match !text.is_empty() && text.chars().all(is_plain) {
        true => text.to_string(),
        false => format!("'{}'", text.replace('\'', r"'\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example_of(id: &str) -> String {
        example(Operation::find(id).expect("an operation"))
    }

    #[test]
    fn examples_come_from_the_description() {
        assert_eq!(
            example_of("tickets_get"),
            "atera tickets get 54321 --include-relations true"
        );
        assert_eq!(
            example_of("tickets_create"),
            "atera tickets create --ticket-title 'New ticket' --description 'Issue description' \
             --ticket-priority Medium --end-user-id 12345"
        );
        assert_eq!(
            example_of("tickets_query_billable_durations"),
            "echo '[54321,54300]' | atera tickets query-billable-durations --body -"
        );
    }
}
