//! Decides how many pages of a walk are in flight at a time. It is a pure rule over observed times; nothing here fetches or
//! waits.
//!
//! Unless the caller sets a number, it looks for the highest throughput: it begins with 4 pages at a time and doubles that, up
//! to 32, as long as twice as many bring clearly more pages per second. Throughput is computed from how long a page takes
//! (Little's law: pages in flight divided by the time of one page), so neither a slow consumer nor a wait for the rate limit
//! distorts it. If more pages at a time bring no more throughput, it goes back. It probes again now and then, since the speed
//! of a service changes.
//!
//! A refused or failed request (429, 5xx) halves the number at once. Higher numbers are then not tried for a while, which is
//! twice as long each time.

use std::time::{Duration, Instant};

/// Pages at a time to begin with.
const START: usize = 4;
/// Pages at a time at most.
const MOST: usize = 32;
/// The levels 1, 2, 4, … [`MOST`].
const LEVELS: usize = MOST.ilog2() as usize + 1;
/// Doubling the number must multiply the pages per second at least by this.
const MIN_GAIN: f64 = 1.05;
/// Rounds at one level after which the neighbouring levels are tried again.
const ROUNDS_BEFORE_PROBE: u32 = 8;
/// Pages that have to come after the first failure before a higher level is tried.
const HOLD: u32 = 256;

/// How many pages may be in flight.
#[derive(Clone, Debug)]
pub(super) enum Prefetch {
    /// The number that the caller set.
    Fixed(usize),
    Adaptive(Adaptive),
}

/// The timing of a page that came.
#[derive(Clone, Copy, Debug)]
pub(super) struct PageTiming {
    /// How many pages were allowed in flight when it was requested.
    pub(super) limit: usize,
    /// How many pages were in flight then, including this one.
    pub(super) in_flight: usize,
    /// From sending its last request to the end of its answer.
    pub(super) took: Duration,
    /// Whether it waited for a slot of the rate limit.
    pub(super) waited: bool,
}

/// What is known about how the service handles concurrent pages.
#[derive(Clone, Debug)]
pub(super) struct Adaptive {
    level: usize,
    /// The highest level that may be tried, and for how many pages that holds.
    ceiling: usize,
    hold: u32,
    next_hold: u32,
    /// Pages per second at each level.
    rates: [Option<f64>; LEVELS],
    rounds: u32,
    /// The current round: how many pages came, and the sums of their pages in flight and their times.
    pages: usize,
    in_flight: usize,
    took: Duration,
    waited: bool,
    /// When the number was last halved.
    halved: Option<Instant>,
}

impl Prefetch {
    /// A fixed number of pages, or an adaptive one.
    pub(super) fn new(pages: Option<usize>) -> Self {
        pages.map_or_else(|| Prefetch::Adaptive(Adaptive::new()), Prefetch::Fixed)
    }

    /// How many pages may be in flight now.
    pub(super) fn limit(&self) -> usize {
        match self {
            Prefetch::Fixed(pages) => *pages,
            Prefetch::Adaptive(adaptive) => 1 << adaptive.level,
        }
    }

    /// Records a refused or failed request that was sent at this time.
    pub(super) fn failed(&mut self, sent: Instant, now: Instant) {
        if let Prefetch::Adaptive(adaptive) = self {
            // A request that was sent before the number was halved says nothing about the current number.
            if adaptive.halved.is_none_or(|halved| sent >= halved) {
                adaptive.halved = Some(now);
                adaptive.back_off();
            }
        }
    }

    /// Records a page that came.
    pub(super) fn observe(&mut self, page: PageTiming) {
        if let Prefetch::Adaptive(adaptive) = self {
            adaptive.observe(page);
        }
    }
}

impl Adaptive {
    fn new() -> Self {
        Adaptive {
            level: START.ilog2() as usize,
            ceiling: LEVELS - 1,
            hold: 0,
            next_hold: HOLD,
            rates: [None; LEVELS],
            rounds: 0,
            pages: 0,
            in_flight: 0,
            took: Duration::ZERO,
            waited: false,
            halved: None,
        }
    }

    fn observe(&mut self, page: PageTiming) {
        let limit = 1 << self.level;
        self.recover();
        if page.limit != limit {
            return;
        }
        self.pages += 1;
        self.in_flight += page.in_flight;
        self.took += page.took;
        self.waited |= page.waited;
        // Half of the pages were requested when the number was raised; the others follow as earlier ones arrive.
        if self.pages >= limit.div_ceil(2) {
            self.end_round();
        }
    }

    fn back_off(&mut self) {
        self.go_to(self.level.saturating_sub(1));
        self.ceiling = self.level;
        self.hold = self.next_hold;
        self.next_hold = self.next_hold.saturating_mul(2);
        self.rates = [None; LEVELS];
    }

    fn recover(&mut self) {
        if self.hold > 0 {
            self.hold -= 1;
            if self.hold == 0 {
                self.ceiling = LEVELS - 1;
            }
        }
    }

