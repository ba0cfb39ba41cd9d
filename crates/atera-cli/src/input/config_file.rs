//! The config file: a profile for each tenant, with its key and its address.
//!
//! The file is TOML, `config.toml` in the user's folder for settings (`~/.config/atera` on Linux), or the file that
//! `ATERA_CONFIG` names. It may hold keys, so on Unix it is written with mode 600, and a file that others can read is refused:
//! a warning would be read once and then no more. No message quotes a line of it.
//!
//! ```toml
//! default = "acme"
//!
//! [profiles.acme]
//! api_key = "..."
//!
//! [profiles.other]
//! api_key_file = "/run/secrets/atera"
//! base_url = "https://proxy.example/api/v3"
//! limit_store = "rediss://limits@redis.example?password_file=/run/secrets/redis"
//! ```

use std::{
    collections::BTreeMap,
    env, fs, io,
    io::Write,
    path::{Path, PathBuf},
};

use atera::{ApiKey, Error, Result};
use etcetera::BaseStrategy;
use serde::{Deserialize, Serialize};

/// Environment variable that names another config file.
pub(crate) const VARIABLE: &str = "ATERA_CONFIG";

/// The content of the file. An unknown field is an error: it is most likely a mistyped one.
#[derive(Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// The profile that is used when none is named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) default: Option<String>,
    /// The profiles by their names.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) profiles: BTreeMap<String, Profile>,
}

/// One tenant. Either the key or the file with the key is set.
#[derive(Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Profile {
    /// The key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) api_key: Option<String>,
    /// The path of the file with the key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) api_key_file: Option<PathBuf>,
    /// The base URL, if it is not that of the live service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) base_url: Option<String>,
    /// The address of the server that keeps the rate limit, if it is not kept by each machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) limit_store: Option<String>,
}

impl Profile {
    /// The key of the profile. `name` is for the error.
    ///
    /// # Errors
    ///
    /// `Config` if there is none, or if it cannot be read.
    pub(crate) fn key(&self, name: &str) -> Result<ApiKey> {
        match (&self.api_key, &self.api_key_file) {
            (Some(key), None) => ApiKey::new(key),
            (None, Some(file)) => ApiKey::from_file(file),
            (None, None) => Err(Error::config(format!(
                "profile `{name}` has no key; give it one with `atera config set {name}`"
            ))),
            (Some(_), Some(_)) => Err(Error::config(format!(
                "profile `{name}` has a key and a key file; set it again with `atera config set {name}`"
            ))),
        }
    }
}

impl Config {
    /// The path of the file, whether or not the file exists.
    pub(crate) fn path() -> Result<PathBuf> {
        if let Some(path) = env::var_os(VARIABLE).filter(|path| !path.is_empty()) {
            return Ok(path.into());
        }
        let folders = etcetera::choose_base_strategy().map_err(|error| {
            let sentence = format!(
                "the config file has no place, since this user has no home folder; name a file with {VARIABLE}"
            );
            Error::config(sentence).with_source(error)
        })?;
        Ok(folders.config_dir().join("atera").join("config.toml"))
    }

    /// Reads the file. If it does not exist, there are no profiles.
    ///
    /// # Errors
    ///
    /// `Config` if it cannot be read or understood, or if others can read it.
    pub(crate) fn load() -> Result<Self> {
        Self::read(&Self::path()?)
    }

