//! `atera records`: the same selection, order and output for records in a file, such as those that an export has written.
//!
//! The file is JSON: a record after another, as in NDJSON, or one array of them. With `--type` the fields are those of the
//! description; without it the values tell what they are. A page of a list, as `atera api` prints it, stands for its records.

use std::{
    fmt,
    fs::File,
    io::{self, BufRead, BufReader},
    path::PathBuf,
};

use atera::{
    description::{GROUPS, OPERATIONS, Operation, SCHEMAS, Schema},
    page::Page,
};
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use serde::{
    Deserializer,
    de::{SeqAccess, Visitor},
};
use serde_json::value::RawValue;

use super::walk::count_of;
use crate::{
    input::{arguments, globals::Globals, selection_flags},
    names::{did_you_mean, group_name},
    output::{destination::Destination, failure::Failure, terminal::tell},
    selection::pipeline::{Running, Selection},
};

/// Name of the command.
pub(crate) const NAME: &str = "records";

const FILE: &str = "file";
const TYPE: &str = "type";

/// The arguments of the command.
pub(crate) fn command() -> Command {
    Command::new(NAME)
        .about("Select, sort, count and print records in a file, such as those of an export")
        .after_help(
            "Examples:\n  atera records backup/tickets.ndjson --type tickets --where 'Status=Open' --sort -TicketCreatedDate\n  \
             atera records backup/alerts.ndjson --group-by CustomerName --output csv\n  \
             atera tickets list --all --output ndjson | atera records - --count\n\nThe file has JSON: records one after another, \
             or an array of them; of pages of a list, as `atera api` prints them, the \
             items are the records. Days and clock times in --where are in UTC unless --time-zone is given.",
        )
        .arg(
            Arg::new(FILE)
                .value_name("FILE")
                .required(true)
                .value_parser(value_parser!(PathBuf))
                .help("The file, or `-` for stdin"),
        )
        .arg(
            Arg::new(TYPE)
                .long(TYPE)
                .value_name("TYPE")
                .help("What the records are: a group such as tickets, an operation, or a type as in `atera schema`; guessed by their values if left out"),
        )
        .arg(
            Arg::new(arguments::ALLOW_UNKNOWN)
                .long(arguments::ALLOW_UNKNOWN)
                .action(ArgAction::SetTrue)
                .help("Let fields and values through that the type lacks"),
        )
        .arg(arguments::limit().help_heading(None))
        .args(selection_flags::of_list())
}

/// Prints the records of the file.
pub(crate) fn run(matches: &ArgMatches, globals: &Globals) -> Result<(), Failure> {
    let schema = matches
        .get_one::<String>(TYPE)
        .map(|name| named(name))
        .transpose()?;
    let options = selection_flags::read(matches);
    let allow_unknown = matches.get_flag(arguments::ALLOW_UNKNOWN);
    let mut selection = Selection::new(&options, &globals.output, schema, allow_unknown)?;
    if !globals.quiet {
        selection.hints().iter().for_each(tell);
    }
    if selection.needs_zone() && !globals.quiet {
        tell("days and clock times in --where are in UTC; --time-zone names another zone");
    }
    let path = matches.get_one::<PathBuf>(FILE).cloned().unwrap_or_default();
    let is_stdin = path.as_os_str() == "-";
    let name = if is_stdin {
        "stdin".to_string()
    } else {
        path.display().to_string()
    };
    let unreadable = |error: io::Error| Failure::Usage(format!("{name} cannot be read: {error}"));
    let mut input: Box<dyn BufRead> = match is_stdin {
        true => Box::new(io::stdin().lock()),
        false => Box::new(BufReader::new(File::open(&path).map_err(unreadable)?)),
    };
    let mut out = Destination::open(globals.output.file.as_deref())?;
    let (for_people, prints_totals) = (selection.layout.format.for_people, selection.prints_totals());
    let mut running = selection.start();
    let is_array = is_array(&mut input).map_err(unreadable)?;
    let mut pages = Pages::default();
    read(input, is_array, &name, &mut pages, &mut running, &mut out)?;
    let read = running.read();
    let outcome = running.finish(&mut out)?;
    out.commit()?;
    let counted = match prints_totals {
        true => format!("of {}", count_of(read)),
        false => format!("{} of {}", outcome.printed, count_of(read)),
    };
    let remarks: Vec<_> = for_people
        .then_some(counted)
        .into_iter()
        .chain(pages.remark())
        .chain(outcome.remarks)
        .collect();
    if !globals.quiet && !remarks.is_empty() {
        tell(remarks.join("; "));
    }
    Ok(())
}

