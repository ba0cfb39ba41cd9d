//! The tree of commands, made from the table of operations.

use clap::{ArgMatches, Command};
use heck::ToKebabCase;

use super::{
    arguments,
    failure::Failure,
    fields::{self, ScalarField},
    help, serve,
};
use crate::{OPERATIONS, Operation, operation::Location};

/// The groups that have commands, and what they are.
const GROUPS: [(&str, &str); 5] = [
    (
        "tickets",
        "Service tickets with their comments, work hours, attachments and relations",
    ),
    (
        "agents",
        "Machines that run the Atera agent, their patches, and scripts to run on them",
    ),
    (
        "customers",
        "The companies or sites that are looked after, with their folders and attachments",
    ),
    (
        "contacts",
        "The people at a customer's who ask for help, called end users on the wire",
    ),
    (
        "alerts",
        "Alerts raised by monitoring thresholds or by API callers",
    ),
];

const ABOUT: &str = "Command line of the Atera v3 API.

Commands are `atera <group> <verb>`, one for each operation of the API. Ids are given by their place, everything else \
by flags. The key comes from ATERA_API_KEY, from the file that ATERA_API_KEY_FILE names, or from --api-key-file; \
ATERA_BASE_URL names another service.";

const EXAMPLES: &str = "Examples:
  atera tickets list --ticket-status Open
  atera tickets list --all --output ndjson > tickets.ndjson
  atera tickets get 54321 --output json
  atera tickets create --ticket-title Printer --description 'It is on fire' --end-user-id 7
  atera alerts list --alert-status Open --sandbox

Exit codes:
   2  the arguments, the request or the setup cannot be used
   3  there is no such record
   4  the key is refused, or may not do this
   5  the service refused the request, or failed
   6  a create may or may not have taken place
   7  too many requests
   8  the service cannot be reached, or did not answer in time
   9  the answer does not fit the description
  10  a walk over a list would not settle
 130  Ctrl-C
   1  anything else";

/// The whole command.
pub(super) fn root() -> Command {
    let groups = GROUPS.iter().map(|(name, about)| group(name, about));
    with_groups(groups)
}

fn with_groups(groups: impl Iterator<Item = Command>) -> Command {
    Command::new("atera")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Command line of the Atera v3 API")
        .long_about(ABOUT)
        .after_help(EXAMPLES)
        .subcommand_required(true)
        .arg_required_else_help(true)
        .args(arguments::global())
        .subcommands(groups)
        .subcommand(serve::command())
}

fn group(name: &str, about: &'static str) -> Command {
    let operations = OPERATIONS.iter().filter(|operation| operation.group == name);
    Command::new(name.to_kebab_case())
        .about(about)
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommands(operations.map(verb))
}

fn verb(operation: &'static Operation) -> Command {
    let within = |location| {
        let parameters = operation.parameters.iter();
        parameters.filter(move |parameter| parameter.location == location)
    };
    let mut command = Command::new(operation.verb.to_kebab_case())
        .about(operation.summary)
        .long_about(format!(
            "{}\n\n{}\n\n{} {}",
            operation.summary,
            help::in_commands(operation.description),
            operation.method,
            operation.path
        ))
        .after_help(format!("Example:\n  {}", help::example(operation)))
        .args(within(Location::Path).map(arguments::positional))
        .args(within(Location::Query).map(arguments::filter));
    if operation.list {
        command = command.arg(arguments::all());
    }
    if let Some(body) = operation.body {
        let fields = fields::scalars(body).into_iter().map(ScalarField::argument);
        command = command.arg(arguments::body()).args(fields);
    }
    command
}

/// The operation that a group and its matches name.
pub(super) fn chosen<'a>(
    group: &str,
    matches: &'a ArgMatches,
) -> Result<(&'static Operation, &'a ArgMatches), Failure> {
    let named = matches.subcommand().and_then(|(verb, matches)| {
        let operation = OPERATIONS.iter().find(|operation| {
            operation.group.to_kebab_case() == group && operation.verb.to_kebab_case() == verb
        })?;
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
        let mut groups: Vec<_> = OPERATIONS.iter().map(|operation| operation.group).collect();
        groups.sort_unstable();
        groups.dedup();
        with_groups(groups.into_iter().map(|name| group(name, ""))).debug_assert();
    }

    #[test]
    fn the_groups_of_commands_are_groups_of_operations() {
        for (group, _) in GROUPS {
            assert!(
                OPERATIONS.iter().any(|operation| operation.group == group),
                "{group}"
            );
        }
    }

    #[test]
    fn a_command_finds_its_operation() {
        let matches = root()
            .try_get_matches_from(["atera", "tickets", "add-comment", "7"])
            .expect("arguments");
        let (group, matches) = matches.subcommand().expect("a group");
        let (operation, _) = chosen(group, matches).expect("an operation");
        assert_eq!(operation.id, "tickets_add_comment");
    }
}
