//! `--output json`: one array of the records, each byte for byte as the service sent it.
//!
//! Nothing is decoded and written again: no number changes its digits, no field its place, and a field that the description
//! lacks is there. The array is closed even if the walk fails in the middle, so that what came can be read; the exit code tells.

use std::io;

use super::{
    altered::Altered,
    destination::Output,
    format::{Format, RecordWriter},
    view::View,
};

/// The format.
pub(crate) static FORMAT: Format = Format {
    name: "json",
    for_people: false,
    for_documents: true,
    keeps_pages: true,
    takes_bom: false,
    has_header: false,
    writer: |view| Box::new(Json(view.clone())),
};

/// Writes an array. Line breaks stand between the records, not within them.
struct Json(View);

impl RecordWriter for Json {
    fn record(&mut self, json: &str, number: u64, out: &mut dyn Output) -> io::Result<Option<Altered>> {
        out.write_all(if number == 1 { b"[\n" } else { b",\n" })?;
        out.write_all(self.0.project(json).as_bytes())?;
        Ok(None)
    }

    fn finish(&mut self, count: u64, out: &mut dyn Output) -> io::Result<()> {
        match count {
            0 => out.write_all(b"[]\n"),
            _ => out.write_all(b"\n]\n"),
        }
    }

    fn single(&mut self, json: &str, out: &mut dyn Output) -> io::Result<Option<Altered>> {
        writeln!(out, "{}", self.0.project(json))?;
        Ok(None)
    }
}
