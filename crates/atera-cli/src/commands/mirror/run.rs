//! Which of the commands of the mirror the arguments name.

use clap::ArgMatches;

use super::{
    arguments, changes, check, query, schema, status, sync, tables, vacuum, webhook_arguments, webhooks,
};
use crate::{input::globals::Globals, output::failure::Failure};

/// Carries out one of them.
///
/// # Errors
///
/// Whatever the command fails with.
pub(crate) async fn run(matches: &ArgMatches, globals: &Globals) -> Result<(), Failure> {
    match matches.subcommand() {
        Some((arguments::SYNC, matches)) => sync::run(matches, globals).await,
        Some((arguments::QUERY, matches)) => query::run(matches, globals).await,
        Some((arguments::TABLES, matches)) => tables::run(matches, globals).await,
        Some((arguments::STATUS, matches)) => status::run(matches, globals).await,
        Some((arguments::CHANGES, matches)) => changes::run(matches, globals).await,
        Some((webhook_arguments::WEBHOOKS, matches)) => webhooks::run(matches, globals).await,
        Some((arguments::SCHEMA, matches)) => schema::run(matches, globals),
        Some((arguments::CHECK, matches)) => check::run(matches, globals).await,
        Some((arguments::VACUUM, matches)) => vacuum::run(matches, globals).await,
        _ => Ok(()),
    }
}
