//! Tables and their columns.
//!
//! - A list of the service is a table. Its key is the id of its records; where they have none, it is `_key`: the hash of the record
//!   and a number among equals.
//! - A list that each record of another has (the comments of a ticket) is a table as well. Its key is that of the record, and
//!   `_position`.
//! - The fields of objects are columns of the record's table, with the names joined by `_`. Arrays of objects are tables of their
//!   own, keyed like lists that belong to records. Other arrays, and arrays inside such a table, are JSON.

use std::sync::LazyLock;

use atera::description::{Collection, Field, Kind, Operation, Schema};

use super::names;
use crate::engine::ColumnType;

/// A table of the mirror that holds records, or parts of them.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Table {
    /// Its name.
    pub name: String,
    /// What its rows are.
    pub content: Content,
    /// Its columns, those of its key first.
    pub columns: Vec<Column>,
    /// How many of the columns are its key.
    pub key_columns: usize,
}

/// What the rows of a table are.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Content {
    /// The records of a list.
    List {
        /// The operation that reads it.
        operation: &'static Operation,
    },
    /// The records of a list that belongs to each record of another table.
    Children {
        /// The operation that reads it for one record.
        operation: &'static Operation,
        /// The other table.
        parent: String,
    },
    /// The objects of an array in the records of another table.
    Items {
        /// The other table.
        parent: String,
        /// The fields that lead to the array.
        path: Vec<&'static str>,
    },
}

/// A column.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Column {
    /// Its name.
    pub name: String,
    /// What its values are.
    pub column_type: ColumnType,
    /// Where its values come from.
    pub origin: Origin,
    /// What it means; empty where the name says it all.
    pub description: &'static str,
}

/// Where the values of a column come from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// The fields of the record that lead to it. Empty if the record is a single value.
    Field(Vec<&'static str>),
    /// The key of the record that the row belongs to.
    Parent,
    /// The place of the row among those of the same record, from 0.
    Position,
    /// The mirror itself.
    Mirror,
}

/// All tables that follow from the description: first those of lists, each followed by those of its arrays, then those that belong
/// to records of others.
pub fn tables() -> &'static [Table] {
    static TABLES: LazyLock<Vec<Table>> =
        LazyLock::new(|| Collection::all().flat_map(|list| of_list(&list)).collect());
    &TABLES
}

impl Table {
    /// The table of this name.
    pub fn find(name: &str) -> Option<&'static Table> {
        tables().iter().find(|table| table.name == name)
    }

    /// The columns of its key.
    pub fn key(&self) -> &[Column] {
        &self.columns[..self.key_columns]
    }

    /// The operation that reads it, unless its rows are parts of the records of another.
    pub fn operation(&self) -> Option<&'static Operation> {
        match &self.content {
            Content::List { operation } | Content::Children { operation, .. } => Some(operation),
            Content::Items { .. } => None,
        }
    }

    /// The table to whose records its rows belong.
    pub fn parent(&self) -> Option<&'static Table> {
        match &self.content {
            Content::List { .. } => None,
            Content::Children { parent, .. } | Content::Items { parent, .. } => Table::find(parent),
        }
    }

    /// The tables of the arrays in its records.
    pub fn items(&'static self) -> impl Iterator<Item = &'static Table> {
        tables()
            .iter()
            .filter(|table| matches!(&table.content, Content::Items { parent, .. } if *parent == self.name))
    }
}

/// The table of a list, and those of the arrays in its records.
fn of_list(list: &Collection) -> Vec<Table> {
    let name = list.name();
    let mut fields = Fields::default();
    match list.record() {
        Some(schema) => fields.add(schema, &[], &[], true),
        None => fields.columns.push(Column {
            name: "value".into(),
            column_type: ColumnType::Text,
            origin: Origin::Field(Vec::new()),
            description: "",
        }),
    }
    let key = match list.parent {
        Some(parent) => {
            let record = parent.record();
            let mut key = key_of(record);
            key.iter_mut().for_each(|column| column.origin = Origin::Parent);
            key.push(position());
            key
        }
        None => key_of(list.record()),
    };
    let content = match list.parent {
        None => Content::List {
            operation: list.operation,
        },
        Some(parent) => Content::Children {
            operation: list.operation,
            parent: Collection::of(parent).map_or_else(|| parent.group.to_string(), |parent| parent.name()),
        },
    };
    let has_history = list.parent.is_none();
    let mut tables = vec![Table::new(
        name.clone(),
        content,
        key,
        fields.columns,
        added(has_history),
    )];
    for (path, record) in fields.arrays {
        let mut columns = Fields::default();
        columns.add(record, &[], &[], false);
        let mut key: Vec<_> = tables[0].key().to_vec();
        key.iter_mut().for_each(|column| column.origin = Origin::Parent);
        key.push(position());
        let words: Vec<_> = path.iter().map(|field| names::column(field)).collect();
        tables.push(Table::new(
            format!("{name}_{}", words.join("_")),
            Content::Items {
                parent: name.clone(),
                path,
            },
            key,
            columns.columns,
            Vec::new(),
        ));
    }
    tables
}

impl Table {
    /// A field that is in the key has no second column.
    fn new(
        name: String,
        content: Content,
        key: Vec<Column>,
        fields: Vec<Column>,
        added: Vec<Column>,
    ) -> Self {
        let key_columns = key.len();
        let mut columns = key;
        for column in fields.into_iter().chain(added) {
            if columns[..key_columns].iter().all(|it| it.name != column.name) {
                columns.push(column);
            }
        }
        Table {
            name,
            content,
            columns,
            key_columns,
        }
    }
}

