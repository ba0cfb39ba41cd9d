//! The rows of a list that is still empty: written once, into a table that takes the place of the empty one.
//!
//! All other rows are written twice, to `_staged` and to their table. For the first sync of a large account that would be most of
//! the work.

use super::sql::{self, quoted};
use crate::{
    engine::{Dialect, Value},
    error::Result,
    schema::{FRESH, Table, create_like, fill_search},
    store::Transaction,
};

/// The name of the table that takes the place of the one of this name.
pub(super) fn name_of(table: &str) -> String {
    format!("{FRESH}{table}")
}

/// A table, and those of the arrays in its records.
fn with_items(table: &'static Table) -> impl Iterator<Item = &'static Table> {
    std::iter::once(table).chain(table.items())
}

/// Whether a list has no row, and whether it has a table that takes its place.
pub(super) async fn is_empty(transaction: &mut Transaction<'_>, table: &'static Table) -> Result<bool> {
    let any = format!("SELECT 1 FROM {} LIMIT 1", quoted(&table.name));
    Ok(transaction.query(&any, &[]).await?.is_empty())
}

/// Whether a list has a table that takes its place.
pub(super) async fn exists(
    transaction: &mut Transaction<'_>,
    dialect: Dialect,
    table: &'static Table,
) -> Result<bool> {
    let sql = match dialect {
        Dialect::Sqlite => "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = $1",
        Dialect::Postgres => {
            "SELECT 1 FROM pg_class WHERE relname = $1 AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = \
             current_schema())"
        }
    };
    let name = [Value::from(name_of(&table.name))];
    Ok(!transaction.query(sql, &name).await?.is_empty())
}

/// Makes the tables that take the place of a list's, unless there are some.
pub(super) async fn make(
    transaction: &mut Transaction<'_>,
    dialect: Dialect,
    table: &'static Table,
) -> Result<()> {
    for table in with_items(table) {
        let sql = create_like(dialect, table, &name_of(&table.name));
        transaction.execute(&sql, &[]).await?;
    }
    Ok(())
}

/// Removes them, with what was noted of their rows.
pub(super) async fn remove(transaction: &mut Transaction<'_>, table: &'static Table) -> Result<()> {
    for table in with_items(table) {
        let sql = format!("DROP TABLE {}", quoted(&name_of(&table.name)));
        transaction.execute(&sql, &[]).await?;
    }
    let sql = format!(
        "DELETE FROM \"_misfits\" WHERE \"table_name\" = {} AND NOT EXISTS (SELECT 1 FROM {})",
        sql::literal(&table.name),
        quoted(&table.name)
    );
    transaction.execute(&sql, &[]).await.map(drop)
}

/// Whether a table of SQLite has columns that the one has not that takes its place: those of the user, or those that were kept when
/// their type changed.
async fn has_other_columns(transaction: &mut Transaction<'_>, table: &Table) -> Result<bool> {
    let sql = "SELECT name FROM pragma_table_xinfo($1) EXCEPT SELECT name FROM pragma_table_xinfo($2)";
    let names = [Value::from(table.name.as_str()), name_of(&table.name).into()];
    Ok(!transaction.query(sql, &names).await?.is_empty())
}

/// Puts them in place of those of the list, which is empty, and logs that the records came. Returns how many did.
pub(super) async fn adopt(
    transaction: &mut Transaction<'_>,
    dialect: Dialect,
    table: &'static Table,
) -> Result<u64> {
    let mut needs_search = true;
    for part in with_items(table) {
        let (name, fresh) = (quoted(&part.name), quoted(&name_of(&part.name)));
        let takes_its_place = dialect == Dialect::Sqlite && !has_other_columns(transaction, part).await?;
        match takes_its_place {
            true => {
                // The indexes and triggers go with the table. Some may be the user's.
                let sql = "SELECT sql FROM sqlite_master WHERE tbl_name = $1 AND type IN ('index', 'trigger') AND sql IS NOT NULL \
                           ORDER BY type, rowid";
                let rows = transaction.query(sql, &[part.name.as_str().into()]).await?;
                transaction.execute(&format!("DROP TABLE {name}"), &[]).await?;
                let sql = format!("ALTER TABLE {fresh} RENAME TO {name}");
                transaction.execute(&sql, &[]).await?;
                for row in rows {
                    if let [Value::Text(sql)] = &row[..] {
                        transaction.execute(sql, &[]).await?;
                    }
                }
            }
            // A table that goes would take with it what the user has added to it, and in Postgres who may read it.
            false => {
                // Its triggers make the rows found.
                needs_search &= part.name != table.name;
                let columns: Vec<_> = part.columns.iter().map(|column| quoted(&column.name)).collect();
                let columns = columns.join(", ");
                let sql = format!("INSERT INTO {name} ({columns}) SELECT {columns} FROM {fresh}");
                transaction.execute(&sql, &[]).await?;
                transaction.execute(&format!("DROP TABLE {fresh}"), &[]).await?;
            }
        }
    }
    if needs_search && let Some(sql) = fill_search(dialect, table) {
        transaction.execute(&sql, &[]).await?;
    }
    let sql = format!(
        "INSERT INTO \"_changes\" (\"at\", \"table_name\", \"id\", \"kind\") SELECT t.\"_first_seen\", {}, {}, 'insert' FROM {} AS t \
         ORDER BY t.{}",
        sql::literal(&table.name),
        sql::key_text(table, "t"),
        quoted(&table.name),
        quoted(&sql::key(table).name)
    );
    transaction.execute(&sql, &[]).await
}
