//! Failures on demand: of the service, of the network, and from records that change while lists are read.

mod churn;
mod fault;
mod plan;

pub use churn::Churn;
pub use fault::Faults;
pub(crate) use plan::{EarlyOutcome, FaultPlan, RequestFaults};
