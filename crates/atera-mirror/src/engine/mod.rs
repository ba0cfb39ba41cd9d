//! The one seam between the mirror and its database.
//!
//! Everything above it is written once, in SQL that SQLite and Postgres both understand: placeholders `$1, $2, …`,
//! `INSERT … ON CONFLICT`, `IS DISTINCT FROM`, `RETURNING`. Names are always quoted, since some are words of SQL (`default`).

mod answer;
mod postgres;
mod query_error;
mod scan;
mod sqlite;
mod value;

use futures_util::future::BoxFuture;

pub use answer::{Answer, AnswerColumn, Limits};
pub(crate) use postgres::{Postgres, tls_config};
pub(crate) use scan::words;
pub(crate) use sqlite::{Sqlite, in_memory};
pub use value::{ColumnType, Value};

use crate::error::Result;

#[cfg(test)]
pub(crate) use tests::for_both;

#[cfg(test)]
pub(crate) mod tests;

/// Which SQL a database speaks, for the few places where the two differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Dialect {
    /// That of SQLite.
    Sqlite,
    /// That of Postgres.
    Postgres,
}

impl Dialect {
    /// The name of a column's type.
    ///
    /// SQLite's names choose how values are stored: whatever contains `INT` as a number, whatever contains `TEXT` as it is. Times
    /// are text there, which their names leave as it is, and other programs know the names.
    pub(crate) fn type_name(self, column_type: ColumnType) -> &'static str {
        let (sqlite, postgres) = match column_type {
            ColumnType::Integer => ("INTEGER", "bigint"),
            ColumnType::Real => ("REAL", "double precision"),
            ColumnType::Boolean => ("BOOLEAN", "boolean"),
            ColumnType::Text => ("TEXT", "text"),
            ColumnType::Date => ("DATE", "date"),
            ColumnType::Timestamp => ("TIMESTAMP", "timestamp with time zone"),
            ColumnType::LocalTime => ("LOCAL TIMESTAMP", "timestamp without time zone"),
            ColumnType::Json => ("JSON TEXT", "jsonb"),
            // Unlike `jsonb`, `json` keeps every byte, and takes characters that Postgres cannot store as text.
            ColumnType::Record => ("JSON TEXT", "json"),
        };
        match self {
            Dialect::Sqlite => sqlite,
            Dialect::Postgres => postgres,
        }
    }

    /// How the statement begins that makes a view of the mirror.
    ///
    /// In Postgres it replaces the one that is there, since other views may be made of that one, and it has those who may read it. The new
    /// one must have the same columns, or more at the end.
    pub(crate) fn create_view(self) -> &'static str {
        match self {
            Dialect::Sqlite => "CREATE VIEW",
            Dialect::Postgres => "CREATE OR REPLACE VIEW",
        }
    }
}

/// A connection with which the mirror reads and writes. Dropping it without a commit rolls back.
pub(crate) trait Session: Send {
    /// Begins a transaction.
    fn begin(&mut self) -> BoxFuture<'_, Result<()>>;

    /// Commits the transaction.
    fn commit(&mut self) -> BoxFuture<'_, Result<()>>;

    /// Takes back what the transaction did.
    fn rollback(&mut self) -> BoxFuture<'_, Result<()>>;

    /// Runs a statement, and returns how many rows it changed.
    fn execute<'a>(&'a mut self, sql: &'a str, values: &'a [Value]) -> BoxFuture<'a, Result<u64>>;

    /// Runs the same statement for each row: prepared once, and without waiting for each answer where the database is remote.
    fn execute_many<'a>(&'a mut self, sql: &'a str, rows: Vec<Vec<Value>>) -> BoxFuture<'a, Result<u64>>;

    /// The rows that a statement returns.
    fn query<'a>(&'a mut self, sql: &'a str, values: &'a [Value]) -> BoxFuture<'a, Result<Vec<Vec<Value>>>>;
}

/// A database that can hold a mirror.
pub(crate) trait Engine: Send + Sync {
    fn dialect(&self) -> Dialect;

    /// Whether there is a database. That of a server is there, or cannot be connected to.
    fn is_there(&self) -> bool {
        true
    }

    /// The session of the one writer. It holds a lock that ends with it, or with the process.
    ///
    /// # Errors
    ///
    /// `Busy` if there is a writer already; the message says which.
    fn writer(&self) -> BoxFuture<'_, Result<Box<dyn Session>>>;

    /// A session that only reads, for the library's own questions. What it reads in a transaction is of one point in time.
    fn reader(&self) -> BoxFuture<'_, Result<Box<dyn Session>>>;

    /// A session that writes to the outbox of webhooks, which is apart from what a sync writes. It holds the lock of those who send
    /// for a webhook, which ends with it, or with the process.
    ///
    /// # Errors
    ///
    /// `Busy` if someone else sends for it; the message says who.
    fn outbox_of<'a>(&'a self, webhook: &'a str) -> BoxFuture<'a, Result<Box<dyn Session>>>;

    /// A session that writes to the outbox, without a lock. None if there is no outbox.
    fn outbox(&self) -> BoxFuture<'_, Result<Option<Box<dyn Session>>>>;

    /// Runs a user's query. Its parameters are written `:name`. Whatever would do more than read is refused by the database itself.
    ///
    /// # Errors
    ///
    /// `Refused` or `Query` by what is wrong with the query, `TimedOut` if it does not answer in time.
    fn ask<'a>(
        &'a self,
        sql: &'a str,
        parameters: &'a [(String, Value)],
        limits: &'a Limits,
    ) -> BoxFuture<'a, Result<Answer>>;
}
