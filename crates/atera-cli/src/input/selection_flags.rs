//! The flags about which records are printed: `--where` and those beside it.
//!
//! Commands that print records have them, and no others, so that clap refuses them elsewhere.

use atera::AccountZone;
use clap::{Arg, ArgAction, ArgMatches};

use super::arguments;
use crate::selection::options::SelectionOptions;

/// Name of the flag for a condition.
pub(crate) const WHERE: &str = "where";
const JQ: &str = "jq";
const COUNT: &str = "count";
const GROUP_BY: &str = "group-by";
const SUM: &str = "sum";
const EXPAND: &str = "expand";
const TIME_ZONE: &str = "time-zone";

/// The heading in help.
const HEADING: &str = "Selection";

/// The flags of a command that prints an answer as it came.
pub(crate) fn of_answer() -> impl Iterator<Item = Arg> {
    of_list().into_iter().filter(|flag| flag.get_id() == JQ)
}

/// The flags of a command that takes the ids of the records in a list, beside its own ways to name an id.
pub(crate) fn of_target(instead: impl IntoIterator<Item = &'static str>) -> impl Iterator<Item = Arg> {
    let instead: Vec<_> = instead.into_iter().collect();
    let flags = of_list().into_iter();
    flags.filter_map(move |flag| match flag.get_id().as_str() {
        WHERE => Some(
            flag.conflicts_with_all(instead.clone())
                .help("Do it for the records of the list that fulfil this: 'Severity=Critical,Created<-3d'")
                .long_help(
                    "Do it for the records of the list that fulfil this condition, such as 'Severity=Critical,Created<-3d'. The \
                     list is read until nothing is missing; otherwise nothing is sent. You are asked before anything is sent, \
                     and --dry-run shows the requests. `list --help` has what a condition may be.",
                ),
        ),
        TIME_ZONE => Some(flag.requires(WHERE)),
        _ => None,
    })
}

/// The flags of a command that prints one record.
pub(crate) fn of_record() -> impl Iterator<Item = Arg> {
    let flags = of_list().into_iter();
    flags.filter(|flag| [JQ, EXPAND].contains(&flag.get_id().as_str()))
}

/// The flags of a command that prints a list of records.
pub(crate) fn of_list() -> [Arg; 7] {
    let text = |name: &'static str, value: &'static str| {
        Arg::new(name).long(name).value_name(value).help_heading(HEADING)
    };
    let fields = |name| {
        text(name, "FIELDS")
            .value_delimiter(',')
            .action(ArgAction::Append)
    };
    [
        text(WHERE, "CONDITION")
            .action(ArgAction::Append)
            .help("Print the records that fulfil it: 'Severity=Critical,Created<-3d'; reads the whole list")
            .long_help(
                "Print the records that fulfil this condition, such as 'Severity=Critical,Created<-3d'. The whole list is read \
                 for it, as with --all; --limit then counts the records that fulfil it.\n\n\
                 Comparisons: = != < <= > >=, ~ (contains) and !~, `in (a, b)`, `is null`, `is empty`, each with `not`; a field \
                 that is true or false needs none. `and` (or a comma), `or`, `not` and parentheses join them. Text is compared \
                 without regard to case; a value with a comma, a parenthesis, `and` or `or` in it needs quotes. The values of a \
                 closed list are in the order of the description; no < or > is true of one that the description lacks.\n\n\
                 Times: 2026-03-01 (all of that day), '2026-03-01 08:00', 2026-03, today, yesterday, last-month, this-week, -3d, \
                 -12h, 1mo (a month ago), +30d (in 30 days). Days and clock times are those of the account's time zone, or of \
                 --time-zone. A clock time that is skipped when the clocks are set forward lies where they go on. One that comes \
                 twice when they are set back is refused: write it with its offset, as in 2026-10-25T01:30+01:00.\n\n\
                 A record without a value fulfils `=null`, and no comparison, != included; `not Field=x` has those without one.",
            ),
        text(TIME_ZONE, "NAME")
            .value_parser(|text: &str| text.parse::<AccountZone>().map_err(|_| "it must be a time zone, as in Europe/Berlin"))
            .help("The zone of days and clock times in --where; that of the account if left out"),
        text(EXPAND, "FIELD").help("Print a record for each entry of this list: with LineItems, a row for each line of an invoice"),
        text(JQ, "FILTER").help(
            "Print what this jq filter makes of each record; text without quotes, unless --output asks for a format",
        ),
        Arg::new(COUNT)
            .long(COUNT)
            .action(ArgAction::SetTrue)
            .help_heading(HEADING)
            .help("Print how many records there are, instead of them"),
        fields(GROUP_BY).help(
            "Print a row for each value of these fields, with the number of records; values that = finds equal, such as Open and \
             open, are one, under the first spelling",
        ),
        fields(SUM).help(
            "Print the sums of these fields, exactly or not at all; with --group-by those of each group, and with --expand only \
             fields of the entries",
        ),
    ]
}

/// Reads them. Those that the command does not have are not given.
pub(crate) fn read(matches: &ArgMatches) -> SelectionOptions {
    let texts = |name| {
        let texts = matches.try_get_many::<String>(name).ok().flatten();
        texts.unwrap_or_default().cloned().collect::<Vec<_>>()
    };
    SelectionOptions {
        records: atera_records::SelectionOptions {
            conditions: texts(WHERE),
            zone: one::<AccountZone>(matches, TIME_ZONE),
            expand: one::<String>(matches, EXPAND),
            count: one::<bool>(matches, COUNT).unwrap_or_default(),
            group_by: texts(GROUP_BY),
            sum: texts(SUM),
            now: None,
        },
        jq: one::<String>(matches, JQ),
        limit: one::<u64>(matches, arguments::LIMIT),
    }
}

/// The value of a flag, if the command has the flag and it is given.
fn one<T: Clone + Send + Sync + 'static>(matches: &ArgMatches, name: &str) -> Option<T> {
    matches.try_get_one::<T>(name).ok().flatten().cloned()
}
