//! Full-text search: the relation `search`, with the columns `table_name`, `id`, `label` and `words`.
//!
//! SQLite has an index of its own beside the tables (FTS5), which triggers keep up to date: `WHERE words MATCH 'printer'`.
//! In Postgres `search` is a view, and each table has an index over the same words:
//! `WHERE words @@ websearch_to_tsquery('simple', 'printer')`.

use super::{
    names::quoted,
    table::{Content, Table},
};
use crate::engine::{ColumnType, Dialect};

/// What is searched in a table.
struct Searched {
    table: &'static str,
    /// The column that a result is shown by.
    label: &'static str,
    /// Further columns with words.
    columns: &'static [&'static str],
}

const SEARCHED: [Searched; 4] = [
    Searched {
        table: "tickets",
        label: "ticket_title",
        columns: &[
            "ticket_number",
            "first_comment",
            "last_end_user_comment",
            "last_technician_comment",
            "end_user_first_name",
            "end_user_last_name",
            "end_user_email",
            "customer_name",
        ],
    },
    Searched {
        table: "tickets_comments",
        label: "email",
        columns: &["comment", "first_name", "last_name"],
    },
    Searched {
        table: "knowledge_bases",
        label: "kb_product",
        columns: &["kb_context", "kb_keywords", "section_name", "category_name"],
    },
    Searched {
        table: "customers",
        label: "customer_name",
        columns: &["business_number", "domain", "address", "city", "notes"],
    },
];

/// The names of the tables that are searched.
pub(crate) fn searched_tables() -> impl Iterator<Item = &'static str> {
    SEARCHED.iter().map(|searched| searched.table)
}

/// How many characters of a record Postgres indexes. Its limit is a megabyte of words.
const LONGEST: usize = 200_000;

/// How many bytes of words SQLite keeps in memory before it writes them.
const WAITING: u32 = 16 << 20;

/// Whether the rows of a table need a number for the index of SQLite, since their key is not one.
pub(super) fn needs_number(table: &Table) -> bool {
    SEARCHED.iter().any(|it| it.table == table.name) && !has_number(table)
}

fn has_number(table: &Table) -> bool {
    matches!(table.key(), [column] if column.column_type == ColumnType::Integer)
}

/// The statements that remove the search where it cannot be replaced, as far as there is one.
pub(super) fn drop(dialect: Dialect) -> Vec<String> {
    match dialect {
        Dialect::Sqlite => {
            let triggers = SEARCHED.iter().flat_map(|it| {
                EVENTS.map(|event| format!("DROP TRIGGER IF EXISTS {}", quoted(&trigger(it.table, event))))
            });
            // SQLite leaves the second table behind when it drops the first.
            let tables =
                ["search", "search_content"].map(|name| format!("DROP TABLE IF EXISTS {}", quoted(name)));
            triggers.chain(tables).collect()
        }
        Dialect::Postgres => SEARCHED
            .iter()
            .map(|it| format!("DROP INDEX IF EXISTS {}", quoted(&index(it.table))))
            .collect(),
    }
}

/// The statements that make the search, over what the tables have.
pub(super) fn create(dialect: Dialect) -> Vec<String> {
    let searched = SEARCHED
        .iter()
        .enumerate()
        .filter_map(|(place, it)| Some((place, it, Table::find(it.table)?)));
    match dialect {
        Dialect::Sqlite => {
            let index = "CREATE VIRTUAL TABLE \"search\" USING fts5(table_name UNINDEXED, id UNINDEXED, label UNINDEXED, \
                words, content='', contentless_delete=1, contentless_unindexed=1, \
                tokenize='unicode61 remove_diacritics 2')";
            // Words wait in memory, up to so many bytes, until they are written in one piece; the pieces have to be merged later.
            let memory = format!("INSERT INTO \"search\" (\"search\", rank) VALUES ('hashsize', {WAITING})");
            let rest = searched.flat_map(|(place, it, table)| {
                let on_sqlite = on_sqlite(place, it, table);
                on_sqlite.triggers.into_iter().chain([on_sqlite.fill])
            });
            [index.to_string(), memory].into_iter().chain(rest).collect()
        }
        Dialect::Postgres => {
            let (mut statements, mut views) = (Vec::new(), Vec::new());
            for (_, it, table) in searched {
                let words = format!("to_tsvector('simple', left({}, {LONGEST}))", it.words(""));
                let name = quoted(it.table);
                statements.push(format!(
                    "CREATE INDEX {} ON {name} USING gin ({words})",
                    quoted(&index(it.table))
                ));
                views.push(format!(
                    "SELECT '{}' AS \"table_name\", CAST({} AS text) AS \"id\", {} AS \"label\", {words} AS \"words\" \
                     FROM {name} WHERE {}",
                    it.table,
                    quoted(&table.key()[0].name),
                    quoted(it.label),
                    exists(table, "")
                ));
            }
            let create = dialect.create_view();
            statements.push(format!("{create} \"search\" AS {}", views.join(" UNION ALL ")));
            statements
        }
    }
}

