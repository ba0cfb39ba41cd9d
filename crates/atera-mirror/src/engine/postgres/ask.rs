//! A user's query: a cursor in a read-only transaction, which has a time limit.
//!
//! A cursor takes only what selects. The transaction refuses what writes to tables. Neither keeps a query from calling functions
//! that do other things, such as reading a file of the server; Postgres marks all of these as volatile, and a query that names
//! one is refused.

use std::pin::pin;

use futures_util::{
    StreamExt,
    future::{Either, select},
};
use tokio_postgres::{Client, SimpleQueryMessage, types::Type};

use super::{convert, server::Server};
use crate::{
    engine::{
        answer::{Answer, AnswerColumn, Batch, Batches, Limits, Sender, check_length},
        query_error::{self, refused},
        scan::Scan,
        value::Value,
    },
    error::{Error, Result},
};

/// Fetches rows. They are read one by one, so that few of them are in memory, however long they are.
const FETCH: &str = "FETCH FORWARD 1000 FROM atera_query";

/// Volatile functions that only compute: they are volatile since their result changes.
const HARMLESS: [&str; 8] = [
    "clock_timestamp",
    "gen_random_uuid",
    "pg_database_size",
    "pg_indexes_size",
    "pg_relation_size",
    "pg_table_size",
    "pg_total_relation_size",
    "random",
];

/// Begins the query, and goes on with it in a task.
pub(super) async fn ask(
    server: &Server,
    sql: &str,
    parameters: &[(String, Value)],
    limits: Limits,
) -> Result<Answer> {
    let scan = Scan::of(sql)?;
    let values = values(&scan, parameters)?;
    if scan.is_several {
        return Err(refused("it has several statements"));
    }
    if scan
        .words
        .first()
        .is_none_or(|word| !BEGINNINGS.contains(&word.as_str()))
    {
        return Err(refused("it does not begin with SELECT, WITH, VALUES or TABLE"));
    }
    let ends = limits.ends();
    let client = match tokio::time::timeout_at(ends, server.connect()).await {
        Ok(client) => client?,
        Err(_) => return Err(limits.timed_out()),
    };
    let query = Query {
        server: server.clone(),
        client,
        limits,
        ends,
    };
    let columns = query.within(query.begin(&scan, values)).await?;
    let (sender, batches) = Answer::channel();
    let head = columns.iter().map(|(name, kind)| AnswerColumn {
        name: name.clone(),
        column_type: convert::column_type(kind),
    });
    let answer = Answer::new(head.collect(), batches, ends, limits);
    tokio::spawn(async move {
        let kinds: Vec<_> = columns.into_iter().map(|(_, kind)| kind).collect();
        if let Err(error) = query.within(query.rows(&kinds, &sender)).await {
            // If this fails, nobody waits for the answer any more.
            let _ = sender.send(Err(error)).await;
        }
    });
    Ok(answer)
}

/// What a query begins with that only selects.
const BEGINNINGS: [&str; 4] = ["select", "with", "values", "table"];

/// The values of the parameters, by their numbers.
fn values(scan: &Scan, parameters: &[(String, Value)]) -> Result<Vec<Value>> {
    if let Some((name, _)) = parameters
        .iter()
        .find(|(name, _)| !scan.parameters.contains(name))
    {
        return Err(query_error::no_parameter(name));
    }
    let values = scan.parameters.iter().map(|name| {
        let value = parameters.iter().find(|(it, _)| it == name);
        value
            .map(|(_, value)| value.clone())
            .ok_or_else(|| query_error::no_value(name))
    });
    values.collect()
}

struct Query {
    server: Server,
    client: Client,
    limits: Limits,
    ends: tokio::time::Instant,
}

impl Query {
    /// Runs a part of the query in the time that is left, and stops the server if there is none.
    async fn within<T>(&self, part: impl Future<Output = Result<T>>) -> Result<T> {
        match tokio::time::timeout_at(self.ends, part).await {
            Ok(result) => result,
            Err(_) => {
                self.cancel().await;
                Err(self.limits.timed_out())
            }
        }
    }

    /// Asks the server to stop. If it does not hear that, its own time limit ends the query.
    async fn cancel(&self) {
        let cancel = self.client.cancel_token();
        let _ = cancel.cancel_query(self.server.tls.clone()).await;
    }

