//! Prints records one after another: as the service sent them, as rows of a table, or as rows of CSV.
//!
//! Nothing is kept but for a table, whose columns are as wide as their widest cell, and for `--sort`.

use std::{borrow::Cow, io};

use serde_json::Value;

use super::{
    csv_rows,
    destination::Output,
    failure::Failure,
    format::Format,
    globals::Globals,
    select::{Column, project},
    sort,
    table::{self, Look, Rows},
};
use crate::Schema;

/// What is printed of records, and how.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    pub(super) format: Format,
    pub(super) look: Look,
    schema: Option<&'static Schema>,
    selected: Option<Vec<Column>>,
    order: Vec<(Column, bool)>,
    bom: bool,
}

impl Layout {
    /// For records of this schema; without one they are single values, or nothing is known of their fields.
    pub(super) fn new(
        globals: &Globals,
        schema: Option<&'static Schema>,
        allow_unknown: bool,
    ) -> Result<Self, Failure> {
        let named = |name: &String| Column::named(schema, name, allow_unknown);
        let selected: Vec<_> = globals.select.iter().map(named).collect::<Result<_, _>>()?;
        let order = globals
            .sort
            .iter()
            .map(|key| Ok((named(&key.name)?, key.downwards)));
        let to_file = globals.output_file.is_some();
        Ok(Layout {
            format: globals.format.unwrap_or_else(|| table::suits_stdout(to_file)),
            look: Look::of_stdout(to_file),
            schema,
            selected: (!selected.is_empty()).then_some(selected),
            order: order.collect::<Result<_, Failure>>()?,
            bom: globals.bom,
        })
    }

    /// Selects these columns, unless others were asked for.
    pub(super) fn or_select(mut self, columns: impl FnOnce(&'static Schema) -> Vec<Column>) -> Self {
        if self.selected.is_none() {
            self.selected = self.schema.map(columns);
        }
        self
    }

    /// Whether everything is kept until the end.
    pub(super) fn keeps_all(&self) -> bool {
        self.format == Format::Table || !self.order.is_empty()
    }

    /// A JSON text with what is selected alone.
    pub(super) fn project<'a>(&self, text: &'a str) -> Cow<'a, str> {
        match &self.selected {
            Some(columns) if text.starts_with('{') => Cow::Owned(project(text, columns)),
            _ => Cow::Borrowed(text),
        }
    }

    /// Whether fields were selected.
    pub(super) fn selects(&self) -> bool {
        self.selected.is_some()
    }
}

/// Where records go.
pub(super) struct Sink {
    layout: Layout,
    form: Form,
    kept: Vec<(Value, String)>,
    count: u64,
}

enum Form {
    Array,
    Lines,
    Items,
    Csv(Vec<Column>),
    Table(Rows),
}

impl Sink {
    pub(super) fn new(layout: Layout) -> Self {
        let columns = |otherwise: fn(&'static Schema) -> Vec<Column>| {
            let chosen = layout.selected.clone().or_else(|| layout.schema.map(otherwise));
            chosen.unwrap_or_default()
        };
        let form = match layout.format {
            Format::Json => Form::Array,
            Format::Ndjson => Form::Lines,
            Format::Yaml => Form::Items,
            Format::Csv => Form::Csv(columns(Column::all)),
            Format::Table => Form::Table(Rows::new(columns(Column::telling), layout.selects())),
        };
        Sink {
            layout,
            form,
            kept: Vec::new(),
            count: 0,
        }
    }

    /// How many records it has taken.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// Takes a record as JSON text.
    pub(super) fn record(&mut self, text: &str, out: &mut impl Output) -> io::Result<()> {
        self.count += 1;
        if self.layout.order.is_empty() {
            return self.print(text, self.count == 1, out);
        }
        self.kept.push((parsed(text), text.to_string()));
        Ok(())
    }

    fn print(&mut self, text: &str, is_first: bool, out: &mut impl Output) -> io::Result<()> {
        match &mut self.form {
            // The bracket waits for the first record, so that a walk that fails at once prints nothing.
            Form::Array => {
                out.write_all(if is_first { b"[\n" } else { b",\n" })?;
                out.write_all(self.layout.project(text).as_bytes())
            }
            Form::Lines => {
                out.write_all(on_one_line(&self.layout.project(text)).as_bytes())?;
                out.write_all(b"\n")
            }
            Form::Items => out.write_all(yaml(&self.layout.project(text), true)?.as_bytes()),
            Form::Csv(columns) => {
                let value = parsed(text);
                if columns.is_empty() {
                    *columns = columns_of(&value);
                }
                if is_first {
                    csv_rows::header(columns, self.layout.bom, out)?;
                }
                csv_rows::record(columns, &value, out)
            }
            Form::Table(rows) => {
                rows.add(&parsed(text));
                Ok(())
            }
        }
    }

