//! The command: its arguments, the parts side by side, and what it says in the end.
//!
//! A part that fails does not stop the others: they are complete then, and the next run has only the rest to do. In the end
//! there is a manifest or a failure, never both, with two exceptions: a list that would not settle and records that could not
//! be written as they were sent are in the manifest, and the command still fails.

use std::{
    cell::RefCell,
    io::{self, Write},
    path::PathBuf,
};

use atera::{Error, ErrorKind, Priority};
use clap::{Arg, ArgAction, ArgMatches, Command, builder::PossibleValuesParser, value_parser};
use futures_util::{StreamExt, stream};

use super::{
    children,
    files::{FileFormat, Folder},
    job::{Export, SIDE_BY_SIDE},
    list,
    manifest::Entry,
    plan::{self, Part},
};
use crate::{
    commands::walk::count_of,
    input::{connection::Connection, globals::Globals, interrupt::Interrupt},
    output::{failure::Failure, progress::Progress, terminal::tell},
};

/// Name of the command.
pub(crate) const NAME: &str = "export";

// The names of the arguments.
const DIR: &str = "dir";
const FORMAT: &str = "format";
const WITH: &str = "with";
const FAST: &str = "fast";
const RESTART: &str = "restart";
const GROUPS: &str = "group";

/// The arguments of the command. Its formats are its own: a table or one JSON array cannot be resumed.
pub(crate) fn command() -> Command {
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
                .help("The folder to write into; it is created if it is missing"),
        )
        .arg(
            Arg::new(FORMAT)
                .long(FORMAT)
                .value_name("FORMAT")
                .default_value("ndjson")
                .value_parser(FileFormat::NAMES)
                .help("ndjson keeps records as the service sent them, csv has the fields of the description"),
        )
        .arg(
            list(WITH, "NAME", plan::child_names())
                .long(WITH)
                .value_delimiter(',')
                .help("Export what belongs to each record as well, at a request or more for each record"),
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

/// Exports what the arguments name, or with `--dry-run` prints the names of the files.
pub(crate) async fn run(
    matches: &ArgMatches,
    globals: &Globals,
    interrupt: &Interrupt,
) -> Result<(), Failure> {
    let texts = |name| matches.get_many::<String>(name).unwrap_or_default().cloned();
    let (groups, with): (Vec<_>, Vec<_>) = (texts(GROUPS).collect(), texts(WITH).collect());
    let parts = plan::parts(&groups, &with)?;
    let format = FileFormat::named(&texts(FORMAT).next().unwrap_or_default());
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
    let folder = Folder::open(&dir, format, connection.base_url(), matches.get_flag(RESTART))?;
    let client = connection.client()?.with_priority(Priority::Background);
    let fast = matches.get_flag(FAST);
    let progress = Progress::new(!globals.quiet, !fast, &globals.waits);
    let export = Export::new(client, folder, fast, progress, interrupt);
    let (entries, failures) = all(&export, &parts).await;
    drop(export.progress);
    finish(&export.folder, &connection, entries, failures, globals)
}

/// Exports all parts: first the lists, then what belongs to their records, which needs the ids of all of them. Returns the
/// parts that are complete, in the order of the description, and the failures of the others.
///
/// A list that the key may not read counts as complete: the manifest says that there is no permission, for what belongs to its
/// records as well. What belongs to the records of a list that failed is left to the next run, which has all of their ids.
async fn all(export: &Export<'_>, parts: &[Part]) -> (Vec<Entry>, Vec<Failure>) {
    let failures = RefCell::new(Vec::new());
    let record = |part: &Part, exported| match exported {
        Ok(entry) => Some(entry),
        // Keys are often restricted to some groups.
        Err(Failure::Call(error)) if error.kind() == ErrorKind::Forbidden => {
            Some(Entry::without_permission(part))
        }
        Err(failure) => {
            failures.borrow_mut().push(failure);
            None
        }
    };
    let (lists, children): (Vec<_>, Vec<_>) = parts.iter().partition(|part| part.parent.is_none());
    let lists = stream::iter(lists).map(async |part| record(part, list::export(export, part).await));
    let lists = lists.buffered(SIDE_BY_SIDE).filter_map(std::future::ready);
    let mut entries: Vec<_> = lists.collect().await;
    let children = stream::iter(children).map(async |part| {
        let parent = part.parent?;
        match entries.iter().find(|entry| entry.operation == parent.id)? {
            list if list.is_refused() => Some(Entry::without_permission(part)),
            _ => record(part, children::export(export, part, parent).await),
        }
    });
    let children = children.buffered(SIDE_BY_SIDE).filter_map(std::future::ready);
    let children: Vec<_> = children.collect().await;
    entries.extend(children);
    (entries, failures.into_inner())
}

/// Writes the manifest if no part has failed, or says how to go on.
///
/// Of several failures the first one decides on the exit code, and the others are printed before it. A signal makes every part
/// that was under way fail, so it is reported once.
fn finish(
    folder: &Folder,
    connection: &Connection,
    entries: Vec<Entry>,
    mut failures: Vec<Failure>,
    globals: &Globals,
) -> Result<(), Failure> {
    let go_on = "the same command goes on from here";
    let signal = failures.iter().find_map(|failure| match failure {
        Failure::Interrupted(signal, _) => Some(*signal),
        _ => None,
    });
    if let Some(signal) = signal {
        return Err(Failure::Interrupted(signal, Some(format!("stopped; {go_on}"))));
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
        return Err(Failure::Call(Error::new(
            ErrorKind::Unsettled,
            format!(
                "{} did not settle, so records may be missing: manifest.json has the counts; export again when less is going on",
                unsettled.join(", ")
            ),
        )));
    }
    altered
}

/// Fails if records could not be written as they were sent, which happens to CSV alone.
fn altered(entries: &[Entry]) -> Result<(), Failure> {
    let told: Vec<_> = entries.iter().filter_map(Entry::altered).collect();
    match told.is_empty() {
        true => Ok(()),
        false => Err(Failure::Call(Error::new(
            ErrorKind::Decode,
            format!(
                "{}; an export with --format ndjson has them as they came",
                told.join("; ")
            ),
        ))),
    }
}
