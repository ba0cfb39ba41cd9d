//! `atera mirror check`: whether the database is sound, and has the rows that it should have.

use atera::description::{Field, Kind, Schema};
use clap::ArgMatches;
use serde_json::json;

use super::{failure::failure, place};
use crate::{
    input::{globals::Globals, interrupt::Interrupt},
    output::{exit_code, failure::Failure, rows, terminal::tell},
};

/// A row of what was found.
static PROBLEM: Schema = Schema::new("Problem", &[Field::new("Problem", Kind::Text)]);

/// Prints what is wrong, a row each, and fails if anything is.
pub(crate) async fn run(matches: &ArgMatches, globals: &Globals) -> Result<(), Failure> {
    let mirror = place::open(matches, globals).await?;
    let problems = Interrupt::listen().or(mirror.check()).await?;
    let problems = problems.map_err(|error| failure(&error))?;
    let count = problems.len();
    rows::print(
        &globals.output,
        &PROBLEM,
        problems.into_iter().map(|problem| json!({"Problem": problem})),
    )?;
    match count {
        0 => {
            if !globals.quiet {
                tell(format!("{} is sound", mirror.place()));
            }
            Ok(())
        }
        count => Err(Failure::Records(
            format!(
                "the mirror is damaged ({count} problems, see the list); move it away and sync into a new one, which reads \
                 the whole account"
            ),
            exit_code::FAILED,
        )),
    }
}
