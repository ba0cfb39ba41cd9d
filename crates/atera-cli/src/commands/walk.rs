//! Reads a list, one page or all of it, and prints its records as they come.
//!
//! What was read before a failure or a signal is printed in full, and a record that does not fit the description is printed as
//! it came. Either way the command fails in the end, so that a script does not take a part of a list for the whole.

use std::io::Write;

use atera::{
    Client, Consistency, Error, ErrorKind, Records, UndecodedRecord,
    description::{Operation, PAGE, PAGE_SIZE},
    page::Drift,
};
use clap::ArgMatches;

use crate::{
    input::{arguments, globals::Globals, interrupt::Interrupt, request::OperationRequest},
    output::{destination::Destination, failure::Failure, plural::counted, progress::Progress},
    selection::pipeline::{Outcome, Running, Selection},
};

/// How many records are printed before the progress is updated and the output flushed.
const RECORDS_AT_A_TIME: u64 = 50;

/// How much of a list to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// One page.
    Page,
    /// This many records.
    Records(u64),
    /// Every record, in one pass: records that move meanwhile may be missing.
    OnePass,
    /// Every record, although others come and go. The list is read until that is certain.
    Complete,
}

impl Extent {
    /// What the arguments ask for. A selection may need every record, since the one that is not read may be the one that is
    /// wanted: then `--limit` is about what is printed, and not about what is read.
    ///
    /// # Errors
    ///
    /// `Usage` if they contradict each other.
    pub(crate) fn read(
        request: &OperationRequest,
        matches: &ArgMatches,
        selection: &Selection,
    ) -> Result<Self, Failure> {
        // A walk that begins in the middle cannot know what it misses before that.
        let from_the_middle = request.value(PAGE).is_some();
        let (all, fast) = (
            matches.get_flag(arguments::ALL),
            matches.get_flag(arguments::FAST),
        );
        let needs_all = selection.needs_all();
        let limit = matches.get_one::<u64>(arguments::LIMIT);
        if let (Some(flag), false, true) = (needs_all, all, from_the_middle) {
            return Err(Failure::Usage(format!(
                "{flag} reads the whole list, and --page names one page of it; leave one of them out, or add --all to read \
                 from that page on"
            )));
        }
        match limit {
            Some(limit) if needs_all.is_none() && !selection.alters() => Ok(Extent::Records(*limit)),
            limit if all || limit.is_some() || needs_all.is_some() => Ok(match fast || from_the_middle {
                true => Extent::OnePass,
                false => Extent::Complete,
            }),
            _ if fast => {
                let sentence = "--fast is about reading the whole list; add --all, or leave it out";
                Err(Failure::Usage(sentence.to_string()))
            }
            _ => Ok(Extent::Page),
        }
    }

    /// Whether it is all of the list.
    fn is_whole(self) -> bool {
        matches!(self, Extent::OnePass | Extent::Complete)
    }
}

