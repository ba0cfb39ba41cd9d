//! Reads all of a list, from where an earlier run stopped.

use std::collections::HashSet;

use atera::{
    Consistency, ErrorKind, Timestamp, UndecodedRecord,
    description::Operation,
    page::{PagedWalk, Step, Verdict},
};
use chrono::TimeDelta;

use super::{
    job::{Failure, Job, Outcome, Reading},
    staging::Staging,
    strategy::collection,
};
use crate::{schema::Table, state::Strategy};

/// A walk that began longer ago is not continued: too much has changed since.
const OLDEST: TimeDelta = TimeDelta::hours(6);

/// Reads all of a list. `why` says why, if its changes could have been asked for.
pub(crate) async fn read(
    job: &Job<'_>,
    table: &'static Table,
    operation: &'static Operation,
    why: Option<String>,
) -> Result<Reading, Failure> {
    let redacted = job.options.redaction.of_table(&table.name);
    let mut staging = Staging::new(job.store, table, redacted);
    let read = match operation.list {
        true => pages(job, table, operation, &mut staging).await,
        false => array(job, table, operation, &mut staging).await,
    };
    let (began, outcome) = match read {
        Ok(read) => read,
        Err(Failure::Service(error)) => {
            // The next run goes on from here, if that can help.
            let is_temporary = matches!(
                error.kind(),
                ErrorKind::Server | ErrorKind::Connection | ErrorKind::Timeout | ErrorKind::RateLimited
            );
            match is_temporary {
                true => staging.flush().await?,
                false => staging.clear().await?,
            }
            return Err(error.into());
        }
        Err(failure) => return Err(failure),
    };
    staging.flush().await?;
    Ok(Reading {
        strategy: Strategy::Full,
        why,
        began,
        outcome,
    })
}

/// The walk over a list, until it is complete if its records have ids.
fn walk(job: &Job<'_>, operation: &'static Operation) -> Result<PagedWalk, Failure> {
    let call = job.client.operation(operation);
    let call = match operation.has_ids() {
        true => call.consistency(Consistency::Complete)?,
        false => call,
    };
    Ok(call.paged())
}

/// Reads a list page by page until its walk ends.
async fn pages(
    job: &Job<'_>,
    table: &'static Table,
    operation: &'static Operation,
    staging: &mut Staging<'_>,
) -> Result<(Timestamp, Outcome), Failure> {
    let mut walk = walk(job, operation)?;
    let mut began = None;
    let journal = staging.journal().await?;
    if let Some((first, entries)) = journal.split_first() {
        began = first
            .parse()
            .ok()
            .filter(|began: &Timestamp| Timestamp::now().to_utc() - began.to_utc() <= OLDEST);
        // A journal that cannot be replayed is that of another version of the library.
        let replayed = entries.iter().try_for_each(|entry| walk.replay(entry).map(drop));
        if began.is_none() || replayed.is_err() {
            began = None;
            walk = self::walk(job, operation)?;
            staging.clear().await?;
        }
    } else {
        // What a pull of changes may have left.
        staging.clear().await?;
    }
    let mut read = 0;
    let mut total = None;
    let verdict = loop {
        match walk.step().await? {
            Step::Page(page) => {
                if began.is_none() {
                    let now = walk.began().unwrap_or_else(Timestamp::now);
                    staging.note(now.to_string());
                    began = Some(now);
                }
                for (record, id) in page.records.iter().zip(&page.ids) {
                    staging.add(record.get(), *id);
                }
                staging.note(page.entry);
                staging.flush_if_full().await?;
                read += page.records.len() as u64;
                total = page.total.and_then(|total| u64::try_from(total).ok()).or(total);
                job.tell(table, read, total, false);
            }
            Step::EndOfSweep(entry) => {
                staging.note(entry);
                staging.flush().await?;
            }
            Step::End(verdict) => break verdict,
            // The library may learn to take other steps, which need nothing of the mirror.
            _ => {}
        }
    };
    let outcome = match verdict {
        Verdict::Complete => Outcome::Whole,
        // Records without an id are staged as unreadable, and keep others from being marked as deleted.
        Verdict::WithoutIds if operation.has_ids() => Outcome::Whole,
        Verdict::WithoutIds => Outcome::WithoutIds,
        _ => Outcome::Unsettled,
    };
    Ok((began.unwrap_or_else(Timestamp::now), outcome))
}

/// Reads a list that comes in one answer, where nothing can move.
async fn array(
    job: &Job<'_>,
    table: &'static Table,
    operation: &'static Operation,
    staging: &mut Staging<'_>,
) -> Result<(Timestamp, Outcome), Failure> {
    let answer = job.client.operation(operation).send().await?;
    let records: Vec<UndecodedRecord> = answer.json()?;
    staging.clear().await?;
    let record = collection(table).and_then(|collection| collection.record());
    let id_field = record.and_then(|record| record.id_field);
    let mut seen = HashSet::new();
    for record in &records {
        let id = id_field.and_then(|field| record.id(field));
        if id.is_none_or(|id| seen.insert(id)) {
            staging.add(record.get(), id);
        }
    }
    let count = records.len() as u64;
    job.tell(table, count, Some(count), false);
    Ok((answer.sent_at(), Outcome::Whole))
}
