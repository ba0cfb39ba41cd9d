//! A rate limit for many machines, on a Redis or Valkey server.
//!
//! The slots are in sorted sets of the server, and one script changes them. The script has the rules of the window of one process,
//! and the time of the server's clock. A process asks once for a slot and tells once what became of it; while it waits, the script
//! says when to ask again.

// `address` and `error` know no connection, `connect` makes one, `link` runs the script once, `store` does so until there is a slot, `builder` is how
// users get one.

mod address;
mod builder;
mod connect;
mod error;
mod link;
mod store;
#[cfg(test)]
mod tests;

pub use builder::RedisStoreBuilder;
pub use error::RedisStoreError;
pub use store::{Holder, Quarantine, RedisStore, Status, Unknown};
