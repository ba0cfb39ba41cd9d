//! Arguments that several commands over the mirror have, those of reports among them.

#[cfg(any(feature = "mcp", feature = "mirror"))]
use std::path::Path;
use std::{path::PathBuf, time::Duration};

#[cfg(feature = "mirror")]
use clap::ArgMatches;
use clap::{Arg, ArgAction, value_parser};

pub(crate) const DB: &str = "db";
pub(crate) const DATABASE_URL: &str = "database-url";
pub(crate) const LIMIT: &str = "limit";
pub(crate) const PARAM: &str = "param";
pub(crate) const TIMEOUT: &str = "timeout";

/// The variable with the address of a Postgres database.
#[cfg(any(feature = "mcp", feature = "mirror"))]
pub(crate) const URL_VARIABLE: &str = "ATERA_DATABASE_URL";

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

/// Whether a value is the address of a database, and not a file.
#[cfg(any(feature = "mcp", feature = "mirror"))]
pub(crate) fn is_address(value: &Path) -> bool {
    let schemes = ["postgres://", "postgresql://"];
    value
        .to_str()
        .is_some_and(|value| schemes.iter().any(|scheme| value.starts_with(scheme)))
}

/// The flag for how many rows or changes are printed at most.
pub(crate) fn limit(help: &'static str) -> Arg {
    Arg::new(LIMIT)
        .long(LIMIT)
        .value_name("COUNT")
        .value_parser(value_parser!(u64).range(1..))
        .help(help)
}

/// The flag for a parameter of a query or of a report.
pub(crate) fn param(help: &'static str) -> Arg {
    Arg::new(PARAM)
        .long(PARAM)
        .value_name("NAME=VALUE")
        .action(ArgAction::Append)
        .value_parser(parameter)
        .help(help)
}

/// The parameters that were given.
#[cfg(feature = "mirror")]
pub(crate) fn parameters(matches: &ArgMatches) -> Vec<(String, String)> {
    let given = matches.get_many::<(String, String)>(PARAM).unwrap_or_default();
    given.cloned().collect()
}

/// The flag for how long a query or a report may take.
pub(crate) fn timeout(default: &'static str, help: &'static str) -> Arg {
    Arg::new(TIMEOUT)
        .long(TIMEOUT)
        .value_name("TIME")
        .value_parser(duration)
        .default_value(default)
        .help(help)
}

/// The name and the value of a parameter.
fn parameter(text: &str) -> Result<(String, String), String> {
    let (name, value) = text
        .split_once('=')
        .filter(|(name, _)| !name.trim_start_matches(':').is_empty())
        .ok_or("it must be a name and a value, as in days=30")?;
    Ok((name.trim_start_matches(':').to_string(), value.to_string()))
}

/// A span of time, as in 15m.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let time = humantime::parse_duration(text)
        .ok()
        .filter(|time| !time.is_zero());
    time.ok_or_else(|| "it must be a time, as in 30s, 15m, 12h or 7d".to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_parameters_are_read() {
        assert_eq!(duration("15m"), Ok(Duration::from_secs(900)));
        assert_eq!(duration("1h 30m"), Ok(Duration::from_secs(5400)));
        for text in ["", "15", "soon", "0s", "-1m"] {
            assert!(duration(text).is_err_and(|told| told.contains("15m")), "{text}");
        }
        let pair = |name: &str, value: &str| Ok((name.to_string(), value.to_string()));
        assert_eq!(parameter("days=30"), pair("days", "30"));
        assert_eq!(parameter(":where=a=b"), pair("where", "a=b"));
        assert_eq!(parameter("none="), pair("none", ""));
        assert!(parameter("days").is_err() && parameter("=3").is_err() && parameter(":=3").is_err());
    }
}
