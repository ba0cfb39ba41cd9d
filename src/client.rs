//! The client and how it is set up.

use std::{
    env, fmt,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use http::HeaderValue;
use url::{Host, Url};

#[cfg(feature = "cache")]
use crate::cache::{Cache, Kept};
use crate::{
    ApiKey, Error, KeyProvider, Priority, Rate, RateLimit, Result, RetryPolicy, SlotStore, Timestamp, Usage,
    credential::{Credentials, Slots, Source},
    requests::Requests,
    retry::Budget,
    setbacks::Setbacks,
    transport::{Reqwest, Transport},
    usage::Tally,
};

/// Environment variable that names another base URL.
const BASE_URL_VARIABLE: &str = "ATERA_BASE_URL";

/// A client of the Atera API. A clone is the same client.
///
/// ```no_run
/// # async fn example() -> atera::Result<()> {
/// let client = atera::Client::builder().api_key(atera::ApiKey::from_env()?).build()?;
/// let ticket = client.tickets().get(54321).await?;
/// println!("{}", ticket.ticket_title.unwrap_or_default());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
    settings: Arc<Settings>,
}

/// What a client may be told for some of its calls.
#[derive(Clone, Debug)]
struct Settings {
    deadline: Option<Duration>,
    priority: Option<Priority>,
    retry: RetryPolicy,
    #[cfg(feature = "cache")]
    without_cache: bool,
    /// What a walk is told of its requests.
    setbacks: Option<Arc<Setbacks>>,
}

/// What all clones of a client share.
pub(crate) struct Shared {
    pub(crate) base_url: BaseUrl,
    pub(crate) credentials: Credentials,
    pub(crate) user_agent: HeaderValue,
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) requests: Requests,
    pub(crate) attempt_timeout: Duration,
    pub(crate) body_limit: usize,
    pub(crate) budget: Mutex<Budget>,
    pub(crate) tally: Tally,
    #[cfg(feature = "cache")]
    pub(crate) cache: Option<Kept>,
    jitter: Mutex<fastrand::Rng>,
}

impl Shared {
    /// A number between 0 and 1.
    pub(crate) fn random(&self) -> f64 {
        self.jitter.lock().unwrap_or_else(PoisonError::into_inner).f64()
    }
}

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

    /// Where requests go.
    pub fn base_url(&self) -> &str {
        self.shared.base_url.as_str()
    }

    /// The same client with a deadline for each of its calls: for the waiting, all attempts, and the answer. Each page of
    /// a walk is a call.
    ///
    /// ```no_run
    /// # use std::time::Duration;
    /// # async fn example(client: atera::Client) -> atera::Result<()> {
    /// let quick = client.with_deadline(Duration::from_secs(5));
    /// let ticket = quick.tickets().get(54321).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn with_deadline(&self, deadline: Duration) -> Self {
        self.with(|settings| settings.deadline = Some(deadline))
    }

    /// The same client with another priority. Without one, single calls are `Interactive` and walks `Background`.
    #[must_use]
    pub fn with_priority(&self, priority: Priority) -> Self {
        self.with(|settings| settings.priority = Some(priority))
    }

    /// The same client with another retry policy. What is spent on sending again is shared all the same.
    ///
    /// ```no_run
    /// # async fn example(client: atera::Client, changes: atera::types::UpdateTicket) -> atera::Result<()> {
    /// let once = client.with_retry(atera::RetryPolicy::never());
    /// once.tickets().update(54321, changes).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn with_retry(&self, policy: RetryPolicy) -> Self {
        self.with(|settings| settings.retry = policy)
    }

    /// The same client, which asks the service itself and not the cache.
    #[cfg(feature = "cache")]
    #[must_use]
    pub fn without_cache(&self) -> Self {
        self.with(|settings| settings.without_cache = true)
    }

    /// The cache to ask, if any.
    #[cfg(feature = "cache")]
    pub(crate) fn cache(&self) -> Option<&Kept> {
        self.shared
            .cache
            .as_ref()
            .filter(|_| !self.settings.without_cache)
    }

    fn with(&self, change: impl FnOnce(&mut Settings)) -> Self {
        let mut client = self.clone();
        change(Arc::make_mut(&mut client.settings));
        client
    }

    /// The same client for a walk, which nobody waits for unless told otherwise, and what the walk is told of its requests.
    pub(crate) fn for_walk(&self) -> (Self, Arc<Setbacks>) {
        let setbacks = Arc::new(Setbacks::default());
        let client = self.with(|settings| {
            settings.priority.get_or_insert(Priority::Background);
            settings.setbacks = Some(setbacks.clone());
        });
        (client, setbacks)
    }

    pub(crate) fn setbacks(&self) -> Option<&Setbacks> {
        self.settings.setbacks.as_deref()
    }

    /// What the rate limiter does at the moment: the limit, how much of it is in use, how many calls wait, and until when
    /// the service asked for a pause.
    pub fn rate(&self) -> Rate {
        self.shared.credentials.rate()
    }

    /// What this client and its clones did so far, by operation.
    pub fn usage(&self) -> Usage {
        self.shared.tally.usage()
    }

    /// When the key in use expires. Only a JWT tells; from two weeks before on there is also a warning in the log.
    pub fn key_expires_at(&self) -> Option<Timestamp> {
        self.shared.credentials.known()?.expires_at
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.shared
    }

    pub(crate) fn deadline(&self) -> Option<Duration> {
        self.settings.deadline
    }

    pub(crate) fn priority(&self) -> Option<Priority> {
        self.settings.priority
    }

    pub(crate) fn retry_policy(&self) -> &RetryPolicy {
        &self.settings.retry
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Client")
            .field("base_url", &self.base_url())
            .finish_non_exhaustive()
    }
}