/// Reads a list, prints its records, and returns a remark about it.
///
/// The file of `--output-file` is replaced only if the whole walk succeeds. On stdout, what came before a failure stays, and
/// the output is completed.
pub(crate) async fn list(
    request: &OperationRequest,
    client: &Client,
    extent: Extent,
    selection: Selection,
    mut out: Destination,
    globals: &Globals,
    interrupt: &Interrupt,
) -> Result<Option<String>, Failure> {
    // Records that run over the same terminal are progress enough.
    let layout = &selection.layout;
    let runs_by = layout.width().is_some() && !out.is_file() && !layout.keeps_all() && !selection.alters();
    let reads_again = extent == Extent::Complete && request.operation.has_ids();
    let progress = Progress::new(!globals.quiet && !runs_by, reads_again, &globals.waits);
    let (for_people, limit, alters) = (layout.format.for_people, layout.limit, selection.alters());
    let prints_totals = selection.prints_totals();
    let mut running = selection.start();
    let (mut total, mut drift) = (None, Drift::default());
    let read = match extent {
        Extent::Page => {
            let page = interrupt.or(request.call(client)?.page_of_results()).await??;
            let page = page.into_inner();
            total = page.total().and_then(|total| u64::try_from(total).ok());
            let mut unfit = None;
            for record in page.items {
                print(record, &mut running, &mut out, &mut unfit)?;
            }
            unfit.map_or(Ok(()), |error| Err(error.into()))
        }
        extent => {
            let walk = walk(
                request,
                client,
                extent,
                &mut running,
                &mut out,
                &progress,
                interrupt,
            );
            walk.await.map(|seen| (total, drift) = seen)
        }
    };
    drop(progress);
    let (count, is_full) = (running.read(), running.is_full());
    // Totals of a part of the list would be taken for those of all of it.
    let came_to_nothing = read.is_err() && (count == 0 || out.is_file() || prints_totals);
    if came_to_nothing {
        return read.map_err(|failure| told(failure, 0, globals)).map(|()| None);
    }
    // What was read before a failure or a signal is printed in full: the brackets close, the table is drawn.
    let Outcome { printed, remarks } = running.finish(&mut out)?;
    let committed = out.commit();
    if read.is_ok() {
        committed?;
    }
    let counted = match read {
        Err(failure) => return Err(told(failure, printed, globals)),
        Ok(()) if extent == Extent::Complete && drift.without_id > 0 => Some(format!(
            "{}; {} have no id; one that moved may be missing",
            count_of(count),
            if drift.without_id == count {
                "these".to_string()
            } else {
                format!("{} of these", drift.without_id)
            }
        )),
        Ok(()) if prints_totals => for_people.then(|| match printed {
            1 => format!("of {}", count_of(count)),
            groups => format!("{groups} groups; {} were read", count_of(count)),
        }),
        Ok(()) if alters && is_full => Some(format!(
            "{}, and --limit ends there; {count} were read{}",
            count_of(printed),
            total.map_or(String::new(), |total| format!(" of {total}"))
        )),
        Ok(()) if alters && extent.is_whole() => {
            for_people.then(|| format!("{printed} of {}", count_of(total.unwrap_or(count).max(count))))
        }
        Ok(()) => remark(extent, limit.is_some(), printed, total).or(for_people.then(|| count_of(printed))),
    };
    let moved =
        moved(request, extent, &drift).filter(|_| drift.without_id == 0 || extent != Extent::Complete);
    let remarks: Vec<_> = counted.into_iter().chain(remarks).chain(moved).collect();
    Ok((!remarks.is_empty()).then(|| remarks.join("; ")))
}

/// The number of records of a list, as the service tells it. `None` if it does not.
pub(crate) async fn total_of(
    request: &OperationRequest,
    client: &Client,
    interrupt: &Interrupt,
) -> Result<Option<u64>, Failure> {
    let call = request.call(client)?.set(PAGE_SIZE, "1")?;
    let page = interrupt.or(call.page_of_results()).await??.into_inner();
    Ok(page.total().and_then(|total| u64::try_from(total).ok()))
}

/// Walks over a list and prints its records. Returns the total of the list, and what changed in it meanwhile.
///
/// A complete walk needs ids. Where the records have none, the list is read in one pass, and the remark says so.
async fn walk(
    request: &OperationRequest,
    client: &Client,
    extent: Extent,
    running: &mut Running,
    out: &mut Destination,
    progress: &Progress,
    interrupt: &Interrupt,
) -> Result<(Option<u64>, Drift), Failure> {
    let mut call = request.call(client)?;
    if let Extent::Records(limit) = extent {
        call = call.limit(limit);
    }
    if extent == Extent::Complete && request.operation.has_ids() {
        call = call.consistency(Consistency::Complete)?;
    }
    let mut records = call.records();
    let mut unfit = None;
    loop {
        let Some(record) = interrupt.or(records.try_next()).await?.transpose() else {
            break;
        };
        print(record, running, out, &mut unfit)?;
        if running.is_full() && extent.is_whole() {
            // Nothing of the rest would be printed, so whether the list is whole does not matter.
            return unfit.map_or_else(
                || Ok((total(&records), Drift::default())),
                |error| Err(error.into()),
            );
        }
        let all = total(&records);
        if running.read().is_multiple_of(RECORDS_AT_A_TIME) || Some(running.read()) == all {
            progress.plan(all);
            progress.reached(running.read());
            // A program that reads along need not wait for the end.
            out.flush()?;
        }
    }
    let drift = records.drift();
    match unfit.or_else(|| not_whole(request.operation, &drift)) {
        Some(error) => Err(error.into()),
        None => Ok((total(&records), drift)),
    }
}

