//! The rate limiter: it delays requests so that the service never counts more of them than it allows.
//!
//! All clients of the process with the same key and host share one [`RateLimit`]. [`SlotStore`] is the interface for a limit
//! that several processes share. [`Rate`] is the state that [`Client::rate`](crate::Client::rate) returns.

// `window` decides and gets the time as an argument, `limiter` waits, `report` tells a store what became of a slot, `registry` has
// one window for each key and host. Nothing here depends on HTTP or on Atera.

mod limiter;
mod rate;
mod registry;
mod report;
mod store;
#[cfg(test)]
mod tests;
mod window;

pub(crate) use limiter::{Limiter, NoSlot, Slot, Ticket};
pub use rate::{InvalidRateLimit, Priority, Rate, RateLimit};
pub(crate) use registry::shared;
pub(crate) use report::Reporting;
pub use store::{
    Remaining, Reservation, SlotReport, SlotRequest, SlotStore, SlotUse, StoreError, StoreFuture,
};