    /// Prints what is left, and returns how many records there were.
    pub(super) fn finish(mut self, out: &mut impl Output) -> io::Result<u64> {
        let mut kept = std::mem::take(&mut self.kept);
        kept.sort_by(|(one, _), (other, _)| sort::compare(&self.layout.order, one, other));
        for (index, (_, text)) in kept.iter().enumerate() {
            self.print(text, index == 0, out)?;
        }
        match self.form {
            Form::Array if self.count == 0 => out.write_all(b"[]\n")?,
            Form::Array => out.write_all(b"\n]\n")?,
            Form::Items if self.count == 0 => out.write_all(b"[]\n")?,
            Form::Csv(columns) if self.count == 0 && !columns.is_empty() => {
                csv_rows::header(&columns, self.layout.bom, out)?;
            }
            Form::Items | Form::Lines | Form::Csv(_) => {}
            Form::Table(rows) => out.write_table(&rows.render(self.layout.look))?,
        }
        Ok(self.count)
    }
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| text.into())
}

/// The columns of a record of which nothing is known: its fields, or the value itself.
fn columns_of(value: &Value) -> Vec<Column> {
    let column = |name: &String| Column {
        path: vec![name.clone()],
        kind: crate::Kind::Any,
        heading: name.clone(),
    };
    match value {
        Value::Object(fields) => fields.keys().map(column).collect(),
        _ => vec![Column {
            path: Vec::new(),
            kind: crate::Kind::Any,
            heading: "value".to_string(),
        }],
    }
}

/// JSON text as YAML: fields in the order in which they were sent.
pub(super) fn yaml(json: &str, is_item: bool) -> io::Result<String> {
    let mut json = serde_json::Deserializer::from_str(json);
    let value = serde_transcode::Transcoder::new(&mut json);
    let text = match is_item {
        true => serde_saphyr::to_string(&(value,)),
        false => serde_saphyr::to_string(&value),
    };
    text.map_err(io::Error::other)
}

/// JSON text without the line breaks that the service may have put between its tokens; nothing else changes.
pub(super) fn on_one_line(json: &str) -> Cow<'_, str> {
    // One by one, since that is a search for a byte.
    if !json.contains('\n') && !json.contains('\r') {
        return Cow::Borrowed(json);
    }
    // Within a string there are none, since JSON escapes them there: all white space around one is between tokens.
    let lines = json
        .split(['\n', '\r'])
        .map(|line| line.trim_matches([' ', '\t']));
    Cow::Owned(lines.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(format: Format) -> Layout {
        Layout {
            format,
            look: Look::default(),
            schema: None,
            selected: None,
            order: Vec::new(),
            bom: false,
        }
    }

    impl Output for Vec<u8> {
        fn write_table(&mut self, table: &str) -> io::Result<()> {
            self.extend_from_slice(table.as_bytes());
            Ok(())
        }
    }

    fn printed(layout: Layout, records: &[&str]) -> String {
        let mut out = Vec::new();
        let mut sink = Sink::new(layout);
        for record in records {
            sink.record(record, &mut out).expect("a vector");
        }
        sink.finish(&mut out).expect("a vector");
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn json_is_one_array_of_the_records_as_they_came() {
        let records = [r#"{"a": 1.10}"#, "{}"];
        assert_eq!(
            printed(layout(Format::Json), &records),
            "[\n{\"a\": 1.10},\n{}\n]\n"
        );
        assert_eq!(printed(layout(Format::Json), &[]), "[]\n");
    }

    #[test]
    fn ndjson_is_a_line_for_each_record() {
        let records = [r#"{"a": 1.10}"#, "{\r\n  \"b\": \"x \\n y\",\r\n  \"c\": 2\r\n}"];
        assert_eq!(
            printed(layout(Format::Ndjson), &records),
            "{\"a\": 1.10}\n{\"b\": \"x \\n y\",\"c\": 2}\n"
        );
        assert_eq!(printed(layout(Format::Ndjson), &[]), "");
    }

    #[test]
    fn yaml_is_one_sequence_in_the_order_of_the_service() {
        let records = [
            r#"{"b": "yes", "a": {"d": null, "c": [1, "x\ny"]}}"#,
            r#"{"b": "07"}"#,
            "7",
        ];
        assert_eq!(
            printed(layout(Format::Yaml), &records),
            "- b: \"yes\"\n  a:\n    d: null\n    c:\n    - 1\n    - |-\n      x\n      y\n- b: \"07\"\n- 7\n"
        );
        assert_eq!(printed(layout(Format::Yaml), &[]), "[]\n");
    }

    #[test]
    fn csv_without_a_description_has_the_fields_of_the_first_record() {
        let records = [r#"{"a": 1, "b": "x"}"#, r#"{"b": "y", "c": 2}"#];
        assert_eq!(printed(layout(Format::Csv), &records), "a,b\n1,x\n,y\n");
        assert_eq!(printed(layout(Format::Csv), &["\"x\"", "7"]), "value\nx\n7\n");
    }

    #[test]
    fn sorted_records_come_at_the_end() {
        let mut layout = layout(Format::Ndjson);
        layout.order = vec![(Column::named(None, "a", false).expect("a column"), true)];
        let records = [r#"{"a": 1}"#, r#"{"a": 3}"#, r#"{"a": 2}"#];
        assert_eq!(printed(layout, &records), "{\"a\": 3}\n{\"a\": 2}\n{\"a\": 1}\n");
    }
}
