//! The exact sliding window: which request may be sent when. Every method gets the time as an argument; nothing here waits.
//!
//! A slot is taken before a request is sent. The service counts the request at some time between sending and answer, so the
//! slot becomes free one window after the answer. Then no window of that length at the service exceeds the limit, however long
//! answers take. A request that was never answered may be counted late, so its slot becomes free later by
//! [`late_allowance`](RateLimit::late_allowance).

use std::{
    collections::{HashMap, VecDeque},
    mem,
    task::Waker,
    time::{Duration, Instant},
};

use super::{
    rate::{Priority, Rate, RateLimit},
    store::SlotUse,
};

/// Added to the time until a slot is free, for clocks that run at different speeds.
const MARGIN: Duration = Duration::from_millis(100);

/// The largest number of hints. There are few, because a hint is dropped if another is stricter and lasts longer.
const MOST_HINTS: usize = 16;

/// A slot that was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Grant {
    /// The number of this grant, counted from 1.
    pub(super) number: u64,
    priority: Priority,
}

/// The answer to a waiter.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// It has its slot.
    Granted(Grant),
    /// Nothing may be sent for longer than the waiter waits. It was removed from the queue.
    Paused(Duration),
    /// It has to wait, and ask again at this time at the latest, or earlier when it is woken.
    Wait(Option<Instant>),
}

/// A place in a queue.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    id: u64,
    priority: Priority,
}

#[derive(Debug)]
struct Waiter {
    id: u64,
    waker: Option<Waker>,
    /// When it will ask again, unless it is woken earlier.
    asks_again_at: Option<Instant>,
}

/// A limit that an answer reported: until this time, only grants up to this number may be sent.
#[derive(Debug)]
struct Hint {
    until: Instant,
    last: u64,
}

/// The state of the requests with one key.
#[derive(Debug)]
pub(super) struct Window {
    limit: RateLimit,
    /// Slots whose requests are in flight, by priority.
    taken: [u32; 2],
    /// Slots of finished requests, sorted by when they become free.
    returning: VecDeque<(Instant, Priority)>,
    /// The same, counted by priority.
    returning_of: [u32; 2],
    granted: u64,
    paused_until: Option<Instant>,
    hints: Vec<Hint>,
    /// Number of the latest grant whose answer gave a hint.
    latest_hint: u64,
    waiting: [VecDeque<Waiter>; 2],
    /// Grants that waiters have not claimed yet, by the id of their place.
    unclaimed: HashMap<u64, Grant>,
    next_place: u64,
    wakers_to_wake: Vec<Waker>,
}

impl Window {
    pub(super) fn new(limit: RateLimit) -> Self {
        // Reserved from the start, so that finishing a slot does not allocate; at most 4096.
        let room = limit.requests.unwrap_or_default().min(4096) as usize;
        Window {
            limit,
            taken: [0; 2],
            returning: VecDeque::with_capacity(room),
            returning_of: [0; 2],
            granted: 0,
            paused_until: None,
            hints: Vec::new(),
            latest_hint: 0,
            waiting: Default::default(),
            unclaimed: HashMap::new(),
            next_place: 0,
            wakers_to_wake: Vec::new(),
        }
    }

    /// Makes the limit as strict as another one: the smaller number, the longer window.
    pub(super) fn tighten(&mut self, now: Instant, other: RateLimit) {
        let stricter = self.limit.stricter(other);
        for (time, _) in &mut self.returning {
            *time += stricter.window.saturating_sub(self.limit.window);
        }
        self.limit = stricter;
        self.update(now);
    }

    /// A slot, if one is free and nobody waits before this call.
    pub(super) fn take(&mut self, now: Instant, priority: Priority) -> Option<Grant> {
        self.update(now);
        let priority = self.priority(priority);
        let first = self.waiting[priority as usize].is_empty();
        (first && self.blocked_until().is_none() && self.admits(priority)).then(|| self.grant(priority))
    }

    /// A place at the end of the queue.
    pub(super) fn enter(&mut self, priority: Priority) -> Place {
        let priority = self.priority(priority);
        let id = self.next_place;
        self.next_place += 1;
        self.waiting[priority as usize].push_back(Waiter {
            id,
            waker: None,
            asks_again_at: None,
        });
        Place { id, priority }
    }

