//! Arguments that several commands of the mirror have.

use std::{path::PathBuf, time::Duration};

use clap::{Arg, value_parser};

pub(crate) const DB: &str = "db";
pub(crate) const DATABASE_URL: &str = "database-url";
pub(crate) const LIMIT: &str = "limit";

/// The heading of the flags for the place of the mirror.
const DATABASE: &str = "Database";

/// The flags that say where the mirror is.
pub(crate) fn place() -> [Arg; 2] {
    [
        Arg::new(DB)
            .long(DB)
            .value_name("FILE")
            .value_parser(value_parser!(PathBuf))
            .conflicts_with(DATABASE_URL)
            .help_heading(DATABASE)
            .help("The file of the mirror; wins over ATERA_DATABASE_URL"),
        Arg::new(DATABASE_URL)
            .long(DATABASE_URL)
            .value_name("URL")
            .help_heading(DATABASE)
            .help(
                "A Postgres database, as in postgres://user@host/name; ATERA_DATABASE_URL keeps it out of the list of \
                 processes, and the password may be in PGPASSWORD or ~/.pgpass",
            ),
    ]
}

/// A span of time, as in 15m.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let time = humantime::parse_duration(text)
        .ok()
        .filter(|time| !time.is_zero());
    time.ok_or_else(|| "it must be a time, as in 30s, 15m, 12h or 7d".to_string())
}
