//! What time it is in a sandbox that the command starts.
//!
//! Without a time, the clock of the sandbox runs, and its records are as of the hour in which it is started: `--since 7d` finds
//! some, and two runs within an hour agree. With one, the clock stands there and the records are as of then, so the same
//! seed gives the same bytes on every day.

use std::env;

use atera::{Error, Result, Timestamp};
use atera_sandbox::SandboxBuilder;
use chrono::{DurationRound, TimeDelta};

/// Environment variable with the time, for `--sandbox`, which has no flags of its own, and for `atera sandbox` without one.
const VARIABLE: &str = "ATERA_SANDBOX_NOW";

/// The time that the environment sets.
///
/// # Errors
///
/// `Config` if it is not a time.
pub(crate) fn from_environment() -> Result<Option<Timestamp>> {
    let Some(text) = env::var_os(VARIABLE).filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let time = text.to_string_lossy().parse::<Timestamp>();
    time.map(Some).map_err(|error| {
        let sentence = format!("{VARIABLE} is not a time; set it as in 2026-03-02T09:00:00Z, or unset it");
        Error::config(sentence).with_source(error)
    })
}

/// The builder with this time, or with the current one.
pub(crate) fn set(builder: SandboxBuilder, time: Option<Timestamp>) -> SandboxBuilder {
    match time {
        Some(time) => builder.now(time).records_as_of(time),
        None => {
            let now = Timestamp::now().to_utc();
            let hour = now.duration_trunc(TimeDelta::hours(1)).unwrap_or(now);
            builder.records_as_of(hour.into())
        }
    }
}
