//! Waits for slots of a [`Window`]. A call gets its slot in turn, or the reason why it gets none.

use std::{
    fmt,
    future::{Ready, poll_fn, ready},
    pin::pin,
    sync::{Arc, Mutex, MutexGuard},
    time::{Duration, Instant},
};

use futures_util::future::Either;

use super::{
    rate::{Priority, Rate, RateLimit},
    store::{Reservation, SlotStore, SlotUse, StoreError, StoreFuture},
    window::{Grant, Place, Turn, Window},
};
use crate::{clock, sync};

/// Where a client takes its slots.
#[derive(Clone, Debug)]
pub(crate) enum Limiter {
    Window(Arc<SharedWindow>),
    Store(Arc<dyn SlotStore>),
}

/// A window that clients and tasks share.
#[derive(Debug)]
pub(crate) struct SharedWindow(Mutex<Window>);

/// Why there is no slot.
#[derive(Debug)]
pub(crate) enum NoSlot {
    /// The service asked for a pause that is longer than the call waits.
    Paused(Duration),
    Failed(StoreError),
}

/// The end of a slot. It is ready at once for the built-in limiter; a store has to be awaited.
pub(crate) type Finishing = Either<Ready<Result<(), StoreError>>, StoreFuture<()>>;

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
    /// Waits for a slot and takes it. A pause longer than `patience` is not waited for.
    pub(crate) async fn acquire(&self, priority: Priority, patience: Duration) -> Result<Slot, NoSlot> {
        let (held, since) = match self {
            Limiter::Window(window) => {
                let at_once = window.with(|state, now| state.take(now, priority).map(|grant| (grant, now)));
                let (grant, since) = match at_once {
                    Some(taken) => taken,
                    // Boxed, because the future is large and most calls do not wait.
                    None => (Box::pin(window.queue(priority, patience)).await?, clock::now()),
                };
                (HeldSlot::Window(window.clone(), grant), since)
            }
            Limiter::Store(store) => {
                let paused = store.rate().paused_until;
                let paused = paused.map(|until| until.saturating_duration_since(clock::now()));
                if let Some(left) = paused.filter(|left| *left > patience) {
                    return Err(NoSlot::Paused(left));
                }
                let reservation = store.reserve(priority).await.map_err(NoSlot::Failed)?;
                (HeldSlot::Store(reservation), clock::now())
            }
        };
        Ok(Slot {
            held: Some(held),
            since,
            sent: false,
        })
    }

    /// Holds back all requests for this long. Returns whether no pause was known before.
    pub(crate) async fn pause(&self, length: Duration) -> Result<bool, StoreError> {
        match self {
            Limiter::Window(window) => {
                Ok(window.with(|state, now| state.pause(now, clock::after(now, length))))
            }
            Limiter::Store(store) => {
                let news = store.rate().paused_until.is_none();
                store.pause(length).await?;
                Ok(news)
            }
        }
    }

    pub(crate) fn rate(&self) -> Rate {
        match self {
            Limiter::Window(window) => window.with(Window::rate),
            Limiter::Store(store) => store.rate(),
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
    async fn queue(&self, priority: Priority, patience: Duration) -> Result<Grant, NoSlot> {
        let queued = Queued {
            window: self,
            place: self.with(|state, _| state.enter(priority)),
        };
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

    /// Reports how the slot was used. `left` is how many more requests the answer allows, and for how long.
    #[must_use = "a store gets the report only when this is awaited"]
    pub(crate) fn finish(&mut self, slot_use: SlotUse, left: Option<(u32, Option<Duration>)>) -> Finishing {
        match self.held.take() {
            Some(HeldSlot::Window(window, grant)) => window.with(|state, now| {
                state.finish(now, grant, slot_use);
                if let Some((remaining, reset)) = left {
                    let reset = reset.unwrap_or(state.length());
                    state.hint(now, grant, remaining, clock::after(now, reset));
                }
            }),
            Some(HeldSlot::Store(reservation)) => return Either::Right(reservation.complete(slot_use)),
            None => {}
        }
        Either::Left(ready(Ok(())))
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        // A reservation of a store reports to it when it is dropped.
        if let Some(HeldSlot::Window(..)) = self.held {
            let slot_use = match self.sent {
                true => SlotUse::Unanswered,
                false => SlotUse::Unsent,
            };
            drop(self.finish(slot_use, None));
        }
    }
}
