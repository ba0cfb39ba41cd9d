//! The `atera` command: `atera <group> <verb>`, one command for each operation of the table.
//!
//! ```text
//! arguments ── command ── request ──> run ──> walk ──> records ──> destination (terminal)
//!               globals ── connection ──┘              ├ table (columns, cells)
//!               (config)                               └ csv_rows (values)
//! ```
//!
//! No operation or type has code of its own here: commands, flags, checks and columns all follow from
//! [`OPERATIONS`](crate::OPERATIONS) and [`SCHEMAS`](crate::SCHEMAS). Data goes to stdout, everything else to stderr.

mod api;
mod arguments;
mod body;
mod cells;
mod columns;
mod command;
mod completions;
mod config;
mod config_command;
mod confirm;
mod connection;
mod csv_rows;
mod destination;
mod doctor;
mod dry_run;
mod export;
mod failure;
mod fields;
mod format;
mod globals;
mod help;
mod interrupt;
mod progress;
mod records;
mod reference;
mod request;
mod run;
mod select;
mod serve;
mod since;
mod sort;
mod table;
mod terminal;
mod values;
mod walk;

use std::process::ExitCode;

use clap::ArgMatches;

use self::{failure::Failure, globals::Globals, interrupt::Interrupt, request::Request};

/// Runs the command with the arguments and the environment of this process.
///
/// The exit code is 0, or that of [`ErrorKind::exit_code`](crate::ErrorKind::exit_code); 2 for arguments that cannot be
/// used, 130 after Ctrl-C, and 1 for anything else.
pub fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

fn run() -> Result<(), Failure> {
    let matches = command::root().try_get_matches().map_err(Failure::Arguments)?;
    let Some((name, inner)) = matches.subcommand() else {
        return Ok(());
    };
    let globals = Globals::read(&matches)?;
    match name {
        config_command::NAME => config_command::run(inner, &globals),
        reference::OPERATIONS_NAME => reference::operations(&globals),
        reference::SCHEMA_NAME => reference::schema(inner, &globals),
        completions::NAME => completions::run(inner),
        completions::MAN_NAME => completions::man(inner),
        name => with_runtime(name, inner, &globals),
    }
}

/// What asks the service, or stands in for it.
enum Task<'a> {
    Operation(Request, &'a ArgMatches),
    Api(api::Request),
    Doctor,
    Export,
    Serve,
}

impl<'a> Task<'a> {
    fn read(name: &str, matches: &'a ArgMatches) -> Result<Self, Failure> {
        Ok(match name {
            serve::NAME => Task::Serve,
            doctor::NAME => Task::Doctor,
            export::NAME => Task::Export,
            api::NAME => Task::Api(api::Request::read(matches)?),
            group => {
                let (operation, matches) = command::chosen(group, matches)?;
                Task::Operation(Request::read(operation, matches)?, matches)
            }
        })
    }
}

fn with_runtime(name: &str, matches: &ArgMatches, globals: &Globals) -> Result<(), Failure> {
    // What is read from stdin is read before Ctrl-C is caught, so that it ends the wait for it.
    let task = Task::read(name, matches)?;
    // One thread beside the main one, which goes on when that waits for the reader of the output.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(Failure::Start)?;
    let result = runtime.block_on(async {
        match task {
            Task::Serve => serve::run(matches).await,
            Task::Doctor => doctor::run(globals, &Interrupt::listen()).await,
            Task::Export => export::run(matches, globals, &Interrupt::listen()).await,
            Task::Api(request) => api::run(&request, globals, &Interrupt::listen()).await,
            Task::Operation(request, matches) => {
                run::operation(request, matches, globals, &Interrupt::listen()).await
            }
        }
    });
    // A lookup of a host name may hang in a thread of its own, which is not worth waiting for.
    runtime.shutdown_background();
    result
}
