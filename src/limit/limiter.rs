//! Waits for slots of a [`Window`]. A call gets its slot in turn, or the reason why it gets none.

use std::{
    fmt,
    future::poll_fn,
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, OnceLock},
    time::{Duration, Instant},
};

use futures_util::future::{Either, select};
use tokio::sync::Notify;

use super::{
    rate::{Priority, Rate, RateLimit},
    report::Reporting,
    store::{Remaining, Reservation, SlotReport, SlotRequest, SlotStore, SlotUse, StoreError},
    window::{Grant, Place, Turn, Window},
};
use crate::{clock, sync};

/// How often a call that waits for a store looks whether it knows of a pause that another process began.
const LOOK_FOR_PAUSE: Duration = Duration::from_secs(1);

/// Where a client takes its slots.
#[derive(Clone, Debug)]
pub(crate) enum Limiter {
    Window(Arc<SharedWindow>),
    Store(Arc<SharedStore>),
}

/// A store that clients and tasks share.
#[derive(Debug)]
pub(crate) struct SharedStore {
    store: Arc<dyn SlotStore>,
    /// Wakes those who wait, because a pause began.
    paused: Notify,
}

/// The place of a call among those that wait, for an observer.
#[derive(Debug, Default)]
pub(crate) struct Ticket(OnceLock<Waiting>);

#[derive(Debug)]
enum Waiting {
    Window(Place),
    Store(u64),
}

/// A window that clients and tasks share.
#[derive(Debug)]
pub(crate) struct SharedWindow(Mutex<Window>);

/// Why there is no slot.
#[derive(Debug)]
pub(crate) enum NoSlot {
    /// The service asked for a pause that is longer than the call waits.
    Paused(Duration),
    /// The store does not know what was sent before, and waits that out for longer than the call waits.
    Quarantined(Duration),
    Failed(StoreError),
}

/// A slot that was taken. When it is dropped, it is finished as unsent or as unanswered.
#[must_use]
#[derive(Debug)]
pub(crate) struct Slot {
    pub(super) held: Option<HeldSlot>,
    /// When it was taken; after a wait, when the waiter was polled and got it.
    pub(crate) since: Instant,
    pub(super) sent: bool,
}

pub(super) enum HeldSlot {
    Window(Arc<SharedWindow>, Grant),
    Store(Box<dyn Reservation>),
}

impl fmt::Debug for HeldSlot {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("HeldSlot")
    }
}

impl Limiter {
    pub(crate) fn of_store(store: Arc<dyn SlotStore>) -> Self {
        Limiter::Store(Arc::new(SharedStore {
            store,
            paused: Notify::new(),
        }))
    }

    /// Waits for a slot and takes it. A pause longer than `patience` is not waited for. A call that waits puts its place into the
    /// ticket.
    pub(crate) async fn acquire(
        &self,
        priority: Priority,
        patience: Duration,
        ticket: &Ticket,
    ) -> Result<Slot, NoSlot> {
        let (held, since) = match self {
            Limiter::Window(window) => {
                let at_once = window.with(|state, now| state.take(now, priority).map(|grant| (grant, now)));
                let (grant, since) = match at_once {
                    Some(taken) => taken,
                    // Boxed, because the future is large and most calls do not wait.
                    None => (
                        Box::pin(window.queue(priority, patience, ticket)).await?,
                        clock::now(),
                    ),
                };
                (HeldSlot::Window(window.clone(), grant), since)
            }
            Limiter::Store(store) => {
                let reservation = Box::pin(store.reserve(priority, patience, ticket)).await?;
                (HeldSlot::Store(reservation), clock::now())
            }
        };
        Ok(Slot {
            held: Some(held),
            since,
            sent: false,
        })
    }

    /// Holds back all requests for this long. Returns whether no pause was known before, and what remains to be waited for.
    pub(crate) fn pause(&self, length: Duration) -> (bool, Reporting) {
        match self {
            Limiter::Window(window) => {
                let news = window.with(|state, now| state.pause(now, clock::after(now, length)));
                (news, Reporting::default())
            }
            Limiter::Store(shared) => {
                let news = shared.store.rate().paused_until.is_none();
                let (pausing, shared) = (shared.store.pause(length), shared.clone());
                let pausing = Box::pin(async move {
                    let paused = pausing.await;
                    shared.paused.notify_waiters();
                    paused
                });
                (news, Reporting::new(pausing))
            }
        }
    }

    pub(crate) fn rate(&self) -> Rate {
        match self {
            Limiter::Window(window) => window.with(Window::rate),
            Limiter::Store(shared) => shared.store.rate(),
        }
    }

