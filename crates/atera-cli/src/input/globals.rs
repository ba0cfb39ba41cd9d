//! The flags that every command has.
//!
//! They may stand before or behind the name of the command. clap shows them in the help of each command, under their headings.

use std::{env, path::PathBuf};

use clap::{Arg, ArgAction, ArgMatches, builder::PossibleValuesParser, parser::ValueSource, value_parser};

use atera::RateLimit;

use super::{
    completion,
    limit_store::{Choice, InUse, MACHINE},
};
use crate::output::{
    failure::Failure, formats, look::Color, options::OutputOptions, sort::SortKey, waits::Waits,
};

pub(crate) const OUTPUT: &str = "output";
pub(crate) const OUTPUT_FILE: &str = "output-file";
const SELECT: &str = "select";
const SORT: &str = "sort";
const BOM: &str = "bom";
const NO_HEADER: &str = "no-header";
const COLOR: &str = "color";
const QUIET: &str = "quiet";
const PROFILE: &str = "profile";
const API_KEY_FILE: &str = "api-key-file";
const SANDBOX: &str = "sandbox";
pub(crate) const RATE_LIMIT: &str = "rate-limit";
pub(crate) const LIMIT_STORE: &str = "limit-store";
pub(crate) const LIMIT_STORE_FALLBACK: &str = "limit-store-fallback";
pub(crate) const MAX_ATTEMPTS: &str = "max-attempts";
pub(crate) const DRY_RUN: &str = "dry-run";
const YES: &str = "yes";
const VERBOSE: &str = "verbose";

/// The flags about how and where records are printed.
pub(crate) const RECORDS: &[&str] = &[OUTPUT, OUTPUT_FILE, SELECT, SORT, BOM, NO_HEADER];
/// The flags about which service is asked, and how.
pub(crate) const CONNECTION: &[&str] = &[
    PROFILE,
    API_KEY_FILE,
    SANDBOX,
    RATE_LIMIT,
    LIMIT_STORE,
    LIMIT_STORE_FALLBACK,
    MAX_ATTEMPTS,
];
/// Those of them that say whose account it is.
pub(crate) const ACCOUNT: &[&str] = &[PROFILE, API_KEY_FILE, SANDBOX];
/// The flags that ask for more or fewer remarks and questions, or for colours where there are some. Every command fulfils them.
#[cfg(test)]
const REMARKS: &[&str] = &[QUIET, VERBOSE, YES, COLOR];

/// The flags of every command that are given and change what a command does: not those that ask for more or fewer remarks or
/// questions, and none that the environment sets.
pub(crate) fn given(matches: &ArgMatches) -> impl Iterator<Item = &'static str> {
    checked().filter(|flag| is_given(matches, flag))
}

/// Whether the flag is given, and not only set by the environment.
pub(crate) fn is_given(matches: &ArgMatches, flag: &str) -> bool {
    matches.value_source(flag) == Some(ValueSource::CommandLine)
}

/// Whether it is a flag that changes what a command does, so that one that ignores it refuses it.
pub(crate) fn is_checked(flag: &str) -> bool {
    checked().any(|checked| checked == flag)
}

fn checked() -> impl Iterator<Item = &'static str> {
    [RECORDS, CONNECTION, &[DRY_RUN]].into_iter().flatten().copied()
}

/// The values of these flags.
#[derive(Clone, Debug)]
pub(crate) struct Globals {
    /// How and where to print.
    pub(crate) output: OutputOptions,
    /// Whether to print no progress and no remarks on stderr.
    pub(crate) quiet: bool,
    /// Whether to print what happens behind the command.
    pub(crate) verbose: bool,
    /// Where it is told what calls wait for.
    pub(crate) waits: Waits,
    /// The profile to use.
    pub(crate) profile: Option<String>,
    /// The file with the key.
    pub(crate) api_key_file: Option<PathBuf>,
    /// Whether to ask a sandbox of the command's own instead of the service.
    pub(crate) sandbox: bool,
    /// How many requests may be sent in which time.
    pub(crate) rate_limit: RateLimit,
    /// Where the limit is kept.
    pub(crate) limit_store: Choice,
    /// How often a request is sent at most. `None` leaves it to the library.
    pub(crate) max_attempts: Option<u32>,
    /// Whether to show the request instead of sending it.
    pub(crate) dry_run: bool,
    /// Whether to ask no question before what cannot be undone.
    pub(crate) yes: bool,
}

