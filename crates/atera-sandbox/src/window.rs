//! The limit on requests, counted in a window that rolls along.

use std::{collections::VecDeque, time::Duration};

use tokio::time::Instant;

use atera::{Error, RateLimit, Result};

/// At most so many requests in any span of time of this length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Limit {
    pub(super) requests: usize,
    pub(super) window: Duration,
}

impl Limit {
    /// What a rate limit means to those who count; nothing if there is none.
    ///
    /// # Errors
    ///
    /// `Config` if nothing can be counted by it.
    pub(super) fn of(limit: RateLimit) -> Result<Option<Self>> {
        const DAY: Duration = Duration::from_secs(24 * 60 * 60);
        let Some(requests) = limit.requests() else {
            return Ok(None);
        };
        let window = limit.window();
        let fault = match requests {
            0 => "lets nothing through; `RateLimit::off()` is no limit",
            _ if window.is_zero() => "has a window without length",
            _ if window > DAY || limit.allowance() > DAY => "has a window or an allowance of more than a day",
            _ => {
                return Ok(Some(Limit {
                    requests: usize::try_from(requests).unwrap_or(usize::MAX),
                    window,
                }));
            }
        };
        Err(Error::config(format!("the rate limit {limit} {fault}")))
    }
}

/// The requests of one key that still count.
#[derive(Debug, Default)]
pub(super) struct Window {
    admitted: VecDeque<Instant>,
}

/// What a request learns of the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Quota {
    pub(super) remaining: usize,
    /// Until the oldest request that counts no longer does.
    pub(super) reset: Duration,
}

impl Window {
    /// Counts a request, or refuses it. One that is refused does not count.
    pub(super) fn admit(&mut self, limit: Limit, now: Instant) -> std::result::Result<Quota, Quota> {
        let counts = |then: &Instant| now.duration_since(*then) < limit.window;
        while self.admitted.front().is_some_and(|then| !counts(then)) {
            self.admitted.pop_front();
        }
        let fits = self.admitted.len() < limit.requests;
        if fits {
            self.admitted.push_back(now);
        }
        let oldest = self.admitted.front().copied().unwrap_or(now);
        let quota = Quota {
            remaining: limit.requests.saturating_sub(self.admitted.len()),
            reset: (oldest + limit.window).saturating_duration_since(now),
        };
        if fits { Ok(quota) } else { Err(quota) }
    }

    /// How many requests counted when the last one was.
    pub(super) fn len(&self) -> usize {
        self.admitted.len()
    }

    /// How many requests count now.
    pub(super) fn counting(&self, limit: Limit, now: Instant) -> usize {
        let counts = |then: &&Instant| now.duration_since(**then) < limit.window;
        self.admitted.iter().rev().take_while(counts).count()
    }
}

impl Quota {
    /// Whole seconds until there is room again: never too few, and at least one.
    pub(super) fn seconds(&self) -> u64 {
        let whole = self.reset.as_secs();
        let begun = u64::from(self.reset.subsec_nanos() > 0);
        (whole + begun).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn no_span_of_the_length_of_the_window_holds_more_than_the_limit() {
        let limit = Limit {
            requests: 3,
            window: Duration::from_secs(60),
        };
        let mut window = Window::default();
        let start = Instant::now();
        let at = |seconds: u64| start + Duration::from_secs(seconds);
        let quota = |remaining, seconds| Quota {
            remaining,
            reset: Duration::from_secs(seconds),
        };
        assert_eq!(window.admit(limit, at(0)), Ok(quota(2, 60)));
        assert_eq!(window.admit(limit, at(50)), Ok(quota(1, 10)));
        assert_eq!(window.admit(limit, at(50)), Ok(quota(0, 10)));
        assert_eq!(window.admit(limit, at(59)), Err(quota(0, 1)));
        // The first no longer counts, the other two do for another 50 seconds.
        assert_eq!(window.admit(limit, at(60)), Ok(quota(0, 50)));
        assert_eq!(window.admit(limit, at(61)), Err(quota(0, 49)));
        assert_eq!(window.admit(limit, at(110)), Ok(quota(1, 10)));
    }

    #[test]
    fn seconds_are_rounded_up() {
        for (millis, seconds) in [(0, 1), (1, 1), (1_000, 1), (1_001, 2), (59_999, 60)] {
            let quota = Quota {
                remaining: 0,
                reset: Duration::from_millis(millis),
            };
            assert_eq!(quota.seconds(), seconds, "{millis}");
        }
    }
}
