//! `atera api`: a request to any path of the service.
//!
//! It is for what has no command: an operation that Atera has added, or a body with fields that the description lacks. The
//! request goes through the same pipeline as every other, with the key, the limit and the retries, but is checked against
//! nothing. If the path is that of an operation after all, that tells whether the request may be sent again, whether it is
//! asked about, and which columns a table has.

use std::{io::Write, path::PathBuf};

use atera::{
    Client, Error, ErrorKind, Response, UntypedCall,
    description::{Operation, PAGE, Route, route},
};
use atera_records::{Record, object_in};
use bytes::Bytes;
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use http::Method;
use serde_json::{Value, value::RawValue};

use super::{dry_run, walk};
use crate::{
    input::{body, confirm, connection::Connection, globals::Globals, interrupt::Interrupt, selection_flags},
    output::{
        destination::Destination,
        failure::Failure,
        records::{Layout, Sink},
        table,
        terminal::tell,
    },
    selection::{options::SelectionOptions, pipeline::Selection},
};

/// Name of the command.
pub(crate) const NAME: &str = "api";

/// The field of a page that has its records.
const ITEMS: &str = "items";

// The names of the arguments.
const METHOD: &str = "method";
const PATH: &str = "path";
const QUERY: &str = "query";
const BODY: &str = "body";
const HEADERS: &str = "headers";
const ALL: &str = "all";

/// The arguments of the command.
pub(crate) fn command() -> Command {
    Command::new(NAME)
        .about("Send any request below the base URL, for what has no command")
        .after_help(
            "Examples:\n  atera api GET /tickets -q page=2 -q itemsInPage=50\n  \
             atera api GET /tickets --output csv --select TicketID,TicketTitle\n  \
             atera api GET /tickets --all --output ndjson\n  echo '{\"TechnicianContactID\": null}' | atera api POST /tickets/54321 --body -\n\nThe key, the limit and the \
             retries are those of every command; nothing is checked against the description. The answer is printed as it \
             came, unless --output, --select or --sort ask for something else.",
        )
        .arg(
            Arg::new(METHOD)
                .value_name("METHOD")
                .required(true)
                .ignore_case(true)
                .value_parser(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]),
        )
        .arg(
            Arg::new(PATH)
                .value_name("PATH")
                .required(true)
                .help("Path below the base URL, as in /tickets/54321; it may have a query"),
        )
        .arg(
            Arg::new(QUERY)
                .short('q')
                .long(QUERY)
                .value_name("NAME=VALUE")
                .action(ArgAction::Append)
                .value_parser(pair)
                .help("A parameter of the query"),
        )
        .arg(
            Arg::new(BODY)
                .long(BODY)
                .value_name("FILE")
                .value_parser(value_parser!(PathBuf))
                .help("Send the JSON in this file, or that from stdin for `-`"),
        )
        .arg(
            Arg::new(HEADERS)
                .short('i')
                .long(HEADERS)
                .action(ArgAction::SetTrue)
                .help("Print status and headers of the answer before it"),
        )
        .arg(
            Arg::new(ALL)
                .long(ALL)
                .action(ArgAction::SetTrue)
                .conflicts_with_all([BODY, HEADERS])
                .help(
                    "Read every page of the list at this path, once, from the page in the query on, and print its records",
                ),
        )
        .args(selection_flags::of_answer().map(|flag| flag.help("Print what this jq filter makes of the whole answer, as in '.items[].TicketID'; with --all, of each record")))
}

/// Reads a parameter of the query. Only the first equals sign separates, since values may have some.
fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text
        .split_once('=')
        .ok_or("it must be NAME=VALUE, as in page=2")?;
    Ok((name.to_string(), value.to_string()))
}

/// A request to any path, before there is a client to send it with.
#[derive(Clone, Debug)]
pub(crate) struct UntypedRequest {
    method: Method,
    path: String,
    query: Vec<(String, String)>,
    body: Option<Value>,
    /// Whether status and headers of the answer are printed before it.
    headers: bool,
    /// Whether every page is read.
    all: bool,
    /// What is made of the answer.
    selection: SelectionOptions,
}

