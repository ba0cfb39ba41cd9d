//! Tests of code that uses this client, without a sandbox: a mock for each operation, and requests as text.
//!
//! Mocks stand on [`httpmock`]. [`Mocks`] gives its server a method for each operation; what a request has to ask for is
//! set by the names of the client's own arguments, and [`Answer`] answers in the forms of the service. Nobody else's requests fit:
//! `tickets_get` leaves `/tickets/lastmodified` alone.
//!
//! ```
//! use atera::{Client, mock::{Mocks, self}, types::Ticket};
//!
//! /// The code to be tested: how many tickets wait for a customer.
//! async fn waiting(client: &Client, customer: i64) -> atera::Result<usize> {
//!     let open = client.tickets().list().customer_id(customer).ticket_status("Waiting").all().await?;
//!     Ok(open.len())
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> atera::Result<()> {
//! let server = httpmock::MockServer::start_async().await;
//! let client = mock::client(&server)?;
//!
//! // A page of records.
//! let list = server.tickets_list(|when, then| {
//!     when.customer_id(7).ticket_status("Waiting").page(1);
//!     then.page(&[mock::record(|ticket: &mut Ticket| ticket.ticket_id = Some(54321))]);
//! });
//! assert_eq!(waiting(&client, 7).await?, 1);
//! list.assert();
//!
//! // A failure.
//! server.tickets_list(|when, then| {
//!     when.customer_id(8);
//!     then.fails(403, "This key may not read tickets.");
//! });
//! let error = waiting(&client, 8).await.unwrap_err();
//! assert_eq!(error.kind(), atera::ErrorKind::Forbidden);
//! assert_eq!(error.message(), Some("This key may not read tickets."));
//! # Ok(())
//! # }
//! ```
//!
//! To see what was sent, put a [`Recorder`] in the place of the network: [`request_shape`] writes each request as text for a
//! snapshot, without the key.
//!
//! ```
//! use atera::{mock::{Recorder, request_shape}, types::UpdateTicket};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> atera::Result<()> {
//! let recorder = Recorder::answering(200, r#"{"ActionID": 54321}"#);
//! let client = recorder.client();
//!
//! let body = UpdateTicket { ticket_status: Some("Resolved".into()), ..Default::default() };
//! client.tickets().update(54321, body).await?;
//!
//! let sent: Vec<_> = recorder.sent().iter().map(request_shape).collect();
//! // insta::assert_snapshot!(sent.join("\n"));
//! assert_eq!(
//!     sent.join("\n"),
//!     r#"POST https://app.atera.com/api/v3/tickets/54321
//! accept: application/json
//! content-type: application/json
//! user-agent: atera/[version]
//! x-api-key: [key]
//!
//! {
//!   "TicketStatus": "Resolved"
//! }
//! "#
//! );
//! # Ok(())
//! # }
//! ```

mod answer;
mod asked;
mod recorder;
mod shape;

pub use answer::Answer;
pub use generated::{Mocks, when};
pub use recorder::Recorder;
pub use shape::request_shape;

pub(crate) use asked::Asked;

use std::sync::atomic::{AtomicUsize, Ordering};

use httpmock::MockServer;

use crate::{ApiKey, Client, ClientBuilder, Result, RetryPolicy};

/// What `build.rs` makes of the description for this module.
mod generated {
    #![allow(clippy::all, reason = "the code is not written for people")]

    include!(concat!(env!("OUT_DIR"), "/mocks.rs"));
}

/// What the key of every client made here begins with. It looks like a key and opens nothing: a test can look for it where
/// no key may be, in logs, messages and snapshots.
pub const KEY: &str = "mockkey0123456789mockkey01234567";

/// A client of the mock server. It sends everything once, so that a mocked failure is one request and no test waits;
/// [`Client::with_retry`] makes it try again.
///
/// # Errors
///
/// `Config`, as [`ClientBuilder::build`](crate::ClientBuilder::build).
pub fn client(server: &MockServer) -> Result<Client> {
    builder().base_url(server.base_url()).build()
}

/// A record of an answer, with what is set and nothing else. Records have fields that Atera added and more will come, so
/// they cannot be written out.
///
/// ```
/// use atera::{mock, types::Ticket};
///
/// let ticket = mock::record(|ticket: &mut Ticket| {
///     ticket.ticket_id = Some(54321);
///     ticket.ticket_status = Some("Open".into());
/// });
/// assert_eq!(ticket.ticket_id, Some(54321));
/// ```
pub fn record<T: Default>(set: impl FnOnce(&mut T)) -> T {
    let mut record = T::default();
    set(&mut record);
    record
}

/// A client with a key of its own. Clients with the same key would share a limit, and so a pause that a mock asks for.
fn builder() -> ClientBuilder {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let key = ApiKey::new(format!("{KEY}{number}")).expect("digits and letters make a key");
    Client::builder().api_key(key).retry(RetryPolicy::never())
}
