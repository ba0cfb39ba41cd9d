//! Reads a list into its file, page by page, until nothing is missing.

use super::{
    Export,
    files::ListFile,
    manifest::{Entry, Outcome},
    plan::Part,
};
use crate::{RawRecord, attempt, cli::failure::Failure, page::Next, wire};

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
        let call = export.client.operation(part.operation).prefetch(1);
        let mut pages = call.set("page", file.state.next.max(1).to_string())?.pages();
        while let Some(page) = export.interrupt.or(pages.try_next()).await?? {
            let page = page.value;
            if file.state.totals.first.is_none() {
                let total = page.total().and_then(|total| u64::try_from(total).ok());
                export.expects(total.unwrap_or_default());
            }
            file.state.totals.note(page.total());
            if file.state.next <= 1 {
                file.state.coverage.begin_sweep();
            }
            file.state.next = file.state.next.max(1) + 1;
            add(export, key, file, &page.items)?;
        }
        file.state.next = 1;
        match (file.state.coverage.end_of_sweep(), key) {
            (_, None) => return Ok(Outcome::NoKey),
            _ if export.fast => return Ok(Outcome::OnePass),
            (Next::Settled, _) => return Ok(Outcome::Complete),
            (Next::GiveUp, _) => return Ok(Outcome::Unsettled),
            (Next::Again, _) => {}
        }
    }
}

/// Adds what is new of a page.
fn add(
    export: &Export<'_>,
    key: Option<&'static str>,
    file: &mut ListFile,
    items: &[RawRecord],
) -> Result<(), Failure> {
    let mut new = Vec::new();
    let ListFile { state, seen, .. } = file;
    for record in items {
        let key = key.and_then(|key| record.key(key));
        // What has no identity cannot be told apart.
        if key.is_none_or(|key| state.coverage.record(key, seen)) {
            new.push((record.get(), key));
        }
    }
    let added = file.append(new.into_iter())?;
    export.wrote(added);
    Ok(())
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
    file.state.coverage.begin_sweep();
    add(export, key, file, &records)?;
    Ok(Outcome::Complete)
}

/// The records of an answer that is an array.
pub(super) fn records(
    part: &Part,
    answer: &crate::Response<bytes::Bytes>,
) -> Result<Vec<RawRecord>, Failure> {
    wire::decode(&answer.value).map_err(|reason| attempt::undecodable(part.operation, answer, &reason).into())
}
