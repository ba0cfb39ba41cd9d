//! The key in use: where it comes from, its limiter, and what to do when the service refuses it.

use std::{
    sync::{
        Arc, RwLock,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::{HeaderName, HeaderValue};

use crate::{
    Error, Result,
    auth::{ApiKey, KeyFile, KeyProvider, redact},
    clock,
    limit::{self, Limiter, Rate, RateLimit, SlotStore},
    sync,
    types::Timestamp,
};

/// How long before a key expires the warning begins: two weeks.
const EXPIRY_NOTICE: Duration = Duration::from_secs(14 * 24 * 60 * 60);

/// A key, with its header and its limiter.
#[derive(Debug)]
pub(crate) struct Credential {
    header: (HeaderName, HeaderValue),
    pub(crate) expires_at: Option<Timestamp>,
    pub(crate) limiter: Limiter,
    warn_at: Option<Instant>,
    warned: AtomicBool,
}

/// Where the key comes from, and the one in use.
#[derive(Debug)]
pub(crate) struct Credentials {
    source: KeySource,
    slots: Slots,
    current: RwLock<Option<Arc<Credential>>>,
    /// Held by the task that asks for the key, so that other tasks wait for its result.
    renewing: tokio::sync::Mutex<()>,
}

/// Where a client takes its slots.
#[derive(Debug)]
pub(crate) enum Slots {
    /// From the limiter of the process, by key and host.
    Process { host: String, limit: RateLimit },
    /// From somewhere else, whatever the key.
    Store(Arc<dyn SlotStore>),
}

#[derive(Clone, Debug)]
pub(crate) enum KeySource {
    Key(ApiKey),
    Provider(Arc<dyn KeyProvider>),
}

impl Credential {
    fn new(key: &ApiKey, slots: &Slots) -> Result<Self> {
        let limiter = match slots {
            Slots::Process { host, limit } => limit::shared(key.expose_secret(), host, *limit),
            Slots::Store(store) => Limiter::of_store(store.clone()),
        };
        let left = key
            .expires_at()
            .map(|time| (time.to_utc() - clock::utc()).to_std().unwrap_or_default());
        // An expiry beyond what `Instant` can represent is far enough away.
        let warn_at = left.and_then(|left| clock::now().checked_add(left.saturating_sub(EXPIRY_NOTICE)));
        Ok(Credential {
            header: key.header()?,
            expires_at: key.expires_at(),
            limiter,
            warn_at,
            warned: AtomicBool::new(false),
        })
    }

    pub(crate) fn header(&self) -> (HeaderName, HeaderValue) {
        self.header.clone()
    }

    /// A body without the key in it.
    pub(crate) fn redact_key(&self, body: Bytes) -> Bytes {
        let key = self.header.1.to_str().unwrap_or_default();
        redact(key.strip_prefix("Bearer ").unwrap_or(key), body)
    }

    /// Logs a warning once, if the key expires within two weeks.
    pub(crate) fn warn(&self, now: Instant) {
        let Some(expires_at) = self.expires_at else { return };
        if self.warn_at.is_some_and(|time| time <= now) && !self.warned.swap(true, Ordering::Relaxed) {
            tracing::warn!(%expires_at, "the API key expires soon; make a new one in Admin > API in Atera");
        }
    }

    /// Why the service may have refused the key, as far as its expiry shows.
    pub(crate) fn refusal_reason(&self) -> Option<String> {
        let expires_at = self.expires_at?;
        let over = clock::utc() - expires_at.to_utc();
        Some(if over < chrono::TimeDelta::zero() {
            format!("it is valid until {expires_at}, so it may be revoked, or bound to other IP addresses")
        } else {
            let ago = match (over.num_days(), over.num_hours(), over.num_minutes()) {
                (0, 0, minutes) => format!("{minutes} minutes"),
                (0, hours, _) => format!("{hours} hours"),
                (1, ..) => "1 day".to_string(),
                (days, ..) => format!("{days} days"),
            };
            format!("it expired {ago} ago, so make a new one in Admin > API")
        })
    }
}

impl Credentials {
    pub(crate) fn new(source: KeySource, slots: Slots) -> Result<Self> {
        let current = match &source {
            KeySource::Key(key) => Some(Arc::new(Credential::new(key, &slots)?)),
            KeySource::Provider(_) => None,
        };
        let source = match source {
            KeySource::Key(key) => match key.file() {
                Some((path, header)) => KeySource::Provider(Arc::new(KeyFile {
                    path: path.to_path_buf(),
                    header,
                })),
                None => KeySource::Key(key),
            },
            provider => provider,
        };
        Ok(Credentials {
            source,
            slots,
            current: RwLock::new(current),
            renewing: tokio::sync::Mutex::new(()),
        })
    }

    /// The key in use, if one was read already.
    pub(crate) fn known(&self) -> Option<Arc<Credential>> {
        sync::read(&self.current).clone()
    }

    /// The key to send with.
    pub(crate) async fn current(&self) -> Result<Arc<Credential>> {
        match self.known() {
            Some(credential) => Ok(credential),
            None => self.renew(None).await,
        }
    }

    /// Asks for the key again after this one was refused. Returns whether it is another key.
    pub(crate) async fn changed_since(&self, refused: &Arc<Credential>) -> bool {
        if matches!(self.source, KeySource::Key(_)) {
            return false;
        }
        match self.renew(Some(refused)).await {
            Ok(renewed) => renewed.header != refused.header,
            Err(error) => {
                tracing::warn!(%error, "the API key was refused, and the key provider returned no other");
                false
            }
        }
    }

    /// The state of the limiter.
    pub(crate) fn rate(&self) -> Rate {
        match (self.known(), &self.slots) {
            (Some(credential), _) => credential.limiter.rate(),
            (None, Slots::Process { limit, .. }) => Rate::new(*limit),
            (None, Slots::Store(store)) => store.rate(),
        }
    }

    async fn renew(&self, refused: Option<&Arc<Credential>>) -> Result<Arc<Credential>> {
        let _turn = self.renewing.lock().await;
        // Another task may have renewed it while this one waited for the lock.
        if let Some(known) = self
            .known()
            .filter(|known| refused.is_none_or(|refused| !Arc::ptr_eq(known, refused)))
        {
            return Ok(known);
        }
        let key = match &self.source {
            KeySource::Key(key) => key.clone(),
            KeySource::Provider(provider) => provider.key().await.map_err(|error| {
                Error::config("the key provider returned no key; check the provider").with_source(error)
            })?,
        };
        let renewed = Arc::new(Credential::new(&key, &self.slots)?);
        *sync::write(&self.current) = Some(renewed.clone());
        Ok(renewed)
    }
}
