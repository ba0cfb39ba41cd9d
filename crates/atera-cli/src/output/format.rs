//! What an output format has to provide.
//!
//! A format is a file of its own with a [`Format`] in it, and a line in [`formats`](super::formats). Whatever the rest of the
//! command needs to know about a format is a field of [`Format`]; no other place tells one format from another.

use std::io;

use super::{altered::Altered, destination::Output, view::View};

/// An output format.
#[derive(Debug)]
pub(crate) struct Format {
    /// What `--output` calls it.
    pub(crate) name: &'static str,
    /// Whether people read it. Only then are there remarks about how many records there are, and a write is acknowledged in a
    /// line instead of by its answer. Such a format is laid out as a whole, so nothing is printed before the last record.
    pub(crate) for_people: bool,
    /// Whether it can write a single document that is not a record, such as a JSON Schema.
    pub(crate) for_documents: bool,
    /// Whether it prints an untyped answer that is a page with all that stands beside the records.
    pub(crate) keeps_pages: bool,
    /// Whether `--bom` makes sense.
    pub(crate) takes_bom: bool,
    /// Whether it has a header with the names of the columns, which `--no-header` leaves out.
    pub(crate) has_header: bool,
    /// Makes a writer for one output.
    pub(crate) writer: fn(&View) -> Box<dyn RecordWriter>,
}

/// Writes the records of one output.
pub(crate) trait RecordWriter {
    /// Writes a record, given as JSON. `number` counts from 1. Returns how the written record differs from the one that was
    /// sent, if it does.
    ///
    /// Whatever opens the output comes with the first record, so that a walk which fails at once prints nothing.
    fn record(&mut self, json: &str, number: u64, out: &mut dyn Output) -> io::Result<Option<Altered>>;

    /// Ends an output with this many records. If there are none, it prints an empty list.
    fn finish(&mut self, count: u64, out: &mut dyn Output) -> io::Result<()>;

    /// Writes an answer that is one record and not a list. By default it is a list of one.
    fn single(&mut self, json: &str, out: &mut dyn Output) -> io::Result<Option<Altered>> {
        let altered = self.record(json, 1, out)?;
        self.finish(1, out)?;
        Ok(altered)
    }
}
