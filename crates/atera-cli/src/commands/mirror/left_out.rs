//! `atera mirror` in a build without the feature `mirror`: the commands are there, and say how to get them.

use clap::ArgMatches;

use crate::{input::globals::Globals, output::failure::Failure};

/// Refuses all of its commands.
///
/// # Errors
///
/// `Usage`, always.
pub(crate) async fn run(_: &ArgMatches, _: &Globals) -> Result<(), Failure> {
    Err(Failure::left_out("`atera mirror`"))
}
