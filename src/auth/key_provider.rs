//! Keys that change while the program runs.

use std::{error::Error as StdError, fmt, path::PathBuf, pin::Pin};

use super::{ApiKey, KeyHeader};

/// Provides the key, for keys that change while the program runs.
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
    /// The current key. The client asks for it before the first request, and again each time the service refuses the key: if the
    /// key has changed, the call is sent again with the new one.
    ///
    /// # Errors
    ///
    /// Any reason why there is no key. The call then fails with `Config`, and this error is its source.
    fn key(&self) -> KeyFuture;
}

/// The future that [`KeyProvider::key`] returns.
pub type KeyFuture = Pin<Box<dyn Future<Output = Result<ApiKey, Box<dyn StdError + Send + Sync>>> + Send>>;

/// A file that holds the key. It is read again after the service refused the key.
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
