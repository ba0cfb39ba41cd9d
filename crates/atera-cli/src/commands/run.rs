//! Which command the arguments name, and how it is started.
//!
//! Commands that only look at the description or at the config file run without a runtime, so that completions, help and
//! `atera config` start in a few milliseconds. The others are read in full first, stdin included, and then run on a runtime
//! that ends with them.

use std::{env, thread::available_parallelism};

use clap::ArgMatches;

use super::{
    api,
    bulk::{
        ids::{self, ManyRequests},
        import,
        plan::Import,
    },
    completions, config, doctor, export, flags, limit, mcp, mirror, operation, records, reference, report,
    sandbox, suggestion, tree,
};
use crate::{
    input::{globals::Globals, groups, help, interrupt::Interrupt, request::OperationRequest},
    output::{failure::Failure, log},
};

/// Runs the command with the arguments and the environment of this process.
///
/// # Errors
///
/// Whatever the command fails with. Help and the version come as an error too, since clap reports them so.
pub(crate) fn run() -> Result<(), Failure> {
    if completions::answer(tree::root)? {
        return Ok(());
    }
    let mut matches = tree::root()
        .try_get_matches()
        .map_err(|error| Failure::Arguments(suggestion::add(error, tree::root(), env::args_os())))?;
    if let Some(line) = help::asked(&matches) {
        matches = tree::root()
            .try_get_matches_from(line)
            .map_err(Failure::Arguments)?;
    }
    let Some((name, inner)) = matches.subcommand() else {
        return Ok(());
    };
    flags::check(&matches)?;
    let globals = Globals::read(&matches)?;
    log::start(globals.verbose)?;
    match name {
        config::NAME => config::run(inner, &globals),
        records::NAME => records::run(inner, &globals),
        reference::OPERATIONS_NAME => reference::operations(&globals),
        reference::SCHEMA_NAME => reference::schema(inner, &globals),
        completions::NAME => completions::run(inner),
        completions::MAN_NAME => completions::man(tree::root(), inner),
        name => with_runtime(name, inner, &globals),
    }
}

/// A command that needs a runtime: it asks the service, or takes its place.
enum Task<'a> {
    /// A command of the description, and its arguments: those that are about the walk over a list are read later.
    Operation(OperationRequest, &'a ArgMatches),
    /// The same command for many ids.
    Many(Box<ManyRequests>),
    /// The same command for the rows of a file.
    Import(Import),
    /// `atera api`.
    Api(api::UntypedRequest),
    /// `atera doctor`.
    Doctor,
    /// `atera limit`, and the arguments of the command within it.
    Limit(&'a ArgMatches),
    /// `atera export`.
    Export,
    /// `atera mcp`.
    Mcp,
    /// `atera mirror`.
    Mirror,
    /// `atera report`.
    Report,
    /// `atera sandbox`.
    Sandbox,
}

impl<'a> Task<'a> {
    /// Reads the arguments of the command, and its body. Every name that is not a tool is that of a group.
    fn read(name: &str, matches: &'a ArgMatches) -> Result<Self, Failure> {
        Ok(match name {
            sandbox::NAME => Task::Sandbox,
            doctor::NAME => Task::Doctor,
            limit::NAME => Task::Limit(matches),
            export::run::NAME => Task::Export,
            mcp::arguments::NAME => Task::Mcp,
            mirror::arguments::NAME => Task::Mirror,
            report::arguments::NAME => Task::Report,
            api::NAME => Task::Api(api::UntypedRequest::read(matches)?),
            group => {
                let (operation, matches) = groups::chosen(group, matches)?;
                if let Some(import) = Import::read(operation, matches)? {
                    Task::Import(import)
                } else if let Some(many) = ManyRequests::read(operation, matches)? {
                    Task::Many(Box::new(many))
                } else {
                    Task::Operation(OperationRequest::read(operation, matches)?, matches)
                }
            }
        })
    }
}

/// Carries out a command on a runtime of its own.
fn with_runtime(name: &str, matches: &ArgMatches, globals: &Globals) -> Result<(), Failure> {
    // Stdin is read before signals are caught, so that they end the wait for it.
    let task = Task::read(name, matches)?;
    let threads = match task {
        // It serves many programs at a time.
        Task::Sandbox => available_parallelism().map_or(1, usize::from),
        // One beside the main one: it goes on when the main one blocks on the reader of the output.
        _ => 1,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads)
        .enable_all()
        .build()
        .map_err(Failure::Start)?;
    let result = runtime.block_on(async {
        let result = match task {
            Task::Sandbox => sandbox::run(matches).await,
            Task::Doctor => doctor::run(globals, &Interrupt::listen()).await,
            Task::Limit(matches) => limit::run(matches, globals, &Interrupt::listen()).await,
            Task::Export => export::run::run(matches, globals, &Interrupt::listen()).await,
            Task::Mcp => mcp::run::run(matches, globals).await,
            Task::Mirror => mirror::run::run(matches, globals).await,
            Task::Report => report::run::run(matches, globals).await,
            Task::Api(request) => api::run(&request, globals, &Interrupt::listen()).await,
            Task::Many(many) => ids::run(*many, globals, &Interrupt::listen()).await,
            Task::Import(import) => import::run(import, globals, &Interrupt::listen()).await,
            Task::Operation(request, matches) => {
                operation::run(request, matches, globals, &Interrupt::listen()).await
            }
        };
        globals.limit_store.in_use.flush().await;
        result
    });
    // The lookup of a host name may hang in a thread of its own. The process does not wait for it.
    runtime.shutdown_background();
    result
}
