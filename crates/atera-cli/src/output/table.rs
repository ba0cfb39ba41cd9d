//! `--output table`, for people: a line for each record, or a line for each field of one record.
//!
//! A table of records fits the terminal. Long texts are cut, and where nothing would be left of them, the least important
//! columns are left out; ids, numbers and times are never cut, because people copy them. Numbers are aligned to the right. With
//! `--select` nothing is left out and texts are broken into lines instead, since someone has asked for exactly these columns.

use std::io;

use atera::{
    description::{Kind, Schema},
    text::plain_line,
};
use atera_records::{Column, Record, Written};
use comfy_table::{Cell, CellAlignment, ColumnConstraint, ContentArrangement, Row, Table, Width, presets};

use super::{
    altered::{Altered, altered},
    cells::cell,
    destination::Output,
    format::{Format, RecordWriter},
    look::Look,
    states,
    view::View,
};

/// The columns of a table: the selected ones, or those that tell most.
fn telling(view: &View) -> Vec<Column> {
    match (&view.selected, &view.telling) {
        (None, Some(columns)) => columns.clone(),
        _ => view.columns(Column::summary),
    }
}

/// Spaces between columns.
const GAP: u16 = 2;
/// The most characters that are shown of a text.
const WIDEST_TEXT: u16 = 60;
/// The fewest characters of a text that are worth a column.
const NARROWEST_TEXT: u16 = 14;
/// The number of columns that stay, however narrow the terminal is.
const FEWEST_COLUMNS: usize = 3;

/// The format.
pub(crate) static FORMAT: Format = format("table", |view| TableWriter::boxed(telling(view), view.clone()));

/// The format with every single value of a record, however wide that is.
pub(crate) static WIDE: Format = format("wide", |view| {
    let mut view = view.clone();
    view.look.width = None;
    let columns = view.selected.clone().or_else(|| {
        let columns = view.schema.map(Column::all);
        columns.map(|columns| columns.into_iter().filter(|column| !column.has_parts()).collect())
    });
    TableWriter::boxed(columns.unwrap_or_default(), view)
});

/// What both formats have in common.
const fn format(name: &'static str, writer: fn(&View) -> Box<dyn RecordWriter>) -> Format {
    Format {
        name,
        for_people: true,
        for_documents: false,
        keeps_pages: false,
        takes_bom: false,
        has_header: true,
        writer,
    }
}

/// Writes a table when its last record has come, since a column is as wide as its widest cell. One record alone becomes a list
/// of its fields instead, which is easier to read than a table with one row.
struct TableWriter {
    rows: Rows,
    view: View,
}

impl TableWriter {
    fn boxed(columns: Vec<Column>, view: View) -> Box<dyn RecordWriter> {
        Box::new(TableWriter {
            rows: Rows::new(columns, view.selects()),
            view,
        })
    }
}

impl RecordWriter for TableWriter {
    fn record(&mut self, json: &str, _: u64, _: &mut dyn Output) -> io::Result<Option<Altered>> {
        Ok(self.rows.add(json))
    }

    fn finish(&mut self, _: u64, out: &mut dyn Output) -> io::Result<()> {
        let rows = std::mem::take(&mut self.rows);
        out.write_table(&rows.render(self.view.look, !self.view.no_header))
    }

    fn single(&mut self, json: &str, out: &mut dyn Output) -> io::Result<Option<Altered>> {
        if self.view.selects() {
            let altered = self.record(json, 1, out)?;
            self.finish(1, out)?;
            return Ok(altered);
        }
        let (table, altered) = record(self.view.schema, json, self.view.look);
        out.write_table(&table)?;
        Ok(altered)
    }
}

/// The rows of a table of records. Only the cells of a record are kept, not its JSON.
#[derive(Default)]
struct Rows {
    columns: Vec<Column>,
    rows: Vec<Vec<String>>,
    /// Whether every column stays, and texts are broken into lines rather than cut. This is so for selected columns.
    whole: bool,
}

impl Rows {
    /// A table with these columns. Without any, each record is shown as a single value.
    fn new(columns: Vec<Column>, whole: bool) -> Self {
        Rows {
            columns,
            rows: Vec::new(),
            whole,
        }
    }

    /// Adds a record, as cells. Returns how its row differs from what was sent, if it does. A value that is not an object has
    /// one cell.
    fn add(&mut self, json: &str) -> Option<Altered> {
        let record = Record::new(json);
        if record.fields.is_none() || self.columns.is_empty() {
            self.rows.push(vec![cell(Kind::Any, Some(json))]);
            return altered_value(json);
        }
        let cells = self.columns.iter();
        let row = cells.map(|column| cell(column.kind, column.value(&record)));
        self.rows.push(row.collect());
        altered(&self.columns, &record)
    }

