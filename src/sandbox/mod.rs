//! An embedded server that stands in for Atera, which has no test instance of its own.
//!
//! It listens on this machine alone, holds records that follow from a seed, and keeps the habits of the service: its
//! paging, its errors, its empty-bodied 401. What is created is listed, changed and deleted. Which operations it serves
//! so far is in the README; the others are answered with 501.
//!
//! ```
//! use atera::{List, sandbox::Sandbox};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> atera::Result<()> {
//! let sandbox = Sandbox::builder().tickets(120).start().await?;
//! let tickets = sandbox.client()?.tickets().list().all().await?;
//! assert_eq!(tickets.len(), 120);
//! # Ok(())
//! # }
//! ```

mod agents;
mod alerts;
mod answer;
mod contacts;
mod customers;
mod record;
mod router;
mod seed;
mod tickets;
mod world;

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex},
};

use axum::Router;
use tokio::{net::TcpListener, task::JoinHandle};

use self::{router::Service, seed::Counts, world::Clock};
use crate::{ApiKey, Client, Error, Result, Timestamp};

/// A running sandbox. It stops when it is dropped.
#[derive(Debug)]
pub struct Sandbox {
    base_url: String,
    api_key: String,
    server: JoinHandle<()>,
}

impl Sandbox {
    /// Starts to set up a sandbox.
    pub fn builder() -> SandboxBuilder {
        SandboxBuilder::default()
    }

    /// What clients take as the base URL.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// The key that it accepts. It opens nothing else, so it may be shown.
    pub fn api_key(&self) -> &str {
        &self.api_key
    }

    /// A client of this sandbox.
    ///
    /// # Errors
    ///
    /// `Config`, as [`ClientBuilder::build`](crate::ClientBuilder::build).
    pub fn client(&self) -> Result<Client> {
        let key = ApiKey::new(self.api_key())?;
        Client::builder().api_key(key).base_url(self.base_url()).build()
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// Sets up a [`Sandbox`].
#[derive(Clone, Debug, Default)]
#[must_use = "call `start`"]
pub struct SandboxBuilder {
    seed: Option<u64>,
    port: u16,
    counts: Counts,
    clock: Clock,
}

impl SandboxBuilder {
    /// What the records follow from; 1 by default. The same seed gives the same records.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// The port to listen on; any that is free by default.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// How many tickets there are; 2,847 by default.
    pub fn tickets(mut self, count: usize) -> Self {
        self.counts.tickets = count;
        self
    }

    /// How many agents there are; 480 by default.
    pub fn agents(mut self, count: usize) -> Self {
        self.counts.agents = count;
        self
    }

    /// How many customers there are; 120 by default. Where there are none, nothing else can be.
    pub fn customers(mut self, count: usize) -> Self {
        self.counts.customers = count;
        self
    }

    /// How many contacts there are; 640 by default. Where there are none, there are no tickets.
    pub fn contacts(mut self, count: usize) -> Self {
        self.counts.contacts = count;
        self
    }

    /// How many alerts there are; 350 by default. Where there are no agents, there are none.
    pub fn alerts(mut self, count: usize) -> Self {
        self.counts.alerts = count;
        self
    }

    /// What the sandbox takes for the present, in place of the system's clock.
    pub fn now(mut self, now: Timestamp) -> Self {
        self.clock = Clock::Stopped(now);
        self
    }

    /// Starts to serve, in the background, on the runtime that awaits this.
    ///
    /// # Errors
    ///
    /// `Config` if the port is taken.
    pub async fn start(self) -> Result<Sandbox> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port));
        let taken = |error: std::io::Error| {
            Error::config(format!(
                "the sandbox cannot listen on {address}; choose another port"
            ))
            .with_source(error)
        };
        let listener = TcpListener::bind(address).await.map_err(taken)?;
        let base_url = format!("http://{}/api/v3", listener.local_addr().map_err(taken)?);
        let seed = self.seed.unwrap_or(1);
        let api_key = seed::api_key(seed);
        let service = Arc::new(Service {
            base_url: base_url.clone(),
            api_key: api_key.clone(),
            world: Mutex::new(seed::world(seed, self.counts, self.clock)),
        });
        let router = Router::new().fallback(router::serve).with_state(service);
        let server = tokio::spawn(async move {
            // It goes on until it is aborted: accepting does not fail for good.
            let _ = axum::serve(listener, router).await;
        });
        Ok(Sandbox {
            base_url,
            api_key,
            server,
        })
    }
}
