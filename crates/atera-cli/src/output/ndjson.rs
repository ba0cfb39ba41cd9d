//! `--output ndjson`: a record on each line, for programs that read along.
//!
//! Lines are flushed as pages come, so that a reader at the end of a pipe need not wait for the end of the walk.

use atera_records::on_one_line;
use std::io;

use super::{
    altered::Altered,
    destination::Output,
    format::{Format, RecordWriter},
    view::View,
};

/// The format.
pub(crate) static FORMAT: Format = Format {
    name: "ndjson",
    for_people: false,
    for_documents: false,
    keeps_pages: false,
    takes_bom: false,
    has_header: false,
    writer: |view| Box::new(Ndjson(view.clone())),
};

/// Writes lines. Line breaks between the tokens of a record are the one thing of it that is left out.
struct Ndjson(View);

impl RecordWriter for Ndjson {
    fn record(&mut self, json: &str, _: u64, out: &mut dyn Output) -> io::Result<Option<Altered>> {
        out.write_all(on_one_line(&self.0.project(json)).as_bytes())?;
        out.write_all(b"\n")?;
        Ok(None)
    }

    fn finish(&mut self, _: u64, _: &mut dyn Output) -> io::Result<()> {
        Ok(())
    }
}
