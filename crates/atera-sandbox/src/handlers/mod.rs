//! What the sandbox does for each operation.
//!
//! [`handler_of`] finds the handler of an operation. Most operations only read or write records of one kind, so their
//! handler follows from the group and the verb ([`records`]). The module of a group has the handlers of its other
//! operations.

mod account;
mod agents;
mod alerts;
mod comments;
mod contacts;
mod contracts;
mod custom_values;
mod customers;
mod devices;
mod dispatch;
mod handler;
mod invoices;
mod paging;
mod patches;
mod rates;
mod records;
mod relations;
mod tickets;
mod work_hours;

pub(crate) use dispatch::handler_of;
