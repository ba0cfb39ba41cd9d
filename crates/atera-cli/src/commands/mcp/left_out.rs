//! `atera mcp` in a build without the feature `mcp`: the command is there, and says how to get it.

use clap::ArgMatches;

use crate::{input::globals::Globals, output::failure::Failure};

/// Refuses to start.
///
/// # Errors
///
/// `Usage`, always.
#[allow(clippy::unused_async, reason = "it stands in for one that waits")]
pub(crate) async fn run(_: &ArgMatches, _: &Globals) -> Result<(), Failure> {
    Err(Failure::left_out("`atera mcp`"))
}
