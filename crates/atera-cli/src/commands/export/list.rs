//! Reads a list into its file, page by page, until nothing is missing.
//!
//! The library's walk decides which page is read next, which records are new and when the list is complete. Here each page is
//! written down before the next one is asked for: first the records, then the entry of the journal, then the state. A walk
//! that is given the journal again goes on behind the last entry, so a page is asked for twice if the process dies between its
//! answer and its entry, and no page is asked for more often than that.

use std::collections::HashSet;

use atera::{
    Consistency, RecordId, Response, UndecodedRecord,
    page::{PagedWalk, Step},
};
use bytes::Bytes;

use super::{
    copies,
    drift::Drift,
    entry::{Entry, ReadState, Update},
    folder::{Mode, Need},
    job::Export,
    plan::Part,
    rows::{Difference, IdField},
    staged::StagedList,
    update,
};
use crate::output::failure::Failure;

/// Exports a list, from where an earlier run stopped. A list that is complete already is not read again.
pub(crate) async fn export(export: &Export<'_>, part: &Part) -> Result<Entry, Failure> {
    match export.folder.need(part)? {
        Need::Nothing(entry) => Ok(*entry),
        Need::Read(mut staged) => {
            if let Some(entry) = staged.state.done.clone() {
                return Ok(entry);
            }
            let entry = read(export, part, &mut staged).await?;
            settle(export, part, &mut staged, entry, Some("it had been begun"))
        }
        Need::Update(update) => {
            let (earlier, mut staged) = *update;
            let (entry, why) = match update::update(export, part, &earlier, &mut staged).await? {
                Ok(entry) => (entry, None),
                Err(why) => (read(export, part, &mut staged).await?, Some(why)),
            };
            settle(export, part, &mut staged, entry, why)
        }
    }
}

/// Takes note of what has changed since the run before, if that is what was asked for. If it is nothing, the file of that run
/// stays. `read_in_full` is why the list was read in full, if it was.
pub(crate) fn settle(
    export: &Export<'_>,
    part: &Part,
    staged: &mut StagedList,
    mut entry: Entry,
    read_in_full: Option<&str>,
) -> Result<Entry, Failure> {
    let folder = &export.folder;
    let earlier = folder.published(&part.name()).filter(|list| list.file.is_some());
    let Some(earlier) = earlier.filter(|_| folder.mode() == Mode::Update) else {
        return Ok(entry);
    };
    let setting = folder.setting();
    let link = part.link().map(|(_, field)| IdField::new(part, field, setting));
    let mut fields = vec![IdField::of_records(part, setting)];
    fields.extend(link.map(Some));
    let difference = Difference::between(&folder.path_of(earlier), &staged.path, &fields, setting)?;
    entry.update = Some(Update::new(difference, read_in_full));
    match difference.is_none() {
        true => staged.keep_earlier(entry, earlier),
        false => staged.done(entry),
    }
}

/// Reads a list in full that was brought up to date by what the service counts as changes, if it shows fields of other lists as
/// they were before.
pub(crate) async fn check_copies(
    export: &Export<'_>,
    part: &Part,
    lists: &[&Part],
) -> Result<Option<Entry>, Failure> {
    let Some(other) = copies::outdated(export, part, lists)? else {
        return Ok(None);
    };
    let mut staged = export.folder.anew(part)?;
    let entry = read(export, part, &mut staged).await?;
    let why = format!("it shows fields of {other} that have changed");
    settle(export, part, &mut staged, entry, Some(&why)).map(Some)
}

/// Reads a list to its end.
async fn read(export: &Export<'_>, part: &Part, file: &mut StagedList) -> Result<Entry, Failure> {
    export.expects(file.state.records);
    export.had(file.state.records);
    let (state, drift) = match part.operation.list {
        true => pages(export, part, file).await?,
        false => array(export, part, file).await?,
    };
    file.complete(part, state, drift)
}

/// Reads a list page by page until its walk ends, and returns how well it was read.
async fn pages(
    export: &Export<'_>,
    part: &Part,
    file: &mut StagedList,
) -> Result<(ReadState, Drift), Failure> {
    let mut walk = walk(export, part)?;
    file.replay(&mut walk)?;
    loop {
        match export.interrupt.or(walk.step()).await?? {
            Step::Page(page) => {
                if file.state.totals.first.is_none() {
                    let total = page.total.and_then(|total| u64::try_from(total).ok());
                    export.expects(total.unwrap_or_default());
                }
                file.state.totals.note(page.total);
                file.state.as_of = file.state.as_of.or(walk.began());
                let records = page.records.iter().map(UndecodedRecord::get);
                export.wrote(file.append(records, &page.entry)?);
            }
            Step::EndOfSweep(entry) => {
                file.append(std::iter::empty(), &entry)?;
            }
            Step::End(verdict) => {
                let drift = Drift::of_walk(&walk.drift(), &file.state.totals);
                return Ok((ReadState::of(verdict), drift));
            }
            // The library may learn to take other steps, which need nothing from a file.
            _ => {}
        }
    }
}

/// The walk over a list, as it was asked for: once, or until it is complete. Records without ids cannot be told apart, so
/// their lists are read once in any case.
pub(crate) fn walk(export: &Export<'_>, part: &Part) -> Result<PagedWalk, Failure> {
    let call = export.client.operation(part.operation);
    let call = match part.operation.has_ids() && !export.fast {
        true => call.consistency(Consistency::Complete)?,
        false => call,
    };
    Ok(call.paged())
}

/// Reads a list that comes in one answer. Its journal has one entry, which says no more than that the file has everything.
async fn array(
    export: &Export<'_>,
    part: &Part,
    file: &mut StagedList,
) -> Result<(ReadState, Drift), Failure> {
    const ENTRY: &str = "-";
    if file.has_entries() {
        return Ok((ReadState::Complete, Drift::of_array()));
    }
    let answer = export
        .interrupt
        .or(export.client.operation(part.operation).send())
        .await??;
    file.state.as_of = Some(answer.sent_at());
    let records = records(&answer)?;
    let field = part.record().and_then(|record| record.id_field);
    let id = |record: &UndecodedRecord| field.and_then(|field| record.id(field));
    let (mut seen, mut drift) = (HashSet::<RecordId>::new(), Drift::of_array());
    let mut new = Vec::new();
    for record in &records {
        match id(record) {
            None => drift.without_id += 1,
            Some(id) if seen.insert(id) => {}
            Some(_) => {
                drift.repeats += 1;
                continue;
            }
        }
        new.push(record.get());
    }
    export.expects(records.len() as u64);
    export.wrote(file.append(new.into_iter(), ENTRY)?);
    Ok((ReadState::Complete, drift))
}

/// The records of an answer that is an array, undecoded.
pub(crate) fn records(answer: &Response<Bytes>) -> Result<Vec<UndecodedRecord>, Failure> {
    Ok(answer.json()?)
}
