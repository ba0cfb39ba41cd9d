//! What was read of a list and is not applied yet: the table `_staged`, and the journal of its walk.
//!
//! Records are written some hundred at a time, together with the journal up to there. JSON is only written if it differs from the
//! row that the mirror has.

use std::collections::{HashMap, HashSet};

use atera::{RecordId, Timestamp};

use super::{
    fresh,
    rows::{self, Added, Rows},
    sql,
};
use crate::{
    engine::Value,
    error::Result,
    redact::RedactedFields,
    schema::{Table, hash},
    store::{Store, Transaction},
};

/// After how many records a transaction is written, and after how many bytes of JSON, or entries of the journal.
const RECORDS: usize = 2000;
const BYTES: usize = 2 << 20;
const ENTRIES: usize = 100;

/// How many keys are looked up at a time.
const KEYS: usize = 125;

/// What is read of a list.
pub(crate) struct Staging<'a> {
    store: &'a Store,
    table: &'static Table,
    redacted: RedactedFields,
    rows: Vec<StagedRow>,
    bytes: usize,
    entries: Vec<String>,
    next_entry: i64,
    /// How many records without an id have each hash.
    equals: HashMap<String, u64>,
    fresh: Fresh,
}

/// Whether the rows of records go to a table that takes the place of the list's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fresh {
    /// They do not: the list has rows.
    No,
    /// They do, and the table has to be made when the first ones come.
    ToBeMade,
    /// They do.
    Made,
}

struct StagedRow {
    id: String,
    kind: &'static str,
    hash: String,
    reason: Option<&'static str>,
    /// The record, unless the row is about one that is gone.
    json: Option<String>,
}

/// The kinds of rows.
pub(crate) const RECORD: &str = "record";
pub(crate) const GONE: &str = "gone";
pub(crate) const UNREADABLE: &str = "unreadable";

impl<'a> Staging<'a> {
    /// Continues what an earlier run has staged.
    pub(crate) fn new(store: &'a Store, table: &'static Table, redacted: RedactedFields) -> Self {
        Staging {
            store,
            table,
            redacted,
            rows: Vec::new(),
            bytes: 0,
            entries: Vec::new(),
            next_entry: 0,
            equals: HashMap::new(),
            fresh: Fresh::No,
        }
    }

    /// Writes the rows of records into a table that takes the place of the list's, if that is empty. Only for a walk over all of it.
    pub(crate) async fn write_rows_once(&mut self) -> Result<()> {
        let (store, table) = (self.store, self.table);
        let mut transaction = store.begin().await?;
        let found = async {
            if !fresh::is_empty(&mut transaction, table).await? {
                return Ok(Fresh::No);
            }
            Ok(
                match fresh::exists(&mut transaction, store.dialect, table).await? {
                    true => Fresh::Made,
                    false => Fresh::ToBeMade,
                },
            )
        };
        let found = found.await;
        self.fresh = transaction.end(found).await?;
        Ok(())
    }

    /// Whether there are rows in a table that takes the place of the list's.
    pub(crate) fn has_fresh_table(&self) -> bool {
        self.fresh == Fresh::Made
    }

    /// The entries of the journal.
    pub(crate) async fn journal(&mut self) -> Result<Vec<String>> {
        let sql = "SELECT \"entry\" FROM \"_walks\" WHERE \"list\" = $1 ORDER BY \"number\"";
        let rows = self.store.query(sql, &[self.table.name.as_str().into()]).await?;
        let entries: Vec<_> = rows
            .into_iter()
            .filter_map(|row| match row.into_iter().next() {
                Some(Value::Text(entry)) => Some(entry),
                _ => None,
            })
            .collect();
        self.next_entry = i64::try_from(entries.len()).unwrap_or(i64::MAX);
        if sql::has_no_id(self.table) {
            let sql = "SELECT \"hash\" FROM \"_staged\" WHERE \"list\" = $1 AND \"kind\" = 'record'";
            let mut hashes = self.store.query(sql, &[self.table.name.as_str().into()]).await?;
            if self.has_fresh_table() {
                let name = sql::quoted(&fresh::name_of(&self.table.name));
                hashes.extend(
                    self.store
                        .query(&format!("SELECT \"_hash\" FROM {name}"), &[])
                        .await?,
                );
            }
            for row in hashes {
                if let Some(Value::Text(hash)) = row.into_iter().next() {
                    *self.equals.entry(hash).or_default() += 1;
                }
            }
        }
        Ok(entries)
    }

