//! Many records with one command.
//!
//! The modules, lowest first:
//!
//! | module | is |
//! |---|---|
//! | [`outcome`] | what came of each record, as rows, in a sentence, and as an exit code |
//! | [`ids`] | one operation for each of many ids |

pub(crate) mod ids;
mod outcome;
