//! A connection to the server.

use std::time::Duration;

use futures_util::{
    future::{BoxFuture, FutureExt},
    stream::{self, StreamExt, TryStreamExt},
};
use tokio_postgres::{Client, Statement};

use super::convert::failed;
use crate::{
    engine::{Session, Value},
    error::{Error, ErrorKind, Result},
};

/// How many statements are on their way at once.
const PIPELINE: usize = 64;

/// The class of the writer's lock. Its object is the schema.
const WRITER: i32 = 1_635_018_098;

/// The class of the locks of those who send for webhooks. Their objects are the schema and the name.
const SENDER: i32 = 1_635_018_099;

/// How often the lock is tried. The server needs a moment to see that the last writer has gone.
const ATTEMPTS: usize = 10;

/// How long to wait between two attempts.
const BETWEEN: Duration = Duration::from_millis(100);

/// The session of a connection. When it is dropped, the server rolls back, and releases the lock.
pub(super) struct PostgresSession {
    client: Client,
    is_reader: bool,
    /// The statements that have been prepared, since most are run many times.
    statements: Vec<(String, Statement)>,
}

/// How many prepared statements are kept.
const STATEMENTS: usize = 256;

impl PostgresSession {
    pub(super) async fn reader(client: Client) -> Result<Self> {
        let set = "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY";
        client.batch_execute(set).await.map_err(|error| failed(&error))?;
        Ok(PostgresSession {
            client,
            is_reader: true,
            statements: Vec::new(),
        })
    }

    /// Takes the lock of the writer, which the server keeps for this connection.
    ///
    /// # Errors
    ///
    /// `Busy` if another one has it.
    pub(super) async fn writer(client: Client) -> Result<Self> {
        let mut session = PostgresSession::unlocked(client);
        session
            .lock(WRITER, "current_schema()", "the mirror is being written to")
            .await?;
        Ok(session)
    }

    /// Takes the lock of those who send for a webhook.
    ///
    /// # Errors
    ///
    /// `Busy` if another one has it.
    pub(super) async fn sender(client: Client, webhook: &str) -> Result<Self> {
        let mut session = PostgresSession::unlocked(client);
        // The name has no quotes.
        let key = format!("current_schema() || '/{webhook}'");
        let busy_with = format!("the changes for the webhook {webhook} are being sent");
        session.lock(SENDER, &key, &busy_with).await?;
        Ok(session)
    }

    /// A session that writes, without a lock.
    pub(super) fn unlocked(client: Client) -> Self {
        PostgresSession {
            client,
            is_reader: false,
            statements: Vec::new(),
        }
    }

    /// Takes a lock, which the server keeps for this connection: its class, and a text that stands for its object, in SQL.
    async fn lock(&mut self, class: i32, key: &str, busy_with: &str) -> Result<()> {
        let take = format!("SELECT pg_try_advisory_lock({class}, hashtext({key}))");
        for attempt in 0..ATTEMPTS {
            if attempt > 0 {
                tokio::time::sleep(BETWEEN).await;
            }
            if self.query(&take, &[]).await? == [[Value::Boolean(true)]] {
                return Ok(());
            }
        }
        let holder = format!(
            "SELECT format('process %s of the server, %s%s since %s', a.pid, a.application_name, \
             ' from ' || host(a.client_addr), to_char(a.backend_start, 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')) \
             FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid \
             WHERE l.locktype = 'advisory' AND l.granted AND l.database = (SELECT oid FROM pg_database WHERE datname = \
             current_database()) AND l.classid = {class} AND l.objid = (hashtext({key})::bigint & 4294967295)::oid"
        );
        let rows = self.query(&holder, &[]).await?;
        let holder = match rows.first().map(Vec::as_slice) {
            Some([Value::Text(holder)]) => holder.as_str(),
            _ => "another connection",
        };
        Err(Error::new(
            ErrorKind::Busy,
            format!("{busy_with}: {holder} has the lock; wait until it has finished"),
        ))
    }

    async fn prepared(&mut self, sql: &str) -> Result<Statement> {
        if let Some((_, statement)) = self.statements.iter().find(|(it, _)| it == sql) {
            return Ok(statement.clone());
        }
        let statement = self.client.prepare(sql).await.map_err(|error| failed(&error))?;
        if self.statements.len() >= STATEMENTS {
            self.statements.remove(0);
        }
        self.statements.push((sql.to_string(), statement.clone()));
        Ok(statement)
    }

    /// Refuses values that the statement has no parameters for, and the other way round.
    async fn ready(&mut self, sql: &str, values: Option<&[Value]>) -> Result<Statement> {
        let statement = self.prepared(sql).await?;
        match values.is_none_or(|values| values.len() == statement.params().len()) {
            true => Ok(statement),
            false => Err(Error::new(
                ErrorKind::Database,
                format!(
                    "a statement of the mirror has {} parameters and other values; report this as a defect",
                    statement.params().len()
                ),
            )),
        }
    }

    fn batch(&mut self, sql: &'static str) -> BoxFuture<'_, Result<()>> {
        async move {
            self.client
                .batch_execute(sql)
                .await
                .map_err(|error| failed(&error))
        }
        .boxed()
    }
}

impl Session for PostgresSession {
    fn begin(&mut self) -> BoxFuture<'_, Result<()>> {
        self.batch("BEGIN")
    }

    fn commit(&mut self) -> BoxFuture<'_, Result<()>> {
        async move {
            // A commit of a transaction in which something has failed is a rollback, without an error.
            if !self.is_reader {
                self.client
                    .batch_execute("SELECT 1")
                    .await
                    .map_err(|error| failed(&error))?;
            }
            self.client
                .batch_execute("COMMIT")
                .await
                .map_err(|error| failed(&error))
        }
        .boxed()
    }

    fn rollback(&mut self) -> BoxFuture<'_, Result<()>> {
        self.batch("ROLLBACK")
    }

    fn execute<'a>(&'a mut self, sql: &'a str, values: &'a [Value]) -> BoxFuture<'a, Result<u64>> {
        async move {
            let statement = self.ready(sql, Some(values)).await?;
            let done = self.client.execute_raw(&statement, values).await;
            done.map_err(|error| failed(&error))
        }
        .boxed()
    }

    fn execute_many<'a>(&'a mut self, sql: &'a str, rows: Vec<Vec<Value>>) -> BoxFuture<'a, Result<u64>> {
        async move {
            let statement = self.ready(sql, rows.first().map(Vec::as_slice)).await?;
            let client = &self.client;
            let statement = &statement;
            let running =
                stream::iter(rows).map(|row| async move { client.execute_raw(statement, row).await });
            running
                .buffered(PIPELINE)
                .try_fold(0, |sum, changed| async move { Ok(sum + changed) })
                .await
                .map_err(|error| failed(&error))
        }
        .boxed()
    }

    fn query<'a>(&'a mut self, sql: &'a str, values: &'a [Value]) -> BoxFuture<'a, Result<Vec<Vec<Value>>>> {
        async move {
            let statement = self.ready(sql, Some(values)).await?;
            let rows = self.client.query_raw(&statement, values).await;
            let rows = rows.map_err(|error| failed(&error))?;
            let values = rows.map(|row| {
                let row = row.map_err(|error| failed(&error))?;
                let values = (0..row.len()).map(|index| row.try_get(index).map_err(|error| failed(&error)));
                values.collect()
            });
            values.try_collect().await
        }
        .boxed()
    }
}
