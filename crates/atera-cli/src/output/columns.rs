//! Columns: fields of records, as `--select` and `--sort` name them, or as the description has them.
//!
//! A name is matched in any case, as its flag is called, and as a table heads its column: `TicketTitle`, `tickettitle`,
//! `ticket-title` and `Title` are one field. Dots lead into objects: `Customer.City`. A name that the description lacks is
//! refused, since it is most likely mistyped, unless `--allow-unknown` is given or nothing is known about the records.

use atera::description::{Field, Kind, Schema};
use serde_json::Value;

use super::{
    failure::Failure,
    table_columns::{heading, is_single, telling},
    values::{Altered, Record, Written},
};
use crate::names::{flag_name, nearest};

/// How deep objects are taken apart into columns of their own. Types refer to each other in circles, so there has to be an end.
const DEEPEST: usize = 3;

/// A field of a record, or of an object in it.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    /// The names that lead to it. Without any, it is the record itself.
    pub(crate) path: Vec<String>,
    /// The kind of its values; [`Kind::Any`] if the description lacks the field.
    pub(crate) kind: Kind,
    /// The heading of the column, and the name of its value where selected fields are printed as JSON or YAML.
    pub(crate) heading: String,
}

/// What is known of the fields of records.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fields {
    /// The type of the records, where it is known.
    pub(crate) schema: Option<&'static Schema>,
    /// Whether fields and values may be named that the type lacks.
    pub(crate) allow_unknown: bool,
}

impl Fields {
    /// The field that someone has named.
    ///
    /// # Errors
    ///
    /// As [`Column::named`].
    pub(crate) fn column(self, name: &str) -> Result<Column, Failure> {
        Column::named(self.schema, name, self.allow_unknown)
    }
}

/// A type with other fields. It is kept until the process ends, as all types are: a command makes one or two.
pub(crate) fn derived(schema: &Schema, fields: Vec<Field>) -> &'static Schema {
    let mut derived = Schema::new(schema.name, Vec::leak(fields));
    derived.id_field = schema.id_field;
    Box::leak(Box::new(derived))
}

/// A name for a field of a [`derived`] type.
pub(crate) fn kept(name: &str) -> &'static str {
    String::leak(name.to_string())
}

impl Column {
    /// A field of this very name, of which nothing else is known.
    pub(crate) fn plain(name: &str) -> Self {
        Column {
            path: vec![name.to_string()],
            kind: Kind::Any,
            heading: name.to_string(),
        }
    }

    /// Whether its values have parts.
    pub(crate) fn has_parts(&self) -> bool {
        matches!(self.kind, Kind::Object(_) | Kind::Array(_) | Kind::Map(_))
    }

    /// The field that someone has named, in any case or as its flag is called.
    ///
    /// # Errors
    ///
    /// `Usage` if the schema has no such field, unless that is allowed, or if the name leads into a value without fields.
    pub(crate) fn named(
        schema: Option<&'static Schema>,
        name: &str,
        allow_unknown: bool,
    ) -> Result<Self, Failure> {
        let mut path = Vec::new();
        let mut kind = schema.map_or(Kind::Any, Kind::Object);
        for part in name.split('.') {
            kind = match (kind, field(kind, part)) {
                (_, Some(field)) => {
                    path.push(field.name.to_string());
                    field.kind
                }
                (Kind::Map(values), None) => {
                    path.push(part.to_string());
                    *values
                }
                (Kind::Object(schema), None) if !allow_unknown => return Err(unknown(schema, part)),
                (Kind::Object(_) | Kind::Any, None) => {
                    path.push(part.to_string());
                    Kind::Any
                }
                (_, None) => {
                    let whole = path.join(".");
                    return Err(Failure::Usage(format!(
                        "`{whole}` has no fields, so there is no `{name}`; name `{whole}` alone"
                    )));
                }
            };
        }
        Ok(Column {
            heading: path.join("."),
            path,
            kind,
        })
    }

    /// The default columns of a table.
    pub(crate) fn telling(schema: &'static Schema) -> Vec<Self> {
        let columns = telling(schema).into_iter().map(|field| Column {
            path: vec![field.name.to_string()],
            kind: field.kind,
            heading: heading(schema, field).to_string(),
        });
        columns.collect()
    }

    /// Every field, in the order of the description. The fields of an object have columns of their own.
    pub(crate) fn all(schema: &'static Schema) -> Vec<Self> {
        let mut columns = Vec::new();
        flatten(schema, &[], &mut columns);
        columns
    }

    /// Its value in a record, as JSON.
    pub(crate) fn value<'a>(&self, record: &Record<'a>) -> Option<&'a str> {
        record.value(&self.path)
    }

    /// How a record in these columns differs from the one that was sent, if it does.
    pub(crate) fn altered(columns: &[Self], record: &Record<'_>) -> Option<Altered> {
        if record.fields.is_none() && columns.iter().all(|column| !column.path.is_empty()) {
            return Some(Altered::NoObject);
        }
        columns.iter().find_map(|column| match column.value(record) {
            None => column.not_an_object(record).map(Altered::NoFields),
            value => match Written::of(value) {
                Written::Text(_, false) => Some(Altered::Text(column.heading.clone())),
                _ => None,
            },
        })
    }

    /// The field on the way to it that has something else than an object.
    fn not_an_object(&self, record: &Record<'_>) -> Option<String> {
        let mut ways = (1..self.path.len()).map(|length| &self.path[..length]);
        let way = ways.find(|way| {
            let value = record.value(way);
            value.is_some_and(|value| value != "null" && !value.starts_with('{'))
        });
        Some(way?.join("."))
    }
}

