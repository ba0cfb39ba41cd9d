//! The tables of a mirror. All follow from the description of the API; none is written by hand.

mod ddl;
mod fill;
mod hash;
mod history;
mod internal;
mod migrate;
mod names;
mod page;
mod search;
mod table;
mod values;

pub(crate) use ddl::table_names;
pub(crate) use hash::hash;
#[cfg(test)]
pub(crate) use internal::INTERNAL_TABLES;
pub(crate) use migrate::{exists, migrate};
pub use page::page;
pub(crate) use search::count_searched;
pub use table::{Column, Content, Origin, Table, tables};
pub(crate) use values::{RecordFields, RowValues};

#[cfg(test)]
mod tests;
