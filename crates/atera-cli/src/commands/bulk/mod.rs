//! Many records with one command.
//!
//! The modules, lowest first:
//!
//! | module | is |
//! |---|---|
//! | [`outcome`] | what came of each record, as rows, in a sentence, and as an exit code |
//! | [`selected`] | the ids of the records that fulfil a condition |
//! | [`ids`] | one operation for each of many ids |
//! | [`journal`] | which rows of a file are sent, and what came of them |
//! | [`lookup`] | finds out whether a row took effect whose answer never came |
//! | [`import`] | `--from`: one operation for each row of a file |

pub(crate) mod ids;
pub(crate) mod import;
mod journal;
mod lookup;
mod outcome;
mod selected;
