//! Setting up and starting a sandbox.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
    sync::{Arc, Mutex},
};

use atera::{ApiKey, Error, RateLimit, Result, Timestamp};
use chrono::{Datelike, SubsecRound};
use tokio::{net::TcpListener, sync::oneshot};

#[cfg(feature = "explorer")]
use crate::explorer;
use crate::{
    data::{Counts, Origin, api_key, jwt},
    faults::{Churn, FaultPlan, Faults},
    http::{BASE_PATH, Cors, Dialect, serve},
    log::{Arrival, Limit, Observer, RequestLog},
    persist::{Folder, Header},
    sandbox::Sandbox,
    service::{self, Permissions, SandboxState},
    world::{Clock, REFERENCE_DATE, World, Zone, dump},
};

/// Sets up a [`Sandbox`].
///
/// ```
/// use atera_sandbox::{Permissions, Sandbox};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> atera::Result<()> {
/// let sandbox = Sandbox::builder()
///     .tickets(50)
///     .now("2026-03-09T12:00:00Z".parse()?)
///     .key("reports", Permissions::none().read("*"))
///     .start()
///     .await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "call `start`"]
pub struct SandboxBuilder {
    seed: u64,
    address: SocketAddr,
    counts: Counts,
    clock: Clock,
    as_of: Timestamp,
    zone: Option<String>,
    load: Option<String>,
    dialect: Dialect,
    limit: RateLimit,
    jwt: bool,
    permissions: Permissions,
    more_keys: Vec<(String, Permissions)>,
    faults: Faults,
    churn: Churn,
    cors_origins: Vec<String>,
    folder: Option<PathBuf>,
    observer: Option<Observer>,
}

impl Default for SandboxBuilder {
    fn default() -> Self {
        SandboxBuilder {
            seed: 1,
            address: (Ipv4Addr::LOCALHOST, 0).into(),
            counts: Counts::default(),
            clock: Clock::System,
            as_of: REFERENCE_DATE.into(),
            zone: None,
            load: None,
            dialect: Dialect::default(),
            limit: RateLimit::default(),
            jwt: false,
            permissions: Permissions::all(),
            more_keys: Vec::new(),
            faults: Faults::none(),
            churn: Churn::none(),
            cors_origins: Vec::new(),
            folder: None,
            observer: None,
        }
    }
}

impl Sandbox {
    /// Sets up a sandbox.
    pub fn builder() -> SandboxBuilder {
        SandboxBuilder::default()
    }
}

impl SandboxBuilder {
    /// The seed of the records and the key: the same seed gives the same bytes. It is 1 by default.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// The port to listen on. 0, the default, takes a free one, which [`Sandbox::base_url`] has.
    pub fn port(mut self, port: u16) -> Self {
        self.address.set_port(port);
        self
    }

    /// The address to listen on. By default only this machine can reach the sandbox. `0.0.0.0` opens it to everyone who
    /// can reach this machine, so choose that with care: the paths under `/_sandbox` take no key.
    pub fn host(mut self, address: IpAddr) -> Self {
        self.address.set_ip(address);
        self
    }

    /// How many customers there are at the start; 64 by default. Without customers there are no contacts, agents and
    /// contracts either, nor what needs those.
    pub fn customers(mut self, count: usize) -> Self {
        self.counts.customers = count;
        self
    }

    /// How many contacts there are at the start; 520 by default. Without contacts there are no tickets.
    pub fn contacts(mut self, count: usize) -> Self {
        self.counts.contacts = count;
        self
    }

    /// How many agents there are at the start; 412 by default. Without agents there are no alerts and no devices.
    pub fn agents(mut self, count: usize) -> Self {
        self.counts.agents = count;
        self
    }

    /// How many tickets there are at the start; 2,847 by default. With 100,000 an optimised build starts within 2
    /// seconds.
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

