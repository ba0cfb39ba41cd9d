//! The tree of commands, made from the table of operations.
//!
//! A group is filled with its commands only when it is asked for, so that the command starts fast.

use std::fmt::Write;

use clap::{ArgMatches, Command};
use heck::ToKebabCase;

use super::{
    api, arguments, completions, config_command, doctor, export,
    failure::Failure,
    fields::{self, ScalarField},
    globals, help, reference, serve, since,
};
use crate::{GROUPS, Group, Kind, OPERATIONS, Operation, operation::Location};

const ABOUT: &str = "Command line of the Atera v3 API.

Commands are `atera <group> <verb>`, one for each operation of the API. Ids are given by their place, everything else \
by flags. The key comes from --api-key-file, from --profile, from ATERA_API_KEY, from the file that ATERA_API_KEY_FILE \
names, or from the default profile of `atera config`, in that order; ATERA_BASE_URL names another service.";

const EXAMPLES: &str = "Examples:
  atera tickets list --ticket-status Open --sort -TicketPriority
  atera tickets list --all --output csv --output-file tickets.csv
  atera tickets get 54321 --output json
  atera tickets create --ticket-title Printer --description Smoke --end-user-id 12345 --dry-run
  atera alerts list --alert-status Open --sandbox

Exit codes:
   2  the arguments, the request or the setup cannot be used
   3  there is no such record
   4  the key is refused, or may not do this
   5  the service refused the request, or failed
   6  a create may or may not have taken place
   7  too many requests
   8  the service cannot be reached, or did not answer in time
   9  the answer does not fit the description, or cannot be printed as it was sent
  10  a walk over a list would not settle
 130  Ctrl-C
   1  anything else";

/// The whole command.
pub(super) fn root() -> Command {
    let tools = [
        api::command(),
        export::command(),
        config_command::command(),
        doctor::command(),
        reference::operations_command(),
        reference::schema_command(),
        serve::command(),
        completions::command(),
        completions::man_command(),
    ];
    Command::new("atera")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Command line of the Atera v3 API")
        .long_about(ABOUT)
        .help_template(template(&tools))
        .after_help(EXAMPLES)
        .disable_help_subcommand(true)
        .subcommand_required(true)
        .arg_required_else_help(true)
        .args(globals::arguments())
        .subcommands(GROUPS.iter().map(group))
        .subcommands(tools)
}

/// Help of the root: groups of operations apart from what else there is.
fn template(tools: &[Command]) -> String {
    let groups = GROUPS
        .iter()
        .map(|group| (group.name.to_kebab_case(), about(group)));
    let tools = tools.iter().map(|tool| {
        let about = tool.get_about().map(ToString::to_string);
        (tool.get_name().to_string(), about.unwrap_or_default())
    });
    let mut text = "{about-section}\n{usage-heading} {usage}\n".to_string();
    let (bold, plain) = ("\u{1b}[1m\u{1b}[4m", "\u{1b}[0m");
    let sections: [(&str, Vec<_>); 2] = [("Records", groups.collect()), ("Tools", tools.collect())];
    for (heading, commands) in sections {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "\n{bold}{heading}:{plain}");
        for (name, about) in commands {
            let _ = writeln!(text, "  {name:<16} {about}");
        }
    }
    text + &format!("\n{bold}Options:{plain}\n{{options}}{{after-help}}")
}

fn group(group: &'static Group) -> Command {
    Command::new(group.name.to_kebab_case())
        .about(about(group))
        .long_about(help::in_commands(group.description))
        .disable_help_subcommand(true)
        .subcommand_required(true)
        .arg_required_else_help(true)
        .defer(|command| {
            let name = command.get_name().to_string();
            let operations = OPERATIONS
                .iter()
                .filter(|operation| operation.group.to_kebab_case() == name);
            command.subcommands(operations.map(verb))
        })
}

/// The first sentence about a group.
fn about(group: &Group) -> String {
    let text = group.description;
    let end = text.find(". ").unwrap_or(text.len());
    text[..end].trim_end_matches('.').to_string()
}

fn verb(operation: &'static Operation) -> Command {
    let within = |location| {
        let parameters = operation.parameters.iter();
        parameters.filter(move |parameter| parameter.location == location)
    };
    let (name, alias) = names(operation);
    let mut command = Command::new(name)
        .about(operation.summary)
        .long_about(format!(
            "{}\n\n{}\n\n{} {}",
            operation.summary,
            help::in_commands(operation.description),
            operation.method,
            operation.path
        ))
        .after_help(help::examples(operation))
        // The twin says nothing that the command does not say; it is there for those who look for it.
        .hide(operation.verb.ends_with("_put"))
        .args(within(Location::Path).map(arguments::positional))
        .args(within(Location::Query).map(arguments::filter));
    if let Some(alias) = alias {
        command = command.visible_alias(alias);
    }
    if operation.list {
        command = command.args([arguments::all(), arguments::fast(), arguments::limit()]);
    }
    if let Some(parameter) = since::parameter(operation) {
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

/// What an operation is called within its group, and another name that people look for.
fn names(operation: &Operation) -> (String, Option<String>) {
    let verb = operation.verb.to_kebab_case();
    match verb.strip_prefix("run-") {
        Some(thing) => (thing.to_string(), Some(verb)),
        None => (verb, None),
    }
}

/// The command that calls an operation.
pub(super) fn line_of(operation: &Operation) -> String {
    format!("atera {} {}", operation.group.to_kebab_case(), names(operation).0)
}

/// The operation that a group and its matches name.
pub(super) fn chosen<'a>(
    group: &str,
    matches: &'a ArgMatches,
) -> Result<(&'static Operation, &'a ArgMatches), Failure> {
    let named = matches.subcommand().and_then(|(verb, matches)| {
        let operation = OPERATIONS
            .iter()
            .find(|operation| operation.group.to_kebab_case() == group && names(operation).0 == verb)?;
        Some((operation, matches))
    });
    // clap lets nothing else through than the commands made above.
    named.ok_or_else(|| {
        Failure::Usage(format!(
            "`{group}` has no such command; see `atera {group} --help`"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_makes_a_sound_command() {
        root().debug_assert();
        let mut root = root();
        root.build();
        for operation in &OPERATIONS {
            let line = line_of(operation);
            let mut words = line.split(' ').skip(1);
            let command = words.try_fold(&root, |command, word| command.find_subcommand(word));
            assert!(command.is_some(), "{line}");
        }
    }

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
}
