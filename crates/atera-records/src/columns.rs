//! Columns: fields of records, as someone names them, or as the description has them.

use atera::description::{Field, Kind, Schema};
use serde_json::Value;

use crate::{
    error::Error,
    option_names::OptionNames,
    record::Record,
    spelling::{flag_name, nearest},
    summary::{heading, summary},
};

/// How deep objects are taken apart into columns of their own. Types refer to each other in circles, so there has to be an end.
const DEEPEST: usize = 3;

/// A field of a record, or of an object in it.
#[derive(Clone, Debug)]
pub struct Column {
    /// The names that lead to it. Without any, it is the record itself.
    pub path: Vec<String>,
    /// The kind of its values; [`Kind::Any`] if the description lacks the field.
    pub kind: Kind,
    /// The heading of the column, and the name of its value where selected fields are printed as JSON or YAML.
    pub heading: String,
}

/// The fields of records that someone may name.
///
/// A name is matched in any case, as its flag is called, and as a table heads its column: `TicketTitle`, `tickettitle`,
/// `ticket-title` and `Title` are one field. Dots lead into objects: `Customer.City`. A name that the description lacks is
/// refused, since it is most likely mistyped, unless that is allowed or nothing is known about the records.
///
/// ```
/// use atera::description::Operation;
/// use atera_records::Fields;
///
/// let tickets = Operation::find("tickets_list").and_then(Operation::record);
/// let fields = Fields::of(tickets);
/// assert_eq!(fields.column("title")?.heading, "TicketTitle");
/// let error = fields.column("Titel").unwrap_err();
/// assert_eq!(error.to_string(), "Ticket has no field `Titel` (did you mean `TicketTitle`?)");
/// # Ok::<(), atera_records::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Fields {
    pub(crate) schema: Option<&'static Schema>,
    pub(crate) allow_unknown: bool,
    pub(crate) names: &'static OptionNames,
}

impl Fields {
    /// The fields of records of this type. Without a type nothing is known of them, and any field may be named.
    #[must_use]
    pub fn of(schema: Option<&'static Schema>) -> Self {
        Fields {
            schema,
            allow_unknown: false,
            names: &OptionNames::ARGUMENTS,
        }
    }

    /// Whether fields, and values of closed lists, may be named that the type lacks.
    #[must_use]
    pub fn allow_unknown(self, allow_unknown: bool) -> Self {
        Fields {
            allow_unknown,
            ..self
        }
    }

    /// What messages call the options; [`OptionNames::ARGUMENTS`] if nothing is said.
    #[must_use]
    pub fn option_names(self, names: &'static OptionNames) -> Self {
        Fields { names, ..self }
    }

