//! What `--jq` prints where `--output` is not given: a line for each result, texts without their quotes.
//!
//! That is how `gh` prints them, and what a shell reads most easily. It is no format of `--output`.

use atera_records::{Written, on_one_line};
use std::io;

use super::{
    altered::Altered,
    destination::Output,
    format::{Format, RecordWriter},
};

/// The format.
pub(crate) static FORMAT: Format = Format {
    name: "plain",
    for_people: false,
    for_documents: false,
    keeps_pages: false,
    takes_bom: false,
    has_header: false,
    writer: |_| Box::new(Plain),
};

struct Plain;

impl RecordWriter for Plain {
    fn record(&mut self, json: &str, _: u64, out: &mut dyn Output) -> io::Result<Option<Altered>> {
        let altered = match Written::of(Some(json)) {
            Written::Text(text, is_whole) => {
                out.write_all(text.as_bytes())?;
                (!is_whole).then(|| Altered::Text("value".to_string()))
            }
            _ => {
                out.write_all(on_one_line(json).as_bytes())?;
                None
            }
        };
        out.write_all(b"\n")?;
        Ok(altered)
    }

    fn finish(&mut self, _: u64, _: &mut dyn Output) -> io::Result<()> {
        Ok(())
    }
}
