//! Prints records one after another, in any format.
//!
//! Nothing is kept but for a table, whose columns are as wide as their widest cell, and for `--sort`: a list of a million
//! records takes no more memory than one of a hundred.

use std::io;

use atera::description::Schema;
use atera_records::{Column, Fields, Record};

use super::{
    destination::Output,
    failure::Failure,
    format::{Format, RecordWriter},
    formats,
    look::Look,
    options::OutputOptions,
    sort::{self, Rank},
    view::View,
};
use crate::names::{fields, fields_of_rows};

/// What is printed of records, in which format and order.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    /// The format.
    pub(crate) format: &'static Format,
    view: View,
    /// The fields to sort by, and whether downwards.
    order: Vec<(Column, bool)>,
    /// How many of the sorted records are printed. `None` for all.
    pub(crate) limit: Option<u64>,
}

impl Layout {
    /// The layout for records of this schema. Without one nothing is known of their fields, and any name may be selected.
    ///
    /// # Errors
    ///
    /// If a selected field, or one to sort by, is not a field of the schema.
    pub(crate) fn new(
        options: &OutputOptions,
        schema: Option<&'static Schema>,
        allow_unknown: bool,
    ) -> Result<Self, Failure> {
        Self::of(options, fields(schema, allow_unknown))
    }

    /// The layout for rows of this type that the command makes itself.
    ///
    /// # Errors
    ///
    /// If a selected field, or one to sort by, is not a field of theirs.
    pub(crate) fn of_rows(options: &OutputOptions, schema: &'static Schema) -> Result<Self, Failure> {
        Self::of(options, fields_of_rows(schema))
    }

    fn of(options: &OutputOptions, fields: Fields) -> Result<Self, Failure> {
        let selected = fields.columns(&options.select)?;
        let order = options
            .sort
            .iter()
            .map(|key| Ok((fields.column(&key.name)?, key.downwards)));
        let to_file = options.file.is_some();
        Ok(Layout {
            order: order.collect::<Result<_, Failure>>()?,
            limit: None,
            format: options.format.unwrap_or_else(|| formats::suits_stdout(to_file)),
            view: View {
                schema: fields.schema(),
                selected: (!selected.is_empty()).then_some(selected),
                telling: None,
                look: Look::of_stdout(to_file, options.color),
                no_header: options.no_header,
                bom: options.bom,
            },
        })
    }

    /// Selects these columns, unless others were asked for.
    pub(crate) fn or_select(mut self, columns: impl FnOnce(&'static Schema) -> Vec<Column>) -> Self {
        if self.view.selected.is_none() {
            self.view.selected = self.view.schema.map(columns);
        }
        self
    }

    /// The width of the terminal that is printed to, if it is one.
    pub(crate) fn width(&self) -> Option<u16> {
        self.view.look.width
    }

    /// Sets the columns of a table where no fields are selected.
    pub(crate) fn set_telling(&mut self, columns: Option<Vec<Column>>) {
        self.view.telling = columns;
    }

    /// Forgets the type of the records, because others are printed in their place.
    pub(crate) fn forget_type(&mut self) {
        self.view.schema = None;
        self.view.telling = None;
    }

    /// Whether a field of the records is printed by its name, or sorted by: it is named, or has a column of its own.
    pub(crate) fn shows(&self, name: &str) -> bool {
        let named = |column: &Column| column.path.first().is_some_and(|first| first == name);
        match &self.view.selected {
            Some(selected) => {
                selected.iter().any(named) || self.order.iter().any(|(column, _)| named(column))
            }
            None => self.format.has_header || self.order.iter().any(|(column, _)| named(column)),
        }
    }

    /// Whether the records are sorted, so that any of them may be the first to be printed.
    pub(crate) fn sorts(&self) -> bool {
        !self.order.is_empty()
    }

    /// Whether all records are kept until the last has come.
    pub(crate) fn keeps_all(&self) -> bool {
        self.format.for_people || self.sorts()
    }

    /// Whether fields were selected.
    pub(crate) fn selects(&self) -> bool {
        self.view.selects()
    }

    /// Prints an answer that is one record, given as JSON. Nothing is sorted, and no array is opened for it.
    pub(crate) fn single(&self, json: &str, out: &mut dyn Output) -> io::Result<()> {
        let altered = (self.format.writer)(&self.view).single(json, out)?;
        if let Some(altered) = altered {
            out.note(1, altered);
        }
        Ok(())
    }
}

/// Makes other values of a record just before it is printed.
pub(crate) trait Transform {
    /// What it makes of a record, each value as JSON.
    ///
    /// # Errors
    ///
    /// If it cannot make anything of it.
    fn values(&self, json: &str) -> Result<Vec<String>, Failure>;
}

/// Takes the records of one output.
pub(crate) struct Sink {
    writer: Box<dyn RecordWriter>,
    order: Vec<(Column, bool)>,
    /// The records that wait to be sorted, each with what it is sorted by.
    kept: Vec<(Vec<Option<Rank>>, String)>,
    limit: Option<u64>,
    count: u64,
    transform: Option<Box<dyn Transform>>,
    /// How many values were printed, which are the records unless they are transformed.
    printed: u64,
}

impl Sink {
    /// An output in this layout. Nothing is printed yet.
    pub(crate) fn new(layout: Layout) -> Self {
        Sink::transforming(layout, None)
    }

