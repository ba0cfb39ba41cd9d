//! Calls: a module per group of operations, and in it a type per call.
//!
//! [`Client`](crate::Client) has a method for each group, as in `client.tickets()`, and the group one for each operation, as in
//! `client.tickets().get(54321)`. Beside the groups stand calls [by name](DynamicCall) and [to any path](UntypedCall).

// `call` takes a call from its arguments to its value, `request` builds what is sent and checks it, `typed_list` makes pages of
// answers, `list` has what lists can do, `cached` answers whole lists from the cache.

pub mod batch;
#[cfg(feature = "cache")]
mod cached;
mod call;
#[cfg(feature = "changes")]
pub(crate) mod changes;
mod dynamic;
mod list;
mod typed_list;
mod request;
mod untyped;

#[cfg(feature = "changes")]
pub use changes::Changes;
pub use dynamic::DynamicCall;
pub use groups::*;
pub use list::List;
pub use untyped::UntypedCall;

/// What `build.rs` makes of the groups of the description.
mod groups {
    #![allow(clippy::all, reason = "the code is not written for people")]

    include!(concat!(env!("OUT_DIR"), "/groups.rs"));
}
