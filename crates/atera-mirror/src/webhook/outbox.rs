//! The outbox: what each webhook has taken from the log of changes and its receiver does not have yet.

use std::{collections::HashMap, time::Duration};

use atera::Timestamp;
use chrono::{DateTime, Utc};

use crate::{
    engine::{ColumnType, Dialect, Engine, Session, Value},
    error::{Error, ErrorKind, Result},
    mirror::Cursor,
};

/// The version of the tables. A program that changes them brings older ones to its own.
const VERSION: i64 = 1;

/// A webhook, and what its receiver has got.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct WebhookStatus {
    /// Its name.
    pub name: String,
    /// Scheme, host and port of its receiver.
    pub receiver: String,
    /// The lists whose changes it gets. Empty if it is all.
    pub lists: Vec<String>,
    /// The changes up to this one have been taken from the log of changes.
    pub cursor: Cursor,
    /// Since when it exists.
    pub since: Timestamp,
    /// When its receiver took a change the last time.
    pub last_delivery: Option<Timestamp>,
    /// How many changes its receiver has taken.
    pub delivered: u64,
    /// How many wait to be sent, or to be sent again.
    pub waiting: u64,
    /// How many are not tried any more.
    pub dead: u64,
    /// How many wait for a dead letter of the same record.
    pub blocked: u64,
    /// Nothing is sent until then, since the receiver could not be reached, or has asked for that.
    pub paused_until: Option<Timestamp>,
    /// How often in a row the receiver could not be reached, or was busy.
    pub(super) failures: u32,
}

/// A change that could not be delivered and is not tried any more. It blocks later changes of its record, and nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeadLetter {
    /// The name of the webhook.
    pub webhook: String,
    /// The cursor of the change, which is also the id of the message.
    pub cursor: Cursor,
    /// The table of the record.
    pub table: String,
    /// The key of the record.
    pub id: String,
    /// What has happened to it.
    pub kind: String,
    /// When the sync found it.
    pub at: Timestamp,
    /// How often it was tried.
    pub attempts: u32,
    /// When it was tried for the first time.
    pub first_attempt: Option<Timestamp>,
    /// Why the last attempt failed.
    pub reason: String,
    /// What is sent: the JSON of the message.
    pub body: String,
    /// How many later changes of the record wait for it.
    pub blocks: u64,
}

/// A change in the outbox.
#[derive(Clone, Debug)]
pub(super) struct Message {
    pub(super) cursor: Cursor,
    pub(super) table: String,
    pub(super) id: String,
    pub(super) kind: String,
    pub(super) at: Timestamp,
    pub(super) body: String,
    pub(super) attempts: u32,
    pub(super) first_attempt: Option<Timestamp>,
}

/// The outbox of a mirror.
pub(super) struct Outbox {
    session: Box<dyn Session>,
}

impl Outbox {
    /// The outbox for the one who sends the changes of a webhook. Its tables are made if there are none.
    ///
    /// # Errors
    ///
    /// `Busy` if someone else sends them, `Newer` if a newer program has written the tables.
    pub(super) async fn for_sender(engine: &dyn Engine, webhook: &str) -> Result<Self> {
        let mut session = engine.outbox_of(webhook).await?;
        if !exists(&mut *session, engine.dialect()).await? {
            make(&mut *session, engine.dialect()).await?;
        }
        Ok(Outbox { session })
    }

    /// The outbox for those who ask for it, or change what is sent again. None if there is none yet.
    pub(super) async fn find(engine: &dyn Engine) -> Result<Option<Self>> {
        let Some(mut session) = engine.outbox().await? else {
            return Ok(None);
        };
        match exists(&mut *session, engine.dialect()).await? {
            true => Ok(Some(Outbox { session })),
            false => Ok(None),
        }
    }

    /// All webhooks, by name.
    pub(super) async fn webhooks(&mut self) -> Result<Vec<WebhookStatus>> {
        let sql = "SELECT \"name\", \"receiver\", \"lists\", \"cursor\", \"since\", \"last_delivery\", \"delivered\", \
            \"paused_until\", \"failures\" FROM \"_webhooks\" ORDER BY \"name\"";
        let mut all = Vec::new();
        for row in self.session.query(sql, &[]).await? {
            let mut webhook = status(row)?;
            let counts = self.counts(&webhook.name).await?;
            (webhook.waiting, webhook.dead, webhook.blocked) = counts;
            all.push(webhook);
        }
        Ok(all)
    }

