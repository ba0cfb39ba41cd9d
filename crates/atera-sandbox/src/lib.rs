//! A server that stands in for Atera, so that a program can be tried and tested without a key and without touching
//! production data. It runs inside the program that starts it and is reached over HTTP like the service.
//!
//! It answers every operation of the description. What it holds is made up and in agreement with itself, the same for the
//! same seed. What is created is listed, changed and deleted like the rest, until the sandbox is dropped. The ids in the
//! examples of the description (ticket 54321, customer 1201, contact 12345, agent 5501, alert 90210, technician 77) exist.
//!
//! It keeps the service's habits: names of parameters in any case, at most 50 records a page, every property in every
//! record but those that must not be null and have no value, 401 with an empty body, and refusals as problem details
//! (RFC 7807) that name the field. [`Dialect::Guide`] answers as the guide has it.
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
//! # What goes wrong, and what it saw
//!
//! [`Faults`] go wrong as often as they say, [`Churn`] lets records come and go while lists are read, and
//! [`Sandbox::log`] and [`Sandbox::stats`] tell what arrived: how many requests within one window, how many too early after
//! a 429, and how many records each create made.
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
//! # In any language
//!
//! `atera sandbox` serves it to programs in any language, and shows it in a browser. They steer it over HTTP, without a key:
//!
//! | request | does |
//! |---|---|
//! | `GET /_sandbox/log`, `?since=N` | the requests that arrived, those after number N |
//! | `GET /_sandbox/stats` | what can be said of them together |
//! | `GET /_sandbox/state` | how many records there are, and what is left of the limit |
//! | `GET /_sandbox/dump` | all records, for `--load` |
//! | `POST /_sandbox/reset` | makes the records what they were, and forgets what arrived |
//! | `POST /_sandbox/faults` | sets [`Faults`], which are the body as text |
//! | `POST /_sandbox/churn` | sets [`Churn`] likewise |
//!
//! # In a browser
//!
//! A page may call the service if [`SandboxBuilder::cors`], or `atera sandbox --cors`, names its origin. The browser's question
//! by OPTIONS takes no key and no slot of the limit, and it is in the log. Every answer to the page, refusals among them,
//! can be read there, with its `X-RateLimit-*` and `Retry-After`. Without an origin OPTIONS is a method like others that a
//! path does not have: 405, with those that it has in `Allow`.
//!
//! # Where it differs from the live service
//!
//! Nobody can ask the service, so much is inferred. This is what is known to differ, or to be a guess.
//!
//! - Its records are as of 2 March 2026, so that they are the same every day. What is written gets the time of the clock.
//! - Nothing happens by itself: no monitoring, no e-mail, no automation rules, no billing runs. A script is queued and never
//!   run, a new HTTP device is up, and the state of a machine never changes.
//! - Every key takes both headers. Its signature and its IP restrictions are not looked at.
//! - The limit is a window that rolls, and a request that was refused does not count. How the service counts is not known;
//!   neither is when it sends which headers. Here they come with every answer.
//! - Lists are in the order of their ids, ascending, but for contacts and customers. `SortBy` sorts downwards.
//! - Guesses are: which fields a filter by part looks at (e-mail address, both numbers), what `ticketStatus` is compared
//!   with (any case), that statuses need not be known, that a field of a closed list is refused with 400 if it is unknown.
//! - Guesses are the rules that no document tells: SLA dates by priority, work within the SLA from 8 to 18 o'clock on
//!   weekdays, no stretch of work above 31 days, one default contract a customer, one relation shown a ticket, a conflict
//!   of an alert with one of the same device, title and code that is not resolved.
//! - Deleting a customer deletes all that is its own, deleting an agent what it watches and its alerts. A contact stays in the
//!   history of its tickets. A rate that a contract names is not deleted. What the service does is not documented.
//! - Refusals have a body where the published document lists none, and `application/json` as content type. Where it lists
//!   several successes, the sandbox always gives the same one.
//! - An empty text clears a custom value. `OptionId` is made from the names of field and option.
//! - There is no permission by IP address, and permissions are by the first segment of the path, not by the domains of
//!   Atera's console.
//! - Whether the service lets pages of other origins call it is not known. Here it is set.
//! - It speaks HTTP without TLS, and one version of it, 1.1; nothing is compressed.

mod builder;
mod data;
#[cfg(feature = "explorer")]
mod explorer;
mod faults;
mod handlers;
mod http;
mod log;
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
