//! The slots of all processes of one machine, as they stand in a file. Every method is told the time, and nothing here
//! waits or reads a file.
//!
//! Times are of the wall clock, since no other is the same in all processes. One that was set back would let slots return
//! late; it is taken to stand still instead.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Priority, RateLimit, SlotUse};

/// Added to every slot's way back, for clocks that do not run alike.
const MARGIN: i64 = 100;

/// How long a request may be under way before its process is taken to have died: the time for an attempt, and as much
/// again for a machine that is slow.
const LEASE: i64 = 60_000;

/// What is known of the requests with one key. All times are milliseconds since 1970.
#[derive(Debug, Default, Deserialize, Serialize)]
pub(super) struct Ledger {
    /// The latest time that anyone has seen.
    now: i64,
    /// Number of the next slot.
    next: u64,
    /// Until when nothing is sent at all.
    paused_until: i64,
    slots: Vec<Slot>,
}

/// A slot that was taken.
#[derive(Debug, Deserialize, Serialize)]
struct Slot {
    id: u64,
    taken: i64,
    /// When the service had counted it at the latest; nobody knows yet while it is under way.
    counted: Option<i64>,
    /// The window of the process that took it, so that it is not forgotten too early.
    window: i64,
}

impl Slot {
    /// When it is free again, for someone with this limit.
    fn free(&self, limit: &RateLimit) -> i64 {
        // Of a process that was killed nobody says what became of its requests, which may be counted late.
        let counted = self.counted.unwrap_or(self.taken + LEASE + millis(limit.late));
        counted + millis(limit.window).max(self.window) + MARGIN
    }
}

impl Ledger {
    /// One that lets nothing through for a window, in place of one that cannot be read.
    pub(super) fn unknown(now: i64, limit: &RateLimit) -> Self {
        Ledger {
            now,
            paused_until: now + millis(limit.window + limit.late) + MARGIN,
            ..Ledger::default()
        }
    }

    /// A slot, or else the time to ask again.
    pub(super) fn take(&mut self, now: i64, limit: &RateLimit, priority: Priority) -> Result<u64, i64> {
        let now = self.settle(now, limit);
        if self.paused_until > now {
            return Err(self.paused_until);
        }
        let allowed = self.allowed(limit, priority);
        if self.slots.len() >= allowed {
            let mut free: Vec<_> = self.slots.iter().map(|slot| slot.free(limit)).collect();
            free.sort_unstable();
            // So many have to come back first.
            let position = self.slots.len() - allowed;
            return Err(free.get(position).copied().unwrap_or(now));
        }
        let id = self.next;
        self.next += 1;
        self.slots.push(Slot {
            id,
            taken: now,
            counted: None,
            window: millis(limit.window),
        });
        Ok(id)
    }

    /// Tells what became of a slot.
    pub(super) fn finish(&mut self, now: i64, limit: &RateLimit, id: u64, slot_use: SlotUse) {
        let now = self.settle(now, limit);
        let counted = match slot_use {
            SlotUse::Unsent => return self.slots.retain(|slot| slot.id != id),
            SlotUse::Answered => now,
            SlotUse::Unanswered => now + millis(limit.late),
        };
        match self.slots.iter_mut().find(|slot| slot.id == id) {
            Some(slot) => slot.counted = Some(counted),
            // It took longer than anyone believed, and was counted all the same.
            None => self.slots.push(Slot {
                id,
                taken: now,
                counted: Some(counted),
                window: millis(limit.window),
            }),
        }
    }

    /// Nothing more is sent for this long.
    pub(super) fn pause(&mut self, now: i64, length: Duration) {
        self.now = self.now.max(now);
        self.paused_until = self.paused_until.max(self.now + millis(length));
    }

    /// How many slots are taken or on their way back.
    pub(super) fn in_use(&self) -> usize {
        self.slots.len()
    }

    /// For how long nothing is sent at all.
    pub(super) fn paused_for(&self) -> Option<Duration> {
        let left = u64::try_from(self.paused_until - self.now).ok()?;
        (left > 0).then(|| Duration::from_millis(left))
    }

    /// How many slots this kind of request may fill: those that nobody waits for leave some for those that someone does.
    fn allowed(&self, limit: &RateLimit, priority: Priority) -> usize {
        let Some((requests, share)) = limit.requests.zip(limit.share()) else {
            return usize::MAX;
        };
        let kept = match priority {
            Priority::Interactive => 0,
            Priority::Background => limit.kept.min(share),
        };
        (requests - kept) as usize
    }

    fn settle(&mut self, now: i64, limit: &RateLimit) -> i64 {
        self.now = self.now.max(now);
        let now = self.now;
        self.slots.retain(|slot| slot.free(limit) > now);
        now
    }
}

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

    /// The promise, with processes that answer, fail and die as they like.
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
                    // One in ten dies before it can tell.
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
