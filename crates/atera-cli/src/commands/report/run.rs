//! Which of the commands of reports the arguments name.

use clap::ArgMatches;

use super::{arguments, check, list, new, page, show};
use crate::{input::globals::Globals, output::failure::Failure};

/// Carries out one of them.
///
/// # Errors
///
/// Whatever the command fails with.
pub(crate) async fn run(matches: &ArgMatches, globals: &Globals) -> Result<(), Failure> {
    let name = match matches.subcommand() {
        Some((arguments::NEW, matches)) => return new::run(matches),
        Some((arguments::CHECK, matches)) => return check::run(matches, globals).await,
        _ => matches.get_one::<String>(arguments::REPORT),
    };
    match (name, matches.contains_id(arguments::HTML)) {
        (_, true) => page::run(name.map(String::as_str), matches, globals).await,
        (Some(name), false) => show::run(name, matches, globals).await,
        (None, false) if matches.get_flag(arguments::ALL) => Err(Failure::Usage(
            "--all needs --html: all reports are written as one page; add --html FILE, or name one report"
                .to_string(),
        )),
        (None, false) if matches.get_flag(arguments::FAIL_IF_ROWS) => Err(Failure::Usage(
            "--fail-if-rows needs a report; name one, or all of them with --all --html FILE".to_string(),
        )),
        (None, false) => list::run(matches, globals),
    }
}
