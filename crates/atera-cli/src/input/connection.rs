//! Which service to ask, and with which key.
//!
//! The key comes from `--api-key-file`, `--profile` or `ATERA_PROFILE`, the environment, or the default profile, in that order.
//! The address of a profile belongs to its key, so `ATERA_BASE_URL` does not redirect a profile: the key of one tenant would be
//! sent to another service. With `--sandbox` a server of the command's own is started, and nothing else is looked at.
//!
//! All commands on a machine that use the same key keep one rate limit, in a file in the folder for state, unless `--limit-store`
//! or the profile names a server that keeps it for many machines.

use std::env;

use atera::{
    ApiKey, Client, ClientBuilder, Error, ErrorKind, RateLimit, Result, RetryPolicy, description::BASE_URL,
};
use atera_sandbox::Sandbox;

use super::{
    config_file::Config,
    globals::Globals,
    limit_store::{self, LimitStore},
    sandbox_time,
};
use crate::output::{
    failure::Failure,
    waits::{Waits, now},
};

const KEY_VARIABLES: [&str; 2] = ["ATERA_API_KEY", "ATERA_API_KEY_FILE"];
const PROFILE_VARIABLE: &str = "ATERA_PROFILE";
/// What messages call the key of a dry run that has none.
const NO_KEY: &str = "no key";
const BASE_URL_VARIABLE: &str = "ATERA_BASE_URL";

/// A key, the service that it is for, and how to ask that.
pub(crate) struct Connection {
    /// The key.
    pub(crate) key: ApiKey,
    /// What messages call it: a profile, or where the key comes from. Never the key.
    pub(crate) name: String,
    /// The address, if it is not that of the live service.
    base_url: Option<String>,
    limit: RateLimit,
    retry: RetryPolicy,
    /// Where it is told what calls wait for.
    waits: Waits,
    /// Where the profile has the limit kept.
    limit_store: Option<String>,
    /// The rate limit that several processes share.
    store: Option<LimitStore>,
    /// The sandbox of `--sandbox`. It stops when it is dropped, so it lives as long as the connection.
    sandbox: Option<Sandbox>,
}

impl Connection {
    /// Finds the key, and starts the sandbox if one is wanted. Nothing is sent yet. While the server with the limit is away, this
    /// takes some seconds: a command that catches signals ends the wait when one comes.
    ///
    /// # Errors
    ///
    /// `Config` if there is no key, if it cannot be read, if the sandbox cannot be started, or if the server with the limit cannot
    /// be reached.
    pub(crate) async fn open(globals: &Globals) -> Result<Self> {
        let (connection, shared) = Self::open_without_limit(globals).await?;
        shared.map(|()| connection)
    }

    /// The same for a command that goes on if the limit is not to be had: why is the second result. Nothing may be sent then.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open), but for the limit.
    pub(crate) async fn open_without_limit(globals: &Globals) -> Result<(Self, Result<()>)> {
        let mut connection = Self::find(globals).await?;
        let shared = connection.share_limit(globals).await;
        Ok((connection, shared))
    }

    /// Finds the key, and starts the sandbox if one is wanted.
    async fn find(globals: &Globals) -> Result<Self> {
        if globals.sandbox {
            let time = sandbox_time::from_environment()?;
            let sandbox = sandbox_time::set(Sandbox::builder(), time).start().await?;
            return Ok(Connection {
                key: ApiKey::new(sandbox.api_key())?,
                name: "the sandbox".to_string(),
                base_url: Some(sandbox.base_url().to_string()),
                limit: globals.rate_limit,
                retry: retry(globals),
                waits: globals.waits.clone(),
                limit_store: None,
                store: None,
                sandbox: Some(sandbox),
            });
        }
        Self::of_the_service(globals)
    }

    /// The connection that a profile describes.
    ///
    /// # Errors
    ///
    /// `Config` if there is no such profile, if its key cannot be read, or if the server with its limit cannot be reached.
    pub(crate) async fn of_profile(config: &Config, name: &str, globals: &Globals) -> Result<Self> {
        let mut connection = of_profile(config, name, globals)?;
        connection.share_limit(globals).await?;
        Ok(connection)
    }

