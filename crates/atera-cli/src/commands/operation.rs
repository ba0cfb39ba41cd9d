//! `atera <group> <verb>`: sends the request of an operation and prints the answer.
//!
//! The order of the steps matters:
//!
//! 1. What can fail without the service fails first: arguments, selected fields, the key.
//! 2. `--since` may ask the account for its time zone, and names are looked up.
//! 3. `--dry-run` ends here.
//! 4. Whatever cannot be undone is asked about.
//! 5. The output file is opened before the request is sent, so that no create takes place whose answer cannot be written down.
//! 6. The request is sent, and the answer printed.

use std::io::Write;

use atera::{AccountZone, Client, ErrorKind, description::PAGE};
use atera_records::object_in;
use clap::ArgMatches;
use serde_json::value::RawValue;

use super::{dry_run, walk};
use crate::{
    input::{
        confirm, connection::Connection, globals::Globals, groups, interrupt::Interrupt, named::Directory,
        request::OperationRequest, selection_flags,
    },
    output::{destination::Destination, failure::Failure, table, terminal::tell},
    selection::pipeline::Selection,
};

/// Carries out a request. A remark about it, such as how many records there are, goes to stderr unless `--quiet` is given.
pub(crate) async fn run(
    mut request: OperationRequest,
    matches: &ArgMatches,
    globals: &Globals,
    interrupt: &Interrupt,
) -> Result<(), Failure> {
    let operation = request.operation;
    let printed = match operation.record() {
        Some(record) => Some(record),
        None => operation.answer.and_then(object_in),
    };
    let options = selection_flags::read(matches);
    let mut selection = Selection::new(&options, &globals.output, printed, request.allow_unknown)?;
    let mut extent = None;
    if operation.list {
        extent = Some(walk::Extent::read(&request, matches, &selection)?);
    } else if selection.layout.sorts() && !groups::answers_many(operation) {
        return Err(Failure::Usage(format!(
            "--sort has nothing to sort: {} answers with one record; leave it out",
            operation.id
        )));
    }
    let connection = interrupt.or(Connection::open(globals)).await??;
    let told = request.settle_time(globals, &connection, interrupt).await?;
    if let (Some(told), false) = (told, globals.quiet) {
        tell(told);
    }
    if !globals.quiet {
        request.remarks().into_iter().for_each(tell);
        selection.hints().iter().for_each(tell);
    }
    if request.has_names() {
        let client = connection.client_for_names()?;
        let mut directory = Directory::new(&client, globals, interrupt);
        let settled = request.settle_names(&mut directory).await;
        settled.map_err(|failure| connection.explained(failure))?;
    }
    if selection.needs_zone() && !globals.dry_run {
        selection.set_zone(zone(&connection, interrupt).await?)?;
    }
    // With filters of its own the service would count other pages than those that --page is about.
    let narrowed = match request.value(PAGE) {
        None => request.narrow(selection.parameters(operation)),
        Some(_) => Vec::new(),
    };
    if !narrowed.is_empty() && globals.verbose {
        tell(format!("the service filters by {}", narrowed.join(" and ")));
    }
    let request = &request;
    if globals.dry_run {
        return dry_run::show(&connection, async |client| request.call(&client)?.send().await).await;
    }
    confirm::request(request, &connection, globals, interrupt).await?;
    let client = connection.client()?;
    let destination = Destination::open(globals.output.file.as_deref())?;
    let told = match extent {
        Some(extent) => {
            list(
                request,
                &client,
                extent,
                selection,
                destination,
                globals,
                interrupt,
            )
            .await
        }
        None => answer(request, &client, selection, destination, interrupt).await,
    };
    match told {
        Err(Failure::Call(error)) => Err(Failure::Call(connection.explain(error))),
        Ok(Some(remark)) if !globals.quiet => {
            tell(remark);
            Ok(())
        }
        told => told.map(|_| ()),
    }
}

