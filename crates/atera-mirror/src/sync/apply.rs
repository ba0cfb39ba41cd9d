//! Writes what was read of a list, in one transaction: the log of changes, the rows, and the state.

use atera::{ErrorKind, Timestamp};

use super::{
    fresh,
    job::{Job, Outcome, Reading},
    report::ListReport,
    rows::{self, Added, Rows},
    sql::{self, quoted},
    staging,
};
use crate::{
    engine::Value,
    error::Result,
    schema::{Content, Table, tables},
    state::{ListState, ListStatus},
    store::Transaction,
};

/// How many records a list must have had, that losing more than half of them is not believed.
const LARGE: u64 = 50;

/// How many records are turned into rows at a time.
const BATCH: usize = 500;

/// What was read, and what is known of the list.
struct Apply<'a> {
    table: &'static Table,
    reading: &'a Reading,
    at: Timestamp,
    dialect: crate::engine::Dialect,
    accept_loss: bool,
    first: [u64; 4],
}

/// Writes what was read of a list, and returns what came of it. `first` is what an earlier reading of the same sync has found.
pub(crate) async fn apply(
    job: &Job<'_>,
    table: &'static Table,
    mut status: ListStatus,
    reading: &Reading,
    first: [u64; 4],
) -> Result<ListReport> {
    let apply = Apply {
        table,
        reading,
        at: Timestamp::now(),
        dialect: job.store.dialect,
        accept_loss: job.options.accept_loss,
        first,
    };
    let mut transaction = job.store.begin().await?;
    let applied = apply.run(&mut transaction, &mut status).await;
    let problem = transaction.end(applied).await?;
    let mut report = ListReport::new(&status, problem);
    report.is_resumed = reading.is_resumed;
    Ok(report)
}

