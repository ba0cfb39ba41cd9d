//! The one place that reads a clock. Time passes as tokio has it, so that tests can make it pass without waiting.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

/// Now, for measuring.
pub(crate) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

/// Now, for comparing with dates that others write.
#[allow(clippy::disallowed_methods, reason = "the one place")]
pub(crate) fn utc() -> DateTime<Utc> {
    Utc::now()
}

/// Waits for the time.
pub(crate) fn sleep_until(time: Instant) -> tokio::time::Sleep {
    tokio::time::sleep_until(time.into())
}

/// The time after so long, which may be as far off as a clock can tell.
pub(crate) fn after(now: Instant, length: Duration) -> Instant {
    const LONGEST: Duration = Duration::from_secs(30 * 24 * 60 * 60);
    now + length.min(LONGEST)
}
