//! A cache of answers that change slowly: customers, contracts, rates, and the like.
//!
//! It holds single records and whole lists, never single pages, so that pages of different age are never mixed. The answers
//! are cached undecoded. A write increments the generation of its resource before and after it. Entries belong to the
//! generation in which their read began, so entries from before the write, and from reads that overlap it, are not found any
//! more.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use super::response::Answer;
use crate::{Error, Result, clock, sync::lock};

/// Settings of the cache of answers; a client has no cache unless one is given to
/// [`ClientBuilder::cache`](crate::ClientBuilder::cache).
///
/// It caches single records, and lists read by [`all`](crate::List::all), of the operations that the description marks as
/// slowly changing ([`Operation::cache`](crate::description::Operation::cache)). A write by this client or a clone of it
/// invalidates the entries of the same resource at once; a write by anyone else becomes visible when the time to live is
/// over. [`Client::without_cache`](crate::Client::without_cache) bypasses the cache.
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
    /// A cache of 64 MiB that keeps answers for 5 minutes, the time that the guide gives.
    pub fn new() -> Self {
        Cache {
            time_to_live: Duration::from_secs(5 * 60),
            max_bytes: 64 * 1024 * 1024,
        }
    }

    /// How long an answer stays valid; 5 minutes by default.
    pub fn time_to_live(mut self, time: Duration) -> Self {
        self.time_to_live = time;
        self
    }

    /// The size limit in bytes. Beyond it, the answers that are requested least are evicted first.
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
    /// The current generation of each resource.
    generations: Arc<Mutex<HashMap<String, u64>>>,
}

/// The key of an entry: the address below the base URL, and the generation of its resource.
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

    /// The record at the address. Concurrent calls for the same address share one request.
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
        // moka has its own clock; this checks the age by tokio's, which tests can control.
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
        // moka evicts only when it is used next, which may be much later.
        self.entries.run_pending_tasks().await;
        fetched.map_err(|error| error.duplicate())
    }

    fn generation(&self, resource: &str) -> u64 {
        let generations = lock(&self.generations);
        generations.get(resource).copied().unwrap_or_default()
    }

    /// Marks a write to the address as in progress until the guard is dropped.
    pub(crate) fn write(&self, address: &str) -> Write {
        let write = Write {
            generations: self.generations.clone(),
            resource: resource(address).to_string(),
        };
        write.renew();
        write
    }
}

/// A write in progress.
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

/// The resource that a write to an address may change: its first path segment.
fn resource(address: &str) -> &str {
    let path = address.split('?').next().unwrap_or_default();
    path.trim_start_matches('/').split('/').next().unwrap_or_default()
}

fn missing() -> Error {
    Error::config("the cache holds a record without an answer")
}
