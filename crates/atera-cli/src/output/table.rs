//! Tables: of records, of one record, and the line that a write leaves.

use std::io::{self, IsTerminal};

use anstream::{AutoStream, ColorChoice};
use comfy_table::{ColumnConstraint, ContentArrangement, Row, Table, Width, presets};
use terminal_size::terminal_size;

use super::{
    cells::cell,
    format::Format,
    select::Column,
    values::{Altered, Record, Written},
};
use crate::{Kind, Schema, plain::plain_line};

/// Spaces between columns.
const GAP: u16 = 2;
/// How much of a text is shown at most.
const WIDEST_TEXT: u16 = 60;
/// How much of a text has to be shown for a column to be worth its place.
const NARROWEST_TEXT: u16 = 14;
/// How many columns stay, however narrow the terminal is.
const FEWEST_COLUMNS: usize = 3;

/// How a table is to look.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Look {
    /// How many columns of text there are room for, if there is an end to it.
    pub(super) width: Option<u16>,
    /// Whether names stand out.
    pub(super) bold: bool,
}

impl Look {
    /// What suits stdout, or else a file.
    pub(super) fn of_stdout(to_file: bool) -> Self {
        if to_file {
            return Look::default();
        }
        let width = || io::stdout().is_terminal().then(terminal_size).flatten();
        Look {
            width: width().map(|(width, _)| width.0),
            // It knows of NO_COLOR, of CLICOLOR_FORCE and of terminals that cannot.
            bold: AutoStream::choice(&io::stdout()) != ColorChoice::Never,
        }
    }

    fn name(self, text: &str) -> String {
        match self.bold && !text.is_empty() {
            true => format!("\u{1b}[1m{text}\u{1b}[0m"),
            false => text.to_string(),
        }
    }
}

/// The format where none was asked for: a table for people, JSON for programs.
pub(super) fn suits_stdout(to_file: bool) -> Format {
    match !to_file && io::stdout().is_terminal() {
        true => Format::Table,
        false => Format::Json,
    }
}

/// The rows of a table of records. Only what it shows of a record is kept.
pub(super) struct Rows {
    columns: Vec<Column>,
    rows: Vec<Vec<String>>,
    /// Whether every column stays, and texts are broken into lines rather than cut.
    whole: bool,
}

impl Rows {
    /// With these columns; without any, each record is a single value.
    pub(super) fn new(columns: Vec<Column>, whole: bool) -> Self {
        Rows {
            columns,
            rows: Vec::new(),
            whole,
        }
    }

    /// Adds a record. Tells if it is shown otherwise than it was sent.
    pub(super) fn add(&mut self, json: &str) -> Option<Altered> {
        let record = Record::new(json);
        if record.fields.is_none() || self.columns.is_empty() {
            self.rows.push(vec![cell(Kind::Any, Some(json))]);
            return altered_value(json);
        }
        let cells = self.columns.iter();
        let row = cells.map(|column| cell(column.kind, column.value(&record)));
        self.rows.push(row.collect());
        Column::altered(&self.columns, &record)
    }

    /// The table, a line for each record: what does not fit is cut off, and the least telling columns are left out
    /// where nothing would be left of the others.
    pub(super) fn render(mut self, look: Look) -> String {
        let width = look.width;
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
            if fits || self.whole || self.columns.len() <= FEWEST_COLUMNS {
                let text = lines(&table);
                return match text.split_once('\n') {
                    Some((header, rows)) if !self.columns.is_empty() => {
                        format!("{}\n{rows}", look.name(header))
                    }
                    _ => text,
                };
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
            let mut header = Row::from(self.columns.iter().map(|column| &column.heading));
            header.max_height(1);
            table.set_header(header);
        }
        for cells in &self.rows {
            let mut row = Row::from(cells);
            if !self.whole {
                row.max_height(1);
            }
            table.add_row(row);
        }
        let last = table.column_count().saturating_sub(1);
        for (index, column) in table.column_iter_mut().enumerate() {
            let may_be_cut = self.columns.get(index).is_none_or(Column::may_be_cut);
            column.set_padding((0, if index == last { 0 } else { GAP }));
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

/// One record: a field a line, in the order of the description, then those that it lacks. Tells also if it is shown
/// otherwise than it was sent.
pub(super) fn record(schema: Option<&'static Schema>, json: &str, look: Look) -> (String, Option<Altered>) {
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

/// What of a value that is no object is shown otherwise than it was sent.
fn altered_value(json: &str) -> Option<Altered> {
    let is_whole = !matches!(Written::of(Some(json)), Written::Text(_, false));
    (!is_whole).then(|| Altered::Text("value".to_string()))
}

/// What the answer of a write says: an id, and whatever else it holds. `None` if it says nothing.
pub(super) fn acknowledgement(schema: Option<&'static Schema>, json: &str) -> Option<String> {
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
        // That it succeeded is told by there being no error.
        let known = said.first() == Some(&text) || (name == "Success" && *value == "true");
        if !known && !text.is_empty() {
            said.push(format!("{} {text}", plain_line(name)));
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
        let mut rows = Rows::new(Column::telling(schema("Ticket").expect("a schema")), false);
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
        rows.render(Look { width, bold: false })
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
        let mut rows = Rows::new(vec![Column::named(None, "a", false).expect("a column")], true);
        rows.add(r#"{"a": 1}"#);
        assert_eq!(rows.render(look), "\u{1b}[1ma\u{1b}[0m\n1\n");
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
