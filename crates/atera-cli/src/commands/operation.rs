//! `atera <group> <verb>`: sends the request of an operation and prints the answer.
//!
//! The order of the steps matters:
//!
//! 1. What can fail without the service fails first: arguments, selected fields, the key.
//! 2. `--since` may ask the account for its time zone.
//! 3. `--dry-run` ends here.
//! 4. Whatever cannot be undone is asked about.
//! 5. The output file is opened before the request is sent, so that no create takes place whose answer cannot be written down.
//! 6. The request is sent, and the answer printed.

use std::io::Write;

use atera::{Client, description::Kind};
use clap::ArgMatches;
use serde_json::value::RawValue;

use super::{dry_run, walk};
use crate::{
    input::{
        confirm, connection::Connection, globals::Globals, interrupt::Interrupt, request::OperationRequest,
    },
    output::{
        destination::Destination,
        failure::Failure,
        records::{Layout, Sink},
        table,
        table_columns::object_in,
        terminal::tell,
    },
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
    let mut layout = Layout::new(&globals.output, printed, request.allow_unknown)?;
    let mut extent = None;
    if operation.list {
        let needs_all = layout.sorts();
        extent = Some(walk::Extent::read(&request, matches, needs_all)?);
        layout.limit = walk::limit(matches).filter(|_| needs_all);
    } else if layout.sorts() && !matches!(operation.answer, Some(Kind::Array(_))) {
        return Err(Failure::Usage(format!(
            "--sort has nothing to sort: {} answers with one record; leave it out",
            operation.id
        )));
    }
    let connection = Connection::open(globals).await?;
    let told = request.settle_time(globals, &connection, interrupt).await?;
    if let (Some(told), false) = (told, globals.quiet) {
        tell(told);
    }
    let request = &request;
    if globals.dry_run {
        return dry_run::show(&connection, async |client| request.call(&client)?.send().await).await;
    }
    confirm::request(request, &connection, globals, interrupt).await?;
    let client = connection.client()?;
    let destination = Destination::open(globals.output.file.as_deref())?;
    let told = match extent {
        Some(extent) => walk::list(request, &client, extent, layout, destination, globals, interrupt).await,
        None => answer(request, &client, layout, destination, interrupt).await,
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

/// Sends anything but a list of pages, prints the answer, and returns a remark about it.
///
/// For people, a write is acknowledged by a line with the id, because the answers of the service hold little else. Programs get
/// the answer itself. An answer without a body prints nothing, except for that line.
async fn answer(
    request: &OperationRequest,
    client: &Client,
    layout: Layout,
    mut out: Destination,
    interrupt: &Interrupt,
) -> Result<Option<String>, Failure> {
    let operation = request.operation;
    let answer = interrupt.or(request.call(client)?.send()).await??;
    let is_empty = answer.is_empty();
    let text = match is_empty {
        true => "{}",
        false => answer.json::<&RawValue>()?.get(),
    };
    let for_people = layout.format.for_people;
    let mut remark = None;
    if for_people && !operation.reads && !layout.selects() {
        let schema = operation.answer.and_then(object_in);
        let said = table::acknowledgement(schema, text);
        let said = said.unwrap_or_else(|| request.target());
        writeln!(out, "{}: {said}", operation.id)?;
    } else if is_empty {
        // The service answered with no body, so there is nothing to print.
    } else if text.starts_with('[') {
        let mut sink = Sink::new(layout);
        for record in serde_json::from_str::<Vec<&RawValue>>(text).unwrap_or_default() {
            sink.record(record.get(), &mut out)?;
        }
        let count = sink.finish(&mut out)?;
        remark = for_people.then(|| walk::count_of(count));
    } else {
        layout.single(text, &mut out)?;
    }
    out.commit()?;
    Ok(remark)
}
