//! Sends a call and prints its answer in the format that was asked for.

use std::io::{self, IsTerminal, Write};

use clap::ArgMatches;
use serde_json::{Value, value::RawValue};

use super::{
    arguments,
    failure::Failure,
    records::{self, Sink},
    request::Request,
    table,
};
use crate::{DynamicCall, Kind, Operation, Schema, attempt, page};

/// How to print.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// For people.
    Table,
    /// As the service sent it.
    Json,
    /// A record a line.
    Ndjson,
}

impl Format {
    /// What the formats are called on the command line.
    pub(super) const NAMES: [&str; 3] = ["table", "json", "ndjson"];

    /// The format that was asked for, or else the one that suits stdout.
    pub(super) fn chosen(matches: &ArgMatches) -> Self {
        match matches.get_one::<String>(arguments::OUTPUT).map(String::as_str) {
            Some("table") => Format::Table,
            Some("ndjson") => Format::Ndjson,
            Some(_) => Format::Json,
            None if io::stdout().is_terminal() => Format::Table,
            None => Format::Json,
        }
    }
}

/// Prints one page of a list, or all of them.
pub(super) async fn list(
    operation: &'static Operation,
    call: DynamicCall,
    all: bool,
    format: Format,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let mut sink = Sink::new(format, operation.record());
    let mut total = None;
    if all {
        let mut pages = call.pages();
        while let Some(page) = pages.try_next().await? {
            for record in &page.value.items {
                sink.record(record.get(), out)?;
            }
            // Whoever reads along gets each page when it is there.
            out.flush()?;
        }
    } else {
        let answer = call.send().await?;
        let page = page::undecoded(operation, answer.clone())?.into_page()?.value;
        if format == Format::Json {
            return Ok(line(&answer.value, out)?);
        }
        for record in &page.items {
            sink.record(record.get(), out)?;
        }
        total = page.total();
    }
    let count = sink.finish(out)?;
    out.flush()?;
    if format == Format::Table {
        tell_count(count, total);
    }
    Ok(())
}

/// Prints the answer of anything but a list of pages.
pub(super) async fn answer(
    operation: &'static Operation,
    call: DynamicCall,
    request: &Request,
    format: Format,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let answer = call.send().await?;
    let body = answer.value;
    let silent = body.trim_ascii().is_empty();
    let json: Value = serde_json::from_slice(if silent { b"{}" } else { &body }).map_err(|error| {
        attempt::undecodable(
            operation,
            answer.status,
            body.clone(),
            format!("it is not JSON: {error}"),
        )
    })?;
    match (format, operation.answer) {
        (Format::Table, answer) if !operation.reads => {
            let said = table::acknowledgement(answer.and_then(schema), &json);
            let said = said.unwrap_or_else(|| request.target());
            writeln!(out, "{}: {said}", operation.id)?;
        }
        // Nothing was sent, so there is nothing to repeat.
        (Format::Json | Format::Ndjson, _) if silent => {}
        (Format::Json, _) => line(&body, out)?,
        (format, answer) if json.is_array() => {
            let element = match answer {
                Some(Kind::Array(kind)) => schema(*kind),
                _ => None,
            };
            let mut sink = Sink::new(format, element);
            for record in serde_json::from_slice::<Vec<&RawValue>>(&body).unwrap_or_default() {
                sink.record(record.get(), out)?;
            }
            let count = sink.finish(out)?;
            if format == Format::Table {
                out.flush()?;
                tell_count(count, None);
            }
        }
        (Format::Ndjson, _) => line(
            records::on_one_line(&String::from_utf8_lossy(&body)).as_bytes(),
            out,
        )?,
        (Format::Table, answer) => {
            out.write_all(table::record(answer.and_then(schema), &json, table::width()).as_bytes())?;
        }
    }
    Ok(out.flush()?)
}

fn schema(kind: Kind) -> Option<&'static Schema> {
    match kind {
        Kind::Object(schema) => Some(schema),
        _ => None,
    }
}

/// Bytes as they are, on lines of their own.
fn line(bytes: &[u8], out: &mut impl Write) -> io::Result<()> {
    out.write_all(bytes)?;
    if !bytes.ends_with(b"\n") {
        out.write_all(b"\n")?;
    }
    out.flush()
}

/// Tells on stderr how much of a list the table shows.
fn tell_count(count: u64, total: Option<i64>) {
    let records = if count == 1 { "record" } else { "records" };
    let told = match total {
        Some(total) if i64::try_from(count).is_ok_and(|count| count < total) => {
            format!("{count} of {total} records; --page and --items-in-page show others, --all all of them")
        }
        _ => format!("{count} {records}"),
    };
    // Without a stderr there is nobody to tell.
    let _ = writeln!(io::stderr(), "{told}");
}
