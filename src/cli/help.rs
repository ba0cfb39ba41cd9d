//! Words for help, from the words of the description.

use heck::ToKebabCase;

use super::{arguments, fields};
use crate::{Kind, Operation, operation::Location};

/// A text of the description, in which operations are called by their commands.
pub(super) fn in_commands(text: &str) -> String {
    let mut parts = text.split('`').enumerate().map(|(index, part)| {
        // Every other part stands between backticks.
        match Operation::find(part).filter(|_| index % 2 == 1) {
            Some(operation) => command_of(operation),
            None => part.to_string(),
        }
    });
    let first = parts.next().unwrap_or_default();
    parts.fold(first, |text, part| text + "`" + &part)
}

fn command_of(operation: &Operation) -> String {
    let (group, verb) = (operation.group.to_kebab_case(), operation.verb.to_kebab_case());
    format!("atera {group} {verb}")
}

/// A command line that could be meant, from the examples of the table.
pub(super) fn example(operation: &Operation) -> String {
    let mut words = vec![command_of(operation)];
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
    if let Some(body) = operation.body {
        words.push(example_of_body(body));
    }
    words.join(" ")
}

fn example_of_body(body: Kind) -> String {
    let scalars = fields::scalars(body);
    let Kind::Object(schema) = body else {
        return "--body FILE".to_string();
    };
    let required = schema
        .fields
        .iter()
        .filter(|field| field.required)
        .map(|field| field.name);
    let either = schema
        .requires
        .first()
        .copied()
        .unwrap_or_default()
        .iter()
        .copied();
    let flags: Option<Vec<_>> = required
        .chain(either)
        .map(|name| {
            scalars
                .iter()
                .find(|scalar| scalar.parent.unwrap_or(scalar.field).name == name)
        })
        .collect();
    let flags = match (flags, scalars.first()) {
        (Some(flags), Some(first)) if flags.is_empty() => vec![first],
        (Some(flags), Some(_)) => flags,
        // Something that is needed has no flag.
        _ => return "--body FILE".to_string(),
    };
    let flags = flags.iter().map(|scalar| {
        format!(
            "--{} {}",
            scalar.flag(),
            arguments::placeholder(scalar.field.kind)
        )
    });
    flags.collect::<Vec<_>>().join(" ")
}

fn quoted(text: &str) -> String {
    match text.contains(char::is_whitespace) {
        true => format!("'{text}'"),
        false => text.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn examples_come_from_the_table() {
        assert_eq!(
            example_of("tickets_get"),
            "atera tickets get 54321 --include-relations true"
        );
        assert_eq!(
            example_of("tickets_create"),
            "atera tickets create --ticket-title TEXT --description TEXT --end-user-id INTEGER"
        );
        assert_eq!(
            example_of("tickets_add_comment"),
            "atera tickets add-comment 54321 --comment-text TEXT --technician-id INTEGER"
        );
        assert_eq!(
            example_of("tickets_query_billable_durations"),
            "atera tickets query-billable-durations --body FILE"
        );
    }
}
