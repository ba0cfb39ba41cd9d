//! The error of a store on a server.

use std::{error::Error as StdError, fmt};

/// Why a [`RedisStore`](super::RedisStore) has no slot. Its message says what to do, and contains neither a key nor a password.
#[derive(Debug)]
pub struct RedisStoreError {
    message: String,
    source: Option<Box<dyn StdError + Send + Sync>>,
    is_temporary: bool,
}

impl RedisStoreError {
    /// What the user has to change.
    pub(super) fn lasting(message: impl Into<String>) -> Self {
        RedisStoreError {
            message: message.into(),
            source: None,
            is_temporary: false,
        }
    }

    /// The server cannot be reached, or does not answer as it should now.
    pub(super) fn temporary(message: impl Into<String>) -> Self {
        RedisStoreError {
            is_temporary: true,
            ..RedisStoreError::lasting(message)
        }
    }

    /// Whether the same may succeed later without a change of the settings: the server cannot be reached, or does not work now.
    pub fn is_temporary(&self) -> bool {
        self.is_temporary
    }

    pub(super) fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }
}

impl fmt::Display for RedisStoreError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.message)
    }
}

impl StdError for RedisStoreError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_ref().map(|source| &**source as _)
    }
}