impl Globals {
    /// Reads them from the arguments.
    ///
    /// # Errors
    ///
    /// If two of them do not go together in a way that clap cannot check.
    pub(crate) fn read(matches: &ArgMatches) -> Result<Self, Failure> {
        let texts = |name| matches.get_many::<String>(name).unwrap_or_default().cloned();
        let path = |name| matches.get_one::<PathBuf>(name).cloned();
        let (quiet, verbose) = (matches.get_flag(QUIET), matches.get_flag(VERBOSE));
        let rate_limit = matches
            .get_one::<RateLimit>(RATE_LIMIT)
            .copied()
            .unwrap_or_default();
        let globals = Globals {
            output: OutputOptions {
                format: matches
                    .get_one::<String>(OUTPUT)
                    .and_then(|name| formats::named(name)),
                file: path(OUTPUT_FILE),
                select: texts(SELECT).collect(),
                sort: texts(SORT).map(|text| SortKey::parse(&text)).collect(),
                bom: matches.get_flag(BOM),
                no_header: matches.get_flag(NO_HEADER),
                color: match matches.get_one::<String>(COLOR).map(String::as_str) {
                    Some("always") => Color::Always,
                    Some("never") => Color::Never,
                    _ => Color::Auto,
                },
            },
            quiet,
            verbose,
            waits: Waits::new(quiet, verbose, rate_limit.window()),
            profile: matches.get_one::<String>(PROFILE).cloned(),
            api_key_file: path(API_KEY_FILE),
            sandbox: matches.get_flag(SANDBOX),
            rate_limit,
            limit_store: Choice {
                address: matches.get_one::<String>(LIMIT_STORE).cloned(),
                falls_back: matches
                    .get_one::<String>(LIMIT_STORE_FALLBACK)
                    .is_some_and(|fallback| fallback == MACHINE),
                quiet,
                in_use: InUse::default(),
            },
            max_attempts: matches.get_one::<u32>(MAX_ATTEMPTS).copied(),
            dry_run: matches.get_flag(DRY_RUN),
            yes: matches.get_flag(YES),
        };
        let names_store = is_given(matches, LIMIT_STORE);
        if names_store && (globals.sandbox || rate_limit.requests().is_none()) {
            let sentence = "--limit-store is for a limit that others share, and --sandbox and --rate-limit off have none; leave \
                            one of them out";
            return Err(Failure::Usage(sentence.to_string()));
        }
        let takes_bom = globals.output.format.is_some_and(|format| format.takes_bom);
        if globals.output.bom && !takes_bom {
            let sentence = "--bom is for CSV alone; add --output csv, or leave it out";
            return Err(Failure::Usage(sentence.to_string()));
        }
        let has_header = globals.output.format.is_none_or(|format| format.has_header);
        if globals.output.no_header && !has_header {
            let sentence =
                "--no-header is for tables and CSV; add --output table, wide or csv, or leave it out";
            return Err(Failure::Usage(sentence.to_string()));
        }
        Ok(globals)
    }
}

