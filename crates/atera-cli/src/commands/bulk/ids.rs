//! One operation for each of many ids: `atera tickets delete 1 2 3`, or `atera alerts resolve` with `--ids -` or `--where`.
//!
//! Reads print their records as a list would, in the order of the ids, and each failure is a line on stderr. Writes print a row
//! for each id, which says what came of it. All of it is asked about once.

use atera::{
    Client, Response,
    description::{Kind, Operation, Parameter},
};
use atera_records::object_in;
use bytes::Bytes;
use clap::ArgMatches;
use futures_util::{StreamExt, stream};
use serde_json::{Value, value::RawValue};

use super::{
    outcome::{Brake, OUTCOME, Outcome, SIDE_BY_SIDE, Tally},
    selected::Selected,
};
use crate::{
    commands::dry_run,
    input::{
        confirm, connection::Connection, globals::Globals, id_list, interrupt::Interrupt, named::Directory,
        request::OperationRequest, selection_flags, target,
    },
    names::command_line,
    output::{
        destination::Destination,
        failure::{self, Failure},
        terminal::tell,
    },
    selection::{
        options::SelectionOptions,
        pipeline::{Running, Selection},
    },
};

/// How many ids the question names.
const NAMED: usize = 10;

/// The requests for many ids.
#[derive(Debug)]
pub(crate) struct ManyRequests {
    requests: Vec<OperationRequest>,
    /// Where the ids come from that are not known yet. Until then `requests` has one with a stand-in, so that it can be checked.
    selected: Option<(Selected, &'static Parameter)>,
    /// How many ids came again, and are left out.
    repeats: usize,
    command: String,
    /// What is made of the records of a read.
    selection: SelectionOptions,
}

impl ManyRequests {
    /// Reads the arguments of an operation, if they name many ids.
    ///
    /// # Errors
    ///
    /// `Usage`, with what is wrong with the first request that is not sound.
    pub(crate) fn read(operation: &'static Operation, matches: &ArgMatches) -> Result<Option<Self>, Failure> {
        let Some(parameter) = target::many(operation) else {
            return Ok(None);
        };
        let selected = Selected::read(operation, matches)?;
        let (ids, repeats) = match (&selected, id_list::ids(operation, matches)?) {
            (Some(_), _) => (vec![stand_in(parameter)], 0),
            (None, Some(ids)) => ids,
            (None, None) => return Ok(None),
        };
        Ok(Some(ManyRequests {
            selected: selected.map(|selected| (selected, parameter)),
            requests: OperationRequest::read_many(operation, matches, parameter, ids)?,
            repeats,
            command: command_line(operation),
            selection: match operation.reads {
                true => selection_flags::read(matches),
                // Its condition was about the list.
                false => SelectionOptions::default(),
            },
        }))
    }
}

/// An id that a request can be checked with before its own is known.
fn stand_in(parameter: &Parameter) -> String {
    match parameter.kind {
        Kind::Uuid => uuid::Uuid::nil().to_string(),
        _ => "1".to_string(),
    }
}

/// Sends the requests, several at a time, and prints what comes of each.
pub(crate) async fn run(
    mut many: ManyRequests,
    globals: &Globals,
    interrupt: &Interrupt,
) -> Result<(), Failure> {
    if many.repeats > 0 && !globals.quiet {
        tell(format!("ids that came again are left out ({})", many.repeats));
    }
    let Some(first) = many.requests.first() else {
        nothing_to_do(&many.command, globals);
        return Ok(());
    };
    let operation = first.operation;
    let printed = match operation.reads {
        true => operation.answer.and_then(object_in),
        false => Some(&OUTCOME),
    };
    let selection = Selection::new(&many.selection, &globals.output, printed, first.allow_unknown)?;
    if !globals.quiet {
        first.remarks().into_iter().for_each(tell);
    }
    let connection = interrupt.or(Connection::open(globals)).await??;
    if first.has_names() {
        let client = connection.client_for_names()?;
        let mut directory = Directory::new(&client, globals, interrupt);
        for request in &mut many.requests {
            let settled = request.settle_names(&mut directory).await;
            settled.map_err(|failure| connection.explained(failure))?;
        }
    }
    if let (Some((selected, parameter)), Some(request)) = (many.selected, many.requests.first()) {
        let ids = selected.ids(&connection, globals, interrupt).await;
        let ids = ids.map_err(|failure| connection.explained(failure))?;
        let requests = ids.into_iter().map(|id| request.with_id(parameter, id));
        many.requests = requests.collect::<Result<_, _>>()?;
        if many.requests.is_empty() {
            nothing_to_do(&many.command, globals);
            return Ok(());
        }
    }
    if globals.dry_run {
        for (request, number) in many.requests.iter().zip(1..) {
            if number > 1 {
                println!();
            }
            dry_run::show(&connection, async |client| request.call(&client)?.send().await).await?;
        }
        return Ok(());
    }
    let question = format!("{} {}", operation.summary, named(&many.requests));
    confirm::many(
        operation,
        &question,
        many.requests[0].body_text(),
        &connection,
        globals,
        interrupt,
    )
    .await?;
    let client = connection.client()?;
    let mut out = Destination::open(globals.output.file.as_deref())?;
    let mut running = selection.start();
    let mut tally = Tally::default();
    let mut printed = Ok(());
    let brake = Brake::default();
    let calls = many
        .requests
        .iter()
        .map(|request| answer(request, &client, &brake, interrupt));
    let mut answers = stream::iter(calls)
        .buffered(SIDE_BY_SIDE)
        .zip(stream::iter(&many.requests));
    while let Some((outcome, request)) = answers.next().await {
        let outcome = match outcome {
            Outcome::Failed(error) => Outcome::Failed(connection.explain(error)),
            outcome => outcome,
        };
        let id = request.target();
        tally.count(&id, &outcome);
        match (operation.reads, &outcome) {
            (true, Outcome::Done(answer)) => printed = records(answer, &mut running, &mut out),
            (true, Outcome::Failed(error)) => {
                tell(format!("{} {id}: {}", operation.id, failure::of_call(error)))
            }
            (true, Outcome::NotTried) => {}
            (false, outcome) if printed.is_ok() => {
                let row = outcome.row(&id, |answer| answer.json::<Value>().unwrap_or_default());
                printed = running.record(&row.to_string(), &mut out);
            }
            // The output has failed. The writes that were asked for go on, and the sentence says how many are done.
            (false, _) => {}
        }
        if operation.reads && printed.is_err() {
            break;
        }
    }
    let printed = printed.and_then(|()| {
        let finished = running.finish(&mut out)?;
        out.commit()?;
        if !globals.quiet && !finished.remarks.is_empty() {
            tell(finished.remarks.join("; "));
        }
        Ok(())
    });
    let work = match interrupt.seen() {
        Some(signal) => Err(Failure::Interrupted(signal, Some(tally.sentence(operation)))),
        None if !tally.is_done() => Err(Failure::Records(tally.sentence(operation), tally.code())),
        None => Ok(()),
    };
    let wrote = (!operation.reads).then_some(|| format!("{} ({})", operation.id, tally.counts()));
    Failure::judge(printed, work, wrote)?;
    if !globals.quiet && !operation.reads {
        tell(tally.sentence(operation));
    }
    Ok(())
}

/// Says that there is no id to do it for.
fn nothing_to_do(command: &str, globals: &Globals) {
    if !globals.quiet {
        tell(format!("{command}: there are no ids, so nothing was sent"));
    }
}

/// Sends a request, unless the brake is on or a signal came. A write that was begun is waited for, because its outcome would
/// not be known otherwise.
async fn answer(
    request: &OperationRequest,
    client: &Client,
    brake: &Brake,
    interrupt: &Interrupt,
) -> Outcome<Response<Bytes>> {
    if brake.is_on() || interrupt.seen().is_some() {
        return Outcome::NotTried;
    }
    let call = async { request.call(client)?.send().await };
    let answered = match request.operation.reads {
        true => match interrupt.or(call).await {
            Ok(answered) => answered,
            Err(_) => return Outcome::NotTried,
        },
        false => call.await,
    };
    match answered {
        Ok(answer) => Outcome::Done(answer),
        Err(error) => {
            brake.heed(&error);
            Outcome::Failed(error)
        }
    }
}

/// Prints the records of an answer to a read.
fn records(answer: &Response<Bytes>, running: &mut Running, out: &mut Destination) -> Result<(), Failure> {
    let text = match answer.is_empty() {
        true => return Ok(()),
        false => answer.json::<&RawValue>()?.get(),
    };
    match serde_json::from_str::<Vec<&RawValue>>(text) {
        Ok(records) => {
            for record in records {
                running.record(record.get(), out)?;
            }
        }
        Err(_) => running.record(text, out)?,
    }
    Ok(())
}

/// The ids in words: the first ones, and how many there are.
fn named(requests: &[OperationRequest]) -> String {
    let ids: Vec<_> = requests
        .iter()
        .take(NAMED)
        .map(OperationRequest::target)
        .collect();
    let ids = ids.join(", ");
    match requests.len() {
        1 => ids,
        all if all > NAMED => format!("{ids} and {} others, {all} in all,", all - NAMED),
        all => format!("{ids}, {all} in all,"),
    }
}
