//! How a sandbox is set up and started.

use std::{
    net::Ipv4Addr,
    sync::{Arc, Mutex},
};

use chrono::{DateTime, Utc};
use tokio::{net::TcpListener, sync::oneshot};

use super::{
    Sandbox,
    data::{self, Counts},
    server::{self, BASE_PATH, Shared},
    world::{Clock, World},
    zone::Zone,
};
use crate::{Error, Result, Timestamp};

/// Sets up a [`Sandbox`].
#[derive(Clone, Debug)]
#[must_use = "call `start`"]
pub struct SandboxBuilder {
    seed: u64,
    port: u16,
    counts: Counts,
    clock: Clock,
}

impl Default for SandboxBuilder {
    fn default() -> Self {
        SandboxBuilder {
            seed: 1,
            port: 0,
            counts: Counts {
                customers: 64,
                contacts: 520,
                agents: 412,
                tickets: 2_847,
                alerts: 380,
                contracts: 72,
                invoices: 240,
                articles: 84,
                devices: 64,
            },
            clock: Clock::System,
        }
    }
}

impl SandboxBuilder {
    /// What the data and the key are made from; the same seed makes the same. It is 1 by default.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// The port of this machine to listen on; 0, the default, takes one that is free.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// How many customers there are at the start; 64 by default. Without customers there is nothing else either.
    pub fn customers(mut self, count: usize) -> Self {
        self.counts.customers = count;
        self
    }

    /// How many contacts there are at the start; 520 by default. Without contacts there are no tickets either.
    pub fn contacts(mut self, count: usize) -> Self {
        self.counts.contacts = count;
        self
    }

    /// How many agents there are at the start; 412 by default. Without agents there are no alerts either.
    pub fn agents(mut self, count: usize) -> Self {
        self.counts.agents = count;
        self
    }

    /// How many tickets there are at the start; 2,847 by default.
    pub fn tickets(mut self, count: usize) -> Self {
        self.counts.tickets = count;
        self
    }

    /// How many alerts there are at the start; 380 by default.
    pub fn alerts(mut self, count: usize) -> Self {
        self.counts.alerts = count;
        self
    }

    /// How many contracts there are at the start; 72 by default.
    pub fn contracts(mut self, count: usize) -> Self {
        self.counts.contracts = count;
        self
    }

    /// How many invoices there are at the start; 240 by default. Without contracts there are none.
    pub fn invoices(mut self, count: usize) -> Self {
        self.counts.invoices = count;
        self
    }

    /// How many articles of the knowledge base there are at the start; 84 by default.
    pub fn articles(mut self, count: usize) -> Self {
        self.counts.articles = count;
        self
    }

    /// How many devices of each of the four kinds there are at the start; 64 by default. Without agents there are none.
    pub fn devices(mut self, count: usize) -> Self {
        self.counts.devices = count;
        self
    }

    /// Makes it be this time always, for tests. By default the sandbox goes by the clock of this machine. The data that it
    /// starts with is as of 2026-03-02T09:00:00Z, whatever the time is.
    pub fn now(mut self, time: Timestamp) -> Self {
        self.clock = Clock::Fixed(DateTime::<Utc>::from(time));
        self
    }

    /// Starts the server on the runtime that this is awaited on. Only this machine can reach it.
    ///
    /// # Errors
    ///
    /// `Config` if the port cannot be listened on.
    pub async fn start(self) -> Result<Sandbox> {
        let refuse = |error| {
            let sentence = format!(
                "port {} of this machine cannot be listened on; choose another, or 0 for one that is free",
                self.port
            );
            Error::config(sentence).with_source(error)
        };
        let address = (Ipv4Addr::LOCALHOST, self.port);
        let listener = TcpListener::bind(address).await.map_err(refuse)?;
        let address = listener.local_addr().map_err(refuse)?;
        let base_url = format!("http://{address}{BASE_PATH}");
        let api_key = data::api_key(self.seed);
        let shared = Shared {
            api_key: api_key.clone(),
            world: Mutex::new(World {
                store: data::generate(self.seed, self.counts, &Zone::default()),
                clock: self.clock,
                zone: Zone::default(),
                base_url: base_url.clone(),
                rng: fastrand::Rng::with_seed(self.seed),
            }),
        };
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(server::serve(listener, Arc::new(shared), stopped));
        Ok(Sandbox {
            base_url,
            api_key,
            task,
            _stop: stop,
        })
    }
}
