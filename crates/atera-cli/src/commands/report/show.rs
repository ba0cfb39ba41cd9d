//! `atera report NAME`: asks a report, and prints its rows as any records.

use std::time::Duration;

use atera::Timestamp;
use atera_mirror::{Limits, Mirror, report::Report};
use clap::ArgMatches;

use super::arguments;
use crate::{
    commands::mirror::{
        ages,
        arguments::{LIMIT, PARAM, TIMEOUT},
        failure::failure,
        place::Place,
        query,
    },
    input::{globals::Globals, interrupt::Interrupt, reports_folder},
    output::{exit_code, failure::Failure, terminal::tell},
};

/// Asks the report and prints its rows.
pub(super) async fn run(name: &str, matches: &ArgMatches, globals: &Globals) -> Result<(), Failure> {
    let reports = reports_folder::reports(matches).map_err(|error| failure(&error))?;
    let report = reports.find(name).map_err(|error| failure(&error))?;
    let mirror = Place::read(matches, globals)?.open().await?;
    let interrupt = Interrupt::listen();
    let limit = matches.get_one::<u64>(LIMIT).copied();
    let limits = query::in_database(Limits::default().time(time(matches)), limit, globals);
    let given = given(matches);
    let answer = interrupt
        .or(report.run(&mirror, &given, Timestamp::now(), &limits))
        .await?;
    let answer = answer.map_err(|error| failure(&error))?;
    let count = query::print(answer, limit, globals, &interrupt).await?;
    if !globals.quiet {
        tell_ages(report, &mirror).await?;
    }
    match matches.get_flag(arguments::FAIL_IF_ROWS) && count > 0 {
        true => Err(has_rows(&format!("the report {name} has rows"))),
        false => Ok(()),
    }
}

/// Says how old the lists are that the report reads.
async fn tell_ages(report: &Report, mirror: &Mirror) -> Result<(), Failure> {
    let status = mirror.status().await.map_err(|error| failure(&error))?;
    let read = status.iter().filter(|list| report.tables().contains(&list.list));
    let ages = ages::told(read, Timestamp::now());
    if !ages.is_empty() {
        tell(ages);
    }
    Ok(())
}

/// The parameters that were given.
pub(super) fn given(matches: &ArgMatches) -> Vec<(String, String)> {
    let given = matches.get_many::<(String, String)>(PARAM).unwrap_or_default();
    given.cloned().collect()
}

/// How long a report may take.
pub(super) fn time(matches: &ArgMatches) -> Duration {
    let given = matches.get_one::<Duration>(TIMEOUT).copied();
    given.unwrap_or(Limits::default().time)
}

/// That there are rows, where there should be none.
pub(super) fn has_rows(sentence: &str) -> Failure {
    Failure::Records(
        format!("{sentence}, and --fail-if-rows was given"),
        exit_code::ROWS,
    )
}
