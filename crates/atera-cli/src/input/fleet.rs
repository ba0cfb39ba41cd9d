//! The rate limit of a fleet, which a server keeps.

use std::{process, time::Duration};

use atera::{
    ApiKey, ClientBuilder, Error, RateLimit, Result,
    limit::{Rate, SlotStore},
};
use atera_limits::{RedisStore, RedisStoreError, Status, Unknown};

use crate::output::waits::now;

/// A limit on a server.
#[derive(Clone, Debug)]
pub(crate) struct Fleet(RedisStore);

/// Why there is none.
pub(crate) struct Unavailable {
    pub(crate) error: Error,
    /// Whether the server cannot be reached, rather than refuses.
    pub(crate) is_away: bool,
}

/// That nothing is sent, because it is unknown what was sent before.
pub(crate) struct Quarantine {
    /// How many seconds are left.
    left: u64,
    reason: Unknown,
}

/// A program by its name, and how many slots it has for interactive and for background calls.
type Held = (String, u32, u32);

impl Fleet {
    /// The limit for this key and host at this address.
    ///
    /// # Errors
    ///
    /// `Config` if the server cannot be reached, or refuses what is asked.
    pub(crate) async fn connect(
        address: &str,
        key: &ApiKey,
        host: &str,
        limit: RateLimit,
    ) -> Result<Self, Unavailable> {
        let machine = gethostname::gethostname();
        let name = format!("{}-{}", machine.to_string_lossy(), process::id());
        let store = RedisStore::builder(address).name(name);
        let store = store.connect(key, host, limit).await;
        store.map(Fleet).map_err(|error| Unavailable {
            is_away: error.is_temporary(),
            error: failed(error),
        })
    }

    /// The client with this limit.
    pub(crate) fn limit(&self, builder: ClientBuilder) -> ClientBuilder {
        builder.slot_store(self.0.clone())
    }

    /// Where the server is, without user and password.
    pub(crate) fn address(&self) -> String {
        self.0.address()
    }

    /// The state of the limit when the server was last asked.
    pub(crate) fn rate(&self) -> Rate {
        self.0.rate()
    }

    /// Why nothing is sent, if it is because the server does not know what was sent before.
    pub(crate) fn quarantine(&self) -> Option<Quarantine> {
        let quarantine = self.0.quarantine()?;
        let left = quarantine.until.saturating_duration_since(now());
        Some(Quarantine {
            left: seconds(left),
            reason: quarantine.reason,
        })
    }

    /// Asks for the state of the limit, and who holds how many slots.
    ///
    /// # Errors
    ///
    /// `Config` if the server cannot be reached, or refuses what is asked.
    pub(crate) async fn status(&self) -> Result<(Rate, Vec<Held>)> {
        let Status { rate, holders, .. } = self.0.status().await.map_err(failed)?;
        let holders = holders.into_iter();
        let holders = holders.map(|holder| (holder.name, holder.interactive, holder.background));
        Ok((rate, holders.collect()))
    }

    /// Ends the wait for what may have been sent before.
    ///
    /// # Errors
    ///
    /// `Config` if the server cannot be reached, or refuses what is asked.
    pub(crate) async fn trust_that_nothing_was_sent(&self) -> Result<()> {
        self.0.trust_that_nothing_was_sent().await.map_err(failed)
    }

    /// Waits until the server knows what became of all slots, for two seconds at most.
    pub(crate) async fn flush(&self) {
        self.0.flush().await;
    }
}

impl Quarantine {
    /// What to say about it.
    pub(crate) fn remark(&self) -> String {
        let Quarantine { left, reason } = self;
        let advice = match reason {
            Unknown::New => {
                "; if no program has used this key in this time, `atera limit init --nothing-sent` ends the wait"
            }
            _ => "",
        };
        format!(
            "nothing is sent for {left} s: the limit store does not know what was sent before, since {reason}{advice}"
        )
    }

    /// Why it is unknown what was sent.
    pub(crate) fn reason(&self) -> String {
        format!("unknown what was sent: {}", self.reason)
    }
}

/// A duration in seconds, none of which is left out before it is over.
fn seconds(length: Duration) -> u64 {
    length.as_secs() + u64::from(length.subsec_nanos() > 0)
}

fn failed(error: RedisStoreError) -> Error {
    Error::config(format!("nothing was sent: {error}")).with_source(error)
}
