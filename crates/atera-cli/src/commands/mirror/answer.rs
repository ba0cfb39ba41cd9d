//! The answer to a query or a report: within which limits it comes, and how its rows are printed.

use std::time::Duration;

use atera_mirror::{Answer, Limits};
use clap::ArgMatches;

use super::{
    answer_rows::AnswerRows,
    common_arguments::{LIMIT, TIMEOUT},
    failure::failure,
};
use crate::{
    input::{globals::Globals, interrupt::Interrupt},
    output::{
        destination::Destination,
        failure::Failure,
        records::{Layout, Sink},
        terminal::tell,
    },
};

/// How many rows are wanted at most, if it was said.
pub(crate) fn limit(matches: &ArgMatches) -> Option<u64> {
    matches.get_one::<u64>(LIMIT).copied()
}

/// How long the database may take.
pub(crate) fn limits(matches: &ArgMatches) -> Limits {
    let limits = Limits::default();
    match matches.get_one::<Duration>(TIMEOUT) {
        Some(time) => limits.time(*time),
        None => limits,
    }
}

/// The same, and how many rows it gives, where they are printed. All rows are sorted before some are left out, so the database may
/// not leave any out then.
pub(crate) fn limits_of_rows(matches: &ArgMatches, globals: &Globals) -> Limits {
    let limits = limits(matches);
    match limit(matches).filter(|_| globals.output.sort.is_empty()) {
        Some(limit) => limits.rows(limit),
        None => limits,
    }
}

/// Prints the rows as they come. Those that came before a failure or a signal are printed in full, but for those of a file, which
/// then stays as it was. Returns how many came.
pub(crate) async fn print(
    mut answer: Answer,
    matches: &ArgMatches,
    globals: &Globals,
    interrupt: &Interrupt,
) -> Result<u64, Failure> {
    let rows = AnswerRows::new(answer.columns());
    let mut layout = Layout::of_rows(&globals.output, rows.schema())?.or_select(|_| rows.columns());
    layout.limit = limit(matches);
    let mut out = Destination::open(globals.output.file.as_deref())?;
    let mut sink = Sink::new(layout);
    let mut count = 0;
    loop {
        let batch = match interrupt.or(answer.next()).await {
            Ok(Ok(Some(batch))) => batch,
            Ok(Ok(None)) => break,
            Ok(Err(error)) => return Err(cut_short(failure(&error), count, sink, out)),
            Err(signal) => return Err(cut_short(signal, count, sink, out)),
        };
        for row in batch {
            count += 1;
            sink.record(&rows.json(&row), &mut out)?;
        }
    }
    let printed = sink.finish(&mut out)?;
    out.commit()?;
    if (answer.is_cut() || printed < count) && !globals.quiet {
        let rows = if printed == 1 { "row" } else { "rows" };
        tell(format!(
            "{printed} {rows}, and --limit ends there; there are more"
        ));
    }
    Ok(count)
}

/// Completes the output of a query that has failed after so many rows. Returns the failure.
fn cut_short(failure: Failure, count: u64, sink: Sink, mut out: Destination) -> Failure {
    if count == 0 || out.is_file() {
        return failure;
    }
    // What failed first is what matters.
    let _ = sink.finish(&mut out).and_then(|_| out.commit());
    failure
}
