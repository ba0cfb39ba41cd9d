//! `atera report` alone: which reports there are.

use atera::description::{Field, Kind, Schema};
use atera_mirror::report::Reports;
use clap::ArgMatches;
use serde_json::json;

use crate::{
    commands::mirror::failure::failure,
    input::{globals::Globals, reports_folder},
    output::{failure::Failure, rows, terminal::tell},
};

/// A row of the list.
static REPORT: Schema = Schema::new(
    "Report",
    &[
        Field::new("Report", Kind::Text),
        Field::new("Question", Kind::Text),
        Field::new("Parameters", Kind::Text),
        Field::new("Source", Kind::Text),
    ],
);

/// Prints the reports. What is wrong with one is told, and the others are listed.
pub(super) fn run(matches: &ArgMatches, globals: &Globals) -> Result<(), Failure> {
    let reports = reports_folder::reports(matches).map_err(|error| failure(&error))?;
    for (_, report) in reports.iter() {
        if let Err(error) = report {
            tell(error.to_string());
        }
    }
    rows::print(&globals.output, &REPORT, rows_of(&reports))
}

fn rows_of(reports: &Reports) -> impl Iterator<Item = serde_json::Value> {
    reports.iter().filter_map(|(name, report)| {
        let report = report.ok()?;
        let parameters = report.parameters().iter().map(|parameter| {
            let choices = parameter.choices.join("|");
            match choices.is_empty() {
                true => format!("{}={}", parameter.name, parameter.default),
                false => format!("{}={} ({choices})", parameter.name, parameter.default),
            }
        });
        let source = report
            .path()
            .map_or("built in".into(), |path| path.display().to_string());
        Some(json!({
            "Report": name,
            "Question": report.title(),
            "Parameters": parameters.collect::<Vec<_>>().join(", "),
            "Source": source,
        }))
    })
}
