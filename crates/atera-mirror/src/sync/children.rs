//! Reads what belongs to records: the comments of each ticket, and the like.
//!
//! It is read for the records that are new, or have changed since it was read. Each record's parts are replaced as a whole, some
//! records in a transaction, so a run that is killed goes on with the records that are left.

use std::collections::HashMap;

use atera::{DynamicCall, ErrorKind, Timestamp, UndecodedRecord, description::Collection};
use futures_util::{FutureExt, StreamExt, TryStreamExt, future::BoxFuture, stream};

use super::{
    apply,
    job::{Failure, Job, SIDE_BY_SIDE},
    list::fail,
    report::ListReport,
    rows::{self, Added, Rows},
    sql::{self, quoted},
    strategy::collection,
};
use crate::{
    engine::Value,
    error::Result,
    redact::RedactedFields,
    schema::{Origin, Table, hash},
    state::{ListState, ListStatus, Strategy},
    store::Transaction,
};

/// For how many records the parts are asked for before the next ones are looked up.
const RECORDS: usize = 400;

/// For how many records the parts are written at a time.
const BATCH: usize = 20;

/// A record whose parts have to be read.
struct Outdated {
    id: String,
    hash: String,
    /// What its parts are asked for by: its id, or another of its fields.
    reference: String,
}

/// A record, and what belongs to it.
struct Fetched {
    record: Outdated,
    parts: Vec<UndecodedRecord>,
}

/// Reads what belongs to the records of a list, where they have changed.
///
/// # Errors
///
/// If the database fails. What goes wrong with the list is in the report.
pub(crate) async fn sync(job: &Job<'_>, table: &'static Table) -> Result<ListReport> {
    let mut status = job.status(table).await?;
    let (Some(parent), Some(collection)) = (table.parent(), collection(table)) else {
        return Err(crate::Error::config(format!("{} belongs to no list", table.name)));
    };
    let of_parent = job.status(parent).await?;
    let read = read(job, table, parent, &collection, &mut status).await;
    status.strategy = Strategy::Children;
    let problem = match read {
        Ok(()) => problem(job, table, &mut status, &of_parent).await?,
        Err(Failure::Database(error)) => return Err(error),
        Err(Failure::Service(error)) => {
            let updated = status.updated;
            fail(&mut status, &error);
            status.updated = updated;
            status.strategy = Strategy::Children;
            Some(error)
        }
    };
    status.reason = problem.as_ref().map(ToString::to_string);
    job.save(&status).await?;
    job.tell(table, status.records, Some(status.records), true);
    Ok(ListReport::new(&status, problem))
}

/// The records whose parts have to be read, as the rest of a query.
pub(crate) fn outdated(table: &'static Table, parent: &'static Table) -> String {
    let key = sql::key_text(parent, "t");
    format!(
        "FROM {} AS t LEFT JOIN \"_children\" AS c ON c.\"list\" = {} AND c.\"id\" = {key} WHERE t.\"_deleted\" IS NULL AND \
         c.\"hash\" IS DISTINCT FROM t.\"_hash\"",
        quoted(&parent.name),
        sql::literal(&table.name),
    )
}

