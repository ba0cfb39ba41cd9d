//! The feed of changes: what the syncs found to have come, changed, gone and come back, in one sequence.
//!
//! It is the table `_changes`, whose numbers grow in the order in which readers see them. Numbers alone do not give that: in
//! Postgres they are drawn before a transaction commits, so of two writers the later one could show its changes first, and a
//! reader that has seen them would never look back. Here a session writes only while it holds the writer's lock, one transaction
//! after another, and the lock ends after its last transaction has ended. A transaction that is taken back leaves a gap, which
//! nobody fills later.

mod cursor;

use std::collections::{BTreeMap, HashMap};

use atera::Timestamp;
pub use cursor::Cursor;

use super::Mirror;
use crate::{
    engine::{Session, Value},
    error::{Error, Result},
    schema::{Content, Table, tables},
    sync::sql,
};

/// How many records are looked up at a time.
const RECORDS: usize = 500;

/// A change of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Change {
    /// The place just after it, to go on from.
    pub cursor: Cursor,
    /// When the sync found it.
    pub at: Timestamp,
    /// The table of the record.
    pub table: String,
    /// The key of the record in its table.
    pub id: String,
    /// What has happened to it.
    pub kind: ChangeKind,
    /// The record before, as JSON. None for one that came. One that came back has what it was when it went.
    pub before: Option<String>,
    /// The record after this change, whatever has changed since, as JSON. None for one that is gone, and for one of a list that
    /// this version does not know.
    pub after: Option<String>,
}

/// What has happened to a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ChangeKind {
    /// It came. In the first sync of a list, all records do.
    Insert,
    /// It has changed.
    Update,
    /// It is gone.
    Delete,
    /// It was gone, and came back.
    Undelete,
}

/// Some changes, in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Changes {
    /// The changes.
    pub changes: Vec<Change>,
    /// From where to go on: after the last of them, or, if there are no more, after the last change of the mirror, of whichever
    /// list.
    pub cursor: Cursor,
    /// Whether there are more.
    pub has_more: bool,
}

impl ChangeKind {
    /// Its name: `insert`, `update`, `delete` or `undelete`.
    pub fn name(self) -> &'static str {
        match self {
            ChangeKind::Insert => "insert",
            ChangeKind::Update => "update",
            ChangeKind::Delete => "delete",
            ChangeKind::Undelete => "undelete",
        }
    }

    fn named(name: &str) -> Option<Self> {
        let mut all = [Self::Insert, Self::Update, Self::Delete, Self::Undelete].into_iter();
        all.find(|kind| kind.name() == name)
    }
}

impl Change {
    /// The change as a JSON object: `cursor`, `at`, `table`, `id`, `kind`, `before` and `after`, with the records as they came.
    pub fn to_json(&self) -> String {
        let text = |text: &str| serde_json::Value::from(text).to_string();
        let record = |record: &Option<String>| record.clone().unwrap_or_else(|| "null".to_string());
        format!(
            r#"{{"cursor":"{}","at":"{}","table":{},"id":{},"kind":"{}","before":{},"after":{}}}"#,
            self.cursor,
            self.at,
            text(&self.table),
            text(&self.id),
            self.kind.name(),
            record(&self.before),
            record(&self.after),
        )
    }
}

impl Mirror {
    /// What has changed after a place in the sequence of changes, in the order in which the syncs have written it.
    ///
    /// Every change comes, also while a sync is writing: one that is not shown yet is after all that are. What a sync found in a
    /// list comes when the list has been read. `only` are the tables of lists, and empty for all lists; hyphens count as
    /// underscores. What belongs to records, such as the comments of tickets, is not in the sequence, nor is how often a record
    /// has changed between two syncs.
    ///
    /// ```no_run
    /// use atera_mirror::{Cursor, Mirror};
    ///
    /// # async fn example() -> atera_mirror::Result<()> {
    /// let mirror = Mirror::file("mirror.db".as_ref()).await?;
    /// let mut cursor = Cursor::START;
    /// loop {
    ///     let page = mirror.changes(cursor, &["tickets"], 500).await?;
    ///     for change in &page.changes {
    ///         println!("{}", change.to_json());
    ///     }
    ///     // Keep it when all of the page is done, so that nothing is lost.
    ///     cursor = page.cursor;
    ///     if !page.has_more {
    ///         break;
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// `Cursor` if the mirror has no such place: it lies beyond its last change, or before the first one that is left, or is of
    /// another mirror. `Config` if there is no such list, or no mirror yet.
    pub async fn changes(&self, after: Cursor, only: &[&str], limit: u32) -> Result<Changes> {
        let only = only.iter().map(|name| list(name));
        let only = only.collect::<Result<Vec<_>>>()?;
        // Everything here is read as of one point in time.
        let mut session = self.reader().await?;
        after.check(&mut *session).await?;
        let mut rows = session.query(&query(&only, limit), &[after.seq().into()]).await?;
        let has_more = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        let mut changes = Vec::with_capacity(rows.len());
        let mut current: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (index, row) in rows.into_iter().enumerate() {
            let change = change(row)?;
            if change.after.is_none() && change.kind != ChangeKind::Delete {
                current.entry(change.table.clone()).or_default().push(index);
            }
            changes.push(change);
        }
        for (table, indexes) in current {
            let Some(table) = Table::find(&table) else {
                continue;
            };
            for indexes in indexes.chunks(RECORDS) {
                let ids = indexes.iter().map(|index| changes[*index].id.as_str());
                let mut records = records(&mut *session, table, ids).await?;
                for index in indexes {
                    let change = &mut changes[*index];
                    change.after = Some(records.remove(&change.id).ok_or_else(cursor::damaged)?);
                }
            }
        }
        let cursor = match (has_more, changes.last()) {
            (true, Some(last)) => last.cursor,
            (true, None) => after,
            // None of the changes up to there is one of these lists.
            (false, _) => cursor::last(&mut *session).await?,
        };
        Ok(Changes {
            changes,
            cursor,
            has_more,
        })
    }

