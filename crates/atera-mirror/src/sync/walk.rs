//! Reads all of a list, from where an earlier run stopped.

use std::collections::HashSet;

use atera::{
    Consistency, ErrorKind, RecordId, Timestamp, UndecodedRecord,
    description::Operation,
    page::{PagedWalk, Step, Verdict},
};
use chrono::TimeDelta;

use super::{
    cost,
    job::{Failure, Job, Outcome, Reading},
    single, sql,
    staging::{self, Staging},
    strategy::{collection, knows_all},
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
    let status = job.status(table).await?;
    // A pass that another run began is not looked into.
    let mut compares = !is_resumed && knows_all(&status, job.options, Timestamp::now());
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
                // Each answer has to report a total, and `drift` tells whether it was the same.
                compares &= page.total.is_some();
                total = page.total.and_then(|total| u64::try_from(total).ok()).or(total);
                job.tell(table, read, total, false);
            }
            Step::EndOfSweep(entry) => {
                staging.note(entry);
                staging.flush().await?;
                if std::mem::take(&mut compares)
                    && walk.drift().is_none()
                    && all_known_came(job, table, read).await?
                {
                    let began = began.unwrap_or_else(Timestamp::now);
                    return Ok((began, Outcome::WholeAsKnown, is_resumed));
                }
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

/// Whether every record that the mirror knows came in the first pass over a list, or is gone by a 404 of its own.
///
/// Then there is no need for a second pass. A pass leaves out a record only if one before it was deleted while it was read, so that
/// the rest moved up. The total shows that, unless another record was created before the next page was asked for. But a record that
/// the mirror knows would be noticed. So what is left out can only be one that is new since the last sync, which the next one finds.
/// That counts only where hardly any of the records that came, of which there are `came`, are new.
async fn all_known_came(job: &Job<'_>, table: &'static Table, came: u64) -> Result<bool, Failure> {
    let sql = format!(
        "SELECT {} FROM {} AS t WHERE {}",
        sql::key_text(table, "t"),
        sql::quoted(&table.name),
        staging::exists_and_did_not_come(table)
    );
    let rows = job.store.query(&sql, &[]).await?;
    let known = job.status(table).await?.records;
    let lost = rows.len() as u64;
    if known.saturating_sub(lost) * 10 < came * 9 {
        return Ok(false);
    }
    if rows.is_empty() {
        return Ok(true);
    }
    // To ask for each must take fewer requests than a second pass.
    if lost >= cost::pages(known) {
        return Ok(false);
    }
    let ids = rows.into_iter().map(|row| match row.first() {
        Some(Value::Text(id)) => RecordId::parse(id),
        _ => None,
    });
    let (Some(ids), Some(collection)) = (ids.collect::<Option<Vec<_>>>(), collection(table)) else {
        return Ok(false);
    };
    match single::are_gone(job, &collection, &ids).await {
        Ok(gone) => Ok(gone.into_iter().all(|is_gone| is_gone)),
        Err(Failure::Service(error)) if single::is_of_the_call(&error) => Ok(false),
        Err(failure) => Err(failure),
    }
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
