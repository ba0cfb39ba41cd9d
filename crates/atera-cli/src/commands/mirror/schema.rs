//! `atera mirror schema`: the tables and their columns. They follow from the description, so no mirror is needed.

use atera::description::{Field, Kind, Schema};
use atera_mirror::{
    ColumnType,
    schema::{Content, Origin, Table, tables},
};
use clap::ArgMatches;
use serde_json::json;

use super::arguments;
use crate::{
    input::globals::Globals,
    names::did_you_mean,
    output::{failure::Failure, rows},
};

/// A row of the list of tables.
static TABLE: Schema = Schema::new(
    "Table",
    &[
        Field::new("Table", Kind::Text),
        Field::new("Key", Kind::Text),
        Field::new("Columns", Kind::Integer),
        Field::new("Content", Kind::Text),
    ],
);

/// A row of the columns of a table.
static COLUMN: Schema = Schema::new(
    "Column",
    &[
        Field::new("Column", Kind::Text),
        Field::new("Type", Kind::Text),
        Field::new("Key", Kind::Boolean),
        Field::new("Field", Kind::Text),
        Field::new("Description", Kind::Text),
    ],
);

/// Prints the columns of a table, or the tables.
pub(crate) fn run(matches: &ArgMatches, globals: &Globals) -> Result<(), Failure> {
    let Some(name) = matches.get_one::<String>(arguments::TABLE) else {
        let rows = tables().iter().map(|table| {
            let key: Vec<_> = table.key().iter().map(|column| column.name.as_str()).collect();
            json!({
                "Table": table.name,
                "Key": key.join(", "),
                "Columns": table.columns.len(),
                "Content": content(table),
            })
        });
        return rows::print(&globals.output, &TABLE, rows);
    };
    let table = find(name)?;
    let rows = table.columns.iter().enumerate().map(|(place, column)| {
        json!({
            "Column": column.name,
            "Type": type_name(column.column_type),
            "Key": place < table.key_columns,
            "Field": match &column.origin {
                Origin::Field(path) if !path.is_empty() => Some(path.join(".")),
                _ => None,
            },
            "Description": column.description,
        })
    });
    rows::print(&globals.output, &COLUMN, rows)
}

/// The table of this name, which may be written with hyphens.
fn find(name: &str) -> Result<&'static Table, Failure> {
    let plain = name.to_lowercase().replace('-', "_");
    Table::find(&plain).ok_or_else(|| {
        let meant = did_you_mean(&plain, tables().iter().map(|table| table.name.as_str()));
        Failure::Usage(format!(
            "there is no table `{name}`{meant}; `atera mirror schema` lists the tables"
        ))
    })
}

/// What the rows of a table are, in words.
fn content(table: &Table) -> String {
    match &table.content {
        Content::List { operation } => operation.summary.to_string(),
        Content::Children { operation, parent } => format!("{} (of each row of {parent})", operation.summary),
        Content::Items { parent, path } => format!("{} of each row of {parent}", path.join(".")),
        // The mirror may learn of others.
        _ => String::new(),
    }
}

/// What a type is called.
fn type_name(column_type: ColumnType) -> &'static str {
    match column_type {
        ColumnType::Integer => "integer",
        ColumnType::Real => "number",
        ColumnType::Boolean => "boolean",
        ColumnType::Text => "text",
        ColumnType::Date => "date",
        ColumnType::Timestamp => "timestamp (UTC)",
        ColumnType::LocalTime => "timestamp (account's clock)",
        ColumnType::Json => "JSON",
        ColumnType::Record => "JSON as it came",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_found_in_any_spelling() {
        for name in ["knowledge_bases", "Knowledge-Bases"] {
            assert_eq!(find(name).expect(name).name, "knowledge_bases");
        }
        let told = find("tickts").expect_err("no table").sentence();
        assert!(told.expect("a sentence").contains("did you mean `tickets`?"));
    }

    #[test]
    fn every_table_and_type_has_words() {
        for table in tables() {
            assert!(!content(table).is_empty(), "{}", table.name);
            for column in &table.columns {
                assert!(!type_name(column.column_type).is_empty(), "{}", column.name);
            }
        }
    }
}
