//! Tables: of records, of one record, and the line that a write leaves.

use std::{
    collections::BTreeMap,
    io::{self, IsTerminal},
};

use comfy_table::{ColumnConstraint, ContentArrangement, Table, Width, presets};
use serde_json::Value;
use terminal_size::terminal_size;

use super::{cells::cell, columns::columns};
use crate::{Field, Kind, Schema};

/// The widest that a column gets.
const WIDEST_COLUMN: u16 = 60;

/// The width of the terminal, if stdout is one.
pub(super) fn width() -> Option<u16> {
    let (width, _) = io::stdout().is_terminal().then(terminal_size).flatten()?;
    Some(width.0)
}

/// The rows of a table of records. Only what it shows of a record is kept.
pub(super) struct Rows {
    columns: Vec<&'static Field>,
    rows: Vec<Vec<String>>,
}

impl Rows {
    /// For records of this schema; without one they are single values.
    pub(super) fn new(record: Option<&'static Schema>) -> Self {
        Rows {
            columns: record.map(columns).unwrap_or_default(),
            rows: Vec::new(),
        }
    }

    /// Adds the record that this JSON text is.
    pub(super) fn add(&mut self, text: &str) {
        let value: Value = serde_json::from_str(text).unwrap_or_else(|_| text.into());
        let row = match &value {
            Value::Object(record) if !self.columns.is_empty() => {
                let cells = self.columns.iter().map(|field| {
                    let value = record.get(field.name).unwrap_or(&Value::Null);
                    cell(field.kind, value)
                });
                cells.collect()
            }
            value => vec![cell(Kind::Any, value)],
        };
        self.rows.push(row);
    }

    /// The table, a line for each record: what does not fit is cut off.
    pub(super) fn render(self, width: Option<u16>) -> String {
        let mut table = plain(width);
        if !self.columns.is_empty() {
            let mut names = comfy_table::Row::from(self.columns.iter().map(|field| field.name));
            names.max_height(1);
            table.set_header(names);
        }
        for cells in self.rows {
            let mut row = comfy_table::Row::from(cells);
            row.max_height(1);
            table.add_row(row);
        }
        for (index, column) in table.column_iter_mut().enumerate() {
            // A key, a number or a time that is cut off is worth nothing.
            let whole = index == 0
                || self
                    .columns
                    .get(index)
                    .is_some_and(|field| !matches!(field.kind, Kind::Text));
            column.set_padding((0, 2));
            column.set_constraint(match whole {
                true => ColumnConstraint::ContentWidth,
                false => ColumnConstraint::UpperBoundary(Width::Fixed(WIDEST_COLUMN)),
            });
        }
        lines(&table)
    }
}

/// One record: a field a line, in the order of the description, then those that it lacks.
pub(super) fn record(schema: Option<&'static Schema>, value: &Value, width: Option<u16>) -> String {
    let Value::Object(object) = value else {
        return format!("{}\n", cell(Kind::Any, value));
    };
    let mut left: BTreeMap<_, _> = object.iter().collect();
    let mut table = plain(width);
    for field in schema.map_or(&[][..], |schema| schema.fields) {
        if let Some((name, value)) = left.remove_entry(&field.name.to_string()) {
            table.add_row([name.as_str(), &cell(field.kind, value)]);
        }
    }
    for (name, value) in left {
        table.add_row([name.as_str(), &cell(Kind::Any, value)]);
    }
    for (index, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, 2));
        if index == 0 {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
    lines(&table)
}