    fn read(path: &Path) -> Result<Self> {
        let cannot = |error: io::Error| {
            let sentence = format!(
                "the config file {} cannot be read; check its path and permissions",
                path.display()
            );
            Error::config(sentence).with_source(error)
        };
        let text = match fs::read_to_string(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Config::default()),
            text => text.map_err(cannot)?,
        };
        for_its_owner_alone(path)?;
        toml::from_str(&text).map_err(|error| {
            // toml's own message quotes the line, which may be the one with the key.
            let line = error
                .span()
                .and_then(|span| text.get(..span.start))
                .map_or(1, |before| before.lines().count().max(1));
            Error::config(format!(
                "line {line} of the config file {} is not understood; correct it, or set the profile again with \
                 `atera config set`",
                path.display()
            ))
        })
    }

    /// Writes the file with access for its owner alone, and returns its path. The old file is replaced at once, or not at all.
    pub(crate) fn save(&self) -> Result<PathBuf> {
        let path = Self::path()?;
        self.write(&path)?;
        Ok(path)
    }

    fn write(&self, path: &Path) -> Result<()> {
        let failed = |error: Box<dyn std::error::Error + Send + Sync>| {
            Error::config(format!(
                "the config file {} cannot be written; check the permissions of its folder",
                path.display()
            ))
            .with_source(error)
        };
        let text = toml::to_string(self).map_err(|error| failed(error.into()))?;
        let write = || -> io::Result<()> {
            let folder = match path.parent() {
                Some(folder) if !folder.as_os_str().is_empty() => folder,
                _ => Path::new("."),
            };
            fs::create_dir_all(folder)?;
            // Temporary files have mode 600.
            let mut file = tempfile::Builder::new().prefix(".config-").tempfile_in(folder)?;
            file.write_all(text.as_bytes())?;
            file.as_file().sync_all()?;
            file.persist(path)?;
            Ok(())
        };
        write().map_err(|error| failed(error.into()))
    }

    /// The profile of this name.
    ///
    /// # Errors
    ///
    /// `Config` if there is none; the message lists those that there are.
    pub(crate) fn profile(&self, name: &str) -> Result<&Profile> {
        self.profiles.get(name).ok_or_else(|| {
            let known: Vec<_> = self.profiles.keys().map(String::as_str).collect();
            let known = match known.is_empty() {
                true => "there are none yet".to_string(),
                false => format!("there are {}", known.join(", ")),
            };
            Error::config(format!(
                "there is no profile `{name}`, {known}; make it with `atera config set {name}`"
            ))
        })
    }
}

/// Refuses a file that others can read or change.
#[cfg(unix)]
fn for_its_owner_alone(path: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;

    let mode = fs::metadata(path).map_or(0, |file| file.permissions().mode() & 0o777);
    if mode & 0o077 == 0 {
        return Ok(());
    }
    Err(Error::config(format!(
        "the config file {path} can be read or changed by others (mode {mode:o}); run `chmod 600 {path}`, and renew its \
         keys if someone may have read them",
        path = path.display()
    )))
}

/// On other systems the folder for settings belongs to the user, and its access list keeps others out.
#[cfg(not(unix))]
fn for_its_owner_alone(_: &Path) -> Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told<T>(result: Result<T>) -> String {
        result.map(|_| ()).expect_err("an error").to_string()
    }

    #[test]
    fn what_is_written_is_read_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("new").join("config.toml");
        let mut config = Config::read(&path).expect("no file yet");
        let profile = Profile {
            api_key: Some("key".to_string()),
            ..Profile::default()
        };
        config.profiles.insert("acme".to_string(), profile);
        config.default = Some("acme".to_string());
        config.write(&path).expect("a file");

        let config = Config::read(&path).expect("a file");
        assert_eq!(config.default.as_deref(), Some("acme"));
        assert!(config.profile("acme").and_then(|it| it.key("acme")).is_ok());
        assert!(told(config.profile("other")).contains("there are acme; make it with"));
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;

        let file = tempfile::NamedTempFile::new().expect("a file");
        assert!(Config::read(file.path()).is_ok());
        let others = fs::Permissions::from_mode(0o640);
        fs::set_permissions(file.path(), others).expect("permissions");
        let sentence = told(Config::read(file.path()));
        assert!(
            sentence.contains("mode 640") && sentence.contains("chmod 600"),
            "{sentence}"
        );
    }

    #[test]
    fn a_mistake_is_told_by_its_line_without_the_key() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        fs::write(file.path(), "[profiles.acme]\napi_key = secret").expect("a file");
        let error = Config::read(file.path()).map(|_| ()).expect_err("an error");
        assert!(error.to_string().starts_with("line 2 of "), "{error}");
        assert!(!format!("{error:?} {error}").contains("secret"), "{error:?}");
    }

    #[test]
    fn a_profile_without_a_key_is_told_so() {
        assert!(told(Profile::default().key("acme")).contains("atera config set acme"));
    }
}
