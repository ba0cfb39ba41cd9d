//! Brings a database to the tables of this program, forward only. Nothing is ever dropped but what follows from the tables: views,
//! triggers and indexes for the search.
//!
//! What the description has new is added by comparing the tables: a column is added and filled from `record`. A column whose type has
//! changed is kept under another name. What else a version changes is a [`Step`].
//!
//! The version grows with every change of the tables, so that an older program does not write into them: it would not fill the columns
//! that it does not know, and the newer one would take them for filled.

use std::collections::HashMap;

use super::{
    ddl::{self, Shape},
    existing::{Existing, columns, note, version},
    fill, hash, history,
    names::quoted,
    search,
};
use crate::{
    engine::{Dialect, Session, Value},
    error::{Error, Result},
};

/// The version of the tables. Raise it whenever they change, be it by the description alone; a test tells.
pub(super) const VERSION: usize = 1;

/// The version that needs the statements, and the statements. That tables and columns are added needs none.
pub(super) type Step = (usize, fn(Dialect) -> Vec<String>);

/// Sorted by the version.
const STEPS: &[Step] = &[];

/// What a program makes of a database.
pub(super) struct Program {
    pub(super) version: usize,
    pub(super) shapes: Vec<Shape>,
    pub(super) steps: &'static [Step],
}

impl Program {
    /// This one.
    pub(super) fn this() -> Self {
        Program {
            version: VERSION,
            shapes: ddl::shapes(),
            steps: STEPS,
        }
    }

    /// Tells whether a database is as the program makes it.
    pub(super) fn fingerprint(&self, dialect: Dialect) -> String {
        let tables = self.shapes.iter().flat_map(|shape| shape.create(dialect));
        let steps = self.steps.iter().flat_map(|(_, step)| step(dialect));
        let all: Vec<_> = [self.version.to_string()]
            .into_iter()
            .chain(tables)
            .chain(derived(dialect))
            .chain(steps)
            .collect();
        hash(&all.join(";"))
    }
}

/// How the names begin of tables whose rows are still being read. The rest is that of the table whose place they take.
pub(crate) const FRESH: &str = "_new_";

/// What a migration did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Migration {
    /// The tables and columns that are new in a database that had others: `tickets.ticket_color`.
    pub(crate) added: Vec<String>,
}

/// Brings a database to the version of this program, in one transaction. Does nothing if it is there.
///
/// # Errors
///
/// `Newer` if a newer program has written it.
pub(crate) async fn migrate(session: &mut dyn Session, dialect: Dialect) -> Result<Migration> {
    migrate_to(session, dialect, &Program::this()).await
}

pub(super) async fn migrate_to(
    session: &mut dyn Session,
    dialect: Dialect,
    program: &Program,
) -> Result<Migration> {
    let fingerprint = program.fingerprint(dialect);
    session.begin().await?;
    let existing = columns(session, dialect).await?;
    let version = version(session, &existing, program.version).await?;
    if note(session, &existing, "schema").await?.as_deref() == Some(&fingerprint) {
        session.rollback().await?;
        return Ok(Migration::default());
    }
    for statement in search::drop(dialect).into_iter().chain(history::drop(dialect)) {
        session.execute(&statement, &[]).await?;
    }
    // What was begun in tables of another form is begun anew.
    for name in existing.keys().filter(|name| name.starts_with(FRESH)) {
        session
            .execute(&format!("DROP TABLE {}", quoted(name)), &[])
            .await?;
        let list = [Value::from(&name[FRESH.len()..])];
        session
            .execute("DELETE FROM \"_walks\" WHERE \"list\" = $1", &list)
            .await?;
        session
            .execute("DELETE FROM \"_misfits\" WHERE \"table_name\" = $1", &list)
            .await?;
    }
    if let Some(version) = version {
        for (_, step) in program.steps.iter().filter(|(needs, _)| *needs > version) {
            for statement in step(dialect) {
                session.execute(&statement, &[]).await?;
            }
        }
    }
    let mut migration = Migration::default();
    let changes = add(session, dialect, &program.shapes, &existing, &mut migration).await?;
    fill::fill(session, &changes).await?;
    for statement in derived(dialect) {
        session.execute(&statement, &[]).await?;
    }
    for (name, value) in [
        ("version", program.version.to_string()),
        ("program", env!("CARGO_PKG_VERSION").to_string()),
        ("schema", fingerprint),
    ] {
        let set = "INSERT INTO \"_mirror\" (\"name\", \"value\") VALUES ($1, $2) ON CONFLICT (\"name\") DO UPDATE SET \"value\" = \
            excluded.\"value\"";
        session.execute(set, &[name.into(), value.into()]).await?;
    }
    session.commit().await?;
    if version.is_none() {
        migration.added.clear();
    }
    Ok(migration)
}

/// The statements that make what follows from the tables.
fn derived(dialect: Dialect) -> impl Iterator<Item = String> {
    search::create(dialect)
        .into_iter()
        .chain([history::create(dialect)])
}

/// Makes what is missing. Returns what has to be filled.
async fn add(
    session: &mut dyn Session,
    dialect: Dialect,
    shapes: &[Shape],
    existing: &Existing,
    migration: &mut Migration,
) -> Result<Vec<fill::Change>> {
    let mut changes = Vec::new();
    for shape in shapes {
        let Some(known) = existing.get(shape.name) else {
            for statement in shape.create(dialect) {
                session.execute(&statement, &[]).await?;
            }
            migration.added.push(shape.name.to_string());
            changes.extend(shape.records.map(fill::Change::of_table));
            continue;
        };
        let mut new = Vec::new();
        for (name, column_type) in &shape.columns {
            let kind = dialect.type_name(*column_type);
            match known.get(*name) {
                Some(known) if known == kind => continue,
                Some(_) if shape.key.contains(name) => return Err(key_changed(shape.name, name)),
                Some(other) => {
                    // It would stay with the column under its new name, and the new column have none.
                    for index in shape.index_names(name) {
                        let drop = format!("DROP INDEX IF EXISTS {}", quoted(&index));
                        session.execute(&drop, &[]).await?;
                    }
                    let kept = kept_name(name, other, known);
                    let (table, old) = (quoted(shape.name), quoted(name));
                    let rename = format!("ALTER TABLE {table} RENAME COLUMN {old} TO {}", quoted(&kept));
                    session.execute(&rename, &[]).await?;
                }
                None => {}
            }
            let statement = shape.add_column(dialect, name, *column_type);
            session.execute(&statement, &[]).await?;
            migration.added.push(format!("{}.{name}", shape.name));
            new.push(*name);
        }
        for statement in shape.indexes() {
            session.execute(&statement, &[]).await?;
        }
        if let Some(table) = shape.records.filter(|_| !new.is_empty()) {
            changes.push(fill::Change::of_columns(table, new));
        }
    }
    Ok(changes)
}

/// The name under which a column is kept whose type has changed: `memory_was_text`.
fn kept_name(name: &str, kind: &str, known: &HashMap<String, String>) -> String {
    let mut kept = format!("{name}_was_{}", kind.to_lowercase().replace(' ', "_"));
    while known.contains_key(&kept) {
        kept.push('_');
    }
    kept
}

fn key_changed(table: &str, column: &str) -> Error {
    Error::config(format!(
        "the mirror cannot be used: the type of {table}.{column} has changed, which is the key of its records; sync into another \
         place"
    ))
}
