//! Which of the flags of every command a command uses.
//!
//! clap takes these flags anywhere. One that a command would ignore is refused, because it was meant to change something:
//! `atera config remove acme --dry-run` must not remove the profile. Help does not list such a flag either. One table says what
//! each command uses. It leaves out `--quiet`, `--yes` and their like, which ask for fewer remarks or questions: a command that
//! makes none fulfils them.

use clap::{ArgMatches, Command};

use super::{
    api, completions, config, doctor, export, limit,
    mcp::arguments as mcp,
    mirror::{arguments as mirror, webhook_arguments as webhooks},
    records, reference,
    report::arguments as report,
    sandbox,
};
use crate::{
    input::{
        globals::{
            self, ACCOUNT, CONNECTION, DRY_RUN, LIMIT_STORE, LIMIT_STORE_FALLBACK, MAX_ATTEMPTS, RATE_LIMIT,
            RECORDS,
        },
        help,
    },
    output::failure::Failure,
};

/// What is said about a refused flag besides that it has no effect.
type Advice = fn(&str) -> Option<&'static str>;

/// What a command does with the flags of every command.
struct Uses {
    /// The words of the command. A command within it has the same row, unless it has its own.
    command: &'static [&'static str],
    /// The flags that it uses.
    flags: &'static [&'static [&'static str]],
    /// What to do instead.
    advice: Advice,
}

/// The row of all commands that the table does not name: those of the operations.
const OPERATION: Uses = uses(&[], &[RECORDS, CONNECTION, &[DRY_RUN]]);

/// Every command that does not use all of the flags.
const TABLE: [Uses; 25] = [
    uses(&[records::NAME], &[RECORDS]),
    uses(&[api::NAME], &[RECORDS, CONNECTION, &[DRY_RUN]]),
    Uses {
        command: &[export::run::NAME],
        flags: &[CONNECTION, &[DRY_RUN]],
        advice: |flag| match flag {
            globals::OUTPUT | globals::OUTPUT_FILE => {
                Some("an export has --format ndjson|csv and a file for each list in --dir")
            }
            _ => Some("an export has all fields of all records, and `atera records FILE` reads its files"),
        },
    },
    uses(&[mirror::NAME], &[RECORDS, ACCOUNT]),
    Uses {
        command: &[mirror::NAME, mirror::SYNC],
        flags: &[RECORDS, CONNECTION],
        advice: |_| Some("--plan shows what would be asked for"),
    },
    Uses {
        command: &[mirror::NAME, mirror::QUERY],
        flags: &[RECORDS, CONNECTION],
        advice: |_| Some("a query changes nothing"),
    },
    uses(&[mirror::NAME, mirror::SCHEMA], &[RECORDS]),
    uses(
        &[mirror::NAME, webhooks::WEBHOOKS, webhooks::REDELIVER],
        &[ACCOUNT],
    ),
    uses(&[mirror::NAME, webhooks::WEBHOOKS, webhooks::DISCARD], &[ACCOUNT]),
    uses(&[mirror::NAME, webhooks::WEBHOOKS, webhooks::REMOVE], &[ACCOUNT]),
    uses(&[mirror::NAME, mirror::VACUUM], &[ACCOUNT]),
    uses(&[report::NAME], &[RECORDS, ACCOUNT]),
    uses(&[report::NAME, report::NEW], &[]),
    uses(&[mcp::NAME], &[CONNECTION]),
    uses(&[config::NAME], &[]),
    uses(&[config::NAME, "list"], &[RECORDS]),
    uses(
        &[config::NAME, "set"],
        &[&[RATE_LIMIT, LIMIT_STORE, LIMIT_STORE_FALLBACK, MAX_ATTEMPTS]],
    ),
    uses(&[doctor::NAME], &[RECORDS, CONNECTION]),
    uses(&[limit::NAME], &[RECORDS, CONNECTION]),
    uses(&[reference::OPERATIONS_NAME], &[RECORDS]),
    uses(&[reference::SCHEMA_NAME], &[RECORDS]),
    uses(&[sandbox::NAME], &[&[RATE_LIMIT]]),
    uses(&[completions::NAME], &[]),
    uses(&[completions::MAN_NAME], &[]),
    uses(&[help::NAME], &[]),
];

