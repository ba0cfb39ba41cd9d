//! `atera export`: all records of the account in a folder, a file for each list.
//!
//! ```text
//! plan (which lists) ── list (sweeps, page by page) ──┬─> files (written page by page, resumed)
//!                    └─ children (what hangs on records) ┘          manifest (what there is in the end)
//! ```
//!
//! The lists are read side by side, each page by page, so that an interruption costs the page that was under way and
//! nothing else.

mod children;
mod files;
mod list;
mod manifest;
mod plan;

use std::{
    io::{self, Write},
    path::PathBuf,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use clap::{Arg, ArgAction, ArgMatches, Command, builder::PossibleValuesParser, value_parser};
use futures_util::{StreamExt, stream};

use self::{files::Folder, manifest::Entry, plan::Part};
use super::{
    connection::Connection, failure::Failure, format::Format, globals::Globals, interrupt::Interrupt,
    progress::Progress, terminal::tell, walk::count_of,
};
use crate::{Client, ErrorKind, Priority};

/// Name of the command.
pub(super) const NAME: &str = "export";

const DIR: &str = "dir";
const FORMAT: &str = "format";
const WITH: &str = "with";
const FAST: &str = "fast";
const RESTART: &str = "restart";
const GROUPS: &str = "group";

/// How many lists are read side by side, and of how many records what hangs on them. The limit is what holds them back.
const SIDE_BY_SIDE: usize = 8;

pub(super) fn command() -> Command {
    let list = |name: &'static str, value: &'static str, values: Vec<String>| {
        Arg::new(name)
            .value_name(value)
            .action(ArgAction::Append)
            .value_parser(PossibleValuesParser::new(values))
    };
    Command::new(NAME)
        .about("Write all records into a folder; run again, it goes on where it stopped")
        .after_help(
            "Examples:\n  atera export --dir backup\n  atera export --dir backup --format csv tickets customers\n  \
             atera export --dir backup --with comments,work-hours tickets\n\nThere is a file for each list, and a \
             manifest.json with counts, checksums and what moved while it was read. A list is read again until a sweep \
             finds nothing that an earlier one missed, unless --fast is given.",
        )
        .arg(
            Arg::new(DIR)
                .long(DIR)
                .value_name("DIR")
                .required(true)
                .value_parser(value_parser!(PathBuf))
                .help("The folder to write into; it is made if need be"),
        )
        .arg(
            Arg::new(FORMAT)
                .long(FORMAT)
                .value_name("FORMAT")
                .default_value("ndjson")
                .value_parser(["ndjson", "csv"])
                .help("ndjson keeps records as the service sent them, csv has the fields of the description"),
        )
        .arg(
            list(WITH, "NAME", plan::child_names())
                .long(WITH)
                .value_delimiter(',')
                .help("Export what hangs on each record as well, at a request or more for each of them"),
        )
        .arg(
            Arg::new(FAST)
                .long(FAST)
                .action(ArgAction::SetTrue)
                .help("Read each list once: records that move while it is read may be missing"),
        )
        .arg(
            Arg::new(RESTART)
                .long(RESTART)
                .action(ArgAction::SetTrue)
                .help("Begin anew, over what an earlier export left in the folder"),
        )
        .arg(
            list(GROUPS, "GROUP", plan::group_names())
                .help("The groups to export; all but `guide` if left out")
                .hide_possible_values(true),
        )
}

/// What all parts of an export need.
struct Export<'a> {
    client: Client,
    folder: Folder,
    fast: bool,
    progress: Progress,
    written: AtomicU64,
    expected: AtomicU64,
    interrupt: &'a Interrupt,
}

impl Export<'_> {
    /// Counts records that are in a file.
    fn wrote(&self, records: u64) {
        let written = self.written.fetch_add(records, Ordering::Relaxed) + records;
        self.progress.reached(written);
    }

    /// Counts records that are to come.
    fn expects(&self, records: u64) {
        let expected = self.expected.fetch_add(records, Ordering::Relaxed) + records;
        self.progress.plan(Some(expected));
    }
}

