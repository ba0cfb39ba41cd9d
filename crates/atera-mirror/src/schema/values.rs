//! The values of a record's columns.
//!
//! Scalars are read in the forms that the library reads: a number from text, text from a number. A value that does not fit its
//! column leaves it null, and the column is named; `record` keeps the value.

use std::{borrow::Cow, collections::HashMap, fmt};

use atera::{AccountTime, Timestamp, description::parse_boolean};
use chrono::{Datelike, NaiveDate};
use serde::{
    Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;

use super::table::{Column, Origin, Table};
use crate::engine::{ColumnType, Value};

/// The values of a row.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RowValues {
    /// A value for each column of the table; null for those that do not come from fields.
    pub(crate) values: Vec<Value>,
    /// The columns whose values do not fit.
    pub(crate) misfits: Vec<&'static str>,
}

/// A record whose fields are looked up one after another.
pub(crate) struct RecordFields<'a> {
    json: &'a str,
    /// The objects that were read, by the fields that lead to them.
    objects: HashMap<Vec<&'static str>, Option<Fields<'a>>>,
}

/// The fields of an object, undecoded.
type Fields<'a> = HashMap<Cow<'a, str>, &'a str>;

/// A value does not fit.
struct Misfit;

impl<'a> RecordFields<'a> {
    /// A record that may be any value. If it is not an object, no column of a field fits it.
    pub(crate) fn of_value(json: &'a str) -> Self {
        RecordFields {
            json,
            objects: HashMap::from([(Vec::new(), fields(json))]),
        }
    }