    /// How many changes of a webhook wait, are dead letters, and wait for one.
    pub(super) async fn counts(&mut self, webhook: &str) -> Result<(u64, u64, u64)> {
        let sql = format!(
            "SELECT count(*) FILTER (WHERE \"first\" <> 'dead'), count(*) FILTER (WHERE \"state\" = 'dead'), \
             count(*) FILTER (WHERE \"first\" = 'dead' AND \"state\" <> 'dead') FROM {QUEUES}"
        );
        let row = self
            .session
            .query(&sql, &[webhook.into()])
            .await?
            .into_iter()
            .next();
        let row: [Value; 3] = row.unwrap_or_default().try_into().map_err(|_| damaged())?;
        let [waiting, dead, blocked] = row;
        Ok((number(waiting)?, number(dead)?, number(blocked)?))
    }

    /// A webhook.
    pub(super) async fn webhook(&mut self, name: &str) -> Result<Option<WebhookStatus>> {
        let all = self.webhooks().await?;
        Ok(all.into_iter().find(|webhook| webhook.name == name))
    }

    /// Adds a webhook, or notes what has changed about it. It stays where it is in the log.
    pub(super) async fn keep(
        &mut self,
        name: &str,
        receiver: &str,
        lists: &[String],
        cursor: Cursor,
        now: Timestamp,
    ) -> Result<()> {
        let sql = "INSERT INTO \"_webhooks\" (\"name\", \"receiver\", \"lists\", \"cursor\", \"since\", \"delivered\", \
            \"failures\") VALUES ($1, $2, $3, $4, $5, 0, 0) ON CONFLICT (\"name\") DO UPDATE SET \"receiver\" = \
            excluded.\"receiver\", \"lists\" = excluded.\"lists\"";
        let values = [
            name.into(),
            receiver.into(),
            lists.join(",").into(),
            cursor.to_string().into(),
            Value::timestamp(now),
        ];
        self.session.execute(sql, &values).await.map(drop)
    }

    /// Takes changes from the log, and notes how far that goes.
    pub(super) async fn take(&mut self, webhook: &str, messages: Vec<Message>, cursor: Cursor) -> Result<()> {
        let sql = "INSERT INTO \"_outbox\" (\"webhook\", \"number\", \"cursor\", \"table_name\", \"id\", \"kind\", \"at\", \
            \"body\", \"state\", \"attempts\") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'waiting', 0)";
        let rows = messages.into_iter().map(|message| {
            vec![
                webhook.into(),
                message.cursor.seq().into(),
                message.cursor.to_string().into(),
                message.table.into(),
                message.id.into(),
                message.kind.into(),
                Value::timestamp(message.at),
                message.body.into(),
            ]
        });
        let rows: Vec<_> = rows.collect();
        let session = &mut *self.session;
        session.begin().await?;
        let work = async {
            if !rows.is_empty() {
                session.execute_many(sql, rows).await?;
            }
            let sql = "UPDATE \"_webhooks\" SET \"cursor\" = $2 WHERE \"name\" = $1";
            let moved = session
                .execute(sql, &[webhook.into(), cursor.to_string().into()])
                .await?;
            match moved {
                0 => Err(removed(webhook)),
                _ => Ok(()),
            }
        };
        let work = work.await;
        end(session, work).await
    }