/// The key of a record of this type.
fn key_of(record: Option<&'static Schema>) -> Vec<Column> {
    let id = record.and_then(|record| {
        let id = record.id_field?;
        record.fields.iter().find(|field| field.name == id)
    });
    vec![match id {
        Some(field) => column(field, &[], &[]),
        None => mirrors(
            "_key",
            ColumnType::Text,
            "The hash of the record, and a number among equal records: they have no id.",
        ),
    }]
}

fn position() -> Column {
    Column {
        name: "_position".into(),
        column_type: ColumnType::Integer,
        origin: Origin::Position,
        description: "The place among the rows of the same record, from 0.",
    }
}

/// The columns that the mirror adds to a table of records. The record comes last, because SQLite reads a row from its beginning,
/// and a record is longer than all the other columns together.
fn added(has_history: bool) -> Vec<Column> {
    let record = mirrors("record", ColumnType::Record, "The record as it came, as JSON.");
    let hash = mirrors("_hash", ColumnType::Text, "The hash of the record.");
    let history = [
        ("_first_seen", "When the mirror saw the record first."),
        (
            "_changed",
            "When the mirror last saw that the record had changed.",
        ),
        (
            "_deleted",
            "When the mirror saw that the record was gone; null while it exists.",
        ),
    ];
    let history = history.map(|(name, description)| mirrors(name, ColumnType::Timestamp, description));
    let history = history.into_iter().filter(|_| has_history);
    history.chain([hash, record]).collect()
}

fn mirrors(name: &str, column_type: ColumnType, description: &'static str) -> Column {
    Column {
        name: name.into(),
        column_type,
        origin: Origin::Mirror,
        description,
    }
}

/// The columns of a type, and the arrays that are tables of their own.
#[derive(Default)]
struct Fields {
    columns: Vec<Column>,
    arrays: Vec<(Vec<&'static str>, &'static Schema)>,
}

impl Fields {
    /// Adds the fields of a type. `outer` are the types that this one is in: the fields of a type inside itself are JSON.
    fn add(
        &mut self,
        schema: &'static Schema,
        path: &[&'static str],
        outer: &[&'static str],
        with_arrays: bool,
    ) {
        let outer = [outer, &[schema.name]].concat();
        for field in schema.fields {
            let way = [path, &[field.name]].concat();
            match field.kind {
                Kind::Object(inner) if !outer.contains(&inner.name) => {
                    self.add(inner, &way, &outer, with_arrays);
                }
                Kind::Array(Kind::Object(inner)) if with_arrays => self.arrays.push((way, inner)),
                _ => self.columns.push(column(field, path, &way)),
            }
        }
    }
}

/// The column of a field.
fn column(field: &'static Field, path: &[&'static str], way: &[&'static str]) -> Column {
    let words: Vec<_> = path
        .iter()
        .copied()
        .chain([field.name])
        .map(names::column)
        .collect();
    Column {
        name: words.join("_"),
        column_type: column_type(field.kind),
        origin: Origin::Field(match way.is_empty() {
            true => vec![field.name],
            false => way.to_vec(),
        }),
        description: field.description,
    }
}

fn column_type(kind: Kind) -> ColumnType {
    match kind {
        Kind::Integer => ColumnType::Integer,
        Kind::Number => ColumnType::Real,
        Kind::Boolean => ColumnType::Boolean,
        Kind::Date => ColumnType::Date,
        Kind::Timestamp => ColumnType::Timestamp,
        Kind::AccountTime => ColumnType::LocalTime,
        Kind::Object(_) | Kind::Array(_) | Kind::Map(_) | Kind::Any => ColumnType::Json,
        _ => ColumnType::Text,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_list_has_a_table_and_every_array_of_objects_too() {
        let names: Vec<_> = tables().iter().map(|table| table.name.as_str()).collect();
        assert_eq!(
            names,
            [
                "tickets",
                "work_hours",
                "agents",
                "agents_hardware_disks",
                "alerts",
                "customers",
                "contacts",
                "departments",
                "contracts",
                "contracts_hourly_contract_additional_rates",
                "contracts_block_money_contract_additional_rates",
                "contracts_project_hourly_rate_contract_additional_rates",
                "invoices",
                "invoices_line_items",
                "rates_products",
                "rates_expenses",
                "custom_values_fields",
                "custom_values_fields_possible_values",
                "devices_generic",
                "devices_http",
                "devices_snmp",
                "devices_tcp",
                "devices_tcp_ports",
                "knowledge_bases",
                "tickets_comments",
                "tickets_attachments",
                "tickets_work_hours",
                "agents_available_patches",
                "agents_installed_patches",
            ]
        );
    }

    /// Postgres cuts longer names off, and neither database tells upper case from lower case.
    #[test]
    fn names_are_short_and_unique() {
        for table in tables() {
            let mut seen = HashSet::new();
            assert!(table.name.len() < 64, "{}", table.name);
            for column in &table.columns {
                assert!(seen.insert(&column.name), "{}.{}", table.name, column.name);
                assert!(column.name.len() < 64, "{}.{}", table.name, column.name);
                assert_eq!(column.name, column.name.to_lowercase());
            }
        }
    }
}
