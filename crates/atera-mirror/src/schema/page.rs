//! The page that documents the tables, `docs/mirror-schema.md`.

use super::{
    internal::INTERNAL_TABLES,
    search,
    table::{Content, Table, tables},
};
use crate::engine::{ColumnType, Dialect};

/// The page, in Markdown.
pub fn page() -> String {
    let mut page = String::from(BEGINNING);
    for column_type in TYPES {
        line(
            &mut page,
            &format!(
                "| {} | `{}` | `{}` |",
                meaning(column_type),
                Dialect::Sqlite.type_name(column_type),
                Dialect::Postgres.type_name(column_type)
            ),
        );
    }
    page.push_str(SEARCH);
    for (table, columns) in search::searched() {
        line(&mut page, &format!("| `{table}` | {} |", columns.join(", ")));
    }
    page.push_str("\n## Tables of records\n");
    for table in tables() {
        line(&mut page, &format!("\n### {}\n\n{}\n", table.name, about(table)));
        line(&mut page, HEAD);
        for (index, column) in table.columns.iter().enumerate() {
            let is_key = index < table.key_columns;
            row(
                &mut page,
                &column.name,
                column.column_type,
                is_key,
                column.description,
            );
        }
    }
    page.push_str(INTERNAL);
    for table in INTERNAL_TABLES {
        line(
            &mut page,
            &format!("\n### {}\n\n{}\n", table.name, table.description),
        );
        line(&mut page, HEAD);
        for column in table.columns {
            let is_key = table.key.contains(&column.name)
                || (table.counts_up() && column.name == table.columns[0].name);
            row(
                &mut page,
                column.name,
                column.column_type,
                is_key,
                column.description,
            );
        }
    }
    page
}

const BEGINNING: &str = "\
# The tables of a mirror

This page is made of the description of the API: `UPDATE_PAGES=1 cargo test -p atera-mirror page` renews it. The tables of a database are
the same in SQLite and Postgres; a column that a new version adds is filled from `record`.

- Each list of the service is a table, and a row is a record. `record` has the record as it came, with fields that have no column.
- **Records that are gone stay**, with the time in `_deleted`. Add `WHERE _deleted IS NULL` to ask about those that exist.
- Fields of objects are columns with joined names: `battery_info_name`. Arrays of objects are tables: `invoices_line_items`.
- A value that does not fit its column is null there. The table `_misfits` names it, and `record` has it.
- `_syncs` says how old each list is.
- `default` is a word of SQL. Write such names in quotes: `\"default\"`.

| values | SQLite | Postgres |
|---|---|---|
";

const SEARCH: &str = "
In answers to queries times look as in SQLite, in either database. There they are texts with milliseconds, which compare as the times do. A
time of its own in that form is `strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-30 days')`; in Postgres `now() - interval '30 days'`.

## History

The view `_history` has what each record was, and when: `table_name`, `id` (the key, as text), `valid_from` (null if that is not known),
`valid_to` (null for what is so now), and `record`. It begins with the first sync.

## Search

`search` has the columns `table_name`, `id` (the key, as text), `label` and `words`:

```sql
-- SQLite, the best first
SELECT table_name, id, label FROM search WHERE words MATCH 'printer' ORDER BY rank;
-- Postgres
SELECT table_name, id, label FROM search WHERE words @@ websearch_to_tsquery('simple', 'printer');
```

To join with a table, make the id a number: `tickets.ticket_id = CAST(search.id AS bigint)`. A result of `tickets_comments` has the id of
its ticket. `words` can only be searched, not read, in SQLite. Records that are gone are not
found.

| table | columns with words |
|---|---|
";

const INTERNAL: &str = "
## What the mirror notes

These tables can be read. They are not to be changed.
";

const HEAD: &str = "| column | type | meaning |\n|---|---|---|";

const TYPES: [ColumnType; 9] = [
    ColumnType::Integer,
    ColumnType::Real,
    ColumnType::Boolean,
    ColumnType::Text,
    ColumnType::Date,
    ColumnType::Timestamp,
    ColumnType::LocalTime,
    ColumnType::Json,
    ColumnType::Record,
];

fn meaning(column_type: ColumnType) -> &'static str {
    match column_type {
        ColumnType::Integer => "integer",
        ColumnType::Real => "number",
        ColumnType::Boolean => "boolean (in SQLite 0 or 1)",
        ColumnType::Text => "text",
        ColumnType::Date => "date, `2026-03-02`",
        ColumnType::Timestamp => "time (UTC), `2026-03-02T08:15:00.000Z`",
        ColumnType::LocalTime => "local time on the clock of the account, `2026-03-02T08:15:00`",
        ColumnType::Json => "json",
        ColumnType::Record => "record: JSON, byte for byte as it came",
    }
}

/// The first word of the meaning.
fn short(column_type: ColumnType) -> &'static str {
    match column_type {
        ColumnType::LocalTime => "local time",
        other => {
            let meaning = meaning(other);
            let end = meaning.find([' ', ',', ':']).unwrap_or(meaning.len());
            &meaning[..end]
        }
    }
}

/// Where the rows of a table come from.
fn about(table: &Table) -> String {
    match &table.content {
        Content::List { operation } => format!("The list `{}`, `GET {}`.", operation.id, operation.path),
        Content::Children { operation, parent } => format!(
            "What `{}` lists for each record of `{parent}`, `GET {}`.",
            operation.id, operation.path
        ),
        Content::Items { parent, path } => {
            format!(
                "The objects in the field `{}` of the records of `{parent}`.",
                path.join(".")
            )
        }
    }
}

fn row(page: &mut String, name: &str, column_type: ColumnType, is_key: bool, description: &str) {
    let key = if is_key { ", key" } else { "" };
    // A bar would end the cell, and a line break the row.
    let description = description
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .replace('|', "\\|");
    line(
        page,
        &format!("| `{name}` | {}{key} | {description} |", short(column_type)),
    );
}

fn line(page: &mut String, text: &str) {
    page.push_str(text);
    page.push('\n');
}

#[cfg(test)]
mod tests {
    /// Set `UPDATE_PAGES=1` to write it.
    #[test]
    fn the_page_is_what_the_description_says() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/mirror-schema.md");
        if std::env::var_os("UPDATE_PAGES").is_some() {
            std::fs::write(path, super::page()).unwrap();
        }
        let written = std::fs::read_to_string(path).unwrap_or_default();
        assert!(
            written == super::page(),
            "docs/mirror-schema.md is out of date; run `UPDATE_PAGES=1 cargo test -p atera-mirror page`"
        );
    }
}
