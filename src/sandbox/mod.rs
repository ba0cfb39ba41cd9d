//! A server that stands in for Atera, so that a program can be tried and tested without a key and without touching
//! production data. It runs inside the program that starts it and is reached over HTTP like the service.
//!
//! What it holds is made up: tickets, contacts, customers, agents and alerts that agree with each other, the same for the
//! same seed. What is created is listed, changed and deleted like the rest, until the sandbox is dropped. The ids in the
//! examples of the description (ticket 54321, customer 1201, contact 12345, agent 5501, alert 90210, technician 77) exist.
//!
//! It keeps the service's habits: names of parameters in any case, at most 50 records a page, every property in every
//! record, 401 with an empty body, and refusals as problem details (RFC 7807) that name the field. Operations that it
//! has no answer to yet are refused with 501.
//!
//! ```
//! use atera::{sandbox::Sandbox, types::CreateTicket};
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
//! `atera sandbox` serves it to programs in any language.

mod answer;
mod builder;
mod data;
mod dialect;
mod entity;
mod handlers;
mod paging;
mod record;
mod reference;
mod request;
mod server;
mod store;
mod world;
mod zone;

use std::io;

use tokio::{sync::oneshot, task::JoinHandle};

pub use builder::SandboxBuilder;
pub use dialect::Dialect;

use crate::{ApiKey, Client, Error, Result};

/// A running server that stands in for Atera. Dropping it stops the server.
#[derive(Debug)]
pub struct Sandbox {
    base_url: String,
    api_key: String,
    task: JoinHandle<io::Result<()>>,
    /// Tells the server, by being dropped, to stop.
    _stop: oneshot::Sender<()>,
}

impl Sandbox {
    /// Starts to set up a sandbox.
    pub fn builder() -> SandboxBuilder {
        SandboxBuilder::default()
    }

    /// Where it is: `http://127.0.0.1:PORT/api/v3`.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// The key that it takes, in either header. It has the form of a legacy key and depends on the seed alone.
    pub fn api_key(&self) -> &str {
        &self.api_key
    }

    /// A client of it.
    ///
    /// # Errors
    ///
    /// As [`ClientBuilder::build`](crate::ClientBuilder::build).
    pub fn client(&self) -> Result<Client> {
        let key = ApiKey::new(self.api_key())?;
        Client::builder().api_key(key).base_url(self.base_url()).build()
    }

    /// Serves for as long as this is awaited, which ends only if the server fails. Dropping the future stops the server.
    ///
    /// # Errors
    ///
    /// `Config` if the server cannot go on.
    pub async fn serve(mut self) -> Result<()> {
        let failed = Error::config("the sandbox cannot go on serving; start it again");
        match (&mut self.task).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(failed.with_source(error)),
            Err(error) => Err(failed.with_source(error)),
        }
    }
}
