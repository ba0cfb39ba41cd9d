//! Records as rows of CSV.

use std::io::{self, Write};

use super::{
    select::Column,
    values::{Altered, Record, Written},
};

/// What spreadsheets take for the beginning of a formula.
const BEGINS_A_FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// The names of the columns.
pub(super) fn header(columns: &[Column], bom: bool, out: &mut impl Write) -> io::Result<()> {
    if bom {
        out.write_all("\u{feff}".as_bytes())?;
    }
    row(columns.iter().map(|column| column.heading.clone()), out)
}

/// A record: what is neither text nor a number is JSON. Tells if it is written otherwise than it was sent.
pub(super) fn record(columns: &[Column], json: &str, out: &mut impl Write) -> io::Result<Option<Altered>> {
    let record = Record::new(json);
    row(columns.iter().map(|column| cell(column.value(&record))), out)?;
    Ok(Column::altered(columns, &record))
}

fn row(cells: impl Iterator<Item = String>, out: &mut impl Write) -> io::Result<()> {
    let mut writer = csv::WriterBuilder::new().buffer_capacity(1024).from_writer(out);
    writer.write_record(cells).map_err(io::Error::other)?;
    writer.flush()
}

fn cell(json: Option<&str>) -> String {
    match Written::of(json) {
        Written::Nothing => String::new(),
        Written::Text(text, _) => defused(&text),
        Written::Json(json) => json.into_owned(),
    }
}

/// A text that no spreadsheet carries out: records hold what strangers wrote in their mails.
fn defused(text: &str) -> String {
    let rest = text.trim_start_matches(BEGINS_A_FORMULA);
    // Numbers of telephones begin like formulas, and are none.
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

    #[test]
    fn rows_are_quoted_and_formulas_defused() {
        let columns: Vec<_> = ["a", "b.c", "d"]
            .iter()
            .map(|name| Column::named(None, name, false).expect(name))
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
