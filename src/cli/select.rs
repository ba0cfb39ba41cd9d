//! Fields of records: named by `--select` and `--sort`, or taken from the description.

use serde_json::Value;

use super::{
    arguments::flag_name,
    columns::{heading, is_single, telling},
    failure::Failure,
    values::{Altered, Record, Written},
};
use crate::{Field, Kind, Schema};

/// How deep objects are taken apart into columns of their own.
const DEEPEST: usize = 3;

/// A field of a record, or of an object in it.
#[derive(Clone, Debug)]
pub(super) struct Column {
    /// The names that lead to it.
    pub(super) path: Vec<String>,
    pub(super) kind: Kind,
    /// What stands above it.
    pub(super) heading: String,
}

impl Column {
    /// The field that someone has named, in whatever case, or as its flag is called.
    pub(super) fn named(
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

    /// The columns of a table, the most telling fields.
    pub(super) fn telling(schema: &'static Schema) -> Vec<Self> {
        let columns = telling(schema).into_iter().map(|field| Column {
            path: vec![field.name.to_string()],
            kind: field.kind,
            heading: heading(schema, field).to_string(),
        });
        columns.collect()
    }

    /// Every field, those of objects in columns of their own.
    pub(super) fn all(schema: &'static Schema) -> Vec<Self> {
        let mut columns = Vec::new();
        flatten(schema, &[], &mut columns);
        columns
    }

    /// Its value in a record, as JSON.
    pub(super) fn value<'a>(&self, record: &Record<'a>) -> Option<&'a str> {
        record.value(&self.path)
    }

    /// What of a record cannot be written into these columns as it was sent.
    pub(super) fn altered(columns: &[Self], record: &Record<'_>) -> Option<Altered> {
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

/// A record with these fields alone, each value as it was sent.
pub(super) fn project(record: &Record<'_>, columns: &[Column]) -> String {
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

fn field(kind: Kind, name: &str) -> Option<&'static Field> {
    let Kind::Object(schema) = kind else {
        return None;
    };
    find(schema, name)
}

/// The field of this name, in whatever case, or as its flag is called.
pub(super) fn find(schema: &'static Schema, name: &str) -> Option<&'static Field> {
    let mut fields = schema.fields.iter();
    fields.find(|field| field.name.eq_ignore_ascii_case(name) || flag_name(field.name) == name)
}

/// That there is no such field, and which there are.
pub(super) fn unknown(schema: &'static Schema, name: &str) -> Failure {
    let names: Vec<_> = schema.fields.iter().map(|field| field.name).collect();
    Failure::Usage(format!(
        "{} has no field `{name}`; it has {}; --allow-unknown lets it through all the same",
        schema.name,
        names.join(", ")
    ))
}

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
    /// Whether a part of a value is worth something: not of a number, a time, or one of a list.
    pub(super) fn may_be_cut(&self) -> bool {
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
        for name in ["TicketTitle", "tickettitle", "ticket-title"] {
            assert_eq!(ticket(name).expect(name).heading, "TicketTitle");
        }
    }

    #[test]
    fn a_field_that_is_not_there_is_refused_unless_that_is_allowed() {
        let Err(Failure::Usage(sentence)) = ticket("Titel") else {
            panic!("it is there");
        };
        assert!(
            sentence.starts_with("Ticket has no field `Titel`; it has TicketID, "),
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
        for schema in crate::SCHEMAS {
            let columns = Column::all(schema);
            let names: std::collections::HashSet<_> = columns.iter().map(|it| &it.heading).collect();
            assert_eq!(names.len(), columns.len(), "{}", schema.name);
        }
    }
}
