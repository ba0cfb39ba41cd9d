//! Which fields a kind of record has.
//!
//! [`atera::description::Schema`] cannot be built outside the library, and some records of the sandbox have fields that no
//! schema has, so records have a `Shape` of their own. Most shapes are copies of a schema.

use std::{collections::HashMap, sync::LazyLock};

use atera::description::{Field, Kind, SCHEMAS, Schema};

/// One field of a [`Shape`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column {
    /// Name on the wire.
    pub(crate) name: &'static str,
    /// What its values are.
    pub(crate) kind: Kind,
    /// Whether the field may be null in an answer.
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

/// The fields of a kind of record, in the order in which they are answered.
#[derive(Debug)]
pub(crate) struct Shape {
    /// Name of the kind; that of the schema if the shape is a copy of one.
    pub(crate) name: &'static str,
    /// The field that holds the id of a record. Objects that are answered once only, such as the account, have none.
    pub(crate) id_field: Option<&'static str>,
    /// The fields.
    pub(crate) columns: Vec<Column>,
}

impl Shape {
    /// The shape of a schema of the description. It is the same for each call, so shapes can be compared by address.
    pub(crate) fn of(schema: &Schema) -> &'static Shape {
        Shape::named(schema.name)
    }

    /// The shape of the schema of this name.
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
        SHAPES
            .get(name)
            .expect("the sandbox only names schemas of the description")
    }

    /// The index of a field in `columns`.
    pub(crate) fn position(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }
}
