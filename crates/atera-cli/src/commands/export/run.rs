//! The command: its arguments, the parts side by side, and what it says in the end.
//!
//! A part that fails does not stop the others: they are complete then, and the next run has only the rest to do. The manifest
//! names all parts, and the command fails unless each of them is there, or `--allow-partial` is given. An export that is
//! interrupted changes nothing in the folder but the progress of its lists.

use std::{
    cell::{Cell, RefCell},
    io::{self, Write},
    path::PathBuf,
};

use atera::{Error, ErrorKind, Priority};
use clap::{Arg, ArgAction, ArgMatches, Command, builder::PossibleValuesParser, value_parser};
use futures_util::{StreamExt, stream};

use super::{
    children,
    entry::{Entry, ReadState},
    files::{FileFormat, Setting},
    folder::{Folder, Mode},
    job::{Export, SIDE_BY_SIDE},
    list,
    outcome::{self, Problem},
    plan::{self, Part},
};
use crate::{
    commands::walk::count_of,
    input::{connection::Connection, globals::Globals, interrupt::Interrupt},
    output::{exit_code::Signal, failure::Failure, progress::Progress, terminal::tell},
};

/// Name of the command.
pub(crate) const NAME: &str = "export";

// The names of the arguments.
const DIR: &str = "dir";
const FORMAT: &str = "format";
const WITH: &str = "with";
const FAST: &str = "fast";
const RESTART: &str = "restart";
const UPDATE: &str = "update";
const ALLOW_PARTIAL: &str = "allow-partial";
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
             atera export --dir backup --with comments,work-hours tickets\n  atera export --dir backup --update\n\nThere is a file for each list, and a \
             manifest.json with counts, checksums and what moved while it was read. A list is read again until a sweep \
             finds nothing that an earlier one missed, unless --fast is given.\n\nThe files change only at the end, when \
             lists have been read. Lists that could not be read are named in manifest.json and on stderr, and the same \
             command tries them again. If there are several reasons, the exit code is that of the one that another run \
             helps least: 1, 2, 4, 9, 3, 5, 7, 8, 10.",
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
                .default_value(FileFormat::NAMES[0])
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
                .help("Read the lists anew; what an earlier export left in the folder stays until they have been read"),
        )
        .arg(
            Arg::new(UPDATE)
                .long(UPDATE)
                .action(ArgAction::SetTrue)
                .conflicts_with(RESTART)
                .help("Bring the lists up to date: ask for what has changed where the service can tell, and read the rest"),
        )
        .arg(
            Arg::new(ALLOW_PARTIAL)
                .long(ALLOW_PARTIAL)
                .action(ArgAction::SetTrue)
                .help("Succeed without lists that cannot be read, unless that is all of them"),
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
    let connection = interrupt.or(Connection::open(globals)).await??;
    let setting = Setting {
        // Each sandbox of the command's own has another address, and the same data.
        base_url: match connection.is_sandbox() {
            true => "sandbox".to_string(),
            false => connection.base_url().to_string(),
        },
        format: texts(FORMAT).next().unwrap_or_default(),
    };
    let mode = match (matches.get_flag(RESTART), matches.get_flag(UPDATE)) {
        (true, _) => Mode::Restart,
        (_, true) => Mode::Update,
        _ => Mode::GoOn,
    };
    let folder = Folder::open(&dir, setting, &parts, mode)?;
    let before = before(&folder, &parts, globals)?;
    let client = connection.client()?.with_priority(Priority::Background);
    let fast = matches.get_flag(FAST);
    let progress = Progress::new(!globals.quiet, !fast, &globals.waits);
    let export = Export::new(client, folder, &parts, fast, progress, interrupt);
    let (entries, problems) = match all(&export, &parts, &connection).await {
        Ok(all) => all,
        Err(signal) => {
            let told = format!("stopped; {}", mode.go_on());
            return Err(Failure::Interrupted(signal, Some(told)));
        }
    };
    drop(export.progress);
    let end = End {
        parts: &parts,
        entries,
        problems,
        before,
        mode,
        allow_partial: matches.get_flag(ALLOW_PARTIAL),
    };
    end.publish(&export.folder, globals)
}

