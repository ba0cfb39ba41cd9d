//! Prints records one after another: as the service sent them, as rows of a table, or as rows of CSV.
//!
//! Nothing is kept but for a table, whose columns are as wide as their widest cell, and for `--sort`.

use std::{borrow::Cow, io};

use super::{
    csv_rows,
    destination::Output,
    failure::Failure,
    format::Format,
    globals::Globals,
    select::{Column, project},
    sort::{self, Rank},
    table::{self, Look, Rows},
    values::{Altered, Record, has_exact_numbers, on_one_line, without_surrogates},
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
            Some(columns) => match Record::new(text) {
                record if record.fields.is_some() => Cow::Owned(project(&record, columns)),
                _ => Cow::Borrowed(text),
            },
            None => Cow::Borrowed(text),
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
    kept: Vec<(Vec<Option<Rank>>, String)>,
    count: u64,
}

enum Form {
    Array,
    Lines,
    Items,
    /// With these columns, and whether they are those of the first record.
    Csv(Vec<Column>, bool),
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
            Format::Csv => Form::Csv(columns(Column::all), false),
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
            return self.print(text, self.count, out);
        }
        let ranks = sort::ranks(&self.layout.order, &Record::new(text));
        self.kept.push((ranks, text.to_string()));
        Ok(())
    }

    fn print(&mut self, text: &str, number: u64, out: &mut impl Output) -> io::Result<()> {
        let is_first = number == 1;
        let altered = match &mut self.form {
            // The bracket waits for the first record, so that a walk that fails at once prints nothing.
            Form::Array => {
                out.write_all(if is_first { b"[\n" } else { b",\n" })?;
                out.write_all(self.layout.project(text).as_bytes())?;
                None
            }
            Form::Lines => {
                out.write_all(on_one_line(&self.layout.project(text)).as_bytes())?;
                out.write_all(b"\n")?;
                None
            }
            Form::Items => {
                let (yaml, altered) = yaml(&self.layout.project(text), true);
                out.write_all(yaml.as_bytes())?;
                altered
            }
            Form::Csv(columns, are_of_first) => {
                if columns.is_empty() {
                    (*columns, *are_of_first) = (columns_of(&Record::new(text)), true);
                }
                if is_first {
                    csv_rows::header(columns, self.layout.bom, out)?;
                }
                let altered = csv_rows::record(columns, text, out)?;
                altered.or_else(|| are_of_first.then(|| without_column(columns, text)).flatten())
            }
            Form::Table(rows) => rows.add(text),
        };
        if let Some(altered) = altered {
            out.note(number, altered);
        }
        Ok(())
    }

    /// Prints what is left, and returns how many records there were.
    pub(super) fn finish(mut self, out: &mut impl Output) -> io::Result<u64> {
        let mut kept = std::mem::take(&mut self.kept);
        kept.sort_by(|(one, _), (other, _)| sort::compare(&self.layout.order, one, other));
        for ((_, text), number) in kept.iter().zip(1..) {
            self.print(text, number, out)?;
        }
        match self.form {
            Form::Array if self.count == 0 => out.write_all(b"[]\n")?,
            Form::Array => out.write_all(b"\n]\n")?,
            Form::Items if self.count == 0 => out.write_all(b"[]\n")?,
            Form::Csv(columns, _) if self.count == 0 && !columns.is_empty() => {
                csv_rows::header(&columns, self.layout.bom, out)?;
            }
            Form::Items | Form::Lines | Form::Csv(..) => {}
            Form::Table(rows) => out.write_table(&rows.render(self.layout.look))?,
        }
        Ok(self.count)
    }
}

