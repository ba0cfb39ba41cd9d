//! The limit on requests.
//!
//! It counts in a window that moves along: no span of time of the length of the window has more requests than the
//! limit. No document says how the service counts; this is the strictest way, so a program that copes with it copes
//! with the others.

use std::{collections::VecDeque, time::Duration};

use atera::{Error, RateLimit};
use tokio::time::Instant;

/// How many requests a window may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limit {
    pub(crate) requests: usize,
    pub(crate) window: Duration,
}

impl Limit {
    /// The limit to count by; none for [`RateLimit::off`].
    ///
    /// # Errors
    ///
    /// `Config` if the limit is not a sensible one. A client refuses the same limits.
    pub(crate) fn of(limit: RateLimit) -> Result<Option<Self>, Error> {
        const DAY: Duration = Duration::from_secs(24 * 60 * 60);
        let Some(requests) = limit.requests() else {
            return Ok(None);
        };
        let window = limit.window();
        let fault = match requests {
            0 => "it lets nothing through; use `RateLimit::off()` for no limit",
            _ if window.is_zero() => "its window has no length; use a window of at least a second",
            _ if window > DAY || limit.allowance() > DAY => {
                "its window or its allowance is more than a day; use a shorter one"
            }
            _ => {
                let requests = usize::try_from(requests).unwrap_or(usize::MAX);
                return Ok(Some(Limit { requests, window }));
            }
        };
        Err(Error::config(format!(
            "cannot keep the rate limit {limit}: {fault}"
        )))
    }
}

/// The requests of one key that count against the limit.
#[derive(Debug, Default)]
pub(crate) struct Window {
    /// When they arrived, the oldest first.
    admitted: VecDeque<Instant>,
}

/// What an answer says of the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Quota {
    /// How many more requests the limit admits now.
    pub(crate) remaining: usize,
    /// How long until the oldest request stops counting.
    pub(crate) reset: Duration,
}

impl Window {
    /// Counts a request, or refuses it. A refused request does not count.
    pub(crate) fn admit(&mut self, limit: Limit, now: Instant) -> Result<Quota, Quota> {
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

    /// How many requests counted at the last call of [`Window::admit`].
    pub(crate) fn len(&self) -> usize {
        self.admitted.len()
    }

    /// How many requests count now.
    pub(crate) fn counting(&self, limit: Limit, now: Instant) -> usize {
        let counts = |then: &&Instant| now.duration_since(**then) < limit.window;
        self.admitted.iter().rev().take_while(counts).count()
    }
}

impl Quota {
    /// The time until reset in whole seconds, rounded up, and at least one: a program that waits so long is never too
    /// early.
    pub(crate) fn seconds(&self) -> u64 {
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
