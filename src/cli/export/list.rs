//! Reads a list into its file, page by page, until nothing is missing.

use super::{
    Export,
    files::ListFile,
    manifest::{Entry, Outcome},
    plan::Part,
};
use crate::{
    RawRecord, attempt,
    cli::failure::Failure,
    page::{Identity, Next, Told, WALK_PAGE_SIZE},
    wire,
};

pub(super) async fn export(export: &Export<'_>, part: &Part) -> Result<Entry, Failure> {
    let mut file = export.folder.resume(part)?;
    if let Some(entry) = file.state.done.clone() {
        return Ok(entry);
    }
    export.expects(file.state.records);
    export.wrote(file.state.records);
    let key = part.record().and_then(|record| record.key);
    let outcome = match part.operation.list {
        true => sweeps(export, part, key, &mut file).await?,
        false => array(export, part, key, &mut file).await?,
    };
    file.complete(part, outcome)
}

/// Sweeps over a list until it settles.
async fn sweeps(
    export: &Export<'_>,
    part: &Part,
    key: Option<&'static str>,
    file: &mut ListFile,
) -> Result<Outcome, Failure> {
    loop {
        // One page at a time: whatever was asked for and is not in the file yet is asked for again.
        let size = file.completeness.page_size(WALK_PAGE_SIZE);
        let call = export.client.operation(part.operation).prefetch(1);
        let call = call.set("itemsInPage", size.to_string())?;
        let mut pages = call.set("page", file.state.next.max(1).to_string())?.pages();
        while let Some(page) = export.interrupt.or(pages.try_next()).await?? {
            let page = page.value;
            let number = i32::try_from(file.state.next.max(1)).unwrap_or(i32::MAX);
            let records = identified(&page.items, key);
            let has_new = file.sweep.has_new(records.iter().map(|(_, identity)| *identity));
            let told = page.told(number, size, has_new);
            let total = told.total;
            if file.state.totals.first.is_none() {
                export.expects(
                    total
                        .and_then(|total| u64::try_from(total).ok())
                        .unwrap_or_default(),
                );
            }
            file.state.totals.note(total);
            file.state.next = file.state.next.max(1) + 1;
            export.wrote(file.append_page(told, &records)?);
        }
        file.state.next = 1;
        if key.is_none() || export.fast {
            return Ok(match (file.sweep.shows_loss(), key) {
                (false, None) => Outcome::NoId,
                (false, Some(_)) => Outcome::OnePass,
                (true, _) => Outcome::Unsettled,
            });
        }
        match file.end_sweep()? {
            Next::Settled if file.without_id > 0 || file.completeness.without_id() > 0 => {
                return Ok(Outcome::NoId);
            }
            Next::Settled => return Ok(Outcome::Complete),
            Next::GiveUp(_) => return Ok(Outcome::Unsettled),
            Next::Confirm | Next::Again => {}
        }
    }
}

/// The records of a page, each with what tells it from the others.
fn identified<'a>(records: &'a [RawRecord], field: Option<&str>) -> Vec<(&'a str, Identity)> {
    let identified = |record: &'a RawRecord| (record.get(), record.identity(field));
    records.iter().map(identified).collect()
}

/// One answer that holds all.
async fn array(
    export: &Export<'_>,
    part: &Part,
    key: Option<&'static str>,
    file: &mut ListFile,
) -> Result<Outcome, Failure> {
    let answer = export
        .interrupt
        .or(export.client.operation(part.operation).send())
        .await??;
    let records = records(part, &answer)?;
    export.expects(records.len() as u64);
    export.wrote(file.append_page(Told::default(), &identified(&records, key))?);
    Ok(Outcome::Complete)
}

/// The records of an answer that is an array.
pub(super) fn records(
    part: &Part,
    answer: &crate::Response<bytes::Bytes>,
) -> Result<Vec<RawRecord>, Failure> {
    wire::decode(&answer.value).map_err(|reason| attempt::undecodable(part.operation, answer, &reason).into())
}
