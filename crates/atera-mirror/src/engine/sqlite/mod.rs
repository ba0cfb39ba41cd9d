//! A mirror in a file of SQLite.

mod ask;
mod connection;
mod convert;
mod file;
mod session;

use std::path::{Path, PathBuf};

use futures_util::future::{BoxFuture, FutureExt};

use self::{
    connection::{reading, writing},
    session::SqliteSession,
};
use super::{Answer, Dialect, Engine, Limits, Session, Value};
use crate::error::Result;

/// What is added to the name of the file for the outbox of webhooks. In the same file, it would wait for each sync.
const OUTBOX: &str = ".outbox";

/// A database file, and its lock file beside it.
#[derive(Clone, Debug)]
pub(crate) struct Sqlite {
    path: PathBuf,
}

impl Sqlite {
    /// The file at this path. It is made when something is written to it.
    ///
    /// # Errors
    ///
    /// `Config` if others could read the file or replace it, or the folder cannot be used.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        Ok(Sqlite {
            path: file::prepare(path)?,
        })
    }

    /// Where the file is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

/// A session on a database in memory, which ends with it.
pub(crate) async fn in_memory() -> Result<Box<dyn Session>> {
    let open = || rusqlite::Connection::open_in_memory().map_err(|error| convert::failed(&error));
    Ok(Box::new(SqliteSession::start(open, None).await?))
}

impl Engine for Sqlite {
    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    fn is_there(&self) -> bool {
        self.path.exists()
    }

    fn writer(&self) -> BoxFuture<'_, Result<Box<dyn Session>>> {
        async move {
            let lock = file::lock(&self.path)?;
            file::create(&self.path)?;
            let path = self.path.clone();
            let session = SqliteSession::start(move || writing(&path), Some(lock)).await?;
            Ok(Box::new(session) as Box<dyn Session>)
        }
        .boxed()
    }

    fn reader(&self) -> BoxFuture<'_, Result<Box<dyn Session>>> {
        async move {
            let path = self.path.clone();
            let session = SqliteSession::start(move || reading(&path), None).await?;
            Ok(Box::new(session) as Box<dyn Session>)
        }
        .boxed()
    }

    fn outbox_of<'a>(&'a self, webhook: &'a str) -> BoxFuture<'a, Result<Box<dyn Session>>> {
        async move {
            let path = file::beside(&self.path, OUTBOX);
            let lock = file::lock_for(
                &file::beside(&path, &format!(".{webhook}.lock")),
                &format!("the changes for the webhook {webhook} are being sent"),
            )?;
            file::check_owner(&path)?;
            file::create(&path)?;
            let session = SqliteSession::start(move || writing(&path), Some(lock)).await?;
            Ok(Box::new(session) as Box<dyn Session>)
        }
        .boxed()
    }

    fn outbox(&self) -> BoxFuture<'_, Result<Option<Box<dyn Session>>>> {
        async move {
            let path = file::beside(&self.path, OUTBOX);
            if !path.exists() {
                return Ok(None);
            }
            file::check_owner(&path)?;
            let session = SqliteSession::start(move || writing(&path), None).await?;
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
        ask::ask(self.path.clone(), sql.to_string(), parameters.to_vec(), *limits).boxed()
    }
}
