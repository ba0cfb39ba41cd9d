//! An Atera account in a database of your own, so that a question over the whole account costs no request.
//!
//! Every list of the service is a [`Table`](schema::Table) whose columns follow from the description of the API, in a file of
//! SQLite or in Postgres. [`schema::tables`] has them all.
//!
//! # Layers
//!
//! `error` < `engine` < `redact` < `schema` < `store` < `state` < `sync` < `query` < `mirror` < `webhook` < `report`: a module uses only those before it.
//! `engine` is the one place that knows which database it is; what stands above it is written once.

mod engine;
mod error;
mod mirror;
mod redact;
pub mod report;
pub mod schema;
mod state;
mod store;
mod sync;
mod webhook;

pub use engine::{Answer, AnswerColumn, ColumnType, Dialect, Limits, Value};
pub use error::{Error, ErrorKind, Result};
pub use mirror::{Change, ChangeKind, Changes, Cursor, Mirror, TableRows, Vacuumed};
pub use redact::Redaction;
pub use state::{ListState, ListStatus, ListsRead, Strategy};
pub use sync::{ListReport, Plan, PlannedList, Progress, Report, SyncOptions};
pub use webhook::{
    DeadLetter, Delivery, DeliveryFailure, Webhook, WebhookSecret, WebhookSender, WebhookStatus,
};

/// The examples of the README, to be compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
