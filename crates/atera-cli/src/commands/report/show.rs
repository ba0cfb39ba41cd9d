//! `atera report NAME`: asks a report, and prints its rows as any records.

use atera::Timestamp;
use atera_mirror::ListsRead;
use clap::ArgMatches;

use super::arguments;
use crate::{
    commands::mirror::{ages, answer, common_arguments::parameters, failure::failure, place, unread},
    input::{globals::Globals, interrupt::Interrupt, reports_folder},
    output::{exit_code, failure::Failure},
};

/// Asks the report and prints its rows.
pub(super) async fn run(name: &str, matches: &ArgMatches, globals: &Globals) -> Result<(), Failure> {
    let reports = reports_folder::reports(matches).map_err(|error| failure(&error))?;
    let report = reports.find(name).map_err(|error| failure(&error))?;
    let mirror = place::open_to_ask(matches, globals).await?;
    let interrupt = Interrupt::listen();
    let (given, limits) = (parameters(matches), answer::limits_of_rows(matches, globals));
    // Before the report: the rows may be younger than what is said of them, and not older.
    let lists = ListsRead::of_tables(report.tables());
    let status = interrupt.or(mirror.status()).await?;
    let status = status.map_err(|error| failure(&error))?;
    let answer = interrupt
        .or(report.run(&mirror, &given, Timestamp::now(), &limits))
        .await?;
    let answer = answer.map_err(|error| failure(&error))?;
    let count = answer::print(answer, matches, globals, &interrupt).await?;
    ages::tell(&lists, &status, globals);
    // Rows, or none, say little where a list is missing.
    unread::judge(&lists, &status)?;
    match matches.get_flag(arguments::FAIL_IF_ROWS) && count > 0 {
        true => Err(has_rows(&format!("the report {name} has rows"))),
        false => Ok(()),
    }
}

/// That there are rows, where there should be none.
pub(super) fn has_rows(sentence: &str) -> Failure {
    Failure::Records(
        format!("{sentence}, and --fail-if-rows was given"),
        exit_code::ROWS,
    )
}