/// The time zone of the account, which days and clock times of a condition refer to. It is not guessed: other records would
/// fulfil the condition.
pub(crate) async fn zone(connection: &Connection, interrupt: &Interrupt) -> Result<AccountZone, Failure> {
    let client = connection.client()?;
    let zone = interrupt.or(client.account_zone()).await?;
    zone.map_err(|error| match error.kind() {
        ErrorKind::Forbidden | ErrorKind::Decode => Failure::Usage(
            "the time zone of the account cannot be read, and --where has a day or a clock time in it; name the zone with \
             --time-zone, as in --time-zone Europe/Berlin"
                .to_string(),
        ),
        _ => connection.explain(error).into(),
    })
}

/// Reads a list of pages. Where only the number of records is wanted, the service tells it in one request.
async fn list(
    request: &OperationRequest,
    client: &Client,
    extent: walk::Extent,
    selection: Selection,
    mut out: Destination,
    globals: &Globals,
    interrupt: &Interrupt,
) -> Result<Option<String>, Failure> {
    if selection.only_counts()
        && request.value(PAGE).is_none()
        && let Some(total) = walk::total_of(request, client, interrupt).await?
    {
        selection.number(total, &mut out)?;
        out.commit()?;
        return Ok(None);
    }
    walk::list(request, client, extent, selection, out, globals, interrupt).await
}

/// Sends anything but a list of pages, prints the answer, and returns a remark about it.
///
/// For people, a write is acknowledged by a line with the id, because the answers of the service hold little else. Programs get
/// the answer itself. An answer without a body prints nothing, except for that line.
async fn answer(
    request: &OperationRequest,
    client: &Client,
    selection: Selection,
    out: Destination,
    interrupt: &Interrupt,
) -> Result<Option<String>, Failure> {
    let operation = request.operation;
    let answer = interrupt.or(request.call(client)?.send()).await;
    let answer = answer.map_err(|failure| match failure {
        Failure::Interrupted(signal, None) if !operation.reads => Failure::Interrupted(
            signal,
            Some(format!(
                "stopped; {} may have taken effect, so look before you send it again",
                operation.id
            )),
        ),
        failure => failure,
    })??;
    let text = match answer.is_empty() {
        true => None,
        false => Some(answer.json::<&RawValue>()?.get()),
    };
    let printed = print(request, text, selection, out);
    printed.map_err(|failure| match operation.reads {
        true => failure,
        false => failure.after_write(|| format!("{} ({})", operation.id, acknowledgement(request, text))),
    })
}

/// What the answer to a write says, in a line for people: the id. Without one it is what the request was about.
fn acknowledgement(request: &OperationRequest, text: Option<&str>) -> String {
    let schema = request.operation.answer.and_then(object_in);
    let said = text.and_then(|text| table::acknowledgement(schema, text));
    said.unwrap_or_else(|| request.target())
}

/// Prints the answer to anything but a list of pages, and returns a remark about it.
fn print(
    request: &OperationRequest,
    text: Option<&str>,
    selection: Selection,
    mut out: Destination,
) -> Result<Option<String>, Failure> {
    let operation = request.operation;
    let mut remarks = Vec::new();
    if selection.layout.format.for_people && !operation.reads && !selection.layout.selects() {
        writeln!(out, "{}: {}", operation.id, acknowledgement(request, text))?;
    } else if let Some(text) = text {
        remarks = answered(text, selection, &mut out)?;
    }
    // A service that answers with no body leaves nothing to print.
    out.commit()?;
    Ok((!remarks.is_empty()).then(|| remarks.join("; ")))
}

/// Prints an answer with a body. Of a list for people, a remark is how many records it has.
fn answered(text: &str, selection: Selection, out: &mut Destination) -> Result<Vec<String>, Failure> {
    let is_array = text.starts_with('[');
    if !is_array && !selection.transforms() {
        selection.single(text, out)?;
        return Ok(Vec::new());
    }
    let counts = is_array && selection.layout.format.for_people && !selection.prints_totals();
    let mut running = selection.start();
    match is_array {
        true => {
            for record in serde_json::from_str::<Vec<&RawValue>>(text).unwrap_or_default() {
                running.record(record.get(), out)?;
            }
        }
        false => running.record(text, out)?,
    }
    let outcome = running.finish(out)?;
    let counted = counts.then(|| walk::count_of(outcome.printed));
    Ok(counted.into_iter().chain(outcome.remarks).collect())
}
