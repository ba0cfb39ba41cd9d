//! The fields of each kind of record.
//!
//! A [`Schema`] of the description cannot be built outside the library, and some records of the sandbox have fields
//! that no schema has. So records have a [`Shape`] of their own, which is a copy of a schema where there is one.

use std::{collections::HashMap, sync::LazyLock};

use atera::description::{Field, Kind, SCHEMAS, Schema};

/// A field of a [`Shape`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column {
    /// Name on the wire.
    pub(crate) name: &'static str,
    /// What its values are.
    pub(crate) kind: Kind,
    /// Whether the published document lets the field be null.
    pub(crate) nullable: bool,
}

impl From<&Field> for Column {
    fn from(field: &Field) -> Self {
        Column {
            name: field.name,
            kind: field.kind,
            nullable: field.nullable,
        }
    }
}

/// The fields of a kind of record.
#[derive(Debug)]
pub(crate) struct Shape {
    /// Name of the kind; the name of the schema if the shape is a copy of one.
    pub(crate) name: &'static str,
    /// The field with the id. Objects that are no records of a list, such as the account, have none.
    pub(crate) id_field: Option<&'static str>,
    /// The fields, in the order in which answers have them.
    pub(crate) columns: Vec<Column>,
}

impl Shape {
    /// The shape of a schema of the description. Each schema has one shape, so shapes can be compared by address.
    pub(crate) fn of(schema: &Schema) -> &'static Shape {
        Shape::named(schema.name)
    }

    /// The shape of the schema with this name, which must exist: names are constants of this crate.
    pub(crate) fn named(name: &str) -> &'static Shape {
        static SHAPES: LazyLock<HashMap<&'static str, Shape>> = LazyLock::new(|| {
            let shapes = SCHEMAS.iter().map(|schema| {
                let shape = Shape {
                    name: schema.name,
                    id_field: schema.id_field,
                    columns: schema.fields.iter().map(Column::from).collect(),
                };
                (schema.name, shape)
            });
            shapes.collect()
        });
        let shape = SHAPES.get(name);
        shape.expect("the sandbox only names schemas of the description")
    }

    /// The position of a field in [`columns`](Shape::columns).
    pub(crate) fn position(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }
}
