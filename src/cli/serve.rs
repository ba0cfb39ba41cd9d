//! `atera sandbox`: serves the sandbox until Ctrl-C.

use std::io::{self, Write};

use clap::{Arg, ArgMatches, Command, value_parser};

use super::failure::Failure;
use crate::sandbox::Sandbox;

/// Name of the command.
pub(super) const NAME: &str = "sandbox";

const PORT: &str = "port";
const SEED: &str = "seed";

pub(super) fn command() -> Command {
    Command::new(NAME)
        .about("Serve a sandbox that stands in for the service, until Ctrl-C")
        .after_help("Example:\n  atera sandbox --port 8700\n\nIt prints ATERA_BASE_URL and ATERA_API_KEY, which clients in any language can use.")
        .arg(
            Arg::new(PORT)
                .long(PORT)
                .value_name("PORT")
                .value_parser(value_parser!(u16))
                .default_value("8700")
                .help("The port to listen on, on this machine alone; 0 for any that is free"),
        )
        .arg(
            Arg::new(SEED)
                .long(SEED)
                .value_name("INTEGER")
                .value_parser(value_parser!(u64))
                .help("What its records are made from; the same seed makes the same records"),
        )
}

pub(super) async fn run(matches: &ArgMatches) -> Result<(), Failure> {
    let mut builder = Sandbox::builder();
    if let Some(port) = matches.get_one::<u16>(PORT) {
        builder = builder.port(*port);
    }
    if let Some(seed) = matches.get_one::<u64>(SEED) {
        builder = builder.seed(*seed);
    }
    let sandbox = builder.start().await?;
    let mut out = io::stdout().lock();
    writeln!(out, "ATERA_BASE_URL={}", sandbox.base_url())?;
    writeln!(out, "ATERA_API_KEY={}", sandbox.api_key())?;
    out.flush()?;
    tokio::select! {
        result = sandbox.serve() => Ok(result?),
        // Ctrl-C is how it is meant to end, so this is a success.
        interrupted = tokio::signal::ctrl_c() => interrupted.map_err(Failure::Start),
    }
}
