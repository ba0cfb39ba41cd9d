//! Fills tables and columns that are new in a database from the records that it has.

use super::{
    names::quoted,
    table::{Column, Content, Origin, Table},
    values::{ReadingPlan, RecordValues},
};
use crate::{
    engine::{Session, Value},
    error::Result,
};

/// How many records are read at once.
const PAGE: i64 = 500;

/// What is new in a table of records.
pub(super) struct Change {
    table: &'static Table,
    /// The new columns; `None` if the whole table is new.
    columns: Option<Vec<&'static str>>,
}

impl Change {
    pub(super) fn of_table(table: &'static Table) -> Self {
        Change { table, columns: None }
    }

    pub(super) fn of_columns(table: &'static Table, columns: Vec<&'static str>) -> Self {
        Change {
            table,
            columns: Some(columns),
        }
    }

    /// The table whose records have the values, if there are any.
    fn source(&self) -> Option<&'static Table> {
        match (&self.table.content, &self.columns) {
            (Content::Items { .. }, _) => self.table.parent(),
            // A new list is empty until it is synced.
            (_, None) => None,
            (_, Some(_)) => Some(self.table),
        }
    }

    /// Whether a misfit that is noted of a record is one of a value that is read again.
    fn reads_again(&self, misfit: &str) -> bool {
        let is_new = |column: &str| self.columns.as_ref().is_none_or(|new| new.contains(&column));
        match self.table.content {
            // As in `lines[0].total`. The name alone says that there is no array, and no row to fill.
            Content::Items { .. } => misfit
                .strip_prefix(self.table.name.as_str())
                .and_then(|rest| rest.strip_prefix('['))
                .and_then(|rest| rest.split_once("]."))
                .is_some_and(|(_, column)| is_new(column)),
            _ => is_new(misfit),
        }
    }

    /// The statement that writes a row, and the columns that it takes, in order.
    fn statement(&self) -> (String, Vec<&'static Column>) {
        let (key, rest) = self.table.columns.split_at(self.table.key_columns);
        let name = quoted(&self.table.name);
        let Some(new) = &self.columns else {
            let columns: Vec<_> = self.table.columns.iter().collect();
            let names: Vec<_> = columns.iter().map(|column| quoted(&column.name)).collect();
            let places: Vec<_> = (1..=columns.len()).map(|place| format!("${place}")).collect();
            let (names, places) = (names.join(", "), places.join(", "));
            return (format!("INSERT INTO {name} ({names}) VALUES ({places})"), columns);
        };
        let is_filled = |column: &&Column| {
            new.contains(&column.name.as_str()) && matches!(column.origin, Origin::Field(_))
        };
        let columns: Vec<_> = rest.iter().filter(is_filled).chain(key).collect();
        let pairs: Vec<_> = columns
            .iter()
            .enumerate()
            .map(|(index, column)| format!("{} = ${}", quoted(&column.name), index + 1))
            .collect();
        let (set, find) = pairs.split_at(columns.len() - key.len());
        let statement = match set.is_empty() {
            true => String::new(),
            false => format!(
                "UPDATE {name} SET {} WHERE {}",
                set.join(", "),
                find.join(" AND ")
            ),
        };
        (statement, columns)
    }
}

/// Fills what is new.
pub(super) async fn fill(session: &mut dyn Session, changes: &[Change]) -> Result<()> {
    for change in changes {
        let (statement, columns) = change.statement();
        if let Some(source) = change.source().filter(|_| !statement.is_empty()) {
            forget_misfits(session, change, source).await?;
            fill_from(session, change.table, source, &statement, &columns).await?;
        }
    }
    Ok(())
}

/// Forgets the misfits of values that are read again. What does not fit then either is noted anew.
async fn forget_misfits(session: &mut dyn Session, change: &Change, source: &Table) -> Result<()> {
    let next = format!(
        "SELECT \"id\", \"columns\" FROM \"_misfits\" WHERE \"table_name\" = $1 AND \"id\" > $2 ORDER BY \"id\" LIMIT {PAGE}"
    );
    let delete = "DELETE FROM \"_misfits\" WHERE \"table_name\" = $1 AND \"id\" = $2";
    let update = "UPDATE \"_misfits\" SET \"columns\" = $3 WHERE \"table_name\" = $1 AND \"id\" = $2";
    let name = Value::from(source.name.as_str());
    let mut after = Value::from("");
    loop {
        let page = session.query(&next, &[name.clone(), after]).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = last[0].clone();
        let (mut gone, mut changed) = (Vec::new(), Vec::new());
        for row in page {
            let Ok([id, Value::Text(columns)]) = <[Value; 2]>::try_from(row) else {
                continue;
            };
            let left: Vec<_> = columns.split(',').filter(|it| !change.reads_again(it)).collect();
            let left = left.join(",");
            match left.is_empty() {
                true => gone.push(vec![name.clone(), id]),
                false if left != columns => changed.push(vec![name.clone(), id, left.into()]),
                false => {}
            }
        }
        session.execute_many(delete, gone).await?;
        session.execute_many(update, changed).await?;
    }
}