    /// An output of what is made of the records.
    pub(crate) fn transforming(layout: Layout, transform: Option<Box<dyn Transform>>) -> Self {
        Sink {
            writer: (layout.format.writer)(&layout.view),
            order: layout.order,
            kept: Vec::new(),
            limit: layout.limit,
            count: 0,
            transform,
            printed: 0,
        }
    }

    /// Whether no further record would be printed.
    pub(crate) fn is_full(&self) -> bool {
        self.order.is_empty() && self.limit.is_some_and(|limit| self.count >= limit)
    }

    /// Takes a record, given as JSON. It is printed at once unless the records are to be sorted, or are for a table.
    pub(crate) fn record(&mut self, json: &str, out: &mut dyn Output) -> Result<(), Failure> {
        self.count += 1;
        if self.order.is_empty() {
            return self.print(json, out);
        }
        let ranks = sort::ranks(&self.order, &Record::new(json));
        self.kept.push((ranks, json.to_string()));
        Ok(())
    }

    /// Prints a record, or what is made of it.
    fn print(&mut self, json: &str, out: &mut dyn Output) -> Result<(), Failure> {
        match &self.transform {
            None => self.write(json, out)?,
            Some(transform) => {
                for value in transform.values(json)? {
                    self.write(&value, out)?;
                }
            }
        }
        Ok(())
    }

    /// Writes a value, and notes if it is not printed as it was sent.
    fn write(&mut self, json: &str, out: &mut dyn Output) -> io::Result<()> {
        self.printed += 1;
        if let Some(altered) = self.writer.record(json, self.printed, out)? {
            out.note(self.printed, altered);
        }
        Ok(())
    }

