//! A cache of what changes slowly: customers, contracts, rates, and the like.
//!
//! Single records and whole lists are kept, never pages, so that pages of different age are never mixed. What is kept is
//! the answer as it came. A write to a resource gives it a new generation, before and after: what was read earlier, and
//! what is still being read, belongs to an old one and is not found any more.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use super::response::Answer;
use crate::{Error, Result, clock, sync::lock};

/// What a client keeps of its answers; there is no cache unless one is given to
/// [`ClientBuilder::cache`](crate::ClientBuilder::cache).
///
/// AnswerCache are single records and lists read by [`all`](crate::List::all), of the operations that the description marks as
/// slowly changing ([`Operation::cache`](crate::description::Operation::cache)). A write of this client to the same part of the API is
/// seen at once; what others write is seen when the time is over. [`Client::without_cache`](crate::Client::without_cache)
/// asks the service.
///
/// ```no_run
/// # fn example(key: atera::ApiKey) -> atera::Result<()> {
/// use std::time::Duration;
///
/// let cache = atera::Cache::new().time_to_live(Duration::from_secs(60)).max_bytes(16 * 1024 * 1024);
/// let client = atera::Client::builder().api_key(key).cache(cache).build()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct Cache {
    time_to_live: Duration,
    max_bytes: u64,
}

impl Cache {
    /// A cache of 64 MiB that keeps answers for 5 minutes, as in the guide.
    pub fn new() -> Self {
        Cache {
            time_to_live: Duration::from_secs(5 * 60),
            max_bytes: 64 * 1024 * 1024,
        }
    }

    /// How long an answer is kept.
    pub fn time_to_live(mut self, time: Duration) -> Self {
        self.time_to_live = time;
        self
    }

    /// How many bytes of answers are kept; those that are asked for least go first.
    pub fn max_bytes(mut self, bytes: u64) -> Self {
        self.max_bytes = bytes;
        self
    }
}

impl Default for Cache {
    fn default() -> Self {
        Cache::new()
    }
}

/// The cache of a client.
#[derive(Debug)]
pub(crate) struct AnswerCache {
    time_to_live: Duration,
    entries: moka::future::Cache<EntryKey, Arc<Entry>>,
    /// By resource, how often it was written to.
    generations: Arc<Mutex<HashMap<String, u64>>>,
}

/// What is kept: the address below the base URL, and the generation of the resource that it belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct EntryKey {
    address: String,
    list: bool,
    generation: u64,
}

#[derive(Debug)]
struct Entry {
    since: Instant,
    answers: Vec<Answer>,
}

impl AnswerCache {
    pub(crate) fn new(cache: Cache) -> Self {
        let weight = |key: &EntryKey, entry: &Arc<Entry>| {
            let bodies: usize = entry.answers.iter().map(|answer| answer.value.len() + 512).sum();
            u32::try_from(key.address.len() + bodies).unwrap_or(u32::MAX)
        };
        let entries = moka::future::Cache::builder()
            .max_capacity(cache.max_bytes)
            .weigher(weight)
            .time_to_live(cache.time_to_live)
            .build();
        AnswerCache {
            time_to_live: cache.time_to_live,
            entries,
            generations: Arc::default(),
        }
    }

    /// The record at the address. All who ask at the same time wait for one answer.
    pub(crate) async fn record(
        &self,
        address: &str,
        fetch: impl Future<Output = Result<Answer>>,
    ) -> Result<Answer> {
        let fetch = async { Ok(vec![fetch.await?]) };
        let entry = self.entry(address, false, fetch).await?;
        entry.answers.first().cloned().ok_or_else(missing)
    }

    /// The pages of the whole list at the address.
    pub(crate) async fn list(
        &self,
        address: &str,
        fetch: impl Future<Output = Result<Vec<Answer>>>,
    ) -> Result<Vec<Answer>> {
        Ok(self.entry(address, true, fetch).await?.answers.clone())
    }

    async fn entry(
        &self,
        address: &str,
        list: bool,
        fetch: impl Future<Output = Result<Vec<Answer>>>,
    ) -> Result<Arc<Entry>> {
        let key = EntryKey {
            address: address.to_string(),
            list,
            generation: self.generation(resource(address)),
        };
        // moka goes by a clock of its own, this by tokio's.
        if let Some(entry) = self.entries.get(&key).await
            && clock::now() - entry.since >= self.time_to_live
        {
            self.entries.invalidate(&key).await;
        }
        let since = clock::now();
        let fetch = async {
            Ok(Arc::new(Entry {
                since,
                answers: fetch.await?,
            }))
        };
        let fetched: Result<_, Arc<Error>> = self.entries.try_get_with(key, fetch).await;
        // moka lets go of what is too much when it is next used; that may be long.
        self.entries.run_pending_tasks().await;
        fetched.map_err(|error| error.duplicate())
    }

    fn generation(&self, resource: &str) -> u64 {
        let generations = lock(&self.generations);
        generations.get(resource).copied().unwrap_or_default()
    }

    /// A write to the address is under way, until what is returned is dropped.
    pub(crate) fn write(&self, address: &str) -> Write {
        let write = Write {
            generations: self.generations.clone(),
            resource: resource(address).to_string(),
        };
        write.renew();
        write
    }
}

/// A write that is under way.
#[derive(Debug)]
pub(crate) struct Write {
    generations: Arc<Mutex<HashMap<String, u64>>>,
    resource: String,
}

impl Write {
    fn renew(&self) {
        let mut generations = lock(&self.generations);
        *generations.entry(self.resource.clone()).or_default() += 1;
    }
}

impl Drop for Write {
    fn drop(&mut self) {
        self.renew();
    }
}

/// What a write to an address may change: all that begins with the same segment.
fn resource(address: &str) -> &str {
    let path = address.split('?').next().unwrap_or_default();
    path.trim_start_matches('/').split('/').next().unwrap_or_default()
}

fn missing() -> Error {
    Error::config("the cache holds a record without an answer")
}