/// The flags as clap's arguments.
pub(crate) fn arguments() -> Vec<Arg> {
    let under = |heading: &'static str| move |arg: Arg| arg.global(true).help_heading(heading);
    let connection = [
        text(PROFILE, "NAME")
            .add(completion::profiles())
            .help(
                "Use the key and the address of this profile, see `atera config`, in place of the one that ATERA_PROFILE \
                 names; wins over ATERA_API_KEY",
            ),
        path(API_KEY_FILE)
            .conflicts_with(PROFILE)
            .help("Read the API key from this file; wins over ATERA_API_KEY"),
        flag(SANDBOX)
            .conflicts_with_all([PROFILE, API_KEY_FILE])
            .help("Ask a sandbox that lives as long as the command, instead of the service; it needs no key"),
        or_variable(text(RATE_LIMIT, "LIMIT"), "ATERA_RATE_LIMIT")
            .value_parser(value_parser!(RateLimit))
            .help("Send no more requests than this, as in 500/5m, or `off`; 700/60s if left out"),
        or_variable(text(LIMIT_STORE, "ADDRESS"), "ATERA_LIMIT_STORE")
            // It may contain a password.
            .hide_env_values(true)
            .help(
                "Share the limit with other machines on this Redis or Valkey server, as in \
                 rediss://user@host?password_file=FILE; `machine` for the file of this machine, as if left out",
            ),
        or_variable(text(LIMIT_STORE_FALLBACK, "WHERE"), "ATERA_LIMIT_STORE_FALLBACK")
            .value_parser(PossibleValuesParser::new([MACHINE, "none"]))
            .help(
                "Where to keep the limit if the server cannot be reached when the command starts; with `machine`, the machines \
                 together may exceed it; `none` if left out",
            ),
        text(MAX_ATTEMPTS, "COUNT")
            .value_parser(value_parser!(u32).range(1..))
            .help("Send a request so often at most, where sending it again is safe; 5 if left out, 1 for never again"),
    ];
    let safety = [
        flag(DRY_RUN).help("Print the request instead of sending it, without the key"),
        flag(YES).short('y').help(
            "Do not ask before something is deleted, run or resolved; needed where there is no terminal",
        ),
    ];
    let output = [
        text(OUTPUT, "FORMAT")
            .short('o')
            .value_parser(PossibleValuesParser::new(formats::names()))
            .help("How to print; a table on a terminal and JSON elsewhere if left out"),
        text(SELECT, "FIELDS")
            .add(completion::printed_fields())
            .value_delimiter(',')
            .action(ArgAction::Append)
            .help("Print these fields alone, in this order: TicketID,TicketTitle; with dots for fields of fields"),
        text(SORT, "FIELDS")
            .add(completion::printed_fields())
            .value_delimiter(',')
            .action(ArgAction::Append)
            .allow_hyphen_values(true)
            .help("Sort by these fields, each downwards with a minus before it; reads the whole list, as --all does, and keeps it in memory"),
        path(OUTPUT_FILE).help("Write into this file, which changes only once all is written"),
        flag(BOM).help("Begin CSV with a byte order mark, which Excel needs to read it as UTF-8"),
        flag(NO_HEADER).help("Leave out the names of the columns of a table or of CSV"),
        text(COLOR, "WHEN")
            .value_parser(PossibleValuesParser::new(["auto", "always", "never"]))
            .help("When tables have colours; on a terminal unless NO_COLOR is set, if left out"),
        flag(QUIET).help("No progress and no remarks on stderr, errors alone"),
        flag(VERBOSE)
            .short('v')
            .conflicts_with(QUIET)
            .help("Say on stderr which requests are sent, retried and waited for; ATERA_LOG=atera=debug is a log of it"),
    ];
    let connection = connection.map(under("Connection"));
    let safety = safety.map(under("Safety"));
    let output = output.map(under("Output"));
    output.into_iter().chain(connection).chain(safety).collect()
}

/// A flag without a value.
fn flag(name: &'static str) -> Arg {
    Arg::new(name).long(name).action(ArgAction::SetTrue)
}

/// The flag, which this environment variable may give too. A variable that is set to nothing is as one that is not set.
fn or_variable(flag: Arg, name: &'static str) -> Arg {
    match env::var_os(name).is_some_and(|value| value.is_empty()) {
        true => flag,
        false => flag.env(name),
    }
}

/// A flag with a value, which help calls by `value`.
fn text(name: &'static str, value: &'static str) -> Arg {
    Arg::new(name).long(name).value_name(value)
}

/// A flag with the path of a file.
fn path(name: &'static str) -> Arg {
    text(name, "FILE").value_parser(value_parser!(PathBuf))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flag_is_of_a_family() {
        for arg in arguments() {
            let flag = arg.get_id().as_str();
            let families = [RECORDS, CONNECTION, REMARKS, &[DRY_RUN]];
            let count = families.iter().filter(|family| family.contains(&flag)).count();
            assert_eq!(count, 1, "{flag}");
        }
    }
}
