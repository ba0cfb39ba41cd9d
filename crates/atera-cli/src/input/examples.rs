//! Words for help, from the words of the description.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{arguments, command::line_of, fields};
use crate::{Kind, Operation, operation::Location};

/// A text of the description, in which operations are called by their commands.
pub(super) fn in_commands(text: &str) -> String {
    let mut parts = text.split('`').enumerate().map(|(index, part)| {
        // Every other part stands between backticks.
        match Operation::find(part).filter(|_| index % 2 == 1) {
            Some(operation) => line_of(operation),
            None => part.to_string(),
        }
    });
    let first = parts.next().unwrap_or_default();
    parts.fold(first, |text, part| text + "`" + &part)
}

/// Command lines that could be meant, from the examples of the table.
pub(super) fn examples(operation: &Operation) -> String {
    let mut lines = vec![example(operation)];
    if operation.list {
        lines.push(format!("{} --all --output ndjson", line_of(operation)));
    }
    let mut text = "Examples:".to_string();
    for line in lines {
        text.push_str("\n  ");
        text.push_str(&line);
    }
    text
}

fn example(operation: &Operation) -> String {
    let mut words = vec![line_of(operation)];
    let path = operation
        .parameters
        .iter()
        .filter(|it| it.location == Location::Path);
    words.extend(path.map(|parameter| quoted(parameter.example)));
    let mut filters = operation.parameters.iter().filter(|parameter| {
        parameter.location == Location::Query && !["page", "itemsInPage"].contains(&parameter.name)
    });
    if let Some(filter) = filters.next() {
        words.push(format!("--{}", arguments::flag_name(filter.name)));
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

/// The flags that make this body, if there are flags for all of it.
fn flags(kind: Kind, example: &str) -> Option<String> {
    let scalars = fields::scalars(kind);
    let Ok(Value::Object(body)) = serde_json::from_str(example) else {
        return None;
    };
    // In the order of the description, whatever order the example keeps.
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

/// A word of a command line, in quotes where a shell would take it apart.
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
    use crate::cli::command;

    fn example_of(id: &str) -> String {
        example(Operation::find(id).expect("an operation"))
    }

    #[test]
    fn operations_are_called_by_their_commands() {
        assert_eq!(
            in_commands("See `tickets_list_comments` of `TicketID`, not tickets_get."),
            "See `atera tickets list-comments` of `TicketID`, not tickets_get."
        );
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

    /// What help shows has to work: flags as much as values.
    #[test]
    fn every_example_is_understood() {
        for operation in &crate::OPERATIONS {
            let line = example(operation);
            let begin = line.rfind(" | atera ").filter(|_| line.starts_with("echo "));
            let line = &line[begin.map_or(0, |begin| begin + " | ".len())..];
            let words = shell_words(line);
            if let Err(error) = command::root().try_get_matches_from(words) {
                panic!("{line}\n{error}");
            }
        }
    }

    /// The words of a line as a shell reads them, as far as `quoted` goes.
    fn shell_words(line: &str) -> Vec<String> {
        let mut words = vec![String::new()];
        let mut characters = line.chars();
        let mut within = false;
        while let Some(character) = characters.next() {
            match character {
                '\'' => within = !within,
                '\\' if !within => words.last_mut().expect("a word").extend(characters.next()),
                ' ' if !within => words.push(String::new()),
                character => words.last_mut().expect("a word").push(character),
            }
        }
        words
    }
}
