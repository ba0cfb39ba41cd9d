//! A server that stands in for the Atera v3 API, so that a program can be tried and tested without a key and without
//! touching production data.
//!
//! It runs inside the program that starts it, and is reached over HTTP like the service. It answers every operation of
//! the description. Its records are made up, agree with each other, and are the same for the same seed. What a program
//! creates is listed, changed and deleted like the rest, until the sandbox is dropped.
//!
//! # Start one
//!
//! [`Sandbox::client`] is a client with the address and the key of the sandbox. Programs that make their own take them
//! from [`base_url`](Sandbox::base_url) and [`api_key`](Sandbox::api_key).
//!
//! ```
//! use atera::types::CreateTicket;
//! use atera_sandbox::Sandbox;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> atera::Result<()> {
//! let sandbox = Sandbox::builder().tickets(100).start().await?;
//! let client = sandbox.client()?;
//!
//! let ticket = CreateTicket {
//!     end_user_id: Some(12345),
//!     ..CreateTicket::new("Printer in room 2 offline", "It shows no lights since this morning.")
//! };
//! let made = client.tickets().create(ticket).await?;
//!
//! let id = made.action_id.and_then(|id| id.number()).expect("the id of the ticket");
//! let ticket = client.tickets().get(id).await?;
//! assert_eq!(ticket.ticket_status.as_deref(), Some("Open"));
//! assert_eq!(ticket.customer_name.as_deref(), Some("Harbor Dental"));
//! # Ok(())
//! # }
//! ```
//!
//! The ids in the examples of the description exist: ticket 54321, customer 1201, contact 12345, agent 5501, alert
//! 90210, technician 77. [`SandboxBuilder`] sets how many records there are, and [`now`](SandboxBuilder::now) stops the
//! clock, and [`records_as_of`](SandboxBuilder::records_as_of) moves the dates of the records.
//!
//! # Make it fail
//!
//! [`Faults`] are failures of the service and the network. [`Churn`] lets records come and go while lists are read.
//!
//! ```
//! use atera_sandbox::Sandbox;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> atera::Result<()> {
//! let sandbox = Sandbox::builder().tickets(100).faults("tickets_get:404=1*1".parse()?).start().await?;
//! let client = sandbox.client()?;
//!
//! assert!(client.tickets().get(54321).await.is_err());
//! assert!(client.tickets().get(54321).await.is_ok());
//! assert_eq!(sandbox.stats().statuses[&404], 1);
//! # Ok(())
//! # }
//! ```
//!
//! # Ask what it saw
//!
//! [`Sandbox::log`] has the requests, and [`Sandbox::stats`] the sums over them: how many arrived within one window of
//! the limit, how many came too early after a 429, and how many records each create made.
//!
//! ```
//! use atera::types::CreateCustomer;
//! use atera_sandbox::Sandbox;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> atera::Result<()> {
//! // The request is carried out, but its answer gets lost. A program that sends it again makes a second customer.
//! let faults = "customers_create:reset-after=1*1".parse()?;
//! let sandbox = Sandbox::builder().faults(faults).start().await?;
//!
//! let lost = sandbox.client()?.customers().create(CreateCustomer::new("Harbor Dental II")).await;
//! assert_eq!(lost.unwrap_err().applied(), atera::Applied::Unknown);
//!
//! let creates = sandbox.stats().creates["customers_create"];
//! assert_eq!((creates.effects, creates.most_effects), (1, 1));
//! # Ok(())
//! # }
//! ```
//!
//! # Keep the records
//!
//! With [`SandboxBuilder::persist`], or `atera sandbox --persist DIR`, the records survive the end of the sandbox, also
//! if it is killed.
//!
//! ```
//! use atera::types::CreateCustomer;
//! use atera_sandbox::Sandbox;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> atera::Result<()> {
//! # let folder = tempfile::tempdir().unwrap();
//! # let folder = folder.path();
//! let sandbox = Sandbox::builder().persist(folder).start().await?;
//! let before = sandbox.client()?.customers().list().count().await?;
//! sandbox.client()?.customers().create(CreateCustomer::new("Harbor Dental II")).await?;
//! drop(sandbox);
//!
//! let sandbox = Sandbox::builder().persist(folder).start().await?;
//! assert_eq!(sandbox.client()?.customers().list().count().await?, before + 1);
//! # Ok(())
//! # }
//! ```
//!
//! # Limit what a key may do
//!
//! Each key has [`Permissions`] and a [rate limit](SandboxBuilder::rate_limit) of its own.
//!
//! ```
//! use atera::{ApiKey, Client, ErrorKind};
//! use atera_sandbox::{Permissions, Sandbox};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> atera::Result<()> {
//! let sandbox = Sandbox::builder().key("reports", Permissions::none().read("*")).start().await?;
//! let key = ApiKey::new("reports")?;
//! let reports = Client::builder().api_key(key).base_url(sandbox.base_url()).build()?;
//!
//! assert!(reports.alerts().get(90210).await.is_ok());
//! assert_eq!(reports.alerts().delete(90210).await.unwrap_err().kind(), ErrorKind::Forbidden);
//! # Ok(())
//! # }
//! ```
//!
//! # Bring your own records
//!
//! [`Sandbox::dump`] writes all records as JSON, to be edited and given to [`SandboxBuilder::load`].
//!
//! ```
//! use atera_sandbox::Sandbox;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> atera::Result<()> {
//! let records = r#"{"Customer": [{"CustomerID": 1, "CustomerName": "Harbor Dental"}]}"#;
//! let sandbox = Sandbox::builder().load(records).start().await?;
//!
//! let customer = sandbox.client()?.customers().get(1).await?;
//! assert_eq!(customer.customer_name.as_deref(), Some("Harbor Dental"));
//! # Ok(())
//! # }
//! ```
//!
//! # Follow the published document or the guide
//!
//! The two documents differ in how some answers look; [`Dialect`] has the table. Tests that pass in both do not depend
//! on it.
//!
//! # Use it from any language
//!
//! `atera sandbox` serves it to programs in any language. They watch and steer it over HTTP, without a key:
//!
//! | request | does |
//! |---|---|
//! | `GET /_sandbox/log`, `?since=N` | the requests that arrived, or those after number N |
//! | `GET /_sandbox/log/N` | what was sent in request N and its answer, for the last 200 requests and up to 64 KiB each |
//! | `GET /_sandbox/stats` | the sums over them |
//! | `GET /_sandbox/state` | how many records there are, and how much of the limit remains |
//! | `GET /_sandbox/dump` | all records, for `--load` |
//! | `POST /_sandbox/reset` | restores the records, and empties the log |
//! | `POST /_sandbox/faults` | sets [`Faults`]; the body is their text |
//! | `POST /_sandbox/churn` | sets [`Churn`] likewise |
//!
//! # Call it from a page in a browser
//!
//! A page may call the service if [`SandboxBuilder::cors`], or `atera sandbox --cors`, names its origin. The preflight
//! of the browser takes no key and does not count against the limit, but it is in the log. The page can read every
//! answer, also a refusal, with its `X-RateLimit-*` and `Retry-After`. Without an origin, OPTIONS is a method that no
//! path has: 405, with `Allow`.
//!
//! # Look at it in a browser
//!
//! With the feature `explorer`, the root of the server is a page with the operations to try out, beside the requests
//! and records as they change. It loads nothing from other hosts.
//!
//! # Habits of the service
//!
//! The sandbox keeps these, since programs come to rely on them: names of parameters in any letter case, at most 50
//! records a page, every property in every record but those that must not be null and have no value, 401 with an empty
//! body, and refusals as problem details (RFC 7807) that name the field.
//!
//! # Where it differs from the live service
//!
//! Nobody can ask the service, so much is inferred. These points are known to differ, or are guesses.
//!
//! - The records are as of 2 March 2026, so that they are the same every day, unless
//!   [`records_as_of`](SandboxBuilder::records_as_of) sets another date. Writes get the time of the clock.
//! - Nothing happens by itself: no monitoring, no e-mail, no automation rules, no billing runs. Scripts are queued and
//!   never run, a new HTTP device is up, and the state of a machine never changes.
//! - Every key works in both headers. The sandbox does not check the signature of a JWT, nor restrictions by IP
//!   address.
//! - The limit is a rolling window, and refused requests do not count. How the service counts is not known, nor when it
//!   sends which headers. Here every answer has them.
//! - Lists are in ascending order of ids. Contacts and customers are in descending order, and `SortBy` sorts downwards.
//! - Guesses: which fields a filter by part looks at (e-mail address, both numbers), that `ticketStatus` is compared in
//!   any letter case, that a ticket can have an unknown status, and that an unknown value of a closed list is refused
//!   with 400.
//! - Guesses, since no document states the rules: due dates by priority, SLA hours from 8 to 18 o'clock on weekdays,
//!   work hours of at most 31 days, one default contract for each customer, one relation shown on each ticket, and 409
//!   for an alert when its device has an unresolved one of the same title and code.
//! - Deleting a customer deletes all its records, and deleting an agent deletes its alerts and the devices that it
//!   monitors. A deleted contact stays in the history of its tickets. A rate in the terms of a contract cannot be
//!   deleted. What the service does is not documented.
//! - Refusals have a body where the published document lists none, and the content type `application/json`. Where the
//!   document lists several statuses of success, the sandbox always answers with the same one.
//! - An empty text deletes a custom value. `OptionId` is a hash of the names of field and option.
//! - Permissions go by the first segment of the path, not by the domains of Atera's console.
//! - Whether pages of other origins can call the service is not known. Here it is a setting.
//! - The sandbox speaks HTTP/1.1 without TLS and without compression.
//!
//! # Features
//!
//! | feature | adds | brings |
//! |---|---|---|
//! | (none) | the server | axum |
//! | `explorer` | the pages for a browser | swagger-ui-dist |
//!
//! # For those who change it
//!
//! A module uses only modules that stand above it in this list, and so do the files of a folder among themselves:
//!
//! | module | has |
//! |---|---|
//! | `sync` | the lock |
//! | `log` | the limit, and the log of requests |
//! | `world` | records, references, the store, clock and zone |
//! | `rules` | rules that both generated data and requests keep |
//! | `http` | connections, CORS, requests and answers in either dialect |
//! | `faults` | faults and churn |
//! | `data` | generated records, and keys |
//! | `persist` | records that survive the end of the sandbox |
//! | `handlers` | what each operation does |
//! | `service` | the way of a request through all of these, and `/_sandbox` |
//! | `explorer` | the pages for a browser |
//! | `sandbox`, `builder` | the public types |

#![cfg_attr(docsrs, feature(doc_cfg))]
#![warn(clippy::unwrap_used)]

mod builder;
mod data;
#[cfg(feature = "explorer")]
mod explorer;
mod faults;
mod handlers;
mod http;
mod log;
mod persist;
mod rules;
mod sandbox;
mod service;
mod sync;
mod world;

pub use builder::SandboxBuilder;
pub use faults::{Churn, Faults};
pub use http::Dialect;
pub use log::{Arrival, Creates, Stats};
pub use sandbox::Sandbox;
pub use service::Permissions;

/// The examples of the README, to be compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