    fn end_round(&mut self) {
        let level = self.level;
        let rate = self.in_flight as f64 / self.took.as_secs_f64().max(1e-6);
        self.rates[level] = Some(rate);
        self.rounds += 1;
        if self.rounds >= ROUNDS_BEFORE_PROBE {
            self.rounds = 0;
            self.rates = [None; LEVELS];
            self.rates[level] = Some(rate);
        }
        let below = level.checked_sub(1).and_then(|below| self.rates[below]);
        let above = (level < self.ceiling).then(|| self.rates[level + 1]);
        let next = match (below, above) {
            // The level below has as much throughput.
            (Some(below), _) if rate < MIN_GAIN * below => level - 1,
            // The level above was not tried yet, or had more throughput. While pages wait for slots it cannot have more.
            (_, Some(None)) if !self.waited => level + 1,
            (_, Some(Some(above))) if above >= MIN_GAIN * rate => level + 1,
            // The level above had less throughput, so the level below may have more.
            (None, Some(Some(above))) if above * MIN_GAIN < rate && level > 0 => level - 1,
            _ => level,
        };
        match next == level {
            true => self.begin_round(),
            false => self.go_to(next),
        }
    }

    fn go_to(&mut self, level: usize) {
        self.level = level;
        self.rounds = 0;
        self.begin_round();
    }

    fn begin_round(&mut self) {
        (self.pages, self.in_flight) = (0, 0);
        self.took = Duration::ZERO;
        self.waited = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The limit after each of `pages` pages, from a service that takes `millis` milliseconds by the number in flight.
    fn limits(prefetch: &mut Prefetch, pages: usize, millis: impl Fn(usize) -> u64) -> Vec<usize> {
        let page = |_| {
            let limit = prefetch.limit();
            prefetch.observe(PageTiming {
                limit,
                in_flight: limit,
                took: Duration::from_millis(millis(limit)),
                waited: false,
            });
            prefetch.limit()
        };
        (0..pages).map(page).collect()
    }

    #[test]
    fn it_doubles_each_round_while_that_brings_more() {
        let mut prefetch = Prefetch::new(None);
        assert_eq!(prefetch.limit(), 4);
        let limits = limits(&mut prefetch, 200, |_| 200);
        assert_eq!([limits[0], limits[1], limits[4], limits[5]], [4, 8, 8, 16]);
        assert_eq!([limits[12], limits[13]], [16, 32]);
        assert!(limits[14..].iter().all(|limit| *limit == 32), "{limits:?}");
    }

    #[test]
    fn it_stays_with_few_where_more_bring_nothing() {
        let mut prefetch = Prefetch::new(None);
        let limits = limits(&mut prefetch, 400, |limit| 50 * limit as u64);
        let most = limits.iter().max();
        assert_eq!(most, Some(&8), "eight were tried");
        assert!(
            limits.iter().filter(|limit| **limit == 4).count() > 200,
            "{limits:?}"
        );
    }

    #[test]
    fn it_goes_on_where_more_bring_a_little() {
        let mut prefetch = Prefetch::new(None);
        let limits = limits(&mut prefetch, 60, |limit| 100 + 50 * limit as u64);
        assert_eq!(limits.last(), Some(&32));
    }

    #[test]
    fn it_goes_down_to_one_where_each_more_hurts() {
        let mut prefetch = Prefetch::new(None);
        let limits = limits(&mut prefetch, 40, |limit| 20 * (limit * limit) as u64);
        assert_eq!(limits.last(), Some(&1), "{limits:?}");
    }

    #[test]
    fn a_failure_halves_it_once_for_all_that_were_sent_side_by_side() {
        let mut prefetch = Prefetch::new(None);
        limits(&mut prefetch, 12, |_| 200);
        assert_eq!(prefetch.limit(), 16);
        let mut time = crate::clock::now();
        let mut failed = |prefetch: &mut Prefetch| {
            let sent = time;
            for _ in 0..16 {
                time += Duration::from_millis(1);
                prefetch.failed(sent, time);
            }
            prefetch.limit()
        };
        assert_eq!(failed(&mut prefetch), 8);
        assert_eq!(failed(&mut prefetch), 4);
        // For a while, and the next time for twice as long.
        let held = |prefetch: &mut Prefetch| {
            let limits = limits(prefetch, 10_000, |_| 200);
            limits
                .iter()
                .position(|limit| *limit > 4)
                .expect("more are tried again")
        };
        let first = held(&mut prefetch);
        assert!(first >= 2 * HOLD as usize - 1, "{first}");
        assert_eq!([(); 3].map(|()| failed(&mut prefetch)), [16, 8, 4]);
        assert!(held(&mut prefetch) > first);
    }

    #[test]
    fn it_does_not_grow_where_slots_are_waited_for() {
        let mut prefetch = Prefetch::new(None);
        for _ in 0..100 {
            prefetch.observe(PageTiming {
                limit: prefetch.limit(),
                in_flight: prefetch.limit(),
                took: Duration::from_millis(200),
                waited: true,
            });
        }
        assert_eq!(prefetch.limit(), 4);
    }

    #[test]
    fn what_the_caller_says_stays() {
        let mut prefetch = Prefetch::new(Some(3));
        limits(&mut prefetch, 100, |_| 1);
        let now = crate::clock::now();
        prefetch.failed(now, now);
        assert_eq!(prefetch.limit(), 3);
    }
}
