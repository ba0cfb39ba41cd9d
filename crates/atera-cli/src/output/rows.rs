//! Rows that the command makes itself: profiles, checks, operations, types.
//!
//! They go through the same formats, `--select` and `--sort` as the records of the service.

use atera::description::Schema;
use atera_records::Column;
use serde_json::Value;

use super::{
    destination::Destination,
    failure::Failure,
    options::OutputOptions,
    records::{Layout, Sink},
};

/// Prints rows of this schema, with all of its columns unless others are selected.
pub(crate) fn print(
    options: &OutputOptions,
    schema: &'static Schema,
    rows: impl Iterator<Item = Value>,
) -> Result<(), Failure> {
    let layout = Layout::of_rows(options, schema)?.or_select(Column::all);
    let mut out = Destination::open(options.file.as_deref())?;
    let mut sink = Sink::new(layout);
    for row in rows {
        sink.record(&row.to_string(), &mut out)?;
    }
    sink.finish(&mut out)?;
    out.commit()
}