    /// The connection to a service: the live one, or one at another address.
    fn of_the_service(globals: &Globals) -> Result<Self> {
        let from_environment = |key: ApiKey, name: String| Connection {
            key,
            name,
            base_url: variable(BASE_URL_VARIABLE),
            limit: globals.rate_limit,
            retry: retry(globals),
            waits: globals.waits.clone(),
            limit_store: None,
            store: None,
            sandbox: None,
        };
        if let Some(file) = &globals.api_key_file {
            let key = ApiKey::from_file(file)?;
            return Ok(from_environment(key, format!("the key in {}", file.display())));
        }
        if let Some(name) = &globals.profile {
            return of_profile(&Config::load()?, name, globals);
        }
        // Not by clap, for which the variable would contradict --api-key-file and --sandbox.
        if let Some(name) = variable(PROFILE_VARIABLE) {
            return of_profile(&Config::load()?, &name, globals).map_err(|error| {
                let sentence = format!("{error}; {PROFILE_VARIABLE} names this profile");
                error.explained(sentence)
            });
        }
        if let Some(name) = KEY_VARIABLES.iter().find(|name| variable(name).is_some()) {
            return Ok(from_environment(
                ApiKey::from_env()?,
                format!("the key in {name}"),
            ));
        }
        let config = Config::load()?;
        let Some(name) = &config.default else {
            if globals.dry_run {
                // A dry run sends nothing, so it works before a key is set up.
                return Ok(from_environment(ApiKey::new("none")?, NO_KEY.to_string()));
            }
            return Err(Error::config(
                "there is no API key; store one from Admin > API in Atera with `atera config set NAME`, or set \
                 ATERA_API_KEY to it, or ATERA_API_KEY_FILE to a file with it; --sandbox needs none",
            ));
        };
        let connection = of_profile(&config, name, globals)?;
        // Someone who has set another address does not expect to reach the one of the profile.
        match variable(BASE_URL_VARIABLE) {
            Some(url) if url.trim_end_matches('/') != connection.base_url() => Err(Error::config(format!(
                "{BASE_URL_VARIABLE} names another service than the default profile `{name}`; set ATERA_API_KEY to a \
                 key for that service, or unset {BASE_URL_VARIABLE}, or give --profile {name}"
            ))),
            _ => Ok(connection),
        }
    }

    /// Shares the limit with all other programs that use the same key: of the fleet if a server is named, and else of this machine.
    async fn share_limit(&mut self, globals: &Globals) -> Result<()> {
        // A dry run with a key may look names up.
        if self.is_sandbox() || self.name == NO_KEY || self.limit.requests().is_none() {
            return Ok(());
        }
        let url = url::Url::parse(self.base_url()).ok();
        let host = url.as_ref().map_or("", |url| {
            &url[url::Position::BeforeHost..url::Position::AfterPort]
        });
        let of_profile = self.limit_store.as_deref();
        self.store = limit_store::open(&globals.limit_store, of_profile, &self.key, host, self.limit).await?;
        Ok(())
    }

    /// The rate limit that several processes share, if one is shared.
    pub(crate) fn limit_store(&self) -> Option<&LimitStore> {
        self.store.as_ref()
    }

    /// The address of the service, without a slash at its end.
    pub(crate) fn base_url(&self) -> &str {
        let given = self.base_url.as_deref().unwrap_or(BASE_URL);
        given.trim_end_matches('/')
    }

    /// A client to look names up with. A dry run does that too, since it could not show the request otherwise.
    ///
    /// # Errors
    ///
    /// `Config` if there is no key to ask with.
    pub(crate) fn client_for_names(&self) -> Result<Client> {
        match self.name == NO_KEY {
            true => Err(Error::config(
                "a name is looked up in the account, also for --dry-run, and there is no API key; set one up with \
                 `atera config set NAME`, or give the id",
            )),
            false => self.client(),
        }
    }

    /// Whether it is a sandbox of the command's own, where no write does harm.
    pub(crate) fn is_sandbox(&self) -> bool {
        self.sandbox.is_some()
    }

