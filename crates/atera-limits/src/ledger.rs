//! The slots of all processes of one machine, as a file keeps them. Every method takes the time as an argument; nothing
//! here waits or reads a file.
//!
//! All times are wall clock times, because processes share no other clock. A clock that is set back would return slots
//! late, so the ledger remembers the latest time it was given and treats an earlier one as that.

use std::time::Duration;

use atera::limit::{Priority, RateLimit, Remaining, SlotReport, SlotUse};
use serde::{Deserialize, Serialize};

/// Milliseconds added before a slot is free again, because the service's clock may run slower than this machine's.
const MARGIN: i64 = 100;

/// Milliseconds after which the process of an unfinished request is assumed to be dead: the default timeout of an attempt,
/// doubled for slow machines.
pub(super) const LEASE: i64 = 60_000;

/// Milliseconds after which a call that waits has asked again, or its process is assumed to be dead.
const WAITING: i64 = 2_000;

/// The largest number of hints. There are few, because a hint is dropped if another is stricter and lasts longer.
const MOST_HINTS: usize = 16;

/// The requests that were sent with one key. All times are milliseconds since 1970.
///
/// This is the format of the file: fields may be added, but not renamed, or older versions on the same machine would
/// take the file for damaged and pause for a window.
#[derive(Debug, Default, Deserialize, Serialize)]
pub(super) struct Ledger {
    /// The latest time that any process has passed in.
    now: i64,
    /// Id of the next slot.
    next: u64,
    /// Nothing is sent before this time.
    paused_until: i64,
    /// Until when that is because a ledger could not be read. `paused_until` is no earlier, for older versions.
    #[serde(default)]
    quarantined_until: i64,
    slots: Vec<Slot>,
    /// Until when calls are assumed to wait, by priority.
    #[serde(default)]
    waiting_until: [i64; 2],
    #[serde(default)]
    hints: Vec<Hint>,
    /// Id of the latest slot whose answer gave a hint.
    #[serde(default)]
    latest_hint: u64,
}

/// A slot that was taken.
#[derive(Debug, Deserialize, Serialize)]
struct Slot {
    id: u64,
    taken: i64,
    /// The latest time at which the service can have counted the request. Unknown until its process reports.
    counted: Option<i64>,
    /// The window of the process that took it: another process may have a shorter one.
    window: i64,
    #[serde(default)]
    background: bool,
}

/// A limit that an answer reported: until this time, only slots up to this id may be taken.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
struct Hint {
    until: i64,
    last: u64,
}

impl Slot {
    /// When the slot is free again for a process with this limit.
    fn free_at(&self, limit: &RateLimit) -> i64 {
        // A killed process never reports, and its request may still be counted late.
        let counted = self
            .counted
            .unwrap_or(self.taken + LEASE + millis(limit.allowance()));
        counted + millis(limit.window()).max(self.window) + MARGIN
    }
}

/// How many slots are in the way of a call: this many have to become free first.
struct Deficit {
    of_all: usize,
    of_its_priority: usize,
}

impl Ledger {
    /// Replaces a ledger that cannot be read. It lets nothing through until every slot of the lost one must be free.
    pub(super) fn unreadable(now: i64, limit: &RateLimit) -> Self {
        let until = now + millis(limit.window() + limit.allowance()) + MARGIN;
        Ledger {
            now,
            paused_until: until,
            quarantined_until: until,
            ..Ledger::default()
        }
    }

    /// Takes a slot, and returns its id.
    ///
    /// # Errors
    ///
    /// The time at which to ask again, if there is no slot.
    pub(super) fn take(&mut self, now: i64, limit: &RateLimit, priority: Priority) -> Result<u64, i64> {
        let now = self.advance(now, limit);
        let priority = effective(limit, priority);
        let ask_again_at = match self.blocked_until() {
            Some(until) => Some(until),
            None => self.wait(limit, priority).map(|(time, _)| time),
        };
        if let Some(time) = ask_again_at {
            self.waiting_until[priority as usize] = now + WAITING;
            return Err(time);
        }
        let id = self.next;
        self.next += 1;
        self.slots.push(Slot {
            id,
            taken: now,
            counted: None,
            window: millis(limit.window()),
            background: priority == Priority::Background,
        });
        Ok(id)
    }

    /// When the next slot is free for a call that got none. It is not known if that is the slot of a request in flight.
    pub(super) fn next_slot(&self, limit: &RateLimit, priority: Priority) -> Option<i64> {
        let (time, is_known) = self.wait(limit, effective(limit, priority))?;
        is_known.then_some(time)
    }