/// The type of records: that of this name, or that of the records of a group or of an operation.
fn named(name: &str) -> Result<&'static Schema, Failure> {
    let of_group = || {
        let lists = OPERATIONS
            .iter()
            .filter(|operation| group_name(operation.group) == group_name(name));
        let mut records = lists.filter_map(Operation::record);
        records.next()
    };
    let mut schemas = SCHEMAS.iter().copied();
    let schema = schemas.find(|schema| schema.name.eq_ignore_ascii_case(name));
    schema
        .or_else(|| Operation::find(name).and_then(Operation::record))
        .or_else(of_group)
        .ok_or_else(|| {
            let known = SCHEMAS
                .iter()
                .map(|schema| schema.name)
                .chain(GROUPS.iter().map(|group| group.name));
            let meant = did_you_mean(name, known);
            Failure::Usage(format!(
                "there is no type `{name}`{meant}; `atera schema` lists the types"
            ))
        })
}

/// Whether an array comes, and not records one after another. A byte order mark is skipped.
fn is_array(input: &mut dyn BufRead) -> io::Result<bool> {
    loop {
        let next = input.fill_buf()?;
        let skipped = match next {
            [0xef, 0xbb, 0xbf, ..] => 3,
            [first, ..] if first.is_ascii_whitespace() => 1,
            next => return Ok(next.first() == Some(&b'[')),
        };
        input.consume(skipped);
    }
}

/// Hands each record on as it comes.
fn read(
    input: impl BufRead,
    is_array: bool,
    name: &str,
    pages: &mut Pages,
    running: &mut Running,
    out: &mut Destination,
) -> Result<(), Failure> {
    let broken = |number: u64, error: serde_json::Error| {
        Failure::Usage(format!(
            "{name} is not JSON behind its record {number}: {error}; it must be NDJSON, or a JSON array"
        ))
    };
    let mut json = serde_json::Deserializer::from_reader(input);
    if is_array {
        let mut failure = None;
        let elements = Elements {
            pages,
            running: &mut *running,
            out,
            failure: &mut failure,
        };
        let read = json.deserialize_seq(elements);
        return match (failure, read) {
            (Some(failure), _) => Err(failure),
            (None, Err(error)) if !running.is_full() => Err(broken(running.read(), error)),
            (None, _) => Ok(()),
        };
    }
    for record in json.into_iter::<Box<RawValue>>() {
        let record = record.map_err(|error| broken(running.read(), error))?;
        pages.take(record.get(), running, out)?;
        if running.is_full() {
            break;
        }
    }
    Ok(())
}

/// The pages of lists that came in place of records.
#[derive(Default)]
struct Pages {
    count: u64,
    items: usize,
    /// How many records the list has, as the last of them says.
    total: Option<i64>,
}

impl Pages {
    /// Hands on a record, or the records of a page.
    fn take(&mut self, json: &str, running: &mut Running, out: &mut Destination) -> Result<(), Failure> {
        let Some(page) = page(json) else {
            return running.record(json, out);
        };
        self.count += 1;
        self.items += page.items.len();
        self.total = page.total();
        page.items
            .iter()
            .try_for_each(|record| running.record(record.get(), out))
    }

    /// That the records are those of pages, and how many the list has.
    fn remark(&self) -> Option<String> {
        let pages = match self.count {
            0 => return None,
            1 => "a page of a list".to_string(),
            count => format!("{count} pages of a list"),
        };
        let total = self
            .total
            .map_or(String::new(), |total| format!(", which says that it has {total}"));
        Some(format!(
            "the records are the {} items of {pages}{total}",
            self.items
        ))
    }
}

/// The page of a list that this is. A record may have `items` too, but does not count pages.
fn page(json: &str) -> Option<Page<Box<RawValue>>> {
    if !json.contains("\"items\"") {
        return None;
    }
    let page: Page<Box<RawValue>> = serde_json::from_str(json).ok()?;
    let counts = page.page.is_some() && (page.total_pages.is_some() || page.total().is_some());
    counts.then_some(page)
}

/// Takes the elements of an array.
struct Elements<'a> {
    pages: &'a mut Pages,
    running: &'a mut Running,
    out: &'a mut Destination,
    /// The failure to print one.
    failure: &'a mut Option<Failure>,
}

impl<'de> Visitor<'de> for Elements<'_> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an array of records")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        while let Some(record) = elements.next_element::<Box<RawValue>>()? {
            if let Err(failure) = self.pages.take(record.get(), self.running, self.out) {
                *self.failure = Some(failure);
                return Ok(());
            }
            if self.running.is_full() {
                return Ok(());
            }
        }
        Ok(())
    }
}