impl Uses {
    /// Whether the command uses this flag, or has nothing to do for it.
    fn has(&self, flag: &str) -> bool {
        !globals::is_checked(flag) || self.flags.iter().any(|family| family.contains(&flag))
    }
}

const fn uses(command: &'static [&'static str], flags: &'static [&'static [&'static str]]) -> Uses {
    Uses {
        command,
        flags,
        advice: |_| None,
    }
}

/// Refuses flags that the named command ignores.
///
/// # Errors
///
/// `Usage`, with the flags.
pub(crate) fn check(matches: &ArgMatches) -> Result<(), Failure> {
    let words = words(matches);
    let row = row(&words);
    let given = globals::given(matches);
    let ignored: Vec<_> = given.filter(|flag| !row.has(flag)).collect();
    let Some(first) = ignored.first() else {
        return Ok(());
    };
    let flags: Vec<_> = ignored.iter().map(|flag| format!("--{flag}")).collect();
    let have = if flags.len() == 1 { "has" } else { "have" };
    let advice = (row.advice)(first).map_or_else(String::new, |advice| format!("; {advice}"));
    Err(Failure::Usage(format!(
        "{} {have} no effect on `atera {}`; leave {} out{advice}",
        flags.join(" and "),
        words.join(" "),
        if flags.len() == 1 { "it" } else { "them" },
    )))
}

/// Hides from the help of a tool, and of the commands within it, the flags that it ignores. This is for `Command::defer`: the tool
/// has the flags of every command by then, and the commands within it do not have them yet.
pub(crate) fn hide_ignored(mut tool: Command) -> Command {
    let name = tool.get_name().to_string();
    let of_tool = row(&[&name]);
    for flag in globals::arguments() {
        let id = flag.get_id().as_str();
        if !of_tool.has(id) && tool.get_arguments().any(|it| it.get_id() == id) {
            tool = tool.mut_arg(id, |flag| flag.hide(true));
        }
    }
    hide_within(tool, &[name])
}

/// Hides from the help of the commands within another one the flags that they ignore, unless the other one does as well: clap gives
/// them the flags as it has them.
fn hide_within(command: Command, words: &[String]) -> Command {
    let outer = row(&words.iter().map(String::as_str).collect::<Vec<_>>());
    command.mut_subcommands(|inner| {
        let words = [words, &[inner.get_name().to_string()]].concat();
        let of_inner = row(&words.iter().map(String::as_str).collect::<Vec<_>>());
        let flags = globals::arguments().into_iter();
        let flags =
            flags.filter(|flag| of_inner.has(flag.get_id().as_str()) != outer.has(flag.get_id().as_str()));
        let inner = inner.args(flags.map(|flag| {
            let is_ignored = !of_inner.has(flag.get_id().as_str());
            flag.hide(is_ignored)
        }));
        hide_within(inner, &words)
    })
}

/// The words of the command that was given.
fn words(matches: &ArgMatches) -> Vec<&str> {
    let (mut words, mut matches) = (Vec::new(), matches);
    while let Some((word, inner)) = matches.subcommand() {
        words.push(word);
        matches = inner;
    }
    words
}

