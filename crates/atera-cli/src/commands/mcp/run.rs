//! Starts the server for assistants.
//!
//! Stdout belongs to the protocol. Whatever is to be said to a person goes to stderr, which hosts keep as a log.

use std::path::{Path, PathBuf};

use atera::Error;
use atera_mcp::{Access, AteraServer, AteraServerBuilder, Audit};
use clap::ArgMatches;

use super::{
    arguments::{ACCESS, AUDIT, CONFIG, CUSTOMER, GROUPS_FLAG, MIRROR},
    config, http,
};
use crate::{
    input::{connection::Connection, globals::Globals, signals::Signals},
    output::failure::Failure,
};

/// Serves until the host closes stdin, or a signal comes. Over HTTP there is no stdin, and many hosts.
///
/// # Errors
///
/// If there is no key, if an argument cannot be used, or if the host does not speak the protocol.
pub(crate) async fn run(matches: &ArgMatches, globals: &Globals) -> Result<(), Failure> {
    if let Some((CONFIG, of_config)) = matches.subcommand() {
        return match http::port(matches) {
            None => config::run(of_config, globals),
            Some(_) => Err(Failure::Usage(
                "--http is for a server that you start yourself; leave it out, or give the address of that server with --url"
                    .to_string(),
            )),
        };
    }
    // The sandbox of `--sandbox` lives as long as the connection.
    let connection = Connection::open(globals).await?;
    let server = server(matches, globals, &connection).await?;
    if let Some(port) = http::port(matches) {
        return http::serve(server, port, matches, globals).await;
    }
    let mut signals = Signals::catch();
    tokio::select! {
        served = server.serve_stdio() => served.map_err(|error| {
            Failure::Call(Error::config(format!(
                "the connection to the host failed: {error}; start it from an assistant's host, or see --help"
            )))
        }),
        _ = signals.next() => Ok(()),
    }
}

/// The server that the arguments describe.
async fn server(
    matches: &ArgMatches,
    globals: &Globals,
    connection: &Connection,
) -> Result<AteraServer, Failure> {
    let access = matches.get_one::<String>(ACCESS).map_or("read", String::as_str);
    let groups = matches.get_many::<String>(GROUPS_FLAG).unwrap_or_default();
    let mut builder = AteraServer::builder(connection.client()?)
        .access(access.parse::<Access>()?)
        .groups(groups.cloned())
        .command(command(globals));
    if let Some(customer) = matches.get_one::<i64>(CUSTOMER) {
        builder = builder.customer(*customer);
    }
    if let Some(file) = matches.get_one::<PathBuf>(AUDIT) {
        let audit = Audit::file(file).map_err(|error| {
            Error::config(format!(
                "the log {} cannot be used: {error}; correct --audit",
                file.display()
            ))
        })?;
        builder = builder.audit(audit);
    }
    if let Some(file) = matches.get_one::<PathBuf>(MIRROR) {
        builder = with_mirror(builder, file, matches).await?;
    }
    Ok(builder.build()?)
}

/// The server with the mirror in this file, and the reports.
#[cfg(feature = "mirror")]
async fn with_mirror(
    builder: AteraServerBuilder,
    file: &Path,
    matches: &ArgMatches,
) -> Result<AteraServerBuilder, Failure> {
    use atera_mirror::Mirror;

    use crate::{commands::mirror::failure::failure, input::reports_folder};

    let mirror = Mirror::file(file).await.map_err(|error| failure(&error))?;
    // A mirror that was never synced answers nothing, which is better said now than to the assistant.
    mirror.status().await.map_err(|error| failure(&error))?;
    let reports = reports_folder::reports(matches).map_err(|error| failure(&error))?;
    Ok(builder.mirror(mirror, Some(reports)))
}

/// There is no mirror in this build.
#[cfg(not(feature = "mirror"))]
#[allow(clippy::unused_async, reason = "it stands in for one that waits")]
async fn with_mirror(_: AteraServerBuilder, _: &Path, _: &ArgMatches) -> Result<AteraServerBuilder, Failure> {
    Err(Failure::left_out("--mirror"))
}

/// The beginning of a command for the same account, for a person to run.
fn command(globals: &Globals) -> String {
    let mut words = vec!["atera".to_string()];
    if globals.sandbox {
        words.push("--sandbox".to_string());
    }
    if let Some(profile) = &globals.profile {
        words.extend(["--profile".to_string(), atera_mcp::shell_quoted(profile)]);
    }
    if let Some(file) = &globals.api_key_file {
        let file = file.display().to_string();
        words.extend(["--api-key-file".to_string(), atera_mcp::shell_quoted(&file)]);
    }
    words.join(" ")
}
