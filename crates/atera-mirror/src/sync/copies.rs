//! Notices records that show fields of other records which have changed.
//!
//! A ticket has the name of its customer. When the customer gets another name, the service shows it in all of its tickets, and
//! counts none of them as changed: a filter for changes does not show them. The records that still show the value from before have to
//! be read again: one by one, or with all of the list if that takes fewer requests.

use std::collections::BTreeSet;

use super::{
    cost,
    job::Job,
    sql::{self, quoted},
    strategy::{Outdated, collection},
};
use crate::{
    engine::Value,
    error::Result,
    schema::{Content, Origin, ReadingPlan, Table, tables},
    store::Transaction,
};

/// How many changes are looked at a time.
const BATCH: usize = 500;

/// What a table shows of another.
struct Copies {
    /// The column with the key of the other record.
    reference: String,
    /// The columns: here, and the place of that of the other table.
    columns: Vec<(String, usize)>,
}

/// The records of a list of so many that show fields of others as they were before, if there are any, by the changes that were not
/// looked at yet. Call [`looked_at`] with the other value once that is mended, or if there are none.
///
/// Changes that were not looked at are those that another sync has found, of other lists, or before it was stopped.
pub(crate) async fn outdated(
    job: &Job<'_>,
    table: &'static Table,
    records: u64,
) -> Result<(Option<Outdated>, i64)> {
    let can_be_read = collection(table).is_some_and(|collection| collection.get().is_some());
    let most = match can_be_read {
        true => cost::SWEEPS * cost::pages(records) - 1,
        false => 0,
    };
    let mut transaction = job.store.begin().await?;
    let found = find(
        &mut transaction,
        table,
        usize::try_from(most).unwrap_or(usize::MAX),
    )
    .await;
    transaction.end(found).await
}

async fn find(
    transaction: &mut Transaction<'_>,
    table: &'static Table,
    most: usize,
) -> Result<(Option<Outdated>, i64)> {
    let last = last_change(transaction).await?;
    let name = note_of(table);
    let rows = transaction
        .query(
            "SELECT \"value\" FROM \"_mirror\" WHERE \"name\" = $1",
            &[name.into()],
        )
        .await?;
    let after = match rows.first().and_then(|row| row.first()) {
        Some(Value::Text(seq)) => seq.parse().unwrap_or_default(),
        _ => 0,
    };
    let (mut all, mut lists) = (BTreeSet::new(), Vec::new());
    for other in of_lists() {
        let Some(copies) = copies(table, other) else {
            continue;
        };
        let ids = showing_old_values(transaction, after, table, other, &copies, most).await?;
        if !ids.is_empty() {
            lists.push(other.name.as_str());
        }
        all.extend(ids);
        if all.len() > most {
            break;
        }
    }
    let outdated = (!all.is_empty()).then(|| Outdated {
        others: lists,
        ids: (all.len() <= most).then_some(all),
    });
    Ok((outdated, last))
}

/// Notes that `table` shows what the other lists had at this change.
pub(crate) async fn looked_at(job: &Job<'_>, table: &'static Table, change: i64) -> Result<()> {
    let mut transaction = job.store.begin().await?;
    let sql = "INSERT INTO \"_mirror\" (\"name\", \"value\") VALUES ($1, $2) ON CONFLICT (\"name\") DO UPDATE SET \"value\" = \
               excluded.\"value\"";
    let noted = transaction
        .execute(sql, &[note_of(table).into(), change.to_string().into()])
        .await;
    transaction.end(noted).await.map(drop)
}

/// The last change in the log.
pub(crate) async fn last_change(transaction: &mut Transaction<'_>) -> Result<i64> {
    let rows = transaction
        .query("SELECT MAX(\"seq\") FROM \"_changes\"", &[])
        .await?;
    Ok(match rows.first().and_then(|row| row.first()) {
        Some(Value::Integer(last)) => *last,
        _ => 0,
    })
}

/// Whether a list shows fields of any other.
pub(crate) fn has_any(table: &'static Table) -> bool {
    shown(table).next().is_some()
}

/// The lists of which a list shows fields.
pub(crate) fn shown(table: &'static Table) -> impl Iterator<Item = &'static Table> {
    of_lists().filter(move |other| copies(table, other).is_some_and(|copies| !copies.columns.is_empty()))
}

fn of_lists() -> impl Iterator<Item = &'static Table> {
    tables()
        .iter()
        .filter(|table| matches!(table.content, Content::List { .. }))
}

