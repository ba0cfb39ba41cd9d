//! A mirror as its users have it.

mod changes;
mod upkeep;

use std::{path::Path, sync::Arc};

use atera::Client;
pub use changes::{Change, ChangeKind, Changes, Cursor};
pub use upkeep::{TableRows, Vacuumed};

use crate::{
    engine::{Answer, Dialect, Engine, Limits, Postgres, Session, Sqlite, Value},
    error::{Error, Result},
    schema::{self, Found},
    state::ListStatus,
    sync::{self, Plan, Report, SyncOptions},
};

/// An account in a database: a file of SQLite, or a database of a Postgres server.
///
/// It can be asked while it is synced, from any number of programs; each query sees the lists as one sync has left them.
///
/// ```no_run
/// use atera_mirror::{Limits, Mirror};
///
/// # async fn example() -> atera_mirror::Result<()> {
/// let mirror = Mirror::file("mirror.db".as_ref()).await?;
/// let sql = "SELECT ticket_title FROM tickets WHERE customer_id = :customer AND _deleted IS NULL";
/// let mut answer = mirror.query(sql, &[("customer".into(), 7.into())], &Limits::default()).await?;
/// while let Some(rows) = answer.next().await? {
///     println!("{rows:?}");
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Mirror {
    engine: Arc<dyn Engine>,
    shown: String,
}

impl Mirror {
    /// The mirror in a file of SQLite. If there is none, the first sync makes it, and missing folders are made at once.
    ///
    /// # Errors
    ///
    /// `Config` if others can read the file or replace it; `Newer` if a newer program has written it.
    pub async fn file(path: &Path) -> Result<Self> {
        let engine = Sqlite::open(path)?;
        let mirror = Mirror {
            shown: engine.path().display().to_string(),
            engine: Arc::new(engine.clone()),
        };
        if engine.path().exists() {
            mirror.check_version().await?;
        }
        Ok(mirror)
    }

    /// The mirror in a database of a Postgres server, by a URL as `psql` takes it: `postgres://user@host/database`.
    ///
    /// The tables are in the schema that is the first of the user's `search_path`. The password is that of the URL, of `PGPASSWORD`,
    /// or of the file `~/.pgpass`. A connection to another machine has TLS with a checked certificate, unless `sslmode=disable`.
    ///
    /// # Errors
    ///
    /// `Config` if the URL is not valid, `Connection` if the server cannot be reached, `Newer` if a newer program has written to the
    /// database.
    pub async fn postgres(url: &str) -> Result<Self> {
        let engine = Postgres::open(url)?;
        let mirror = Mirror {
            shown: engine.shown().to_string(),
            engine: Arc::new(engine),
        };
        mirror.check_version().await?;
        Ok(mirror)
    }

    /// Where it is, without a password.
    pub fn place(&self) -> &str {
        &self.shown
    }

    /// Which SQL it is asked in.
    pub fn dialect(&self) -> Dialect {
        self.engine.dialect()
    }

    /// Makes the tables if there are none, as the first sync does.
    ///
    /// # Errors
    ///
    /// `Busy` if another program is syncing, and whatever the database fails with.
    pub async fn make_tables(&self) -> Result<()> {
        self.writer().await.map(drop)
    }

    /// The database that it is in.
    pub(crate) fn engine(&self) -> &dyn Engine {
        &*self.engine
    }

    /// One in a database of a test.
    #[cfg(test)]
    pub(crate) fn of_engine(engine: Arc<dyn Engine>) -> Self {
        Mirror {
            engine,
            shown: "here".into(),
        }
    }

    async fn check_version(&self) -> Result<()> {
        let mut session = self.engine.reader().await?;
        schema::find(&mut *session, self.engine.dialect()).await.map(drop)
    }

    /// A session that reads what one sync has left.
    ///
    /// # Errors
    ///
    /// `Config` if there is no mirror yet, or it is that of a program which has noted less.
    pub(crate) async fn reader(&self) -> Result<Box<dyn Session>> {
        self.find().await.map(|(session, _)| session)
    }

    /// Such a session, and which tables of this program it has.
    async fn find(&self) -> Result<(Box<dyn Session>, Found)> {
        let mut session = self.engine.reader().await?;
        session.begin().await?;
        let found = schema::find(&mut *session, self.engine.dialect()).await?;
        let found = found.ok_or_else(|| {
            Error::config(format!(
                "there is no mirror in {}: the database has no tables of one; sync first",
                self.shown
            ))
        })?;
        found.check_notes()?;
        Ok((session, found))
    }

    /// The session of the writer, on a database that has the tables of this program.
    pub(crate) async fn writer(&self) -> Result<Box<dyn Session>> {
        let mut session = self.engine.writer().await?;
        schema::migrate(&mut *session, self.engine.dialect()).await?;
        Ok(session)
    }

    /// Brings the mirror up to date. The first time it makes the tables.
    ///
    /// Lists are read side by side, after whatever else the client is asked for. One that fails does not stop the others; the report
    /// says so. A sync that is stopped goes on where it was when the next one runs.
    ///
    /// # Errors
    ///
    /// `Busy` if another program is syncing, `Config` if it is a mirror of something else or leaves out a field by which something is
    /// asked for, and whatever the database fails with.
    pub async fn sync(&self, client: &Client, options: &SyncOptions) -> Result<Report> {
        sync::run(&*self.engine, client, options).await
    }

    /// What a sync would request, and how long that takes. Changes nothing, and asks the service for the totals of lists that were never
    /// read.
    ///
    /// # Errors
    ///
    /// `Config` as for [`sync`](Mirror::sync), and whatever the database fails with.
    pub async fn plan(&self, client: &Client, options: &SyncOptions) -> Result<Plan> {
        sync::plan(&*self.engine, client, options).await
    }

    /// How old each list is, and how its last sync went, for the lists that were ever asked for. One that was not read to its end yet
    /// is there too, with [`as_of`](ListStatus::as_of) `None`.
    ///
    /// # Errors
    ///
    /// Whatever the database fails with.
    pub async fn status(&self) -> Result<Vec<ListStatus>> {
        ListStatus::all(&mut *self.reader().await?).await
    }

    /// Answers a query in the SQL of the database. It can only read. Its parameters are written `:name`.
    ///
    /// Times are texts like `2026-03-02T08:15:00.000Z`, and the rows of records that are gone have a time in `_deleted`. The tables
    /// are those of [`schema::tables`].
    ///
    /// # Errors
    ///
    /// `Refused` if it would do more than read, `Query` if the database does not understand it, `TimedOut` if it takes longer than
    /// its limit.
    pub async fn query(&self, sql: &str, parameters: &[(String, Value)], limits: &Limits) -> Result<Answer> {
        self.engine.ask(sql, parameters, limits).await
    }
}

#[cfg(test)]
mod tests;
