//! The client, and how it is set up.

mod builder;
#[allow(clippy::module_inception, reason = "a client is what it defines")]
mod client;

pub use builder::ClientBuilder;
pub use client::Client;
