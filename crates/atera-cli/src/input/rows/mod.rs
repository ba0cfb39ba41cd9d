//! The rows of `--from`: a request for each row of a CSV file, or for each record of an NDJSON or JSON file.
//!
//! Columns are named as the fields of the body, in any case or as their flags are called, and as the parameters of the path:
//!
//! ```text
//! TicketID,TicketStatus,TechnicianContactID
//! 54321,Closed,77
//! ```
//!
//! A record that people know by a name may be named in place of its id, in a column that is called as the flag for it:
//! `Customer`, `Contact`, `Technician`.
//!
//! An empty cell says nothing about its field, so an update leaves that alone. The records of a JSON file are bodies as they
//! stand, with the parameters of the path beside their fields. Flags for fields set them in every row, and win.
//!
//! Every row is checked before the first is sent, and everything that is wrong is told with its line.
//!
//! | module | is |
//! |---|---|
//! | [`text`] | what the text of a file is made of: cells, members, lines |
//! | [`columns`] | where the values of a column go |
//! | [`reader`] | makes a request of each row |
//! | [`file`] | the file: all of its rows, checked |

mod columns;
pub(crate) mod file;
mod reader;
mod text;
