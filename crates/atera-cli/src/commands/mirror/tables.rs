//! `atera mirror tables`: how many rows each table has.

use atera::description::{Field, Kind, Schema};
use clap::ArgMatches;
use serde_json::json;

use super::{failure::failure, place};
use crate::{
    input::{globals::Globals, interrupt::Interrupt},
    output::{failure::Failure, rows},
};

/// A row of the list.
static TABLE: Schema = Schema::new(
    "Table",
    &[
        Field::new("Table", Kind::Text),
        Field::new("Rows", Kind::Integer),
        Field::new("Deleted", Kind::Integer),
    ],
);

/// Prints the tables. Rows of records that are deleted are counted apart.
pub(crate) async fn run(matches: &ArgMatches, globals: &Globals) -> Result<(), Failure> {
    let mirror = place::open(matches, globals).await?;
    let tables = Interrupt::listen().or(mirror.tables()).await?;
    let tables = tables.map_err(|error| failure(&error))?;
    let rows = tables
        .into_iter()
        .map(|table| json!({"Table": table.name, "Rows": table.rows, "Deleted": table.deleted}));
    rows::print(&globals.output, &TABLE, rows)
}