    /// The table as text.
    ///
    /// A column needs the width of its widest cell, or the least that is worth showing of a text. If the terminal has no room
    /// for all columns, the least important one is left out, and so on until the others have room.
    fn render(mut self, look: Look, header: bool) -> String {
        let width = look.width;
        loop {
            let table = self.table(look, header);
            let needed = table.column_max_content_widths();
            let needed = needed.iter().zip(&self.columns).map(|(natural, column)| {
                let shown = match may_be_cut(column) {
                    true => (*natural).min(NARROWEST_TEXT),
                    false => *natural,
                };
                usize::from(shown + GAP)
            });
            // The last column has no gap behind it.
            let fits = width.is_none_or(|width| needed.sum::<usize>() <= usize::from(width + GAP));
            if fits || self.whole || self.columns.len() <= FEWEST_COLUMNS {
                let text = lines(&table);
                return match text.split_once('\n') {
                    Some((names, rows)) if header && !self.columns.is_empty() => {
                        format!("{}\n{rows}", look.name(names))
                    }
                    _ => text,
                };
            }
            // The last column is the time, and the one before it the least important.
            let least = self.columns.len() - 2;
            self.columns.remove(least);
            for row in &mut self.rows {
                row.remove(least);
            }
        }
    }

    /// Whether a column has numbers: by the description, or because all of its cells are numbers where there is none.
    fn has_numbers(&self, index: usize) -> bool {
        let mut cells = self.rows.iter().filter_map(|row| row.get(index));
        match self.columns.get(index).map(|column| column.kind) {
            Some(Kind::Integer | Kind::Number) => true,
            Some(Kind::Any) | None => cells.all(|cell| cell.is_empty() || cell.parse::<f64>().is_ok()),
            Some(_) => false,
        }
    }

    /// The table for this width. comfy-table arranges the columns within it.
    fn table(&self, look: Look, header: bool) -> Table {
        // The library that colours the cells looks at NO_COLOR by itself. Whether there are colours was decided before.
        crossterm::style::force_color_output(look.bold);
        let mut table = plain(look.width);
        if header && !self.columns.is_empty() {
            let mut header = Row::from(self.columns.iter().map(|column| &column.heading));
            header.max_height(1);
            table.set_header(header);
        }
        for cells in &self.rows {
            let mut row = match look.bold {
                true => {
                    let cells = cells.iter().enumerate();
                    Row::from(cells.map(|(index, cell)| colored(cell, self.columns.get(index))))
                }
                false => Row::from(cells),
            };
            if !self.whole {
                row.max_height(1);
            }
            table.add_row(row);
        }
        let last = table.column_count().saturating_sub(1);
        for (index, column) in table.column_iter_mut().enumerate() {
            let may_be_cut = self.columns.get(index).is_none_or(may_be_cut);
            column.set_padding((0, if index == last { 0 } else { GAP }));
            if self.has_numbers(index) {
                column.set_cell_alignment(CellAlignment::Right);
            }
            if self.whole {
                continue;
            }
            column.set_constraint(match may_be_cut {
                true => ColumnConstraint::UpperBoundary(Width::Fixed(WIDEST_TEXT + GAP)),
                false => ColumnConstraint::ContentWidth,
            });
        }
        table
    }
}

/// Whether a value may be cut to fit a table. Half of a number, a time or a value of a list would be another one.
fn may_be_cut(column: &Column) -> bool {
    matches!(column.kind, Kind::Text | Kind::Any) || column.has_parts()
}

/// A cell in the colour of its state, if it has one.
fn colored(text: &str, column: Option<&Column>) -> Cell {
    let cell = Cell::new(text);
    match column.and_then(|column| states::color(column, text)) {
        Some(color) => cell.fg(color),
        None => cell,
    }
}

/// One record, a field on each line: first in the order of the description, then the fields that it lacks. Returns also how
/// the table differs from what was sent, if it does.
fn record(schema: Option<&'static Schema>, json: &str, look: Look) -> (String, Option<Altered>) {
    let Some(mut left) = Record::new(json).fields else {
        return (format!("{}\n", cell(Kind::Any, Some(json))), altered_value(json));
    };
    let mut shown = Vec::new();
    for field in schema.map_or(&[][..], |schema| schema.fields) {
        if let Some(value) = left.remove(field.name) {
            shown.push((field.name.to_string(), field.kind, value));
        }
    }
    shown.extend(
        left.into_iter()
            .map(|(name, value)| (plain_line(&name), Kind::Any, value)),
    );
    let mut table = plain(look.width);
    let (mut names, mut altered) = (0, None);
    for (name, kind, value) in shown {
        table.add_row([name.as_str(), &cell(kind, Some(value))]);
        names = names.max(name.chars().count());
        if matches!(Written::of(Some(value)), Written::Text(_, false)) {
            altered.get_or_insert(Altered::Text(name));
        }
    }
    for (index, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, if index == 0 { GAP } else { 0 }));
        if index == 0 {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
    let text = lines(&table);
    let line = |line: &str| match line.char_indices().nth(names) {
        Some((end, _)) => look.name(&line[..end]) + &line[end..],
        None => look.name(line),
    };
    (text.lines().map(|text| line(text) + "\n").collect(), altered)
}

