//! What came of the rows of a file: the result file, which has a line for each row, one sentence, and the exit code.

use std::{fs, path::Path};

use atera::description::{Field, Kind, Schema};
use serde_json::{Value, json};

use super::{journal::State, plan::Import};
use crate::{
    input::{globals::Globals, interrupt::Interrupt},
    output::{exit_code, failure::Failure, formats, options::OutputOptions, rows as printed, terminal::tell},
};

/// The columns of the result file.
static RESULT: Schema = Schema::new(
    "Result",
    &[
        Field::new("Row", Kind::Integer),
        Field::new("Line", Kind::Integer),
        Field::new("Outcome", Kind::Text),
        Field::new("Id", Kind::Text),
        Field::new("Reason", Kind::Text),
    ],
);

/// Refuses to replace a file that is not a result of `--from`: one where the result file goes, or one of the run's own files
/// that `--output-file` names.
pub(crate) fn refuse_overwriting(import: &Import, output: Option<&Path>) -> Result<(), Failure> {
    let refused = |reason: String| {
        Err(Failure::Usage(format!(
            "{} was not sent: {reason}",
            import.operation.id
        )))
    };
    let names: Vec<_> = RESULT.fields.iter().map(|field| field.name).collect();
    match fs::read(&import.results) {
        Ok(bytes) if !bytes.is_empty() && !bytes.starts_with(names.join(",").as_bytes()) => {
            return refused(format!(
                "{} would be replaced by the results, and is no file of results; move it away, or name another place with --journal",
                import.results.display()
            ));
        }
        // One that cannot be read is reported when it cannot be written.
        _ => {}
    }
    let own = [
        import.rows.file.as_deref(),
        Some(&import.journal),
        Some(&import.results),
    ];
    let is_same = |own: &Path, other: &Path| {
        own == other
            || matches!((fs::canonicalize(own), fs::canonicalize(other)), (Ok(one), Ok(other)) if one == other)
    };
    match output {
        Some(output) if own.into_iter().flatten().any(|own| is_same(own, output)) => refused(format!(
            "--output-file would replace {}, which belongs to --from; name another file",
            output.display()
        )),
        _ => Ok(()),
    }
}

/// Writes the result file, which has a line for each row.
pub(crate) fn write(import: &Import, states: &[State]) -> Result<(), Failure> {
    let results = OutputOptions {
        format: formats::named("csv"),
        file: Some(import.results.clone()),
        ..OutputOptions::default()
    };
    printed::print(&results, &RESULT, result(import, states))
}

/// Writes the result file, prints the rows where a format or a file was asked for, and says how it went. `stopped` says that as
/// many rows failed as may fail.
///
/// # Errors
///
/// If a row is not done, or if the results cannot be written.
pub(crate) fn finish(
    import: &Import,
    states: &[State],
    stopped: bool,
    globals: &Globals,
    interrupt: &Interrupt,
) -> Result<(), Failure> {
    let printed = write(import, states).and_then(|()| {
        match globals.output.format.is_some() || globals.output.file.is_some() {
            true => printed::print(&globals.output, &RESULT, result(import, states)),
            false => Ok(()),
        }
    });
    let sentence = sentence(import, states, stopped);
    let unknown = states.iter().any(|state| matches!(state, State::Unknown { .. }));
    let refused = states.iter().find_map(|state| match state {
        State::Refused { code, .. } => Some(*code),
        _ => None,
    });
    let work = match (interrupt.seen(), refused) {
        (Some(signal), _) => Err(Failure::Interrupted(
            signal,
            Some(format!("stopped; {sentence}; run the command again to go on")),
        )),
        (None, _) if unknown => Err(Failure::Records(sentence.clone(), exit_code::UNKNOWN)),
        (None, Some(code)) => Err(Failure::Records(sentence.clone(), code)),
        (None, None) if states.contains(&State::Waiting) => {
            Err(Failure::Records(sentence.clone(), exit_code::FAILED))
        }
        (None, None) => Ok(()),
    };
    let wrote = || format!("{} (all {} rows)", import.operation.id, states.len());
    Failure::judge(printed, work, Some(wrote))?;
    if !globals.quiet {
        tell(sentence);
    }
    Ok(())
}

/// The lines of the result file.
fn result<'a>(import: &'a Import, states: &'a [State]) -> impl Iterator<Item = Value> + use<'a> {
    states
        .iter()
        .zip(&import.rows.rows)
        .zip(1..)
        .map(|((state, row), number)| {
            let (outcome, id, reason) = match state {
                State::Waiting => ("not tried", None, None),
                State::Done { id, found: false } => ("done", id.as_deref(), None),
                State::Done { id, found: true } => (
                    "done",
                    id.as_deref(),
                    Some("its answer was lost, so it was looked for"),
                ),
                State::Refused { reason, .. } => ("failed", None, Some(reason.as_str())),
                State::Unknown { reason, .. } => ("unknown", None, Some(reason.as_str())),
            };
            let number: i32 = number;
            json!({"Row": number, "Line": row.line, "Outcome": outcome, "Id": id, "Reason": reason})
        })
}

/// How it went, in one sentence.
fn sentence(import: &Import, states: &[State], stopped: bool) -> String {
    let mut counts = [0_usize; 5];
    for state in states {
        counts[match state {
            State::Done { .. } => 0,
            State::Refused { .. } => 1,
            State::Unknown { .. } => 2,
            State::Waiting => 3,
        }] += 1;
    }
    counts[4] = states
        .iter()
        .filter(|state| matches!(state, State::Done { found: true, .. }))
        .count();
    let [done, refused, unknown, waiting, found] = counts;
    let mut sentence = format!("{}: {done} of {} rows done", import.operation.id, states.len());
    for (count, what) in [
        (found, "of them looked for and found"),
        (refused, "failed"),
        (waiting, "not tried"),
        (unknown, "of which you alone can tell"),
    ] {
        if count > 0 {
            sentence.push_str(&format!(", {count} {what}"));
        }
    }
    if stopped && let Some(most) = import.max_failures {
        sentence.push_str(&format!("; it stopped by --max-failures {most}"));
    }
    sentence.push_str(&format!("; {} has each row", import.results.display()));
    if unknown > 0 {
        sentence.push_str(
            "; look for the unknown ones in Atera, and run it again with --unknown-rows send or skip",
        );
    }
    sentence
}