/// Sets up a [`Client`].
#[derive(Clone)]
#[must_use = "call `build`"]
pub struct ClientBuilder {
    key: Option<Source>,
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
    seed: Option<u64>,
    #[cfg(feature = "cache")]
    cache: Option<Cache>,
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not the base URL, which nobody has checked yet: it may hold a password.
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
            base_url: crate::BASE_URL.to_string(),
            user_agent: None,
            connect_timeout: Duration::from_secs(10),
            attempt_timeout: Duration::from_secs(30),
            body_limit: 16 * 1024 * 1024,
            transport: None,
            deadline: None,
            rate_limit: RateLimit::default(),
            slot_store: None,
            retry: RetryPolicy::default(),
            seed: None,
            #[cfg(feature = "cache")]
            cache: None,
        }
    }
}

impl ClientBuilder {
    /// The key to send. There is no client without one.
    pub fn api_key(mut self, key: ApiKey) -> Self {
        self.key = Some(Source::Key(key));
        self
    }

    /// What gives the key, in place of a key that stays the same.
    pub fn key_provider(mut self, provider: impl KeyProvider) -> Self {
        self.key = Some(Source::Provider(Arc::new(provider)));
        self
    }

    /// Where to send, [`BASE_URL`](crate::BASE_URL) by default: https, or http to this machine alone.
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = url.into();
        self
    }

    /// Takes the base URL from `ATERA_BASE_URL`, if it is set.
    pub fn base_url_from_env(mut self) -> Self {
        if let Some(url) = env::var_os(BASE_URL_VARIABLE).filter(|url| !url.is_empty()) {
            // What is not UTF-8 is no URL, which `build` then says.
            self.base_url = url.to_string_lossy().into_owned();
        }
        self
    }

    /// Who asks, in front of `atera/<version>` in `User-Agent`: `my-tool/1.0`.
    pub fn user_agent(mut self, product: impl Into<String>) -> Self {
        self.user_agent = Some(product.into());
        self
    }

    /// How long connecting may take; 10 seconds by default.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// How long one attempt may take, from sending to the last byte of the answer; 30 seconds by default.
    pub fn attempt_timeout(mut self, timeout: Duration) -> Self {
        self.attempt_timeout = timeout;
        self
    }

    /// How long a call may take in all: waiting for slots and between attempts, every attempt, and the answer. There is no
    /// deadline by default; [`Client::with_deadline`] sets one for some calls.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// How many requests may be sent; 700 a minute by default.
    ///
    /// The limit is kept by all clients of the process together that send with the same key to the same host. If they
    /// have different limits, the stricter one is kept.
    pub fn rate_limit(mut self, limit: RateLimit) -> Self {
        self.rate_limit = limit;
        self
    }

    /// Where to take slots, in place of the built-in limiter: a limit that several processes or machines share.
    pub fn slot_store(mut self, store: impl SlotStore) -> Self {
        self.slot_store = Some(Arc::new(store));
        self
    }

    /// How calls are sent again; [`RetryPolicy::new`] by default. [`Client::with_retry`] changes it for some calls.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// Keeps answers that change slowly; see [`Cache`].
    #[cfg(feature = "cache")]
    pub fn cache(mut self, cache: Cache) -> Self {
        self.cache = Some(cache);
        self
    }

    /// Where the random delays begin, so that a test has the same ones each time.
    pub fn jitter_seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// How many bytes the body of an answer may have after decompression; 16 MiB by default.
    pub fn body_limit(mut self, bytes: usize) -> Self {
        self.body_limit = bytes;
        self
    }

    /// What sends the requests, in place of the built-in HTTP client. `connect_timeout` is then up to it.
    pub fn transport(mut self, transport: impl Transport) -> Self {
        self.transport = Some(Arc::new(transport));
        self
    }

    /// The client.
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
            Some(before) => HeaderValue::try_from(format!("{before} {product}"))
                .map_err(|_| Error::config("the user agent cannot be a header; write it like my-tool/1.0"))?,
            None => HeaderValue::from_static(product),
        };
        let transport = match self.transport {
            Some(transport) => transport,
            None => Arc::new(Reqwest::new(self.connect_timeout, !base_url.is_loopback())?),
        };
        let shared = Shared {
            requests: Requests::new(&base_url)?,
            base_url,
            credentials: Credentials::new(key, slots)?,
            user_agent,
            transport,
            attempt_timeout: self.attempt_timeout,
            body_limit: self.body_limit,
            budget: Mutex::new(Budget::new()),
            tally: Tally::default(),
            #[cfg(feature = "cache")]
            cache: self.cache.map(Kept::new),
            jitter: Mutex::new(
                self.seed
                    .map_or_else(fastrand::Rng::new, fastrand::Rng::with_seed),
            ),
        };
        Ok(Client {
            shared: Arc::new(shared),
            settings: Arc::new(Settings {
                deadline: self.deadline,
                priority: None,
                retry: self.retry,
                #[cfg(feature = "cache")]
                without_cache: false,
                setbacks: None,
            }),
        })
    }
}

