//! `--mirror` and `--metrics` in a build without the feature `mirror`: they are there, and say how to get them.

use std::convert::Infallible;

use atera::Client;
use atera_mcp::AteraServerBuilder;
use clap::ArgMatches;

use super::arguments::MIRROR;
use crate::{commands::metrics::arguments::METRICS, input::globals::Globals, output::failure::Failure};

/// Refuses `--mirror`.
///
/// # Errors
///
/// `Usage` if it is given.
#[allow(clippy::unused_async, reason = "it stands in for one that waits")]
pub(super) async fn open(matches: &ArgMatches, _: &Globals) -> Result<Option<Infallible>, Failure> {
    match matches.contains_id(MIRROR) {
        true => Err(Failure::left_out("--mirror")),
        false => Ok(None),
    }
}

/// The server as it is.
///
/// # Errors
///
/// None.
#[allow(clippy::unnecessary_wraps, reason = "it stands in for one that fails")]
pub(super) fn attach(
    builder: AteraServerBuilder,
    _: Option<Infallible>,
    _: &ArgMatches,
) -> Result<AteraServerBuilder, Failure> {
    Ok(builder)
}

/// Refuses `--metrics`.
///
/// # Errors
///
/// `Usage` if it is given.
#[allow(clippy::unused_async, reason = "it stands in for one that waits")]
pub(super) async fn serve_metrics(
    matches: &ArgMatches,
    _: &Globals,
    _: Client,
    _: Option<Infallible>,
) -> Result<Option<Infallible>, Failure> {
    match matches.contains_id(METRICS) {
        true => Err(Failure::left_out("--metrics")),
        false => Ok(None),
    }
}
