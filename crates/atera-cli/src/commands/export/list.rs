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
    drift::Drift,
    entry::{Entry, ReadState},
    folder::Need,
    job::Export,
    plan::Part,
    staged::StagedList,
};
use crate::output::failure::Failure;

/// Exports a list, from where an earlier run stopped. A list that is complete already is not read again.
pub(crate) async fn export(export: &Export<'_>, part: &Part) -> Result<Entry, Failure> {
    match export.folder.need(part)? {
        Need::Nothing(entry) => Ok(*entry),
        Need::Read(staged) => read(export, part, *staged).await,
    }
}

/// Reads a list to its end.
async fn read(export: &Export<'_>, part: &Part, mut file: StagedList) -> Result<Entry, Failure> {
    if let Some(entry) = file.state.done.clone() {
        return Ok(entry);
    }
    export.expects(file.state.records);
    export.had(file.state.records);
    let (state, drift) = match part.operation.list {
        true => pages(export, part, &mut file).await?,
        false => array(export, part, &mut file).await?,
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
    let has_ids = part.record().is_some_and(|record| record.id_field.is_some());
    let call = match has_ids && !export.fast {
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