    /// Stops the clock of the sandbox at this time, so that a test can compare the times of what it wrote. By default
    /// it is the clock of this machine.
    ///
    /// The date of the records is another setting: [`records_as_of`](Self::records_as_of). The limit and latencies go by
    /// real time.
    pub fn now(mut self, time: Timestamp) -> Self {
        self.clock = Clock::Fixed(time.to_utc());
        self
    }

    /// Makes the records as of this time: the newest are some minutes older, the oldest some years. By default they are as
    /// of 2026-03-02T09:00:00Z on every day, so that a test can compare them with what it saw before.
    ///
    /// All dates move along, and keep to the rules: an invoice is for a month, and work within the hours of the SLA is on a
    /// weekday. The same seed and the same time give the same bytes. `Timestamp::now()` makes the records those of today.
    ///
    /// ```
    /// use atera_sandbox::Sandbox;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> atera::Result<()> {
    /// let sandbox = Sandbox::builder().records_as_of("2027-01-08T09:00:00Z".parse()?).start().await?;
    /// let client = sandbox.client()?;
    /// let week: atera::Timestamp = "2027-01-01T09:00:00Z".parse()?;
    /// let of_the_week = client.tickets().list_last_modified().date(week);
    /// assert!(of_the_week.count().await? > 0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn records_as_of(mut self, time: Timestamp) -> Self {
        self.as_of = time;
        self
    }

    /// The time zone of the account, by its IANA name such as `America/New_York`. By default it is the zone of London,
    /// under the name that Windows has for it: `GMT Standard Time`.
    ///
    /// Parameters without an offset, such as `startWorkhour`, are read in this zone.
    pub fn time_zone(mut self, name: impl Into<String>) -> Self {
        self.zone = Some(name.into());
        self
    }

    /// Records to start with in place of generated ones, in the form of [`Sandbox::dump`]. The seed and the counts then
    /// have no effect on the records.
    pub fn load(mut self, json: impl Into<String>) -> Self {
        self.load = Some(json.into());
        self
    }

    /// Which document the answers follow; the published one by default.
    pub fn dialect(mut self, dialect: Dialect) -> Self {
        self.dialect = dialect;
        self
    }

    /// The limit of each key; 700 requests in 60 seconds by default, as in the guide. Requests beyond it are answered
    /// with 429.
    pub fn rate_limit(mut self, limit: RateLimit) -> Self {
        self.limit = limit;
        self
    }

    /// Makes the key a JWT, as new keys of the service are. It expires a year from now. By default the key has the form
    /// of a legacy key: 32 letters and digits.
    pub fn jwt(mut self) -> Self {
        self.jwt = true;
        self
    }

    /// What the key may do; everything by default.
    pub fn permissions(mut self, permissions: Permissions) -> Self {
        self.permissions = permissions;
        self
    }

    /// Adds another key. Each key has a limit of its own.
    pub fn key(mut self, key: impl Into<String>, permissions: Permissions) -> Self {
        self.more_keys.push((key.into(), permissions));
        self
    }

    /// The faults at the start; none by default. With the same seed, the same requests in the same order meet the same
    /// faults.
    pub fn faults(mut self, faults: Faults) -> Self {
        self.faults = faults;
        self
    }

    /// The churn at the start: records that come and go while lists are read. There is none by default.
    pub fn churn(mut self, churn: Churn) -> Self {
        self.churn = churn;
        self
    }

    /// Lets pages of this origin, such as `http://localhost:5173`, call the service from a browser (CORS). Each call
    /// adds an origin, and `*` stands for all. By default no page of another origin can call it.
    ///
    /// The paths under `/_sandbox` stay closed to pages of other origins, since they take no key.
    pub fn cors(mut self, origin: impl Into<String>) -> Self {
        self.cors_origins.push(origin.into());
        self
    }

    /// Keeps the records in this folder: the next sandbox with the same folder has them as this one left them, and takes
    /// the same key. By default they are gone when the sandbox is dropped.
    ///
    /// A change is written before its request is answered, so it also survives if the process is killed. A folder that has
    /// records decides on them, on their date and on the key; the seed, the counts and [`load`](Self::load) only count
    /// for a new one. [`Sandbox::reset`] restores the records of the first start. The log, faults and churn are not kept.
    ///
    /// One sandbox at a time can have a folder.
    pub fn persist(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folder = Some(folder.into());
        self
    }

    /// Calls a function with each request when it is answered, or when its connection is about to be reset. The paths
    /// under `/_sandbox` are not told.
    ///
    /// The server waits for the function, so it should return soon.
    pub fn on_request(mut self, tell: impl Fn(&Arrival) + Send + Sync + 'static) -> Self {
        self.observer = Some(Observer::new(tell));
        self
    }

    /// Starts the server, on the tokio runtime that polls this.
    ///
    /// # Errors
    ///
    /// `Config` if the port is taken, if another sandbox has the folder, or if a setting is invalid: a key, a domain of
    /// permissions, the rate limit, the time zone, an origin, the records to load, or those in the folder.
    pub async fn start(self) -> Result<Sandbox> {
        let zone = self.zone.as_deref().map(Zone::named).transpose()?;
        let zone = zone.unwrap_or_default();
        let folder = self.folder.as_deref().map(Folder::open).transpose()?;
        let restored = folder.as_ref().map(Folder::restore).transpose()?.flatten();
        let api_key = match (&restored, self.jwt) {
            (Some(restored), _) => restored.header.key.clone(),
            (None, true) => jwt(self.seed, self.clock.now()),
            (None, false) => api_key(self.seed),
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
        let cors = Cors::new(&self.cors_origins)?;
        // Records have whole seconds.
        let as_of = match &restored {
            Some(restored) => restored.header.as_of(),
            None => self.as_of.to_utc().trunc_subsecs(0),
        };
        if !(1970..10_000).contains(&as_of.year()) {
            let sentence =
                "the records cannot be made: their date must be in the years 1970 to 9999; give another";
            return Err(Error::config(sentence));
        }
        let load = |json: &str| dump::read(json, as_of);
        let is_restored = restored.is_some();
        let (loaded, left) = match restored {
            Some(restored) => (Some(restored.start), Some((restored.store, restored.rng))),
            None => (self.load.as_deref().map(load).transpose()?, None),
        };
        let (listener, address) = listen(self.address).await?;
        let base_url = format!("http://{address}{BASE_PATH}");
        let origin = Origin {
            seed: self.seed,
            counts: self.counts,
            zone: zone.clone(),
            as_of,
            loaded: loaded.map(Box::new),
        };
        let (mut store, rng) = left.unwrap_or_else(|| origin.records());
        let journal = match folder {
            None => None,
            Some(folder) => {
                let header = Header::new(&api_key, as_of);
                Some(match is_restored {
                    true => folder.resume(header, &mut store, &rng)?,
                    false => folder.begin(header, &mut store, &rng)?,
                })
            }
        };
        let state = Arc::new(SandboxState {
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
            journal: Mutex::new(journal),
            observer: self.observer,
        });
        let router = service::router(state.clone());
        #[cfg(feature = "explorer")]
        let router = router.merge(explorer::router(state.clone()));
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(serve(listener, router, stopped));
        Ok(Sandbox {
            base_url,
            api_key,
            is_restored,
            state,
            task,
            _stop: stop,
        })
    }
}

/// Listens on an address. Returns the address at which this machine can reach it: one that stands for all interfaces,
/// such as `0.0.0.0`, becomes `127.0.0.1`.
async fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr)> {
    let refuse = |error| {
        let sentence = match address.ip().is_loopback() {
            true => format!(
                "the sandbox cannot start: port {} of this machine cannot be listened on; choose another, or 0 for a free one",
                address.port()
            ),
            false => format!(
                "the sandbox cannot start: {address} cannot be listened on; choose another address or port"
            ),
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
