//! Carries an operation out: asks where it must, sends, and prints.

use std::io::{self, Write};

use clap::ArgMatches;
use serde_json::value::RawValue;

use super::{
    confirm,
    connection::Connection,
    destination::{Destination, Output},
    dry_run,
    failure::Failure,
    format::Format,
    globals::Globals,
    interrupt::Interrupt,
    records::{self, Layout, Sink},
    request::Request,
    table,
    terminal::tell,
    values::on_one_line,
    walk,
};
use crate::{Kind, Schema, attempt, wire};

/// Carries out a request.
pub(super) async fn operation(
    mut request: Request,
    matches: &ArgMatches,
    globals: &Globals,
    interrupt: &Interrupt,
) -> Result<(), Failure> {
    let operation = request.operation;
    let printed = match operation.record() {
        Some(record) => Some(record),
        None => operation.answer.and_then(printed),
    };
    // What cannot be printed is told before anything is sent.
    let layout = Layout::new(globals, printed, request.allow_unknown)?;
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
    let destination = Destination::open(globals.output_file.as_deref())?;
    let told = match operation.list {
        true => {
            let extent = walk::Extent::read(request, matches);
            walk::list(request, &client, extent, layout, destination, globals, interrupt).await
        }
        false => answer(request, &client, layout, destination, interrupt).await,
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

/// What is printed of an answer: an object, or those in an array.
pub(super) fn printed(kind: Kind) -> Option<&'static Schema> {
    match kind {
        Kind::Object(schema) => Some(schema),
        Kind::Array(kind) => printed(*kind),
        _ => None,
    }
}

/// Prints the answer of anything but a list of pages, and returns what there is to say about it.
async fn answer(
    request: &Request,
    client: &crate::Client,
    layout: Layout,
    mut out: Destination,
    interrupt: &Interrupt,
) -> Result<Option<String>, Failure> {
    let operation = request.operation;
    let answer = interrupt.or(request.call(client)?.send()).await??;
    let silent = answer.is_empty();
    let json: &RawValue = wire::decode(if silent { b"{}" } else { &answer.value })
        .map_err(|reason| attempt::undecodable(operation, &answer, &reason))?;
    let text = json.get();
    let schema = operation.answer.and_then(printed);
    let mut remark = None;
    match layout.format {
        Format::Table if !operation.reads => {
            let said = table::acknowledgement(schema, text);
            let said = said.unwrap_or_else(|| request.target());
            writeln!(out, "{}: {said}", operation.id)?;
        }
        // Nothing was sent, so there is nothing to repeat.
        _ if silent => {}
        format if text.starts_with('[') => {
            let mut sink = Sink::new(layout);
            for record in serde_json::from_str::<Vec<&RawValue>>(text).unwrap_or_default() {
                sink.record(record.get(), &mut out)?;
            }
            let count = sink.finish(&mut out)?;
            if format == Format::Table {
                remark = Some(walk::count_of(count));
            }
        }
        _ => single(&layout, schema, text, &mut out)?,
    }
    out.commit()?;
    Ok(remark)
}

/// Prints one record, as JSON text.
pub(super) fn single(
    layout: &Layout,
    schema: Option<&'static Schema>,
    text: &str,
    out: &mut impl Output,
) -> io::Result<()> {
    let selected = layout.project(text);
    let altered = match layout.format {
        Format::Json => {
            writeln!(out, "{selected}")?;
            None
        }
        Format::Ndjson => {
            writeln!(out, "{}", on_one_line(&selected))?;
            None
        }
        Format::Yaml => {
            let (yaml, altered) = records::yaml(&selected, false);
            out.write_all(yaml.as_bytes())?;
            altered
        }
        Format::Table if !layout.selects() => {
            let (table, altered) = table::record(schema, text, layout.look);
            out.write_table(&table)?;
            altered
        }
        Format::Table | Format::Csv => {
            let mut sink = Sink::new(layout.clone());
            sink.record(text, out)?;
            sink.finish(out)?;
            None
        }
    };
    if let Some(altered) = altered {
        out.note(1, altered);
    }
    Ok(())
}
