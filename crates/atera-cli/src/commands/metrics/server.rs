//! The server of `--metrics`.

use std::{net::SocketAddr, sync::Arc};

use atera::Client;
use atera_mirror::{Mirror, report::Reports};
use axum::{
    Router,
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
    routing::get,
};
use clap::ArgMatches;
use tokio::{net::TcpListener, task::JoinHandle};

use super::{arguments, gather::Sources};
use crate::{
    input::{globals::Globals, reports_folder},
    output::{exit_code, failure::Failure, terminal::tell},
};

/// The type of the text, as Prometheus asks for it.
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// A server that ends when it is dropped.
pub(crate) struct Server(JoinHandle<()>);

impl Drop for Server {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Serves the metrics of a client, and of a mirror if there is one, if `--metrics` says so. Says where, unless the command is to be
/// quiet.
///
/// # Errors
///
/// If the address cannot be listened at, or there is no such report.
pub(crate) async fn start(
    matches: &ArgMatches,
    globals: &Globals,
    client: Client,
    mirror: Option<Mirror>,
) -> Result<Option<Server>, Failure> {
    let Some(address) = matches.get_one::<SocketAddr>(arguments::METRICS) else {
        return Ok(None);
    };
    let names: Vec<_> = matches
        .get_many::<String>(arguments::METRICS_REPORT)
        .unwrap_or_default()
        .collect();
    let mut reports = Vec::new();
    if !names.is_empty() {
        let known = reports_folder::reports(matches);
        let found = known.and_then(|known: Reports| {
            let found = names.iter().map(|name| known.find(name).cloned());
            found.collect::<atera_mirror::Result<Vec<_>>>()
        });
        reports = found.map_err(|error| Failure::Usage(error.to_string()))?;
    }
    let unusable = |error: std::io::Error| {
        Failure::Records(
            format!("metrics cannot be served at {address}: {error}; choose another address with --metrics"),
            exit_code::USAGE,
        )
    };
    let listener = TcpListener::bind(address).await.map_err(unusable)?;
    let address = listener.local_addr().map_err(unusable)?;
    let sources = Arc::new(Sources {
        client,
        mirror,
        reports,
    });
    if !globals.quiet {
        let whom = match address.ip().is_loopback() {
            true => "",
            false => ", for all who can reach this address",
        };
        tell(format!("metrics are at http://{address}/metrics{whom}"));
    }
    let app = Router::new()
        .route("/metrics", get(metrics))
        .fallback(async || (StatusCode::NOT_FOUND, "the metrics are at /metrics\n"))
        .with_state(sources);
    Ok(Some(Server(tokio::spawn(async move {
        // It ends with the command.
        let _ = axum::serve(listener, app).await;
    }))))
}

async fn metrics(State(sources): State<Arc<Sources>>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, TEXT)], sources.text().await)
}
