//! The tables of a mirror. All follow from the description of the API; none is written by hand.

mod hash;
mod internal;
mod names;
mod table;
mod values;

#[allow(unused_imports, reason = "their users are being written")]
pub(crate) use hash::hash;
#[allow(unused_imports, reason = "their users are being written")]
pub(crate) use internal::{INTERNAL_TABLES, InternalColumn, InternalTable};
pub use table::{Column, Content, Origin, Table, tables};
#[allow(unused_imports, reason = "their users are being written")]
pub(crate) use values::{RecordFields, RowValues};
