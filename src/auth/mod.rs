//! The API key: how it is read, checked, kept and sent, and how it is kept out of errors.

mod key;
mod provider;
mod redact;

pub use key::{ApiKey, KeyHeader};
pub(crate) use provider::KeyFile;
pub use provider::{KeyFuture, KeyProvider};
pub(crate) use redact::redact;
