//! `atera export`: all records of the account in a folder, a file for each list.
//!
//! ```text
//! plan (which lists) ─┬─ list (page by page) ────────────────┬─> staged (written page by page, resumed)
//!                     └─ children (what belongs to records) ─┘     └─> folder (files and manifest, at the end)
//! ```
//!
//! The lists are read side by side, and each of them page by page. After each page its records and an entry of the walk's
//! journal are safe on the disk, so an interruption costs the page that was on its way and nothing else. The rule that tells
//! when a list is complete is the library's ([`atera::page::PagedWalk`]); here are only the files.
//!
//! A run in a folder that an earlier run has left goes on there, with the same service and the same format; other groups, and
//! `--fast`, may be given anew. Lists that are complete are not read again, although the account may have changed since:
//! `--update` asks for what has changed, and `--restart` reads them anew. Lists that could not be read are tried again. Whatever
//! is in the folder stays as it is until all that was asked for has been read.
//!
//! | module | is |
//! |---|---|
//! | [`plan`] | which lists there are, and what belongs to their records |
//! | [`drift`] | what changed in a list while it was read |
//! | [`entry`] | a list in the manifest |
//! | [`lock`] | one export at a time in a folder |
//! | [`manifest`] | `manifest.json` |
//! | [`files`] | how files are read and replaced |
//! | [`rows`] | the rows of a file |
//! | [`staged`] | a list that is being read: file, state, journal |
//! | [`folder`] | the folder, and how lists take their places in it |
//! | [`job`] | what all parts of an export share |
//! | [`update`] | brings a list up to date |
//! | [`copies`] | notices fields of other records that have changed |
//! | [`list`] | exports a list |
//! | [`children`] | exports what belongs to the records of a list |
//! | [`outcome`] | what is told of lists that are missing, and the exit code |
//! | [`run`] | the command |

pub(crate) mod children;
pub(crate) mod copies;
pub(crate) mod drift;
pub(crate) mod entry;
pub(crate) mod files;
pub(crate) mod folder;
pub(crate) mod job;
pub(crate) mod list;
pub(crate) mod lock;
pub(crate) mod manifest;
pub(crate) mod outcome;
pub(crate) mod plan;
pub(crate) mod rows;
pub(crate) mod run;
pub(crate) mod staged;
pub(crate) mod update;
