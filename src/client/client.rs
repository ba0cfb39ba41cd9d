//! The client: its groups of operations, and the settings of its calls.

use std::{fmt, time::Duration};

use http::Method;

#[cfg(feature = "changes")]
use crate::{ErrorKind, Result, description::ChangeFilter, types::AccountTime};
use crate::{
    api::{DynamicCall, UntypedCall},
    description::Operation,
    limit::{Priority, Rate},
    pipeline::{
        RetryPolicy, Usage,
        context::{Context, Settings},
    },
    types::Timestamp,
};

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
    context: Context,
}

impl Client {
    pub(super) fn new(context: Context) -> Self {
        Client { context }
    }

    /// The base URL that requests are sent below.
    pub fn base_url(&self) -> &str {
        self.context.shared().base_url.as_str()
    }

    /// The same client with a deadline for each of its calls, which covers all attempts and all waits. Each page of a walk is a
    /// call.
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

    /// The same client with another retry policy. The retry budget stays shared by all clones.
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

    /// The same client, which bypasses the cache.
    #[cfg(feature = "cache")]
    #[must_use]
    pub fn without_cache(&self) -> Self {
        self.with(|settings| settings.without_cache = true)
    }

    fn with(&self, change: impl FnOnce(&mut Settings)) -> Self {
        Client {
            context: self.context.with(change),
        }
    }

    /// The current state of the rate limiter: the limit, how much of it is in use, how many calls wait, and until when the
    /// service asked for a pause.
    pub fn rate(&self) -> Rate {
        self.context.shared().credentials.rate()
    }

    /// The counters of this client and its clones, by operation.
    pub fn usage(&self) -> Usage {
        self.context.shared().tally.usage()
    }

    /// When the key in use expires. Only a JWT has that time; two weeks before it a warning is logged.
    pub fn key_expires_at(&self) -> Option<Timestamp> {
        self.context.shared().credentials.known()?.expires_at
    }

    /// Converts a time to the time zone of the account, for parameters of type [`AccountTime`]. This requests the account.
    ///
    /// # Errors
    ///
    /// See [`ErrorKind`](crate::ErrorKind); `Decode` if the time zone is unknown.
    #[cfg(feature = "changes")]
    pub async fn account_time(&self, time: Timestamp) -> Result<AccountTime> {
        Ok(self.account_zone().await?.parameter(time))
    }

    /// The time zone of the account. This requests the account.
    ///
    /// # Errors
    ///
    /// See [`ErrorKind`](crate::ErrorKind); `Decode` if the time zone is unknown.
    #[cfg(feature = "changes")]
    pub async fn account_zone(&self) -> Result<crate::AccountZone> {
        crate::AccountZone::of_account(&self.context).await
    }

    /// Starts a call that lists what has changed since a time, with the filter of a
    /// [`Collection`](crate::description::Collection::change_filter). It requests the account if the filter takes a time in its
    /// zone; if the key may not read the account, or the zone is unknown, the time is early enough for every zone.
    ///
    /// Reach back some minutes further than you read last, for records that were written late.
    ///
    /// ```no_run
    /// use atera::description::Collection;
    ///
    /// # async fn example(client: atera::Client, last_time: atera::Timestamp) -> atera::Result<()> {
    /// for collection in Collection::all() {
    ///     if let Some(filter) = collection.change_filter() {
    ///         let mut changed = client.changed_since(&filter, last_time).await?.records();
    ///         while let Some(record) = changed.try_next().await? {
    ///             println!("{}: {}", collection.name(), record.get());
    ///         }
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// See [`ErrorKind`](crate::ErrorKind), if the account cannot be read for another reason.
    #[cfg(feature = "changes")]
    pub async fn changed_since(&self, filter: &ChangeFilter, since: Timestamp) -> Result<DynamicCall> {
        let kind = filter.parameter.kind;
        let value = match kind.utc_time(since) {
            Some(value) => value,
            None => kind.account_time(match self.account_time(since).await {
                Ok(local) => local,
                Err(error) if matches!(error.kind(), ErrorKind::Forbidden | ErrorKind::Decode) => {
                    AccountTime::earliest(since)
                }
                Err(error) => return Err(error),
            }),
        };
        let call = self
            .operation(filter.operation)
            .set(filter.parameter.name, value)?;
        filter
            .switches
            .iter()
            .try_fold(call, |call, name| call.set(name, "true"))
    }

    /// Starts a call of an operation that is chosen at run time; see [`DynamicCall`].
    pub fn operation(&self, operation: &'static Operation) -> DynamicCall {
        DynamicCall::new(self.context.clone(), operation)
    }

    /// Starts a request to any path below the base URL: `client.request(Method::GET, "/account")`; see [`UntypedCall`].
    pub fn request(&self, method: Method, path: impl Into<String>) -> UntypedCall {
        UntypedCall::new(self.context.clone(), method, path.into())
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Client")
            .field("base_url", &self.base_url())
            .finish_non_exhaustive()
    }
}

/// The groups of operations, as methods of the client.
mod groups {
    use super::Client;

    include!(concat!(env!("OUT_DIR"), "/accessors.rs"));
}
