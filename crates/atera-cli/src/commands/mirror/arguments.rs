//! The commands of `atera mirror` and their arguments. They follow from the description alone, so that a build without the
//! mirror shows them in its help as well.

use atera::description::Collection;
use clap::{
    Arg, ArgAction, Command,
    builder::{PossibleValue, PossibleValuesParser, TypedValueParser},
};
use heck::{ToKebabCase, ToSnakeCase};

use super::{
    common_arguments::{duration, limit, param, place, timeout},
    webhook_arguments,
};
use crate::{commands::metrics::arguments as metrics, input::help};

/// Name of the command.
pub(crate) const NAME: &str = "mirror";

// The names of the commands within it.
pub(crate) const SYNC: &str = "sync";
pub(crate) const QUERY: &str = "query";
pub(crate) const TABLES: &str = "tables";
pub(crate) const STATUS: &str = "status";
pub(crate) const CHANGES: &str = "changes";
pub(crate) const SCHEMA: &str = "schema";
pub(crate) const CHECK: &str = "check";
pub(crate) const VACUUM: &str = "vacuum";

// The names of the arguments.
pub(crate) const ONLY: &str = "only";
pub(crate) const WITH: &str = "with";
pub(crate) const FULL: &str = "full";
pub(crate) const FULL_EVERY: &str = "full-every";
pub(crate) const PLAN: &str = "plan";
pub(crate) const EVERY: &str = "every";
pub(crate) const AFTER: &str = "after";
pub(crate) const FOLLOW: &str = "follow";
pub(crate) const REDACT: &str = "redact";
pub(crate) const ACCEPT_LOSS: &str = "accept-loss";
pub(crate) const SQL: &str = "sql";
pub(crate) const MAX_AGE: &str = "max-age";
pub(crate) const TABLE: &str = "table";

/// All of `atera mirror`.
pub(crate) fn command() -> Command {
    Command::new(NAME)
        .about("Keep the account in a database of your own, and ask it with SQL")
        .after_help(
            "Examples:\n  atera mirror sync\n  atera mirror query 'SELECT ticket_status, count(*) FROM tickets GROUP BY 1'\n  \
             atera mirror status\n  atera mirror sync --every 15m --database-url postgres://db.example/atera\n\n\
             The database is a file of SQLite, or Postgres. A file that is not named with --db is in the folder for data \
             (~/.local/share/atera on Linux): mirrors/NAME.db for a profile, mirror.db for a key from elsewhere, and \
             sandbox.db with --sandbox. `atera mirror sync` is the only command that asks the service; `query` does so with \
             --max-age.\n\nExit codes are those of `atera --help`. Of several lists, the one that another run helps least \
             decides.",
        )
        .disable_help_subcommand(true)
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommands([
            sync(),
            query(),
            Command::new(TABLES)
                .about("List the tables, with how many rows they have")
                .after_help("Examples:\n  atera mirror tables\n  atera mirror tables --output csv")
                .args(place()),
            Command::new(STATUS)
                .about("Show the age and the state of each list; fails if one is not whole")
                .after_help(
                    "Examples:\n  atera mirror status\n  atera mirror status --output json\n\nThe exit code is not 0 if a \
                     list of the mirror is not whole: its last sync was refused, failed or did not settle, or it has records \
                     that could not be stored. What is in the mirror then is as of the time that is shown.",
                )
                .args(place()),
            changes(),
            webhook_arguments::webhooks(),
            schema(),
            Command::new(CHECK)
                .about("Check the database: whether it is sound, and has the rows that it should have")
                .after_help("Examples:\n  atera mirror check\n  atera mirror check --db account.db")
                .args(place()),
            Command::new(VACUUM)
                .about("Make the database as small as its content")
                .after_help(
                    "Examples:\n  atera mirror vacuum\n\nNothing is removed but free space. SQLite needs as much room again \
                     meanwhile, and a sync has to wait.",
                )
                .args(place()),
            help::command().hide(true),
        ])
}

