//! The interface to a limit that is kept outside of this process.

use std::{error::Error as StdError, fmt, pin::Pin, time::Duration};

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

/// A limit that is kept outside of this process: in a file, in a database, by another service.
///
/// It replaces the built-in limiter; see [`ClientBuilder::slot_store`](crate::ClientBuilder::slot_store).
pub trait SlotStore: fmt::Debug + Send + Sync + 'static {
    /// Waits for a slot and takes it. If this fails, the call fails without being sent.
    ///
    /// # Errors
    ///
    /// Any failure of the store. It becomes the source of an error of kind `Config`.
    fn reserve(&self, priority: Priority) -> StoreFuture<Box<dyn Reservation>>;

    /// Holds back all requests for this long.
    ///
    /// # Errors
    ///
    /// Any failure of the store. It is logged.
    fn pause(&self, length: Duration) -> StoreFuture<()>;

    /// The state of the limit, as far as the store knows it without I/O.
    fn rate(&self) -> Rate;
}

/// A slot of a [`SlotStore`]. If it is dropped without [`complete`](Reservation::complete), the store must treat it as
/// [`Unanswered`](SlotUse::Unanswered).
pub trait Reservation: Send {
    /// Reports how the slot was used.
    ///
    /// # Errors
    ///
    /// Any failure of the store. It is logged, and does not make the call fail.
    fn complete(self: Box<Self>, slot_use: SlotUse) -> StoreFuture<()>;
}

/// The future that a [`SlotStore`] returns.
pub type StoreFuture<T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send>>;

/// The error of a [`SlotStore`].
pub type StoreError = Box<dyn StdError + Send + Sync>;