/// The columns of a record of which nothing is known: its fields, or the value itself.
fn columns_of(record: &Record<'_>) -> Vec<Column> {
    let column = |name: &Cow<'_, str>| Column {
        path: vec![name.to_string()],
        kind: crate::Kind::Any,
        heading: name.to_string(),
    };
    match &record.fields {
        Some(fields) => fields.keys().map(column).collect(),
        None => vec![Column {
            path: Vec::new(),
            kind: crate::Kind::Any,
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

/// JSON text as YAML: fields in the order in which they were sent. Tells also if it is written otherwise than it was sent.
pub(super) fn yaml(json: &str, is_item: bool) -> (String, Option<Altered>) {
    let (text, is_whole) = without_surrogates(json);
    let yaml = has_exact_numbers(&text).then(|| transcoded(&text, is_item));
    let yaml = yaml.and_then(Result::ok).unwrap_or_else(|| {
        // What is too deep or too exact to be read is written as it came, since JSON is YAML as well.
        let dash = if is_item { "- " } else { "" };
        format!("{dash}{}\n", on_one_line(&text))
    });
    let altered = (!is_whole).then(|| {
        let fields = Record::new(json).fields.unwrap_or_default();
        let mut fields = fields.into_iter();
        let field = fields.find(|(_, value)| !without_surrogates(value).1);
        Altered::Text(field.map_or_else(|| "value".to_string(), |(name, _)| name.into_owned()))
    });
    (yaml, altered)
}

fn transcoded(json: &str, is_item: bool) -> Result<String, serde_saphyr::ser_error::Error> {
    let mut json = serde_json::Deserializer::from_str(json);
    let value = serde_transcode::Transcoder::new(&mut json);
    match is_item {
        true => serde_saphyr::to_string(&(value,)),
        false => serde_saphyr::to_string(&value),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    /// What is printed, and of which record it is not what was sent.
    #[derive(Default)]
    struct Printed(Vec<u8>, Vec<(u64, Altered)>);

    impl Write for Printed {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Output for Printed {
        fn write_table(&mut self, table: &str) -> io::Result<()> {
            self.write_all(table.as_bytes())
        }

        fn note(&mut self, number: u64, altered: Altered) {
            self.1.push((number, altered));
        }
    }

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

    fn printed(layout: Layout, records: &[&str]) -> String {
        let (text, altered) = noted(layout, records);
        assert_eq!(altered, []);
        text
    }

    fn noted(layout: Layout, records: &[&str]) -> (String, Vec<(u64, Altered)>) {
        let mut out = Printed::default();
        let mut sink = Sink::new(layout);
        for record in records {
            sink.record(record, &mut out).expect("a vector");
        }
        sink.finish(&mut out).expect("a vector");
        (String::from_utf8(out.0).expect("text"), out.1)
    }

    #[test]
    fn what_no_value_holds_is_printed_as_far_as_it_can_be() {
        let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
        let record = format!(r#"{{"a": "x\ud800", "b": 1e400, "c": {deep}}}"#);
        let huge = "{\"a\": \"y\",\r\n\"b\": 123456789012345678901234567890}";
        let half = || vec![(1, Altered::Text("a".to_string()))];
        for (format, expected, altered) in [
            (
                Format::Csv,
                format!("a,b,c\nx\\ud800,1e400,{deep}\ny,123456789012345678901234567890,\n"),
                half(),
            ),
            (
                Format::Yaml,
                format!(
                    "- {{\"a\": \"x\\\\ud800\", \"b\": 1e400, \"c\": {deep}}}\n- {{\"a\": \"y\",\"b\": \
                     123456789012345678901234567890}}\n"
                ),
                half(),
            ),
            (Format::Json, format!("[\n{record},\n{huge}\n]\n"), Vec::new()),
        ] {
            assert_eq!(noted(layout(format), &[&record, huge]), (expected, altered));
        }
        let (table, altered) = noted(layout(Format::Table), &["\"x\\ud800\""]);
        assert_eq!((table.as_str(), altered.len()), ("x\\ud800\n", 1));
    }

    #[test]
    fn what_is_not_selected_does_no_harm() {
        let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
        let record = format!(r#"{{"a": {{"x": 1, "y": "\ud800"}}, "\ud800": 1e400, "c": {deep}}}"#);
        for (format, expected) in [
            (Format::Csv, "a.x\n1\n"),
            (Format::Yaml, "- a.x: 1\n"),
            (Format::Json, "[\n{\"a.x\":1}\n]\n"),
            (Format::Ndjson, "{\"a.x\":1}\n"),
            (Format::Table, "a.x\n1\n"),
        ] {
            let mut layout = layout(format);
            layout.selected = Some(vec![Column::named(None, "a.x", false).expect("a column")]);
            layout.order = vec![(Column::named(None, "c", false).expect("a column"), false)];
            assert_eq!(printed(layout, &[&record]), expected);
        }
    }

    #[test]
    fn a_row_without_fields_is_not_passed_over() {
        let mut layout = layout(Format::Csv);
        layout.selected = Some(vec![Column::named(None, "a", false).expect("a column")]);
        let (_, altered) = noted(layout, &[r#"{"a": 1}"#, "7"]);
        assert_eq!(altered, [(2, Altered::NoObject)]);
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
        let records = [r#"{"a": 1, "b": "x"}"#, r#"{"b": "y"}"#, r#"{"b": "y", "c": 2}"#];
        let (text, altered) = noted(layout(Format::Csv), &records);
        assert_eq!(text, "a,b\n1,x\n,y\n,y\n");
        assert_eq!(altered, [(3, Altered::NoColumn("c".to_string()))]);
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
