//! The API key: how it is read, checked, stored and sent, and how it is removed from errors.

mod key;
mod provider;
mod redact;

pub use key::{ApiKey, KeyHeader};
pub(crate) use provider::KeyFile;
pub use provider::{KeyFuture, KeyProvider};
pub(crate) use redact::redact;
