//! What the text of a file is made of: the cells of CSV, the members of JSON objects, and the lines that they stand on.

use std::fmt;

use atera::description::Kind;
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::Value;

use crate::input::arguments;

/// Whether a text begins as `--output csv` writes one that a spreadsheet would take for a formula. Whether the apostrophe is part
/// of the text cannot be known, so it is left where it is.
pub(crate) fn is_guarded(cell: &str) -> bool {
    let rest = cell.strip_prefix('\'');
    rest.is_some_and(|rest| rest.starts_with(['=', '+', '-', '@', '\t', '\r']))
}

/// The value of a cell.
pub(crate) fn cell_value(kind: Kind, cell: &str) -> Result<Value, String> {
    match kind {
        Kind::Text => Ok(Value::from(cell)),
        Kind::Enum { values, .. } => Ok(Value::from(arguments::as_known(values, cell.trim()))),
        Kind::Object(_) | Kind::Array(_) | Kind::Map(_) => {
            serde_json::from_str(cell).map_err(|error| format!("it must be JSON: {error}"))
        }
        kind => arguments::parse(kind, cell.trim()),
    }
}

/// The members of a JSON object in their order, also those whose names are equal.
pub(crate) struct Members(pub(crate) Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OfObject;
        impl<'de> Visitor<'de> for OfObject {
            type Value = Members;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = object.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(OfObject)
    }
}

/// What separates the cells: a comma, unless the first line has only semicolons or tabs, as spreadsheets write them in countries
/// with a decimal comma.
pub(crate) fn delimiter(text: &str) -> u8 {
    let first = text.lines().next().unwrap_or_default();
    let only = |separator: char| first.contains(separator) && !first.contains(',');
    match () {
        () if only(';') => b';',
        () if only('\t') => b'\t',
        () => b',',
    }
}

/// The lines of the parts of a text, which are asked for in their order.
pub(crate) struct Lines<'a> {
    text: &'a str,
    /// How far lines were counted, in bytes.
    at: usize,
    line: u64,
}

impl<'a> Lines<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Lines { text, at: 0, line: 1 }
    }

    /// The line that a part begins on.
    pub(crate) fn of(&mut self, part: &str) -> u64 {
        let begins = (part.as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize);
        let between = self.text.as_bytes().get(self.at..begins).unwrap_or_default();
        self.line += between.iter().filter(|byte| **byte == b'\n').count() as u64;
        self.at = self.at.max(begins);
        self.line
    }
}
