//! The tables of a mirror. All follow from the description of the API; none is written by hand.

mod names;
mod table;

pub use table::{Column, Content, Origin, Table, tables};