    /// Forgets what was staged.
    pub(crate) async fn clear(&mut self) -> Result<()> {
        let (store, table) = (self.store, self.table);
        let mut transaction = store.begin().await?;
        let cleared = async {
            // It may be that of a walk before, when the list was still empty.
            if fresh::exists(&mut transaction, store.dialect, table).await? {
                fresh::remove(&mut transaction, table).await?;
            }
            clear(&mut transaction, table).await
        };
        let cleared = cleared.await;
        transaction.end(cleared).await?;
        if self.fresh == Fresh::Made {
            self.fresh = Fresh::ToBeMade;
        }
        self.rows.clear();
        self.entries.clear();
        self.equals.clear();
        (self.bytes, self.next_entry) = (0, 0);
        Ok(())
    }

    /// Adds a record.
    pub(crate) fn add(&mut self, json: &str, id: Option<RecordId>) {
        let json = self.redacted.remove_from(json).into_owned();
        let hash = hash(&json);
        let key = match (id, sql::has_no_id(self.table)) {
            (_, true) => {
                let equals = self.equals.entry(hash.clone()).or_default();
                *equals += 1;
                Ok(format!("{hash}-{equals}"))
            }
            (Some(id), false) => sql::id_text(self.table, id).ok_or("its id is not a number"),
            (None, false) if json.starts_with('{') => Err("it has no id"),
            (None, false) => Err("it is not an object"),
        };
        let (id, kind, reason) = match key {
            Ok(id) => (id, RECORD, None),
            Err(reason) => (format!("?{hash}"), UNREADABLE, Some(reason)),
        };
        self.bytes += json.len();
        self.rows.push(StagedRow {
            id,
            kind,
            hash,
            reason,
            json: Some(json),
        });
    }

    /// Adds a record that is gone.
    pub(crate) fn add_gone(&mut self, id: RecordId) {
        self.rows.push(StagedRow {
            id: id.to_string(),
            kind: GONE,
            hash: String::new(),
            reason: None,
            json: None,
        });
    }

    /// Adds an entry of the journal, after the records that it covers.
    pub(crate) fn note(&mut self, entry: String) {
        self.entries.push(entry);
    }

    /// Writes what was added, if it is enough.
    pub(crate) async fn flush_if_full(&mut self) -> Result<()> {
        match self.rows.len() >= RECORDS || self.bytes >= BYTES || self.entries.len() >= ENTRIES {
            true => self.flush().await,
            false => Ok(()),
        }
    }

    /// Writes what was added.
    pub(crate) async fn flush(&mut self) -> Result<()> {
        if self.rows.is_empty() && self.entries.is_empty() {
            return Ok(());
        }
        let rows = std::mem::take(&mut self.rows);
        let entries = std::mem::take(&mut self.entries);
        self.bytes = 0;
        let (fresh, rows) = match self.fresh {
            Fresh::No => (None, rows),
            _ => self.fresh_rows(rows),
        };
        let makes = self.fresh == Fresh::ToBeMade && fresh.is_some();
        let mut transaction = self.store.begin().await?;
        let written = async {
            if makes {
                fresh::make(&mut transaction, self.store.dialect, self.table).await?;
            }
            if let Some(rows) = fresh {
                rows::write(&mut transaction, self.table, rows, fresh::name_of).await?;
            }
            write(&mut transaction, self.table, rows, entries, &mut self.next_entry).await
        };
        let written = written.await;
        transaction.end(written).await?;
        if makes {
            self.fresh = Fresh::Made;
        }
        Ok(())
    }

    /// The rows of the records among these, if there are any, and what remains to be staged.
    fn fresh_rows(&self, staged: Vec<StagedRow>) -> (Option<Rows>, Vec<StagedRow>) {
        let (mut records, rest): (Vec<_>, Vec<_>) = staged.into_iter().partition(|row| row.kind == RECORD);
        if records.is_empty() {
            return (None, rest);
        }
        // A table grows best at its end.
        records.sort_by_cached_key(|row| sql::key_number(self.table, &row.id));
        let at = Value::timestamp(Timestamp::now());
        let mut rows = Rows::new(self.table);
        for row in records {
            rows.add(Added {
                id: &row.id,
                position: None,
                hash: &row.hash,
                json: row.json.unwrap_or_default().into(),
                at: &at,
            });
        }
        (Some(rows), rest)
    }
}

/// The condition that a row `t` exists, and is staged as one of this kind.
pub(crate) fn exists_and_is_staged(table: &'static Table, kind: &str) -> String {
    format!("t.\"_deleted\" IS NULL AND {}", is_staged(table, kind))
}