    /// The changes that can be sent now, in the order of the log: of each record the first, unless it has to wait.
    pub(super) async fn due(&mut self, webhook: &str, now: Timestamp, limit: u32) -> Result<Vec<Message>> {
        let sql = format!(
            "SELECT \"number\" FROM {QUEUES} WHERE \"place\" = 1 AND \"state\" = 'waiting' AND (\"next_attempt\" IS NULL OR \
             \"next_attempt\" <= $2) ORDER BY \"number\" LIMIT {limit}"
        );
        let values = [webhook.into(), Value::timestamp(now)];
        let numbers = self.session.query(&sql, &values).await?;
        let numbers = numbers.into_iter().flatten().map(number::<i64>);
        let numbers: Vec<_> = numbers
            .map(|number| number.map(|it| it.to_string()))
            .collect::<Result<_>>()?;
        if numbers.is_empty() {
            return Ok(Vec::new());
        }
        let sql = format!(
            "SELECT {MESSAGE} FROM \"_outbox\" WHERE \"webhook\" = $1 AND \"number\" IN ({}) ORDER BY \"number\"",
            numbers.join(", ")
        );
        let rows = self.session.query(&sql, &[webhook.into()]).await?;
        rows.into_iter().map(message).collect()
    }

    /// When the next change can be sent, of those that have to wait.
    pub(super) async fn next(&mut self, webhook: &str) -> Result<Option<Timestamp>> {
        let sql = format!(
            "SELECT \"next_attempt\" FROM {QUEUES} WHERE \"place\" = 1 AND \"state\" = 'waiting' ORDER BY \"next_attempt\" NULLS \
             FIRST LIMIT 1"
        );
        let rows = self.session.query(&sql, &[webhook.into()]).await?;
        match rows.into_iter().flatten().next() {
            Some(value) => time(value),
            None => Ok(None),
        }
    }

    /// Notes that the receiver has a change, and that it is well, unless all wait for it.
    pub(super) async fn delivered(
        &mut self,
        webhook: &str,
        message: &Message,
        now: Timestamp,
        is_paused: bool,
    ) -> Result<()> {
        let session = &mut *self.session;
        session.begin().await?;
        let work = async {
            let sql = "DELETE FROM \"_outbox\" WHERE \"webhook\" = $1 AND \"number\" = $2";
            session
                .execute(sql, &[webhook.into(), message.cursor.seq().into()])
                .await?;
            let is_well = match is_paused {
                true => "",
                false => ", \"failures\" = 0, \"paused_until\" = NULL",
            };
            let sql = format!(
                "UPDATE \"_webhooks\" SET \"delivered\" = \"delivered\" + 1, \"last_delivery\" = $2{is_well} WHERE \"name\" = $1"
            );
            session
                .execute(&sql, &[webhook.into(), Value::timestamp(now)])
                .await
                .map(drop)
        };
        let work = work.await;
        end(session, work).await
    }

    /// Notes that an attempt failed, and when the next one is. Without a next one, the change is a dead letter.
    pub(super) async fn failed(
        &mut self,
        webhook: &str,
        message: &Message,
        first: Timestamp,
        reason: &str,
        next: Option<Timestamp>,
    ) -> Result<()> {
        let sql = "UPDATE \"_outbox\" SET \"state\" = $3, \"attempts\" = $4, \"first_attempt\" = $5, \"next_attempt\" = $6, \
            \"reason\" = $7 WHERE \"webhook\" = $1 AND \"number\" = $2";
        let state = if next.is_some() { "waiting" } else { "dead" };
        let values = [
            webhook.into(),
            message.cursor.seq().into(),
            state.into(),
            i64::from(message.attempts + 1).into(),
            Value::timestamp(first),
            next.map_or(Value::Null, Value::timestamp),
            reason.into(),
        ];
        self.session.execute(sql, &values).await.map(drop)
    }

    /// Notes that nothing is sent until then.
    pub(super) async fn pause(&mut self, webhook: &str, failures: u32, until: Timestamp) -> Result<()> {
        let sql = "UPDATE \"_webhooks\" SET \"failures\" = $2, \"paused_until\" = $3 WHERE \"name\" = $1";
        let values = [
            webhook.into(),
            i64::from(failures).into(),
            Value::timestamp(until),
        ];
        self.session.execute(sql, &values).await.map(drop)
    }

