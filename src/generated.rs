//! What `build.rs` makes of `spec/atera-v3.yaml`: the types, the groups with their calls, what makes the requests, and the tables.
//!
//! It is the one place where lints are let off: the code is not written for people.

#![allow(
    clippy::all,
    clippy::unwrap_used,
    dead_code,
    missing_docs,
    unreachable_patterns,
    unreachable_pub,
    unused_imports
)]

include!(concat!(env!("OUT_DIR"), "/client.rs"));
