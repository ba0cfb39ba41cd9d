//! Client for the Atera v3 API, typed from one hand-maintained OpenAPI description.
//!
//! # Connect
//!
//! ```no_run
//! let client = atera::Client::from_env()?; // ATERA_API_KEY or ATERA_API_KEY_FILE, and ATERA_BASE_URL
//! # Ok::<(), atera::Error>(())
//! ```
//!
//! [`Client::builder`] sets everything else: timeouts, the size of answers, the [`transport`]. A clone is the same client.
//!
//! # Call
//!
//! Each group of operations is a method of [`Client`], and each operation a method of its group. Path parameters and bodies
//! are arguments, query parameters are set by name; nothing is sent until the call is awaited. `.await` gives the value,
//! `.send().await` also status and headers, `.send_undecoded().await` the answer as it came.
//!
//! ```no_run
//! use atera::types::{CreateTicket, TicketPriority, UpdateTicket};
//!
//! # async fn example(client: atera::Client) -> atera::Result<()> {
//! let ticket = client.tickets().get(54321).include_relations(true).await?;
//!
//! let body = CreateTicket {
//!     end_user_id: Some(12345),
//!     ticket_priority: Some(TicketPriority::High),
//!     ..CreateTicket::new("Printer", "It is on fire")
//! };
//! let made = client.tickets().create(body).await?;
//!
//! let body = UpdateTicket { ticket_status: Some("Resolved".into()), ..Default::default() };
//! client.tickets().update(54321, body).await?;
//! # Ok(())
//! # }
//! ```
//!
//! # Read lists
//!
//! Awaited, a list gives one [`Page`]. It gives all of them by `stream()` record by record, `pages()` page by page, `all()` in
//! memory, and `undecoded()` as the service sent them; `count()` gives the total alone. [`List`] is for code that works with any
//! list.
//!
//! ```no_run
//! # async fn example(client: atera::Client) -> atera::Result<()> {
//! let mut alerts = client.alerts().list().alert_status("Open").stream();
//! while let Some(alert) = alerts.try_next().await? {
//!     println!("{}", alert.title.unwrap_or_default());
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Pages are fetched concurrently, and each record comes once. [`Consistency::Complete`] reads a list until no record is missing.
//! `modified_since` (feature `changes`) gives the records that changed since a time.
//!
//! # Handle failures
//!
//! There is one [`Error`]. Its [`kind`](Error::kind) is for deciding what to do, [`applied`](Error::applied) says whether the
//! call took effect, and its message is one sentence. Invalid input is refused before anything is sent.
//!
//! ```no_run
//! use atera::{ErrorKind, types::CreateTicket};
//!
//! # async fn example(client: atera::Client, ticket: CreateTicket) {
//! match client.tickets().create(ticket).await {
//!     Ok(made) => println!("{:?}", made.action_id),
//!     Err(error) if error.kind() == ErrorKind::OutcomeUnknown => println!("look for it: {error}"),
//!     Err(error) => println!("{error} (took effect: {:?})", error.applied()),
//! }
//! # }
//! ```
//!
//! # Keep within the limit
//!
//! Every request waits for its slot, and all clients with the same key share the limit: [`RateLimit`]. [`RetryPolicy`] retries
//! temporary failures, but never a create that the service may have seen. [`Client::with_deadline`],
//! [`with_priority`](Client::with_priority) and [`with_retry`](Client::with_retry) change it for some calls, [`batch()`] runs the
//! same call for many items, and a [`SlotStore`](limit::SlotStore) keeps a limit for several processes. [`Client::rate`] and
//! [`Client::usage`] show the current state, [`ClientBuilder::on_wait`] is told when a call waits; `tracing` has a span for each
//! call and an event for each attempt.
//!
//! ```no_run
//! # use std::time::Duration;
//! # async fn example(key: atera::ApiKey) -> atera::Result<()> {
//! let limit = atera::RateLimit::new(500, Duration::from_secs(300));
//! let client = atera::Client::builder().api_key(key).rate_limit(limit).build()?;
//! let quick = client.with_deadline(Duration::from_secs(5));
//! let ticket = quick.tickets().get(54321).await?;
//! # Ok(())
//! # }
//! ```
//!
//! # Replace keys
//!
//! A key from a file is read again when the service refuses it; a [`KeyProvider`](auth::KeyProvider) gives keys from elsewhere.
//!
//! # Call any path
//!
//! [`Client::request`] sends any method to any path through the same pipeline, and a field of its body can be an explicit
//! `null`; the typed bodies leave out what is not set.
//!
//! # Tell times apart
//!
//! A [`Timestamp`] is a point in time. An [`AccountTime`] is local to the account's zone and has no offset; the parameters
//! that take one refuse the other.
//!
//! # Test
//!
//! `mock` (feature `mock`) has a typed mock for each operation, a transport in memory, and writes requests as text for
//! snapshots. The crate `atera-sandbox` is a whole server that stands in for Atera, with data.
//!
//! # Features
//!
//! | feature | adds | brings |
//! |---|---|---|
//! | (none) | the client | reqwest with rustls and ring, no other TLS |
//! | `cache` | `atera::Cache`, for answers that change slowly | moka |
//! | `changes` | `modified_since`: what has changed since the last time | chrono-tz, localzone |
//! | `schemars` | `JsonSchema` on all types | schemars |
//! | `mock` | `atera::mock`: mocks, a recording transport, request shapes | httpmock |
//!
//! The command `atera` is the crate `atera-cli`, and a limit for all programs of a machine is in `atera-limits`.
//!
//! It builds with Rust 1.95 and later. `docs/guide.md`, which is the module `guide` here, maps each section of the guide that
//! this client was made for to what answers it.
//!
//! # Look at the API as data
//!
//! [`description`] has the operations and types of the API as tables, and [`Client::operation`] calls by their names.

#![cfg_attr(docsrs, feature(doc_cfg))]
#![warn(clippy::unwrap_used)]

pub mod api;
pub mod auth;
mod client;
mod clock;
pub mod description;
mod error;
pub mod limit;
#[cfg(feature = "mock")]
pub mod mock;
pub mod page;
mod pipeline;
mod sync;
pub mod text;
pub mod transport;
pub mod types;

#[cfg(feature = "changes")]
pub use api::{AccountZone, Changes};
pub use api::{DynamicCall, List, UntypedCall, batch, batch::batch};
pub use auth::ApiKey;
pub use client::{Client, ClientBuilder};
pub use error::{Applied, Error, ErrorKind, Result};
pub use limit::{Priority, RateLimit};
pub use page::{Consistency, Page, Records, UndecodedRecord};
#[cfg(feature = "cache")]
pub use pipeline::Cache;
pub use pipeline::{CallFuture, Counts, Response, RetryPolicy, Usage, Wait, WaitPhase, WaitReason};
pub use types::{AccountTime, ActionId, Record, RecordId, Timestamp};

#[cfg(doc)]
#[doc = include_str!("../docs/guide.md")]
pub mod guide {}

/// The examples of the README, so that they are compiled as doc tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
