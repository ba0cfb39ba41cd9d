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
mod churn;
mod control;
mod data;
mod dialect;
mod entity;
#[cfg(feature = "explorer")]
mod explorer;
mod faults;
mod handlers;
mod mishaps;
mod origin;
mod paging;
mod permissions;
mod record;
mod reference;
mod request;
mod server;
mod service;
mod store;
mod window;
mod witness;
mod world;
mod zone;

use std::{io, sync::Arc};

use tokio::{sync::oneshot, task::JoinHandle};

pub use builder::SandboxBuilder;
pub use churn::Churn;
pub use dialect::Dialect;
pub use faults::Faults;
pub use permissions::Permissions;
pub use witness::{Arrival, Creates, Stats};

use service::Shared;

use crate::{ApiKey, Client, Error, Result};

/// A running server that stands in for Atera. Dropping it stops the server.
#[derive(Debug)]
pub struct Sandbox {
    base_url: String,
    api_key: String,
    shared: Arc<Shared>,
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

    /// The key that it takes, in either header. It depends on the seed alone, unless it is a JWT.
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

    /// The requests that arrived, in order: the last ten thousand of them.
    pub fn log(&self) -> Vec<Arrival> {
        self.shared.witness().since(0)
    }

    /// What can be said of all requests that arrived.
    pub fn stats(&self) -> Stats {
        self.shared.witness().stats()
    }

    /// Lets other things go wrong from now on.
    pub fn set_faults(&self, faults: Faults) {
        self.shared.mishaps().set(faults);
    }

    /// Lets other records come and go from now on.
    pub fn set_churn(&self, churn: Churn) {
        *self.shared.churn() = churn;
    }

    /// Makes the records what they were at the start, and forgets what arrived. Faults and churn stay as they are set.
    pub fn reset(&self) {
        self.shared.reset();
    }

    /// All records as JSON, for [`SandboxBuilder::load`].
    pub fn dump(&self) -> String {
        origin::dump(&self.shared.world().store).to_string()
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
