//! `--output csv`, and the CSV files of an export: a row for each record, for spreadsheets.
//!
//! Texts and numbers are written as they are, arrays and objects as JSON. A text that a spreadsheet would run as a formula gets
//! an apostrophe in front, since titles of tickets come from strangers' mails. Objects have a column for each of their fields,
//! three levels deep, as far as the description knows them.
//!
//! `header` and `record` write into anything, so that an export can append rows to a file page by page.

use std::{
    borrow::Cow,
    io::{self, Write},
};

use atera::description::Kind;
use atera_records::{Column, Record, Written};

use super::{
    altered::{Altered, altered},
    destination::Output,
    format::{Format, RecordWriter},
};

/// The format.
pub(crate) static FORMAT: Format = Format {
    name: "csv",
    for_people: false,
    for_documents: false,
    keeps_pages: false,
    takes_bom: true,
    has_header: true,
    writer: |view| {
        Box::new(Csv {
            columns: view.columns(Column::all),
            are_of_first: false,
            bom: view.bom,
            names: !view.no_header,
        })
    },
};

/// Writes a header and rows. Where nothing is known of the records, the first of them has the columns.
struct Csv {
    columns: Vec<Column>,
    /// Whether they are those of the first record.
    are_of_first: bool,
    bom: bool,
    /// Whether there is a row with the names of the columns.
    names: bool,
}

impl Csv {
    /// Writes what comes before the first record.
    fn begin(&self, out: &mut dyn Output) -> io::Result<()> {
        match self.names {
            true => header(&self.columns, self.bom, out),
            false if self.bom => out.write_all(MARK.as_bytes()),
            false => Ok(()),
        }
    }
}

impl RecordWriter for Csv {
    fn record(&mut self, json: &str, number: u64, out: &mut dyn Output) -> io::Result<Option<Altered>> {
        if self.columns.is_empty() {
            self.columns = columns_of(&Record::new(json));
            self.are_of_first = true;
        }
        if number == 1 {
            self.begin(out)?;
        }
        let altered = record(&self.columns, json, out)?;
        let without_column = || {
            self.are_of_first
                .then(|| without_column(&self.columns, json))
                .flatten()
        };
        Ok(altered.or_else(without_column))
    }

    fn finish(&mut self, count: u64, out: &mut dyn Output) -> io::Result<()> {
        match count == 0 && !self.columns.is_empty() {
            true => self.begin(out),
            false => Ok(()),
        }
    }
}

/// The columns of a record of which nothing is known: its fields, or the value itself.
fn columns_of(record: &Record<'_>) -> Vec<Column> {
    let column = |name: &Cow<'_, str>| Column {
        path: vec![name.to_string()],
        kind: Kind::Any,
        heading: name.to_string(),
    };
    match &record.fields {
        Some(fields) => fields.keys().map(column).collect(),
        None => vec![Column {
            path: Vec::new(),
            kind: Kind::Any,
            heading: "value".to_string(),
        }],
    }
}

/// That a record has a field for which there is no column.
fn without_column(columns: &[Column], json: &str) -> Option<Altered> {
    if columns.iter().any(|column| column.path.is_empty()) {
        return None;
    }
    let fields = Record::new(json).fields?;
    let is_left_out = |name: &Cow<'_, str>| columns.iter().all(|column| column.heading != *name);
    let name = fields.into_keys().find(is_left_out)?;
    Some(Altered::NoColumn(name.into_owned()))
}

/// The byte order mark.
const MARK: &str = "\u{feff}";

/// The characters that begin a formula in a spreadsheet.
const BEGINS_A_FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// Writes the names of the columns.
pub(crate) fn header(columns: &[Column], bom: bool, out: &mut (impl Write + ?Sized)) -> io::Result<()> {
    if bom {
        out.write_all(MARK.as_bytes())?;
    }
    row(columns.iter().map(|column| column.heading.clone()), out)
}

/// Writes the row of a record. Returns how it differs from the record that was sent, if it does.
pub(crate) fn record(
    columns: &[Column],
    json: &str,
    out: &mut (impl Write + ?Sized),
) -> io::Result<Option<Altered>> {
    let record = Record::new(json);
    row(columns.iter().map(|column| cell(column.value(&record))), out)?;
    Ok(altered(columns, &record))
}

/// Writes a row, quoted where that is needed.
fn row(cells: impl Iterator<Item = String>, out: &mut (impl Write + ?Sized)) -> io::Result<()> {
    let mut writer = csv::WriterBuilder::new().buffer_capacity(1024).from_writer(out);
    writer.write_record(cells).map_err(io::Error::other)?;
    writer.flush()
}

/// The cell for a value, given as JSON.
fn cell(json: Option<&str>) -> String {
    match Written::of(json) {
        Written::Nothing => String::new(),
        Written::Text(text, _) => defused(&text),
        Written::Json(json) => json.into_owned(),
    }
}

/// A text that no spreadsheet takes for a formula: an apostrophe in front makes it text for all of them.
fn defused(text: &str) -> String {
    let rest = text.trim_start_matches(BEGINS_A_FORMULA);
    // Telephone numbers begin like formulas, and an apostrophe would break programs that read them.
    let is_number = text.starts_with(['+', '-'])
        && rest.starts_with(|first: char| first.is_ascii_digit() || first == '(')
        && rest.chars().all(|it| it.is_ascii_digit() || " ().".contains(it));
    match text.starts_with(BEGINS_A_FORMULA) && !is_number {
        true => format!("'{text}"),
        false => text.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::names::fields;

    #[test]
    fn rows_are_quoted_and_formulas_defused() {
        let columns: Vec<_> = ["a", "b.c", "d"]
            .iter()
            .map(|name| fields(None, false).column(name).expect(name))
            .collect();
        let mut out = Vec::new();
        header(&columns, true, &mut out).expect("a vector");
        for value in [
            json!({"a": "x, \"y\"\nz", "b": {"c": -7}, "d": [1, {"e": null}]}),
            json!({"a": "=HYPERLINK(\"x\")", "b": {"c": "-7"}, "d": "+44 (0)117 496.0123"}),
            json!({"a": "+1+cmd|' /C calc'!A0", "b": {"c": "-1-1"}, "d": true}),
            json!({"a": "@a", "b": null}),
        ] {
            record(&columns, &value.to_string(), &mut out).expect("a vector");
        }
        assert_eq!(
            String::from_utf8(out).expect("text"),
            "\u{feff}a,b.c,d\n\"x, \"\"y\"\"\nz\",-7,\"[1,{\"\"e\"\":null}]\"\n\
             \"'=HYPERLINK(\"\"x\"\")\",-7,+44 (0)117 496.0123\n'+1+cmd|' /C calc'!A0,'-1-1,true\n'@a,,\n"
        );
    }
}
