//! The server, and connections to it.

use tokio_postgres::Client;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::{address::Address, convert, tls};
use crate::error::Result;

/// A database of a server.
#[derive(Clone)]
pub(super) struct Server {
    address: Address,
    pub(super) tls: MakeRustlsConnect,
}

impl Server {
    /// The database at a URL. Nothing is connected yet.
    ///
    /// # Errors
    ///
    /// `Config` if the URL is not valid. The message does not contain it, since it may have a password.
    pub(super) fn open(url: &str) -> Result<Self> {
        let address = Address::parse(url, &|name| std::env::var(name).ok())?;
        let tls = MakeRustlsConnect::new(tls::config(address.root_certificates.as_deref())?);
        Ok(Server { address, tls })
    }

    /// Where it is, without the password.
    pub(super) fn shown(&self) -> &str {
        &self.address.shown
    }

    /// A connection with the settings that the mirror needs.
    pub(super) async fn connect(&self) -> Result<Client> {
        let failed = |error| convert::not_connected(&self.address.shown, &error);
        let (client, connection) = self
            .address
            .config
            .connect(self.tls.clone())
            .await
            .map_err(failed)?;
        // It ends when the client is dropped. Its error reaches the client as well.
        tokio::spawn(connection);
        client.batch_execute(SETTINGS).await.map_err(failed)?;
        Ok(client)
    }
}

/// So that values mean the same, however the server is set up. And that it soon notices that a machine is no more which had the lock
/// of the writer; its system would take two hours.
const SETTINGS: &str = "SET client_min_messages = 'error'; SET TimeZone = 'UTC'; SET DateStyle = 'ISO'; \
    SET IntervalStyle = 'iso_8601'; SET extra_float_digits = 1; SET bytea_output = 'hex'; \
    SET standard_conforming_strings = on; SET default_transaction_isolation = 'read committed'; \
    SET tcp_keepalives_idle = 60; SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 3";