/// Reads the records of a table page by page, and writes what is new. What belongs to a record goes with it, so there is none of one
/// that is gone, and no value of it is a misfit.
async fn fill_from(
    session: &mut dyn Session,
    table: &'static Table,
    source: &'static Table,
    statement: &str,
    columns: &[&'static Column],
) -> Result<()> {
    let key = source.key();
    let names: Vec<_> = key.iter().map(|column| quoted(&column.name)).collect();
    let names = names.join(", ");
    let places: Vec<_> = (1..=key.len()).map(|place| format!("${place}")).collect();
    let is_list = matches!(source.content, Content::List { .. });
    let deleted = if is_list { "\"_deleted\"" } else { "NULL" };
    let exists = match is_list && matches!(table.content, Content::Items { .. }) {
        true => "\"_deleted\" IS NULL",
        false => "1 = 1",
    };
    let from = format!(
        "SELECT {names}, \"record\", {deleted} IS NULL FROM {} WHERE {exists}",
        quoted(&source.name)
    );
    let order = format!("ORDER BY {names} LIMIT {PAGE}");
    let next = format!("{from} AND ({names}) > ({}) {order}", places.join(", "));
    let parts = Parts::new(table, source);
    let mut page = session.query(&format!("{from} {order}"), &[]).await?;
    while let Some(last) = page.last() {
        let last = last[..key.len()].to_vec();
        let (mut rows, mut misfits) = (Vec::new(), Vec::new());
        for row in &page {
            let (key, record) = row.split_at(key.len());
            let [Value::Text(record), exists] = record else {
                continue;
            };
            let exists = matches!(exists, Value::Integer(1) | Value::Boolean(true));
            for (position, values) in parts.read(record).into_iter().enumerate() {
                rows.push(row_of(table, columns, key, position, &values.values));
                let is_new = |it: &&&str| columns.iter().any(|column| column.name == **it);
                let names = values.misfits.iter().filter(is_new).filter(|_| exists);
                misfits.extend(names.map(|column| misfit(table, source, key, position, column)));
            }
        }
        session.execute_many(statement, rows).await?;
        session.execute_many(MISFIT, misfits).await?;
        page = session.query(&next, &last).await?;
    }
    Ok(())
}

/// How the rows of a table are read from the records that have them.
struct Parts {
    rows: ReadingPlan,
    /// For the rows of an array: the records, and which of their arrays it is.
    array: Option<(ReadingPlan, usize)>,
}

impl Parts {
    fn new(table: &'static Table, source: &'static Table) -> Self {
        let place = source.items().position(|items| items.name == table.name);
        Parts {
            rows: ReadingPlan::new(table),
            array: place.map(|place| (ReadingPlan::new(source), place)),
        }
    }

    /// The values that a record has for the rows.
    fn read<'a>(&self, record: &'a str) -> Vec<RecordValues<'a>> {
        let Some((plan, place)) = &self.array else {
            return vec![self.rows.read(record)];
        };
        // Something else than an array was noted when the record was stored, if its table was there.
        let elements = plan.read(record).arrays.swap_remove(*place).unwrap_or_default();
        elements.into_iter().map(|json| self.rows.read(json)).collect()
    }
}

/// The values of these columns. `key` is that of the record.
fn row_of(
    table: &'static Table,
    columns: &[&'static Column],
    key: &[Value],
    position: usize,
    values: &[Value],
) -> Vec<Value> {
    let mut row = Vec::new();
    for column in columns {
        let place = table
            .columns
            .iter()
            .position(|it| it.name == column.name)
            .unwrap_or_default();
        let is_items = matches!(table.content, Content::Items { .. });
        row.push(match place {
            // The key of a part is that of its record, and its position.
            _ if place < key.len() && place < table.key_columns => key[place].clone(),
            _ if is_items && place < table.key_columns => Value::Integer(position as i64),
            _ => values[place].clone(),
        });
    }
    row
}

/// Notes a value that does not fit, beside those that are noted of the same record.
const MISFIT: &str = "INSERT INTO \"_misfits\" (\"table_name\", \"id\", \"columns\") VALUES ($1, $2, $3) ON CONFLICT (\"table_name\", \
    \"id\") DO UPDATE SET \"columns\" = \"_misfits\".\"columns\" || ',' || excluded.\"columns\"";

/// The note of a value, as a sync writes it: beside its record, with its place if it is in an array.
fn misfit(table: &Table, source: &Table, key: &[Value], position: usize, column: &str) -> Vec<Value> {
    let text = |value: &Value| match value {
        Value::Integer(number) => number.to_string(),
        Value::Text(text) => text.clone(),
        other => format!("{other:?}"),
    };
    let id = key.iter().map(text).collect::<Vec<_>>().join("/");
    let column = match table.content {
        Content::Items { .. } => format!("{}[{position}].{column}", table.name),
        _ => column.to_string(),
    };
    vec![source.name.as_str().into(), id.into(), column.into()]
}
