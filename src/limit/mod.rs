//! The rate limiter: who may send when, so that the service never counts more requests than it allows.
//!
//! A [`RateLimit`] is kept by all clients of the process with the same key and host. [`SlotStore`] is the
//! seam for a limit that several processes share; [`Rate`] is what [`Client::rate`](crate::Client::rate) tells.

// `window` decides and is told the time, `limiter` is the waiting around it, `registry` has one window for each key and host.
// Nothing here knows of HTTP or of Atera.

mod limiter;
mod rate;
mod registry;
mod store;
#[cfg(test)]
mod tests;
mod window;

pub(crate) use limiter::{Limiter, NoSlot, Slot};
pub use rate::{InvalidRateLimit, Priority, Rate, RateLimit};
pub(crate) use registry::shared;
pub use store::{Reservation, SlotStore, SlotUse, StoreError, StoreFuture};
