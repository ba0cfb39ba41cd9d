//! The rate limit, and the priorities within it.

use std::{
    fmt,
    str::FromStr,
    time::{Duration, Instant},
};

/// How many requests may be sent with one key.
///
/// The limit applies to all clients of the process together that send with the same key to the same host. The service never
/// counts more requests than this in any window of this length, whatever the network delays: a slot becomes free one window
/// after the *answer* arrived, or up to [`late_allowance`](RateLimit::late_allowance) later if there was no answer.
///
/// ```
/// use std::time::Duration;
///
/// assert_eq!(atera::RateLimit::default(), atera::RateLimit::per_minute(700));
/// let other = atera::RateLimit::new(500, Duration::from_secs(300));
/// assert_eq!(other.to_string(), "500/300s");
/// assert_eq!("500/5m".parse(), Ok(other));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct RateLimit {
    pub(super) requests: Option<u32>,
    pub(super) window: Duration,
    pub(super) kept: u32,
    pub(super) late: Duration,
}

impl RateLimit {
    /// This many requests a minute.
    pub fn per_minute(requests: u32) -> Self {
        RateLimit::new(requests, Duration::from_secs(60))
    }

    /// This many requests in any window of this length.
    pub fn new(requests: u32, window: Duration) -> Self {
        RateLimit {
            requests: Some(requests),
            window,
            kept: 10,
            late: Duration::from_secs(30),
        }
    }

    /// No limit. Pauses that the service asks for are still kept.
    pub fn off() -> Self {
        RateLimit {
            requests: None,
            ..RateLimit::per_minute(0)
        }
    }

    /// How many slots are reserved for `Interactive` calls: 10 by default, and at most a tenth of the limit.
    pub fn kept_for_interactive(mut self, slots: u32) -> Self {
        self.kept = slots;
        self
    }

    /// How late the service may count a request that timed out or lost its connection; 30 seconds by default.
    pub fn late_allowance(mut self, late: Duration) -> Self {
        self.late = late;
        self
    }

    /// How many requests a window may have; `None` if there is no limit.
    pub fn requests(&self) -> Option<u32> {
        self.requests
    }

    /// Length of the window.
    pub fn window(&self) -> Duration {
        self.window
    }

    /// How late the service may count a request that got no answer; see [`late_allowance`](RateLimit::late_allowance).
    pub fn allowance(&self) -> Duration {
        self.late
    }

    /// How many slots are reserved for calls of this priority while calls of the other wait, for stores: some slots for
    /// `Interactive`, and nine tenths of the limit for `Background`. `None` if there is no limit.
    pub fn reserved_for(&self, priority: Priority) -> Option<u32> {
        let tenth = self.share()?;
        Some(match priority {
            Priority::Interactive => self.kept.min(tenth),
            Priority::Background => self.requests? - tenth,
        })
    }

    /// Why this limit is invalid, if it is.
    pub(crate) fn fault(&self) -> Option<&'static str> {
        const DAY: Duration = Duration::from_secs(24 * 60 * 60);
        match self.requests {
            Some(0) => Some("lets nothing through; use `RateLimit::off()` for no limit"),
            _ if self.window.is_zero() => Some("has a window without length"),
            _ if self.window > DAY || self.late > DAY => {
                Some("has a window or an allowance of more than a day")
            }
            _ => None,
        }
    }

    /// The limit that satisfies both.
    pub(super) fn stricter(self, other: Self) -> Self {
        let (Some(one), Some(two)) = (self.requests, other.requests) else {
            return if self.requests.is_some() { self } else { other };
        };
        RateLimit {
            requests: Some(one.min(two)),
            window: self.window.max(other.window),
            kept: self.kept.max(other.kept),
            late: self.late.max(other.late),
        }
    }

    /// How many slots interactive requests may use while background requests wait: a tenth of the limit.
    pub(super) fn share(&self) -> Option<u32> {
        self.requests.map(|limit| limit / 10)
    }
}

impl Default for RateLimit {
    /// 700 requests a minute, the value of the guide.
    fn default() -> Self {
        RateLimit::per_minute(700)
    }
}

impl fmt::Display for RateLimit {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.requests {
            Some(requests) => write!(out, "{requests}/{}s", self.window.as_secs_f64()),
            None => out.write_str("off"),
        }
    }
}

/// A text that is not a rate limit. Its message says how to write one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InvalidRateLimit;

impl fmt::Display for InvalidRateLimit {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(
            "a rate limit is a number of requests and a time in s, m or h, as in 700/60s, or else `off`",
        )
    }
}

impl std::error::Error for InvalidRateLimit {}

impl FromStr for RateLimit {
    type Err = InvalidRateLimit;

    /// Reads `700/60s`, `500/5m`, `1000/h` or `off`.
    fn from_str(text: &str) -> Result<Self, InvalidRateLimit> {
        if text.trim().eq_ignore_ascii_case("off") {
            return Ok(RateLimit::off());
        }
        let (requests, window) = text.split_once('/').ok_or(InvalidRateLimit)?;
        let requests = requests.trim().parse().map_err(|_| InvalidRateLimit)?;
        let window = window.trim();
        let unit = window.trim_start_matches(|digit: char| digit.is_ascii_digit());
        let seconds = match unit {
            "s" => 1,
            "m" | "min" => 60,
            "h" => 60 * 60,
            _ => return Err(InvalidRateLimit),
        };
        let number = match window.trim_end_matches(unit) {
            "" => 1,
            digits => digits.parse::<u32>().map_err(|_| InvalidRateLimit)?,
        };
        let limit = RateLimit::new(requests, Duration::from_secs(seconds) * number);
        match limit.fault() {
            None => Ok(limit),
            Some(_) => Err(InvalidRateLimit),
        }
    }
}

/// Which calls get slots first when there are not enough for all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Priority {
    /// Somebody waits for the result: the default of single calls. These calls go before `Background` ones, but use at most a
    /// tenth of the limit while `Background` calls wait.
    Interactive,
    /// Nobody waits for the result: the default of walks over lists.
    Background,
}

/// The current state of a limiter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rate {
    /// The limit that applies.
    pub limit: RateLimit,
    /// Slots that are not free: of requests in flight, and of requests less than a window ago.
    pub in_use: u32,
    /// Calls that wait for a slot.
    pub waiting: usize,
    /// Until when nothing is sent, because the service asked for a pause.
    pub paused_until: Option<Instant>,
    /// Until when nothing is sent, because a [store](super::SlotStore) does not know what was sent before, as after a restart of its
    /// server. The built-in limiter always knows it.
    pub quarantined_until: Option<Instant>,
    /// When the next slot is free for a call that waits. `None` if none waits, or if it is not known because all slots belong to
    /// requests in flight.
    pub next_slot: Option<Instant>,
}

impl Rate {
    /// The state of a limiter before anything was sent.
    pub fn new(limit: RateLimit) -> Self {
        Rate {
            limit,
            in_use: 0,
            waiting: 0,
            paused_until: None,
            quarantined_until: None,
            next_slot: None,
        }
    }
}
