//! `atera export`: all records of the account in a folder, a file for each list.
//!
//! ```text
//! plan (which lists) ─┬─ list (page by page) ────────────────┬─> files (written page by page, resumed)
//!                     └─ children (what belongs to records) ─┘          manifest (what there is in the end)
//! ```
//!
//! The lists are read side by side, and each of them page by page. After each page its records and an entry of the walk's
//! journal are safe on the disk, so an interruption costs the page that was on its way and nothing else. The rule that tells
//! when a list is complete is the library's ([`atera::page::PagedWalk`]); here are only the files.
//!
//! A run in a folder that an earlier run has left goes on there, with the same service and the same format; other groups, and
//! `--fast`, may be given anew. Lists that are complete are not read again, although the account may have changed since:
//! `--restart` begins with everything anew. A complete export is never overwritten without it.
//!
//! | module | is |
//! |---|---|
//! | [`plan`] | which lists there are, and what belongs to their records |
//! | [`manifest`] | `manifest.json` |
//! | [`lock`] | one export at a time in a folder |
//! | [`files`] | the folder: files, states, journals |
//! | [`job`] | what all parts of an export share |
//! | [`list`] | exports a list |
//! | [`children`] | exports what belongs to the records of a list |
//! | [`run`] | the command |

pub(crate) mod children;
pub(crate) mod files;
pub(crate) mod job;
pub(crate) mod list;
pub(crate) mod lock;
pub(crate) mod manifest;
pub(crate) mod plan;
pub(crate) mod run;
