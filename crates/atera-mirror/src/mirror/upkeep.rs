//! What keeps a mirror in order: counts, checks, and the room that it takes.

use super::Mirror;
use crate::{
    engine::{Dialect, Session, Value},
    error::{Error, ErrorKind, Result},
    schema::{self, Content, Found, Table, tables},
};

/// How many rows a table has.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TableRows {
    /// The table.
    pub name: String,
    /// How many rows it has, without those of records that are gone.
    pub rows: u64,
    /// How many records of it are gone.
    pub deleted: u64,
}

/// The size of a mirror before and after [`Mirror::vacuum`], in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Vacuumed {
    /// Before.
    pub before: u64,
    /// After.
    pub after: u64,
}

impl Mirror {
    /// How many rows each table of records has, without the tables that only the next sync adds to a mirror of an earlier program.
    ///
    /// # Errors
    ///
    /// Whatever the database fails with.
    pub async fn tables(&self) -> Result<Vec<TableRows>> {
        let (mut session, found) = self.find().await?;
        let mut counted = Vec::new();
        for table in tables().iter().filter(|table| found.has(table)) {
            let deleted = match table.content {
                Content::List { .. } => "count(\"_deleted\")",
                _ => "0",
            };
            let sql = format!("SELECT count(*), {deleted} FROM \"{}\"", table.name);
            let rows = session.query(&sql, &[]).await?;
            let [Value::Integer(all), Value::Integer(deleted)] = rows[0][..] else {
                return Err(Error::new(
                    ErrorKind::Database,
                    "the database counts no rows; check it",
                ));
            };
            counted.push(TableRows {
                name: table.name.clone(),
                rows: (all - deleted) as u64,
                deleted: deleted as u64,
            });
        }
        Ok(counted)
    }

    /// Looks for damage: what the database finds in its files, rows that belong to no record, lists with more or fewer records than
    /// their last sync has left, records that the search lacks. Returns a sentence for each.
    ///
    /// # Errors
    ///
    /// Whatever the database fails with.
    pub async fn check(&self) -> Result<Vec<String>> {
        let (mut session, found) = self.find().await?;
        let mut problems = Vec::new();
        if self.engine.dialect() == Dialect::Sqlite {
            for row in session.query("PRAGMA integrity_check", &[]).await? {
                match &row[0] {
                    Value::Text(text) if text != "ok" => {
                        problems.push(format!("the file is damaged: {text}"))
                    }
                    _ => {}
                }
            }
        }
        for table in tables().iter().filter(|table| found.has(table)) {
            // Without their table, nothing tells of which records the rows are.
            let Some(parent) = table.parent().filter(|parent| found.has(parent)) else {
                continue;
            };
            let same: Vec<_> = parent
                .key()
                .iter()
                .map(|it| format!("p.\"{0}\" = c.\"{0}\"", it.name))
                .collect();
            let sql = format!(
                "SELECT count(*) FROM \"{}\" c WHERE NOT EXISTS (SELECT 1 FROM \"{}\" p WHERE {})",
                table.name,
                parent.name,
                same.join(" AND ")
            );
            match session.query(&sql, &[]).await?[0][0] {
                Value::Integer(0) => {}
                ref count => problems.push(format!(
                    "{} has {} rows that belong to no record of {}",
                    table.name,
                    number(count),
                    parent.name
                )),
            }
        }
        problems.extend(miscounted(&mut *session, &found).await?);
        // The search of an earlier program may have been of other tables. The next sync makes it anew.
        if self.engine.dialect() == Dialect::Sqlite && found.is_current() {
            let found = session.query("SELECT count(*) FROM \"search\"", &[]).await?;
            let expected = session.query(&schema::count_searched(), &[]).await?;
            if found != expected {
                problems.push(format!(
                    "the search has {} records of {}",
                    number(&found[0][0]),
                    number(&expected[0][0])
                ));
            }
        }
        Ok(problems)
    }

    /// Gives space back that is not used any more, and renews what the database knows about its tables to plan queries. A file becomes
    /// smaller; Postgres keeps the space for new rows.
    ///
    /// # Errors
    ///
    /// `Busy` while a sync runs, and whatever the database fails with.
    pub async fn vacuum(&self) -> Result<Vacuumed> {
        let mut session = self.writer().await?;
        let before = self.size(&mut *session).await?;
        match self.engine.dialect() {
            Dialect::Sqlite => {
                for statement in [
                    "INSERT INTO \"search\" (\"search\") VALUES ('optimize')",
                    "ANALYZE",
                    "VACUUM",
                ] {
                    session.execute(statement, &[]).await?;
                }
                // Until then the pages of the new file are beside it.
                session.query("PRAGMA wal_checkpoint(TRUNCATE)", &[]).await?;
            }
            Dialect::Postgres => {
                for name in schema::table_names() {
                    session
                        .execute(&format!("VACUUM (ANALYZE) \"{name}\""), &[])
                        .await?;
                }
            }
        }
        let after = self.size(&mut *session).await?;
        Ok(Vacuumed { before, after })
    }

    async fn size(&self, session: &mut dyn Session) -> Result<u64> {
        let sql = match self.engine.dialect() {
            Dialect::Sqlite => {
                "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()".to_string()
            }
            Dialect::Postgres => {
                let names: Vec<_> = schema::table_names().map(|name| format!("'{name}'")).collect();
                format!(
                    "SELECT CAST(sum(pg_total_relation_size(oid)) AS bigint) FROM pg_class WHERE relkind = 'r' AND relnamespace = \
                     (SELECT oid FROM pg_namespace WHERE nspname = current_schema()) AND relname IN ({})",
                    names.join(", ")
                )
            }
        };
        match session.query(&sql, &[]).await?[0][0] {
            Value::Integer(size) => Ok(size as u64),
            _ => Ok(0),
        }
    }
}

/// The lists that do not have as many records as their last sync has left.
async fn miscounted(session: &mut dyn Session, found: &Found) -> Result<Vec<String>> {
    let sql = "SELECT \"list\", \"records\" FROM \"_syncs\" WHERE \"as_of\" IS NOT NULL ORDER BY \"list\"";
    let mut problems = Vec::new();
    for row in session.query(sql, &[]).await? {
        let [Value::Text(list), records] = &row[..] else {
            continue;
        };
        // What belongs to records goes with them between two syncs of its own.
        let is_list = |table: &&Table| matches!(table.content, Content::List { .. }) && found.has(table);
        let Some(table) = Table::find(list).filter(|table| is_list(table)) else {
            continue;
        };
        let sql = format!(
            "SELECT count(*) FROM \"{}\" WHERE \"_deleted\" IS NULL",
            table.name
        );
        let counted = &session.query(&sql, &[]).await?[0][0];
        if counted != records {
            problems.push(format!(
                "{list} has {} records, and its last sync has left {}",
                number(counted),
                number(records)
            ));
        }
    }
    Ok(problems)
}

fn number(value: &Value) -> String {
    match value {
        Value::Integer(number) => number.to_string(),
        other => format!("{other:?}"),
    }
}
