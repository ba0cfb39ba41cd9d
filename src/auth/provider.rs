//! Keys that change while the program runs.

use std::{error::Error as StdError, fmt, path::PathBuf, pin::Pin};

use super::{ApiKey, KeyHeader};

/// Gives the key to send with, for keys that change while the program runs.
///
/// ```
/// use atera::{ApiKey, auth::{KeyFuture, KeyProvider}};
///
/// #[derive(Debug)]
/// struct Vault;
///
/// impl KeyProvider for Vault {
///     fn key(&self) -> KeyFuture {
///         Box::pin(async { Ok(ApiKey::new("the-key-of-today")?) })
///     }
/// }
/// ```
pub trait KeyProvider: fmt::Debug + Send + Sync + 'static {
    /// The key of now. It is asked for before the first request, and again each time the service refuses the key: a call
    /// whose key has changed meanwhile is sent again with the new one.
    ///
    /// # Errors
    ///
    /// Whatever keeps the key from being had. The call then fails with `Config`, and this as its source.
    fn key(&self) -> KeyFuture;
}

/// What a [`KeyProvider`] answers.
pub type KeyFuture = Pin<Box<dyn Future<Output = Result<ApiKey, Box<dyn StdError + Send + Sync>>> + Send>>;

/// A file that holds the key, and is read again after the key was refused.
#[derive(Debug)]
pub(crate) struct KeyFile {
    pub(crate) path: PathBuf,
    pub(crate) header: Option<KeyHeader>,
}

impl KeyProvider for KeyFile {
    fn key(&self) -> KeyFuture {
        let key = ApiKey::from_file(&self.path).map(|key| match self.header {
            Some(header) => key.in_header(header),
            None => key,
        });
        Box::pin(std::future::ready(key.map_err(Into::into)))
    }
}
