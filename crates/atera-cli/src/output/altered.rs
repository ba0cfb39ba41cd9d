//! How a printed record differs from the one that was sent.

use std::fmt;

use atera_records::{Column, Record, Written};

/// Why a printed record differs from the record that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Altered {
    /// The text in this field holds half of a surrogate pair.
    Text(String),
    /// The record is not an object, so it has no values for the columns.
    NoObject,
    /// This field has columns for the fields of an object, and is something else.
    NoFields(String),
    /// It has this field, and the first record, which the columns were made of, has not.
    NoColumn(String),
}

impl fmt::Display for Altered {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Altered::Text(field) => write!(
                out,
                "has half of a surrogate pair in `{field}`, which is no text, so its escape is printed in its place"
            ),
            Altered::NoObject => out.write_str("is no object, so its row is empty"),
            Altered::NoFields(field) => write!(
                out,
                "has no object in `{field}`, so the columns for the fields of one are empty"
            ),
            Altered::NoColumn(field) => write!(
                out,
                "has a field `{field}` that the first record lacks, so there is no column for it"
            ),
        }
    }
}

/// How a record in these columns differs from the one that was sent, if it does.
pub(crate) fn altered(columns: &[Column], record: &Record<'_>) -> Option<Altered> {
    if record.fields.is_none() && columns.iter().all(|column| !column.path.is_empty()) {
        return Some(Altered::NoObject);
    }
    columns.iter().find_map(|column| match column.value(record) {
        None => not_an_object(column, record).map(Altered::NoFields),
        value => match Written::of(value) {
            Written::Text(_, false) => Some(Altered::Text(column.heading.clone())),
            _ => None,
        },
    })
}

/// The field on the way to a column that has something else than an object.
fn not_an_object(column: &Column, record: &Record<'_>) -> Option<String> {
    let mut ways = (1..column.path.len()).map(|length| &column.path[..length]);
    let way = ways.find(|way| {
        let value = record.value(way);
        value.is_some_and(|value| value != "null" && !value.starts_with('{'))
    });
    Some(way?.join("."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::fields;

    #[test]
    fn what_is_no_object_leaves_the_columns_of_its_fields_empty() {
        let columns = fields(None, false)
            .columns(&["a.x", "a.y", "b.c.d"])
            .expect("columns");
        for (json, field) in [
            (r#"{"a": {"x": 1}, "b": {"c": null}}"#, None),
            (r#"{"a": null, "b": null}"#, None),
            ("{}", None),
            (r#"{"a": [{"x": 1}]}"#, Some("a")),
            (r#"{"a": "none"}"#, Some("a")),
            (r#"{"a": {}, "b": 7}"#, Some("b")),
            (r#"{"a": {}, "b": {"c": []}}"#, Some("b.c")),
        ] {
            let altered = super::altered(&columns, &Record::new(json));
            let expected = field.map(|field| Altered::NoFields(field.to_string()));
            assert_eq!(altered, expected, "{json}");
        }
    }
}