/// The names of the lists that were read before and are left alone. They are told, and so are those whose files are gone.
///
/// # Errors
///
/// `Usage` if there is no other list.
fn before(folder: &Folder, parts: &[Part], globals: &Globals) -> Result<Vec<String>, Failure> {
    let mut before = Vec::new();
    for part in parts {
        if folder.is_done(part)? {
            before.push(part.name());
        }
    }
    if before.len() == parts.len() {
        return Err(Failure::Usage(format!(
            "{} holds these lists already; bring them up to date with --update, read them anew with \
             --restart, or name another folder",
            folder.path().display()
        )));
    }
    if !globals.quiet {
        if !before.is_empty() {
            tell(format!(
                "in the folder already, and not read again without --update: {}",
                before.join(", ")
            ));
        }
        if !folder.gone.is_empty() {
            tell(format!(
                "gone from the folder, and read again: {}",
                folder.gone.join(", ")
            ));
        }
    }
    Ok(before)
}

/// Exports all parts: first the lists, then what belongs to their records, which needs the ids of all of them. Returns the
/// parts that were read, and those that were not.
///
/// # Errors
///
/// The signal that has stopped it.
async fn all(
    export: &Export<'_>,
    parts: &[Part],
    connection: &Connection,
) -> Result<(Vec<Entry>, Vec<Problem>), Signal> {
    let (problems, stopped) = (RefCell::new(Vec::new()), Cell::new(None));
    let record = |part: &Part, exported: Result<Entry, Failure>| match exported {
        Ok(entry) => Some(entry),
        Err(Failure::Interrupted(signal, _)) => {
            stopped.set(Some(signal));
            None
        }
        Err(failure) => {
            let problem = Problem::new(part, failure, connection);
            problems.borrow_mut().push(problem);
            None
        }
    };
    let (lists, children): (Vec<_>, Vec<_>) = parts.iter().partition(|part| part.parent.is_none());
    let lists = stream::iter(lists).map(async |part| record(part, list::export(export, part).await));
    let lists = lists.buffered(SIDE_BY_SIDE).filter_map(std::future::ready);
    let mut entries: Vec<_> = lists.collect().await;
    if export.folder.mode() == Mode::Update {
        let lists: Vec<_> = parts.iter().filter(|part| part.parent.is_none()).collect();
        for part in &lists {
            let place = entries
                .iter()
                .position(|entry| entry.operation == part.operation.id);
            let Some(place) = place.filter(|place| entries[*place].is_by_changes()) else {
                continue;
            };
            match list::check_copies(export, part, &lists).await {
                Ok(None) => {}
                Ok(Some(entry)) => entries[place] = entry,
                Err(failure) => {
                    record(part, Err(failure));
                    entries.remove(place);
                }
            }
        }
    }
    let children = stream::iter(children).map(async |part| {
        let parent = part.parent?;
        let missing = {
            let problems = problems.borrow();
            let of_parent = problems.iter().find(|problem| problem.operation() == parent.id);
            of_parent.map(|problem| problem.without_parent(part))
        };
        if let Some(problem) = missing {
            problems.borrow_mut().push(problem);
            return None;
        }
        record(part, children::export(export, part, parent).await)
    });
    let children = children.buffered(SIDE_BY_SIDE).filter_map(std::future::ready);
    let children: Vec<_> = children.collect().await;
    entries.extend(children);
    match stopped.get() {
        None => {
            let mut problems = problems.into_inner();
            problems.sort_by_key(|problem| plan::position(problem.operation()));
            Ok((entries, problems))
        }
        Some(signal) => Err(signal),
    }
}

/// What a run has come to.
struct End<'a> {
    parts: &'a [Part],
    entries: Vec<Entry>,
    problems: Vec<Problem>,
    /// The lists that were left alone.
    before: Vec<String>,
    mode: Mode,
    allow_partial: bool,
}

