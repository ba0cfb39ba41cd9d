//! The settings of a store.

use std::{fmt, mem, path::PathBuf, process, time::Duration};

use atera::{ApiKey, RateLimit};
use sha2::{Digest, Sha256};

use super::{
    address::Address,
    connect::Connector,
    error::RedisStoreError,
    link::Link,
    store::{RedisStore, Server, Setup},
};

/// How long a server may be away.
const PATIENCE: Duration = Duration::from_secs(10);

/// How to reach a server, and how to keep a limit there. See [`RedisStore::builder`].
#[must_use]
pub struct RedisStoreBuilder {
    address: String,
    user: Option<String>,
    password_file: Option<PathBuf>,
    ca_file: Option<PathBuf>,
    prefix: Option<String>,
    salt: Option<String>,
    name: Option<String>,
    lease: Duration,
    patience: Option<Duration>,
}

impl RedisStore {
    /// The settings of a store at an address:
    ///
    /// | address | is |
    /// |---|---|
    /// | `redis://[user[:password]@]host[:port][/database]` | a server, or a node of a cluster |
    /// | `redis+sentinel://[user[:password]@]host[:port],host[:port]/primary[/database]` | the primary of this name, which these sentinels know |
    /// | `redis+cluster://[user[:password]@]host[:port],host[:port]` | a cluster, of which these are some nodes |
    /// | `redis+unix://[user[:password]@]/path` | a server at a socket |
    ///
    /// With `rediss` in place of `redis`, connections use TLS. `valkey` and `valkeys` are the same.
    ///
    /// A query can have the options `password_file`, `ca_file`, `prefix`, `salt` and `patience` (in seconds), as in
    /// `rediss://limits@redis.example?password_file=/run/secrets/redis`, and `sentinel_user` and `sentinel_password_file`. The methods of
    /// the builder win over them. User and password are those of the server; sentinels get their own alone.
    pub fn builder(address: impl Into<String>) -> RedisStoreBuilder {
        RedisStoreBuilder {
            address: address.into(),
            user: None,
            password_file: None,
            ca_file: None,
            prefix: None,
            salt: None,
            name: None,
            lease: Duration::from_secs(60),
            patience: None,
        }
    }

    /// A store at this address for requests with this key to this host, with the default settings.
    ///
    /// # Errors
    ///
    /// As [`RedisStoreBuilder::connect`].
    pub async fn connect(
        address: impl Into<String>,
        key: &ApiKey,
        host: &str,
        limit: RateLimit,
    ) -> Result<Self, RedisStoreError> {
        RedisStore::builder(address).connect(key, host, limit).await
    }
}

impl RedisStoreBuilder {
    /// The user to log in as, in place of the one in the address.
    pub fn user(mut self, name: impl Into<String>) -> Self {
        self.user = Some(name.into());
        self
    }

    /// The file with the password. It is read for each connection, so the password can be changed.
    pub fn password_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.password_file = Some(path.into());
        self
    }

    /// A PEM file with certificates of issuers that are trusted beside those of the system.
    pub fn ca_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.ca_file = Some(path.into());
        self
    }

    /// What the names of all keys on the server begin with, after a brace; `atera` by default.
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = Some(prefix.into());
        self
    }

    /// What is hashed together with key and host, so that others who see the server cannot tell whether two of its limits, or one on
    /// another server, are for the same key. All programs of the fleet need the same one; empty by default.
    pub fn salt(mut self, salt: impl Into<String>) -> Self {
        self.salt = Some(salt.into());
        self
    }

    /// What [`RedisStore::status`] calls this program, before a random part; the number of its process by default. Others who see the
    /// server see it.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// After how long a program that does not say what became of a slot is assumed to be gone; a minute by default. It must be at least
    /// twice the timeout of an attempt: a request is sent up to half a lease after its slot was asked for. A server that does not know
    /// what was sent before has nothing sent for at least the longest lease of all programs.
    pub fn lease(mut self, lease: Duration) -> Self {
        self.lease = lease;
        self
    }

    /// How long a call, or [`connect`](Self::connect), tries again at most while the server cannot be reached; 10 seconds by
    /// default. Calls with less patience or with an earlier deadline fail earlier. A server that can be reached has 2 seconds to
    /// answer in any case.
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = Some(patience);
        self
    }

    /// Connects to the server, for requests with this key to this host. It tries again as long as the patience says, so that a
    /// program can start during a failover.
    ///
    /// Names on the server contain a hash of salt, key and host, and none of them.
    ///
    /// # Errors
    ///
    /// That the address or a file is wrong, that the server cannot be reached, or that it refuses the login or the script.
    pub async fn connect(
        self,
        key: &ApiKey,
        host: &str,
        limit: RateLimit,
    ) -> Result<RedisStore, RedisStoreError> {
        let mut address = Address::parse(&self.address)?;
        let login = &mut address.login;
        login.user = self.user.or(login.user.take());
        login.password_file = self.password_file.or(login.password_file.take());
        let options = mem::take(&mut address.options);
        let prefix = self.prefix.or(options.prefix);
        let prefix = prefix.as_deref().unwrap_or("atera");
        let salt = self.salt.or(options.salt).unwrap_or_default();
        let ca_file = self.ca_file.or(options.ca_file);
        let patience = self.patience.or(options.patience).unwrap_or(PATIENCE);
        if prefix.contains(['{', '}']) {
            return Err(RedisStoreError::lasting(
                "the prefix of the limit store contains a brace; write one without, such as `atera`",
            ));
        }
        let hash = Sha256::new()
            .chain_update((salt.len() as u64).to_le_bytes())
            .chain_update(&salt)
            .chain_update(key.expose_secret())
            .chain_update([0])
            .chain_update(host)
            .finalize();
        let hash: String = hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        let name = self.name.unwrap_or_else(|| process::id().to_string());
        let store = RedisStore::new(Setup {
            server: Server::Link(Box::new(Link::new(Connector::new(address, ca_file)))),
            key: format!("{prefix}:{hash}"),
            holder: format!("{name}-{:08x}", fastrand::u32(..)),
            limit,
            lease: self.lease,
            patience,
        });
        store.reach().await?;
        Ok(store)
    }
}

impl fmt::Debug for RedisStoreBuilder {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The address may contain a password.
        out.debug_struct("RedisStoreBuilder")
            .field("prefix", &self.prefix)
            .field("lease", &self.lease)
            .field("patience", &self.patience)
            .finish_non_exhaustive()
    }
}
