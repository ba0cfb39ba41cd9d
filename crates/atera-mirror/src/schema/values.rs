//! The values of a record's columns.
//!
//! Scalars are read in the forms that the library reads: a number from text, text from a number. A value that does not fit its
//! column leaves it null, and the column is named; `record` keeps the value.

use std::{borrow::Cow, fmt};

use atera::{AccountTime, Timestamp, description::parse_boolean};
use chrono::{Datelike, NaiveDate};
use serde::{
    Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;

use super::table::{Content, Origin, Table};
use crate::engine::{ColumnType, Value};

/// The values that a record has for a row of its table.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RecordValues<'a> {
    /// A value for each column of the table; null for those that do not come from fields.
    pub(crate) values: Vec<Value>,
    /// The columns whose values do not fit.
    pub(crate) misfits: Vec<&'static str>,
    /// The elements of the arrays that are tables of their own, undecoded, in the order of [`Table::items`]. `None` for one that is
    /// something else than an array.
    pub(crate) arrays: Vec<Option<Vec<&'a str>>>,
}

/// Where the fields of the records of a table go, so that a record is read in one pass.
#[derive(Debug)]
pub(crate) struct ReadingPlan {
    table: &'static Table,
    root: Node,
    arrays: usize,
}

/// What a value of a record is for.
#[derive(Debug, Default)]
struct Node {
    /// The columns that have it.
    columns: Vec<usize>,
    /// The array that it is, by its place in [`Table::items`].
    array: Option<usize>,
    /// What its fields are for, if it is an object.
    fields: Vec<(&'static str, Node)>,
}

/// A value does not fit.
struct Misfit;

impl ReadingPlan {
    /// The plan for the records of a table, or for the objects of an array.
    pub(crate) fn new(table: &'static Table) -> Self {
        let mut root = Node::default();
        for (place, column) in table.columns.iter().enumerate() {
            if let Origin::Field(path) = &column.origin {
                root.at(path).columns.push(place);
            }
        }
        let mut arrays = 0;
        for items in table.items() {
            if let Content::Items { path, .. } = &items.content {
                root.at(path).array = Some(arrays);
            }
            arrays += 1;
        }
        ReadingPlan { table, root, arrays }
    }

    /// Reads a record, which may be any value. If it is not an object, no column of a field fits it.
    pub(crate) fn read<'a>(&self, json: &'a str) -> RecordValues<'a> {
        let columns = &self.table.columns;
        let mut reading = Reading {
            plan: self,
            values: vec![Value::Null; columns.len()],
            misfits: Vec::new(),
            arrays: vec![Some(Vec::new()); self.arrays],
        };
        for column in &self.root.columns {
            reading.set(*column, json);
        }
        if !self.root.fields.is_empty() && !reading.object(&self.root, json) {
            reading.misfit(&self.root);
        }
        reading.misfits.sort_unstable();
        RecordValues {
            values: reading.values,
            misfits: reading
                .misfits
                .into_iter()
                .map(|column| columns[column].name.as_str())
                .collect(),
            arrays: reading.arrays,
        }
    }
}

impl Node {
    /// The node at the end of these fields.
    fn at(&mut self, path: &[&'static str]) -> &mut Node {
        let Some((first, rest)) = path.split_first() else {
            return self;
        };
        let known = self.fields.iter().position(|(name, _)| name == first);
        let place = known.unwrap_or_else(|| {
            self.fields.push((first, Node::default()));
            self.fields.len() - 1
        });
        self.fields[place].1.at(rest)
    }

    /// What the field of this name is for. `next` is where it is looked for first: records have their fields in the same order.
    fn field(&self, name: &str, next: &mut usize) -> Option<&Node> {
        let (before, after) = self.fields.split_at((*next).min(self.fields.len()));
        let found = after.iter().position(|(known, _)| *known == name);
        let place = match found {
            Some(place) => before.len() + place,
            None => before.iter().position(|(known, _)| *known == name)?,
        };
        *next = place + 1;
        Some(&self.fields[place].1)
    }
}

/// A record that is being read.
struct Reading<'a, 'p> {
    plan: &'p ReadingPlan,
    values: Vec<Value>,
    misfits: Vec<usize>,
    arrays: Vec<Option<Vec<&'a str>>>,
}

impl<'a> Reading<'a, '_> {
    /// Takes a value for what it is for.
    fn take(&mut self, node: &Node, json: &'a str) {
        if json == "null" {
            return self.clear(node);
        }
        for column in &node.columns {
            self.set(*column, json);
        }
        if let Some(array) = node.array {
            let elements: Option<Vec<&RawValue>> = serde_json::from_str(json).ok();
            self.arrays[array] = elements.map(|elements| elements.into_iter().map(RawValue::get).collect());
        }
        if !node.fields.is_empty() {
            // A field that comes twice counts as it comes last.
            node.fields.iter().for_each(|(_, node)| self.clear(node));
            if !self.object(node, json) {
                self.misfit(node);
            }
        }
    }

