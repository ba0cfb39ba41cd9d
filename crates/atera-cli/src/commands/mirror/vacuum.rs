//! `atera mirror vacuum`: makes the database as small as its content.

use clap::ArgMatches;

use super::{failure::failure, place};
use crate::{
    input::{globals::Globals, interrupt::Interrupt},
    output::{failure::Failure, terminal::tell},
};

/// Does it, and says how large the mirror was and is.
pub(crate) async fn run(matches: &ArgMatches, globals: &Globals) -> Result<(), Failure> {
    let mirror = place::open(matches, globals).await?;
    let vacuumed = Interrupt::listen().or(mirror.vacuum()).await?;
    let vacuumed = vacuumed.map_err(|error| failure(&error))?;
    if !globals.quiet {
        let megabytes = |bytes: u64| bytes as f64 / 1_000_000.0;
        tell(format!(
            "{} had {:.1} MB and has {:.1} MB",
            mirror.place(),
            megabytes(vacuumed.before),
            megabytes(vacuumed.after)
        ));
    }
    Ok(())
}
