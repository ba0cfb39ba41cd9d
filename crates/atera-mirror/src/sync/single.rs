//! Reads records of a list one by one, where few of them are needed, and finds out which ones are gone.

use std::collections::BTreeSet;

use atera::{ErrorKind, RecordId, Timestamp, UndecodedRecord, description::Collection};
use futures_util::{FutureExt, StreamExt, TryStreamExt, future::BoxFuture, stream};
use serde_json::value::RawValue;

use super::{
    job::{Failure, Job, Outcome, Reading, SIDE_BY_SIDE},
    sql,
    staging::Staging,
};
use crate::{
    engine::Value,
    schema::{ReadingPlan, Table},
    state::Strategy,
};

/// Reads the records with these keys. Returns why all of the list has to be read, if so.
///
/// `as_of` is what the list is as of: that these records are newer says nothing of the others.
pub(crate) async fn read(
    job: &Job<'_>,
    table: &'static Table,
    collection: &Collection,
    ids: &BTreeSet<String>,
    as_of: Timestamp,
    why: &str,
) -> Result<Result<Reading, &'static str>, Failure> {
    let ids: Vec<_> = ids.iter().filter_map(|id| RecordId::parse(id)).collect();
    let redacted = job.options.redaction.of_table(&table.name);
    let mut staging = Staging::new(job.store, table, redacted.clone());
    staging.clear().await?;
    let total = ids.len() as u64;
    let calls: Vec<BoxFuture<'_, _>> = ids.iter().map(|id| get(job, collection, *id).boxed()).collect();
    let mut records = stream::iter(calls).buffered(SIDE_BY_SIDE).enumerate();
    let mut read = 0;
    while let Some((place, record)) = records.next().await {
        let id = ids[place];
        match record {
            Err(error) if is_of_the_call(&error) => return Ok(Err("its records cannot be read one by one")),
            Err(error) => return Err(error.into()),
            Ok(None) => staging.add_gone(id),
            Ok(Some(record)) => {
                let json = redacted.remove_from(record.get());
                if !has_same_fields(job, table, id, &json).await? {
                    return Ok(Err("a record has other fields by itself than in the list"));
                }
                staging.add(record.get(), Some(id));
            }
        }
        staging.flush_if_full().await?;
        read += 1;
        job.tell(table, read, Some(total), false);
    }
    staging.flush().await?;
    Ok(Ok(Reading {
        strategy: Strategy::Changes,
        why: Some(why.to_string()),
        began: as_of,
        outcome: Outcome::Changes,
        is_resumed: false,
        has_fresh_table: false,
    }))
}

/// Which of these records are gone, in order: those for which the service answers 404.
pub(crate) async fn are_gone(
    job: &Job<'_>,
    collection: &Collection,
    ids: &[RecordId],
) -> Result<Vec<bool>, Failure> {
    let calls: Vec<BoxFuture<'_, _>> = ids.iter().map(|id| get(job, collection, *id).boxed()).collect();
    let records: Vec<_> = stream::iter(calls).buffered(SIDE_BY_SIDE).try_collect().await?;
    Ok(records.iter().map(Option::is_none).collect())
}

/// A record. `None` if there is none of this id.
async fn get(job: &Job<'_>, collection: &Collection, id: RecordId) -> atera::Result<Option<UndecodedRecord>> {
    let Some((get, parameter)) = collection.get() else {
        let sentence = format!("the records of {} cannot be read one by one", collection.name());
        return Err(atera::Error::new(ErrorKind::Rejected, sentence));
    };
    let call = job.client.operation(get).set(parameter.name, id.to_string())?;
    match call.send().await {
        Ok(answer) => answer.json().map(Some),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether an error says that the call cannot succeed, rather than that the service cannot be reached.
pub(crate) fn is_of_the_call(error: &atera::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Forbidden | ErrorKind::Rejected | ErrorKind::InvalidRequest | ErrorKind::Decode
    )
}

/// Whether a record has the fields that it has in the list, so that it can take the place of that one.
async fn has_same_fields(
    job: &Job<'_>,
    table: &'static Table,
    id: RecordId,
    json: &str,
) -> Result<bool, Failure> {
    let Some(key) = sql::id_text(table, id).and_then(|id| sql::key_value(table, &id)) else {
        return Ok(false);
    };
    let sql = format!(
        "SELECT \"record\" FROM {} WHERE {} = $1",
        sql::quoted(&table.name),
        sql::quoted(&sql::key(table).name)
    );
    let rows = job.store.query(&sql, std::slice::from_ref(&key)).await?;
    let known = match rows.first().and_then(|row| row.first()) {
        Some(Value::Text(known)) => names(known),
        _ => None,
    };
    let is_same_record = ReadingPlan::new(table).read(json).values.first() == Some(&key);
    Ok(is_same_record && known.is_some() && known == names(json))
}

/// The names of a record's fields.
fn names(json: &str) -> Option<BTreeSet<String>> {
    let fields: std::collections::BTreeMap<String, &RawValue> = serde_json::from_str(json).ok()?;
    Some(fields.into_keys().collect())
}