    /// The JSON of the value at the end of these fields. `None` if there is nothing.
    fn at(&mut self, path: &[&'static str]) -> Result<Option<&'a str>, Misfit> {
        let Some((last, way)) = path.split_last() else {
            return Ok(Some(self.json));
        };
        if !self.objects.contains_key(way) {
            let object = match self.at(way)? {
                Some(json) => Some(fields(json).ok_or(Misfit)?),
                None => None,
            };
            self.objects.insert(way.to_vec(), object);
        }
        let object = self.objects.get(way).and_then(Option::as_ref);
        if way.is_empty() && object.is_none() {
            return Err(Misfit);
        }
        let value = object.and_then(|object| object.get(*last).copied());
        Ok(value.filter(|json| *json != "null"))
    }

    /// The elements of the array at the end of these fields, undecoded. `None` if there is something else.
    pub(crate) fn elements(&mut self, path: &[&'static str]) -> Option<Vec<&'a str>> {
        let Some(json) = self.at(path).ok()? else {
            return Some(Vec::new());
        };
        let elements: Vec<&RawValue> = serde_json::from_str(json).ok()?;
        Some(elements.into_iter().map(RawValue::get).collect())
    }

    /// The values of the columns of a table.
    pub(crate) fn values(&mut self, table: &'static Table) -> RowValues {
        let mut misfits = Vec::new();
        let values = table.columns.iter().map(|column| match self.value(column) {
            Ok(value) => value,
            Err(Misfit) => {
                misfits.push(column.name.as_str());
                Value::Null
            }
        });
        let values = values.collect();
        RowValues { values, misfits }
    }

    fn value(&mut self, column: &Column) -> Result<Value, Misfit> {
        match &column.origin {
            Origin::Field(path) => match self.at(path)? {
                Some(json) => value(json, column.column_type),
                None => Ok(Value::Null),
            },
            _ => Ok(Value::Null),
        }
    }
}

/// The fields of an object. `None` if the JSON is none.
fn fields(json: &str) -> Option<Fields<'_>> {
    struct Object;

    impl<'de> Visitor<'de> for Object {
        type Value = Fields<'de>;

        fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
            out.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut fields = HashMap::new();
            // Names are read undecoded first, because one of them may not be valid text (`"\ud800"`).
            while let Some((name, value)) = map.next_entry::<&RawValue, &RawValue>()? {
                let name = match name.get().contains('\\') {
                    true => Cow::Owned(serde_json::from_str(name.get()).unwrap_or_default()),
                    false => Cow::Borrowed(name.get().trim_matches('"')),
                };
                fields.insert(name, value.get());
            }
            Ok(fields)
        }
    }

    serde_json::Deserializer::from_str(json)
        .deserialize_map(Object)
        .ok()
}

/// A value of JSON as one of the column. Nothing but white space is no value where it is not text.
fn value(json: &str, column_type: ColumnType) -> Result<Value, Misfit> {
    let is_json = matches!(column_type, ColumnType::Json | ColumnType::Record);
    let text = match json.as_bytes().first() {
        _ if is_json => Cow::Borrowed(json),
        Some(b'"') => Cow::Owned(serde_json::from_str::<String>(json).map_err(|_| Misfit)?),
        Some(b'{' | b'[') | None => return Err(Misfit),
        // A number, or a boolean.
        Some(_) => Cow::Borrowed(json),
    };
    let is_text = is_json || column_type == ColumnType::Text;
    if !is_text && text.trim().is_empty() {
        return Ok(Value::Null);
    }
    let value = match column_type {
        ColumnType::Integer => integer(text.trim()).map(Value::Integer),
        ColumnType::Real => real(text.trim()).map(Value::Real),
        ColumnType::Boolean => boolean(text.trim()).map(Value::Boolean),
        ColumnType::Text => storable(&text).then(|| Value::Text(text.into_owned())),
        ColumnType::Date => return date(text.trim()),
        ColumnType::Timestamp => return timestamp(text.trim()),
        ColumnType::LocalTime => text
            .parse::<AccountTime>()
            .ok()
            .map(|time| Value::Text(time.to_string())),
        ColumnType::Record => Some(Value::Text(text.into_owned())),
        // Postgres takes neither half a surrogate pair nor U+0000 in a `jsonb`.
        ColumnType::Json => serde_json::from_str::<serde_json::Value>(&text)
            .is_ok_and(|value| is_storable(&value))
            .then(|| Value::Text(text.into_owned())),
    };
    value.ok_or(Misfit)
}

/// Whether Postgres can store the text.
fn storable(text: &str) -> bool {
    !text.contains('\0')
}

fn is_storable(value: &serde_json::Value) -> bool {
    match value {
        serde_json::Value::String(text) => storable(text),
        serde_json::Value::Array(values) => values.iter().all(is_storable),
        serde_json::Value::Object(fields) => fields
            .iter()
            .all(|(name, value)| storable(name) && is_storable(value)),
        _ => true,
    }
}

fn integer(text: &str) -> Option<i64> {
    /// From this number on (2^53), a float cannot represent every whole number.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    text.parse().ok().or_else(|| {
        let number: f64 = text.parse().ok()?;
        (number.fract() == 0.0 && number.abs() < EXACT).then_some(number as i64)
    })
}