impl UntypedRequest {
    /// Reads the arguments, and the body. A query in the path and `--query` are added up.
    pub(crate) fn read(matches: &ArgMatches) -> Result<Self, Failure> {
        let text = |name: &str| matches.get_one::<String>(name).cloned().unwrap_or_default();
        if matches.get_flag(ALL) && !text(METHOD).eq_ignore_ascii_case("GET") {
            let sentence = "--all is for GET alone, since no other method has pages; leave it out";
            return Err(Failure::Usage(sentence.to_string()));
        }
        let whole = text(PATH);
        let (path, query) = whole.split_once('?').unwrap_or((&whole, ""));
        let mut query: Vec<_> = url::form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect();
        query.extend(matches.get_many(QUERY).unwrap_or_default().cloned());
        let body = match matches.get_one::<PathBuf>(BODY) {
            Some(file) => Some(body::from_file(file)?),
            None => None,
        };
        Ok(UntypedRequest {
            // clap lets only the methods above through.
            method: Method::from_bytes(text(METHOD).to_ascii_uppercase().as_bytes()).unwrap_or_default(),
            // Git's shell on Windows turns an argument that begins with a slash into the path of a file, so the slash may
            // be left out.
            path: match path.starts_with('/') || path.contains("://") {
                true => path.to_string(),
                false => format!("/{path}"),
            },
            query,
            body,
            headers: matches.get_flag(HEADERS),
            all: matches.get_flag(ALL),
            selection: selection_flags::read(matches),
        })
    }

    /// The operation at this path, if there is one.
    fn operation(&self) -> Option<&'static Operation> {
        match route(&self.method, &self.path) {
            Route::Operation(operation, _) => Some(operation),
            _ => None,
        }
    }

    /// The call, for this client. If the path is that of an operation, the description knows whether it may be sent twice.
    fn call(&self, client: &Client) -> atera::Result<UntypedCall> {
        let mut call = client.request(self.method.clone(), &self.path);
        for (name, value) in &self.query {
            call = call.query(name, value);
        }
        if let Some(operation) = self.operation() {
            call = call.idempotent(operation.idempotent);
        }
        match &self.body {
            Some(body) => call.json(body),
            None => Ok(call),
        }
    }

    /// Whether to ask before it is sent. A request without an operation may do anything, unless its method only reads.
    fn asks(&self) -> bool {
        match self.operation() {
            Some(operation) => confirm::asks(operation),
            None => !matches!(self.method, Method::GET | Method::HEAD),
        }
    }
}

/// Sends a request and prints the answer.
///
/// The answer is printed as it came, whatever it is, unless `--output`, `--select` or `--sort` ask for a form. It is not
/// decoded, so it need not fit the description. A status of 400 and above is a failure, as everywhere.
pub(crate) async fn run(
    request: &UntypedRequest,
    globals: &Globals,
    interrupt: &Interrupt,
) -> Result<(), Failure> {
    let operation = request.operation();
    let schema = operation.and_then(|operation| operation.record().or(operation.answer.and_then(object_in)));
    let form = match request.selection.jq {
        _ if request.all => Form::Pages(Selection::new(&request.selection, &globals.output, schema, true)?),
        Some(_) => Form::Filtered(Selection::new(&request.selection, &globals.output, None, true)?),
        None => Form::Records(Layout::new(&globals.output, schema, true)?),
    };
    let connection = interrupt.or(Connection::open(globals)).await??;
    if globals.dry_run {
        return dry_run::show(&connection, async |client| request.call(&client)?.send().await).await;
    }
    if request.asks() && !globals.yes && !connection.is_sandbox() {
        let what = format!("{} {}", request.method, request.path);
        confirm::needs_a_terminal(&what)?;
        let body = request.body.as_ref().map(|body| format!("{body:#}"));
        confirm::ask(&what, body, &connection, interrupt).await?;
    }
    let client = connection.client()?;
    if let Form::Pages(selection) = form {
        let told = all_pages(request, &client, selection, globals, interrupt).await;
        return told.map_err(|failure| match failure {
            Failure::Call(error) => Failure::Call(connection.explain(error)),
            failure => failure,
        });
    }
    // Before the request is sent, so that nothing is created whose answer cannot be written down.
    let out = Destination::open(globals.output.file.as_deref())?;
    let answer = interrupt.or(request.call(&client)?.send()).await?;
    let answer = answer.map_err(|error| connection.explain(error))?;
    let reads = match operation {
        Some(operation) => operation.reads,
        None => matches!(request.method, Method::GET | Method::HEAD),
    };
    let printed = print(request, &answer, form, globals, out);
    printed.map_err(|failure| match reads {
        true => failure,
        false => failure.after_write(|| {
            let text = String::from_utf8_lossy(&answer.value);
            let said = table::acknowledgement(schema, &text).unwrap_or_else(|| answer.status.to_string());
            format!("{} {} ({said})", request.method, request.path)
        }),
    })
}

/// What is printed of an answer.
enum Form {
    /// The answer, or its records.
    Records(Layout),
    /// What a filter makes of the answer.
    Filtered(Selection),
    /// The records of all pages.
    Pages(Selection),
}