/// An address that the key may be sent to.
#[derive(Debug)]
pub(crate) struct BaseUrl {
    /// Without a slash at the end.
    text: String,
    /// Path of it, without a slash at the end.
    path: String,
    /// Host and port of it.
    authority: String,
    host: Arc<str>,
    loopback: bool,
}

impl BaseUrl {
    fn parse(text: &str) -> Result<Self> {
        let refuse = |why: &str| {
            Err(Error::config(format!(
                "the base URL {why}; write it like {}",
                crate::BASE_URL
            )))
        };
        let Ok(url) = Url::parse(text.trim()) else {
            return refuse("is not a URL");
        };
        // What is refused is not shown: it may hold a password.
        if !url.username().is_empty() || url.password().is_some() {
            return refuse("has a user name in it");
        }
        if url.query().is_some() || url.fragment().is_some() {
            return refuse("has a query or a fragment");
        }
        let loopback = match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => IpAddr::from(address).is_loopback(),
            Some(Host::Ipv6(address)) => IpAddr::from(address).is_loopback(),
            None => return refuse("names no host"),
        };
        match url.scheme() {
            "https" => {}
            "http" if loopback => {}
            "http" => return refuse("is not https, so the key could be read on the way"),
            _ => return refuse("is not https"),
        }
        let trim = |text: &str| text.trim_end_matches('/').to_string();
        Ok(BaseUrl {
            text: trim(url.as_str()),
            path: trim(url.path()),
            authority: url.authority().to_string(),
            host: url.host_str().unwrap_or_default().into(),
            loopback,
        })
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    pub(crate) fn host(&self) -> &Arc<str> {
        &self.host
    }

    fn authority(&self) -> &str {
        &self.authority
    }

    fn is_loopback(&self) -> bool {
        self.loopback
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_url_is_https_or_on_this_machine() {
        for (text, kept) in [
            ("https://app.atera.com/api/v3", "https://app.atera.com/api/v3"),
            (" https://app.atera.com/api/v3/ ", "https://app.atera.com/api/v3"),
            ("http://127.0.0.1:8700/api/v3", "http://127.0.0.1:8700/api/v3"),
            ("http://localhost:8700", "http://localhost:8700"),
            ("http://[::1]:8700/", "http://[::1]:8700"),
        ] {
            assert_eq!(BaseUrl::parse(text).expect(text).as_str(), kept);
        }
    }

    #[test]
    fn a_base_url_that_could_leak_the_key_is_refused() {
        for (text, reason) in [
            ("http://app.atera.com/api/v3", "is not https"),
            ("http://localhost.evil/", "is not https"),
            ("http://127.0.0.1.evil/", "is not https"),
            ("http://0.0.0.0:8700/", "is not https"),
            ("ftp://app.atera.com/", "is not https"),
            ("https://user@app.atera.com/", "has a user name"),
            ("https://:secret@app.atera.com/", "has a user name"),
            ("https://app.atera.com/?key=secret", "has a query"),
            ("https://app.atera.com/#here", "has a query or a fragment"),
            ("app.atera.com/api/v3", "is not a URL"),
            ("", "is not a URL"),
        ] {
            let error = BaseUrl::parse(text).map(|_| ()).expect_err(text).to_string();
            assert!(
                error.contains(reason) && !error.contains("secret"),
                "{text}: {error}"
            );
        }
    }
}
