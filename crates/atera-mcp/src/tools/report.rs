//! `report`: questions about the account that are ready made, asked of the mirror.

use atera::Timestamp;
use atera_mirror::{ListsRead, report::Report};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    context::CallContext,
    query::{ages, failure, limits, mirror, table},
};
use crate::{content::Answer, failure::Failure, setup::Setup};

/// The arguments of `report`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReportArguments {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    parameters: Map<String, Value>,
    #[serde(default)]
    limit: Option<u64>,
}

/// Answers a report, or lists them all.
///
/// # Errors
///
/// `InvalidRequest` if there is no such report or parameter, and whatever the database fails with.
pub(crate) async fn report(
    setup: &Setup,
    context: CallContext<'_>,
    arguments: ReportArguments,
) -> Result<Answer, Failure> {
    let mirror = mirror(setup)?;
    let reports = setup.mirror.as_ref().map(|mirrored| &mirrored.reports);
    let reports = reports.into_iter();
    let Some(name) = arguments.name.filter(|name| !name.trim().is_empty()) else {
        let sound = reports
            .flat_map(|reports| reports.iter())
            .filter_map(|(_, report)| report.ok());
        let listed: Vec<_> = sound.map(listed).collect();
        return Ok(Answer::json(json!({"reports": listed})));
    };
    let mut found = reports.map(|reports| reports.find(name.trim()));
    let report = match found.next() {
        Some(report) => report.map_err(|error| unknown(&error))?,
        None => return Err(Failure::invalid("this server has no reports", "use `query`")),
    };
    let given = arguments.parameters.into_iter().map(|(name, value)| match value {
        Value::String(text) => (name, text),
        value => (name, value.to_string()),
    });
    let given: Vec<_> = given.collect();
    let limits = limits(arguments.limit)?;
    let ages = ages(mirror, context, &ListsRead::of_tables(report.tables())).await?;
    let rows = report.run(mirror, &given, Timestamp::now(), &limits);
    let rows = context
        .or_cancelled(rows)
        .await?
        .map_err(|error| unknown(&error))?;
    let mut answer = table(setup, context, rows).await?;
    answer["report"] = json!(report.name());
    answer["question"] = json!(report.title());
    answer["as_of"] = ages;
    Ok(Answer::json(answer))
}

/// A report in the list of them.
fn listed(report: &Report) -> Value {
    let parameters = report.parameters().iter();
    let parameters: Map<_, _> = parameters
        .map(|it| {
            (
                it.name.clone(),
                json!({"default": it.default, "for": it.description}),
            )
        })
        .collect();
    json!({"name": report.name(), "question": report.title(), "parameters": parameters})
}

/// That there is no such report or parameter, or whatever else the mirror fails with.
fn unknown(error: &atera_mirror::Error) -> Failure {
    match error.kind() {
        atera_mirror::ErrorKind::Config => Failure::invalid(
            error.to_string(),
            "call `report` without a name to see the reports and their parameters",
        ),
        _ => failure(error),
    }
}