/// Prints the answer as it came, or in the form that the flags ask for.
fn print(
    request: &UntypedRequest,
    answer: &Response<Bytes>,
    form: Form,
    globals: &Globals,
    mut out: Destination,
) -> Result<(), Failure> {
    if request.headers {
        writeln!(out, "{}", answer.status)?;
        for (name, value) in &answer.headers {
            writeln!(out, "{name}: {}", String::from_utf8_lossy(value.as_bytes()))?;
        }
        writeln!(out)?;
    }
    let as_it_came = globals.output.leave_the_form();
    // An answer that is not JSON, or not UTF-8, has no records.
    let json = serde_json::from_slice::<&RawValue>(&answer.value).ok();
    match (json, form) {
        (Some(json), Form::Filtered(selection) | Form::Pages(selection)) => {
            let mut running = selection.start();
            running.record(json.get(), &mut out)?;
            running.finish(&mut out)?;
        }
        (None, Form::Filtered(_) | Form::Pages(_)) => {
            let (method, path) = (&request.method, &request.path);
            let sentence =
                format!("the answer to {method} {path} is not JSON, which --jq needs; leave --jq out");
            return Err(Error::new(ErrorKind::Decode, sentence).into());
        }
        (Some(json), Form::Records(layout)) if !as_it_came => {
            shaped(layout, json.get(), globals.quiet, &mut out)?
        }
        (_, Form::Records(_)) => {
            out.write_all(&answer.value)?;
            if !answer.value.is_empty() && !answer.value.ends_with(b"\n") {
                out.write_all(b"\n")?;
            }
        }
    }
    out.commit()
}

/// Reads every page and prints the records. What came before a failure or Ctrl-C is printed, but a file is not replaced by it.
async fn all_pages(
    request: &UntypedRequest,
    client: &Client,
    selection: Selection,
    globals: &Globals,
    interrupt: &Interrupt,
) -> Result<(), Failure> {
    let mut out = Destination::open(globals.output.file.as_deref())?;
    let mut records = request.call(client)?.records();
    let mut running = selection.start();
    let read = loop {
        match interrupt.or(records.try_next()).await {
            Ok(Ok(Some(record))) => running.record(record.get(), &mut out)?,
            Ok(Ok(None)) => break Ok(()),
            Ok(Err(error)) if error.record().is_some() => {
                running.record(&String::from_utf8_lossy(error.body()), &mut out)?;
                break Err(error.into());
            }
            Ok(Err(error)) if is_no_page(&error) => {
                let (method, path) = (&request.method, &request.path);
                let sentence =
                    format!("the answer to {method} {path} is not a page of a list; leave --all out");
                break Err(Error::new(ErrorKind::Decode, sentence).into());
            }
            Ok(Err(error)) => break Err(error.into()),
            Err(failure) => break Err(failure),
        }
    };
    if read.is_err() && (running.read() == 0 || out.is_file()) {
        return read;
    }
    let count = running.read();
    running.finish(&mut out)?;
    out.commit()?;
    read?;
    let drift = records.drift();
    if let Some(loss) = drift.loss() {
        let sentence = format!("{} {} {loss}; read it again", request.method, request.path);
        return Err(Error::new(ErrorKind::Unsettled, sentence).into());
    }
    let page = request
        .query
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(PAGE));
    let moved = walk::moved_meanwhile(&drift, page.map(|(_, page)| page.as_str()))
        .map(|moved| format!("{}; {moved}; read it again", walk::count_of(count)));
    if let Some(moved) = moved.filter(|_| !globals.quiet) {
        tell(moved);
    }
    Ok(())
}

/// Whether a page could not be read because the answer is JSON of another form: it has no records under `items`.
fn is_no_page(error: &Error) -> bool {
    let items = || {
        serde_json::from_slice::<&RawValue>(error.body())
            .map(|json| Record::new(json.get()).value(&[ITEMS]).is_none())
    };
    error.kind() == ErrorKind::Decode && error.record().is_none() && items().unwrap_or(false)
}

/// Prints the answer as records: those of a page or an array, or the one record that it is. JSON keeps a page whole, because
/// what stands beside its records, such as the total, would be lost otherwise.
fn shaped(layout: Layout, text: &str, quiet: bool, out: &mut Destination) -> Result<(), Failure> {
    let is_array = text.starts_with('[');
    let records = match is_array {
        true => Some(text),
        false => Record::new(text).value(&[ITEMS]),
    };
    let records = records.and_then(|records| serde_json::from_str::<Vec<&RawValue>>(records).ok());
    match records {
        Some(records) if !layout.format.keeps_pages || layout.selects() || layout.sorts() || is_array => {
            let mut sink = Sink::new(layout);
            for record in records {
                sink.record(record.get(), out)?;
            }
            sink.finish(out)?;
        }
        _ => {
            if layout.sorts() && !quiet {
                tell("the answer is one record, so there is nothing to --sort");
            }
            layout.single(text, out)?;
        }
    }
    Ok(())
}