impl End<'_> {
    /// Publishes what was read, tells what is missing, and fails if that is to be a failure.
    fn publish(self, folder: &Folder, globals: &Globals) -> Result<(), Failure> {
        let (mut read, mut failed) = (Vec::new(), Vec::new());
        let mut unsettled = Vec::new();
        for entry in self.entries {
            let earlier = folder.published(&entry.name);
            if entry.state == ReadState::Unsettled {
                unsettled.push(entry.name.clone());
            }
            match earlier
                .filter(|list| !entry.state.is_whole() && list.of_file().is_some_and(ReadState::is_whole))
            {
                // What was whole stays, rather than what may not be.
                Some(earlier) => {
                    let part = self.parts.iter().find(|part| part.name() == entry.name);
                    part.map_or(Ok(()), |part| folder.discard(part))?;
                    failed.push(entry.instead_of(earlier));
                }
                None => read.push(entry),
            }
        }
        for problem in &self.problems {
            let (part, earlier) = (problem.part(), folder.published(&problem.part().name()));
            failed.push(Entry::failed(part, problem.state, problem.reason(), earlier));
        }
        let is_update = self.mode == Mode::Update;
        let updated: Vec<_> = read
            .iter()
            .filter(|_| is_update)
            .filter_map(Entry::updated)
            .collect();
        let same: Vec<_> = read
            .iter()
            .filter(|list| is_update && list.updated().is_none())
            .collect();
        let same: Vec<_> = same.into_iter().map(|list| list.name.clone()).collect();
        let read_in_full = read_in_full(&read);
        let (altered, without_id) = (altered(&read), read.iter().filter_map(Entry::without_id));
        let without_id: Vec<_> = without_id.collect();
        let new = read.iter().filter(|entry| !self.before.contains(&entry.name));
        let (records, lists) = new.fold((0, 0), |(records, lists), entry| {
            (records + entry.records, lists + 1)
        });
        folder.publish(read, failed)?;
        if !globals.quiet {
            let dir = folder.path().display();
            tell(match lists {
                0 => format!("no list was read into {dir}"),
                1 => format!("{} of 1 list in {dir}", count_of(records)),
                lists => format!("{} of {lists} lists in {dir}", count_of(records)),
            });
            updated.into_iter().for_each(tell);
            read_in_full.into_iter().for_each(tell);
            if !same.is_empty() {
                tell(format!("not changed: {}", same.join(", ")));
            }
            without_id.into_iter().for_each(tell);
        }
        let go_on = self.mode.go_on();
        let mut failures = outcome::failures(self.problems, go_on, self.allow_partial);
        if !unsettled.is_empty() {
            failures.insert(0, did_not_settle(&unsettled));
        }
        let partly = self.allow_partial && lists + self.before.len() > 0;
        if partly && failures.iter().all(|failure| matches!(failure, Failure::Call(_))) {
            // With --quiet too: exit code 0 would otherwise say that nothing is missing.
            for failure in failures.drain(..) {
                tell(failure.sentence().unwrap_or_default());
            }
        }
        failures.extend(altered.err());
        let last = failures.pop();
        for sentence in failures.iter().filter_map(Failure::sentence) {
            tell(format!("atera: {sentence}"));
        }
        last.map_or(Ok(()), Err)
    }
}

/// The lists that were read in full, a sentence for each reason.
fn read_in_full(entries: &[Entry]) -> Vec<String> {
    let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
    for entry in entries {
        let Some(why) = entry.read_in_full() else {
            continue;
        };
        match reasons.iter_mut().find(|(reason, _)| *reason == why) {
            Some((_, names)) => names.push(&entry.name),
            None => reasons.push((why, vec![&entry.name])),
        }
    }
    let sentences = reasons.into_iter();
    sentences
        .map(|(why, names)| format!("read in full, since {why}: {}", names.join(", ")))
        .collect()
}

/// That lists did not settle.
fn did_not_settle(names: &[String]) -> Failure {
    Failure::Call(Error::new(
        ErrorKind::Unsettled,
        format!(
            "{} did not settle, so records may be missing: manifest.json has the counts; export again when less is going on",
            names.join(", ")
        ),
    ))
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
