//! Command lines for the help of an operation, made of the examples of the description.
//!
//! The help of each command ends with lines that work as they stand: a test parses every one of them.

use std::collections::BTreeMap;

use atera::description::{Kind, Location, Operation, is_paging};
use serde_json::Value;

use super::{fields, target};
use crate::names::{command_line, flag_name};

/// The section "Examples" of an operation's help.
pub(crate) fn of(operation: &'static Operation) -> String {
    let mut lines = vec![readable(operation)];
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
        text.push_str(&broken(&line));
    }
    text
}

/// The columns that a line of help may have.
const COLUMNS: usize = 80;

/// The example with a body that is piped in over several lines. In one line it would be wrapped within its texts, and what is
/// copied from the terminal would not be JSON.
fn readable(operation: &Operation) -> String {
    let line = example(operation);
    let Some((body, command)) = operation.example.and_then(|body| {
        let command = line.strip_prefix(&format!("echo {} | ", quoted(body)))?;
        Some((body, command))
    }) else {
        return line;
    };
    let mut pretty = Vec::new();
    // Unlike a map, this keeps the order of the fields.
    let copied = serde_transcode::transcode(
        &mut serde_json::Deserializer::from_str(body),
        &mut serde_json::Serializer::pretty(&mut pretty),
    );
    match (copied, String::from_utf8(pretty)) {
        (Ok(()), Ok(pretty)) => format!("echo {} | {command}", quoted(&pretty).replace('\n', "\n  ")),
        _ => line,
    }
}

/// A command line that is too long for a line of help, continued with backslashes before its flags. Otherwise it would be
/// wrapped without them, and what is copied from the terminal would be several commands.
fn broken(line: &str) -> String {
    let mut broken = String::new();
    let mut column = 2;
    for (index, word) in line.split(" --").enumerate() {
        let word = if index == 0 {
            word.to_string()
        } else {
            format!("--{word}")
        };
        // A value that leaves no room for its flag has a line of its own.
        let word = match 6 + word.chars().count() + 2 > COLUMNS && !word.contains('\n') && index > 0 {
            true => word.replacen(' ', " \\\n      ", 1),
            false => word,
        };
        let width = word.lines().next().map_or(0, |line| line.chars().count());
        // The space before it, and the backslash behind it if another flag follows.
        if index > 0 && column + 1 + width + 2 > COLUMNS {
            broken.push_str(" \\\n      ");
            column = 6 + width;
        } else if index > 0 {
            broken.push(' ');
            column += 1 + width;
        } else {
            column += width;
        }
        broken.push_str(&word);
        if let Some((_, last)) = word.rsplit_once('\n') {
            column = last.chars().count();
        }
    }
    broken
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
    let mut filters = operation
        .parameters
        .iter()
        .filter(|parameter| parameter.location == Location::Query && !is_paging(parameter.name));
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
pub(crate) fn quoted(text: &str) -> String {
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