    /// The place after the last change, to see only what changes from now on.
    ///
    /// # Errors
    ///
    /// `Config` if there is no mirror yet.
    pub async fn latest_change(&self) -> Result<Cursor> {
        cursor::last(&mut *self.reader().await?).await
    }
}

/// The table of a list.
fn list(name: &str) -> Result<&'static Table> {
    let wanted = name.replace('-', "_").to_lowercase();
    let lists = || {
        let all = tables().iter();
        all.filter(|table| matches!(table.content, Content::List { .. }))
    };
    lists().find(|table| table.name == wanted).ok_or_else(|| {
        let known: Vec<_> = lists().map(|table| table.name.as_str()).collect();
        Error::config(format!(
            "there are no changes of `{name}`: there is no such list; name one of {}",
            known.join(", ")
        ))
    })
}

/// The query for one change more than the limit. What a record was after a change is what it was before its next one.
fn query(only: &[&Table], limit: u32) -> String {
    let tables: Vec<_> = only.iter().map(|table| format!("'{}'", table.name)).collect();
    let tables = match tables.is_empty() {
        true => String::new(),
        false => format!("AND c.\"table_name\" IN ({})", tables.join(", ")),
    };
    format!(
        "SELECT c.\"seq\", c.\"at\", c.\"table_name\", c.\"id\", c.\"kind\", c.\"before\", (SELECT n.\"before\" FROM \"_changes\" \
         AS n WHERE n.\"table_name\" = c.\"table_name\" AND n.\"id\" = c.\"id\" AND n.\"seq\" > c.\"seq\" ORDER BY n.\"seq\" \
         LIMIT 1) FROM \"_changes\" AS c WHERE c.\"seq\" > $1 {tables} ORDER BY c.\"seq\" LIMIT {}",
        u64::from(limit) + 1
    )
}

/// A row of that query. Where the record has not changed again, what it is after the change is missing.
fn change(row: Vec<Value>) -> Result<Change> {
    let cursor = Cursor::after(&row)?;
    let row: [Value; 7] = row.try_into().map_err(|_| cursor::damaged())?;
    let [
        _,
        Value::Text(at),
        Value::Text(table),
        Value::Text(id),
        Value::Text(kind),
        before,
        next,
    ] = row
    else {
        return Err(cursor::damaged());
    };
    let record = |value| match value {
        Value::Text(json) => Some(json),
        _ => None,
    };
    let kind = ChangeKind::named(&kind).ok_or_else(cursor::damaged)?;
    Ok(Change {
        cursor,
        at: at.parse().map_err(|_| cursor::damaged())?,
        table,
        id,
        kind,
        before: record(before),
        after: record(next).filter(|_| kind != ChangeKind::Delete),
    })
}

/// What records of a table are now, by their keys.
async fn records(
    session: &mut dyn Session,
    table: &'static Table,
    ids: impl Iterator<Item = &str>,
) -> Result<HashMap<String, String>> {
    let keys = ids.map(|id| sql::key_value(table, id).ok_or_else(cursor::damaged));
    let keys = keys.collect::<Result<Vec<_>>>()?;
    let places: Vec<_> = (1..=keys.len()).map(|number| format!("${number}")).collect();
    let sql = format!(
        "SELECT {}, t.\"record\" FROM {} AS t WHERE t.{} IN ({})",
        sql::key_text(table, "t"),
        sql::quoted(&table.name),
        sql::quoted(&sql::key(table).name),
        places.join(", ")
    );
    let rows = session.query(&sql, &keys).await?.into_iter();
    let records = rows.filter_map(|row| match <[Value; 2]>::try_from(row) {
        Ok([Value::Text(id), Value::Text(record)]) => Some((id, record)),
        _ => None,
    });
    Ok(records.collect())
}

#[cfg(test)]
mod tests;