    /// The dead letters of a webhook.
    pub(super) async fn dead_letters(&mut self, webhook: &str) -> Result<Vec<DeadLetter>> {
        let sql = format!(
            "SELECT {MESSAGE}, \"reason\" FROM \"_outbox\" WHERE \"webhook\" = $1 AND \"state\" = 'dead' ORDER BY \"number\""
        );
        let rows = self.session.query(&sql, &[webhook.into()]).await?;
        let counted = format!(
            "SELECT min(\"number\"), count(*) FROM {QUEUES} WHERE \"first\" = 'dead' GROUP BY \"table_name\", \"id\""
        );
        let counted = self.session.query(&counted, &[webhook.into()]).await?;
        let counted = counted.into_iter().map(|row| {
            let row: [Value; 2] = row.try_into().map_err(|_| damaged())?;
            let [first, count] = row;
            Ok((number::<i64>(first)?, number::<u64>(count)?))
        });
        let counted: HashMap<_, _> = counted.collect::<Result<_>>()?;
        let dead = rows.into_iter().map(|mut row| {
            let reason = row.pop().ok_or_else(damaged)?;
            let message = message(row)?;
            let count = counted.get(&message.cursor.seq()).copied().unwrap_or(1);
            Ok(DeadLetter {
                webhook: webhook.to_string(),
                cursor: message.cursor,
                table: message.table,
                id: message.id,
                kind: message.kind,
                at: message.at,
                attempts: message.attempts,
                first_attempt: message.first_attempt,
                reason: text(reason)?,
                body: message.body,
                blocks: count - 1,
            })
        });
        dead.collect()
    }

    /// Makes dead letters wait again, as if they had never been tried. All of a webhook, or those with these cursors.
    pub(super) async fn redeliver(&mut self, webhook: &str, cursors: Option<&[Cursor]>) -> Result<u64> {
        let sql = "UPDATE \"_outbox\" SET \"state\" = 'waiting', \"attempts\" = 0, \"first_attempt\" = NULL, \"next_attempt\" = \
            NULL, \"reason\" = NULL WHERE \"webhook\" = $1 AND \"state\" = 'dead'";
        self.of_dead(sql, webhook, cursors).await
    }

    /// Drops dead letters.
    pub(super) async fn discard(&mut self, webhook: &str, cursors: Option<&[Cursor]>) -> Result<u64> {
        let sql = "DELETE FROM \"_outbox\" WHERE \"webhook\" = $1 AND \"state\" = 'dead'";
        self.of_dead(sql, webhook, cursors).await
    }

    /// Runs a statement for the dead letters of a webhook, or for those with these cursors, and counts them.
    ///
    /// # Errors
    ///
    /// `Config` if one of the cursors is none of a dead letter. Then nothing is done.
    async fn of_dead(&mut self, sql: &str, webhook: &str, cursors: Option<&[Cursor]>) -> Result<u64> {
        let Some(cursors) = cursors else {
            return self.session.execute(sql, &[webhook.into()]).await;
        };
        let sql = format!("{sql} AND \"cursor\" = $2");
        let session = &mut *self.session;
        session.begin().await?;
        let work = async {
            for cursor in cursors {
                let values = [webhook.into(), cursor.to_string().into()];
                if session.execute(&sql, &values).await? == 0 {
                    return Err(Error::config(format!(
                        "the webhook {webhook} has no dead letter {cursor}; list those that it has"
                    )));
                }
            }
            Ok(cursors.len() as u64)
        };
        let work = work.await;
        end(session, work).await
    }

    /// Removes a webhook, with all that it has not delivered.
    pub(super) async fn remove(&mut self, webhook: &str) -> Result<()> {
        let session = &mut *self.session;
        session.begin().await?;
        let work = async {
            for sql in [
                "DELETE FROM \"_outbox\" WHERE \"webhook\" = $1",
                "DELETE FROM \"_webhooks\" WHERE \"name\" = $1",
            ] {
                session.execute(sql, &[webhook.into()]).await?;
            }
            Ok(())
        };
        let work = work.await;
        end(session, work).await
    }
}

/// The columns of a [`Message`].
const MESSAGE: &str =
    "\"cursor\", \"table_name\", \"id\", \"kind\", \"at\", \"body\", \"attempts\", \"first_attempt\"";

