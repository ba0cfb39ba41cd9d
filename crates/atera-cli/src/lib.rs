//! The `atera` command: the Atera v3 API on the command line, with a sandbox to try it.
//!
//! ```text
//! atera --sandbox tickets list --ticket-status Open          # no key needed: a server of the command's own
//! atera config set acme                                      # keep a key for a tenant
//! atera tickets list --all --output csv --output-file t.csv  # every ticket, although others come and go meanwhile
//! atera tickets update 54321 --ticket-status Resolved        # a flag for each field of the body
//! atera export --dir backup                                  # the whole account; run again, it goes on where it stopped
//! atera mirror sync                                          # the account in a database: SQLite, or Postgres
//! atera mirror query 'SELECT count(*) FROM tickets'           # at no request
//! atera report --all --html account.html                     # eleven questions about it, as a page with charts
//! atera mcp --access write                                    # the account for an assistant
//! atera doctor                                               # what is wrong with the setup
//! ```
//!
//! This crate is a binary. Its library is there for the binary and for its tests, and has one function, [`main`]. Programs use
//! [`atera`], and [`atera_sandbox`] in their tests.
//!
//! # What follows from the description
//!
//! There is one command for each operation of the API, `atera <group> <verb>`, and no operation or type has code of its own
//! here. Commands, flags, checks, columns, help with examples, completions and man pages follow from the tables in
//! [`atera::description`]. An operation that is added to the description has its command with the next build.
//!
//! # What can be relied on
//!
//! - Data goes to stdout, and everything else to stderr. A failure is one line on stderr, `atera: what failed: why; what to
//!   do`, and an exit code from one table (`atera --help` lists it).
//! - JSON, NDJSON and CSV have every value as the service sent it. Where a format cannot write one, the command says which,
//!   prints the rest, and fails with a code of its own.
//! - `--output-file` replaces its file only when everything is written.
//! - Nothing that a stranger wrote reaches a terminal as a control character, or a spreadsheet as a formula.
//! - Whatever cannot be undone is asked about, with the names of the record and the tenant; scripts say `--yes`, and
//!   `--dry-run` shows the request.
//! - All commands on a machine keep one rate limit for each key, or those on many machines (`--limit-store`), and walks leave room
//!   for single calls.
//!
//! # Layers
//!
//! The modules in their order, lowest first. A module uses only modules above it in this list, and the files of a folder
//! keep an order of their own, which is in the page of the folder's module. Below all of them are the crates [`atera`],
//! [`atera_limits`], [`atera_records`], `atera_mcp` (feature `mcp`), `atera_mirror` (feature `mirror`) and [`atera_sandbox`], of which only the public interface is used.
//!
//! | module | is | order within |
//! |---|---|---|
//! | `names` | what operations, flags and fields are called on the command line | |
//! | `output` | what is printed | exit_code, terminal, failure, log, waits, altered, exact_numbers, cells, sort, states, look, destination, view, format, json, ndjson, yaml, csv_rows, table, plain_values, formats, options, records, rows, progress, request_line |
//! | `selection` | which records are printed, and what is made of them | jq, options, pipeline |
//! | `input` | what is asked for | signals, interrupt, help, config_file, completion, fleet, limit_store, globals, sandbox_time, connection, since, source, arguments, target, id_list, fields, named, selection_flags, examples, groups, body, check, request, rows (text, columns, reader, file), confirm |
//! | `commands` | what is done | dry_run, walk, operation, bulk (outcome, selected, ids, journal, lookup, plan, results, send, import), records, api, export (plan, drift, lock, files, rows, entry, manifest, staged, folder, job, gone, update, copies, list, children, outcome, run), mirror (table_names, arguments, failure, place, redaction, ages, answer_rows, outcome, plan, account, rounds, sync, query, tables, status, schema, check, vacuum, run), report (arguments, folder, list, show, chart, page, new, check, run), mcp (arguments, mirror, run), config, doctor, limit, reference, sandbox, completions, flags, tree, suggestion, run |
//!
//! A new output format is a file in `output/` and a line in `output/formats.rs`; a new tool is a file in `commands/`, a line in
//! `commands/tree.rs` and one in `commands/run.rs`; and each is declared in the module of its folder.

mod commands;
mod input;
mod names;
mod output;
mod selection;

use std::process::ExitCode;

/// Runs the command with the arguments and the environment of this process, and returns its exit code.
pub fn main() -> ExitCode {
    match commands::run::run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}
