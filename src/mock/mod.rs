//! Tests of code that uses this client, without a sandbox: a mock for each operation, and requests as text.
//!
//! Mocks stand on [`httpmock`]. [`Mocks`] gives its server a method for each operation; what a request has to ask for is
//! set by the names of the client's own arguments, and [`Answer`] answers in the forms of the service. Nobody else's requests fit:
//! `tickets_get` leaves `/tickets/lastmodified` alone.
//!
//! ```
//! use atera::{Client, List, mock::{self, Mocks}, types::Ticket};
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
//!     then.page(&[Ticket { ticket_id: Some(54321), ..Default::default() }]);
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
//! let client = recorder.client()?;
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

use httpmock::MockServer;

use crate::{ApiKey, Client, Result};

/// What `build.rs` makes of the description for this module.
mod generated {
    #![allow(clippy::all, reason = "the code is not written for people")]

    include!(concat!(env!("OUT_DIR"), "/mocks.rs"));
}

/// The key of clients that talk to a mock. It looks like one, and opens nothing.
const KEY: &str = "mock0000000000000000000000000000";

/// A client of the mock server.
///
/// # Errors
///
/// `Config`, as [`ClientBuilder::build`](crate::ClientBuilder::build).
pub fn client(server: &MockServer) -> Result<Client> {
    Client::builder()
        .api_key(ApiKey::new(KEY)?)
        .base_url(server.base_url())
        .build()
}
