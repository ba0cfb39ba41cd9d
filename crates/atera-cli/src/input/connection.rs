//! Whom to ask, and with which key: by flags, by the environment, or by the config file, in that order.

use std::{env, io, path::PathBuf};

use etcetera::BaseStrategy;

use super::{config::Config, globals::Globals, terminal::tell};
use crate::limit::FileStore;
use crate::{
    ApiKey, Client, ClientBuilder, Error, ErrorKind, RateLimit, Result, RetryPolicy, sandbox::Sandbox,
};

const KEY_VARIABLES: [&str; 2] = ["ATERA_API_KEY", "ATERA_API_KEY_FILE"];
const BASE_URL_VARIABLE: &str = "ATERA_BASE_URL";

/// A key, and where it is used.
pub(super) struct Connection {
    pub(super) key: ApiKey,
    /// What it is known by: a profile, or where the key is from.
    pub(super) name: String,
    base_url: Option<String>,
    limit: RateLimit,
    retry: RetryPolicy,
    /// The limit that all processes of this machine share.
    store: Option<FileStore>,
    /// The sandbox stops when it is dropped, so it stays until the end.
    sandbox: Option<Sandbox>,
}

impl Connection {
    /// Finds the key, and starts the sandbox if that is to be asked.
    pub(super) async fn open(globals: &Globals) -> Result<Self> {
        if globals.sandbox {
            let sandbox = Sandbox::builder().start().await?;
            return Ok(Connection {
                key: ApiKey::new(sandbox.api_key())?,
                name: "the sandbox".to_string(),
                base_url: Some(sandbox.base_url().to_string()),
                limit: globals.rate_limit,
                retry: retry(globals),
                store: None,
                sandbox: Some(sandbox),
            });
        }
        let mut connection = Self::of_the_service(globals)?;
        connection.share_limit(globals);
        Ok(connection)
    }

    fn of_the_service(globals: &Globals) -> Result<Self> {
        let from_environment = |key: ApiKey, name: String| Connection {
            key,
            name,
            base_url: variable(BASE_URL_VARIABLE),
            limit: globals.rate_limit,
            retry: retry(globals),
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
        if let Some(name) = KEY_VARIABLES.iter().find(|name| variable(name).is_some()) {
            return Ok(from_environment(
                ApiKey::from_env()?,
                format!("the key in {name}"),
            ));
        }
        let config = Config::load()?;
        let Some(name) = &config.default else {
            if globals.dry_run {
                // Nothing is sent, so any key will do.
                return Ok(from_environment(ApiKey::new("none")?, "no key".to_string()));
            }
            return Err(Error::config(
                "there is no API key; store one from Admin > API in Atera with `atera config set NAME`, or set \
                 ATERA_API_KEY to it, or ATERA_API_KEY_FILE to a file with it; --sandbox needs none",
            ));
        };
        let connection = of_profile(&config, name, globals)?;
        // Whoever has set up another service does not expect to reach the one of the profile.
        match variable(BASE_URL_VARIABLE) {
            Some(url) if url.trim_end_matches('/') != connection.base_url() => Err(Error::config(format!(
                "{BASE_URL_VARIABLE} names another service than the default profile `{name}`; set ATERA_API_KEY to a \
                 key for it, or unset {BASE_URL_VARIABLE}, or say --profile {name}"
            ))),
            _ => Ok(connection),
        }
    }

    /// Keeps the limit together with all other processes of this machine that use the same key.
    fn share_limit(&mut self, globals: &Globals) {
        if globals.dry_run || self.limit.requests().is_none() {
            return;
        }
        let opened = state_folder().and_then(|folder| {
            let host = url::Url::parse(self.base_url()).ok();
            let host = host.as_ref().map_or("", |url| {
                &url[url::Position::BeforeHost..url::Position::AfterPort]
            });
            FileStore::open(&folder, self.key.text(), host, self.limit)
        });
        match opened {
            Ok(store) => self.store = Some(store),
            Err(error) if !globals.quiet => {
                tell(format!(
                    "the rate limit is kept for this process alone, since its state cannot be shared: {error}; make the \
                     folder writable, or name another with XDG_STATE_HOME"
                ));
            }
            Err(_) => {}
        }
    }

    /// Where the key is used.
    pub(super) fn base_url(&self) -> &str {
        let given = self.base_url.as_deref().unwrap_or(crate::BASE_URL);
        given.trim_end_matches('/')
    }

    /// Whether nothing that is done there matters.
    pub(super) fn is_sandbox(&self) -> bool {
        self.sandbox.is_some()
    }

    /// Starts to set up a client of it.
    pub(super) fn builder(&self) -> ClientBuilder {
        let builder = Client::builder()
            .api_key(self.key.clone())
            .base_url(self.base_url())
            .rate_limit(self.limit)
            .retry(self.retry.clone());
        match &self.store {
            Some(store) => builder.slot_store(store.clone()),
            None => builder,
        }
    }

    /// A client of it.
    pub(super) fn client(&self) -> Result<Client> {
        self.builder().build()
    }

    /// Says which key was refused, or where nobody answered.
    pub(super) fn explain(&self, error: Error) -> Error {
        let told = match error.kind() {
            ErrorKind::Unauthorized => format!("{error}; asked with {}", self.name),
            ErrorKind::Connection => format!("{error}; asked at {}", self.base_url()),
            _ => return error,
        };
        let page = error.page().and_then(|page| i32::try_from(page).ok());
        let explained = Error::new(error.kind(), told).with_source(error);
        match page {
            Some(page) => explained.with_page(page),
            None => explained,
        }
    }
}

fn of_profile(config: &Config, name: &str, globals: &Globals) -> Result<Connection> {
    let profile = config.profile(name)?;
    Ok(Connection {
        key: profile.key(name)?,
        name: format!("profile `{name}`"),
        base_url: profile.base_url.clone(),
        limit: globals.rate_limit,
        retry: retry(globals),
        store: None,
        sandbox: None,
    })
}

fn retry(globals: &Globals) -> RetryPolicy {
    let policy = RetryPolicy::new();
    match globals.max_attempts {
        Some(attempts) => policy.max_attempts(attempts),
        None => policy,
    }
}

/// Where the limit's state is kept.
fn state_folder() -> io::Result<PathBuf> {
    let folders = etcetera::choose_base_strategy().map_err(io::Error::other)?;
    // Windows knows no folder for state alone.
    let folder = folders.state_dir().unwrap_or_else(|| folders.cache_dir());
    Ok(folder.join("atera"))
}

/// A variable of the environment that says something.
fn variable(name: &str) -> Option<String> {
    let value = env::var_os(name).filter(|value| !value.is_empty())?;
    // What is not text is neither a key nor an address, as the client says when it is given one.
    Some(value.to_string_lossy().into_owned())
}