    /// A client of the service, to be set up further.
    pub(crate) fn builder(&self) -> ClientBuilder {
        let (waits, store) = (self.waits.clone(), self.store.clone());
        let builder = Client::builder()
            .api_key(self.key.clone())
            .base_url(self.base_url())
            .rate_limit(self.limit)
            .retry(self.retry.clone())
            .on_wait(move |wait| {
                let store = store.as_ref().map(LimitStore::kind).unwrap_or_default();
                waits.note(wait, store, now());
            });
        match &self.store {
            Some(store) => store.limit(builder),
            None => builder,
        }
    }

    /// A client of the service.
    ///
    /// # Errors
    ///
    /// `Config`, as [`ClientBuilder::build`].
    pub(crate) fn client(&self) -> Result<Client> {
        self.builder().build()
    }

    /// The same for a failure, if it is one of a call.
    pub(crate) fn explained(&self, failure: Failure) -> Failure {
        match failure {
            Failure::Call(error) => Failure::Call(self.explain(error)),
            failure => failure,
        }
    }

    /// The error with what only the command knows: which key was refused, or which address did not answer.
    pub(crate) fn explain(&self, error: Error) -> Error {
        let sentence = match error.kind() {
            ErrorKind::Unauthorized => format!("{error}; asked with {}", self.name),
            ErrorKind::Connection => format!("{error}; asked at {}", self.base_url()),
            _ => return error,
        };
        error.explained(sentence)
    }
}

/// The profile that a connection would use. `None` if its key would come from elsewhere, or if there is none.
///
/// # Errors
///
/// `Config` if the config file cannot be read.
#[cfg(any(feature = "mcp", feature = "mirror"))]
pub(crate) fn profile_in_use(globals: &Globals) -> Result<Option<String>> {
    if globals.sandbox || globals.api_key_file.is_some() {
        return Ok(None);
    }
    if let Some(name) = globals.profile.clone().or_else(|| variable(PROFILE_VARIABLE)) {
        return Ok(Some(name));
    }
    if KEY_VARIABLES.iter().any(|name| variable(name).is_some()) {
        return Ok(None);
    }
    Ok(Config::load()?.default)
}

/// The variables of the environment that say which account a connection asks, where no flag says the same: those of the key and the
/// address, or of the file in which the profile is.
///
/// # Errors
///
/// `Config` if the config file cannot be read.
#[cfg(feature = "mcp")]
pub(crate) fn variables_in_use(globals: &Globals) -> Result<Vec<&'static str>> {
    let mut names = Vec::new();
    if globals.sandbox {
        return Ok(names);
    }
    if profile_in_use(globals)?.is_some() {
        names.push(super::config_file::VARIABLE);
    } else {
        if globals.api_key_file.is_none() {
            names.extend(KEY_VARIABLES.into_iter().find(|name| variable(name).is_some()));
        }
        names.push(BASE_URL_VARIABLE);
    }
    names.retain(|name| variable(name).is_some());
    Ok(names)
}

/// The connection that a profile describes.
fn of_profile(config: &Config, name: &str, globals: &Globals) -> Result<Connection> {
    let profile = config.profile(name)?;
    Ok(Connection {
        key: profile.key(name)?,
        name: format!("profile `{name}`"),
        base_url: profile.base_url.clone(),
        limit: globals.rate_limit,
        retry: retry(globals),
        waits: globals.waits.clone(),
        limit_store: profile.limit_store.clone(),
        store: None,
        sandbox: None,
    })
}

/// How requests are sent again.
fn retry(globals: &Globals) -> RetryPolicy {
    let policy = RetryPolicy::new();
    match globals.max_attempts {
        Some(attempts) => policy.max_attempts(attempts),
        None => policy,
    }
}

/// A variable of the environment that is set and not empty.
pub(crate) fn variable(name: &str) -> Option<String> {
    let value = env::var_os(name).filter(|value| !value.is_empty())?;
    // Text that is not UTF-8 is neither a key nor an address. The client refuses it with a better message.
    Some(value.to_string_lossy().into_owned())
}