/// The name of the note in `_mirror` up to which change a list was compared.
fn note_of(table: &Table) -> String {
    format!("compared_{}", table.name)
}

fn copies(table: &'static Table, other: &'static Table) -> Option<Copies> {
    let copied = collection(table)?.copied_fields(&collection(other)?)?;
    let place = |table: &'static Table, field: &'static str| {
        let of_field = |origin: &Origin| matches!(origin, Origin::Field(path) if *path == [field]);
        table.columns.iter().position(|column| of_field(&column.origin))
    };
    let name = |field| Some(table.columns[place(table, field)?].name.clone());
    let columns = copied.fields.iter();
    let columns = columns.filter_map(|(here, there)| Some((name(here)?, place(other, there)?)));
    Some(Copies {
        reference: name(copied.reference)?,
        columns: columns.collect(),
    })
}

/// The keys of the rows of `table` that show what a record of `other` had before a change, or refer to one that is gone or has come
/// back since. Stops when there are more than `most`.
async fn showing_old_values(
    transaction: &mut Transaction<'_>,
    mut after: i64,
    table: &'static Table,
    other: &'static Table,
    copies: &Copies,
    most: usize,
) -> Result<BTreeSet<String>> {
    let next = format!(
        "SELECT \"seq\", \"id\", \"kind\", \"before\" FROM \"_changes\" WHERE \"table_name\" = {} AND \"seq\" > $1 AND \"kind\" IN \
         ('update', 'delete', 'undelete') ORDER BY \"seq\" LIMIT {BATCH}",
        sql::literal(&other.name)
    );
    let names: Vec<_> = other.columns.iter().map(|column| quoted(&column.name)).collect();
    let current = format!(
        "SELECT {} FROM {} WHERE {} = $1",
        names.join(", "),
        quoted(&other.name),
        quoted(&sql::key(other).name)
    );
    let refers = format!(
        "SELECT {} FROM {} AS t WHERE t.{} = $1 AND t.\"_deleted\" IS NULL",
        sql::key_text(table, "t"),
        quoted(&table.name),
        quoted(&copies.reference)
    );
    let limit = format!("LIMIT {}", most.saturating_add(1));
    let mut ids = BTreeSet::new();
    let reading = ReadingPlan::new(other);
    loop {
        let changes = transaction.query(&next, &[after.into()]).await?;
        if changes.is_empty() {
            return Ok(ids);
        }
        for change in changes {
            if ids.len() > most {
                return Ok(ids);
            }
            let Ok([Value::Integer(seq), Value::Text(id), Value::Text(kind), before]) =
                <[Value; 4]>::try_from(change)
            else {
                continue;
            };
            after = seq;
            let Some(key) = sql::key_value(other, &id) else {
                continue;
            };
            if kind != "update" {
                let rows = transaction.query(&format!("{refers} {limit}"), &[key]).await?;
                ids.extend(rows.into_iter().filter_map(text));
                continue;
            }
            let Value::Text(before) = before else { continue };
            let before = reading.read(&before).values;
            let rows = transaction.query(&current, std::slice::from_ref(&key)).await?;
            let Some(now) = rows.first() else { continue };
            for (here, there) in &copies.columns {
                let old = &before[*there];
                if now.get(*there) == Some(old) {
                    continue;
                }
                let sql = format!("{refers} AND t.{} IS NOT DISTINCT FROM $2 {limit}", quoted(here));
                let rows = transaction.query(&sql, &[key.clone(), old.clone()]).await?;
                ids.extend(rows.into_iter().filter_map(text));
            }
        }
    }
}

/// The text that is alone in a row.
fn text(row: Vec<Value>) -> Option<String> {
    match row.into_iter().next() {
        Some(Value::Text(text)) => Some(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_columns_of_copied_fields_are_known() {
        let table = |name| Table::find(name).unwrap();
        let copies = copies(table("tickets"), table("customers")).unwrap();
        assert_eq!(copies.reference, "customer_id");
        let names: Vec<_> = copies
            .columns
            .iter()
            .map(|(here, there)| (here.as_str(), table("customers").columns[*there].name.as_str()))
            .collect();
        assert!(names.contains(&("customer_name", "customer_name")), "{names:?}");
        assert!(
            super::copies(table("customers"), table("tickets"))
                .is_none_or(|copies| copies.columns.is_empty())
        );
    }
}