/// The error of a list of which fewer records came than its total, or one of whose pages before the last was short. An export
/// reports the children of a record by it too.
pub(crate) fn not_whole(operation: &'static Operation, drift: &Drift) -> Option<Error> {
    let loss = drift.loss()?;
    Some(Error::new(
        ErrorKind::Unsettled,
        format!(
            "{} {loss}; read it again, without --fast where that was given",
            operation.id
        ),
    ))
}

/// Prints a record. A record that does not fit the description does not end the list: it is printed as it came, and the first
/// such error is reported at the end.
fn print(
    record: Result<UndecodedRecord, Error>,
    running: &mut Running,
    out: &mut Destination,
    unfit: &mut Option<Error>,
) -> Result<(), Failure> {
    match record {
        Ok(record) => running.record(record.get(), out),
        Err(error) if error.record().is_some() => {
            running.record(&String::from_utf8_lossy(error.body()), out)?;
            unfit.get_or_insert(error);
            Ok(())
        }
        Err(error) => Err(error.into()),
    }
}

/// How many records the list has, as the service says.
fn total(records: &Records<UndecodedRecord>) -> Option<u64> {
    let (_, most) = records.drift().totals?;
    u64::try_from(most).ok()
}

/// The failure of a walk, with how far it came if a signal ended it.
fn told(failure: Failure, count: u64, globals: &Globals) -> Failure {
    match failure {
        Failure::Interrupted(signal, None) => {
            let told = match &globals.output.file {
                Some(file) => format!("stopped; {} is as it was before", file.display()),
                None => format!("stopped after {}", count_of(count)),
            };
            Failure::Interrupted(signal, Some(told))
        }
        failure => failure,
    }
}

/// A number of records, in words.
pub(crate) fn count_of(count: u64) -> String {
    counted(count, "record")
}

/// That records moved while the list was read once, if they did, and how to have it read until none is missing.
fn moved(request: &OperationRequest, extent: Extent, drift: &Drift) -> Option<String> {
    let advice = match extent {
        Extent::Records(_) => "with --all",
        Extent::OnePass if request.value(PAGE).is_some() => "without --page",
        Extent::OnePass => "without --fast",
        // It has been read until none was.
        Extent::Page | Extent::Complete => return None,
    };
    let moved = moved_meanwhile(drift, request.value(PAGE))?;
    Some(format!("{moved}; {advice} it is read until none is"))
}

/// That records moved while a list was read once from this page on, if they did.
pub(crate) fn moved_meanwhile(drift: &Drift, page: Option<&str>) -> Option<String> {
    let repeats = (drift.repeats > 0).then(|| format!("records came again ({})", drift.repeats));
    let totals = drift.totals.filter(|(least, most)| least < most);
    let totals = totals.map(|(least, most)| match page {
        // The walk does not count the records before that page.
        Some(page) => format!("its total from page {page} on moved between {least} and {most}"),
        None => format!("its total moved between {least} and {most}"),
    });
    let seen: Vec<_> = repeats.into_iter().chain(totals).collect();
    (!seen.is_empty()).then(|| {
        format!(
            "while it was read, {}, so others may be missing",
            seen.join(" and ")
        )
    })
}

/// The remark that the list has more records than were printed, if it has.
fn remark(extent: Extent, limited: bool, count: u64, total: Option<u64>) -> Option<String> {
    match total {
        Some(total) if !extent.is_whole() && count < total => Some(format!(
            "{count} of {total} records; --all prints all of them, --limit and --page others"
        )),
        Some(total) if limited && count < total => Some(format!(
            "{count} of {total} records; without --limit all of them are printed"
        )),
        _ => None,
    }
}