/// How the cell of a value that is not an object differs from what was sent, if it does. Such a value has no field to name.
fn altered_value(json: &str) -> Option<Altered> {
    let is_whole = !matches!(Written::of(Some(json)), Written::Text(_, false));
    (!is_whole).then(|| Altered::Text("value".to_string()))
}

/// The answer of a write in a line: its id, and whatever else it holds. `None` if it says nothing.
///
/// The service answers a write with an id, sometimes twice under two names, and with whether it succeeded. The line has the id
/// once, and leaves the success out.
pub(crate) fn acknowledgement(schema: Option<&'static Schema>, json: &str) -> Option<String> {
    let Some(fields) = Record::new(json).fields else {
        return Some(cell(Kind::Any, Some(json)));
    };
    let kind = |name: &str| {
        let field = schema?.fields.iter().find(|field| field.name == name);
        field.map(|field| field.kind)
    };
    let mut said: Vec<String> = Vec::new();
    let id = fields
        .iter()
        .find(|(name, _)| matches!(kind(name), Some(Kind::ActionId)));
    if let Some((_, value)) = id {
        said.push(cell(Kind::Any, Some(value)));
    }
    for (name, value) in &fields {
        let text = cell(kind(name).unwrap_or(Kind::Any), Some(value));
        // A success needs no word, since a failure is an error.
        let known = said.first() == Some(&text) || (name == "Success" && *value == "true");
        if !known && !text.is_empty() {
            said.push(format!("{} {text}", plain_line(name)));
        }
    }
    (!said.is_empty()).then(|| said.join(", "))
}

/// A table without rules, no wider than the terminal.
fn plain(width: Option<u16>) -> Table {
    let mut table = Table::new();
    // Which cells have colours was decided before: whether stdout is a terminal does not matter here.
    table
        .enforce_styling()
        .load_preset(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_truncation_indicator("…")
        .set_width(width.unwrap_or(u16::MAX));
    table
}

/// The lines of a table, without white space at their ends, and with a line break behind the last. A table without cells has
/// no lines.
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
    use crate::names::fields;

    fn schema(name: &str) -> Option<&'static Schema> {
        Some(Schema::find(name).expect("a schema"))
    }

    /// A table of two tickets, of which one has a long title.
    fn tickets(width: Option<u16>) -> String {
        let mut rows = Rows::new(Column::summary(schema("Ticket").expect("a schema")), false);
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
        rows.render(Look { width, bold: false }, true)
    }

    #[test]
    fn records_are_lines_under_their_names() {
        assert_eq!(
            tickets(None).lines().collect::<Vec<_>>(),
            [
                "TicketID  Title                                             Status  Priority  CustomerName   TechnicianFullName  CreatedDate",
                "       7  Printer                                           Open    High      Harbor Dental                      2026-03-02 08:15",
                "   54321  The printer on the second floor is on fire again  Open    High      Harbor Dental                      2026-03-02 08:15",
            ]
        );
    }

    #[test]
    fn numbers_end_at_the_same_place() {
        let column = |name| fields(None, false).column(name).expect("a column");
        let mut rows = Rows::new(["n", "text", "both"].map(column).to_vec(), true);
        rows.add(r#"{"n": -7.5, "text": "a", "both": 1}"#);
        rows.add(r#"{"n": 1200, "text": "bc", "both": "none"}"#);
        rows.add(r#"{"n": null, "text": "d", "both": 20}"#);
        assert_eq!(
            rows.render(Look::default(), true),
            "   n  text  both\n-7.5  a     1\n1200  bc    none\n      d     20\n"
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
            record(schema("Ticket"), &ticket.to_string(), Look::default()).0,
            "TicketID     7\nTicketTitle  Printer\nContractID\nExtra        [1]\n"
        );
    }

    #[test]
    fn names_stand_out_where_they_can() {
        let look = Look {
            width: None,
            bold: true,
        };
        let ticket = json!({"TicketTitle": "Printer", "TicketID": 7}).to_string();
        let (shown, _) = record(schema("Ticket"), &ticket, look);
        assert_eq!(
            shown,
            "\u{1b}[1mTicketID   \u{1b}[0m  7\n\u{1b}[1mTicketTitle\u{1b}[0m  Printer\n"
        );
        let mut rows = Rows::new(vec![fields(None, false).column("a").expect("a column")], true);
        rows.add(r#"{"a": 1}"#);
        assert_eq!(rows.render(look, true), "\u{1b}[1ma\u{1b}[0m\n1\n");
    }

    #[test]
    fn a_write_leaves_the_id() {
        let said = |answer: serde_json::Value| acknowledgement(schema("ActionResult"), &answer.to_string());
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
