//! Where the user's own reports are.

use std::path::PathBuf;

use atera_mirror::report::Reports;
use clap::ArgMatches;

use super::arguments;
use crate::{
    commands::mirror::failure::failure,
    input::{config_file::Config, connection},
    output::failure::Failure,
};

/// The variable that names the folder.
const VARIABLE: &str = "ATERA_REPORTS";

/// The folder that was named, if one was.
fn named(matches: &ArgMatches) -> Option<PathBuf> {
    let flag = matches.get_one::<PathBuf>(arguments::REPORTS).cloned();
    flag.or_else(|| connection::variable(VARIABLE).map(PathBuf::from))
}

/// The folder, whether or not it exists.
///
/// # Errors
///
/// `Config` if it has no place.
pub(super) fn path(matches: &ArgMatches) -> Result<PathBuf, Failure> {
    match named(matches) {
        Some(folder) => Ok(folder),
        None => Ok(Config::path()?.with_file_name("reports")),
    }
}

/// All reports. A folder that was named has to exist.
///
/// # Errors
///
/// `Config` if the folder cannot be read.
pub(crate) fn reports(matches: &ArgMatches) -> Result<Reports, Failure> {
    let folder = match named(matches) {
        Some(folder) => Some(folder),
        // Without a home folder there is none.
        None => path(matches).ok().filter(|folder| folder.is_dir()),
    };
    match folder {
        Some(folder) => Reports::with_folder(&folder).map_err(|error| failure(&error)),
        None => Ok(Reports::built_in()),
    }
}