    fn failed(&self, error: &tokio_postgres::Error) -> Error {
        match convert::is_timeout(error) {
            true => self.limits.timed_out(),
            false => convert::query_failed(error),
        }
    }

    /// Checks the query, and opens the cursor. Returns its columns.
    async fn begin(&self, scan: &Scan, values: Vec<Value>) -> Result<Vec<(String, Type)>> {
        let failed = |error| self.failed(&error);
        let begin = format!(
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = {}",
            self.limits.time.as_millis().clamp(1, i32::MAX as u128)
        );
        self.client.batch_execute(&begin).await.map_err(failed)?;
        self.check_functions(scan).await?;
        let query = self.client.prepare(&scan.sql).await.map_err(failed)?;
        let columns = query.columns().iter();
        let columns: Vec<_> = columns
            .map(|column| (column.name().to_string(), column.type_().clone()))
            .collect();
        if columns.is_empty() {
            return Err(refused("it answers no columns"));
        }
        let cursor = format!("DECLARE atera_query NO SCROLL CURSOR FOR {}", scan.sql);
        let cursor = self.client.prepare(&cursor).await.map_err(failed)?;
        self.client.execute_raw(&cursor, values).await.map_err(failed)?;
        Ok(columns)
    }

    /// Refuses volatile functions, in whichever schema, and however they are called.
    async fn check_functions(&self, scan: &Scan) -> Result<()> {
        let sql = "SELECT proname FROM pg_proc WHERE provolatile = 'v' AND proname = ANY (ARRAY(SELECT \
            json_array_elements_text($1::text::json)::name)) AND proname <> ALL (ARRAY(SELECT \
            json_array_elements_text($2::text::json)::name)) ORDER BY 1 LIMIT 1";
        let json = |words: serde_json::Value| Value::Text(words.to_string());
        let values = [json(scan.words.clone().into()), json(HARMLESS.to_vec().into())];
        let statement = self
            .client
            .prepare(sql)
            .await
            .map_err(|error| self.failed(&error))?;
        let rows = self.client.query_raw(&statement, &values).await;
        let mut rows = pin!(rows.map_err(|error| self.failed(&error))?);
        match rows.next().await {
            None => Ok(()),
            Some(Err(error)) => Err(self.failed(&error)),
            Some(Ok(row)) => {
                let name: &str = row.try_get(0).map_err(|error| self.failed(&error))?;
                Err(refused(&format!(
                    "{name} is a function that can do more than compute"
                )))
            }
        }
    }

    /// Fetches the rows until there are no more, or nobody waits for them.
    async fn rows(&self, kinds: &[Type], sender: &Sender) -> Result<()> {
        let mut batches = Batches::new(&self.limits);
        loop {
            let messages = self.client.simple_query_raw(FETCH).await;
            let mut messages = pin!(messages.map_err(|error| self.failed(&error))?);
            let mut has_rows = false;
            loop {
                let message = match select(messages.next(), pin!(sender.closed())).await {
                    Either::Left((message, _)) => message,
                    Either::Right(_) => {
                        self.cancel().await;
                        return Ok(());
                    }
                };
                let Some(message) = message else {
                    break;
                };
                let SimpleQueryMessage::Row(row) = message.map_err(|error| self.failed(&error))? else {
                    continue;
                };
                has_rows = true;
                if batches.is_full() {
                    return end(batches, true, sender).await;
                }
                check_length((0..kinds.len()).map(|index| row.get(index).map_or(0, str::len)))?;
                let values = kinds
                    .iter()
                    .enumerate()
                    .map(|(index, kind)| match row.get(index) {
                        None => Value::Null,
                        Some(text) => convert::value(kind, text),
                    });
                if let Some(batch) = batches.push(values.collect()) {
                    let _ = sender.send(Ok(Batch::Rows(batch))).await;
                }
            }
            if !has_rows {
                return end(batches, false, sender).await;
            }
        }
    }
}

/// Sends what is left, and the end.
async fn end(mut batches: Batches, is_cut: bool, sender: &Sender) -> Result<()> {
    let _ = sender.send(Ok(Batch::Rows(batches.rest()))).await;
    let _ = sender.send(Ok(Batch::End { is_cut })).await;
    Ok(())
}