    /// The type of the records, where it is known.
    pub fn schema(self) -> Option<&'static Schema> {
        self.schema
    }

    /// The field that someone has named.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Usage`](crate::ErrorKind::Usage) if the type has no such field, unless that is allowed, or if the name leads
    /// into a value without fields.
    pub fn column(self, name: &str) -> Result<Column, Error> {
        let mut path = Vec::new();
        let mut kind = self.schema.map_or(Kind::Any, Kind::Object);
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
                (Kind::Object(schema), None) if !self.allow_unknown => {
                    let unknown = no_such_field(schema, part);
                    return Err(Error::usage(unknown + &self.names.how_to_allow()));
                }
                (Kind::Object(_) | Kind::Any, None) => {
                    path.push(part.to_string());
                    Kind::Any
                }
                (_, None) => {
                    let whole = path.join(".");
                    return Err(Error::usage(format!(
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

    /// The fields that someone has named, in their order.
    ///
    /// # Errors
    ///
    /// As [`Fields::column`].
    pub fn columns(self, names: &[impl AsRef<str>]) -> Result<Vec<Column>, Error> {
        names.iter().map(|name| self.column(name.as_ref())).collect()
    }
}

impl Column {
    /// A field of this very name, of which nothing else is known.
    pub fn plain(name: &str) -> Self {
        Column {
            path: vec![name.to_string()],
            kind: Kind::Any,
            heading: name.to_string(),
        }
    }

    /// Whether its values have parts.
    pub fn has_parts(&self) -> bool {
        matches!(self.kind, Kind::Object(_) | Kind::Array(_) | Kind::Map(_))
    }

    /// The few fields that tell most of a record of this type: its id, what people call it by, its state, and last a time. Their
    /// headings leave out the name of the type: `Title` for `TicketTitle`.
    pub fn summary(schema: &'static Schema) -> Vec<Self> {
        let columns = summary(schema).into_iter().map(|field| Column {
            path: vec![field.name.to_string()],
            kind: field.kind,
            heading: heading(schema, field).to_string(),
        });
        columns.collect()
    }

    /// Every field, in the order of the description. The fields of an object have columns of their own.
    pub fn all(schema: &'static Schema) -> Vec<Self> {
        let mut columns = Vec::new();
        flatten(schema, &[], &mut columns);
        columns
    }

    /// Its value in a record, as JSON.
    pub fn value<'a>(&self, record: &Record<'a>) -> Option<&'a str> {
        record.value(&self.path)
    }
}

/// A record with these fields alone, as JSON, each value as it was sent. A field that the record lacks is null, so that all
/// records have the same fields.
///
/// ```
/// use atera_records::{Fields, Record, project};
///
/// let columns = Fields::of(None).columns(&["b", "a.x", "c"])?;
/// let record = Record::new(r#"{"a": {"x": 1.10, "y": 2}, "b": "\u00e9"}"#);
/// assert_eq!(project(&record, &columns), r#"{"b":"\u00e9","a.x":1.10,"c":null}"#);
/// # Ok::<(), atera_records::Error>(())
/// ```
pub fn project(record: &Record<'_>, columns: &[Column]) -> String {
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
    find_field(schema, name)
}

/// The field of this name, in any case, as its flag is called, or as a table heads its column: `Status` for `TicketStatus`.
pub fn find_field(schema: &'static Schema, name: &str) -> Option<&'static Field> {
    let fields = || schema.fields.iter();
    fields()
        .find(|field| field.name.eq_ignore_ascii_case(name) || flag_name(field.name) == name)
        .or_else(|| fields().find(|field| heading(schema, field).eq_ignore_ascii_case(name)))
}

/// Says that a type has no such field, and which one was most likely meant. If none is near, it lists all of them.
pub fn no_such_field(schema: &'static Schema, name: &str) -> String {
    let names: Vec<_> = schema.fields.iter().map(|field| field.name).collect();
    let headings = || schema.fields.iter().map(|field| heading(schema, field));
    let by_heading = || find_field(schema, nearest(name, headings())?).map(|field| field.name);
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

#[cfg(test)]
mod tests {
    use super::*;

    fn ticket(name: &str) -> Result<Column, Error> {
        Fields::of(Schema::find("Ticket"))
            .option_names(&OptionNames::FLAGS)
            .column(name)
    }

    #[test]
    fn fields_are_named_in_any_case_or_by_their_flags() {
        for name in ["TicketTitle", "tickettitle", "ticket-title", "Title"] {
            assert_eq!(ticket(name).expect(name).heading, "TicketTitle");
        }
    }

    #[test]
    fn a_field_that_is_not_there_is_refused_unless_that_is_allowed() {
        let sentence = ticket("Titel").expect_err("it is not there").to_string();
        assert!(
            sentence
                .starts_with("Ticket has no field `Titel` (did you mean `TicketTitle`?); --allow-unknown"),
            "{sentence}"
        );
        let column = Fields::of(Schema::find("Ticket"))
            .allow_unknown(true)
            .column("Titel")
            .expect("a column");
        assert_eq!(column.heading, "Titel");
        assert!(ticket("TicketID.Name").is_err());
    }

    #[test]
    fn a_selection_keeps_values_as_they_were_sent() {
        let columns = Fields::of(None).columns(&["b", "a.x", "c"]).expect("columns");
        assert_eq!(
            project(
                &Record::new(r#"{"a": {"x": 1.10, "y": "\ud800"}, "b": "\u00e9", "\ud800": 1e400}"#),
                &columns
            ),
            r#"{"b":"\u00e9","a.x":1.10,"c":null}"#
        );
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
