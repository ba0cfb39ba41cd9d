//! The seam for a limit that is kept outside of this process.

use std::{error::Error as StdError, fmt, pin::Pin, time::Duration};

use super::rate::{Priority, Rate};

/// What became of a slot.
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

/// A limit that is kept outside of this process: by a file, a database, another service.
///
/// It takes the place of the built-in limiter, see [`ClientBuilder::slot_store`](crate::ClientBuilder::slot_store).
pub trait SlotStore: fmt::Debug + Send + Sync + 'static {
    /// Waits for a slot and takes it. A call that cannot have one fails without being sent.
    ///
    /// # Errors
    ///
    /// Whatever the store fails with; it becomes the source of an error of kind `Config`.
    fn reserve(&self, priority: Priority) -> StoreFuture<Box<dyn Reservation>>;

    /// Sends nothing more for this long.
    ///
    /// # Errors
    ///
    /// Whatever the store fails with. It is logged.
    fn pause(&self, length: Duration) -> StoreFuture<()>;

    /// What the store knows without asking anybody.
    fn rate(&self) -> Rate;
}

/// A slot of a [`SlotStore`]. One that is dropped without being completed was sent and not answered.
pub trait Reservation: Send {
    /// Tells what became of the slot.
    ///
    /// # Errors
    ///
    /// Whatever the store fails with. It is logged, and the call goes on.
    fn complete(self: Box<Self>, slot_use: SlotUse) -> StoreFuture<()>;
}

/// What a [`SlotStore`] answers when it is done.
pub type StoreFuture<T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send>>;

/// What a [`SlotStore`] fails with.
pub type StoreError = Box<dyn StdError + Send + Sync>;