/// What the answer of a write says: an id, and whatever else it holds. `None` if it says nothing.
pub(super) fn acknowledgement(schema: Option<&'static Schema>, value: &Value) -> Option<String> {
    let Value::Object(object) = value else {
        return Some(cell(Kind::Any, value));
    };
    let kind = |name: &str| {
        let field = schema?.fields.iter().find(|field| field.name == name);
        field.map(|field| field.kind)
    };
    let mut said: Vec<String> = Vec::new();
    let id = object
        .iter()
        .find(|(name, _)| matches!(kind(name), Some(Kind::ActionId)));
    if let Some((_, value)) = id {
        said.push(cell(Kind::Any, value));
    }
    for (name, value) in object {
        let text = cell(kind(name).unwrap_or(Kind::Any), value);
        // That it succeeded is told by there being no error.
        let known = said.first() == Some(&text) || (name == "Success" && *value == Value::Bool(true));
        if !known && !text.is_empty() {
            said.push(format!("{name} {text}"));
        }
    }
    (!said.is_empty()).then(|| said.join(", "))
}

/// A table without lines, as wide as it needs to be and no wider than the terminal.
fn plain(width: Option<u16>) -> Table {
    let mut table = Table::new();
    table
        .load_preset(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_truncation_indicator("…")
        .set_width(width.unwrap_or(u16::MAX));
    table
}

fn lines(table: &Table) -> String {
    if table.is_empty() && table.header().is_none() {
        return String::new();
    }
    format!("{}\n", table.trim_fmt())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn schema(name: &str) -> Option<&'static Schema> {
        Some(Schema::find(name).expect("a schema"))
    }

    fn tickets(width: Option<u16>) -> String {
        let mut rows = Rows::new(schema("Ticket"));
        for (id, title) in [
            (7, "Printer"),
            (54321, "The printer on the second floor is on fire again"),
        ] {
            let ticket = json!({
                "TicketID": id, "TicketTitle": title, "TicketStatus": "Open", "TicketPriority": "High",
                "CustomerName": "Harbor Dental", "TicketCreatedDate": "2026-03-02T08:15:42Z", "Unknown": {},
            });
            rows.add(&ticket.to_string());
        }
        rows.render(width)
    }

    #[test]
    fn records_are_lines_under_their_names() {
        let table = tickets(None);
        let lines: Vec<Vec<_>> = table
            .lines()
            .map(|line| line.split("  ").filter(|cell| !cell.is_empty()).collect())
            .collect();
        assert_eq!(lines[0][..2], ["TicketID", "TicketTitle"], "{table}");
        let first: Vec<_> = lines[1].iter().map(|cell| cell.trim()).collect();
        assert_eq!(
            first,
            [
                "7",
                "Printer",
                "Open",
                "High",
                "Harbor Dental",
                "2026-03-02 08:15"
            ],
            "{table}"
        );
        assert_eq!(
            lines[2][1].trim(),
            "The printer on the second floor is on fire again",
            "{table}"
        );
    }

    #[test]
    fn a_table_fits_the_terminal_and_shows_what_is_cut_off() {
        for width in [80, 100, 120] {
            let table = tickets(Some(width));
            assert_eq!(table.lines().count(), 3, "{table}");
            assert!(
                table.lines().all(|line| line.chars().count() <= width.into()),
                "{table}"
            );
            assert!(table.contains('…') && table.contains("54321"), "{table}");
        }
    }

    #[test]
    fn a_record_shows_every_field_that_was_sent() {
        let ticket = json!({"Extra": [1], "TicketTitle": "Printer", "TicketID": 7, "ContractID": null});
        assert_eq!(
            record(schema("Ticket"), &ticket, None),
            "TicketID     7\nTicketTitle  Printer\nContractID\nExtra        [1]\n"
        );
    }

    #[test]
    fn a_write_leaves_the_id() {
        let said = |answer| acknowledgement(schema("ActionResult"), &answer);
        for answer in [
            json!({"ActionID": 54321}),
            json!({"ActionID": "54321", "TicketID": 54321}),
            json!({"ActionID": 54321, "Success": true}),
        ] {
            assert_eq!(said(answer).as_deref(), Some("54321"));
        }
        assert_eq!(
            said(json!({"ActionID": 54321, "Success": false})).as_deref(),
            Some("54321, Success false")
        );
        assert_eq!(said(json!({})), None);
    }
}