/// The changes of a webhook, with the place of each among those of its record, and the state of the first of these. Only the first
/// is sent, so a dead letter is always the first. Postgres plans a statement for a table that was empty once; unlike joins, this is
/// quick with such a plan too.
const QUEUES: &str = "(SELECT \"number\", \"table_name\", \"id\", \"state\", \"next_attempt\", row_number() OVER \"of_record\" AS \
    \"place\", first_value(\"state\") OVER \"of_record\" AS \"first\" FROM \"_outbox\" WHERE \"webhook\" = $1 WINDOW \
    \"of_record\" AS (PARTITION BY \"table_name\", \"id\" ORDER BY \"number\")) AS \"queues\"";

/// Ends a transaction: takes it back if the work failed.
async fn end<T>(session: &mut dyn Session, work: Result<T>) -> Result<T> {
    match work {
        Ok(value) => session.commit().await.map(|()| value),
        Err(error) => {
            // What failed first is what matters.
            let _ = session.rollback().await;
            Err(error)
        }
    }
}

/// Whether the tables are there.
///
/// # Errors
///
/// `Newer` if a newer program has written them.
async fn exists(session: &mut dyn Session, dialect: Dialect) -> Result<bool> {
    let sql = match dialect {
        Dialect::Sqlite => "SELECT count(*) FROM sqlite_master WHERE name = '_outbox_version'",
        Dialect::Postgres => {
            "SELECT count(*) FROM pg_class WHERE relname = '_outbox_version' AND relnamespace = (SELECT oid FROM pg_namespace \
             WHERE nspname = current_schema())"
        }
    };
    if session.query(sql, &[]).await? != [[Value::Integer(1)]] {
        return Ok(false);
    }
    let version = session
        .query("SELECT \"version\" FROM \"_outbox_version\"", &[])
        .await?;
    match version.into_iter().flatten().next() {
        Some(Value::Integer(VERSION)) => Ok(true),
        _ => Err(Error::new(
            ErrorKind::Newer,
            "the outbox of the webhooks cannot be used: a newer program has written it; use the newer program",
        )),
    }
}

/// Makes the tables. Two programs may do so at once.
async fn make(session: &mut dyn Session, dialect: Dialect) -> Result<()> {
    let columns = |columns: &[(&str, ColumnType)]| {
        let columns = columns.iter().map(|(name, kind)| {
            let needed = if *name == "name" || *name == "webhook" || *name == "number" {
                " NOT NULL"
            } else {
                ""
            };
            format!("\"{name}\" {}{needed}", dialect.type_name(*kind))
        });
        columns.collect::<Vec<_>>().join(", ")
    };
    let webhooks = columns(&[
        ("name", ColumnType::Text),
        ("receiver", ColumnType::Text),
        ("lists", ColumnType::Text),
        ("cursor", ColumnType::Text),
        ("since", ColumnType::Timestamp),
        ("last_delivery", ColumnType::Timestamp),
        ("delivered", ColumnType::Integer),
        ("paused_until", ColumnType::Timestamp),
        ("failures", ColumnType::Integer),
    ]);
    let outbox = columns(&[
        ("webhook", ColumnType::Text),
        ("number", ColumnType::Integer),
        ("cursor", ColumnType::Text),
        ("table_name", ColumnType::Text),
        ("id", ColumnType::Text),
        ("kind", ColumnType::Text),
        ("at", ColumnType::Timestamp),
        ("body", ColumnType::Record),
        ("state", ColumnType::Text),
        ("attempts", ColumnType::Integer),
        ("first_attempt", ColumnType::Timestamp),
        ("next_attempt", ColumnType::Timestamp),
        ("reason", ColumnType::Text),
    ]);
    let version = columns(&[("version", ColumnType::Integer)]);
    let statements = [
        format!("CREATE TABLE IF NOT EXISTS \"_webhooks\" ({webhooks}, PRIMARY KEY (\"name\"))"),
        format!("CREATE TABLE IF NOT EXISTS \"_outbox\" ({outbox}, PRIMARY KEY (\"webhook\", \"number\"))"),
        "CREATE INDEX IF NOT EXISTS \"_outbox_by_record\" ON \"_outbox\" (\"webhook\", \"table_name\", \"id\", \"number\")"
            .to_string(),
        format!("CREATE TABLE IF NOT EXISTS \"_outbox_version\" ({version}, PRIMARY KEY (\"version\"))"),
        format!("INSERT INTO \"_outbox_version\" (\"version\") VALUES ({VERSION}) ON CONFLICT DO NOTHING"),
    ];
    session.begin().await?;
    let work = async {
        if dialect == Dialect::Postgres {
            // There, `IF NOT EXISTS` alone fails when another program makes the table at this moment.
            session
                .query(
                    "SELECT pg_advisory_xact_lock(1635018100, hashtext(current_schema()))::text",
                    &[],
                )
                .await?;
        }
        for statement in &statements {
            session.execute(statement, &[]).await?;
        }
        Ok(())
    };
    let work = work.await;
    end(session, work).await
}

