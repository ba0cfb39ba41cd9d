//! Starts the server for assistants.
//!
//! Stdout belongs to the protocol. Whatever is to be said to a person goes to stderr, which hosts keep as a log.

use std::path::PathBuf;

use atera::{Client, Error};
use atera_mcp::{Access, AteraServer, AteraServerBuilder, Audit};
use clap::ArgMatches;

use super::{
    arguments::{ACCESS, AUDIT, CONFIG, CUSTOMER, GROUPS_FLAG},
    config, http, mirror,
};
use crate::{
    input::{
        connection::{self, Connection},
        globals::Globals,
        signals::Signals,
    },
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
    let client = connection.client()?;
    let builder = builder(matches, globals, client.clone(), connection.base_url())?;
    let mirror = mirror::open(matches, globals).await?;
    let server = mirror::attach(builder, mirror.clone(), matches)?.build()?;
    // They are served until the command ends.
    let _metrics = mirror::serve_metrics(matches, globals, client, mirror).await?;
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

/// The server that the arguments describe, without its mirror.
fn builder(
    matches: &ArgMatches,
    globals: &Globals,
    client: Client,
    address: &str,
) -> Result<AteraServerBuilder, Failure> {
    let access = matches.get_one::<String>(ACCESS).map_or("read", String::as_str);
    let groups = matches.get_many::<String>(GROUPS_FLAG).unwrap_or_default();
    let mut builder = AteraServer::builder(client)
        .access(access.parse::<Access>()?)
        .groups(groups.cloned())
        .command(command(globals)?);
    if let Some(note) = note(globals, address)? {
        builder = builder.command_note(note);
    }
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
    Ok(builder)
}

/// The beginning of a command for the same account, for a person to run.
fn command(globals: &Globals) -> Result<String, Error> {
    let mut words = vec!["atera".to_string()];
    if globals.sandbox {
        words.push("--sandbox".to_string());
    }
    // The terminal of the person may have another profile in its environment, or none.
    if let Some(profile) = connection::profile_in_use(globals)? {
        words.extend(["--profile".to_string(), atera_mcp::shell_quoted(&profile)]);
    }
    if let Some(file) = &globals.api_key_file {
        // It is in another folder as well.
        let file = std::path::absolute(file).unwrap_or_else(|_| file.clone());
        let file = file.display().to_string();
        words.extend(["--api-key-file".to_string(), atera_mcp::shell_quoted(&file)]);
    }
    Ok(words.join(" "))
}

/// What has to be set for that command to ask the same account, if no flag says it.
fn note(globals: &Globals, address: &str) -> Result<Option<String>, Error> {
    let names = connection::variables_in_use(globals)?;
    let are = match names.len() {
        0 => return Ok(None),
        1 => "is",
        _ => "are",
    };
    let url = url::Url::parse(address).ok();
    let host = url.as_ref().map_or("", |url| {
        &url[url::Position::BeforeHost..url::Position::AfterPort]
    });
    Ok(Some(format!(
        "this server asks {host}; in a terminal where {} {are} not set as for the server, the command asks another account, or none",
        names.join(" and ")
    )))
}
