//! Calls: a module per group of operations, and in it a type per call.
//!
//! The groups are generated from the description. What stands beside them makes them work: [`call`] takes one from its
//! arguments to its value, [`request`] builds what is sent, [`listed`] and [`list`] make lists of pages, [`dynamic`] calls
//! by name and [`raw`] calls any path.

pub mod batch;
#[cfg(feature = "cache")]
mod cached;
mod call;
#[cfg(feature = "changes")]
pub(crate) mod changes;
mod dynamic;
mod list;
mod listed;
mod raw;
mod request;

#[cfg(feature = "changes")]
pub use changes::Changes;
pub use dynamic::DynamicCall;
pub use groups::*;
pub use list::List;
pub use raw::RawCall;

/// What `build.rs` makes of the groups of the description.
mod groups {
    #![allow(clippy::all, reason = "the code is not written for people")]

    include!(concat!(env!("OUT_DIR"), "/groups.rs"));
}
