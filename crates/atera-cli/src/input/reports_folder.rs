//! The folder of the user's own reports.

use std::path::PathBuf;

#[cfg(feature = "mirror")]
use atera_mirror::report::Reports;
#[cfg(feature = "mirror")]
use clap::ArgMatches;
use clap::{Arg, value_parser};

#[cfg(feature = "mirror")]
use super::{config_file::Config, connection};
#[cfg(feature = "mirror")]
use crate::output::failure::Failure;

/// The flag that names the folder.
pub(crate) const REPORTS: &str = "reports";

/// The variable that names it.
#[cfg(feature = "mirror")]
const VARIABLE: &str = "ATERA_REPORTS";

/// The flag for the folder.
pub(crate) fn argument() -> Arg {
    Arg::new(REPORTS)
        .long(REPORTS)
        .value_name("DIR")
        .value_parser(value_parser!(PathBuf))
        .help("The folder of your own reports; wins over ATERA_REPORTS")
}

/// The folder that was named, if one was.
#[cfg(feature = "mirror")]
fn named(matches: &ArgMatches) -> Option<PathBuf> {
    let flag = matches.get_one::<PathBuf>(REPORTS).cloned();
    flag.or_else(|| connection::variable(VARIABLE).map(PathBuf::from))
}

/// The folder, whether or not it exists.
///
/// # Errors
///
/// `Config` if it has no place.
#[cfg(feature = "mirror")]
pub(crate) fn path(matches: &ArgMatches) -> Result<PathBuf, Failure> {
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
#[cfg(feature = "mirror")]
pub(crate) fn reports(matches: &ArgMatches) -> atera_mirror::Result<Reports> {
    let folder = match named(matches) {
        Some(folder) => Some(folder),
        // Without a home folder there is none.
        None => path(matches).ok().filter(|folder| folder.is_dir()),
    };
    match folder {
        Some(folder) => Reports::with_folder(&folder),
        None => Ok(Reports::built_in()),
    }
}
