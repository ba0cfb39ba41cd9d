//! Client for the Atera v3 API.

#![warn(clippy::unwrap_used)]

mod auth;
mod call;
mod check;
#[cfg(feature = "cli")]
pub mod cli;
mod client;
mod dynamic;
mod error;
mod generated;
#[cfg(feature = "mock")]
pub mod mock;
mod open_enum;
mod operation;
mod page;
mod pipeline;
#[cfg(feature = "sandbox")]
pub mod sandbox;
mod time;
pub mod transport;
mod wire;

pub use auth::{ApiKey, KeyHeader};
pub use call::{CallFuture, Response};
pub use client::{Client, ClientBuilder};
pub use dynamic::DynamicCall;
pub use error::{Applied, Error, ErrorKind, Result};
pub use generated::{BASE_URL, OPERATIONS, SCHEMAS, api, types};
pub use operation::{Field, Kind, Location, Operation, Parameter, Schema, Source};
pub use page::{Key, List, Page, Pages, RawRecord, Record, Records};
pub use time::{AccountTime, Timestamp};
pub use wire::ActionId;
