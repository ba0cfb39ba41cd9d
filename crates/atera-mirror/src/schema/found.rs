//! A mirror that was found, maybe that of an earlier program: which of the tables of this one it has. What is missing comes with the
//! next sync, and until then what is there can be read.

use super::{
    existing::{Existing, columns, note, version},
    internal::INTERNAL_TABLES,
    migrate::{Program, VERSION},
    table::Table,
};
use crate::{
    engine::{Dialect, Session},
    error::{Error, Result},
};

/// What a database has of the tables of this program.
pub(crate) struct Found {
    existing: Existing,
    is_current: bool,
}

/// The mirror in a database; `None` if it has none.
///
/// # Errors
///
/// `Newer` if a newer program has written it.
pub(crate) async fn find(session: &mut dyn Session, dialect: Dialect) -> Result<Option<Found>> {
    let existing = columns(session, dialect).await?;
    if version(session, &existing, VERSION).await?.is_none() {
        return Ok(None);
    }
    let noted = note(session, &existing, "schema").await?;
    let is_current = noted.is_some_and(|noted| noted == Program::this().fingerprint(dialect));
    Ok(Some(Found { existing, is_current }))
}

impl Found {
    /// Whether the database is as this program makes it, with its views and its search.
    pub(crate) fn is_current(&self) -> bool {
        self.is_current
    }

    /// Whether it has a table.
    pub(crate) fn has(&self, table: &Table) -> bool {
        self.existing.contains_key(&table.name)
    }

    /// Whether it has a table with all of its columns.
    pub(crate) fn has_all_of(&self, table: &Table) -> bool {
        let known = self.existing.get(&table.name);
        known.is_some_and(|known| {
            table
                .columns
                .iter()
                .all(|column| known.contains_key(&column.name))
        })
    }

    /// Checks that it has what the mirror notes of itself, without which nothing can be told of it.
    ///
    /// # Errors
    ///
    /// `Config` if a part is missing.
    pub(crate) fn check_notes(&self) -> Result<()> {
        let columns = INTERNAL_TABLES
            .iter()
            .flat_map(|table| table.columns.iter().map(move |column| (table.name, column.name)));
        let missing = columns
            .filter(|(table, column)| {
                !self
                    .existing
                    .get(*table)
                    .is_some_and(|it| it.contains_key(*column))
            })
            .map(|(table, column)| format!("{table}.{column}"));
        match missing.collect::<Vec<_>>().as_slice() {
            [] => Ok(()),
            missing => Err(Error::config(format!(
                "the mirror cannot be read: an earlier version of this program has made it, and {} is missing; sync once",
                missing.join(", ")
            ))),
        }
    }
}
