//! The rows of records, and the statements that write them.

use crate::{
    engine::Value,
    schema::{Content, Origin, RecordFields, Table},
};

use super::sql::{key, key_value, quoted};

/// The rows of some records of a table: its own, those of their arrays, and the records with values that do not fit.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    /// The rows of the table.
    pub(crate) own: Vec<Vec<Value>>,
    /// The rows of each table of their arrays, in the order of [`Table::items`].
    pub(crate) items: Vec<Vec<Vec<Value>>>,
    /// Keys, and the names of the columns.
    pub(crate) misfits: Vec<(String, String)>,
}

/// What the mirror adds to a record.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Added<'a> {
    /// The key of the record, or of the record that it belongs to.
    pub(crate) id: &'a str,
    /// Its place among those of the same record.
    pub(crate) position: Option<i64>,
    pub(crate) hash: &'a str,
    pub(crate) json: &'a str,
    /// The time of the sync.
    pub(crate) at: &'a Value,
}

impl Rows {
    pub(crate) fn new(table: &'static Table) -> Self {
        Rows {
            items: table.items().map(|_| Vec::new()).collect(),
            ..Rows::default()
        }
    }

    /// Adds the rows of a record.
    pub(crate) fn add(&mut self, table: &'static Table, added: Added<'_>) {
        let mut fields = RecordFields::of_value(added.json);
        let row = fields.values(table);
        let mut misfits: Vec<_> = row.misfits.iter().map(ToString::to_string).collect();
        let mut values = row.values;
        for (column, value) in table.columns.iter().zip(&mut values) {
            match (&column.origin, column.name.as_str()) {
                (Origin::Parent, _) | (_, "_key") => *value = id_value(table, added.id),
                (Origin::Position, _) => *value = added.position.into(),
                (_, "record") if column.origin == Origin::Mirror => *value = added.json.into(),
                (_, "_hash") => *value = added.hash.into(),
                (_, "_first_seen" | "_changed") => *value = added.at.clone(),
                _ => {}
            }
        }
        // The key is what the record is known by, however its field is written.
        values[0] = id_value(table, added.id);
        self.own.push(values);
        for (items, rows) in table.items().zip(&mut self.items) {
            let Content::Items { path, .. } = &items.content else {
                continue;
            };
            let Some(elements) = fields.elements(path) else {
                misfits.push(items.name.clone());
                continue;
            };
            for (position, json) in elements.into_iter().enumerate() {
                let mut element = RecordFields::of_value(json);
                let row = element.values(items);
                let place = |name: &&str| format!("{}[{position}].{name}", items.name);
                misfits.extend(row.misfits.iter().map(place));
                let mut values = row.values;
                for (column, value) in items.columns.iter().zip(&mut values) {
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
    }
}

fn id_value(table: &'static Table, id: &str) -> Value {
    key_value(table, id).unwrap_or(Value::Null)
}

/// The statement that inserts a row, or replaces that of the same key but for when it was first seen.
pub(crate) fn upsert(table: &'static Table) -> String {
    let insert = insert(table);
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

/// The statement that inserts a row.
pub(crate) fn insert(table: &'static Table) -> String {
    let columns: Vec<_> = table.columns.iter().map(|column| quoted(&column.name)).collect();
    let places: Vec<_> = (1..=columns.len()).map(|place| format!("${place}")).collect();
    format!(
        "INSERT INTO {} ({}) VALUES ({})",
        quoted(&table.name),
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
        rows.add(
            table,
            Added {
                id: "7",
                position: None,
                hash: "h",
                json,
                at: &at,
            },
        );
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