    /// Records what became of a slot.
    pub(super) fn finish(&mut self, now: i64, limit: &RateLimit, id: u64, report: SlotReport) {
        let now = self.advance(now, limit);
        if let Some(remaining) = report.remaining {
            self.hint(now, limit, id, remaining);
        }
        let counted = match report.slot_use {
            SlotUse::Unsent => return self.slots.retain(|slot| slot.id != id),
            SlotUse::Answered => now,
            // An unknown use is treated like an unanswered request: the slot comes back later rather than too early.
            _ => now + millis(limit.allowance()),
        };
        match self.slots.iter_mut().find(|slot| slot.id == id) {
            Some(slot) => slot.counted = Some(counted),
            // The request outlived its lease, so its slot was dropped. The service still counts it.
            None => self.slots.push(Slot {
                id,
                taken: now,
                counted: Some(counted),
                window: millis(limit.window()),
                background: false,
            }),
        }
    }

    /// Stops every process from sending for this long. A longer pause that is already set stays.
    pub(super) fn pause(&mut self, now: i64, length: Duration) {
        self.now = self.now.max(now);
        self.paused_until = self.paused_until.max(self.now + millis(length));
    }

    /// How many slots are taken or not yet free again.
    pub(super) fn in_use(&self) -> usize {
        self.slots.len()
    }

    /// For how long nothing is sent, because of a pause or because no answer allows more.
    pub(super) fn paused_for(&self) -> Option<Duration> {
        let asked_for = (self.paused_until > self.quarantined_until).then_some(self.paused_until);
        self.left(self.exhausted_until().max(asked_for)?)
    }

    /// For how long nothing is sent, because it is unknown what was sent before.
    pub(super) fn quarantined_for(&self) -> Option<Duration> {
        self.left(self.quarantined_until)
    }

    fn left(&self, until: i64) -> Option<Duration> {
        let left = u64::try_from(until - self.now).ok()?;
        (left > 0).then(|| Duration::from_millis(left))
    }

    /// Until when no slot may be taken, even if some are free.
    fn blocked_until(&self) -> Option<i64> {
        let until = self.exhausted_until().max(Some(self.paused_until))?;
        (until > self.now).then_some(until)
    }

    /// Until when no answer allows more.
    fn exhausted_until(&self) -> Option<i64> {
        let exhausted = self.hints.iter().filter(|hint| hint.last < self.next);
        exhausted.map(|hint| hint.until).max()
    }

    /// Adds a hint of the service. It is ignored if a later request already gave one, and it never raises the limit.
    fn hint(&mut self, now: i64, limit: &RateLimit, id: u64, remaining: Remaining) {
        if id < self.latest_hint {
            return;
        }
        self.latest_hint = id;
        let last = id + u64::from(remaining.requests);
        let until = now + millis(remaining.reset.unwrap_or(limit.window()));
        let mut hints = self.hints.iter();
        if hints.any(|hint| hint.until >= until && hint.last <= last) {
            return;
        }
        self.hints.retain(|hint| hint.until > until || hint.last < last);
        if self.hints.len() < MOST_HINTS {
            self.hints.push(Hint { until, last });
        }
    }

    /// Why a call has to wait: `None` if there is a slot for it. Interactive calls go first, but use at most a tenth of the limit
    /// while background calls wait; background calls leave a few slots for interactive ones.
    fn deficit(&self, limit: &RateLimit, priority: Priority) -> Option<Deficit> {
        let requests = limit.requests()? as usize;
        let reserved = |priority| limit.reserved_for(priority).unwrap_or(0) as usize;
        let is_background = priority == Priority::Background;
        let of_priority = |background| {
            let slots = self.slots.iter().filter(|slot| slot.background == background);
            slots.count()
        };
        let is_waiting = |priority: Priority| self.waiting_until[priority as usize] > self.now;
        let share = requests - reserved(Priority::Background);
        let allowed = match priority {
            Priority::Background => requests - reserved(Priority::Interactive),
            _ if share > 0 && is_waiting(Priority::Background) => share,
            _ => requests,
        };
        // A slot for the interactive call that waits, unless it waits for another interactive one to end.
        let overtaking = is_background && is_waiting(Priority::Interactive) && of_priority(false) < share;
        let deficit = Deficit {
            of_all: (self.slots.len() + 1 + usize::from(overtaking)).saturating_sub(requests),
            of_its_priority: (of_priority(is_background) + 1).saturating_sub(allowed),
        };
        (deficit.of_all > 0 || deficit.of_its_priority > 0).then_some(deficit)
    }