impl Apply<'_> {
    async fn run(
        &self,
        transaction: &mut Transaction<'_>,
        status: &mut ListStatus,
    ) -> Result<Option<atera::Error>> {
        let name = quoted(&self.table.name);
        let rows = transaction
            .count(&format!("SELECT COUNT(*) FROM {name}"), &[])
            .await?;
        let alive_sql = format!("SELECT COUNT(*) FROM {name} WHERE \"_deleted\" IS NULL");
        let alive = transaction.count(&alive_sql, &[]).await?;
        let list = [Value::from(self.table.name.as_str())];
        let unreadable_sql =
            "SELECT COUNT(*) FROM \"_staged\" WHERE \"list\" = $1 AND \"kind\" = 'unreadable'";
        let unreadable = transaction.count(unreadable_sql, &list).await?;
        let gone = match self.reading.outcome {
            Outcome::Whole | Outcome::WholeAsKnown | Outcome::Changes => {
                let sql = format!("SELECT COUNT(*) FROM {name} AS t WHERE {}", self.is_gone());
                transaction.count(&sql, &[]).await?
            }
            _ => 0,
        };
        let lost_too_many = alive >= LARGE && gone * 2 > alive && !self.accept_loss;
        let state = match self.reading.outcome {
            Outcome::Unsettled => ListState::Unsettled,
            Outcome::WithoutIds => ListState::WithoutIds,
            _ if unreadable > 0 => ListState::Unreadable,
            _ if lost_too_many => ListState::Shrunk,
            _ => ListState::Complete,
        };
        // Only a list that was read completely tells what is gone.
        let deletes = state == ListState::Complete && gone > 0;

        let adopted = match self.reading.has_fresh_table {
            true => fresh::adopt(transaction, self.dialect, self.table).await?,
            false => 0,
        };
        let [inserted, updated, deleted, undeleted] = self.first;
        status.inserted = inserted + adopted + self.log(transaction, "insert").await?;
        status.undeleted = undeleted + self.log(transaction, "undelete").await?;
        status.updated = updated + self.log(transaction, "update").await?;
        status.deleted = deleted;
        if deletes {
            status.deleted += self.delete(transaction).await?;
        }
        self.upsert(transaction, rows == 0).await?;
        if self.reading.outcome != Outcome::Changes {
            self.keep_unreadable(transaction).await?;
        }
        staging::clear(transaction, self.table).await?;

        let began = self.reading.began;
        status.strategy = self.reading.strategy;
        status.why.clone_from(&self.reading.why);
        status.records = transaction.count(&alive_sql, &[]).await?;
        let misfits_sql = "SELECT COUNT(*) FROM \"_misfits\" WHERE \"table_name\" = $1";
        status.misfits = transaction.count(misfits_sql, &list).await?;
        let unreadable_sql = "SELECT COUNT(*) FROM \"_unreadable\" WHERE \"table_name\" = $1";
        status.unreadable = transaction.count(unreadable_sql, &list).await?;
        status.enter(state, self.at);
        match state {
            ListState::Complete => {
                status.as_of = Some(began);
                status.complete_as_of = Some(began);
            }
            // What came is whole, but what is gone is not known.
            ListState::Unreadable | ListState::Shrunk | ListState::WithoutIds => status.as_of = Some(began),
            _ => {}
        }
        if state == ListState::Complete && self.reading.outcome == Outcome::Whole {
            status.walked_as_of = Some(began);
        }
        let problem = self.problem(transaction, status, alive, gone).await?;
        status.reason = problem.as_ref().map(ToString::to_string);
        transaction
            .execute(&ListStatus::upsert(), &status.values())
            .await?;
        Ok(problem)
    }

    /// The condition that a row `t` exists and is gone by what was read.
    fn is_gone(&self) -> String {
        match self.reading.outcome {
            Outcome::Changes => staging::exists_and_is_staged(self.table, staging::GONE),
            _ => staging::exists_and_did_not_come(self.table),
        }
    }

    /// Logs what was inserted, or has changed, or came back. Returns how many records did.
    async fn log(&self, transaction: &mut Transaction<'_>, kind: &str) -> Result<u64> {
        let table = quoted(&self.table.name);
        let list = sql::literal(&self.table.name);
        let key = quoted(&sql::key(self.table).name);
        let staged = sql::from_text(self.table, "s.\"id\"");
        let (before, condition) = match kind {
            "insert" => ("NULL", format!("t.{key} IS NULL")),
            "undelete" => ("t.\"record\"", "t.\"_deleted\" IS NOT NULL".to_string()),
            _ => (
                "t.\"record\"",
                format!("t.{key} IS NOT NULL AND t.\"_deleted\" IS NULL"),
            ),
        };
        let sql = format!(
            "INSERT INTO \"_changes\" (\"at\", \"table_name\", \"id\", \"kind\", \"before\") SELECT {at}, {list}, s.\"id\", \
             '{kind}', {before} FROM \"_staged\" AS s LEFT JOIN {table} AS t ON t.{key} = {staged} WHERE s.\"list\" = {list} AND \
             s.\"kind\" = 'record' AND s.\"record\" IS NOT NULL AND {condition} ORDER BY t.{key}, {staged}",
            at = sql::time(self.dialect, self.at),
        );
        transaction.execute(&sql, &[]).await
    }

    /// Marks what is gone as deleted, and deletes what belonged to it. Returns how many records are gone.
    async fn delete(&self, transaction: &mut Transaction<'_>) -> Result<u64> {
        let table = quoted(&self.table.name);
        let list = sql::literal(&self.table.name);
        let at = sql::time(self.dialect, self.at);
        let (gone, key) = (self.is_gone(), quoted(&sql::key(self.table).name));
        let sql = format!(
            "INSERT INTO \"_changes\" (\"at\", \"table_name\", \"id\", \"kind\", \"before\") SELECT {at}, {list}, {}, 'delete', \
             t.\"record\" FROM {table} AS t WHERE {gone} ORDER BY t.{key}",
            sql::key_text(self.table, "t")
        );
        transaction.execute(&sql, &[]).await?;
        let sql = format!("UPDATE {table} AS t SET \"_deleted\" = {at}, \"_changed\" = {at} WHERE {gone}");
        let deleted = transaction.execute(&sql, &[]).await?;
        let sql = format!(
            "DELETE FROM \"_misfits\" WHERE \"table_name\" = {list} AND \"id\" IN (SELECT {} FROM {table} AS t WHERE \
             t.\"_deleted\" IS NOT NULL)",
            sql::key_text(self.table, "t")
        );
        transaction.execute(&sql, &[]).await?;
        for part in tables().iter().filter(|part| belongs_to(part, self.table)) {
            let sql = format!(
                "DELETE FROM {part} WHERE EXISTS (SELECT 1 FROM {table} AS t WHERE t.{key} = {part}.{part_key} AND \
                 t.\"_deleted\" IS NOT NULL)",
                part = quoted(&part.name),
                part_key = quoted(&sql::key(part).name),
            );
            transaction.execute(&sql, &[]).await?;
            let sql = format!(
                "DELETE FROM \"_misfits\" WHERE \"table_name\" = {} AND \"id\" NOT IN (SELECT {} || '/' || CAST(p.\"_position\" AS \
                 TEXT) FROM {} AS p)",
                sql::literal(&part.name),
                sql::key_text(part, "p"),
                quoted(&part.name),
            );
            transaction.execute(&sql, &[]).await?;
            let sql = format!(
                "DELETE FROM \"_children\" WHERE \"list\" = {} AND \"id\" IN (SELECT {} FROM {table} AS t WHERE \
                 t.\"_deleted\" IS NOT NULL)",
                sql::literal(&part.name),
                sql::key_text(self.table, "t"),
            );
            transaction.execute(&sql, &[]).await?;
        }
        Ok(deleted)
    }

    /// Writes the rows of all records that are new or have changed.
    async fn upsert(&self, transaction: &mut Transaction<'_>, is_first: bool) -> Result<()> {
        let list = sql::literal(&self.table.name);
        let at = Value::timestamp(self.at);
        let sql = format!(
            "SELECT \"id\", \"hash\", \"record\" FROM \"_staged\" WHERE \"list\" = {list} AND \"kind\" = 'record' AND \
             \"record\" IS NOT NULL AND \"id\" > $1 ORDER BY \"id\" LIMIT {BATCH}"
        );
        let mut after = String::new();
        let has_misfits = has_misfits(transaction, self.table).await?;
        loop {
            let staged = transaction.query(&sql, &[after.as_str().into()]).await?;
            let mut rows = Rows::new(self.table);
            let mut ids = Vec::new();
            for row in staged {
                let Ok([Value::Text(id), Value::Text(hash), Value::Text(json)]) = <[Value; 3]>::try_from(row)
                else {
                    continue;
                };
                rows.add(Added {
                    id: &id,
                    position: None,
                    hash: &hash,
                    json: json.into(),
                    at: &at,
                });
                ids.push(id);
            }
            let Some(last) = ids.last() else { return Ok(()) };
            after.clone_from(last);
            if has_misfits {
                forget_misfits(transaction, self.table, &ids).await?;
            }
            if !is_first {
                delete_items(transaction, self.table, &ids).await?;
            }
            rows::write(transaction, self.table, rows, str::to_owned).await?;
        }
    }

    /// Keeps the records that cannot be stored, instead of those of the walk before.
    async fn keep_unreadable(&self, transaction: &mut Transaction<'_>) -> Result<()> {
        let list = sql::literal(&self.table.name);
        let sql = format!("DELETE FROM \"_unreadable\" WHERE \"table_name\" = {list}");
        transaction.execute(&sql, &[]).await?;
        let sql = format!(
            "INSERT INTO \"_unreadable\" (\"table_name\", \"hash\", \"reason\", \"record\", \"seen\") SELECT {list}, \"hash\", \
             \"reason\", \"record\", {} FROM \"_staged\" WHERE \"list\" = {list} AND \"kind\" = 'unreadable'",
            sql::time(self.dialect, self.at)
        );
        transaction.execute(&sql, &[]).await.map(drop)
    }

    /// What is wrong with the list, if anything is.
    async fn problem(
        &self,
        transaction: &mut Transaction<'_>,
        status: &ListStatus,
        alive: u64,
        gone: u64,
    ) -> Result<Option<atera::Error>> {
        let name = &self.table.name;
        let problem = match status.state {
            ListState::Unsettled => Some((
                ErrorKind::Unsettled,
                format!(
                    "{name} did not settle while it was read, so records may be missing and none is marked as deleted; sync again at \
                     a quieter time"
                ),
            )),
            ListState::Unreadable => Some((
                ErrorKind::Decode,
                format!(
                    "{name} has records that could not be stored ({}), so none is marked as deleted; the table _unreadable has them",
                    status.unreadable
                ),
            )),
            ListState::Shrunk => Some((
                ErrorKind::Unsettled,
                format!(
                    "{name} has lost {gone} of {alive} records, which are not marked as deleted; if that is right, sync again with \
                     accept_loss"
                ),
            )),
            _ if status.misfits > 0 => {
                let columns = misfits(transaction, self.table).await?;
                return Ok(Some(misfit_error(name, status.misfits, status.records, &columns)));
            }
            _ => None,
        };
        Ok(problem.map(|(kind, sentence)| atera::Error::new(kind, sentence)))
    }
}

