//! The API key: how it is read, checked, stored and sent, and how it is removed from errors.

mod key;
mod key_provider;
mod redact;

pub use key::{ApiKey, KeyHeader};
pub(crate) use key_provider::KeyFile;
pub use key_provider::{KeyFuture, KeyProvider};
pub(crate) use redact::redact;