    /// When a call has its slot at the latest, and whether no slot of a request in flight has to become free for that. `None` if
    /// there is a slot for it.
    fn wait(&self, limit: &RateLimit, priority: Priority) -> Option<(i64, bool)> {
        let deficit = self.deficit(limit, priority)?;
        let is_background = priority == Priority::Background;
        let mut slots: Vec<_> = self
            .slots
            .iter()
            .map(|slot| {
                (
                    slot.free_at(limit),
                    slot.counted.is_some(),
                    slot.background == is_background,
                )
            })
            .collect();
        slots.sort_unstable();
        let all = slots.iter();
        let own = slots.iter().filter(|(.., is_own)| *is_own);
        let of_all = deficit
            .of_all
            .checked_sub(1)
            .and_then(|position| all.clone().nth(position));
        let of_own = deficit
            .of_its_priority
            .checked_sub(1)
            .and_then(|position| own.clone().nth(position));
        let last = of_all.into_iter().chain(of_own).max();
        Some(last.map_or((self.now + WAITING, false), |(time, is_known, _)| {
            (*time, *is_known)
        }))
    }

    /// Advances the ledger's clock, and drops what is over by then. Returns the time by that clock.
    fn advance(&mut self, now: i64, limit: &RateLimit) -> i64 {
        self.now = self.now.max(now);
        let now = self.now;
        self.slots.retain(|slot| slot.free_at(limit) > now);
        self.hints.retain(|hint| hint.until > now);
        now
    }
}

/// For limits below 10, where a tenth is less than one slot, all calls are served alike.
pub(super) fn effective(limit: &RateLimit, priority: Priority) -> Priority {
    match limit.requests() {
        Some(..10) => Priority::Interactive,
        _ => priority,
    }
}

