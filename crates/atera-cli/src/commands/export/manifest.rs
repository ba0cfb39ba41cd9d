//! `manifest.json`: what an export holds, for programs that check it or load it.
//!
//! It is written last, so a folder with a manifest holds a complete export. Of each list it has the length and the SHA-256 of
//! the file, and what changed in the list while it was read.
//!
//! ```json
//! {
//!   "version": "0.1.0",
//!   "base_url": "https://app.atera.com/api/v3",
//!   "finished": "2026-03-02T09:00:00Z",
//!   "lists": [{
//!     "name": "customers", "operation": "customers_list", "state": "complete",
//!     "file": "customers.ndjson", "records": 64, "bytes": 30038, "sha256": "a3db...",
//!     "drift": {"sweeps": 2, "total": 64, "total_changes": 0, "repeats": 0, "late": 0, "without_id": 0,
//!               "shortfall": 0, "holes": 0}
//!   }]
//! }
//! ```

use atera::{Timestamp, page::Verdict};
use serde::{Deserialize, Serialize};

use super::plan::Part;
use crate::{commands::walk::count_of, output::values::Altered};

/// The content of `manifest.json`.
#[derive(Debug, Serialize)]
pub(crate) struct Manifest {
    /// The version of the command.
    version: &'static str,
    /// The address of the service that was asked.
    base_url: String,
    /// When the last list was complete.
    finished: Timestamp,
    /// The lists, in the order of the description.
    lists: Vec<Entry>,
}

/// A list in the manifest.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
pub(crate) struct Entry {
    /// The name of the list, which is that of its file.
    pub(crate) name: String,
    /// The operation that reads it.
    pub(crate) operation: String,
    /// How it was read: `complete`, `one pass`, `no id`, `altered`, `unsettled` or `no permission`.
    state: String,
    /// The name of the file. There is none if the key may not read the list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) file: Option<String>,
    /// Records in the file.
    pub(crate) records: u64,
    /// Length of the file.
    pub(crate) bytes: u64,
    /// Checksum of the file, in hexadecimal digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sha256: Option<String>,
    /// What changed in the list while it was read.
    drift: Drift,
    /// The records that are not in the file as they were sent.
    #[serde(default, skip_serializing_if = "Alterations::is_none")]
    alterations: Alterations,
    /// Records of the list that it belongs to that have no id: what belongs to them could not be read.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) parents_without_id: u64,
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// The records that are not in a file as they were sent, because its format cannot write them.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
pub(crate) struct Alterations {
    /// How many records.
    records: u64,
    /// The first of them in words.
    first: String,
}

impl Alterations {
    /// Takes note of one, by its number in the file.
    pub(crate) fn note(&mut self, number: u64, altered: &Altered) {
        self.records += 1;
        if self.records == 1 {
            self.first = format!("record {number} {altered}");
        }
    }

    fn is_none(&self) -> bool {
        self.records == 0
    }
}

/// What changed in a list while it was read.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
pub(crate) struct Drift {
    /// How often the list was read.
    sweeps: u32,
    /// The first total that the service told.
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<i64>,
    /// How often the total was another than on the page before.
    total_changes: u64,
    /// Records that came again on another page.
    pub(crate) repeats: u64,
    /// Records that only a later sweep found.
    late: u64,
    /// Records without an id, which cannot be told apart.
    pub(crate) without_id: u64,
    /// How many records the last sweep saw less than its smallest total; 0 once the list has settled.
    shortfall: u64,
    /// Pages of the last sweep that were short although others followed.
    #[serde(default)]
    holes: u64,
}

impl Drift {
    /// The drift of a walk, with the totals that its pages told.
    pub(crate) fn of_walk(drift: &atera::page::Drift, totals: &Totals) -> Self {
        Drift {
            sweeps: drift.sweeps,
            total: totals.first,
            total_changes: totals.changes,
            repeats: drift.repeats,
            late: drift.late,
            without_id: drift.without_id,
            shortfall: drift.shortfall,
            holes: drift.holes,
        }
    }

