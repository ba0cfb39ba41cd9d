//! Rate limits of the [`atera`] client that live outside one process.
//!
//! A client keeps its limit by itself: all clients of one process that use the same key share a window of requests. Two
//! processes with the same key know nothing of each other, so together they may send twice what the service allows.
//! A store from this crate takes the place of the window in the process:
//!
//! | store | shared by | kept in |
//! |---|---|---|
//! | [`FileStore`] | all processes of one machine | a file |
//! | `RedisStore` (feature `redis`) | programs on many machines | a Redis or Valkey server |
//!
//! ```no_run
//! use atera::{ApiKey, Client, RateLimit};
//! use atera_limits::FileStore;
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let key = ApiKey::from_env()?;
//! let folder = std::path::Path::new("/var/lib/my-tool");
//! let store = FileStore::open(folder, &key, "app.atera.com", RateLimit::default())?;
//! let client = Client::builder().api_key(key).slot_store(store).build()?;
//! # let _ = client;
//! # Ok(())
//! # }
//! ```
//!
//! # What a store guarantees
//!
//! - The service never counts more requests than the limit in any window, whichever process sends them and however late
//!   their answers come. A slot is free again one window after its answer.
//! - A process that is killed does not block the others. Its unfinished requests count as sent; their slots are free again
//!   after a lease of a minute, the late allowance, and a window.
//! - Single calls go before walks over lists, and both keep their share, as [`Priority`](atera::Priority) describes, also between
//!   processes. The calls of one process get their slots in the order in which they ask; between processes the first to read
//!   the file gets the slot.
//! - A pause that the service asks for (429 with `Retry-After`) holds for all processes, and so does what an answer still allows
//!   (`X-RateLimit-Remaining`).
//! - A damaged file lets nothing through for one window, because it is unknown what was sent. So does a server that is new, was
//!   restarted or emptied.
//!
//! A store runs on tokio: file access happens on its blocking threads.
//!
//! # Layers
//!
//! `ledger` decides and is given the time; `file` reads, locks and replaces the file around it. `fleet` is the store on a server,
//! whose script decides. `queue` has the calls of this process that wait. `file` and `fleet` use `ledger` and `queue`, never the other
//! way round.

mod file;
#[cfg(feature = "redis")]
mod fleet;
mod ledger;
mod queue;

pub use file::FileStore;
#[cfg(feature = "redis")]
pub use fleet::{Holder, Quarantine, RedisStore, RedisStoreBuilder, RedisStoreError, Status, Unknown};

/// The examples of the README, to be compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
