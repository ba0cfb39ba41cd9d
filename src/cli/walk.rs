//! Reads a list, a page of it or all, and prints its records as they come.

use std::io::Write;

use clap::ArgMatches;

use super::{
    arguments,
    destination::Destination,
    failure::Failure,
    format::Format,
    globals::Globals,
    interrupt::Interrupt,
    progress::Progress,
    records::{Layout, Sink},
    request::Request,
};
use crate::{Client, Consistency, Drift, Error, ErrorKind, Operation, RawRecord, Records};

/// How many records are printed between looks at how far it is.
const RECORDS_AT_A_TIME: u64 = 50;

/// How much of a list is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    /// One page.
    Page,
    /// So many records.
    Records(u64),
    /// Every record, of those that do not move while the list is read.
    OnePass,
    /// Every record, though others come and go.
    Complete,
}

impl Extent {
    /// What the arguments say.
    pub(super) fn read(request: &Request, matches: &ArgMatches) -> Self {
        // A walk that begins in the middle cannot tell what was missed before it.
        let from_the_middle = request.value("page").is_some();
        match matches.get_one::<u64>(arguments::LIMIT) {
            Some(limit) => Extent::Records(*limit),
            None if !matches.get_flag(arguments::ALL) => Extent::Page,
            None if matches.get_flag(arguments::FAST) || from_the_middle => Extent::OnePass,
            None => Extent::Complete,
        }
    }

    /// Whether it is all of the list.
    fn is_whole(self) -> bool {
        matches!(self, Extent::OnePass | Extent::Complete)
    }
}

/// Prints a list, and returns what there is to say about it.
pub(super) async fn list(
    request: &Request,
    client: &Client,
    extent: Extent,
    layout: Layout,
    mut out: Destination,
    globals: &Globals,
    interrupt: &Interrupt,
) -> Result<Option<String>, Failure> {
    // Records that run over the same terminal show well enough how far it is.
    let runs_by = layout.look.width.is_some() && !out.is_file() && !layout.keeps_all();
    let reads_again = extent == Extent::Complete && has_key(request);
    let progress = Progress::new(!globals.quiet && !runs_by, reads_again);
    let is_table = layout.format == Format::Table;
    let mut sink = Sink::new(layout);
    let (mut total, mut drift) = (None, Drift::default());
    let read = match extent {
        Extent::Page => {
            let fetched = interrupt.or(request.call(client)?.items()).await??;
            total = fetched.page.total().and_then(|total| u64::try_from(total).ok());
            let mut unfit = None;
            for item in fetched.items {
                print(item.record, &mut sink, &mut out, &mut unfit)?;
            }
            unfit.map_or(Ok(()), |error| Err(error.into()))
        }
        extent => {
            let walk = walk(request, client, extent, &mut sink, &mut out, &progress, interrupt);
            walk.await.map(|seen| (total, drift) = seen)
        }
    };
    drop(progress);
    let came_to_nothing = read.is_err() && (sink.count() == 0 || out.is_file());
    if came_to_nothing {
        return Err(told(read, 0, globals));
    }
    // What was read before a failure or Ctrl-C is printed in full: the brackets close, the table is drawn.
    let count = sink.finish(&mut out)?;
    let committed = out.commit();
    if read.is_ok() {
        committed?;
    }
    match read {
        Ok(()) if extent == Extent::Complete && drift.without_id > 0 => Ok(Some(format!(
            "{}; {} have no id; one that moved may be missing",
            count_of(count),
            if drift.without_id == count {
                "these".to_string()
            } else {
                format!("{} of these", drift.without_id)
            }
        ))),
        Ok(()) => {
            let counted = remark(extent, count, total).or(is_table.then(|| count_of(count)));
            let remarks: Vec<_> = counted
                .into_iter()
                .chain(moved(request, extent, &drift))
                .collect();
            Ok((!remarks.is_empty()).then(|| remarks.join("; ")))
        }
        Err(_) => Err(told(read, count, globals)),
    }
}

