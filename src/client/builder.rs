//! Builds a client.

use std::{
    env, fmt,
    sync::{Arc, Mutex},
    time::Duration,
};

use http::HeaderValue;

use super::client::Client;
#[cfg(feature = "cache")]
use crate::pipeline::{Cache, cache::AnswerCache};
use crate::{
    Error, Result,
    auth::{ApiKey, KeyProvider},
    description::BASE_URL,
    limit::{RateLimit, SlotStore},
    pipeline::{
        RetryPolicy,
        context::{ClientState, Context, Settings},
        credential::{Credentials, KeySource, Slots},
        retry::Budget,
        usage::Tally,
        wait::{Wait, WaitObserver},
    },
    transport::{BaseUrl, Reqwest, Transport},
};

/// Environment variable that names another base URL.
const BASE_URL_VARIABLE: &str = "ATERA_BASE_URL";

impl Client {
    /// Starts to set up a client.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }

    /// A client with the key and the base URL from the environment: `ATERA_API_KEY` or `ATERA_API_KEY_FILE`, and
    /// `ATERA_BASE_URL` if it is set.
    ///
    /// # Errors
    ///
    /// `Config`, as [`ApiKey::from_env`] and [`ClientBuilder::build`].
    pub fn from_env() -> Result<Self> {
        Client::builder()
            .api_key(ApiKey::from_env()?)
            .base_url_from_env()
            .build()
    }
}

/// Sets up a [`Client`].
#[derive(Clone)]
#[must_use = "call `build`"]
pub struct ClientBuilder {
    key: Option<KeySource>,
    base_url: String,
    user_agent: Option<String>,
    connect_timeout: Duration,
    attempt_timeout: Duration,
    body_limit: usize,
    transport: Option<Arc<dyn Transport>>,
    deadline: Option<Duration>,
    rate_limit: RateLimit,
    slot_store: Option<Arc<dyn SlotStore>>,
    retry: RetryPolicy,
    on_wait: Option<WaitObserver>,
    seed: Option<u64>,
    #[cfg(feature = "cache")]
    cache: Option<Cache>,
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without the base URL, which is not checked yet and may hold a password.
        out.debug_struct("ClientBuilder")
            .field("key", &self.key)
            .field("rate_limit", &self.rate_limit)
            .field("retry", &self.retry)
            .finish_non_exhaustive()
    }
}

impl Default for ClientBuilder {
    fn default() -> Self {
        ClientBuilder {
            key: None,
            base_url: BASE_URL.to_string(),
            user_agent: None,
            connect_timeout: Duration::from_secs(10),
            attempt_timeout: Duration::from_secs(30),
            body_limit: 16 * 1024 * 1024,
            transport: None,
            deadline: None,
            rate_limit: RateLimit::default(),
            slot_store: None,
            retry: RetryPolicy::default(),
            on_wait: None,
            seed: None,
            #[cfg(feature = "cache")]
            cache: None,
        }
    }
}

impl ClientBuilder {
    /// The key to send. Either this or [`key_provider`](ClientBuilder::key_provider) is required.
    pub fn api_key(mut self, key: ApiKey) -> Self {
        self.key = Some(KeySource::Key(key));
        self
    }

    /// The source of a key that changes while the program runs, in place of a fixed key.
    pub fn key_provider(mut self, provider: impl KeyProvider) -> Self {
        self.key = Some(KeySource::Provider(Arc::new(provider)));
        self
    }

