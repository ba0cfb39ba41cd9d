//! The view `_history`: what each record was, and when.

use super::{
    names::quoted,
    table::{Content, tables},
};
use crate::engine::{ColumnType, Dialect};

/// The statements that remove it where it cannot be replaced, if it exists.
pub(super) fn drop(dialect: Dialect) -> Vec<String> {
    match dialect {
        Dialect::Sqlite => vec!["DROP VIEW IF EXISTS \"_history\"".to_string()],
        Dialect::Postgres => Vec::new(),
    }
}

/// The statement that makes it: what was replaced or removed is in the log of changes, and what is in the tables.
pub(super) fn create(dialect: Dialect) -> String {
    let earlier = "SELECT \"table_name\", \"id\", \"valid_from\", \"valid_to\", \"record\" FROM (SELECT \"table_name\", \"id\", \
        \"kind\", lag(\"at\") OVER (PARTITION BY \"table_name\", \"id\" ORDER BY \"seq\") AS \"valid_from\", \"at\" AS \
        \"valid_to\", \"before\" AS \"record\" FROM \"_changes\") AS \"earlier\" WHERE \"kind\" IN ('update', 'delete')";
    let lists = tables()
        .iter()
        .filter(|it| matches!(it.content, Content::List { .. }));
    let current = lists.map(|table| {
        format!(
            "SELECT '{}', CAST({} AS {}), coalesce(\"_changed\", \"_first_seen\"), CAST(NULL AS {}), \"record\" FROM {} WHERE \
             \"_deleted\" IS NULL",
            table.name,
            quoted(&table.key()[0].name),
            dialect.type_name(ColumnType::Text),
            dialect.type_name(ColumnType::Timestamp),
            quoted(&table.name)
        )
    });
    let parts: Vec<_> = [earlier.to_string()].into_iter().chain(current).collect();
    let create = dialect.create_view();
    format!("{create} \"_history\" AS {}", parts.join(" UNION ALL "))
}
