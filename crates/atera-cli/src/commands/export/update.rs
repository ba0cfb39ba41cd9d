//! Brings a list up to date: asks for what has changed since it was read, and writes that into a copy of its file.
//!
//! ```text
//! pull     the records that changed, by the list's own filter, from ten minutes before its last reading on
//! total    how many records there are now; more than we know of is a reason to read all of them
//! gone     which ones are gone, if there are fewer
//! merge    the file as it was, with these records in their places
//! ```
//!
//! What the service does not count as a change is not seen. Wherever something does not fit, the list is read in full, and the
//! reason is told.

use std::{
    collections::{BTreeMap, HashSet},
    path::Path,
};

use atera::{
    Consistency, ErrorKind, RecordId, Timestamp, UndecodedRecord,
    description::ChangeFilter,
    page::{Step, Verdict},
};
use chrono::{DateTime, TimeDelta, Utc};

use super::{
    drift::Drift,
    entry::{Entry, ReadState},
    job::{Export, Touched},
    plan::Part,
    rows::{IdField, Rows},
    staged::StagedList,
};
use crate::output::failure::Failure;

/// How far a pull reaches back before the last reading, for records that were written late.
const LOOK_BACK: TimeDelta = TimeDelta::minutes(10);

/// How often the changes are pulled while records keep coming.
const MOST_PULLS: usize = 3;

/// The records that have changed.
struct Pull {
    records: BTreeMap<RecordId, UndecodedRecord>,
    /// When it began, by the clock of the service.
    began: Option<Timestamp>,
}

/// Brings a list up to date. Returns its entry, or why it has to be read in full.
pub(crate) async fn update(
    export: &Export<'_>,
    part: &Part,
    earlier: &Entry,
    file: &mut StagedList,
) -> Result<Result<Entry, &'static str>, Failure> {
    let (Some(filter), Some(as_of)) = (part.change_filter(), earlier.as_of) else {
        return Ok(Err("the service has no filter for what changed"));
    };
    if !earlier.alterations.is_none() {
        return Ok(Err("not all of its records are in the file as they were sent"));
    }
    let setting = export.folder.setting();
    let Some(field) = IdField::of_records(part, setting) else {
        return Ok(Err("its records have no id"));
    };
    let path = export.folder.path_of(earlier);
    let Some(known) = ids(&path, &field, export)? else {
        return Ok(Err("some of its records have no id"));
    };
    let since = export.oldest_child(part).unwrap_or(as_of).min(as_of);
    let mut why = "";
    for _ in 0..MOST_PULLS {
        let pull = match pull(export, &filter, since.to_utc() - LOOK_BACK).await? {
            Ok(pull) => pull,
            Err(why) => return Ok(Err(why)),
        };
        let mut all: Vec<_> = known
            .union(&pull.records.keys().copied().collect())
            .copied()
            .collect();
        all.sort_unstable();
        let Some(total) = total(export, part).await? else {
            return Ok(Err("the service does not say how many records there are"));
        };
        let gone = match all.len().cmp(&total) {
            std::cmp::Ordering::Equal => HashSet::new(),
            std::cmp::Ordering::Less => {
                why = "there are records that the filter for changes does not show";
                continue;
            }
            std::cmp::Ordering::Greater => match missing(export, part, &all, total).await? {
                Some(gone) => gone.into_iter().collect(),
                None => {
                    why = "which records are gone cannot be told from its order";
                    continue;
                }
            },
        };
        export.touch(
            part,
            Touched {
                since,
                ids: pull.records.keys().copied().collect(),
            },
        );
        let rows = pull
            .records
            .iter()
            .map(|(id, record)| (*id, vec![record.get().to_string()]));
        let base = Rows::open(&path, setting)?;
        file.merge(base, &field, rows.collect(), |id| !gone.contains(&id))?;
        file.state.as_of = pull.began.or(Some(since));
        let state = earlier.of_file().unwrap_or(ReadState::Failed);
        return file.complete(part, state, Drift::default()).map(Ok);
    }
    Ok(Err(why))
}

/// The ids in a file; `None` if a record has none.
fn ids(path: &Path, field: &IdField, export: &Export<'_>) -> Result<Option<HashSet<RecordId>>, Failure> {
    let mut rows = Rows::open(path, export.folder.setting())?;
    let mut ids = HashSet::new();
    while let Some(row) = rows.next()? {
        match field.of(&row) {
            Some(id) => ids.insert(id),
            None => return Ok(None),
        };
    }
    Ok(Some(ids))
}

/// Reads what has changed since a time. Returns why it cannot be relied on, if so.
async fn pull(
    export: &Export<'_>,
    filter: &ChangeFilter,
    since: DateTime<Utc>,
) -> Result<Result<Pull, &'static str>, Failure> {
    let call = export.client.changed_since(filter, since.into());
    let mut call = export.interrupt.or(call).await??;
    if !export.fast {
        call = call.consistency(Consistency::Complete)?;
    }
    let mut walk = call.paged();
    let mut records = BTreeMap::new();
    loop {
        match export.interrupt.or(walk.step()).await? {
            Ok(Step::Page(page)) => {
                for (id, record) in page.ids.into_iter().zip(page.records) {
                    let Some(id) = id else {
                        return Ok(Err("some of its records have no id"));
                    };
                    records.insert(id, record);
                }
            }
            Ok(Step::End(Verdict::Complete | Verdict::OnePass)) => {
                let began = walk.began();
                return Ok(Ok(Pull { records, began }));
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

/// How many records a list has now.
async fn total(export: &Export<'_>, part: &Part) -> Result<Option<usize>, Failure> {
    let call = export.client.operation(part.operation).total();
    let total = export.interrupt.or(call).await??;
    Ok(total.and_then(|total| usize::try_from(total).ok()))
}

/// The ids that are not in the list any more, if that can be told.
async fn missing(
    export: &Export<'_>,
    part: &Part,
    known: &[RecordId],
    total: usize,
) -> Result<Option<Vec<RecordId>>, Failure> {
    let call = export.client.operation(part.operation);
    Ok(export
        .interrupt
        .or(call.missing_ids(known, total as u64))
        .await??)
}
