//! Serves over HTTP.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
};

use atera_mcp::{AteraServer, Exposure, HttpServer, Token};
use clap::ArgMatches;

use super::http_arguments::{
    ALLOW_HOST, ALLOW_ORIGIN, BEHIND_PROXY, HTTP, LISTEN, MAX_CONNECTIONS, TLS_CERT, TLS_KEY, TOKEN_FILE,
};
use crate::{
    input::{globals::Globals, signals::Signals},
    output::{failure::Failure, terminal::tell},
};

/// The port that is asked for, if the server is to serve over HTTP.
pub(crate) fn port(matches: &ArgMatches) -> Option<u16> {
    matches.get_one::<u16>(HTTP).copied()
}

/// Serves at this port until a signal comes.
///
/// # Errors
///
/// If the token, the certificate or the address cannot be used.
pub(crate) async fn serve(
    server: AteraServer,
    port: u16,
    matches: &ArgMatches,
    globals: &Globals,
) -> Result<(), Failure> {
    let path = |name| matches.get_one::<PathBuf>(name);
    let texts = |name| matches.get_many::<String>(name).unwrap_or_default().cloned();
    let Some(token) = path(TOKEN_FILE) else {
        return Err(Failure::Usage("--http needs --token-file; give one".to_string()));
    };
    let token = Token::from_file(token)?;
    let exposure = match (path(TLS_CERT), path(TLS_KEY)) {
        (Some(certificates), Some(key)) => Exposure::tls(certificates, key)?,
        _ if matches.get_flag(BEHIND_PROXY) => Exposure::BehindProxy,
        _ => Exposure::Loopback,
    };
    let address = matches.get_one::<IpAddr>(LISTEN).copied();
    let address = SocketAddr::from((address.unwrap_or(Ipv4Addr::LOCALHOST.into()), port));
    let access = server.access();
    let mut builder = HttpServer::builder(server, token)
        .address(address)
        .exposure(exposure)
        .hosts(texts(ALLOW_HOST))
        .origins(texts(ALLOW_ORIGIN));
    if let Some(connections) = matches.get_one::<u16>(MAX_CONNECTIONS) {
        builder = builder.max_connections(usize::from(*connections));
    }
    // From here on a signal ends the server in good order.
    let mut signals = Signals::catch();
    let http = builder.bind().await?;
    if !globals.quiet {
        tell(format!(
            "serving at {}, with the access `{access}`, until Ctrl-C",
            http.url()
        ));
    }
    http.serve(async {
        signals.next().await;
    })
    .await;
    Ok(())
}
