//! What a shell offers when Tab is pressed in a value: profiles, fields, statuses.
//!
//! clap offers commands, flags and closed lists by itself. Nothing here asks the service: a Tab must not take a slot of the
//! limit, nor wait.

use std::{env, ffi::OsStr};

use atera::description::{OPERATIONS, Operation, SCHEMAS, Schema};
use atera_records::object_in;
use clap_complete::engine::{ArgValueCandidates, ArgValueCompleter, CompletionCandidate};

use super::config_file::Config;
use crate::names::{group_name, verb_names};

/// The statuses of tickets that every account has. Others that an account has added are not known here.
const TICKET_STATUSES: [&str; 4] = ["Open", "Pending", "Resolved", "Closed"];

/// The profiles of the config file. Where that cannot be read, nothing is offered.
pub(crate) fn profiles() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let profiles = Config::load().map(|config| config.profiles).unwrap_or_default();
        profiles.into_keys().map(CompletionCandidate::new).collect()
    })
}

/// The types, and the operations whose types `atera schema` finds as well.
pub(crate) fn types() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let types = SCHEMAS.iter().map(|schema| schema.name);
        let operations = OPERATIONS.iter().map(|operation| operation.id);
        types.chain(operations).map(CompletionCandidate::new).collect()
    })
}

/// The fields of the records that the command on the line prints. With a minus before them for `--sort`.
pub(crate) fn printed_fields() -> ArgValueCompleter {
    ArgValueCompleter::new(|given: &OsStr| {
        let record = operation_on_line().and_then(|operation| {
            let record = operation.record();
            record.or_else(|| operation.answer.and_then(object_in))
        });
        matching(record, &given.to_string_lossy())
    })
}

/// The fields of the body that the command on the line sends.
pub(crate) fn body_fields() -> ArgValueCompleter {
    ArgValueCompleter::new(|given: &OsStr| {
        let body = operation_on_line().and_then(|operation| operation.body.and_then(object_in));
        matching(body, &given.to_string_lossy())
    })
}

/// The known values of a text that is no closed list; none for most texts.
pub(crate) fn values_of(field: &str) -> Option<ArgValueCandidates> {
    let values = field
        .eq_ignore_ascii_case("TicketStatus")
        .then_some(TICKET_STATUSES)?;
    Some(ArgValueCandidates::new(move || {
        values.iter().map(CompletionCandidate::new).collect()
    }))
}

/// The fields of a type that begin with a text, in any letter case.
fn matching(schema: Option<&'static Schema>, given: &str) -> Vec<CompletionCandidate> {
    let (minus, begin) = match given.strip_prefix('-') {
        Some(begin) => ("-", begin),
        None => ("", given),
    };
    let begin = begin.to_ascii_lowercase();
    let fields = schema.map_or(&[][..], |schema| schema.fields).iter();
    fields
        .filter(|field| field.name.to_ascii_lowercase().starts_with(&begin))
        .map(|field| CompletionCandidate::new(format!("{minus}{}", field.name)))
        .collect()
}

/// The operation that the command line names: the shell hands it over as arguments of this process.
fn operation_on_line() -> Option<&'static Operation> {
    let words: Vec<String> = env::args_os()
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    operation_in(&words)
}

/// The operation that these words name, with flags between them.
fn operation_in(words: &[String]) -> Option<&'static Operation> {
    OPERATIONS.iter().find(|operation| {
        let group = group_name(operation.group);
        let (verb, alias) = verb_names(operation);
        let mut rest = words.iter().skip_while(|word| **word != group).skip(1);
        rest.any(|word| *word == verb || Some(word) == alias.as_ref())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operation(line: &str) -> Option<&'static str> {
        let words: Vec<_> = line.split(' ').map(str::to_string).collect();
        operation_in(&words).map(|operation| operation.id)
    }

    #[test]
    fn the_operation_is_found_between_flags() {
        for (line, id) in [
            ("atera -- atera tickets list --select Ti", Some("tickets_list")),
            (
                "atera -- atera --quiet tickets -o csv ls --sort -",
                Some("tickets_list"),
            ),
            (
                "atera -- atera agents powershell 7",
                Some("agents_run_powershell"),
            ),
            ("atera -- atera tickets", None),
            ("atera -- atera export --select Ti", None),
        ] {
            assert_eq!(operation(line), id, "{line}");
        }
    }

    #[test]
    fn fields_are_offered_by_their_beginning_in_any_case() {
        let ticket = Operation::find("tickets_list").and_then(Operation::record);
        let offered = |given: &str| {
            let fields = matching(ticket, given);
            let names = fields
                .iter()
                .map(|it| it.get_value().to_string_lossy().into_owned());
            names.collect::<Vec<_>>()
        };
        assert_eq!(offered("tickett"), ["TicketTitle", "TicketType"]);
        assert_eq!(offered("-TicketTi"), ["-TicketTitle"]);
        assert!(offered("").len() > 20);
        assert!(matching(None, "").is_empty());
    }

    #[test]
    fn the_statuses_are_those_of_the_description() {
        let list = Operation::find("tickets_list").expect("an operation");
        let parameter = list.parameters.iter().find(|it| it.name == "ticketStatus");
        let description = parameter.expect("a parameter").description;
        for status in TICKET_STATUSES {
            assert!(
                description.contains(&format!("`{status}`")),
                "{status}: {description}"
            );
        }
    }
}
