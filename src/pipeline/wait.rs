//! What a call waits for before it is sent, for programs that tell it to people. See [`ClientBuilder::on_wait`].
//!
//! [`ClientBuilder::on_wait`]: crate::ClientBuilder::on_wait

use std::{
    fmt,
    future::poll_fn,
    pin::{Pin, pin},
    sync::Arc,
    task::Poll,
    time::{Duration, Instant},
};

use http::StatusCode;

use crate::{
    ErrorKind, clock,
    description::Operation,
    limit::{Limiter, Priority, Rate, Ticket},
};

/// How often the observer is told that a wait goes on.
const TELL_AGAIN: Duration = Duration::from_secs(1);

/// How long a wait without a known end is not worth telling: a store has to look at its file or its database first.
const LOOK_UP: Duration = Duration::from_millis(50);

/// A wait of a call before it is sent: for a slot of the rate limit, or between two attempts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Wait {
    /// The id of the operation, such as `tickets_list`.
    pub operation: &'static str,
    /// What the call waits for.
    pub reason: WaitReason,
    /// When it began to wait.
    pub since: Instant,
    /// Until when it waits at least, as far as is known. At the rate limit it is when the next slot is free, which may go to
    /// another call that waits.
    pub until: Option<Instant>,
    /// At the rate limit, how many calls get a slot before this one, as far as is known.
    pub ahead: Option<usize>,
    /// Whether this is the beginning of the wait, its continuation, or its end.
    pub phase: WaitPhase,
}

/// What a call waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WaitReason {
    /// For a slot: as many requests were sent as the rate limit allows.
    RateLimit,
    /// For the answer of the [store](crate::limit::SlotStore) of the rate limit, which takes long, although slots are free as far as it
    /// has said.
    Store,
    /// For the end of a pause, which the service has asked for with an answer to this call or to another one with the same key.
    Pause,
    /// For what may have been sent before to count no more: the [store](crate::limit::SlotStore) of the rate limit does not know what
    /// was, as after a restart of its server.
    Quarantine,
    /// For the next attempt, after one that failed.
    #[non_exhaustive]
    Retry {
        /// The number of the retry, from 1.
        number: u32,
        /// The largest number of retries, by the [`RetryPolicy`](crate::RetryPolicy).
        most: u32,
        /// How the attempt failed.
        after: ErrorKind,
        /// The status of its answer, if there was one.
        status: Option<StatusCode>,
    },
}

/// The phases of a wait. Each wait that an observer is told of has one beginning and one end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WaitPhase {
    /// The call begins to wait.
    Began,
    /// The call still waits, perhaps for another reason or until another time. It is told once a second.
    GoesOn,
    /// The call no longer waits: it goes on, fails, or was dropped.
    Ended,
}

/// The function that is told of waits.
#[derive(Clone)]
pub(crate) struct WaitObserver(Arc<dyn Fn(&Wait) + Send + Sync>);

impl WaitObserver {
    pub(crate) fn new(observer: impl Fn(&Wait) + Send + Sync + 'static) -> Self {
        WaitObserver(Arc::new(observer))
    }
}

impl fmt::Debug for WaitObserver {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("WaitObserver")
    }
}

/// What a call is about to wait for.
pub(super) enum WaitsFor<'a> {
    /// The API key, from its provider. Observers are not told.
    Key,
    /// A slot of the limiter.
    Slot(&'a Limiter, &'a Ticket),
    /// The next attempt.
    Retry(WaitReason, Instant),
}

impl WaitsFor<'_> {
    /// The reason and the end of the wait, as they are known now.
    fn state(&self) -> Option<(WaitReason, Option<Instant>)> {
        match self {
            WaitsFor::Key => None,
            WaitsFor::Slot(limiter, _) => {
                let rate = limiter.rate();
                Some(match rate.paused_until.max(rate.quarantined_until) {
                    until @ Some(_) if until == rate.paused_until => (WaitReason::Pause, until),
                    until @ Some(_) => (WaitReason::Quarantine, until),
                    None if matches!(limiter, Limiter::Store(_)) && has_free_slots(&rate) => {
                        (WaitReason::Store, None)
                    }
                    None => (WaitReason::RateLimit, rate.next_slot),
                })
            }
            WaitsFor::Retry(reason, until) => Some((*reason, Some(*until))),
        }
    }

    /// How many calls get a slot before this one.
    fn ahead(&self) -> Option<usize> {
        match self {
            WaitsFor::Slot(limiter, ticket) => limiter.ahead(ticket),
            WaitsFor::Key | WaitsFor::Retry(..) => None,
        }
    }
}

/// Whether calls of any priority would have a slot, so that none of them waits for the limit.
fn has_free_slots(rate: &Rate) -> bool {
    let reserved = rate.limit.reserved_for(Priority::Interactive);
    let allowed = rate
        .limit
        .requests()
        .map(|requests| requests - reserved.unwrap_or(0));
    rate.next_slot.is_none() && allowed.is_none_or(|allowed| rate.in_use < allowed)
}

/// Waits for a future that is not ready, and tells the observer. The result is `None` if the deadline passes first.
pub(super) async fn wait_for<T>(
    mut future: Pin<&mut impl Future<Output = T>>,
    deadline: Option<Instant>,
    operation: &'static Operation,
    what: WaitsFor<'_>,
    observer: Option<&WaitObserver>,
) -> Option<T> {
    let since = clock::now();
    let mut watch = observer.map(|observer| Watch {
        observer,
        what,
        wait: None,
        operation,
        since,
    });
    let mut wake_at = move |now| {
        let tell_at = watch.as_mut().and_then(|watch| watch.tell(now));
        [tell_at, deadline].into_iter().flatten().min()
    };
    let mut timer = pin!(wake_at(since).map(clock::sleep_until));
    poll_fn(|context| {
        loop {
            if let Poll::Ready(result) = future.as_mut().poll(context) {
                return Poll::Ready(Some(result));
            }
            let Some(mut sleep) = timer.as_mut().as_pin_mut() else {
                return Poll::Pending;
            };
            if sleep.as_mut().poll(context).is_pending() {
                return Poll::Pending;
            }
            let now = clock::now();
            if deadline.is_some_and(|deadline| deadline <= now) {
                return Poll::Ready(None);
            }
            match wake_at(now) {
                Some(time) => sleep.reset(time.into()),
                None => return Poll::Pending,
            }
        }
    })
    .await
}

/// A wait that an observer is told of. Dropping it ends the wait.
struct Watch<'a> {
    observer: &'a WaitObserver,
    what: WaitsFor<'a>,
    operation: &'static Operation,
    since: Instant,
    /// What was told last.
    wait: Option<Wait>,
}

impl Watch<'_> {
    /// Tells the observer of the wait, and returns when to do it again.
    fn tell(&mut self, now: Instant) -> Option<Instant> {
        let (reason, until) = self.what.state()?;
        if until.is_none() && now - self.since < LOOK_UP {
            return Some(self.since + LOOK_UP);
        }
        let phase = match self.wait {
            None => WaitPhase::Began,
            Some(_) => WaitPhase::GoesOn,
        };
        let wait = Wait {
            operation: self.operation.id,
            reason,
            since: self.since,
            until,
            ahead: self.what.ahead(),
            phase,
        };
        self.wait = Some(wait);
        (self.observer.0)(&wait);
        Some(now + TELL_AGAIN)
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        if let Some(wait) = self.wait {
            (self.observer.0)(&Wait {
                phase: WaitPhase::Ended,
                ..wait
            });
        }
    }
}
