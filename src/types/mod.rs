//! The records, bodies and closed lists of the API.
//!
//! The structs and enums are generated from the description. What stands beside them is what the API writes in ways of its
//! own: times, ids, and scalars that come in more than one form.

mod action_id;
pub(crate) mod json;
pub(crate) mod lenient;
mod open_enum;
mod record_id;
mod time;

pub use action_id::ActionId;
pub(crate) use record_id::missing_id;
pub use record_id::{Record, RecordId};
pub use time::{AccountTime, InvalidTime, Timestamp};

pub use generated::*;

/// What `build.rs` makes of the schemas of the description.
mod generated {
    #![allow(clippy::all, missing_docs, reason = "the code is not written for people")]

    include!(concat!(env!("OUT_DIR"), "/types.rs"));
}
