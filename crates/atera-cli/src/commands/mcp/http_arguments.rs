//! The flags of `atera mcp` for a server over HTTP.

use std::{net::IpAddr, path::PathBuf};

use clap::{Arg, ArgAction, value_parser};

// The names of the arguments.
pub(crate) const HTTP: &str = "http";
pub(crate) const LISTEN: &str = "listen";
pub(crate) const TOKEN_FILE: &str = "token-file";
pub(crate) const TLS_CERT: &str = "tls-cert";
pub(crate) const TLS_KEY: &str = "tls-key";
pub(crate) const BEHIND_PROXY: &str = "behind-proxy";
pub(crate) const ALLOW_HOST: &str = "allow-host";
pub(crate) const ALLOW_ORIGIN: &str = "allow-origin";
pub(crate) const MAX_CONNECTIONS: &str = "max-connections";

/// The heading in help.
const HEADING: &str = "HTTP";

/// The flags.
pub(crate) fn arguments() -> [Arg; 9] {
    let flag = |name: &'static str| Arg::new(name).long(name).help_heading(HEADING);
    let with_http = |name: &'static str| flag(name).requires(HTTP);
    let file = |name: &'static str| {
        with_http(name)
            .value_name("FILE")
            .value_parser(value_parser!(PathBuf))
    };
    [
        flag(HTTP)
            .value_name("PORT")
            .num_args(0..=1)
            .default_missing_value("8765")
            .value_parser(value_parser!(u16))
            .requires(TOKEN_FILE)
            .help("Serve over HTTP at this port of this machine, 8765 if left out, until Ctrl-C; 0 for any that is free"),
        file(TOKEN_FILE).help(
            "The token that every request needs, `Authorization: Bearer …`; only you may read the file: \
             (umask 077; openssl rand -hex 32 > FILE)",
        ),
        with_http(LISTEN)
            .value_name("ADDRESS")
            .value_parser(value_parser!(IpAddr))
            .help("Listen on this address, as in 0.0.0.0, in place of 127.0.0.1; needs --tls-cert or --behind-proxy"),
        file(TLS_CERT).requires(TLS_KEY).help("Serve with TLS: the chain of certificates, in PEM"),
        file(TLS_KEY).requires(TLS_CERT).help("The key of the certificate, in PEM"),
        with_http(BEHIND_PROXY)
            .action(ArgAction::SetTrue)
            .conflicts_with(TLS_CERT)
            .help("A proxy in front adds TLS, and nobody reaches this port but through it"),
        with_http(ALLOW_HOST)
            .value_name("NAME")
            .action(ArgAction::Append)
            .help("A name by which the server is called, as in mcp.example.com; others are refused"),
        with_http(ALLOW_ORIGIN)
            .value_name("ORIGIN")
            .action(ArgAction::Append)
            .help("Let web pages of this origin through too, as in https://app.example.com:443; without it only those of this machine"),
        with_http(MAX_CONNECTIONS)
            .value_name("COUNT")
            .value_parser(value_parser!(u16).range(1..))
            .help("How many connections there are at once; 256 if left out"),
    ]
}