/// Prints a walk, and returns the total of the list and what changed in it meanwhile.
async fn walk(
    request: &Request,
    client: &Client,
    extent: Extent,
    sink: &mut Sink,
    out: &mut Destination,
    progress: &Progress,
    interrupt: &Interrupt,
) -> Result<(Option<u64>, Drift), Failure> {
    let mut call = request.call(client)?;
    if let Extent::Records(limit) = extent {
        call = call.limit(limit);
    }
    if extent == Extent::Complete && has_key(request) {
        call = call.consistency(Consistency::Complete)?;
    }
    let mut records = call.records();
    let mut unfit = None;
    loop {
        let Some(record) = interrupt.or(records.try_next()).await?.transpose() else {
            break;
        };
        print(record, sink, out, &mut unfit)?;
        let all = total(&records);
        if sink.count().is_multiple_of(RECORDS_AT_A_TIME) || Some(sink.count()) == all {
            progress.plan(all);
            progress.reached(sink.count());
            // Whoever reads along does not wait for the end.
            out.flush()?;
        }
    }
    let drift = records.drift();
    match unfit.or_else(|| not_whole(request.operation, &drift)) {
        Some(error) => Err(error.into()),
        None => Ok((total(&records), drift)),
    }
}

/// The error of a list of which fewer records came than it has by its own total, or one of whose pages was short.
pub(super) fn not_whole(operation: &'static Operation, drift: &Drift) -> Option<Error> {
    let reason = match (drift.shortfall, drift.holes) {
        (0, 0) => return None,
        (0, holes) => format!("pages before its last came short ({holes}), so records may be missing"),
        (missing, _) => format!(
            "by its total there are {} more than came, so records may be missing, or the total is wrong",
            count_of(missing)
        ),
    };
    Some(Error::new(
        ErrorKind::Unsettled,
        format!(
            "{} is not whole: {reason}; read it again, without --fast where that was given",
            operation.id
        ),
    ))
}

/// Prints a record. One that does not fit is not the end of the list: it is printed as it came, and told in the end.
fn print(
    record: Result<RawRecord, Error>,
    sink: &mut Sink,
    out: &mut Destination,
    unfit: &mut Option<Error>,
) -> Result<(), Failure> {
    match record {
        Ok(record) => Ok(sink.record(record.get(), out)?),
        Err(error) if error.record().is_some() => {
            sink.record(&String::from_utf8_lossy(error.body()), out)?;
            unfit.get_or_insert(error);
            Ok(())
        }
        Err(error) => Err(error.into()),
    }
}

/// How many records the service says that there are.
fn total(records: &Records<RawRecord>) -> Option<u64> {
    let (_, most) = records.drift().totals?;
    u64::try_from(most).ok()
}

fn has_key(request: &Request) -> bool {
    let record = request.operation.record();
    record.is_some_and(|record| record.key.is_some())
}

/// The failure of a walk, with how far it came if Ctrl-C ended it.
fn told(read: Result<(), Failure>, count: u64, globals: &Globals) -> Failure {
    match read {
        Err(Failure::Interrupted(None)) => Failure::Interrupted(Some(match &globals.output_file {
            Some(file) => format!("stopped; {} is as it was before", file.display()),
            None => format!("stopped after {}", count_of(count)),
        })),
        Err(failure) => failure,
        Ok(()) => Failure::Interrupted(None),
    }
}

/// So many records, in words.
pub(super) fn count_of(count: u64) -> String {
    match count {
        1 => "1 record".to_string(),
        count => format!("{count} records"),
    }
}

/// That records moved while the list was read once, if they did, and how to have it read until none is missing.
fn moved(request: &Request, extent: Extent, drift: &Drift) -> Option<String> {
    let advice = match extent {
        Extent::Records(_) => "with --all",
        Extent::OnePass if request.value("page").is_some() => "without --page",
        Extent::OnePass => "without --fast",
        // It has been read until none was.
        Extent::Page | Extent::Complete => return None,
    };
    let repeats = (drift.repeats > 0).then(|| format!("records came again ({})", drift.repeats));
    let totals = drift.totals.filter(|(least, most)| least < most);
    let totals = totals.map(|(least, most)| format!("its total moved between {least} and {most}"));
    let seen: Vec<_> = repeats.into_iter().chain(totals).collect();
    (!seen.is_empty()).then(|| {
        format!(
            "while it was read, {}, so others may be missing; {advice} it is read until none is",
            seen.join(" and ")
        )
    })
}

/// That there is more, if there is.
fn remark(extent: Extent, count: u64, total: Option<u64>) -> Option<String> {
    match total {
        Some(total) if !extent.is_whole() && count < total => Some(format!(
            "{count} of {total} records; --all prints all of them, --limit and --page others"
        )),
        _ => None,
    }
}
