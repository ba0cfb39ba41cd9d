//! The limit, and the log of all requests.
//!
//! The sandbox counts what a program does, so that a test can ask afterwards: did it stay within the limit, did it wait
//! after a 429, did it create anything twice?

mod arrival;
mod bodies;
mod observer;
mod rate_limit;
mod request_log;
mod stats;

pub use arrival::Arrival;
pub(crate) use observer::Observer;
pub(crate) use rate_limit::Limit;
pub(crate) use request_log::RequestLog;
pub use stats::{Creates, Stats};