/// The condition that a row `t` exists, and that its record did not come.
pub(crate) fn exists_and_did_not_come(table: &'static Table) -> String {
    format!("t.\"_deleted\" IS NULL AND NOT {}", is_staged(table, RECORD))
}

fn is_staged(table: &'static Table, kind: &str) -> String {
    format!(
        "EXISTS (SELECT 1 FROM \"_staged\" AS s WHERE s.\"list\" = {} AND s.\"kind\" = '{kind}' AND s.\"id\" = {})",
        sql::literal(&table.name),
        sql::key_text(table, "t")
    )
}

/// Forgets what was staged of a list, and its journal.
pub(crate) async fn clear(transaction: &mut Transaction<'_>, table: &'static Table) -> Result<()> {
    let list = [Value::from(table.name.as_str())];
    transaction
        .execute("DELETE FROM \"_staged\" WHERE \"list\" = $1", &list)
        .await?;
    transaction
        .execute("DELETE FROM \"_walks\" WHERE \"list\" = $1", &list)
        .await?;
    Ok(())
}

async fn write(
    transaction: &mut Transaction<'_>,
    table: &'static Table,
    rows: Vec<StagedRow>,
    entries: Vec<String>,
    next_entry: &mut i64,
) -> Result<()> {
    let same = unchanged(transaction, table, &rows).await?;
    let list = table.name.as_str();
    // A statement with several rows of the same key is refused by some databases, and the last one counts.
    let mut seen = HashSet::new();
    let mut staged: Vec<_> = rows
        .into_iter()
        .rev()
        .filter(|row| seen.insert(row.id.clone()))
        .map(|row| {
            let json = row.json.filter(|_| row.kind != RECORD || !same.contains(&row.id));
            vec![
                list.into(),
                row.id.into(),
                row.kind.into(),
                row.hash.into(),
                row.reason.into(),
                json.into(),
            ]
        })
        .collect();
    staged.reverse();
    let sql = "INSERT INTO \"_staged\" (\"list\", \"id\", \"kind\", \"hash\", \"reason\", \"record\") \
               VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (\"list\", \"id\") DO UPDATE SET \"kind\" = excluded.\"kind\", \
               \"hash\" = excluded.\"hash\", \"reason\" = excluded.\"reason\", \"record\" = excluded.\"record\"";
    transaction.execute_many(sql, staged).await?;
    let entries = entries.into_iter().map(|entry| {
        let number = *next_entry;
        *next_entry += 1;
        vec![list.into(), number.into(), entry.into()]
    });
    let sql = "INSERT INTO \"_walks\" (\"list\", \"number\", \"entry\") VALUES ($1, $2, $3)";
    transaction.execute_many(sql, entries.collect()).await?;
    Ok(())
}

/// The keys of the records that the table has as they came.
async fn unchanged(
    transaction: &mut Transaction<'_>,
    table: &'static Table,
    rows: &[StagedRow],
) -> Result<HashSet<String>> {
    let records = rows.iter().filter(|row| row.kind == RECORD);
    let hashes: HashMap<_, _> = records.map(|row| (row.id.as_str(), row.hash.as_str())).collect();
    let keys: Vec<_> = hashes.keys().filter_map(|id| sql::key_value(table, id)).collect();
    let mut same = HashSet::new();
    let name = sql::quoted(&table.name);
    // The first sync compares with nothing.
    let any = format!("SELECT 1 FROM {name} LIMIT 1");
    if keys.is_empty() || transaction.query(&any, &[]).await?.is_empty() {
        return Ok(same);
    }
    for keys in keys.chunks(KEYS) {
        // Always as many, so that the statement is prepared once.
        let keys: Vec<_> = keys
            .iter()
            .chain(std::iter::repeat(&keys[0]))
            .take(KEYS)
            .cloned()
            .collect();
        let places: Vec<_> = (1..=KEYS).map(|place| format!("${place}")).collect();
        let sql = format!(
            "SELECT {}, \"_hash\" FROM {name} AS t WHERE {} IN ({}) AND \"_deleted\" IS NULL",
            sql::key_text(table, "t"),
            sql::quoted(&sql::key(table).name),
            places.join(", ")
        );
        for row in transaction.query(&sql, &keys).await? {
            if let Ok([Value::Text(id), Value::Text(hash)]) = <[Value; 2]>::try_from(row)
                && hashes.get(id.as_str()).is_some_and(|new| *new == hash)
            {
                same.insert(id);
            }
        }
    }
    Ok(same)
}