/// A record with these fields alone, as JSON, each value as it was sent. A field that the record lacks is null, so that all
/// records have the same fields.
pub(crate) fn project(record: &Record<'_>, columns: &[Column]) -> String {
    let mut text = String::from("{");
    for column in columns {
        if text.len() > 1 {
            text.push(',');
        }
        text.push_str(&Value::from(column.heading.as_str()).to_string());
        text.push(':');
        text.push_str(column.value(record).unwrap_or("null"));
    }
    text.push('}');
    text
}

/// The field of this name in an object. A value of another kind has none.
fn field(kind: Kind, name: &str) -> Option<&'static Field> {
    let Kind::Object(schema) = kind else {
        return None;
    };
    find(schema, name)
}

/// The field of this name, in any case, as its flag is called, or as a table heads its column: `Status` for `TicketStatus`.
pub(crate) fn find(schema: &'static Schema, name: &str) -> Option<&'static Field> {
    let fields = || schema.fields.iter();
    fields()
        .find(|field| field.name.eq_ignore_ascii_case(name) || flag_name(field.name) == name)
        .or_else(|| fields().find(|field| heading(schema, field).eq_ignore_ascii_case(name)))
}

/// The failure that a type has no such field.
fn unknown(schema: &'static Schema, name: &str) -> Failure {
    Failure::Usage(format!(
        "{}; --allow-unknown lets it through anyway",
        no_such_field(schema, name)
    ))
}

/// Says that a type has no such field, and which one was most likely meant. If none is near, it lists all of them.
pub(crate) fn no_such_field(schema: &'static Schema, name: &str) -> String {
    let names: Vec<_> = schema.fields.iter().map(|field| field.name).collect();
    let headings = || schema.fields.iter().map(|field| heading(schema, field));
    let by_heading = || find(schema, nearest(name, headings())?).map(|field| field.name);
    let rest = match nearest(name, names.iter().copied()).or_else(by_heading) {
        Some(near) => format!(" (did you mean `{near}`?)"),
        None => format!("; it has {}", names.join(", ")),
    };
    format!("{} has no field `{name}`{rest}", schema.name)
}

/// Adds the columns for the fields of a schema, which lies below the fields in `above`.
fn flatten(schema: &'static Schema, above: &[String], columns: &mut Vec<Column>) {
    for field in schema.fields {
        let mut path = above.to_vec();
        path.push(field.name.to_string());
        match field.kind {
            Kind::Object(inner) if path.len() < DEEPEST && !inner.fields.is_empty() => {
                flatten(inner, &path, columns);
            }
            kind => columns.push(Column {
                heading: path.join("."),
                path,
                kind,
            }),
        }
    }
}

impl Column {
    /// Whether a value may be cut to fit a table. Half of a number, a time or a value of a list would be another one.
    pub(crate) fn may_be_cut(&self) -> bool {
        matches!(self.kind, Kind::Text) || !is_single(self.kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticket(name: &str) -> Result<Column, Failure> {
        Column::named(Schema::find("Ticket"), name, false)
    }

    #[test]
    fn fields_are_named_in_any_case_or_by_their_flags() {
        for name in ["TicketTitle", "tickettitle", "ticket-title", "Title"] {
            assert_eq!(ticket(name).expect(name).heading, "TicketTitle");
        }
    }

    #[test]
    fn a_field_that_is_not_there_is_refused_unless_that_is_allowed() {
        let Err(Failure::Usage(sentence)) = ticket("Titel") else {
            panic!("it is there");
        };
        assert!(
            sentence
                .starts_with("Ticket has no field `Titel` (did you mean `TicketTitle`?); --allow-unknown"),
            "{sentence}"
        );
        let column = Column::named(Schema::find("Ticket"), "Titel", true).expect("a column");
        assert_eq!(column.heading, "Titel");
        assert!(matches!(ticket("TicketID.Name"), Err(Failure::Usage(_))));
    }

    #[test]
    fn a_selection_keeps_values_as_they_were_sent() {
        let columns: Vec<_> = ["b", "a.x", "c"]
            .iter()
            .map(|name| Column::named(None, name, false).expect(name))
            .collect();
        assert_eq!(
            project(
                &Record::new(r#"{"a": {"x": 1.10, "y": "\ud800"}, "b": "\u00e9", "\ud800": 1e400}"#),
                &columns
            ),
            r#"{"b":"\u00e9","a.x":1.10,"c":null}"#
        );
    }

    #[test]
    fn what_is_no_object_leaves_the_columns_of_its_fields_empty() {
        let columns: Vec<_> = ["a.x", "a.y", "b.c.d"]
            .iter()
            .map(|name| Column::named(None, name, false).expect(name))
            .collect();
        for (json, field) in [
            (r#"{"a": {"x": 1}, "b": {"c": null}}"#, None),
            (r#"{"a": null, "b": null}"#, None),
            ("{}", None),
            (r#"{"a": [{"x": 1}]}"#, Some("a")),
            (r#"{"a": "none"}"#, Some("a")),
            (r#"{"a": {}, "b": 7}"#, Some("b")),
            (r#"{"a": {}, "b": {"c": []}}"#, Some("b.c")),
        ] {
            let altered = Column::altered(&columns, &Record::new(json));
            let expected = field.map(|field| Altered::NoFields(field.to_string()));
            assert_eq!(altered, expected, "{json}");
        }
    }

    #[test]
    fn objects_become_columns_of_their_own() {
        for schema in atera::description::SCHEMAS {
            let columns = Column::all(schema);
            let names: std::collections::HashSet<_> = columns.iter().map(|it| &it.heading).collect();
            assert_eq!(names.len(), columns.len(), "{}", schema.name);
        }
    }
}
