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
use crate::{engine::Value, schema::Table, state::Strategy};

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
    staging.write_rows_once().await?;
    let read = match operation.list {
        true => pages(job, table, operation, &mut staging).await,
        false => array(job, table, operation, &mut staging).await,
    };
    let (began, outcome, is_resumed) = match read {
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
        is_resumed,
        has_fresh_table: staging.has_fresh_table(),
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

/// Whether an earlier run has begun to read all of a list, not long ago.
pub(crate) async fn is_under_way(
    job: &Job<'_>,
    table: &'static Table,
    now: Timestamp,
) -> crate::Result<bool> {
    let sql = "SELECT \"entry\" FROM \"_walks\" WHERE \"list\" = $1 AND \"number\" = 0";
    let rows = job.store.query(sql, &[table.name.as_str().into()]).await?;
    Ok(match rows.first().and_then(|row| row.first()) {
        Some(Value::Text(first)) => recent(first, now).is_some(),
        _ => false,
    })
}

/// When a walk began, by the first entry of its journal, if that is not too long ago.
fn recent(first: &str, now: Timestamp) -> Option<Timestamp> {
    let began: Timestamp = first.parse().ok()?;
    (now.to_utc() - began.to_utc() <= OLDEST).then_some(began)
}

/// Reads a list page by page until its walk ends.
async fn pages(
    job: &Job<'_>,
    table: &'static Table,
    operation: &'static Operation,
    staging: &mut Staging<'_>,
) -> Result<(Timestamp, Outcome, bool), Failure> {
    let mut walk = walk(job, operation)?;
    let mut began = None;
    let journal = staging.journal().await?;
    if let Some((first, entries)) = journal.split_first() {
        began = recent(first, Timestamp::now());
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
    let is_resumed = began.is_some();
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
    Ok((began.unwrap_or_else(Timestamp::now), outcome, is_resumed))
}

/// Reads a list that comes in one answer, where nothing can move.
async fn array(
    job: &Job<'_>,
    table: &'static Table,
    operation: &'static Operation,
    staging: &mut Staging<'_>,
) -> Result<(Timestamp, Outcome, bool), Failure> {
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
    Ok((answer.sent_at(), Outcome::Whole, false))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_walk_that_began_long_ago_is_not_continued() {
        let now: Timestamp = "2026-03-02T15:00:00Z".parse().unwrap();
        assert!(recent("2026-03-02T09:00:00Z", now).is_some());
        assert!(recent("2026-03-02T08:59:59Z", now).is_none());
        assert!(recent("3 1 2 3", now).is_none(), "it is not the time");
    }
}
