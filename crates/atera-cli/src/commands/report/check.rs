//! `atera report check`: asks each report, of an empty mirror or of one that is named.

use atera::{
    Timestamp,
    description::{Field, Kind, Schema},
};
use atera_mirror::{Mirror, report::Report};
use clap::ArgMatches;
use serde_json::json;
use tempfile::TempDir;

use crate::{
    commands::mirror::{failure::failure, place::Place},
    input::{globals::Globals, interrupt::Interrupt, reports_folder},
    output::{exit_code, failure::Failure, rows},
};

/// A row of what is printed.
static CHECKED: Schema = Schema::new(
    "CheckedReport",
    &[Field::new("Report", Kind::Text), Field::new("Result", Kind::Text)],
);

/// Prints what came of each report.
pub(super) async fn run(matches: &ArgMatches, globals: &Globals) -> Result<(), Failure> {
    let reports = reports_folder::reports(matches).map_err(|error| failure(&error))?;
    let (mirror, _folder) = mirror(matches).await?;
    let interrupt = Interrupt::listen();
    let mut checked = Vec::new();
    let mut failed = 0;
    for (name, report) in reports.iter() {
        let result = match report {
            Ok(report) => interrupt.or(report.check(&mirror, Timestamp::now())).await?,
            Err(error) => Err(error.clone()),
        };
        failed += usize::from(result.is_err());
        let unsaid = report.map(Report::lists_without_age).unwrap_or_default();
        let result = match result {
            Err(error) => error.to_string(),
            Ok(()) if unsaid.is_empty() => "ok".to_string(),
            Ok(()) => format!(
                "ok, but the age of what it reads is not said; add a line `-- tables = [\"{}\"]` to its header",
                unsaid.join("\", \"")
            ),
        };
        checked.push(json!({"Report": name, "Result": result}));
    }
    let count = checked.len();
    rows::print(&globals.output, &CHECKED, checked.into_iter())?;
    match failed {
        0 => Ok(()),
        _ => Err(Failure::Records(
            format!("{failed} of {count} reports failed; the table says why"),
            exit_code::USAGE,
        )),
    }
}

/// The mirror that is named, or an empty one in a folder of its own.
async fn mirror(matches: &ArgMatches) -> Result<(Mirror, Option<TempDir>), Failure> {
    if let Some(place) = Place::named(matches) {
        return Ok((place.open().await?, None));
    }
    let folder = tempfile::tempdir().map_err(Failure::Start)?;
    let mirror = Place::File(folder.path().join("empty.db")).open().await?;
    let made = mirror.make_tables().await;
    made.map_err(|error| failure(&error))?;
    Ok((mirror, Some(folder)))
}
