//! The flags that every command has.

use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgMatches, builder::PossibleValuesParser, value_parser};

use super::{failure::Failure, format::Format, sort::SortKey};
use crate::RateLimit;

const OUTPUT: &str = "output";
const OUTPUT_FILE: &str = "output-file";
const SELECT: &str = "select";
const SORT: &str = "sort";
const BOM: &str = "bom";
const QUIET: &str = "quiet";
const PROFILE: &str = "profile";
const API_KEY_FILE: &str = "api-key-file";
const SANDBOX: &str = "sandbox";
const RATE_LIMIT: &str = "rate-limit";
const MAX_ATTEMPTS: &str = "max-attempts";
const DRY_RUN: &str = "dry-run";
const YES: &str = "yes";

/// What they say.
#[derive(Clone, Debug)]
pub(super) struct Globals {
    /// How to print, if that was said.
    pub(super) format: Option<Format>,
    /// Where to print instead of stdout.
    pub(super) output_file: Option<PathBuf>,
    /// The fields to print instead of all.
    pub(super) select: Vec<String>,
    /// What to sort by.
    pub(super) sort: Vec<SortKey>,
    /// Whether CSV begins with a byte order mark.
    pub(super) bom: bool,
    /// Whether to say nothing but what was asked for.
    pub(super) quiet: bool,
    /// The profile to use.
    pub(super) profile: Option<String>,
    /// The file with the key.
    pub(super) api_key_file: Option<PathBuf>,
    /// Whether to ask a sandbox.
    pub(super) sandbox: bool,
    /// How many requests may be sent in what time.
    pub(super) rate_limit: RateLimit,
    /// How often a request is sent at most, if that was said.
    pub(super) max_attempts: Option<u32>,
    /// Whether to show the request instead of sending it.
    pub(super) dry_run: bool,
    /// Whether everything is confirmed.
    pub(super) yes: bool,
}

impl Globals {
    /// Takes them from the arguments.
    pub(super) fn read(matches: &ArgMatches) -> Result<Self, Failure> {
        let texts = |name| matches.get_many::<String>(name).unwrap_or_default().cloned();
        let path = |name| matches.get_one::<PathBuf>(name).cloned();
        let globals = Globals {
            format: matches
                .get_one::<String>(OUTPUT)
                .and_then(|name| Format::named(name)),
            output_file: path(OUTPUT_FILE),
            select: texts(SELECT).collect(),
            sort: texts(SORT).map(|text| SortKey::parse(&text)).collect(),
            bom: matches.get_flag(BOM),
            quiet: matches.get_flag(QUIET),
            profile: matches.get_one::<String>(PROFILE).cloned(),
            api_key_file: path(API_KEY_FILE),
            sandbox: matches.get_flag(SANDBOX),
            rate_limit: matches
                .get_one::<RateLimit>(RATE_LIMIT)
                .copied()
                .unwrap_or_default(),
            max_attempts: matches.get_one::<u32>(MAX_ATTEMPTS).copied(),
            dry_run: matches.get_flag(DRY_RUN),
            yes: matches.get_flag(YES),
        };
        if globals.bom && globals.format != Some(Format::Csv) {
            let sentence = "--bom is for CSV alone; add --output csv, or leave it out";
            return Err(Failure::Usage(sentence.to_string()));
        }
        Ok(globals)
    }
}

/// The flags themselves.
pub(super) fn arguments() -> Vec<Arg> {
    let under = |heading: &'static str| move |arg: Arg| arg.global(true).help_heading(heading);
    let connection = [
        text(PROFILE, "NAME")
            .help("Use the key and the address of this profile, see `atera config`; wins over ATERA_API_KEY"),
        path(API_KEY_FILE)
            .conflicts_with(PROFILE)
            .help("Read the API key from this file; wins over ATERA_API_KEY"),
        flag(SANDBOX)
            .conflicts_with_all([PROFILE, API_KEY_FILE])
            .help("Ask a sandbox that lives as long as the command, instead of the service; it needs no key"),
        text(RATE_LIMIT, "LIMIT")
            .env("ATERA_RATE_LIMIT")
            .value_parser(value_parser!(RateLimit))
            .help("Send no more requests than this, as in 500/5m, or `off`; 700/60s if left out"),
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
            .value_parser(PossibleValuesParser::new(Format::NAMES))
            .help("How to print; a table on a terminal and JSON elsewhere if left out"),
        text(SELECT, "FIELDS")
            .value_delimiter(',')
            .action(ArgAction::Append)
            .help("Print these fields alone, in this order: TicketID,TicketTitle; with dots for fields of fields"),
        text(SORT, "FIELDS")
            .value_delimiter(',')
            .action(ArgAction::Append)
            .allow_hyphen_values(true)
            .help("Sort by these fields, each downwards with a minus before it; keeps the list in memory"),
        path(OUTPUT_FILE).help("Write into this file, which changes only once all is written"),
        flag(BOM).help("Begin CSV with a byte order mark, which Excel needs to read it as UTF-8"),
        flag(QUIET).help("No progress and no remarks on stderr, errors alone"),
    ];
    let connection = connection.map(under("Connection"));
    let safety = safety.map(under("Safety"));
    let output = output.map(under("Output"));
    output.into_iter().chain(connection).chain(safety).collect()
}

fn flag(name: &'static str) -> Arg {
    Arg::new(name).long(name).action(ArgAction::SetTrue)
}

fn text(name: &'static str, value: &'static str) -> Arg {
    Arg::new(name).long(name).value_name(value)
}

fn path(name: &'static str) -> Arg {
    text(name, "FILE").value_parser(value_parser!(PathBuf))
}
