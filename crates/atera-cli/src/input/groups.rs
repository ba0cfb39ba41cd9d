//! The commands of the operations: `atera <group> <verb>`.
//!
//! No operation has code of its own. Its command, flags and help follow from its row in the description, so an operation that
//! is added there has a command at once. A group gets its commands only when someone asks for the group: building all 153 of
//! them would take longer than many a call.

use atera::description::{GROUPS, Group, Kind, Location, OPERATIONS, Operation, Parameter};
use clap::{Arg, ArgAction, ArgMatches, Command};

use super::{
    arguments, examples,
    fields::{self, ScalarField},
    help, named, selection_flags, target,
};
use crate::{
    names::{group_name, verb_names, with_commands},
    output::failure::Failure,
};

/// The commands of all groups, without those within them.
pub(crate) fn commands() -> impl Iterator<Item = Command> {
    GROUPS.iter().map(group)
}

/// The names of all groups, each with the first sentence about it.
pub(crate) fn summaries() -> impl Iterator<Item = (String, String)> {
    GROUPS
        .iter()
        .map(|group| (group_name(group.name), first_sentence(group)))
}

/// The command of a group.
fn group(group: &'static Group) -> Command {
    Command::new(group_name(group.name))
        .about(first_sentence(group))
        .long_about(with_commands(group.description))
        .disable_help_subcommand(true)
        .subcommand_required(true)
        .arg_required_else_help(true)
        .defer(|command| {
            let name = command.get_name().to_string();
            let operations = OPERATIONS
                .iter()
                .filter(|operation| group_name(operation.group) == name);
            command
                .subcommands(operations.map(verb))
                .subcommand(help::command().hide(true))
        })
}

/// The first sentence about a group, without its full stop.
fn first_sentence(group: &Group) -> String {
    let text = group.description;
    let end = text.find(". ").unwrap_or(text.len());
    text[..end].trim_end_matches('.').to_string()
}

/// The command of an operation: its parameters, the fields of its body, and for a list how much of it to read.
fn verb(operation: &'static Operation) -> Command {
    let within = |location| {
        let parameters = operation.parameters.iter();
        parameters.filter(move |parameter| parameter.location == location)
    };
    let (name, alias) = verb_names(operation);
    let mut command = Command::new(name)
        .about(operation.summary)
        .long_about(format!(
            "{}\n\n{}\n\n{} {}",
            operation.summary,
            with_commands(operation.description),
            operation.method,
            operation.path
        ))
        .after_help(examples::of(operation))
        // A PUT that does the same as a POST is hidden: it adds nothing, but people who look for it find it.
        .hide(operation.verb.ends_with("_put"))
        .args(within(Location::Path).map(|parameter| in_path(operation, parameter)))
        .args(within(Location::Query).map(arguments::filter));
    if let Some(alias) = alias {
        command = command.visible_alias(alias);
    }
    if let Some(parameter) = target::many(operation) {
        let named = named::of_path(operation, parameter);
        command = command.arg(arguments::ids(parameter).conflicts_with_all(named));
        if target::list_of(operation).is_some() {
            let others = [parameter.name, arguments::IDS].into_iter().chain(named);
            command = command.args(selection_flags::of_target(others));
        }
    }
    command = command.args(named::flags(operation));
    if target::takes_rows(operation) {
        let mut instead: Vec<_> = target::many(operation)
            .map(|_| arguments::IDS)
            .into_iter()
            .collect();
        instead.extend(target::list_of(operation).map(|_| selection_flags::WHERE));
        command = command.args(arguments::rows(instead));
    }
    if operation.list {
        command = command.args([arguments::all(), arguments::fast(), arguments::limit()]);
    }
    if operation.reads {
        command = match answers_many(operation) {
            true => command.args(selection_flags::of_list()),
            false => command.args(selection_flags::of_record()),
        };
    }
    if let Some(parameter) = operation.since_parameter() {
        command = command.arg(arguments::since(parameter));
    }
    if let Some(body) = operation.body {
        let fields = fields::scalars(body).into_iter().map(ScalarField::argument);
        command = command.arg(arguments::body()).args(fields);
        if matches!(body, Kind::Object(_)) {
            command = command.arg(arguments::clear());
        }
    }
    command.arg(arguments::allow_unknown())
}

/// A parameter of the path: by its place, many times where that makes sense, or by the flags that take its place.
fn in_path(operation: &'static Operation, parameter: &'static Parameter) -> Arg {
    let is_many = target::many(operation).is_some();
    let mut instead: Vec<_> = named::of_path(operation, parameter).into_iter().collect();
    instead.extend(is_many.then_some(arguments::IDS));
    instead.extend(target::list_of(operation).map(|_| selection_flags::WHERE));
    instead.extend(target::takes_rows(operation).then_some(arguments::FROM));
    let arg = arguments::positional_or(parameter, &instead);
    match is_many {
        true => arg.num_args(1..).action(ArgAction::Append),
        false => arg,
    }
}

/// Whether an operation answers with any number of records: with pages, or with an array.
pub(crate) fn answers_many(operation: &Operation) -> bool {
    operation.list || matches!(operation.answer, Some(Kind::Array(_)))
}

/// The operation that the matches of a group name, and the matches of its command.
///
/// # Errors
///
/// `Usage` if there is no such command. clap refuses that earlier.
pub(crate) fn chosen<'a>(
    group: &str,
    matches: &'a ArgMatches,
) -> Result<(&'static Operation, &'a ArgMatches), Failure> {
    let named = matches.subcommand().and_then(|(verb, matches)| {
        let operation = OPERATIONS
            .iter()
            .find(|operation| group_name(operation.group) == group && verb_names(operation).0 == verb)?;
        Some((operation, matches))
    });
    // clap lets only the commands through that were made above.
    named.ok_or_else(|| {
        Failure::Usage(format!(
            "`{group}` has no such command; see `atera {group} --help`"
        ))
    })
}

/// The commands of the operations alone, to be parsed by tests.
#[cfg(test)]
pub(crate) fn root() -> Command {
    Command::new("atera").subcommands(commands())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_finds_its_operation() {
        for (arguments, id) in [
            (&["tickets", "add-comment", "7"][..], "tickets_add_comment"),
            (&["agents", "powershell", "7"], "agents_run_powershell"),
            (&["agents", "run-powershell", "7"], "agents_run_powershell"),
            (&["guide", "devices-http-list"], "guide_devices_http_list"),
        ] {
            let matches = root()
                .try_get_matches_from(["atera"].iter().chain(arguments))
                .expect("arguments");
            let (group, matches) = matches.subcommand().expect("a group");
            let (operation, _) = chosen(group, matches).expect("an operation");
            assert_eq!(operation.id, id);
        }
    }

    #[test]
    fn every_example_is_understood() {
        for operation in OPERATIONS {
            let line = examples::example(operation);
            let begin = line.rfind(" | atera ").filter(|_| line.starts_with("echo "));
            let line = &line[begin.map_or(0, |begin| begin + " | ".len())..];
            let words = shell_words(line);
            if let Err(error) = root().try_get_matches_from(words) {
                panic!("{line}\n{error}");
            }
        }
    }

    /// The words of a line as a shell reads them, as far as `quoted` needs it.
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
