//! A mirror in Postgres.

mod address;
mod ask;
mod convert;
mod password;
mod server;
mod session;
mod tls;

use futures_util::future::{BoxFuture, FutureExt};

pub(crate) use self::tls::config as tls_config;
use self::{server::Server, session::PostgresSession};
use super::{Answer, Dialect, Engine, Limits, Session, Value};
use crate::error::Result;

/// A database of a server.
#[derive(Clone)]
pub(crate) struct Postgres {
    server: Server,
}

impl Postgres {
    /// The database at a URL. Nothing is connected yet.
    ///
    /// # Errors
    ///
    /// `Config` if the URL is not valid. The message does not contain it, since it may have a password.
    pub(crate) fn open(url: &str) -> Result<Self> {
        Ok(Postgres {
            server: Server::open(url)?,
        })
    }

    /// Where it is, without the password.
    pub(crate) fn shown(&self) -> &str {
        self.server.shown()
    }
}

impl Engine for Postgres {
    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }

    fn writer(&self) -> BoxFuture<'_, Result<Box<dyn Session>>> {
        async move {
            let session = PostgresSession::writer(self.server.connect().await?).await?;
            Ok(Box::new(session) as Box<dyn Session>)
        }
        .boxed()
    }

    fn reader(&self) -> BoxFuture<'_, Result<Box<dyn Session>>> {
        async move {
            let session = PostgresSession::reader(self.server.connect().await?).await?;
            Ok(Box::new(session) as Box<dyn Session>)
        }
        .boxed()
    }

    fn outbox_of<'a>(&'a self, webhook: &'a str) -> BoxFuture<'a, Result<Box<dyn Session>>> {
        async move {
            let session = PostgresSession::sender(self.server.connect().await?, webhook).await?;
            Ok(Box::new(session) as Box<dyn Session>)
        }
        .boxed()
    }

    fn outbox(&self) -> BoxFuture<'_, Result<Option<Box<dyn Session>>>> {
        async move {
            let session = PostgresSession::unlocked(self.server.connect().await?);
            Ok(Some(Box::new(session) as Box<dyn Session>))
        }
        .boxed()
    }

    fn ask<'a>(
        &'a self,
        sql: &'a str,
        parameters: &'a [(String, Value)],
        limits: &'a Limits,
    ) -> BoxFuture<'a, Result<Answer>> {
        ask::ask(&self.server, sql, parameters, *limits).boxed()
    }
}