    /// The base URL; [`BASE_URL`](crate::description::BASE_URL) by default. It must be https, or http to this machine.
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = url.into();
        self
    }

    /// Takes the base URL from `ATERA_BASE_URL`, if it is set.
    pub fn base_url_from_env(mut self) -> Self {
        if let Some(url) = env::var_os(BASE_URL_VARIABLE).filter(|url| !url.is_empty()) {
            // A value that is not UTF-8 is not a URL either; `build` reports that.
            self.base_url = url.to_string_lossy().into_owned();
        }
        self
    }

    /// The name and version of your program, such as `my-tool/1.0`. `User-Agent` has it before `atera/<version>`.
    pub fn user_agent(mut self, product: impl Into<String>) -> Self {
        self.user_agent = Some(product.into());
        self
    }

    /// How long connecting may take; 10 seconds by default.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// How long one attempt may take, from getting its slot to the last byte of the answer; 30 seconds by default.
    pub fn attempt_timeout(mut self, timeout: Duration) -> Self {
        self.attempt_timeout = timeout;
        self
    }

    /// How long a call may take in total, with all attempts and the waits for slots and between attempts. There is no deadline
    /// by default; [`Client::with_deadline`] sets one for some calls.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// How many requests may be sent; 700 a minute by default.
    ///
    /// All clients of the process that send with the same key to the same host share the limit. If they have different limits,
    /// the stricter one applies.
    pub fn rate_limit(mut self, limit: RateLimit) -> Self {
        self.rate_limit = limit;
        self
    }

    /// A store that replaces the built-in limiter, for a limit that several processes or machines share. `rate_limit` then has
    /// no effect.
    pub fn slot_store(mut self, store: impl SlotStore) -> Self {
        self.slot_store = Some(Arc::new(store));
        self
    }

    /// When failed calls are retried; [`RetryPolicy::new`] by default. [`Client::with_retry`] changes it for some calls.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// A function that is told whenever a call waits before it is sent: for a slot of the rate limit, for the end of a pause, or
    /// for the next attempt. It is told when the wait begins, once a second while it lasts, and when it ends; calls that do not
    /// wait cost nothing. It runs on the task of the call, so it should not block.
    ///
    /// ```
    /// use atera::{ApiKey, Client, WaitPhase};
    ///
    /// let client = Client::builder()
    ///     .api_key(ApiKey::new("0123456789abcdef0123456789abcdef")?)
    ///     .on_wait(|wait| {
    ///         if wait.phase == WaitPhase::Began {
    ///             eprintln!("{} waits: {:?}", wait.operation, wait.reason);
    ///         }
    ///     })
    ///     .build()?;
    /// # let _ = client;
    /// # Ok::<(), atera::Error>(())
    /// ```
    pub fn on_wait(mut self, observer: impl Fn(&Wait) + Send + Sync + 'static) -> Self {
        self.on_wait = Some(WaitObserver::new(observer));
        self
    }

    /// Caches answers that change slowly; see [`Cache`]. There is no cache by default.
    #[cfg(feature = "cache")]
    pub fn cache(mut self, cache: Cache) -> Self {
        self.cache = Some(cache);
        self
    }

    /// The seed of the random delays, so that a test gets the same ones each time.
    pub fn jitter_seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// The largest body of an answer in bytes, after decompression; 16 MiB by default.
    pub fn body_limit(mut self, bytes: usize) -> Self {
        self.body_limit = bytes;
        self
    }

    /// A transport that replaces the built-in HTTP client. `connect_timeout` then has no effect.
    pub fn transport(mut self, transport: impl Transport) -> Self {
        self.transport = Some(Arc::new(transport));
        self
    }

    /// Builds the client.
    ///
    /// # Errors
    ///
    /// `Config` if there is no key, if the base URL is not one that a key may be sent to, if the rate limit cannot be kept,
    /// if the user agent cannot be a header, or if TLS cannot be set up.
    pub fn build(self) -> Result<Client> {
        let Some(key) = self.key else {
            return Err(Error::config(
                "the client has no API key; give it one with `api_key(ApiKey::from_env()?)`",
            ));
        };
        if let Some(fault) = self.rate_limit.fault() {
            return Err(Error::config(format!(
                "the rate limit {} {fault}",
                self.rate_limit
            )));
        }
        let base_url = BaseUrl::parse(&self.base_url)?;
        let slots = match self.slot_store {
            Some(store) => Slots::Store(store),
            None => Slots::Process {
                host: base_url.authority().to_string(),
                limit: self.rate_limit,
            },
        };
        let product = concat!("atera/", env!("CARGO_PKG_VERSION"));
        let user_agent = match self.user_agent {
            Some(before) => HeaderValue::try_from(format!("{before} {product}")).map_err(|_| {
                Error::config("the user agent is not a valid header value; write it like my-tool/1.0")
            })?,
            None => HeaderValue::from_static(product),
        };
        let transport = match self.transport {
            Some(transport) => transport,
            None => Arc::new(Reqwest::new(self.connect_timeout, &base_url)?),
        };
        let shared = ClientState {
            base_url,
            credentials: Credentials::new(key, slots)?,
            user_agent,
            transport,
            attempt_timeout: self.attempt_timeout,
            body_limit: self.body_limit,
            budget: Mutex::new(Budget::new()),
            tally: Tally::default(),
            on_wait: self.on_wait,
            #[cfg(feature = "cache")]
            cache: self.cache.map(AnswerCache::new),
            jitter: Mutex::new(
                self.seed
                    .map_or_else(fastrand::Rng::new, fastrand::Rng::with_seed),
            ),
        };
        let settings = Settings {
            deadline: self.deadline,
            priority: None,
            retry: self.retry,
            #[cfg(feature = "cache")]
            without_cache: false,
            congestion: None,
        };
        Ok(Client::new(Context::new(shared, settings)))
    }
}