    /// Asks whether it is a waiter's turn. If not, `waker` will wake it.
    pub(super) fn ask(&mut self, now: Instant, place: Place, patience: Duration, waker: &Waker) -> Turn {
        self.update(now);
        let unclaimed = self.unclaimed.get(&place.id).copied();
        // A pause may have begun after the slot was granted.
        let held = self.held(unclaimed.map_or(self.granted + 1, |grant| grant.number));
        let left = held.map(|until| until.saturating_duration_since(now));
        if let Some(left) = left.filter(|left| *left > patience) {
            self.leave(now, place);
            return Turn::Paused(left);
        }
        match (unclaimed, held) {
            (Some(grant), None) => {
                self.unclaimed.remove(&place.id);
                return Turn::Granted(grant);
            }
            (Some(_), Some(_)) => return Turn::Wait(held),
            (None, _) => {}
        }
        let Some(position) = self.position(place) else {
            return Turn::Wait(None);
        };
        let due = self.due(position);
        let waiter = &mut self.waiting[place.priority as usize][position];
        waiter.asks_again_at = due;
        match &mut waiter.waker {
            Some(known) => known.clone_from(waker),
            none => *none = Some(waker.clone()),
        }
        Turn::Wait(due)
    }

    /// How many calls get a slot before the one with this place, as long as it has none itself.
    pub(super) fn ahead(&self, place: Place) -> Option<usize> {
        let position = self.position(place)?;
        let overtaking = match place.priority {
            Priority::Interactive => 0,
            Priority::Background => self.waiting[Priority::Interactive as usize].len(),
        };
        Some(overtaking + position)
    }

    /// Gives up a place, and the slot that may already be granted to it.
    pub(super) fn leave(&mut self, now: Instant, place: Place) {
        if let Some(grant) = self.unclaimed.remove(&place.id) {
            self.finish(now, grant, SlotUse::Unsent);
        } else if let Some(position) = self.position(place) {
            self.waiting[place.priority as usize].remove(position);
            self.update(now);
        }
    }

    /// Finishes a slot: computes when it becomes free again.
    pub(super) fn finish(&mut self, now: Instant, grant: Grant, slot_use: SlotUse) {
        let kind = grant.priority as usize;
        self.taken[kind] -= 1;
        let late = match slot_use {
            SlotUse::Unsent => None,
            SlotUse::Answered => Some(MARGIN),
            SlotUse::Unanswered => Some(MARGIN.max(self.limit.late)),
        };
        if let Some(late) = late.filter(|_| self.limit.requests.is_some()) {
            let free = now + self.limit.window + late;
            let at = match self.returning.back() {
                Some((last, _)) if *last > free => self.returning.partition_point(|(time, _)| *time <= free),
                _ => self.returning.len(),
            };
            self.returning.insert(at, (free, grant.priority));
            self.returning_of[kind] += 1;
        }
        self.update(now);
    }

    /// Holds back all requests until the time. Returns whether there was no pause before.
    pub(super) fn pause(&mut self, now: Instant, until: Instant) -> bool {
        self.update(now);
        let news = self.paused_until.is_none();
        self.paused_until = self.paused_until.max(Some(until).filter(|until| *until > now));
        // All waiters are woken, so that those that do not wait so long fail at once.
        let waiters = self.waiting.iter().flatten();
        self.wakers_to_wake
            .extend(waiters.filter_map(|waiter| waiter.waker.clone()));
        news
    }

    /// Adds a hint of the service: how many more requests it accepts until the time. A hint is ignored if a later request already
    /// gave one, and a hint never raises the limit.
    pub(super) fn hint(&mut self, now: Instant, grant: Grant, remaining: u32, until: Instant) {
        if grant.number < self.latest_hint {
            return;
        }
        self.latest_hint = grant.number;
        let last = grant.number + u64::from(remaining);
        if self
            .hints
            .iter()
            .any(|hint| hint.until >= until && hint.last <= last)
        {
            return;
        }
        self.hints.retain(|hint| hint.until > until || hint.last < last);
        if self.hints.len() < MOST_HINTS {
            self.hints.push(Hint { until, last });
        }
        self.update(now);
    }

    pub(super) fn rate(&mut self, now: Instant) -> Rate {
        self.update(now);
        Rate {
            limit: self.limit,
            in_use: self.in_use(),
            waiting: self.waiting.iter().map(VecDeque::len).sum(),
            paused_until: self.blocked_until(),
            quarantined_until: None,
            next_slot: self
                .waiting
                .iter()
                .any(|queue| !queue.is_empty())
                .then(|| self.due(0))
                .flatten(),
        }
    }

    /// Length of the window.
    pub(super) fn length(&self) -> Duration {
        self.limit.window
    }

    /// Whether the window is in the same state as a new one.
    pub(super) fn is_idle(&mut self, now: Instant) -> bool {
        self.update(now);
        self.in_use() == 0 && self.blocked_until().is_none() && self.hints.is_empty()
    }

