//! The mirror that the server asks, and the metrics of both.

use std::path::PathBuf;

use atera::Client;
use atera_mcp::AteraServerBuilder;
use atera_mirror::Mirror;
use clap::ArgMatches;

use super::arguments::MIRROR;
use crate::{
    commands::{
        metrics::server::{self, Server},
        mirror::{failure::failure, place::Place},
    },
    input::{
        globals::{Globals, is_given},
        reports_folder,
    },
    output::failure::Failure,
};

/// The mirror that `--mirror` names, or that of the account; none without the flag.
///
/// # Errors
///
/// If it cannot be read, or was never synced.
pub(super) async fn open(matches: &ArgMatches, globals: &Globals) -> Result<Option<Mirror>, Failure> {
    if !is_given(matches, MIRROR) {
        return Ok(None);
    }
    let value = matches.get_one::<PathBuf>(MIRROR).map(PathBuf::as_path);
    let mirror = Place::given(value, globals)?.open().await?;
    // A mirror that was never synced answers nothing, which is better said now than to the assistant.
    mirror.status().await.map_err(|error| failure(&error))?;
    Ok(Some(mirror))
}

/// The server with this mirror, and the reports.
///
/// # Errors
///
/// If the folder of the user's reports cannot be read.
pub(super) fn attach(
    builder: AteraServerBuilder,
    mirror: Option<Mirror>,
    matches: &ArgMatches,
) -> Result<AteraServerBuilder, Failure> {
    let Some(mirror) = mirror else {
        return Ok(builder);
    };
    let reports = reports_folder::reports(matches).map_err(|error| failure(&error))?;
    Ok(builder.mirror(mirror, Some(reports)))
}

/// Serves the metrics of the client and the mirror, if `--metrics` says so, until the result is dropped.
///
/// # Errors
///
/// If the address cannot be listened at, or there is no such report.
pub(super) async fn serve_metrics(
    matches: &ArgMatches,
    globals: &Globals,
    client: Client,
    mirror: Option<Mirror>,
) -> Result<Option<Server>, Failure> {
    server::start(matches, globals, client, mirror).await
}
