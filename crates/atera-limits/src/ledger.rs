//! The slots of all processes of one machine, as a file keeps them. Every method takes the time as an argument; nothing
//! here waits or reads a file.
//!
//! All times are wall clock times, because processes share no other clock. A clock that is set back would return slots
//! late, so the ledger remembers the latest time it was given and treats an earlier one as that.

use std::time::Duration;

use atera::limit::{Priority, RateLimit, SlotUse};
use serde::{Deserialize, Serialize};

/// Milliseconds added before a slot is free again, because the service's clock may run slower than this machine's.
const MARGIN: i64 = 100;

/// Milliseconds after which the process of an unfinished request is assumed to be dead: the default timeout of an attempt,
/// doubled for slow machines.
const LEASE: i64 = 60_000;

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
    slots: Vec<Slot>,
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

impl Ledger {
    /// Replaces a ledger that cannot be read. It lets nothing through until every slot of the lost one must be free.
    pub(super) fn unreadable(now: i64, limit: &RateLimit) -> Self {
        Ledger {
            now,
            paused_until: now + millis(limit.window() + limit.allowance()) + MARGIN,
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
        if self.paused_until > now {
            return Err(self.paused_until);
        }
        let allowed = self.allowed(limit, priority);
        if self.slots.len() >= allowed {
            let mut free_at: Vec<_> = self.slots.iter().map(|slot| slot.free_at(limit)).collect();
            free_at.sort_unstable();
            // This many other slots have to become free first.
            let position = self.slots.len() - allowed;
            return Err(free_at.get(position).copied().unwrap_or(now));
        }
        let id = self.next;
        self.next += 1;
        self.slots.push(Slot {
            id,
            taken: now,
            counted: None,
            window: millis(limit.window()),
        });
        Ok(id)
    }

    /// When the next slot is free for a call that got none. It is not known if that is the slot of a request in flight.
    pub(super) fn next_slot(&self, limit: &RateLimit, priority: Priority) -> Option<i64> {
        // This many other slots have to become free first.
        let position = self.slots.len().checked_sub(self.allowed(limit, priority))?;
        let slots = self.slots.iter();
        let mut free_at: Vec<_> = slots
            .map(|slot| (slot.free_at(limit), slot.counted.is_some()))
            .collect();
        free_at.sort_unstable();
        let (time, is_known) = free_at.get(position)?;
        is_known.then_some(*time)
    }

    /// Records what became of a slot.
    pub(super) fn finish(&mut self, now: i64, limit: &RateLimit, id: u64, slot_use: SlotUse) {
        let now = self.advance(now, limit);
        let counted = match slot_use {
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

    /// How much of a pause is left.
    pub(super) fn paused_for(&self) -> Option<Duration> {
        let left = u64::try_from(self.paused_until - self.now).ok()?;
        (left > 0).then(|| Duration::from_millis(left))
    }

    /// How many slots requests of this priority may fill. Background requests leave a few for interactive ones.
    fn allowed(&self, limit: &RateLimit, priority: Priority) -> usize {
        let Some(requests) = limit.requests() else {
            return usize::MAX;
        };
        let reserved = match priority {
            Priority::Background => limit.reserved_for(Priority::Interactive),
            _ => None,
        };
        (requests - reserved.unwrap_or(0)) as usize
    }

    /// Advances the ledger's clock, and drops the slots that are free by then. Returns the time by that clock.
    fn advance(&mut self, now: i64, limit: &RateLimit) -> i64 {
        self.now = self.now.max(now);
        let now = self.now;
        self.slots.retain(|slot| slot.free_at(limit) > now);
        now
    }
}

/// A length of time in milliseconds. A quarter of the range at most, so that sums do not overflow.
fn millis(length: Duration) -> i64 {
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
        ledger.finish(NOW + 500, &limit, second, SlotUse::Answered);
        ledger.finish(NOW + 900, &limit, first, SlotUse::Answered);
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
        ledger.finish(NOW, &limit, slots[1], SlotUse::Answered);
        assert_eq!(next(&ledger), Some(NOW + WINDOW + MARGIN));
        ledger.finish(NOW, &limit, slots[0], SlotUse::Unsent);
        assert_eq!(next(&ledger), None, "one is free");
    }

    #[test]
    fn what_was_not_sent_is_free_at_once_and_what_was_not_answered_late() {
        let limit = RateLimit::per_minute(1);
        let mut ledger = Ledger::default();
        let slot = take(&mut ledger, NOW, limit).expect("a slot");
        ledger.finish(NOW, &limit, slot, SlotUse::Unsent);
        let slot = take(&mut ledger, NOW, limit).expect("a slot");
        ledger.finish(NOW, &limit, slot, SlotUse::Unanswered);
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
        ledger.finish(late, &limit, slot, SlotUse::Answered);
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
    fn a_clock_that_is_set_back_frees_nothing() {
        let limit = RateLimit::per_minute(1);
        let mut ledger = Ledger::default();
        let slot = take(&mut ledger, NOW, limit).expect("a slot");
        ledger.finish(NOW - 5_000_000, &limit, slot, SlotUse::Answered);
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
        ledger.finish(NOW, &long, slot, SlotUse::Answered);
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
                        ledger.finish(now, &limit, *id, SlotUse::Answered);
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