/// The statement that makes the rows of a table found that came without its triggers, if the database needs one.
pub(crate) fn fill(dialect: Dialect, table: &Table) -> Option<String> {
    let place = SEARCHED.iter().position(|it| it.table == table.name)?;
    match dialect {
        Dialect::Sqlite => Some(on_sqlite(place, &SEARCHED[place], table).fill),
        Dialect::Postgres => None,
    }
}

const EVENTS: [&str; 3] = ["insert", "update", "delete"];

fn trigger(table: &str, event: &str) -> String {
    format!("_search_{table}_{event}")
}

fn index(table: &str) -> String {
    format!("_search_{table}")
}

/// What a table needs to be searched in SQLite.
struct OnSqlite {
    /// The statements that make its triggers.
    triggers: [String; 3],
    /// The statement that fills the index with its rows.
    fill: String,
}

fn on_sqlite(place: usize, searched: &Searched, table: &Table) -> OnSqlite {
    let number = match has_number(table) {
        true => table.key()[0].name.as_str(),
        false => "_row",
    };
    // The rows of all tables share the numbers of the index.
    let row = |prefix: &str| format!("{prefix}{} * {} + {place}", quoted(number), SEARCHED.len());
    let values = |prefix: &str| {
        format!(
            "{}, '{}', CAST({prefix}{} AS TEXT), {prefix}{}, {}",
            row(prefix),
            searched.table,
            quoted(&table.key()[0].name),
            quoted(searched.label),
            searched.words(prefix)
        )
    };
    let insert = "INSERT INTO \"search\" (rowid, table_name, id, label, words) SELECT";
    let (name, columns) = (quoted(searched.table), searched.all());
    let added = format!("{insert} {} WHERE {};", values("new."), exists(table, "new."));
    let removed = format!("DELETE FROM \"search\" WHERE rowid = {};", row("old."));
    let deleted = deleted(table).map(|column| column.to_string());
    let watched: Vec<_> = columns
        .iter()
        .map(|it| (*it).to_string())
        .chain(deleted)
        .collect();
    let differs: Vec<_> = watched
        .iter()
        .map(|column| format!("old.{0} IS NOT new.{0}", quoted(column)))
        .collect();
    let begin = |event: &str| format!("CREATE TRIGGER {} AFTER", quoted(&trigger(searched.table, event)));
    OnSqlite {
        triggers: [
            format!("{} INSERT ON {name} BEGIN {added} END", begin("insert")),
            format!(
                "{} UPDATE ON {name} WHEN {} BEGIN {removed} {added} END",
                begin("update"),
                differs.join(" OR ")
            ),
            format!("{} DELETE ON {name} BEGIN {removed} END", begin("delete")),
        ],
        fill: format!("{insert} {} FROM {name} WHERE {}", values(""), exists(table, "")),
    }
}

/// The column that tells that a record is gone.
fn deleted(table: &Table) -> Option<&'static str> {
    matches!(table.content, Content::List { .. }).then_some("_deleted")
}

/// The condition that a record exists.
fn exists(table: &Table, prefix: &str) -> String {
    match deleted(table) {
        Some(column) => format!("{prefix}{} IS NULL", quoted(column)),
        None => "1 = 1".to_string(),
    }
}

impl Searched {
    fn all(&self) -> Vec<&'static str> {
        [&[self.label], self.columns].concat()
    }

    /// All words of a row.
    fn words(&self, prefix: &str) -> String {
        let columns = self.all();
        let columns: Vec<_> = columns
            .iter()
            .map(|column| format!("coalesce({prefix}{}, '')", quoted(column)))
            .collect();
        columns.join(" || ' ' || ")
    }
}

/// The query that counts what the search of SQLite must have.
pub(crate) fn count_searched() -> String {
    let counts = SEARCHED.iter().filter_map(|it| {
        let table = Table::find(it.table)?;
        Some(format!(
            "(SELECT count(*) FROM {} WHERE {})",
            quoted(it.table),
            exists(table, "")
        ))
    });
    format!("SELECT {}", counts.collect::<Vec<_>>().join(" + "))
}

/// The tables that are searched, with their columns, for the documentation.
pub(super) fn searched() -> impl Iterator<Item = (&'static str, Vec<&'static str>)> {
    SEARCHED.iter().map(|it| (it.table, it.all()))
}

#[cfg(test)]
mod tests {
    use super::{super::tables, *};

    #[test]
    fn what_is_searched_is_in_the_description() {
        for it in &SEARCHED {
            let table = Table::find(it.table).unwrap_or_else(|| panic!("{}", it.table));
            for column in it.all() {
                assert!(
                    table.columns.iter().any(|known| known.name == column),
                    "{}.{column}",
                    it.table
                );
            }
        }
        assert!(!tables().iter().any(|table| table.name == "search"));
    }
}
