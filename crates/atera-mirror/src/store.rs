//! The writer's session, which all lists of a sync share.
//!
//! A transaction is never open while something is requested, so that the lists do not wait for each other's answers.

use tokio::sync::{Mutex, MutexGuard};

use crate::{
    engine::{Dialect, Session, Value},
    error::Result,
};

/// The writer's session.
pub(crate) struct Store {
    writer: Mutex<Writer>,
    pub(crate) dialect: Dialect,
}

struct Writer {
    session: Box<dyn Session>,
    /// Whether a transaction was begun and has not ended.
    in_transaction: bool,
}

/// A transaction. It has to be [ended](Transaction::end); if it is dropped, the next one takes it back first.
pub(crate) struct Transaction<'a>(MutexGuard<'a, Writer>);

impl Store {
    pub(crate) fn new(session: Box<dyn Session>, dialect: Dialect) -> Self {
        let writer = Writer {
            session,
            in_transaction: false,
        };
        Store {
            writer: Mutex::new(writer),
            dialect,
        }
    }

    /// Begins a transaction, when that of another list has ended.
    pub(crate) async fn begin(&self) -> Result<Transaction<'_>> {
        let mut writer = self.writer.lock().await;
        if std::mem::replace(&mut writer.in_transaction, true) {
            // Its list was dropped in the middle.
            writer.session.rollback().await?;
        }
        writer.session.begin().await?;
        Ok(Transaction(writer))
    }

    /// The rows that a query returns.
    pub(crate) async fn query(&self, sql: &str, values: &[Value]) -> Result<Vec<Vec<Value>>> {
        let mut transaction = self.begin().await?;
        let rows = transaction.query(sql, values).await;
        transaction.end(rows).await
    }
}

impl Transaction<'_> {
    /// Runs a statement, and returns how many rows it changed.
    pub(crate) async fn execute(&mut self, sql: &str, values: &[Value]) -> Result<u64> {
        self.0.session.execute(sql, values).await
    }

    /// Runs a statement for each row.
    pub(crate) async fn execute_many(&mut self, sql: &str, rows: Vec<Vec<Value>>) -> Result<u64> {
        match rows.is_empty() {
            true => Ok(0),
            false => self.0.session.execute_many(sql, rows).await,
        }
    }

    /// The rows that a query returns.
    pub(crate) async fn query(&mut self, sql: &str, values: &[Value]) -> Result<Vec<Vec<Value>>> {
        self.0.session.query(sql, values).await
    }

    /// The number that a query returns.
    pub(crate) async fn count(&mut self, sql: &str, values: &[Value]) -> Result<u64> {
        let rows = self.query(sql, values).await?;
        Ok(match rows.first().and_then(|row| row.first()) {
            Some(Value::Integer(count)) => u64::try_from(*count).unwrap_or_default(),
            _ => 0,
        })
    }

    /// Commits if the work succeeded, and takes it back if not.
    pub(crate) async fn end<T>(mut self, work: Result<T>) -> Result<T> {
        let writer = &mut *self.0;
        let ended = match work {
            Ok(value) => writer.session.commit().await.map(|()| value),
            Err(error) => {
                // What failed first is what matters.
                let _ = writer.session.rollback().await;
                Err(error)
            }
        };
        writer.in_transaction = false;
        ended
    }
}