    /// Takes the fields of an object. Returns whether it is one.
    fn object(&mut self, node: &Node, json: &'a str) -> bool {
        struct Object<'a, 'p, 'r>(&'r mut Reading<'a, 'p>, &'r Node);

        impl<'a> Visitor<'a> for Object<'a, '_, '_> {
            type Value = ();

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("an object")
            }

            fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<(), A::Error> {
                let Object(reading, node) = self;
                let mut next = 0;
                // Names are read undecoded first, because one of them may not be valid text (`"\ud800"`).
                while let Some((name, value)) = map.next_entry::<&RawValue, &RawValue>()? {
                    let name = name.get();
                    let name = match name.contains('\\') {
                        true => Cow::Owned(serde_json::from_str(name).unwrap_or_default()),
                        false => Cow::Borrowed(&name[1..name.len() - 1]),
                    };
                    if let Some(node) = node.field(&name, &mut next) {
                        reading.take(node, value.get());
                    }
                }
                Ok(())
            }
        }

        serde_json::Deserializer::from_str(json)
            .deserialize_map(Object(self, node))
            .is_ok()
    }

    fn set(&mut self, column: usize, json: &str) {
        self.forget_misfit(column);
        self.values[column] = match value(json, self.plan.table.columns[column].column_type) {
            Ok(value) => value,
            Err(Misfit) => {
                self.misfits.push(column);
                Value::Null
            }
        };
    }

    /// Leaves empty what a node is for.
    fn clear(&mut self, node: &Node) {
        for column in &node.columns {
            self.forget_misfit(*column);
            self.values[*column] = Value::Null;
        }
        if let Some(array) = node.array {
            self.arrays[array] = Some(Vec::new());
        }
        node.fields.iter().for_each(|(_, node)| self.clear(node));
    }

    /// Notes that a value is no object, so that nothing in it fits.
    fn misfit(&mut self, node: &Node) {
        for (_, node) in &node.fields {
            for column in &node.columns {
                self.forget_misfit(*column);
                self.values[*column] = Value::Null;
                self.misfits.push(*column);
            }
            if let Some(array) = node.array {
                self.arrays[array] = None;
            }
            self.misfit(node);
        }
    }

    fn forget_misfit(&mut self, column: usize) {
        if !self.misfits.is_empty() {
            self.misfits.retain(|misfit| *misfit != column);
        }
    }
}

/// A value of JSON as one of the column. Nothing but white space is no value where it is not text.
fn value(json: &str, column_type: ColumnType) -> Result<Value, Misfit> {
    if matches!(column_type, ColumnType::Json | ColumnType::Record) {
        return match column_type == ColumnType::Record || is_storable_json(json) {
            true => Ok(Value::Text(json.to_string())),
            false => Err(Misfit),
        };
    }
    let text = match json.as_bytes().first() {
        Some(b'"') if json.contains('\\') => {
            Cow::Owned(serde_json::from_str::<String>(json).map_err(|_| Misfit)?)
        }
        Some(b'"') => Cow::Borrowed(&json[1..json.len() - 1]),
        Some(b'{' | b'[') | None => return Err(Misfit),
        // A number, or a boolean.
        Some(_) => Cow::Borrowed(json),
    };
    if column_type != ColumnType::Text && text.trim().is_empty() {
        return Ok(Value::Null);
    }
    let value = match column_type {
        ColumnType::Integer => integer(text.trim()).map(Value::Integer),
        ColumnType::Real => real(text.trim()).map(Value::Real),
        ColumnType::Boolean => boolean(text.trim()).map(Value::Boolean),
        ColumnType::Date => return date(text.trim()),
        ColumnType::Timestamp => return timestamp(text.trim()),
        ColumnType::LocalTime => text
            .parse::<AccountTime>()
            .ok()
            .map(|time| Value::Text(time.to_string())),
        _ => storable(&text).then(|| Value::Text(text.into_owned())),
    };
    value.ok_or(Misfit)
}

