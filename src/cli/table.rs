//! Tables: of records, of one record, and the line that a write leaves.

use std::{
    collections::BTreeMap,
    io::{self, IsTerminal},
};

use comfy_table::{ColumnConstraint, ContentArrangement, Row, Table, Width, presets};
use serde_json::Value;
use terminal_size::terminal_size;

use super::{
    cells::cell,
    columns::{columns, heading},
};
use crate::{Field, Kind, Schema};

/// Spaces between columns.
const GAP: u16 = 2;
/// How much of a text is shown at most.
const WIDEST_TEXT: u16 = 60;
/// How much of a text has to be shown for a column to be worth its place.
const NARROWEST_TEXT: u16 = 14;
/// How many columns stay, however narrow the terminal is.
const FEWEST_COLUMNS: usize = 3;

/// The width of the terminal, if stdout is one.
pub(super) fn width() -> Option<u16> {
    let (width, _) = io::stdout().is_terminal().then(terminal_size).flatten()?;
    Some(width.0)
}

/// The rows of a table of records. Only what it shows of a record is kept.
pub(super) struct Rows {
    columns: Vec<Column>,
    rows: Vec<Vec<String>>,
}

struct Column {
    field: &'static Field,
    heading: &'static str,
}

impl Column {
    /// Whether a part of a value is worth something: not of a number, a time, or one of a list.
    fn may_be_cut(&self) -> bool {
        matches!(self.field.kind, Kind::Text)
    }
}

impl Rows {
    /// For records of this schema; without one they are single values.
    pub(super) fn new(record: Option<&'static Schema>) -> Self {
        let columns = record.map(|schema| {
            let columns = columns(schema).into_iter();
            columns.map(|field| Column {
                field,
                heading: heading(schema, field),
            })
        });
        Rows {
            columns: columns.into_iter().flatten().collect(),
            rows: Vec::new(),
        }
    }

    /// Adds the record that this JSON text is.
    pub(super) fn add(&mut self, text: &str) {
        let value: Value = serde_json::from_str(text).unwrap_or_else(|_| text.into());
        let row = match &value {
            Value::Object(record) if !self.columns.is_empty() => {
                let cells = self.columns.iter().map(|column| {
                    let value = record.get(column.field.name).unwrap_or(&Value::Null);
                    cell(column.field.kind, value)
                });
                cells.collect()
            }
            value => vec![cell(Kind::Any, value)],
        };
        self.rows.push(row);
    }

    /// The table, a line for each record: what does not fit is cut off, and the least telling columns are left out
    /// where nothing would be left of the others.
    pub(super) fn render(mut self, width: Option<u16>) -> String {
        loop {
            let table = self.table(width);
            let needed = table.column_max_content_widths();
            let needed = needed.iter().zip(&self.columns).map(|(natural, column)| {
                let shown = match column.may_be_cut() {
                    true => (*natural).min(NARROWEST_TEXT),
                    false => *natural,
                };
                usize::from(shown + GAP)
            });
            // The last column has no gap behind it.
            let fits = width.is_none_or(|width| needed.sum::<usize>() <= usize::from(width + GAP));
            if fits || self.columns.len() <= FEWEST_COLUMNS {
                return lines(&table);
            }
            // The last is the time; before it stands what tells least.
            let least = self.columns.len() - 2;
            self.columns.remove(least);
            for row in &mut self.rows {
                row.remove(least);
            }
        }
    }

    fn table(&self, width: Option<u16>) -> Table {
        let mut table = plain(width);
        if !self.columns.is_empty() {
            let mut header = Row::from(self.columns.iter().map(|column| column.heading));
            header.max_height(1);
            table.set_header(header);
        }
        for cells in &self.rows {
            let mut row = Row::from(cells);
            row.max_height(1);
            table.add_row(row);
        }
        let last = table.column_count().saturating_sub(1);
        for (index, column) in table.column_iter_mut().enumerate() {
            let may_be_cut = self.columns.get(index).is_none_or(Column::may_be_cut);
            column.set_padding((0, if index == last { 0 } else { GAP }));
            column.set_constraint(match may_be_cut {
                true => ColumnConstraint::UpperBoundary(Width::Fixed(WIDEST_TEXT + GAP)),
                false => ColumnConstraint::ContentWidth,
            });
        }
        table
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
        column.set_padding((0, if index == 0 { GAP } else { 0 }));
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
        assert_eq!(
            tickets(None).lines().collect::<Vec<_>>(),
            [
                "TicketID  Title                                             Status  Priority  CustomerName   TechnicianFullName  CreatedDate",
                "7         Printer                                           Open    High      Harbor Dental                      2026-03-02 08:15",
                "54321     The printer on the second floor is on fire again  Open    High      Harbor Dental                      2026-03-02 08:15",
            ]
        );
    }

    #[test]
    fn a_table_fits_the_terminal_and_shows_what_is_cut_off() {
        for width in [60, 80, 100, 120] {
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
    fn a_narrow_table_leaves_out_what_tells_least() {
        let header = |width| tickets(Some(width)).lines().next().map(str::to_string);
        assert_eq!(
            header(80)
                .as_deref()
                .map(|line| line.split_whitespace().collect::<Vec<_>>()),
            Some(vec![
                "TicketID",
                "Title",
                "Status",
                "Priority",
                "CustomerName",
                "CreatedDate"
            ])
        );
        assert!(header(20).is_some_and(|line| line.starts_with("TicketID")));
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
