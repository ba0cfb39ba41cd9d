//! What a database has, whichever program has made it.

use std::collections::HashMap;

use crate::{
    engine::{Dialect, Session, Value},
    error::{Error, ErrorKind, Result},
};

/// The columns of each table, with their types.
pub(super) type Existing = HashMap<String, HashMap<String, String>>;

pub(super) async fn columns(session: &mut dyn Session, dialect: Dialect) -> Result<Existing> {
    let sql = match dialect {
        Dialect::Sqlite => {
            "SELECT m.name, c.name, c.type FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table'"
        }
        Dialect::Postgres => {
            "SELECT c.relname::text, a.attname::text, format_type(a.atttypid, a.atttypmod) FROM pg_class c \
             JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped \
             WHERE c.relkind IN ('r', 'p') AND c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())"
        }
    };
    let mut existing = Existing::new();
    for row in session.query(sql, &[]).await? {
        if let [Value::Text(table), Value::Text(column), Value::Text(kind)] = row.as_slice() {
            let table = existing.entry(table.clone()).or_default();
            table.insert(column.clone(), kind.clone());
        }
    }
    Ok(existing)
}

/// What the mirror has noted about itself.
pub(super) async fn note(
    session: &mut dyn Session,
    existing: &Existing,
    name: &str,
) -> Result<Option<String>> {
    if !existing.contains_key("_mirror") {
        return Ok(None);
    }
    let sql = "SELECT \"value\" FROM \"_mirror\" WHERE \"name\" = $1";
    let rows = session.query(sql, &[name.into()]).await?;
    Ok(match rows.into_iter().flatten().next() {
        Some(Value::Text(value)) => Some(value),
        _ => None,
    })
}

/// The version of the database; `None` if it is no mirror yet.
///
/// # Errors
///
/// `Newer` if it is none that a program knows which makes version `newest`.
pub(super) async fn version(
    session: &mut dyn Session,
    existing: &Existing,
    newest: usize,
) -> Result<Option<usize>> {
    let Some(text) = note(session, existing, "version").await? else {
        return Ok(None);
    };
    let version = text.parse().unwrap_or(usize::MAX);
    if (1..=newest).contains(&version) {
        return Ok(Some(version));
    }
    let program = note(session, existing, "program").await?.unwrap_or_default();
    Err(Error::new(
        ErrorKind::Newer,
        format!(
            "the mirror cannot be used: program {program} has written it in version {text}, and this one knows up to {newest}; use \
             the newer program, or another place for the mirror"
        ),
    ))
}
