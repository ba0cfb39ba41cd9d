//! What goes wrong on demand: failures of the service and the network, and records that change while lists are read.

mod churn;
mod fault;
mod plan;

pub use churn::Churn;
pub use fault::Faults;
pub(crate) use plan::{EarlyOutcome, FaultPlan, RequestFaults};