fn sync() -> Command {
    let text = |name: &'static str, value: &'static str| Arg::new(name).long(name).value_name(value);
    let flag = |name: &'static str| Arg::new(name).long(name).action(ArgAction::SetTrue);
    Command::new(SYNC)
        .about("Bring the mirror up to date; the first time, read the whole account")
        .after_help(
            "Examples:\n  atera mirror sync --plan\n  atera mirror sync\n  atera mirror sync --only tickets,customers --with \
             comments\n  atera mirror sync --every 15m --quiet --metrics :9100\n  atera mirror sync --redact Contact.Phone,EndUserEmail\n\n\
             Of tickets, customers and contacts only what has changed is asked for, and all of it again every week. Other \
             lists are read in full. A list changes in the mirror at once and as a whole, when it has been read; a run \
             that is stopped goes on where it was. A record is marked as deleted when the whole list was read without it, \
             or the service says that it is gone, and never because something failed.\n\nA list of 50 records or more \
             that loses more than half of them is left as it is; --accept-loss takes that.\n\nWith --every, a round \
             that fails is told and the next one tries again. A signal ends it, with the exit code of the last round that \
             ended.",
        )
        .args(place())
        .arg(only().help("The lists to read; all if left out"))
        .arg(
            text(WITH, "NAMES")
                .value_delimiter(',')
                .action(ArgAction::Append)
                .value_parser(PossibleValuesParser::new(child_names()))
                .help("Read what belongs to each record as well, at a request or more for each that is new or has changed"),
        )
        .arg(flag(FULL).help("Read all lists in full, also those whose changes can be asked for"))
        .arg(
            text(FULL_EVERY, "TIME")
                .value_parser(duration)
                .conflicts_with(FULL)
                .help("Read a list in full when it was last read so long ago; 7d if left out"),
        )
        .arg(flag(PLAN).help("Show how many requests and minutes each list takes, and read none"))
        .arg(
            text(EVERY, "TIME")
                .value_parser(duration)
                .conflicts_with(PLAN)
                .help("Go on until Ctrl-C or SIGTERM, and begin a round so often, as in 15m"),
        )
        .arg(
            text(REDACT, "FIELDS")
                .value_delimiter(',')
                .action(ArgAction::Append)
                .help(
                    "Leave these fields out of the mirror, as in Contact.Phone, tickets.EndUserEmail, or EndUserEmail for \
                     every type; kept for later runs",
                ),
        )
        .arg(flag(ACCEPT_LOSS).help("Believe the service when most records of a list are gone"))
        .args(metrics::arguments())
        .arg(metrics::reports())
        .mut_arg(metrics::METRICS, |metrics| metrics.requires(EVERY))
}

fn query() -> Command {
    Command::new(QUERY)
        .about("Ask the mirror with SQL; nothing is sent to the service, and nothing can be changed")
        .after_help(
            "Examples:\n  atera mirror query 'SELECT * FROM tickets LIMIT 5'\n  atera mirror query @stale.sql --param days=30 \
             --output csv\n  echo 'SELECT count(*) FROM agents' | atera mirror query -\n  atera mirror query --max-age 15m \
             'SELECT count(*) FROM alerts'\n\n`atera mirror schema` has the \
             tables and columns. Deleted records stay, with the time in _deleted: add WHERE _deleted IS NULL. How old the \
             lists are is said on stderr. The SQL is that of the database, SQLite or Postgres, and has to be one SELECT.",
        )
        .arg(
            Arg::new(SQL)
                .value_name("SQL")
                .required(true)
                .help("The query, or `@FILE` for one in a file, or `-` for one from stdin"),
        )
        .arg(param(
            "The value of :NAME in the query; `null` is none, true and false are booleans, what is written like a number is one, \
             and all else is text, as is what is in double quotes",
        ))
        .arg(
            Arg::new(MAX_AGE)
                .long(MAX_AGE)
                .value_name("TIME")
                .value_parser(duration)
                .help("Sync the lists that the query names first if they are older than this, as in 15m; fail if that fails"),
        )
        .arg(timeout("30s", "Stop the query after so long"))
        .arg(limit("Print no more rows than this"))
        .args(place())
}