    /// How many calls get a slot before the one with this ticket. `None` if it does not wait, or if it is not known.
    pub(crate) fn ahead(&self, ticket: &Ticket) -> Option<usize> {
        match (self, ticket.0.get()?) {
            (Limiter::Window(window), Waiting::Window(place)) => window.with(|state, _| state.ahead(*place)),
            (Limiter::Store(shared), Waiting::Store(id)) => shared.store.ahead(*id),
            _ => None,
        }
    }
}

impl SharedStore {
    /// Waits for the store's slot, or until it knows of a pause that is too long.
    async fn reserve(
        &self,
        priority: Priority,
        patience: Duration,
        ticket: &Ticket,
    ) -> Result<Box<dyn Reservation>, NoSlot> {
        let request = SlotRequest::new(priority).with_patience(patience);
        let _ = ticket.0.set(Waiting::Store(request.id));
        let mut reserving = None;
        loop {
            let mut told = pin!(self.paused.notified());
            // Before the store is asked, so that no pause is missed.
            told.as_mut().enable();
            let now = clock::now();
            let rate = self.store.rate();
            let left = |until: Option<Instant>| {
                until.map_or(Duration::ZERO, |until| until.saturating_duration_since(now))
            };
            let (paused, quarantined) = (left(rate.paused_until), left(rate.quarantined_until));
            if quarantined > patience.max(paused) {
                return Err(NoSlot::Quarantined(quarantined));
            }
            if paused > patience {
                return Err(NoSlot::Paused(paused));
            }
            let reserving = reserving.get_or_insert_with(|| self.store.reserve(request));
            let tick = pin!(clock::sleep_until(now + LOOK_FOR_PAUSE));
            if let Either::Left((reserved, _)) = select(reserving, select(told, tick)).await {
                return reserved.map_err(NoSlot::Failed);
            }
        }
    }
}

impl SharedWindow {
    pub(crate) fn new(limit: RateLimit) -> Self {
        SharedWindow(Mutex::new(Window::new(limit)))
    }

    /// Reads or changes the window, and wakes the waiters that can continue.
    pub(super) fn with<T>(&self, change: impl FnOnce(&mut Window, Instant) -> T) -> T {
        let mut state = self.lock();
        let result = change(&mut state, clock::now());
        let wakers_to_wake = state.wakers_to_wake();
        drop(state);
        for waker in wakers_to_wake {
            waker.wake();
        }
        result
    }

    fn lock(&self) -> MutexGuard<'_, Window> {
        sync::lock(&self.0)
    }

    /// Waits for a slot at the end of the queue.
    async fn queue(&self, priority: Priority, patience: Duration, ticket: &Ticket) -> Result<Grant, NoSlot> {
        let queued = Queued {
            window: self,
            place: self.with(|state, _| state.enter(priority)),
        };
        let _ = ticket.0.set(Waiting::Window(queued.place));
        let mut timer = pin!(clock::sleep_until(clock::now()));
        poll_fn(|context| {
            loop {
                let ask = |state: &mut Window, now| state.ask(now, queued.place, patience, context.waker());
                match self.with(ask) {
                    Turn::Granted(grant) => return Ok(grant).into(),
                    Turn::Paused(left) => return Err(NoSlot::Paused(left)).into(),
                    Turn::Wait(None) => return std::task::Poll::Pending,
                    Turn::Wait(Some(due)) => timer.as_mut().reset(due.into()),
                }
                if timer.as_mut().poll(context).is_pending() {
                    return std::task::Poll::Pending;
                }
            }
        })
        .await
    }
}

/// A place in the queue. Dropping it gives up the place.
struct Queued<'a> {
    window: &'a SharedWindow,
    place: Place,
}

impl Drop for Queued<'_> {
    fn drop(&mut self) {
        self.window.with(|state, now| state.leave(now, self.place));
    }
}

impl Slot {
    /// Marks the request as sent: from now on the service may see it.
    pub(crate) fn sending(&mut self) {
        self.sent = true;
    }

    /// Reports how the slot was used, and how many more requests the answer allows. A store has to be waited for.
    pub(crate) fn finish(&mut self, slot_use: SlotUse, remaining: Option<Remaining>) -> Reporting {
        match self.held.take() {
            Some(HeldSlot::Window(window, grant)) => window.with(|state, now| {
                state.finish(now, grant, slot_use);
                if let Some(remaining) = remaining {
                    let reset = remaining.reset.unwrap_or(state.length());
                    state.hint(now, grant, remaining.requests, clock::after(now, reset));
                }
            }),
            Some(HeldSlot::Store(reservation)) => {
                let report = SlotReport { slot_use, remaining };
                return Reporting::new(reservation.complete(report));
            }
            None => {}
        }
        Reporting::default()
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let slot_use = match self.sent {
            true => SlotUse::Unanswered,
            false => SlotUse::Unsent,
        };
        drop(self.finish(slot_use, None));
    }
}
