//! Reads what has changed in a list since the last time, by its own filter.
//!
//! ```text
//! pull     the records that changed, from ten minutes before the last reading on
//! total    how many records there are now; more than are known is a reason to read all of them
//! gone     which ones are gone, if there are fewer: found by their positions, and confirmed by a 404 for each
//! ```
//!
//! What the service does not count as a change is not seen. Wherever something does not fit, the list is read in full, and the
//! reason is told.

use std::{cmp::Ordering, collections::HashSet};

use atera::{
    Consistency, ErrorKind, RecordId, Timestamp,
    description::{ChangeFilter, Collection},
    page::{Step, Verdict},
};
use chrono::TimeDelta;

use super::{
    job::{Failure, Job, Outcome, Reading},
    single, sql,
    staging::Staging,
};
use crate::{engine::Value, schema::Table, state::Strategy};

/// How far a pull reaches back before the last reading, for records that were written late.
const LOOK_BACK: TimeDelta = TimeDelta::minutes(10);

/// How often the changes are pulled while records keep coming.
const MOST_PULLS: usize = 3;

/// Reads what has changed in a list since a time. Returns why it has to be read in full, if so.
pub(crate) async fn read(
    job: &Job<'_>,
    table: &'static Table,
    collection: &Collection,
    filter: &ChangeFilter,
    since: Timestamp,
) -> Result<Result<Reading, String>, Failure> {
    let redacted = job.options.redaction.of_table(&table.name);
    let mut staging = Staging::new(job.store, table, redacted);
    let known = known(job, table).await?;
    let mut why = String::new();
    for _ in 0..MOST_PULLS {
        staging.clear().await?;
        let (pulled, began) = match pull(job, table, filter, since, &mut staging).await? {
            Ok(pulled) => pulled,
            Err(why) => return Ok(Err(why.to_string())),
        };
        let Some(total) = job.client.operation(collection.operation).total().await? else {
            return Ok(Err(
                "the service does not say how many records there are".to_string()
            ));
        };
        let all: Vec<_> = known.union(&pulled).copied().collect();
        let is_settled = match (all.len() as u64).cmp(&total) {
            Ordering::Equal => Ok(()),
            Ordering::Less => Err("there are records that the filter for changes does not show"),
            Ordering::Greater => gone(job, collection, &all, total, &mut staging).await?,
        };
        match is_settled {
            Ok(()) => {
                staging.flush().await?;
                return Ok(Ok(Reading {
                    strategy: Strategy::Changes,
                    why: None,
                    began,
                    outcome: Outcome::Changes,
                    is_resumed: false,
                    has_fresh_table: false,
                }));
            }
            Err(reason) => why = reason.to_string(),
        }
    }
    Ok(Err(why))
}

/// The ids of the records that the mirror has.
async fn known(job: &Job<'_>, table: &'static Table) -> Result<HashSet<RecordId>, Failure> {
    let sql = format!(
        "SELECT {} FROM {} AS t WHERE \"_deleted\" IS NULL",
        sql::key_text(table, "t"),
        sql::quoted(&table.name)
    );
    let rows = job.store.query(&sql, &[]).await?;
    let ids = rows.into_iter().filter_map(|row| match row.first() {
        Some(Value::Text(id)) => RecordId::parse(id),
        _ => None,
    });
    Ok(ids.collect())
}

/// Stages what has changed since a time. Returns the ids and when it began, or why it cannot be relied on.
async fn pull(
    job: &Job<'_>,
    table: &'static Table,
    filter: &ChangeFilter,
    since: Timestamp,
    staging: &mut Staging<'_>,
) -> Result<Result<(HashSet<RecordId>, Timestamp), &'static str>, Failure> {
    let from = since.to_utc().checked_sub_signed(LOOK_BACK).unwrap_or_default();
    let call = job.client.changed_since(filter, from.into()).await?;
    let mut walk = call.consistency(Consistency::Complete)?.paged();
    let mut ids = HashSet::new();
    loop {
        match walk.step().await {
            Ok(Step::Page(page)) => {
                for (record, id) in page.records.iter().zip(&page.ids) {
                    let Some(id) = id else {
                        return Ok(Err("some of the records that changed have no id"));
                    };
                    ids.insert(*id);
                    staging.add(record.get(), Some(*id));
                }
                staging.flush_if_full().await?;
                let total = page.total.and_then(|total| u64::try_from(total).ok());
                job.tell(table, ids.len() as u64, total, false);
            }
            Ok(Step::End(Verdict::Complete)) => {
                let began = walk.began().unwrap_or_else(Timestamp::now);
                return Ok(Ok((ids, began)));
            }
            Ok(Step::End(_)) => return Ok(Err("what changed kept changing while it was read")),
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::Rejected => {
                return Ok(Err("the service refused the filter for what changed"));
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// Stages what is gone. The inner error says why that cannot be told.
async fn gone(
    job: &Job<'_>,
    collection: &Collection,
    known: &[RecordId],
    total: u64,
    staging: &mut Staging<'_>,
) -> Result<Result<(), &'static str>, Failure> {
    if collection.get().is_none() {
        return Ok(Err(
            "its records cannot be read one by one, to confirm which ones are gone",
        ));
    }
    if total == 0 {
        // To confirm each one would take more requests than the list has pages.
        return Ok(Err("the list is empty"));
    }
    let call = job.client.operation(collection.operation);
    let Some(missing) = call.missing_ids(known, total).await? else {
        return Ok(Err("which records are gone cannot be told from its order"));
    };
    for (id, is_gone) in missing
        .iter()
        .zip(single::are_gone(job, collection, &missing).await?)
    {
        match is_gone {
            true => staging.add_gone(*id),
            false => return Ok(Err("a record is not in the list although it exists")),
        }
    }
    Ok(Ok(()))
}