fn changes() -> Command {
    Command::new(CHANGES)
        .about("Print what the syncs found to have come, changed, gone and come back, a line of JSON for each")
        .after_help(
            "Examples:\n  atera mirror changes --only tickets\n  atera mirror changes --after 42-9f3c21ab\n  atera mirror \
             changes --after now --follow\n  atera mirror changes --after now --follow --webhook https://crm.example.com/hook \
             --secret-file crm.secret\n\nA line has `cursor`, `at` (when a sync found it), `table`, `id`, `kind` (insert, \
             update, delete or undelete), and the record `before` and `after`, as it was then. The first sync of a list inserts \
             all of its records. Nothing is sent to the service: `atera mirror sync --every 15m` beside it finds what is \
             new.\n\nKeep the cursor of the last line that you have dealt with, and go on with --after: nothing is lost, also \
             while a sync writes. The last cursor is on stderr too. One that the mirror does not have, since it was made anew or \
             restored, is refused with exit code 2. With --follow, a look that fails is told, and the next one tries again; a \
             signal ends it, with the exit code of the last look.\n\nWith --webhook the changes are sent as Standard \
             Webhooks, each at least once and those of a record in their order, and sent again if the receiver does not take \
             them. What it has is kept in the mirror: --after counts the first time alone. `atera mirror webhooks` shows it, and \
             what could not be delivered.",
        )
        .args(webhook_arguments::of_changes())
        .args(place())
        .arg(
            Arg::new(AFTER)
                .long(AFTER)
                .value_name("CURSOR")
                .help("Begin after this cursor, or `now` for what is found from now on; with the first change if left out"),
        )
        .arg(only().help("The lists whose changes are printed or sent; all if left out"))
        .arg(limit("Print no more changes than this"))
        .arg(
            Arg::new(FOLLOW)
                .long(FOLLOW)
                .action(ArgAction::SetTrue)
                .help("Go on until Ctrl-C or SIGTERM, and print or send changes as syncs find them"),
        )
        .arg(
            Arg::new(EVERY)
                .long(EVERY)
                .value_name("TIME")
                .value_parser(duration)
                .requires(FOLLOW)
                .help("How often to look into the mirror, as in 15m; 10s if left out"),
        )
}

/// The flag that chooses lists.
fn only() -> Arg {
    Arg::new(ONLY)
        .long(ONLY)
        .value_name("LISTS")
        .value_delimiter(',')
        .action(ArgAction::Append)
        .value_parser(lists())
        .hide_possible_values(true)
}

fn schema() -> Command {
    let table = Arg::new(TABLE)
        .value_name("TABLE")
        .help("The table whose columns are shown; all tables if left out");
    #[cfg(feature = "mirror")]
    let table = table.add(super::table_names::completion());
    Command::new(SCHEMA)
        .about("Show the columns of a table of the mirror, or what the tables are")
        .after_help(
            "Examples:\n  atera mirror schema\n  atera mirror schema tickets\n  atera mirror schema invoices_line_items \
             --output csv\n\nIt is that of every mirror, and needs none.",
        )
        .arg(table)
}

/// The names of the lists. They are those of their tables; with hyphens in place of underscores they are those of the commands.
fn lists() -> impl TypedValueParser<Value = String> {
    let names = Collection::all()
        .filter(|list| list.parent.is_none())
        .map(|list| list.name());
    let values = names.map(|name| {
        let value = PossibleValue::new(name.clone());
        match name.to_kebab_case() {
            same if same == name => value,
            kebab => value.alias(kebab),
        }
    });
    PossibleValuesParser::new(values).map(|name| name.to_snake_case())
}

/// The names of everything that belongs to records.
fn child_names() -> Vec<String> {
    let children = Collection::all().filter(|list| list.parent.is_some());
    let mut names: Vec<_> = children.map(|list| list.short_name().to_kebab_case()).collect();
    names.sort_unstable();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_named_as_tables_and_as_commands() {
        for (given, list) in [
            ("tickets", "tickets"),
            ("knowledge-bases", "knowledge_bases"),
            ("devices_http", "devices_http"),
        ] {
            let line = ["mirror", "sync", "--only", given];
            let matches = command().try_get_matches_from(line).expect(given);
            let (_, sync) = matches.subcommand().expect("a command");
            let only: Vec<_> = sync.get_many::<String>(ONLY).expect("lists").collect();
            assert_eq!(only, [list]);
        }
        let line = ["mirror", "sync", "--only", "tickets_comments"];
        assert!(command().try_get_matches_from(line).is_err());
    }
}