    /// The waiters to wake now. The caller must call this after every other method.
    pub(super) fn wakers_to_wake(&mut self) -> Vec<Waker> {
        mem::take(&mut self.wakers_to_wake)
    }

    /// For limits below 10, where a tenth is less than one slot, all requests are served in the order they came.
    fn priority(&self, priority: Priority) -> Priority {
        match self.limit.share() {
            Some(0) => Priority::Interactive,
            _ => priority,
        }
    }

    fn used(&self, priority: Priority) -> u32 {
        self.taken[priority as usize] + self.returning_of[priority as usize]
    }

    fn in_use(&self) -> u32 {
        self.used(Priority::Interactive) + self.used(Priority::Background)
    }

    fn free(&self) -> u32 {
        self.limit
            .requests
            .map_or(u32::MAX, |limit| limit.saturating_sub(self.in_use()))
    }

    /// Whether a request of this priority may get the next slot.
    fn admits(&self, priority: Priority) -> bool {
        let (Some(limit), Some(share)) = (self.limit.requests, self.limit.share()) else {
            return true;
        };
        self.free() > 0
            && match priority {
                Priority::Interactive => {
                    self.waiting[Priority::Background as usize].is_empty() || self.used(priority) < share
                }
                Priority::Background => self.used(priority) < limit - self.limit.kept.min(share),
            }
    }

    /// Until when no new grant may be sent, even if slots are free.
    fn blocked_until(&self) -> Option<Instant> {
        self.held(self.granted + 1)
    }

    /// Until when the grant of this number may not be used.
    fn held(&self, number: u64) -> Option<Instant> {
        let exhausted = self.hints.iter().filter(|hint| hint.last < number);
        exhausted.map(|hint| hint.until).chain(self.paused_until).max()
    }

    fn grant(&mut self, priority: Priority) -> Grant {
        self.taken[priority as usize] += 1;
        self.granted += 1;
        Grant {
            number: self.granted,
            priority,
        }
    }

    fn position(&self, place: Place) -> Option<usize> {
        self.waiting[place.priority as usize]
            .binary_search_by_key(&place.id, |waiter| waiter.id)
            .ok()
    }

    /// When a waiter should ask again: when enough slots are free for all waiters before it and for itself. When the first waiter
    /// asks, slots are granted to those behind it too. The others ask only in case the first is never polled.
    fn due(&self, position: usize) -> Option<Instant> {
        let blocked = self.blocked_until();
        let free = self.free() as usize;
        if position < free && blocked.is_some() {
            return blocked;
        }
        let slot = self.returning.get(position.saturating_sub(free));
        slot.map(|(time, _)| *time).max(blocked)
    }

    /// Drops expired slots, grants free ones, collects wakers.
    fn update(&mut self, now: Instant) {
        while let Some((_, priority)) = self.returning.front().filter(|(time, _)| *time <= now) {
            self.returning_of[*priority as usize] -= 1;
            self.returning.pop_front();
        }
        self.paused_until = self.paused_until.filter(|until| *until > now);
        self.hints.retain(|hint| hint.until > now);
        while let Some(priority) = self.next() {
            let Some(waiter) = self.waiting[priority as usize].pop_front() else {
                break;
            };
            let grant = self.grant(priority);
            self.unclaimed.insert(waiter.id, grant);
            self.wakers_to_wake.extend(waiter.waker);
        }
        for priority in [Priority::Interactive, Priority::Background] {
            // The first waiter needs a time to ask again, and so does the first one that had none, because fewer slots than
            // waiters had a known time.
            for position in [0, self.returning.len().saturating_sub(1)] {
                self.wake_if_late(priority, position);
            }
        }
    }

    /// The priority of the next waiter that may get a slot.
    fn next(&self) -> Option<Priority> {
        if self.blocked_until().is_some() {
            return None;
        }
        [Priority::Interactive, Priority::Background]
            .into_iter()
            .find(|priority| !self.waiting[*priority as usize].is_empty() && self.admits(*priority))
    }

    /// Wakes a waiter whose next time to ask is too late.
    fn wake_if_late(&mut self, priority: Priority, position: usize) {
        let Some(waiter) = self.waiting[priority as usize].get(position) else {
            return;
        };
        let due = self.due(position);
        if due.is_some_and(|due| waiter.asks_again_at.is_none_or(|time| due < time)) {
            let waiter = &mut self.waiting[priority as usize][position];
            waiter.asks_again_at = due;
            self.wakers_to_wake.extend(waiter.waker.clone());
        }
    }
}
