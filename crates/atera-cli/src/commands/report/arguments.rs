//! `atera report` and its arguments.

use std::path::PathBuf;

use clap::{Arg, ArgAction, Command, value_parser};

use crate::{
    commands::mirror::common_arguments::{PARAM, limit, param, place, timeout},
    input::{help, reports_folder},
};

/// Name of the command.
pub(crate) const NAME: &str = "report";

// The names of the commands within it.
pub(crate) const NEW: &str = "new";
pub(crate) const CHECK: &str = "check";

// The names of the arguments.
pub(crate) const REPORT: &str = "report";
pub(crate) const ALL: &str = "all";
pub(crate) const HTML: &str = "html";
pub(crate) const FAIL_IF_ROWS: &str = "fail-if-rows";

/// All of `atera report`.
pub(crate) fn command() -> Command {
    Command::new(NAME)
        .about("Answer questions about the account from its mirror: what is late, silent, old, uncovered")
        .after_help(
            "Examples:\n  atera report\n  atera report stale-agents --param days=60 --output csv\n  atera report sla-risk \
             --fail-if-rows --quiet\n  atera report --all --html account.html\n\nWithout a name it lists the reports, with \
             their parameters. They are asked of the mirror, which `atera mirror sync` makes and renews; how old its lists \
             are is said on stderr.\n\nA report is a file of SQL. Your own are in the folder `reports` beside the config file, \
             or in that of --reports or ATERA_REPORTS; one with the name of another replaces it. `atera report new NAME` \
             begins one.",
        )
        .disable_help_subcommand(true)
        .args_conflicts_with_subcommands(true)
        .arg(Arg::new(REPORT).value_name("NAME").help("The report; a list of them if left out"))
        .arg(
            Arg::new(ALL)
                .long(ALL)
                .action(ArgAction::SetTrue)
                .conflicts_with_all([REPORT, PARAM])
                .help("All reports as one page, with the defaults of their parameters; needs --html"),
        )
        .arg(
            Arg::new(HTML)
                .long(HTML)
                .value_name("FILE")
                .value_parser(value_parser!(PathBuf))
                .help("Write a page for a browser, with charts, into this file; it needs no other file and no network"),
        )
        .arg(param("The value of a parameter of the report, as in days=60").requires(REPORT))
        .arg(limit("Print no more rows than this; a page has 500 of each report if left out"))
        .arg(timeout("60s", "Stop a report after so long"))
        .arg(
            Arg::new(FAIL_IF_ROWS)
                .long(FAIL_IF_ROWS)
                .action(ArgAction::SetTrue)
                .help("End with exit code 20 if there are rows, for a monitor or a cron job"),
        )
        .arg(reports_folder::argument())
        .args(place())
        .subcommands([
            Command::new(NEW)
                .about("Begin a report of your own: write a file that works, to be changed")
                .after_help("Examples:\n  atera report new busy-customers\n  atera report new busy-customers --reports ./reports")
                .arg(Arg::new(REPORT).value_name("NAME").required(true).help("Its name, as in busy-customers"))
                .arg(reports_folder::argument()),
            Command::new(CHECK)
                .about("Check all reports: ask each of an empty mirror, or of one that is named")
                .after_help(
                    "Examples:\n  atera report check\n  atera report check --reports ./reports --output csv\n\nEach report is \
                     asked with its defaults, and with each choice of its parameters. An empty mirror of SQLite is made in a \
                     temporary folder and removed; reports with SQL for Postgres alone need --database-url.",
                )
                .arg(reports_folder::argument())
                .args(place()),
            help::command().hide(true),
        ])
}
