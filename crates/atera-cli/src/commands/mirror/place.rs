//! Where the mirror is: a file, or a database of Postgres.
//!
//! `--db` and `--database-url` say so, and `ATERA_DATABASE_URL` after them. Without any, each account has a file of its own in
//! the folder for data, since two accounts in one database would be one account to those who ask it.

use std::path::{Path, PathBuf};

use atera_mirror::Mirror;
use clap::ArgMatches;
use etcetera::BaseStrategy;

use super::{
    common_arguments::{self, URL_VARIABLE, is_address},
    failure::failure,
};
use crate::{
    input::{connection, globals::Globals},
    output::failure::Failure,
};

/// The mirror that the arguments name, or the one of the account.
///
/// # Errors
///
/// If it has no place, or the file or the address cannot be used.
pub(crate) async fn open(matches: &ArgMatches, globals: &Globals) -> Result<Mirror, Failure> {
    Place::read(matches, globals)?.open().await
}

/// The mirror that the arguments name, or the one of the account, which has to be there: for those who only ask it.
///
/// # Errors
///
/// As of [`open`], and if there is no mirror of the account, but one of the sandbox.
pub(crate) async fn open_to_ask(matches: &ArgMatches, globals: &Globals) -> Result<Mirror, Failure> {
    let place = Place::read(matches, globals)?;
    place.check_sandbox(matches, globals)?;
    place.open().await
}

/// The name of the file of the sandbox's mirror.
const SANDBOX: &str = "sandbox.db";

/// Where a mirror is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// A file of SQLite.
    File(PathBuf),
    /// A database of Postgres.
    Url(String),
}

impl Place {
    /// The place that the arguments name, or the one of the account.
    ///
    /// # Errors
    ///
    /// `Usage` if there is none for the profile, and `Config` if the config file cannot be read.
    pub(crate) fn read(matches: &ArgMatches, globals: &Globals) -> Result<Self, Failure> {
        Place::named(matches).map_or_else(|| Place::of_account(globals), Ok)
    }

    /// The place that one flag names, as a file or as the address of a database; without a value, that of the environment or of the
    /// account.
    ///
    /// # Errors
    ///
    /// As of [`read`](Place::read).
    pub(crate) fn given(value: Option<&Path>, globals: &Globals) -> Result<Self, Failure> {
        let place = value.map(Place::of_value).or_else(Place::of_environment);
        place.map_or_else(|| Place::of_account(globals), Ok)
    }

    /// A file, or a database by its address.
    fn of_value(value: &Path) -> Self {
        match value.to_str().filter(|_| is_address(value)) {
            Some(url) => Place::Url(url.to_string()),
            None => Place::File(value.to_path_buf()),
        }
    }

    /// The place of the account, where none is named.
    fn of_account(globals: &Globals) -> Result<Self, Failure> {
        let folders = etcetera::choose_base_strategy().map_err(|_| {
            Failure::Usage(
                "the mirror has no place, since this user has no home folder; name a file with --db"
                    .to_string(),
            )
        })?;
        let folder = folders.data_dir().join("atera");
        if globals.sandbox {
            return Ok(Place::File(folder.join(SANDBOX)));
        }
        match connection::profile_in_use(globals)? {
            None => Ok(Place::File(folder.join("mirror.db"))),
            Some(name) if is_file_name(&name) => {
                Ok(Place::File(folder.join("mirrors").join(format!("{name}.db"))))
            }
            Some(name) => Err(Failure::Usage(format!(
                "the mirror of profile `{name}` has no place of its own, since the name is not one for a file; name a file \
                 with --db"
            ))),
        }
    }

    /// The place that the arguments or the environment name, if they do.
    pub(crate) fn named(matches: &ArgMatches) -> Option<Self> {
        if let Some(file) = matches.get_one::<PathBuf>(common_arguments::DB) {
            return Some(Place::File(file.clone()));
        }
        // Not by clap, for which the variable would contradict --db.
        let url = matches.get_one::<String>(common_arguments::DATABASE_URL).cloned();
        url.map(Place::Url).or_else(Place::of_environment)
    }

    /// Refuses to ask the account's mirror if it is not there, and that of the sandbox is: --sandbox was left out.
    ///
    /// # Errors
    ///
    /// `Usage`, which says so.
    pub(crate) fn check_sandbox(&self, matches: &ArgMatches, globals: &Globals) -> Result<(), Failure> {
        let Place::File(path) = self else { return Ok(()) };
        if globals.sandbox || Place::named(matches).is_some() || path.exists() {
            return Ok(());
        }
        // Those of profiles are in a folder beside it.
        let is_beside = path
            .ancestors()
            .skip(1)
            .take(2)
            .any(|folder| folder.join(SANDBOX).exists());
        match is_beside {
            true => Err(Failure::Usage(format!(
                "there is no mirror in {}: the file does not exist; sync first, or ask that of the sandbox with --sandbox",
                path.display()
            ))),
            false => Ok(()),
        }
    }

    /// The place that the environment names, if it does.
    fn of_environment() -> Option<Self> {
        connection::variable(URL_VARIABLE).map(Place::Url)
    }

    /// The mirror there.
    ///
    /// # Errors
    ///
    /// If the file or the address cannot be used.
    pub(crate) async fn open(&self) -> Result<Mirror, Failure> {
        let opened = match self {
            Place::File(path) => Mirror::file(path).await,
            Place::Url(url) => Mirror::postgres(url).await,
        };
        opened.map_err(|error| failure(&error))
    }
}

/// Whether every file system takes a name for a file, and none takes it for a path.
fn is_file_name(name: &str) -> bool {
    let plain = |it: char| it.is_ascii_alphanumeric() || "-_. @+".contains(it);
    name.chars().all(plain)
        && name.starts_with(|it: char| it.is_ascii_alphanumeric())
        && !name.ends_with([' ', '.'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_postgres_is_no_file() {
        for (value, is_file) in [
            ("account.db", true),
            ("postgres.db", true),
            ("./postgres://user@host/name", true),
            ("postgres://user@host/name", false),
            ("postgresql://host/name?sslmode=require", false),
        ] {
            let expected = match is_file {
                true => Place::File(value.into()),
                false => Place::Url(value.into()),
            };
            assert_eq!(Place::of_value(Path::new(value)), expected);
        }
    }

    #[test]
    fn only_plain_names_are_those_of_files() {
        for (name, expected) in [
            ("acme", true),
            ("Acme Ltd. 2", true),
            ("it@acme.example", true),
            ("../acme", false),
            ("a/b", false),
            ("", false),
            (".", false),
            ("c:x", false),
        ] {
            assert_eq!(is_file_name(name), expected, "{name}");
        }
    }
}