pub(super) async fn run(
    matches: &ArgMatches,
    globals: &Globals,
    interrupt: &Interrupt,
) -> Result<(), Failure> {
    let texts = |name| matches.get_many::<String>(name).unwrap_or_default().cloned();
    let (groups, with): (Vec<_>, Vec<_>) = (texts(GROUPS).collect(), texts(WITH).collect());
    let parts = plan::parts(&groups, &with)?;
    let format = texts(FORMAT).next().and_then(|name| Format::named(&name));
    let dir = matches.get_one::<PathBuf>(DIR).cloned().unwrap_or_default();
    if globals.dry_run {
        for part in &parts {
            writeln!(
                io::stdout(),
                "{} -> {}",
                part.operation.id,
                dir.join(part.name()).display()
            )?;
        }
        return Ok(());
    }
    let connection = Connection::open(globals).await?;
    let folder = Folder::open(
        &dir,
        format.unwrap_or(Format::Ndjson),
        connection.base_url(),
        matches.get_flag(RESTART),
    )?;
    let export = Export {
        client: connection.client()?.with_priority(Priority::Background),
        folder,
        fast: matches.get_flag(FAST),
        progress: Progress::new(!globals.quiet, !matches.get_flag(FAST)),
        written: AtomicU64::new(0),
        expected: AtomicU64::new(0),
        interrupt,
    };
    let (entries, failures) = all(&export, &parts).await;
    drop(export.progress);
    finish(&export.folder, &connection, entries, failures, globals)
}

/// Exports all parts, those that hang on others after them, and goes on where one fails.
async fn all(export: &Export<'_>, parts: &[Part]) -> (Vec<Entry>, Vec<Failure>) {
    let failures = Mutex::new(Vec::new());
    let one = async |part: &Part| -> Option<Entry> {
        let exported = match part.parent {
            None => list::export(export, part).await,
            Some(parent) => children::export(export, part, parent).await,
        };
        match exported {
            Ok(entry) => Some(entry),
            // A key may have permissions for some groups only.
            Err(Failure::Call(error)) if error.kind() == ErrorKind::Forbidden => {
                Some(Entry::without_permission(part))
            }
            Err(failure) => {
                failures
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(failure);
                None
            }
        }
    };
    let mut entries = Vec::new();
    for has_parent in [false, true] {
        let parts = parts.iter().filter(|part| part.parent.is_some() == has_parent);
        let exported = stream::iter(parts).map(one).buffered(SIDE_BY_SIDE);
        entries.extend(exported.filter_map(std::future::ready).collect::<Vec<_>>().await);
    }
    let failures = failures.into_inner().unwrap_or_else(PoisonError::into_inner);
    (entries, failures)
}

/// Writes the manifest if all went well, or says how to go on.
fn finish(
    folder: &Folder,
    connection: &Connection,
    entries: Vec<Entry>,
    mut failures: Vec<Failure>,
    globals: &Globals,
) -> Result<(), Failure> {
    let go_on = "the same command goes on from here";
    if failures
        .iter()
        .any(|failure| matches!(failure, Failure::Interrupted(_)))
    {
        return Err(Failure::Interrupted(Some(format!("stopped; {go_on}"))));
    }
    for failure in failures.iter().skip(1) {
        if let (false, Some(sentence)) = (globals.quiet, failure.sentence()) {
            tell(format!("atera: {sentence}"));
        }
    }
    if !failures.is_empty() {
        return Err(match failures.swap_remove(0) {
            Failure::Call(error) => Failure::Unfinished(connection.explain(error), go_on),
            failure => failure,
        });
    }
    let unsettled: Vec<_> = entries
        .iter()
        .filter(|entry| entry.is_unsettled())
        .map(|entry| entry.name.clone())
        .collect();
    let altered = altered(&entries);
    let (records, lists) = (entries.iter().map(|entry| entry.records).sum(), entries.len());
    let refused: Vec<_> = entries
        .iter()
        .filter(|entry| entry.is_refused())
        .map(|entry| entry.name.clone())
        .collect();
    let without_id: Vec<_> = entries.iter().filter_map(Entry::without_id).collect();
    folder.finish(entries)?;
    if !globals.quiet {
        let lists = match lists {
            1 => "1 list".to_string(),
            lists => format!("{lists} lists"),
        };
        tell(format!(
            "{} of {lists} in {}",
            count_of(records),
            folder.path().display()
        ));
        if !refused.is_empty() {
            tell(format!("without permission for {}", refused.join(", ")));
        }
        for told in without_id {
            tell(told);
        }
    }
    if !unsettled.is_empty() {
        return Err(Failure::Call(crate::Error::new(
            ErrorKind::Unsettled,
            format!(
                "{} did not settle, so records may be missing: manifest.json has the counts; export again when less is going on",
                unsettled.join(", ")
            ),
        )));
    }
    altered
}

/// The failure that some records could not be written as they were sent.
fn altered(entries: &[Entry]) -> Result<(), Failure> {
    let told: Vec<_> = entries.iter().filter_map(Entry::altered).collect();
    match told.is_empty() {
        true => Ok(()),
        false => Err(Failure::Call(crate::Error::new(
            ErrorKind::Decode,
            format!(
                "{}; an export with --format ndjson has them as they came",
                told.join("; ")
            ),
        ))),
    }
}
