//! The only place that reads a clock. It uses the time of tokio, so that tests can advance it without waiting.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

/// The current time, for measuring.
pub(crate) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

/// The current date and time, for comparing with dates of the service.
#[allow(clippy::disallowed_methods, reason = "the one place")]
pub(crate) fn utc() -> DateTime<Utc> {
    Utc::now()
}

/// Sleeps until the time.
pub(crate) fn sleep_until(time: Instant) -> tokio::time::Sleep {
    tokio::time::sleep_until(time.into())
}

/// The time `now + length`. `length` may be `Duration::MAX`; it is cut to 30 days.
pub(crate) fn after(now: Instant, length: Duration) -> Instant {
    const LONGEST: Duration = Duration::from_secs(30 * 24 * 60 * 60);
    now + length.min(LONGEST)
}