/// Whether the rows of `part` belong to those of `table`.
fn belongs_to(part: &Table, table: &Table) -> bool {
    match &part.content {
        Content::Children { parent, .. } | Content::Items { parent, .. } => *parent == table.name,
        Content::List { .. } => false,
    }
}

/// Deletes the rows of the arrays of some records.
async fn delete_items(
    transaction: &mut Transaction<'_>,
    table: &'static Table,
    ids: &[String],
) -> Result<()> {
    for items in table.items() {
        let keys = ids.iter().filter_map(|id| sql::key_value(items, id));
        let keys = keys.map(|key| vec![key]).collect();
        transaction.execute_many(&rows::delete(items), keys).await?;
    }
    Ok(())
}

/// Whether any record of the table has a value that does not fit.
pub(super) async fn has_misfits(transaction: &mut Transaction<'_>, table: &'static Table) -> Result<bool> {
    let sql = "SELECT COUNT(*) FROM \"_misfits\" WHERE \"table_name\" = $1";
    Ok(transaction.count(sql, &[table.name.as_str().into()]).await? > 0)
}

/// Forgets that some records have values that do not fit.
async fn forget_misfits(
    transaction: &mut Transaction<'_>,
    table: &'static Table,
    ids: &[String],
) -> Result<()> {
    let sql = "DELETE FROM \"_misfits\" WHERE \"table_name\" = $1 AND \"id\" = $2";
    let ids = ids
        .iter()
        .map(|id| vec![table.name.as_str().into(), id.as_str().into()]);
    transaction.execute_many(sql, ids.collect()).await.map(drop)
}

/// That a table has values that do not fit.
pub(super) fn misfit_error(name: &str, misfits: u64, records: u64, columns: &str) -> atera::Error {
    let sentence = format!(
        "{name} has values that do not fit their columns, in {misfits} of {records} records: {columns}; the columns are null, and \
         `record` has the values"
    );
    atera::Error::new(ErrorKind::Decode, sentence)
}

/// The columns with values that do not fit, in words: those of a few records.
pub(super) async fn misfits(transaction: &mut Transaction<'_>, table: &'static Table) -> Result<String> {
    let sql = "SELECT DISTINCT \"columns\" FROM \"_misfits\" WHERE \"table_name\" = $1 ORDER BY \"columns\" LIMIT 4";
    let rows = transaction.query(sql, &[table.name.as_str().into()]).await?;
    let texts = rows.into_iter().filter_map(|row| match row.into_iter().next() {
        Some(Value::Text(text)) => Some(text),
        _ => None,
    });
    let mut texts: Vec<_> = texts.collect();
    if texts.len() > 3 {
        texts[3] = "and others".to_string();
    }
    Ok(texts.join(", "))
}