/// The row of a command: the longest that it begins with.
fn row(words: &[&str]) -> &'static Uses {
    let rows = TABLE.iter().filter(|row| words.starts_with(row.command));
    rows.max_by_key(|row| row.command.len()).unwrap_or(&OPERATION)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::{commands::tree, input::groups};

    /// The commands without commands within them, with required arguments, and no groups but the first.
    fn commands() -> Vec<(&'static str, &'static str)> {
        vec![
            ("tickets list", "everything"),
            ("api GET /tickets", "everything"),
            ("export --dir d", "connection dry-run"),
            ("mirror sync", "records connection"),
            ("mirror query SELECT", "records connection"),
            ("mirror tables", "records account"),
            ("mirror schema", "records"),
            ("mirror vacuum", "account"),
            ("mcp", "connection"),
            ("config list", "records"),
            (
                "config set acme",
                "rate-limit limit-store limit-store-fallback max-attempts",
            ),
            ("config use acme", ""),
            ("config remove acme", ""),
            ("config path", ""),
            ("doctor", "records connection"),
            ("limit status", "records connection"),
            ("operations", "records"),
            ("records f.ndjson", "records"),
            ("schema Ticket", "records"),
            ("sandbox", "rate-limit"),
            ("completions bash", ""),
            ("man", ""),
            ("help tickets", ""),
        ]
    }

    #[test]
    fn each_flag_is_used_or_refused_by_each_command() {
        let values = [
            ("output", "csv"),
            ("output-file", "f"),
            ("select", "a"),
            ("color", "never"),
            ("sort", "a"),
            ("profile", "p"),
            ("api-key-file", "f"),
            ("rate-limit", "off"),
            ("limit-store", "machine"),
            ("limit-store-fallback", "none"),
            ("max-attempts", "1"),
        ];
        for (command, used) in commands() {
            for arg in globals::arguments() {
                let flag = arg.get_id().as_str();
                let value = values.iter().find(|(name, _)| *name == flag);
                let given = format!(
                    "--{flag}{}",
                    value.map_or(String::new(), |(_, value)| format!("={value}"))
                );
                let line = ["atera", &given].into_iter().chain(command.split(' '));
                let matches = tree::root().try_get_matches_from(line).expect(command);
                let family = match flag {
                    "quiet" | "verbose" | "yes" | "color" => "any",
                    "dry-run" => "dry-run",
                    "profile" | "api-key-file" | "sandbox" if used.contains("account") => "account",
                    "profile"
                    | "api-key-file"
                    | "sandbox"
                    | "rate-limit"
                    | "limit-store"
                    | "limit-store-fallback"
                    | "max-attempts" => "connection",
                    _ => "records",
                };
                let is_used =
                    family == "any" || used == "everything" || used.contains(family) || used.contains(flag);
                assert_eq!(check(&matches).is_ok(), is_used, "{command} {given}");
            }
        }
    }

    #[test]
    fn help_lists_the_flags_that_a_command_uses() {
        let mut root = tree::root();
        root.build();
        let mut left: Vec<_> = root.get_subcommands().map(|it| (vec![], it)).collect();
        let mut seen = 0;
        while let Some((mut words, command)) = left.pop() {
            words.push(command.get_name());
            left.extend(command.get_subcommands().map(|it| (words.clone(), it)));
            for flag in globals::arguments() {
                let id = flag.get_id();
                let flag = command
                    .get_arguments()
                    .find(|it| it.get_id() == id)
                    .expect("a flag");
                assert_eq!(
                    !flag.is_hide_set(),
                    row(&words).has(id.as_str()),
                    "{words:?} {id}"
                );
                seen += usize::from(flag.is_hide_set());
            }
        }
        assert!(seen > 50, "{seen} are hidden");
    }

    #[test]
    fn every_tool_has_a_row() {
        let groups: BTreeSet<_> = groups::commands().map(|it| it.get_name().to_string()).collect();
        for command in tree::root().get_subcommands() {
            let name = command.get_name();
            let has_row = TABLE.iter().any(|row| row.command == [name]);
            assert_ne!(groups.contains(name), has_row, "{name}");
        }
        for row in TABLE {
            let mut root = tree::root();
            root.build();
            let mut words = row.command.iter();
            assert!(
                words
                    .try_fold(&root, |it, word| it.find_subcommand(word))
                    .is_some()
            );
        }
    }
}
