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
//! | [`plan`] | `--from`: what is about to be done with the rows of a file |
//! | [`results`] | what came of the rows |
//! | [`send`] | sends the rows |
//! | [`import`] | one operation for each row of a file, from the plan to the results |

pub(crate) mod ids;
pub(crate) mod import;
mod journal;
mod lookup;
mod outcome;
pub(crate) mod plan;
mod results;
mod selected;
mod send;