fn removed(webhook: &str) -> Error {
    Error::config(format!(
        "the webhook {webhook} was removed while its changes were sent; start it again if that was not meant"
    ))
}

fn damaged() -> Error {
    Error::new(
        ErrorKind::Database,
        "the outbox of the webhooks has a row that no program of ours has written; remove the webhook, and start it again",
    )
}

fn text(value: Value) -> Result<String> {
    match value {
        Value::Text(text) => Ok(text),
        _ => Err(damaged()),
    }
}

fn cursor(value: Value) -> Result<Cursor> {
    text(value)?.parse().map_err(|_| damaged())
}

fn time(value: Value) -> Result<Option<Timestamp>> {
    match value {
        Value::Null => Ok(None),
        value => text(value)?.parse().map(Some).map_err(|_| damaged()),
    }
}

fn number<T: TryFrom<i64>>(value: Value) -> Result<T> {
    match value {
        Value::Integer(number) => T::try_from(number).map_err(|_| damaged()),
        _ => Err(damaged()),
    }
}

/// A webhook, without its counts.
fn status(row: Vec<Value>) -> Result<WebhookStatus> {
    let row: [Value; 9] = row.try_into().map_err(|_| damaged())?;
    let [
        name,
        receiver,
        lists,
        place,
        since,
        last,
        delivered,
        paused,
        failures,
    ] = row;
    let lists = text(lists)?;
    Ok(WebhookStatus {
        name: text(name)?,
        receiver: text(receiver)?,
        lists: lists
            .split(',')
            .filter(|list| !list.is_empty())
            .map(String::from)
            .collect(),
        cursor: cursor(place)?,
        since: time(since)?.ok_or_else(damaged)?,
        last_delivery: time(last)?,
        delivered: number(delivered)?,
        waiting: 0,
        dead: 0,
        blocked: 0,
        paused_until: time(paused)?,
        failures: number(failures)?,
    })
}

fn message(row: Vec<Value>) -> Result<Message> {
    let row: [Value; 8] = row.try_into().map_err(|_| damaged())?;
    let [place, table, id, kind, at, body, attempts, first] = row;
    Ok(Message {
        cursor: cursor(place)?,
        table: text(table)?,
        id: text(id)?,
        kind: text(kind)?,
        at: time(at)?.ok_or_else(damaged)?,
        body: text(body)?,
        attempts: number(attempts)?,
        first_attempt: time(first)?,
    })
}

/// The time after a wait, to the millisecond, as the database keeps it. What would be beyond all times is the last one.
pub(super) fn later(time: Timestamp, wait: Duration) -> Timestamp {
    let wait = i64::try_from(wait.as_millis()).unwrap_or(i64::MAX);
    let time = time.to_utc().timestamp_millis().saturating_add(wait);
    DateTime::from_timestamp_millis(time)
        .unwrap_or(DateTime::<Utc>::MAX_UTC)
        .into()
}

#[cfg(test)]
impl Message {
    pub(super) fn for_test(body: &str) -> Self {
        Message {
            cursor: "1-00000000".parse().unwrap(),
            table: "tickets".to_string(),
            id: "7".to_string(),
            kind: "insert".to_string(),
            at: "2026-03-02T08:15:00Z".parse().unwrap(),
            body: body.to_string(),
            attempts: 0,
            first_attempt: None,
        }
    }
}