/// A length of time in milliseconds. A quarter of the range at most, so that sums do not overflow.
pub(super) fn millis(length: Duration) -> i64 {
    i64::try_from(length.as_millis()).unwrap_or(i64::MAX / 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_772_442_000_000;
    const WINDOW: i64 = 60_000;

    fn take(ledger: &mut Ledger, now: i64, limit: RateLimit) -> Result<u64, i64> {
        ledger.take(now, &limit, Priority::Interactive)
    }

    #[test]
    fn a_slot_comes_back_one_window_after_the_answer() {
        let limit = RateLimit::per_minute(2);
        let mut ledger = Ledger::default();
        let first = take(&mut ledger, NOW, limit).expect("a slot");
        let second = take(&mut ledger, NOW, limit).expect("a slot");
        ledger.finish(NOW + 500, &limit, second, SlotUse::Answered.into());
        ledger.finish(NOW + 900, &limit, first, SlotUse::Answered.into());
        let free = NOW + 500 + WINDOW + MARGIN;
        assert_eq!(take(&mut ledger, NOW + 1_000, limit), Err(free));
        assert_eq!(take(&mut ledger, free - 1, limit), Err(free));
        assert!(take(&mut ledger, free, limit).is_ok());
        assert_eq!(take(&mut ledger, free, limit), Err(NOW + 900 + WINDOW + MARGIN));
    }

    #[test]
    fn the_next_slot_is_known_once_a_request_is_answered() {
        let limit = RateLimit::per_minute(2);
        let next = |ledger: &Ledger| ledger.next_slot(&limit, Priority::Interactive);
        let mut ledger = Ledger::default();
        let slots = [(); 2].map(|()| take(&mut ledger, NOW, limit).expect("a slot"));
        assert_eq!(next(&ledger), None);
        ledger.finish(NOW, &limit, slots[1], SlotUse::Answered.into());
        assert_eq!(next(&ledger), Some(NOW + WINDOW + MARGIN));
        ledger.finish(NOW, &limit, slots[0], SlotUse::Unsent.into());
        assert_eq!(next(&ledger), None, "one is free");
    }

    #[test]
    fn what_was_not_sent_is_free_at_once_and_what_was_not_answered_late() {
        let limit = RateLimit::per_minute(1);
        let mut ledger = Ledger::default();
        let slot = take(&mut ledger, NOW, limit).expect("a slot");
        ledger.finish(NOW, &limit, slot, SlotUse::Unsent.into());
        let slot = take(&mut ledger, NOW, limit).expect("a slot");
        ledger.finish(NOW, &limit, slot, SlotUse::Unanswered.into());
        assert_eq!(take(&mut ledger, NOW, limit), Err(NOW + 30_000 + WINDOW + MARGIN));
    }

    #[test]
    fn the_slot_of_a_process_that_died_comes_back_after_its_lease() {
        let limit = RateLimit::per_minute(1);
        let mut ledger = Ledger::default();
        take(&mut ledger, NOW, limit).expect("a slot");
        let free = NOW + LEASE + 30_000 + WINDOW + MARGIN;
        assert_eq!(take(&mut ledger, NOW, limit), Err(free));
        assert!(take(&mut ledger, free, limit).is_ok());
    }

    #[test]
    fn a_slot_that_outlives_its_lease_counts_all_the_same() {
        let limit = RateLimit::per_minute(1);
        let mut ledger = Ledger::default();
        let slot = take(&mut ledger, NOW, limit).expect("a slot");
        let late = NOW + 1_000_000;
        ledger.finish(late, &limit, slot, SlotUse::Answered.into());
        assert_eq!(take(&mut ledger, late, limit), Err(late + WINDOW + MARGIN));
    }

    #[test]
    fn walks_leave_slots_for_people() {
        let limit = RateLimit::per_minute(100);
        let mut ledger = Ledger::default();
        let walks = (0..100).filter(|_| ledger.take(NOW, &limit, Priority::Background).is_ok());
        assert_eq!(walks.count(), 90);
        let people = (0..100).filter(|_| ledger.take(NOW, &limit, Priority::Interactive).is_ok());
        assert_eq!(people.count(), 10);
    }

    #[test]
    fn a_pause_holds_everyone_and_a_longer_one_wins() {
        let limit = RateLimit::per_minute(100);
        let mut ledger = Ledger::default();
        ledger.pause(NOW, Duration::from_secs(30));
        ledger.pause(NOW, Duration::from_secs(10));
        assert_eq!(ledger.paused_for(), Some(Duration::from_secs(30)));
        assert_eq!(take(&mut ledger, NOW + 1, limit), Err(NOW + 30_000));
        assert!(take(&mut ledger, NOW + 30_000, limit).is_ok());
    }

    #[test]
    fn what_is_unknown_is_no_pause_until_the_service_asks_for_a_longer_one() {
        let limit = RateLimit::per_minute(100);
        let mut ledger = Ledger::unreadable(NOW, &limit);
        let unknown = Some(Duration::from_millis(90_100));
        ledger.pause(NOW, Duration::from_secs(30));
        assert_eq!((ledger.paused_for(), ledger.quarantined_for()), (None, unknown));
        assert_eq!(take(&mut ledger, NOW, limit), Err(NOW + 90_100));
        let longer = Duration::from_secs(120);
        ledger.pause(NOW, longer);
        assert_eq!(
            (ledger.paused_for(), ledger.quarantined_for()),
            (Some(longer), unknown)
        );
        assert_eq!(take(&mut ledger, NOW, limit), Err(NOW + 120_000));
    }

    #[test]
    fn a_clock_that_is_set_back_frees_nothing() {
        let limit = RateLimit::per_minute(1);
        let mut ledger = Ledger::default();
        let slot = take(&mut ledger, NOW, limit).expect("a slot");
        ledger.finish(NOW - 5_000_000, &limit, slot, SlotUse::Answered.into());
        assert_eq!(take(&mut ledger, NOW, limit), Err(NOW + WINDOW + MARGIN));
    }

    #[test]
    fn processes_with_different_windows_keep_the_longer_of_each_slot() {
        let (short, long) = (
            RateLimit::new(1, Duration::from_secs(10)),
            RateLimit::per_minute(1),
        );
        let mut ledger = Ledger::default();
        let slot = take(&mut ledger, NOW, long).expect("a slot");
        ledger.finish(NOW, &long, slot, SlotUse::Answered.into());
        assert_eq!(take(&mut ledger, NOW + 20_000, short), Err(NOW + WINDOW + MARGIN));
    }

    /// Simulates processes that answer late, or die before they report.
    #[test]
    fn never_more_than_the_limit_is_counted_in_any_window() {
        let limit = RateLimit::new(20, Duration::from_secs(2)).late_allowance(Duration::from_secs(1));
        for seed in 0..50 {
            let mut random = fastrand::Rng::with_seed(seed);
            let (mut ledger, mut now, mut counted) = (Ledger::default(), NOW, Vec::new());
            let mut under_way: Vec<(u64, i64)> = Vec::new();
            while now < NOW + 300_000 {
                now += random.i64(0..200);
                under_way.retain(|(id, until)| {
                    let over = *until <= now;
                    // One in ten dies before it reports.
                    if over && random.u8(0..10) > 0 {
                        ledger.finish(now, &limit, *id, SlotUse::Answered.into());
                    }
                    !over
                });
                while let Ok(id) = take(&mut ledger, now, limit) {
                    let until = now + random.i64(0..3_000);
                    counted.push(random.i64(now..=until));
                    under_way.push((id, until));
                }
            }
            counted.sort_unstable();
            for (first, last) in counted.iter().zip(counted.iter().skip(20)) {
                assert!(
                    last - first >= 2_000,
                    "seed {seed}: 21 requests in {} ms",
                    last - first
                );
            }
        }
    }
}
