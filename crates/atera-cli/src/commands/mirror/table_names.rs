//! The names of the tables, as a shell offers them.

use atera_mirror::schema::tables;
use clap_complete::engine::{ArgValueCandidates, CompletionCandidate};

/// The names of the tables, for the shell.
pub(crate) fn completion() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let names = tables().iter().map(|table| &table.name);
        names.map(CompletionCandidate::new).collect()
    })
}
