//! How a sandbox is set up and started.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex},
};

use chrono::{DateTime, Utc};
use tokio::{net::TcpListener, sync::oneshot};

use super::{
    Churn, Dialect, Faults, Permissions, Sandbox,
    cors::Cors,
    data::{self, Counts},
    fault_plan::FaultPlan,
    origin::{self, Origin},
    request_log::RequestLog,
    server,
    service::{self, BASE_PATH, Shared},
    window::Limit,
    world::{Clock, World},
    zone::Zone,
};
use atera::{ApiKey, Error, RateLimit, Result, Timestamp};

/// Sets up a [`Sandbox`].
#[derive(Clone, Debug)]
#[must_use = "call `start`"]
pub struct SandboxBuilder {
    seed: u64,
    address: SocketAddr,
    counts: Counts,
    clock: Clock,
    zone: Option<String>,
    load: Option<String>,
    dialect: Dialect,
    limit: RateLimit,
    jwt: bool,
    permissions: Permissions,
    more_keys: Vec<(String, Permissions)>,
    faults: Faults,
    churn: Churn,
    origins: Vec<String>,
}

impl Default for SandboxBuilder {
    fn default() -> Self {
        SandboxBuilder {
            seed: 1,
            address: (Ipv4Addr::LOCALHOST, 0).into(),
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
            zone: None,
            load: None,
            dialect: Dialect::default(),
            limit: RateLimit::default(),
            jwt: false,
            permissions: Permissions::all(),
            more_keys: Vec::new(),
            faults: Faults::none(),
            churn: Churn::none(),
            origins: Vec::new(),
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
        self.address.set_port(port);
        self
    }

    /// The address to listen on. By default only this machine can reach the sandbox; `0.0.0.0` lets in all that can reach
    /// this machine, so choose it with care: the paths under `/_sandbox` take no key.
    pub fn host(mut self, address: IpAddr) -> Self {
        self.address.set_ip(address);
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

    /// The zone of the account, by its IANA name such as `America/New_York`. By default it is that of London, under the
    /// name that Windows has for it: `GMT Standard Time`.
    pub fn time_zone(mut self, name: impl Into<String>) -> Self {
        self.zone = Some(name.into());
        self
    }

    /// Records to start with instead of made-up ones, as [`Sandbox::dump`] writes them.
    pub fn load(mut self, json: impl Into<String>) -> Self {
        self.load = Some(json.into());
        self
    }

    /// Which document the answers follow where the two differ.
    pub fn dialect(mut self, dialect: Dialect) -> Self {
        self.dialect = dialect;
        self
    }

    /// How many requests a key may make in any span of time of this length; 700 in 60 seconds by default.
    pub fn rate_limit(mut self, limit: RateLimit) -> Self {
        self.limit = limit;
        self
    }

    /// Makes the key a JWT, as new keys of the service are. By default it has the form of a legacy key.
    pub fn jwt(mut self) -> Self {
        self.jwt = true;
        self
    }

    /// What the key may do; by default whatever there is to do.
    pub fn permissions(mut self, permissions: Permissions) -> Self {
        self.permissions = permissions;
        self
    }

    /// Takes another key besides. Each key has a limit of its own.
    pub fn key(mut self, key: impl Into<String>, permissions: Permissions) -> Self {
        self.more_keys.push((key.into(), permissions));
        self
    }

    /// Things that go wrong from the start. The same seed makes the same go wrong, as long as requests come in the same
    /// order.
    pub fn faults(mut self, faults: Faults) -> Self {
        self.faults = faults;
        self
    }

    /// Records that come and go while lists are read, from the start.
    pub fn churn(mut self, churn: Churn) -> Self {
        self.churn = churn;
        self
    }

    /// Lets pages of this origin, such as `http://localhost:5173`, call the sandbox from a browser (CORS), and those of
    /// another with each further call; `*` lets all. By default browsers let none. The paths under `/_sandbox` take no
    /// key, so they stay closed to other origins.
    pub fn cors(mut self, origin: impl Into<String>) -> Self {
        self.origins.push(origin.into());
        self
    }

    /// Starts the server on the runtime that this is awaited on.
    ///
    /// # Errors
    ///
    /// `Config` if the port cannot be listened on, or if something that was set makes no sense.
    pub async fn start(self) -> Result<Sandbox> {
        let zone = self
            .zone
            .as_deref()
            .map(Zone::named)
            .transpose()?
            .unwrap_or_default();
        let now = self.clock.now();
        let api_key = match self.jwt {
            true => data::jwt(self.seed, now),
            false => data::api_key(self.seed),
        };
        let keys: Vec<_> = [(api_key.clone(), self.permissions)]
            .into_iter()
            .chain(self.more_keys)
            .collect();
        for (key, permissions) in &keys {
            ApiKey::new(key)?;
            permissions.check()?;
        }
        let limit = Limit::of(self.limit)?;
        let cors = Cors::new(&self.origins)?;
        let loaded = self.load.as_deref().map(origin::load).transpose()?;
        let (listener, address) = listen(self.address).await?;
        let base_url = format!("http://{address}{BASE_PATH}");
        let origin = Origin {
            seed: self.seed,
            counts: self.counts,
            zone: zone.clone(),
            loaded: loaded.map(Box::new),
        };
        let (store, rng) = origin.records();
        let shared = Arc::new(Shared {
            keys,
            dialect: self.dialect,
            limit,
            cors,
            origin,
            world: Mutex::new(World {
                store,
                clock: self.clock,
                zone,
                base_url: base_url.clone(),
                rng,
            }),
            request_log: Mutex::new(RequestLog::new(limit)),
            fault_plan: Mutex::new(FaultPlan::new(self.faults, self.seed)),
            churn: Mutex::new(self.churn),
        });
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(server::serve(listener, service::router(shared.clone()), stopped));
        Ok(Sandbox {
            base_url,
            api_key,
            shared,
            task,
            _stop: stop,
        })
    }
}

/// Listens, and returns at what address that can be reached from this machine.
async fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr)> {
    let refuse = |error| {
        let sentence = match address.ip().is_loopback() {
            true => format!(
                "port {} of this machine cannot be listened on; choose another, or 0 for one that is free",
                address.port()
            ),
            false => format!("{address} cannot be listened on; choose another address or port"),
        };
        Error::config(sentence).with_source(error)
    };
    let listener = TcpListener::bind(address).await.map_err(refuse)?;
    let mut address = listener.local_addr().map_err(refuse)?;
    if address.ip().is_unspecified() {
        address.set_ip(Ipv4Addr::LOCALHOST.into());
    }
    Ok((listener, address))
}