async fn read(
    job: &Job<'_>,
    table: &'static Table,
    parent: &'static Table,
    collection: &Collection,
    status: &mut ListStatus,
) -> Result<(), Failure> {
    let Some((parameter, field)) = collection.link() else {
        return Ok(());
    };
    let of_field = |origin: &Origin| matches!(origin, Origin::Field(path) if *path == [field]);
    let Some(reference) = parent.columns.iter().find(|column| of_field(&column.origin)) else {
        return Ok(());
    };
    let redacted = job.options.redaction.of_table(&table.name);
    let rest = outdated(table, parent);
    let mut transaction = job.store.begin().await?;
    let count = transaction.count(&format!("SELECT COUNT(*) {rest}"), &[]).await;
    let total = transaction.end(count).await?;
    let key = quoted(&sql::key(parent).name);
    let next = format!(
        "SELECT {}, t.\"_hash\", CAST(t.{} AS TEXT) {rest} AND t.{key} > $1 ORDER BY t.{key} LIMIT {RECORDS}",
        sql::key_text(parent, "t"),
        quoted(&reference.name),
    );
    (status.inserted, status.updated, status.deleted, status.undeleted) = (0, 0, 0, 0);
    let mut after = sql::before_all(parent);
    let mut left_out = LeftOut::default();
    loop {
        let rows = job.store.query(&next, std::slice::from_ref(&after)).await?;
        let outdated = rows
            .into_iter()
            .filter_map(|row| match <[Value; 3]>::try_from(row) {
                Ok([Value::Text(id), Value::Text(hash), reference]) => Some(Outdated {
                    id,
                    hash,
                    reference: match reference {
                        Value::Text(reference) => reference,
                        _ => String::new(),
                    },
                }),
                _ => None,
            });
        let outdated: Vec<_> = outdated.collect();
        let Some(last) = outdated.last() else {
            return left_out.end(table);
        };
        after = sql::key_value(parent, &last.id).unwrap_or(Value::Null);
        let fetched: Vec<BoxFuture<'_, _>> = outdated
            .into_iter()
            .map(|record| fetch(job, collection, parameter, record).boxed())
            .collect();
        let mut fetched = stream::iter(fetched).buffered(SIDE_BY_SIDE);
        let mut batch = Vec::new();
        let end = loop {
            match fetched.try_next().await {
                Ok(Some(Ok(parts))) => batch.push(parts),
                Ok(Some(Err(error))) => left_out.add(error),
                Ok(None) => break Ok(()),
                Err(failure) => break Err(failure),
            }
            if batch.len() >= BATCH {
                status.updated += batch.len() as u64;
                write(job, table, &redacted, std::mem::take(&mut batch)).await?;
                job.tell(table, status.updated, Some(total), false);
            }
        };
        // What came before a failure is kept.
        status.updated += batch.len() as u64;
        write(job, table, &redacted, batch).await?;
        end?;
    }
}

/// The records whose parts could not be read.
#[derive(Default)]
struct LeftOut {
    records: u64,
    first: Option<atera::Error>,
}

impl LeftOut {
    fn add(&mut self, error: atera::Error) {
        self.records += 1;
        self.first.get_or_insert(error);
    }

    /// Fails if there are any. The next sync asks for them again.
    fn end(self, table: &'static Table) -> Result<(), Failure> {
        let Some(first) = self.first else { return Ok(()) };
        let sentence = format!(
            "{} could not be read for {} of the records: {first}; sync again",
            table.name, self.records
        );
        Err(first.explained(sentence).into())
    }
}

/// Reads what belongs to a record. A record that was deleted after its list was read has nothing. The inner error is one that says
/// nothing of the other records.
async fn fetch(
    job: &Job<'_>,
    collection: &Collection,
    parameter: &str,
    record: Outdated,
) -> Result<Result<Fetched, atera::Error>, Failure> {
    let mut found = Ok(Vec::new());
    if !record.reference.is_empty() {
        let call = job
            .client
            .operation(collection.operation)
            .set(parameter, &record.reference)?;
        found = parts(collection, call).await;
    }
    match found {
        Ok(parts) => Ok(Ok(Fetched { record, parts })),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Ok(Fetched {
            record,
            parts: Vec::new(),
        })),
        Err(error) => match error.kind() {
            ErrorKind::Server | ErrorKind::Decode | ErrorKind::Rejected | ErrorKind::Unsettled => {
                Ok(Err(error))
            }
            _ => Err(error.into()),
        },
    }
}

/// What belongs to a record: what is on all pages, or in an array.
async fn parts(collection: &Collection, call: DynamicCall) -> atera::Result<Vec<UndecodedRecord>> {
    if let Some(field) = collection.field {
        let answer: HashMap<String, UndecodedRecord> = call.send().await?.json()?;
        let found = answer.get(field).map(UndecodedRecord::get);
        return match found.map(serde_json::from_str::<Option<Vec<UndecodedRecord>>>) {
            None => Ok(Vec::new()),
            Some(Ok(parts)) => Ok(parts.unwrap_or_default()),
            Some(Err(error)) => {
                let sentence = format!("{} answered no array in {field}", collection.operation.id);
                Err(atera::Error::new(ErrorKind::Decode, sentence).with_source(error))
            }
        };
    }
    if !collection.operation.list {
        return call.send().await?.json();
    }
    let mut records = call.records();
    let mut parts = Vec::new();
    while let Some(record) = records.try_next().await? {
        parts.push(record);
    }
    match records.drift().loss() {
        None => Ok(parts),
        Some(loss) => {
            let sentence = format!("{} {loss}; sync again", collection.operation.id);
            Err(atera::Error::new(ErrorKind::Unsettled, sentence))
        }
    }
}

