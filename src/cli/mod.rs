//! The `atera` command: `atera <group> <verb>`, one command for each operation of the table.
//!
//! ```text
//! arguments ── command ── request ──> DynamicCall ──> output ── records, table (columns, cells)
//! ```
//!
//! Nothing here knows an operation or a type by name: commands, flags, checks and columns all follow from
//! [`OPERATIONS`](crate::OPERATIONS) and [`SCHEMAS`](crate::SCHEMAS). Data goes to stdout, everything else to stderr.

mod arguments;
mod cells;
mod columns;
mod command;
mod failure;
mod fields;
mod help;
mod output;
mod records;
mod request;
mod serve;
mod table;

use std::{io, path::PathBuf, process::ExitCode};

use clap::ArgMatches;

use self::{failure::Failure, output::Format, request::Request};
use crate::{ApiKey, Client, Operation, RateLimit, sandbox::Sandbox};

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
    // One thread starts fastest, and there is nothing to do side by side.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Failure::Start)?;
    let result = match matches.subcommand() {
        Some((serve::NAME, matches)) => runtime.block_on(serve::run(matches)),
        Some((group, matches)) => {
            let (operation, matches) = command::chosen(group, matches)?;
            // What is read from stdin is read before Ctrl-C is caught, so that it ends the wait for it.
            let request = Request::read(operation, matches)?;
            runtime.block_on(async {
                tokio::select! {
                    result = execute(operation, request, matches) => result,
                    Ok(()) = tokio::signal::ctrl_c() => Err(Failure::Interrupted),
                }
            })
        }
        None => Ok(()),
    };
    // A lookup of a host name may hang in a thread of its own, which is not worth waiting for.
    runtime.shutdown_background();
    result
}

async fn execute(
    operation: &'static Operation,
    request: Request,
    matches: &ArgMatches,
) -> Result<(), Failure> {
    // The sandbox stops when it is dropped, so it stays until the end.
    let sandbox = match matches.get_flag(arguments::SANDBOX) {
        true => Some(Sandbox::builder().start().await?),
        false => None,
    };
    let client = client(sandbox.as_ref(), matches)?;
    let call = request.call(&client)?;
    let format = Format::chosen(matches);
    let mut out = io::BufWriter::new(io::stdout().lock());
    if operation.list {
        let all = matches.get_flag(arguments::ALL);
        output::list(operation, call, all, format, &mut out).await
    } else {
        output::answer(operation, call, &request, format, &mut out).await
    }
}

fn client(sandbox: Option<&Sandbox>, matches: &ArgMatches) -> crate::Result<Client> {
    let key_file = matches.get_one::<PathBuf>(arguments::API_KEY_FILE);
    let limit = matches.get_one::<RateLimit>(arguments::RATE_LIMIT);
    let builder = Client::builder().rate_limit(limit.copied().unwrap_or_default());
    match (sandbox, key_file) {
        (Some(sandbox), _) => builder
            .api_key(ApiKey::new(sandbox.api_key())?)
            .base_url(sandbox.base_url()),
        (None, Some(file)) => builder.api_key(ApiKey::from_file(file)?).base_url_from_env(),
        (None, None) => builder.api_key(ApiKey::from_env()?).base_url_from_env(),
    }
    .build()
}
