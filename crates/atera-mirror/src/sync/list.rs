//! Syncs a list: chooses how it is read, reads it, and applies what came.

use atera::{ErrorKind, Timestamp};

use super::{
    apply, changes,
    job::{Failure, Job},
    report::ListReport,
    single,
    strategy::{Choice, Outdated, choose, collection},
    walk,
};
use crate::{
    error::Result,
    schema::Table,
    state::{ListState, ListStatus, Strategy},
};

/// Syncs a list.
///
/// # Errors
///
/// If the database fails. What goes wrong with the list is in the report.
pub(crate) async fn sync(job: &Job<'_>, table: &'static Table) -> Result<ListReport> {
    let status = job.status(table).await?;
    let now = Timestamp::now();
    let choice = match choose(table, &status, job.options, now) {
        Choice::Changes(..) if walk::is_under_way(job, table, now).await? => {
            Choice::Full(Some("that had been begun".to_string()))
        }
        choice => choice,
    };
    let report = with_choice(job, table, status, choice).await?;
    job.tell(table, report.records, Some(report.records), true);
    Ok(report)
}

/// Reads again what shows fields of other lists as they were before, after the changes of the list were asked for. What was found then
/// counts as well.
pub(crate) async fn sync_outdated(
    job: &Job<'_>,
    table: &'static Table,
    outdated: Outdated,
) -> Result<ListReport> {
    let status = job.status(table).await?;
    let report = with_choice(job, table, status, Choice::Outdated(outdated)).await?;
    job.tell(table, report.records, Some(report.records), true);
    Ok(report)
}

async fn with_choice(
    job: &Job<'_>,
    table: &'static Table,
    mut status: ListStatus,
    choice: Choice,
) -> Result<ListReport> {
    let Some(collection) = collection(table) else {
        return Err(crate::Error::config(format!("{} is no list", table.name)));
    };
    let first = match choice {
        Choice::Outdated(_) => status.counts(),
        Choice::Full(_) | Choice::Changes(..) => [0; 4],
    };
    let reading = async {
        let why = match choice {
            Choice::Full(why) => why,
            Choice::Changes(filter, since) => {
                match changes::read(job, table, &collection, &filter, since).await? {
                    Ok(reading) => return Ok(reading),
                    Err(why) => Some(why),
                }
            }
            Choice::Outdated(outdated) => {
                let why = outdated.why();
                let (Some(ids), Some(as_of)) = (&outdated.ids, status.as_of) else {
                    return walk::read(job, table, collection.operation, Some(why)).await;
                };
                match single::read(job, table, &collection, ids, as_of, &why).await? {
                    Ok(reading) => return Ok(reading),
                    Err(but) => Some(format!(
                        "it shows fields of {} that have changed, and {but}",
                        outdated.others.join(" and ")
                    )),
                }
            }
        };
        walk::read(job, table, collection.operation, why).await
    };
    match reading.await {
        Ok(reading) => apply::apply(job, table, status, &reading, first).await,
        Err(Failure::Database(error)) => Err(error),
        Err(Failure::Service(error)) => {
            fail(&mut status, &error);
            status.set_counts(first);
            job.save(&status).await?;
            Ok(ListReport::new(&status, Some(error)))
        }
    }
}

/// Notes that a list could not be read. Its rows stay as they are.
pub(crate) fn fail(status: &mut ListStatus, error: &atera::Error) {
    let state = match error.kind() {
        ErrorKind::Forbidden => ListState::NoPermission,
        // A key that is refused as a whole says nothing of what it may read, so a list that was never read is missing.
        ErrorKind::Unauthorized if status.as_of.is_some() => ListState::NoPermission,
        ErrorKind::Unsettled => ListState::Unsettled,
        _ => ListState::Failed,
    };
    status.enter(state, Timestamp::now());
    status.reason = Some(error.to_string());
    (status.inserted, status.updated, status.deleted, status.undeleted) = (0, 0, 0, 0);
    if status.as_of.is_none() {
        status.strategy = Strategy::Full;
    }
}
