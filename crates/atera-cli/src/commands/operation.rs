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

use atera::{Client, description::Kind};
use clap::ArgMatches;
use serde_json::value::RawValue;

use super::{dry_run, walk};
use crate::{
    input::{
        confirm, connection::Connection, globals::Globals, interrupt::Interrupt, named::Directory,
        request::OperationRequest,
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
    if !globals.quiet {
        request.remarks().into_iter().for_each(tell);
    }
    if request.has_names() {
        let client = connection.client_for_names()?;
        let mut directory = Directory::new(&client, globals, interrupt);
        let settled = request.settle_names(&mut directory).await;
        settled.map_err(|failure| connection.explained(failure))?;
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
    let printed = print(request, text, layout, out);
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
    layout: Layout,
    mut out: Destination,
) -> Result<Option<String>, Failure> {
    let operation = request.operation;
    let mut remark = None;
    if layout.format.for_people && !operation.reads && !layout.selects() {
        writeln!(out, "{}: {}", operation.id, acknowledgement(request, text))?;
    } else if let Some(text) = text {
        remark = answered(text, layout, &mut out)?;
    }
    // A service that answers with no body leaves nothing to print.
    out.commit()?;
    Ok(remark)
}

/// Prints an answer with a body. Of a list for people, the remark is how many records it has.
fn answered(text: &str, layout: Layout, out: &mut Destination) -> Result<Option<String>, Failure> {
    let for_people = layout.format.for_people;
    if !text.starts_with('[') {
        layout.single(text, out)?;
        return Ok(None);
    }
    let mut sink = Sink::new(layout);
    for record in serde_json::from_str::<Vec<&RawValue>>(text).unwrap_or_default() {
        sink.record(record.get(), out)?;
    }
    let count = sink.finish(out)?;
    Ok(for_people.then(|| walk::count_of(count)))
}