/// Replaces what belongs to some records.
async fn write(
    job: &Job<'_>,
    table: &'static Table,
    redacted: &RedactedFields,
    batch: Vec<Fetched>,
) -> Result<()> {
    if batch.is_empty() {
        return Ok(());
    }
    let mut transaction = job.store.begin().await?;
    let written = replace(&mut transaction, table, redacted, batch).await;
    transaction.end(written).await
}

async fn replace(
    transaction: &mut Transaction<'_>,
    table: &'static Table,
    redacted: &RedactedFields,
    batch: Vec<Fetched>,
) -> Result<()> {
    let name = table.name.as_str();
    let keys = batch.iter().filter_map(|it| sql::key_value(table, &it.record.id));
    let keys = keys.map(|key| vec![key]).collect();
    transaction.execute_many(&rows::delete(table), keys).await?;
    if apply::has_misfits(transaction, table).await? {
        let misfits = batch
            .iter()
            .map(|it| vec![name.into(), format!("{}/%", it.record.id).into()]);
        let sql = "DELETE FROM \"_misfits\" WHERE \"table_name\" = $1 AND \"id\" LIKE $2";
        transaction.execute_many(sql, misfits.collect()).await?;
    }

    let mut rows = Rows::new(table);
    for Fetched { record, parts } in &batch {
        for (position, part) in parts.iter().enumerate() {
            let json = redacted.remove_from(part.get());
            let hash = hash(&json);
            rows.add(Added {
                id: &record.id,
                position: i64::try_from(position).ok(),
                hash: &hash,
                json,
                at: &Value::Null,
            });
        }
    }
    rows::write(transaction, table, rows, str::to_owned).await?;
    let sql = "INSERT INTO \"_children\" (\"list\", \"id\", \"hash\") VALUES ($1, $2, $3) ON CONFLICT (\"list\", \"id\") DO \
               UPDATE SET \"hash\" = excluded.\"hash\"";
    let read = batch
        .into_iter()
        .map(|it| vec![name.into(), it.record.id.into(), it.record.hash.into()]);
    transaction.execute_many(sql, read.collect()).await.map(drop)
}

/// Completes the status of a list whose records were all read. Returns what is wrong with it, if anything is.
async fn problem(
    job: &Job<'_>,
    table: &'static Table,
    status: &mut ListStatus,
    of_parent: &ListStatus,
) -> Result<Option<atera::Error>> {
    let mut transaction = job.store.begin().await?;
    let counted = async {
        let sql = format!("SELECT COUNT(*) FROM {}", quoted(&table.name));
        let records = transaction.count(&sql, &[]).await?;
        let sql = "SELECT COUNT(*) FROM \"_misfits\" WHERE \"table_name\" = $1";
        let misfits = transaction.count(sql, &[table.name.as_str().into()]).await?;
        let columns = apply::misfits(&mut transaction, table).await?;
        Ok((records, misfits, columns))
    }
    .await;
    let (records, misfits, columns) = transaction.end(counted).await?;
    (status.records, status.misfits) = (records, misfits);
    // It is as old as the list whose records it belongs to.
    (status.as_of, status.complete_as_of) = (of_parent.as_of, of_parent.complete_as_of);
    let is_whole = matches!(of_parent.state, ListState::Complete | ListState::WithoutIds);
    if of_parent.as_of.is_none() || !is_whole {
        // Records of which nobody knows have parts of which nobody knows.
        status.enter(of_parent.state, Timestamp::now());
        return Ok(Some(not_whole(table, of_parent)));
    }
    status.enter(ListState::Complete, Timestamp::now());
    Ok((misfits > 0).then(|| apply::misfit_error(&table.name, misfits, records, &columns)))
}

/// That a list is not whole, since the one is not whose records it belongs to.
fn not_whole(table: &'static Table, of_parent: &ListStatus) -> atera::Error {
    let kind = match of_parent.state {
        ListState::NoPermission => ErrorKind::Forbidden,
        ListState::Unsettled | ListState::Shrunk => ErrorKind::Unsettled,
        ListState::Unreadable => ErrorKind::Decode,
        _ => ErrorKind::Server,
    };
    let sentence = match &of_parent.reason {
        Some(reason) => format!(
            "{} cannot be whole, since {} is not: {reason}",
            table.name, of_parent.list
        ),
        None => format!(
            "{} cannot be whole, since {} was never read; sync both",
            table.name, of_parent.list
        ),
    };
    atera::Error::new(kind, sentence)
}
