//! The rows of records, and the statements that write them.

use std::borrow::Cow;

use crate::{
    engine::Value,
    error::Result,
    schema::{Column, Origin, ReadingPlan, Table},
    store::Transaction,
};

use super::sql::{key, key_value, quoted};

/// The rows of some records of a table: its own, those of their arrays, and the records with values that do not fit.
#[derive(Debug)]
pub(crate) struct Rows {
    table: &'static Table,
    plan: ReadingPlan,
    /// The column with the JSON.
    record: Option<usize>,
    /// The other columns that do not come from fields.
    added: Vec<(usize, Addition)>,
    /// The tables of the arrays, in the order of [`Table::items`].
    arrays: Vec<(&'static Table, ReadingPlan)>,
    /// The rows of the table.
    pub(crate) own: Vec<Vec<Value>>,
    /// The rows of each table of the arrays.
    pub(crate) items: Vec<Vec<Vec<Value>>>,
    /// Keys, and the names of the columns.
    pub(crate) misfits: Vec<(String, String)>,
}

/// What the mirror adds to a record.
#[derive(Clone, Debug)]
pub(crate) struct Added<'a> {
    /// The key of the record, or of the record that it belongs to.
    pub(crate) id: &'a str,
    /// Its place among those of the same record.
    pub(crate) position: Option<i64>,
    pub(crate) hash: &'a str,
    pub(crate) json: Cow<'a, str>,
    /// The time of the sync.
    pub(crate) at: &'a Value,
}

/// What a column has that does not come from a field.
#[derive(Clone, Copy, Debug)]
enum Addition {
    Id,
    Position,
    Hash,
    Time,
}

impl Rows {
    pub(crate) fn new(table: &'static Table) -> Self {
        let added = table.columns.iter().enumerate().filter_map(|(place, column)| {
            let addition = match (&column.origin, column.name.as_str()) {
                (Origin::Field(_), _) => return None,
                (Origin::Parent, _) | (_, "_key") => Addition::Id,
                (Origin::Position, _) => Addition::Position,
                (_, "_hash") => Addition::Hash,
                (_, "_first_seen" | "_changed") => Addition::Time,
                _ => return None,
            };
            Some((place, addition))
        });
        let arrays: Vec<_> = table
            .items()
            .map(|items| (items, ReadingPlan::new(items)))
            .collect();
        let is_record = |column: &Column| column.origin == Origin::Mirror && column.name == "record";
        Rows {
            table,
            record: table.columns.iter().position(is_record),
            plan: ReadingPlan::new(table),
            added: added.collect(),
            items: vec![Vec::new(); arrays.len()],
            arrays,
            own: Vec::new(),
            misfits: Vec::new(),
        }
    }

    /// Adds the rows of a record.
    pub(crate) fn add(&mut self, added: Added<'_>) {
        let row = self.plan.read(&added.json);
        let mut misfits: Vec<_> = row.misfits.iter().map(ToString::to_string).collect();
        let mut values = row.values;
        for (place, addition) in &self.added {
            values[*place] = match addition {
                Addition::Id => id_value(self.table, added.id),
                Addition::Position => added.position.into(),
                Addition::Hash => added.hash.into(),
                Addition::Time => added.at.clone(),
            };
        }
        // The key is what the record is known by, however its field is written.
        values[0] = id_value(self.table, added.id);
        for (((items, plan), rows), elements) in self.arrays.iter().zip(&mut self.items).zip(row.arrays) {
            let Some(elements) = elements else {
                misfits.push(items.name.clone());
                continue;
            };
            for (position, json) in elements.into_iter().enumerate() {
                let row = plan.read(json);
                let place = |name: &&str| format!("{}[{position}].{name}", items.name);
                misfits.extend(row.misfits.iter().map(place));
                let mut values = row.values;
                for (column, value) in items.key().iter().zip(&mut values) {
                    match column.origin {
                        Origin::Parent => *value = id_value(items, added.id),
                        Origin::Position => *value = i64::try_from(position).ok().into(),
                        _ => {}
                    }
                }
                rows.push(values);
            }
        }
        if !misfits.is_empty() {
            let id = match added.position {
                Some(position) => format!("{}/{position}", added.id),
                None => added.id.to_string(),
            };
            self.misfits.push((id, misfits.join(",")));
        }
        if let Some(place) = self.record {
            values[place] = added.json.into_owned().into();
        }
        self.own.push(values);
    }
}

