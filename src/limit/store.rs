//! The interface to a limit that is kept outside of this process.

use std::{
    error::Error as StdError,
    fmt,
    pin::Pin,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use super::rate::{Priority, Rate};

/// How a slot was used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SlotUse {
    /// Nothing was sent, so the slot is free again at once.
    Unsent,
    /// The request was answered, and counted no later than that.
    Answered,
    /// The request was sent and not answered, so it may be counted late.
    Unanswered,
}

/// What a call asks a [`SlotStore`] for.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct SlotRequest {
    /// A number that no other request of this process has. [`SlotStore::ahead`] gets it.
    pub id: u64,
    /// Which calls get slots first.
    pub priority: Priority,
    /// The longest pause that the call waits for, and the longest time that a store may take to recover from a failure, or until it
    /// knows what was sent before. A call waits for its turn longer than that.
    pub patience: Duration,
}

impl SlotRequest {
    /// A request with an id of its own and without an end to its patience.
    pub fn new(priority: Priority) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        SlotRequest {
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            priority,
            patience: Duration::MAX,
        }
    }

    /// The same request with this patience.
    #[must_use]
    pub fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }
}

/// What became of a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SlotReport {
    /// How the slot was used.
    pub slot_use: SlotUse,
    /// How many more requests the answer allows, if it says so.
    pub remaining: Option<Remaining>,
}

impl From<SlotUse> for SlotReport {
    fn from(slot_use: SlotUse) -> Self {
        SlotReport {
            slot_use,
            remaining: None,
        }
    }
}

/// How many more requests an answer allows: `X-RateLimit-Remaining` and `X-RateLimit-Reset`.
///
/// It can only make a limit stricter. The service counts requests that are sent before the answer arrives too, so the number
/// holds from the request that was answered: of those whose slots were taken after its own, this many may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remaining {
    /// How many more requests the service accepts.
    pub requests: u32,
    /// For how long that holds; one window if the answer does not say it.
    pub reset: Option<Duration>,
}

/// A limit that is kept outside of this process: in a file, in a database, by another service.
///
/// It replaces the built-in limiter; see [`ClientBuilder::slot_store`](crate::ClientBuilder::slot_store). Whatever a store does,
/// no call waits for it beyond its deadline, nor for the end of a pause or of a quarantine ([`Rate::quarantined_until`]) that is later
/// than its patience allows.
pub trait SlotStore: fmt::Debug + Send + Sync + 'static {
    /// Waits for a slot and takes it. If this fails, the call fails without being sent.
    ///
    /// A caller that gives up drops the future. The store then gives back what it had taken for the call: its place among those
    /// that wait, and a slot that it did not return yet.
    ///
    /// # Errors
    ///
    /// Any failure of the store. It becomes the source of an error of kind `Config`.
    fn reserve(&self, request: SlotRequest) -> StoreFuture<Box<dyn Reservation>>;

    /// Holds back all requests for this long.
    ///
    /// # Errors
    ///
    /// Any failure of the store. It is logged.
    fn pause(&self, length: Duration) -> StoreFuture<()>;

    /// The state of the limit, as far as the store knows it without I/O.
    fn rate(&self) -> Rate;

    /// How many calls get a slot before the one that waits with this [id](SlotRequest::id), as far as the store knows it without
    /// I/O. Observers of waits are told it.
    fn ahead(&self, id: u64) -> Option<usize> {
        let _ = id;
        None
    }
}

/// A slot of a [`SlotStore`]. A client reports what became of each, also of those whose callers give up. If it is dropped all the
/// same, as at the end of the runtime, the store must treat it as [`Unanswered`](SlotUse::Unanswered).
pub trait Reservation: Send {
    /// Reports what became of the slot.
    ///
    /// A call waits for the future for a second at most, and never beyond its deadline; the rest of it runs in the background. A store
    /// that has to ask a server does that in a task, and returns a future that is ready, so that no answer waits for the server.
    ///
    /// # Errors
    ///
    /// Any failure of the store. It is logged, and does not make the call fail.
    fn complete(self: Box<Self>, report: SlotReport) -> StoreFuture<()>;
}

/// The future that a [`SlotStore`] returns.
pub type StoreFuture<T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send>>;

/// The error of a [`SlotStore`].
pub type StoreError = Box<dyn StdError + Send + Sync>;
