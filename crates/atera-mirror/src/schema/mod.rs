//! The tables of a mirror. All follow from the description of the API; none is written by hand.

mod ddl;
mod existing;
mod fill;
mod found;
mod hash;
mod history;
mod internal;
mod migrate;
mod names;
mod page;
mod search;
mod table;
mod values;

pub(crate) use ddl::{create_like, table_names};
pub(crate) use found::{Found, find};
pub(crate) use hash::hash;
#[cfg(test)]
pub(crate) use internal::INTERNAL_TABLES;
pub(crate) use migrate::{FRESH, migrate};
pub(crate) use names::quoted;
pub use page::page;
pub(crate) use search::{count_searched, fill as fill_search, searched_tables};
pub use table::{Column, Content, Origin, Table, tables};
pub(crate) use values::ReadingPlan;

#[cfg(test)]
mod tests;