    /// The drift of a list that comes in one answer, where nothing can move.
    pub(crate) fn of_array() -> Self {
        Drift {
            sweeps: 1,
            ..Drift::default()
        }
    }
}

/// The totals that the pages of a list told.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct Totals {
    /// The first of them.
    pub(crate) first: Option<i64>,
    /// The latest of them.
    last: Option<i64>,
    /// How often one was another than the one before.
    changes: u64,
}

impl Totals {
    /// Takes note of the total of a page.
    pub(crate) fn note(&mut self, total: Option<i64>) {
        let Some(total) = total else { return };
        self.first.get_or_insert(total);
        let before = self.last.replace(total);
        self.changes += u64::from(before.is_some_and(|before| before != total));
    }
}

/// How a list was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Completely, although records came and went.
    Complete,
    /// Once, as was asked for.
    OnePass,
    /// Some of its records have no id, or of those that it belongs to: one that moved may be missing, or what belongs to it.
    NoId,
    /// Not completely: it would not settle, or fewer records came than its total.
    Unsettled,
}

impl Outcome {
    /// The outcome of a walk.
    pub(crate) fn of(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Complete => Outcome::Complete,
            Verdict::OnePass => Outcome::OnePass,
            Verdict::WithoutIds => Outcome::NoId,
            // An unknown verdict promises nothing.
            _ => Outcome::Unsettled,
        }
    }
}

const UNSETTLED: &str = "unsettled";
const NO_ID: &str = "no id";
const ALTERED: &str = "altered";
const NO_PERMISSION: &str = "no permission";

impl Manifest {
    /// The manifest of an export that is complete now.
    pub(crate) fn new(base_url: &str, lists: Vec<Entry>) -> Self {
        Manifest {
            version: env!("CARGO_PKG_VERSION"),
            base_url: base_url.to_string(),
            finished: Timestamp::now(),
            lists,
        }
    }
}

impl Entry {
    /// A list that was read. The caller adds what it knows of the file.
    pub(crate) fn new(part: &Part, outcome: Outcome, drift: Drift, alterations: Alterations) -> Self {
        let state = match outcome {
            Outcome::Complete | Outcome::OnePass | Outcome::NoId if !alterations.is_none() => ALTERED,
            Outcome::Complete => "complete",
            Outcome::OnePass => "one pass",
            Outcome::NoId => NO_ID,
            Outcome::Unsettled => UNSETTLED,
        };
        Entry {
            name: part.name(),
            operation: part.operation.id.to_string(),
            state: state.to_string(),
            drift,
            alterations,
            ..Entry::default()
        }
    }

    /// A list that the key may not read.
    pub(crate) fn without_permission(part: &Part) -> Self {
        Entry {
            name: part.name(),
            operation: part.operation.id.to_string(),
            state: NO_PERMISSION.to_string(),
            ..Entry::default()
        }
    }

    /// Whether records may be missing.
    pub(crate) fn is_unsettled(&self) -> bool {
        self.state == UNSETTLED
    }

    /// In words, which records are not in its file as they were sent. `None` if all are.
    pub(crate) fn altered(&self) -> Option<String> {
        let Alterations { records, first } = &self.alterations;
        let others = match records {
            0 => return None,
            1 => String::new(),
            records => format!(", and {} more are not as they were sent", records - 1),
        };
        Some(format!("{}: {first}{others}", self.name))
    }

    /// In words, what its records without an id, or those that it belongs to, mean for it.
    pub(crate) fn without_id(&self) -> Option<String> {
        let name = &self.name;
        match (self.parents_without_id, self.drift.without_id) {
            (1.., _) => Some(format!(
                "{name}: what belongs to {} without an id could not be read",
                count_of(self.parents_without_id)
            )),
            (_, 1..) if self.state == NO_ID => Some(format!(
                "{name}: {} of {} without an id, so one that moved may be missing",
                self.drift.without_id,
                count_of(self.records)
            )),
            _ => None,
        }
    }

    /// Whether the key may not read it.
    pub(crate) fn is_refused(&self) -> bool {
        self.state == NO_PERMISSION
    }
}
