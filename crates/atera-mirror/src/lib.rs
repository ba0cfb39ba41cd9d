//! An Atera account in a database of your own, so that a question over the whole account costs no request.
//!
//! Every list of the service is a [`Table`](schema::Table) whose columns follow from the description of the API, in a file of
//! SQLite or in Postgres. [`schema::tables`] has them all.
//!
//! # Layers
//!
//! `error` < `engine` < `redact` < `schema` < `store` < `state` < `sync` < `query` < `mirror`: a module uses only those before it.
//! `engine` is the one place that knows which database it is; what stands above it is written once.

#[allow(
    dead_code,
    unused_imports,
    reason = "the engines and their users are being written"
)]
mod engine;
#[allow(dead_code, reason = "the engines and their users are being written")]
mod error;
mod mirror;
#[allow(dead_code, reason = "the engines and their users are being written")]
mod redact;
#[allow(
    dead_code,
    unused_imports,
    reason = "the engines and their users are being written"
)]
pub mod schema;
#[allow(dead_code, reason = "the engines and their users are being written")]
mod state;
#[allow(dead_code, reason = "the engines and their users are being written")]
mod store;
#[allow(
    dead_code,
    unused_imports,
    reason = "the engines and their users are being written"
)]
mod sync;

pub use engine::{Answer, AnswerColumn, ColumnType, Limits, Value};
pub use error::{Error, ErrorKind, Result};
pub use mirror::{Mirror, TableRows, Vacuumed};
pub use redact::Redaction;
pub use state::{ListState, ListStatus, Strategy};
pub use sync::{ListReport, Plan, PlannedList, Progress, Report, SyncOptions};
