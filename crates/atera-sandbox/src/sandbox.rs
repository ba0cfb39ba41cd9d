//! A running sandbox.

use std::{io, sync::Arc};

use atera::{ApiKey, Client, Error, Result};
use tokio::{sync::oneshot, task::JoinHandle};

use crate::{
    faults::{Churn, Faults},
    log::{Arrival, Stats},
    service::SandboxState,
    sync::lock,
    world::dump,
};

/// A running server that stands in for Atera. Dropping it stops the server.
///
/// [`Sandbox::builder`] sets one up and starts it. Tests can share one, or start one each: with few records that takes
/// well under a second, and each listens on a port of its own.
#[derive(Debug)]
pub struct Sandbox {
    pub(crate) base_url: String,
    pub(crate) api_key: String,
    pub(crate) is_restored: bool,
    pub(crate) state: Arc<SandboxState>,
    /// The server.
    pub(crate) task: JoinHandle<io::Result<()>>,
    /// The server stops when this is dropped.
    pub(crate) _stop: oneshot::Sender<()>,
}

/// The folder is free for the next sandbox at once, though connections may be answering their last requests.
impl Drop for Sandbox {
    fn drop(&mut self) {
        *lock(&self.state.journal) = None;
    }
}

impl Sandbox {
    /// Address of the service: `http://127.0.0.1:PORT/api/v3`.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// The key. It goes into `X-API-KEY`, or into `Authorization` as a bearer token; the sandbox takes both.
    ///
    /// It depends on the seed alone, so it can stand in a test. A JWT also depends on the time. With a folder of an earlier
    /// sandbox it is the key of that one.
    pub fn api_key(&self) -> &str {
        &self.api_key
    }

    /// Whether the records are those that an earlier sandbox left in the folder of
    /// [`SandboxBuilder::persist`](crate::SandboxBuilder::persist).
    pub fn is_restored(&self) -> bool {
        self.is_restored
    }

    /// A client with the address and the key of the sandbox.
    ///
    /// # Errors
    ///
    /// As [`ClientBuilder::build`](atera::ClientBuilder::build).
    pub fn client(&self) -> Result<Client> {
        let key = ApiKey::new(self.api_key())?;
        Client::builder().api_key(key).base_url(self.base_url()).build()
    }

    /// The requests that arrived, in order. Of more than 10,000 it has the last.
    pub fn log(&self) -> Vec<Arrival> {
        self.state.request_log().since(0)
    }

    /// Sums over all requests that arrived.
    pub fn stats(&self) -> Stats {
        self.state.request_log().stats()
    }

    /// Replaces the faults from now on.
    pub fn set_faults(&self, faults: Faults) {
        self.state.fault_plan().set(faults);
    }

    /// Replaces the churn from now on.
    pub fn set_churn(&self, churn: Churn) {
        *self.state.churn() = churn;
    }

    /// Restores the records of the start and empties the log. Faults and churn stay set.
    pub fn reset(&self) {
        self.state.reset();
    }

    /// All records as JSON, for [`SandboxBuilder::load`](crate::SandboxBuilder::load).
    ///
    /// It has an array for each kind of record. Each record has its fields that are not null, and `$modified`, the time
    /// of its last change.
    pub fn dump(&self) -> String {
        dump::write(&self.state.world().store).to_string()
    }

    /// Serves until the server fails. Dropping the future stops the server.
    ///
    /// A test need not call it, since the server runs by itself; it is for a program whose only task is to serve.
    ///
    /// # Errors
    ///
    /// `Config` if the server fails.
    pub async fn serve(mut self) -> Result<()> {
        let failed = |source| {
            Error::config("the sandbox stopped serving: its server failed; start it again")
                .with_source(source)
        };
        match (&mut self.task).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(failed(Box::<dyn std::error::Error + Send + Sync>::from(error))),
            Err(error) => Err(failed(error.into())),
        }
    }
}