/// Whether Postgres takes the JSON as `jsonb`: it takes neither half a surrogate pair nor U+0000, which only escapes can be.
fn is_storable_json(json: &str) -> bool {
    !json.contains("\\u")
        || serde_json::from_str::<serde_json::Value>(json).is_ok_and(|value| is_storable(&value))
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
    if let Some(text) = plain_timestamp(text) {
        return Ok(Value::Text(text));
    }
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

/// A point in time in the form that the service writes, `2026-03-02T08:15:00Z`, with or without a fraction and the `Z`. `None` for
/// all that needs a calendar, which reads and writes ten times as slowly.
fn plain_timestamp(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let (head, rest) = bytes.split_at_checked(19)?;
    let is_form = head
        .iter()
        .zip(b"0000-00-00T00:00:00")
        .all(|(byte, form)| match form {
            b'0' => byte.is_ascii_digit(),
            form => byte == form,
        });
    let fraction = match rest.strip_suffix(b"Z").unwrap_or(rest) {
        [] => &[][..],
        [b'.', digits @ ..] if (1..=9).contains(&digits.len()) => digits,
        _ => return None,
    };
    let (year, month, day) = (text.get(..4)?, text.get(5..7)?, text.get(8..10)?);
    let is_plain = is_form
        && fraction.iter().all(u8::is_ascii_digit)
        && year > "0001"
        && ("01"..="12").contains(&month)
        // Every month has 28 days.
        && ("01"..="28").contains(&day)
        && text.get(11..13)? < "24"
        && text.get(14..16)? < "60"
        && text.get(17..19)? < "60";
    if !is_plain {
        return None;
    }
    let mut plain = String::with_capacity(24);
    plain.push_str(text.get(..19)?);
    plain.push('.');
    (0..3).for_each(|place| plain.push(fraction.get(place).copied().unwrap_or(b'0').into()));
    plain.push('Z');
    Some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_the_same_with_and_without_a_calendar() {
        for text in [
            "2026-03-02T08:15:00Z",
            "2026-03-02T08:15:00",
            "2026-03-02T08:15:00.5",
            "2026-03-02T08:15:00.1239999Z",
            "9999-12-28T23:59:59Z",
        ] {
            let plain = plain_timestamp(text).map(Value::Text);
            assert_eq!(plain, text.parse().ok().map(Value::timestamp), "{text}");
        }
        for text in [
            "2026-02-30T08:15:00Z",
            "2026-13-02T08:15:00Z",
            "2026-00-02T08:15:00Z",
            "2026-03-00T08:15:00Z",
            "2026-03-02T24:00:00Z",
            "2026-03-02T08:60:00Z",
            "2026-03-02T08:15:60Z",
            "2026-03-02T08:15:00+02:00",
            "2026-03-02T08:15:00.Z",
            "2026-03-02T08:15:00.1x",
            "0001-01-01T00:00:00",
            "2026-03-02",
            "2026-03-02T08:15:0é",
        ] {
            assert_eq!(plain_timestamp(text), None, "{text}");
        }
    }

    #[test]
    fn a_field_that_comes_twice_counts_as_it_comes_last() {
        let table = Table::find("tickets").unwrap();
        let plan = ReadingPlan::new(table);
        let place = table
            .columns
            .iter()
            .position(|it| it.name == "customer_id")
            .unwrap();
        for (json, expected, misfits) in [
            (r#"{"CustomerID": "x", "CustomerID": 7}"#, Value::Integer(7), 0),
            (r#"{"CustomerID": 7, "CustomerID": "x"}"#, Value::Null, 1),
            (r#"{"CustomerID": 7, "CustomerID": null}"#, Value::Null, 0),
        ] {
            let row = plan.read(json);
            assert_eq!(
                (&row.values[place], row.misfits.len()),
                (&expected, misfits),
                "{json}"
            );
        }
    }

    #[test]
    fn the_elements_of_arrays_are_read_with_the_record() {
        let plan = ReadingPlan::new(Table::find("invoices").unwrap());
        for (json, expected) in [
            (
                r#"{"LineItems": [{"ItemID":1}, 2]}"#,
                Some(vec![r#"{"ItemID":1}"#, "2"]),
            ),
            (r#"{"LineItems": null}"#, Some(vec![])),
            ("{}", Some(vec![])),
            (r#"{"LineItems": "x"}"#, None),
            ("7", None),
        ] {
            assert_eq!(plan.read(json).arrays, [expected], "{json}");
        }
    }

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
        let plan = ReadingPlan::new(table);
        let row = plan.read(r#"{"TicketID": 7, "TicketTitle": "a", "CustomerID": "x", "New": 1}"#);
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
        let row = ReadingPlan::new(table).read(json);
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
