//! The records at the start.
//!
//! They are made up, the same for the same seed, and in agreement with each other: a ticket is no older than its
//! contact, and its durations are the sums of its work hours. The ids and names in the examples of the description
//! belong to the first record of each kind. Some records are awkward on purpose, with names in other scripts, long
//! comments, or nearly no fields set.

mod agents;
mod alerts;
mod billing;
mod catalogue;
mod contacts;
mod conversation;
mod customers;
mod devices;
mod draw;
mod generate;
mod hardware;
mod keys;
mod names;
mod origin;
mod staff;
mod subjects;
mod tickets;

pub(crate) use generate::Counts;
pub(crate) use keys::{api_key, jwt};
pub(crate) use origin::Origin;