/// Writes rows, with those of their arrays, of which there must be none yet. `place` tells the name of the table that takes the rows
/// of the table of this name.
pub(crate) async fn write(
    transaction: &mut Transaction<'_>,
    table: &'static Table,
    rows: Rows,
    place: fn(&str) -> String,
) -> Result<()> {
    let sql = upsert(table, &place(&table.name));
    transaction.execute_many(&sql, rows.own).await?;
    for (items, rows) in table.items().zip(rows.items) {
        let sql = insert(items, &place(&items.name));
        transaction.execute_many(&sql, rows).await?;
    }
    let name = table.name.as_str();
    let sql = "INSERT INTO \"_misfits\" (\"table_name\", \"id\", \"columns\") VALUES ($1, $2, $3)";
    let misfits = rows.misfits.into_iter();
    let misfits = misfits.map(|(id, columns)| vec![name.into(), id.into(), columns.into()]);
    transaction.execute_many(sql, misfits.collect()).await?;
    Ok(())
}

fn id_value(table: &'static Table, id: &str) -> Value {
    key_value(table, id).unwrap_or(Value::Null)
}

/// The statement that inserts a row of a table into one of this name, or replaces that of the same key but for when it was first
/// seen.
pub(crate) fn upsert(table: &'static Table, name: &str) -> String {
    let insert = insert(table, name);
    let keys: Vec<_> = table.key().iter().map(|column| quoted(&column.name)).collect();
    let sets: Vec<_> = table.columns[table.key_columns..]
        .iter()
        .filter(|column| column.name != "_first_seen")
        .map(|column| format!("{0} = excluded.{0}", quoted(&column.name)))
        .collect();
    format!(
        "{insert} ON CONFLICT ({}) DO UPDATE SET {}",
        keys.join(", "),
        sets.join(", ")
    )
}

/// The statement that inserts a row of a table into one of this name.
pub(crate) fn insert(table: &'static Table, name: &str) -> String {
    let columns: Vec<_> = table.columns.iter().map(|column| quoted(&column.name)).collect();
    let places: Vec<_> = (1..=columns.len()).map(|place| format!("${place}")).collect();
    format!(
        "INSERT INTO {} ({}) VALUES ({})",
        quoted(name),
        columns.join(", "),
        places.join(", ")
    )
}

/// The statement that deletes the rows of a key.
pub(crate) fn delete(table: &'static Table) -> String {
    format!(
        "DELETE FROM {} WHERE {} = $1",
        quoted(&table.name),
        quoted(&key(table).name)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_has_its_row_and_those_of_its_arrays() {
        let table = Table::find("invoices").unwrap();
        let json = r#"{"InvoiceId": "7", "LineItems": [{"ItemID": 1}, "x"], "New": true}"#;
        let at = Value::from("2026-03-02T09:00:00.000Z");
        let mut rows = Rows::new(table);
        rows.add(Added {
            id: "7",
            position: None,
            hash: "h",
            json: json.into(),
            at: &at,
        });
        let value = |name: &str| {
            let place = table
                .columns
                .iter()
                .position(|column| column.name == name)
                .unwrap();
            rows.own[0][place].clone()
        };
        assert_eq!(value("record"), Value::from(json));
        assert_eq!(value("_hash"), Value::from("h"));
        assert_eq!(
            (value("_first_seen"), value("_changed")),
            (at.clone(), at.clone())
        );
        assert_eq!(value("_deleted"), Value::Null);
        assert_eq!(rows.items[0].len(), 2);
        assert_eq!(rows.items[0][1][..2], [rows.own[0][0].clone(), Value::Integer(1)]);
        // The second is no object, so each of its columns is one that does not fit.
        assert!(
            rows.misfits[0].1.contains("invoices_line_items[1]."),
            "{:?}",
            rows.misfits
        );
    }
}
