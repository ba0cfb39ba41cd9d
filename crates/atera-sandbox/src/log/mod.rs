//! The limit, and the log of all requests.
//!
//! The sandbox counts what a program does, so that a test can ask afterwards: did it stay within the limit, did it wait
//! after a 429, did it create anything twice?

mod arrival;
mod request_log;
mod stats;
mod rate_limit;

pub use arrival::Arrival;
pub(crate) use request_log::RequestLog;
pub use stats::{Creates, Stats};
pub(crate) use rate_limit::Limit;
