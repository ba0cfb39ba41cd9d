//! Prints records one after another, as the service sent them or as rows of a table.

use std::{
    borrow::Cow,
    io::{self, Write},
};

use super::{
    output::Format,
    table::{self, Rows},
};
use crate::Schema;

/// Where records go.
pub(super) struct Sink {
    form: Form,
    count: u64,
}

enum Form {
    Array,
    Lines,
    /// Columns are as wide as their widest cell, so a table is printed at the end.
    Table(Rows),
}

impl Sink {
    /// A sink for records of this schema; without one they are single values.
    pub(super) fn new(format: Format, record: Option<&'static Schema>) -> Self {
        let form = match format {
            Format::Json => Form::Array,
            Format::Ndjson => Form::Lines,
            Format::Table => Form::Table(Rows::new(record)),
        };
        Sink { form, count: 0 }
    }

    /// Takes a record as JSON text.
    pub(super) fn record(&mut self, text: &str, out: &mut impl Write) -> io::Result<()> {
        match &mut self.form {
            // The bracket waits for the first record, so that a walk that fails at once prints nothing.
            Form::Array => {
                let before = if self.count == 0 { "[\n" } else { ",\n" };
                out.write_all(before.as_bytes())?;
                out.write_all(text.as_bytes())?;
            }
            Form::Lines => {
                out.write_all(on_one_line(text).as_bytes())?;
                out.write_all(b"\n")?;
            }
            Form::Table(rows) => rows.add(text),
        }
        self.count += 1;
        Ok(())
    }

    /// Prints what is left, and returns how many records there were.
    pub(super) fn finish(self, out: &mut impl Write) -> io::Result<u64> {
        match self.form {
            Form::Array if self.count == 0 => out.write_all(b"[]\n")?,
            Form::Array => out.write_all(b"\n]\n")?,
            Form::Lines => {}
            Form::Table(rows) => out.write_all(rows.render(table::width()).as_bytes())?,
        }
        Ok(self.count)
    }
}

/// JSON text without the line breaks that the service may have put between its tokens; nothing else changes.
pub(super) fn on_one_line(json: &str) -> Cow<'_, str> {
    if !json.contains(['\n', '\r']) {
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

    fn printed(format: Format, records: &[&str]) -> String {
        let mut out = Vec::new();
        let mut sink = Sink::new(format, None);
        for record in records {
            sink.record(record, &mut out).expect("a vector");
        }
        sink.finish(&mut out).expect("a vector");
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn json_is_one_array_of_the_records_as_they_came() {
        let records = [r#"{"a": 1.10}"#, "{}"];
        assert_eq!(printed(Format::Json, &records), "[\n{\"a\": 1.10},\n{}\n]\n");
        assert_eq!(printed(Format::Json, &[]), "[]\n");
    }

    #[test]
    fn ndjson_is_a_line_for_each_record() {
        let records = [r#"{"a": 1.10}"#, "{\r\n  \"b\": \"x \\n y\",\r\n  \"c\": 2\r\n}"];
        assert_eq!(
            printed(Format::Ndjson, &records),
            "{\"a\": 1.10}\n{\"b\": \"x \\n y\",\"c\": 2}\n"
        );
        assert_eq!(printed(Format::Ndjson, &[]), "");
    }
}