    /// Prints what is left, and returns how many records were printed. It is called after a failure as well, so that what has
    /// come is printed as a whole: brackets close, and tables are drawn.
    pub(crate) fn finish(mut self, out: &mut dyn Output) -> Result<u64, Failure> {
        let mut kept = std::mem::take(&mut self.kept);
        kept.sort_by(|(one, _), (other, _)| sort::compare(&self.order, one, other));
        let count = self.limit.unwrap_or(u64::MAX).min(self.count);
        for ((_, json), _) in kept.iter().zip(0..count) {
            self.print(json, out)?;
        }
        self.writer.finish(self.printed, out)?;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::output::altered::Altered;

    /// What is printed, and which records are not printed as they were sent.
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

    fn layout(format: &str) -> Layout {
        Layout {
            format: formats::named(format).expect("a format"),
            view: View::default(),
            order: Vec::new(),
            limit: None,
        }
    }

    /// The output of these records, none of which may be printed otherwise than it was sent.
    fn printed(layout: Layout, records: &[&str]) -> String {
        let (text, altered) = noted(layout, records);
        assert_eq!(altered, []);
        text
    }

    /// The output of these records, and which of them are not printed as they were sent.
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
                "csv",
                format!("a,b,c\nx\\ud800,1e400,{deep}\ny,123456789012345678901234567890,\n"),
                half(),
            ),
            (
                "yaml",
                format!(
                    "- {{\"a\": \"x\\\\ud800\", \"b\": 1e400, \"c\": {deep}}}\n- {{\"a\": \"y\",\"b\": \
                     123456789012345678901234567890}}\n"
                ),
                half(),
            ),
            ("json", format!("[\n{record},\n{huge}\n]\n"), Vec::new()),
        ] {
            assert_eq!(noted(layout(format), &[&record, huge]), (expected, altered));
        }
        let (table, altered) = noted(layout("table"), &["\"x\\ud800\""]);
        assert_eq!((table.as_str(), altered.len()), ("x\\ud800\n", 1));
    }

    #[test]
    fn what_is_not_selected_does_no_harm() {
        let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
        let record = format!(r#"{{"a": {{"x": 1, "y": "\ud800"}}, "\ud800": 1e400, "c": {deep}}}"#);
        for (format, expected) in [
            ("csv", "a.x\n1\n"),
            ("yaml", "- a.x: 1\n"),
            ("json", "[\n{\"a.x\":1}\n]\n"),
            ("ndjson", "{\"a.x\":1}\n"),
            ("table", "a.x\n  1\n"),
        ] {
            let mut layout = layout(format);
            layout.view.selected = Some(vec![fields(None, false).column("a.x").expect("a column")]);
            layout.order = vec![(fields(None, false).column("c").expect("a column"), false)];
            assert_eq!(printed(layout, &[&record]), expected);
        }
    }

    #[test]
    fn a_row_without_fields_is_not_passed_over() {
        let mut layout = layout("csv");
        layout.view.selected = Some(vec![fields(None, false).column("a").expect("a column")]);
        let (_, altered) = noted(layout, &[r#"{"a": 1}"#, "7"]);
        assert_eq!(altered, [(2, Altered::NoObject)]);
    }

    #[test]
    fn json_is_one_array_of_the_records_as_they_came() {
        let records = [r#"{"a": 1.10}"#, "{}"];
        assert_eq!(printed(layout("json"), &records), "[\n{\"a\": 1.10},\n{}\n]\n");
        assert_eq!(printed(layout("json"), &[]), "[]\n");
    }

    #[test]
    fn ndjson_is_a_line_for_each_record() {
        let records = [r#"{"a": 1.10}"#, "{\r\n  \"b\": \"x \\n y\",\r\n  \"c\": 2\r\n}"];
        assert_eq!(
            printed(layout("ndjson"), &records),
            "{\"a\": 1.10}\n{\"b\": \"x \\n y\",\"c\": 2}\n"
        );
        assert_eq!(printed(layout("ndjson"), &[]), "");
    }

    #[test]
    fn yaml_is_one_sequence_in_the_order_of_the_service() {
        let records = [
            r#"{"b": "yes", "a": {"d": null, "c": [1, "x\ny"]}}"#,
            r#"{"b": "07"}"#,
            "7",
        ];
        assert_eq!(
            printed(layout("yaml"), &records),
            "- b: \"yes\"\n  a:\n    d: null\n    c:\n    - 1\n    - |-\n      x\n      y\n- b: \"07\"\n- 7\n"
        );
        assert_eq!(printed(layout("yaml"), &[]), "[]\n");
    }

    #[test]
    fn csv_without_a_description_has_the_fields_of_the_first_record() {
        let records = [r#"{"a": 1, "b": "x"}"#, r#"{"b": "y"}"#, r#"{"b": "y", "c": 2}"#];
        let (text, altered) = noted(layout("csv"), &records);
        assert_eq!(text, "a,b\n1,x\n,y\n,y\n");
        assert_eq!(altered, [(3, Altered::NoColumn("c".to_string()))]);
        assert_eq!(printed(layout("csv"), &["\"x\"", "7"]), "value\nx\n7\n");
    }

    #[test]
    fn sorted_records_come_at_the_end() {
        let mut layout = layout("ndjson");
        layout.order = vec![(fields(None, false).column("a").expect("a column"), true)];
        let records = [r#"{"a": 1}"#, r#"{"a": 3}"#, r#"{"a": 2}"#];
        assert_eq!(printed(layout, &records), "{\"a\": 3}\n{\"a\": 2}\n{\"a\": 1}\n");
    }
}
