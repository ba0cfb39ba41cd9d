//! What operations, parameters and fields are called on the command line.
//!
//! The description names things as they are on the wire: `tickets_list_comments`, `EndUserID`. On the command line these are
//! `atera tickets list-comments` and `--end-user-id`. The rule is applied here and nowhere else, so that the commands, their
//! help, the messages and `atera operations` agree.

use atera::description::{Field, Operation, Schema};
use atera_records::{Fields, OptionNames};
use heck::ToKebabCase;

pub(crate) use atera_records::{did_you_mean, flag_name, nearest, nearly_known};

/// The fields of records that someone may name. Messages name the flags of the command.
pub(crate) fn fields(schema: Option<&'static Schema>, allow_unknown: bool) -> Fields {
    Fields::of(schema)
        .allow_unknown(allow_unknown)
        .option_names(&OptionNames::FLAGS)
}

/// The fields of rows that the command makes itself: all of them are known, and no flag lets others through.
pub(crate) fn fields_of_rows(schema: &'static Schema) -> Fields {
    Fields::of(Some(schema)).option_names(&OptionNames {
        allow_unknown: None,
        ..OptionNames::FLAGS
    })
}

/// The name of the command for a group of operations: `custom-values` for `custom_values`.
pub(crate) fn group_name(group: &str) -> String {
    group.to_kebab_case()
}

/// A type for rows that a command makes itself. It is kept until the process ends, as all types are: a command makes one or two.
pub(crate) fn row_type(name: &'static str, fields: Vec<Field>) -> &'static Schema {
    Box::leak(Box::new(Schema::new(name, Vec::leak(fields))))
}

/// A name for a field of a [`row_type`].
pub(crate) fn kept(name: &str) -> &'static str {
    String::leak(name.to_string())
}

/// Further names for what a command does, as in `gh` and the shell.
const ALIASES: [(&str, &str); 5] = [
    ("list", "ls"),
    ("get", "view"),
    ("create", "new"),
    ("update", "edit"),
    ("delete", "rm"),
];

/// Another name that people know a verb by: `ls` for `list`.
pub(crate) fn alias(verb: &str) -> Option<&'static str> {
    let alias = ALIASES.iter().find(|(name, _)| *name == verb);
    alias.map(|(_, alias)| *alias)
}

/// The name of an operation within its group, and a second name for it if people look for one.
///
/// `agents_run_powershell` is `agents powershell`, because that is what it runs; `agents run-powershell` works as well.
pub(crate) fn verb_names(operation: &Operation) -> (String, Option<String>) {
    let verb = operation.verb.to_kebab_case();
    match verb.strip_prefix("run-") {
        Some(thing) => (thing.to_string(), Some(verb)),
        None => {
            let alias = alias(&verb).map(str::to_string);
            (verb, alias)
        }
    }
}

/// The command that calls an operation, as a person types it.
pub(crate) fn command_line(operation: &Operation) -> String {
    format!(
        "atera {} {}",
        group_name(operation.group),
        verb_names(operation).0
    )
}

/// A text of the description for the command line: where it names an operation between backticks, it names the command.
pub(crate) fn with_commands(text: &str) -> String {
    let mut parts = text.split('`').enumerate().map(|(index, part)| {
        // The parts with odd numbers stand between backticks.
        match Operation::find(part).filter(|_| index % 2 == 1) {
            Some(operation) => command_line(operation),
            None => part.to_string(),
        }
    });
    let first = parts.next().unwrap_or_default();
    parts.fold(first, |text, part| text + "`" + &part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_are_called_by_their_commands() {
        assert_eq!(
            with_commands("See `tickets_list_comments` of `TicketID`, not tickets_get."),
            "See `atera tickets list-comments` of `TicketID`, not tickets_get."
        );
    }
}