fn real(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

fn boolean(text: &str) -> Option<bool> {
    match text {
        "0" => Some(false),
        "1" => Some(true),
        text => parse_boolean(text),
    }
}

/// A date. The service may add a time, which is then midnight.
fn date(text: &str) -> Result<Value, Misfit> {
    let date = text.get(..10).and_then(|date| date.parse::<NaiveDate>().ok());
    let is_date = text.len() == 10 || text.parse::<Timestamp>().is_ok();
    let date = date.filter(|_| is_date).ok_or(Misfit)?;
    // The date of .NET that stands for none.
    match Some(date) == NaiveDate::from_ymd_opt(1, 1, 1) {
        true => Ok(Value::Null),
        false => Ok(Value::Text(date.to_string())),
    }
}

fn timestamp(text: &str) -> Result<Value, Misfit> {
    let time: Timestamp = text.parse().map_err(|_| Misfit)?;
    if time.is_unset() {
        return Ok(Value::Null);
    }
    // Others could not be compared as texts.
    match (1..=9999).contains(&time.to_utc().year()) {
        true => Ok(Value::timestamp(time)),
        false => Err(Misfit),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(json: &str, column_type: ColumnType) -> Option<Value> {
        value(json, column_type).ok()
    }

    #[test]
    fn scalars_are_read_in_the_forms_of_the_library() {
        let text = |text: &str| Some(Value::from(text));
        for (json, column_type, expected) in [
            ("7", ColumnType::Integer, Some(Value::Integer(7))),
            (r#""7""#, ColumnType::Integer, Some(Value::Integer(7))),
            ("1000.0", ColumnType::Integer, Some(Value::Integer(1000))),
            ("7.5", ColumnType::Integer, None),
            (r#"" ""#, ColumnType::Integer, Some(Value::Null)),
            (r#""soon""#, ColumnType::Integer, None),
            ("true", ColumnType::Integer, None),
            ("2.50", ColumnType::Real, Some(Value::Real(2.5))),
            ("1e999", ColumnType::Real, None),
            ("true", ColumnType::Boolean, Some(Value::Boolean(true))),
            (r#""False""#, ColumnType::Boolean, Some(Value::Boolean(false))),
            ("1", ColumnType::Boolean, Some(Value::Boolean(true))),
            ("2", ColumnType::Boolean, None),
            ("2.10", ColumnType::Text, text("2.10")),
            (r#""""#, ColumnType::Text, text("")),
            (r#""a\u0000b""#, ColumnType::Text, None),
            (r#""\ud800""#, ColumnType::Text, None),
            ("{}", ColumnType::Text, None),
            (r#""2026-03-02""#, ColumnType::Date, text("2026-03-02")),
            (r#""2026-03-02T00:00:00""#, ColumnType::Date, text("2026-03-02")),
            (r#""0001-01-01T00:00:00""#, ColumnType::Date, Some(Value::Null)),
            (r#""2026-03-02 and more""#, ColumnType::Date, None),
            (
                r#""2026-03-02T10:15:00.1234567+02:00""#,
                ColumnType::Timestamp,
                text("2026-03-02T08:15:00.123Z"),
            ),
            (
                r#""0001-01-01T00:00:00""#,
                ColumnType::Timestamp,
                Some(Value::Null),
            ),
            (r#""+12026-03-02T10:15:00Z""#, ColumnType::Timestamp, None),
            ("17", ColumnType::Timestamp, None),
            (r#"[1, {"a": 2}]"#, ColumnType::Json, text(r#"[1, {"a": 2}]"#)),
            (r#"["\u0000"]"#, ColumnType::Json, None),
        ] {
            assert_eq!(of(json, column_type), expected, "{json} as {column_type:?}");
        }
    }

    #[test]
    fn a_row_names_the_columns_that_do_not_fit() {
        let table = Table::find("tickets").unwrap();
        let mut record =
            RecordFields::of_value(r#"{"TicketID": 7, "TicketTitle": "a", "CustomerID": "x", "New": 1}"#);
        let row = record.values(table);
        let column = |name| {
            table
                .columns
                .iter()
                .position(|column| column.name == name)
                .unwrap()
        };
        assert_eq!(row.values[column("ticket_id")], Value::Integer(7));
        assert_eq!(row.values[column("ticket_title")], Value::from("a"));
        assert_eq!(row.values[column("customer_id")], Value::Null);
        assert_eq!(row.misfits, ["customer_id"]);
    }

    #[test]
    fn the_fields_of_objects_are_columns_of_the_row() {
        let table = Table::find("contracts").unwrap();
        let column = |name: &str| {
            table
                .columns
                .iter()
                .position(|column| column.name == name)
                .unwrap()
        };
        let json = r#"{"ContractID": 1, "BlockHoursContract": {"HoursIncluded": 5}, "RetainerFlatFeeContract": "x"}"#;
        let row = RecordFields::of_value(json).values(table);
        let nested = &table.columns[column("block_hours_contract_hours_included")];
        assert!(matches!(&nested.origin, Origin::Field(path) if path.len() == 2));
        assert_ne!(
            row.values[column("block_hours_contract_hours_included")],
            Value::Null
        );
        assert!(
            row.misfits
                .iter()
                .all(|name| name.starts_with("retainer_flat_fee_contract")),
            "{:?}",
            row.misfits
        );
        assert!(!row.misfits.is_empty());
    }
}
