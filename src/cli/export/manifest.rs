//! What an export holds, for programs that check it or load it.

use serde::{Deserialize, Serialize};

use super::{files::ListFile, plan::Part};
use crate::{
    Timestamp,
    cli::{values::Altered, walk::count_of},
    clock,
};

/// The content of `manifest.json`.
#[derive(Debug, Serialize)]
pub(super) struct Manifest {
    /// The version of the command.
    version: &'static str,
    base_url: String,
    finished: Timestamp,
    lists: Vec<Entry>,
}

/// What there is of a list.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
pub(super) struct Entry {
    pub(super) name: String,
    operation: String,
    /// How it went: `complete`, `one pass`, `no id`, `altered`, `unsettled` or `no permission`.
    state: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) file: Option<String>,
    pub(super) records: u64,
    pub(super) bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sha256: Option<String>,
    drift: Drift,
    /// Records of the list that it hangs on that have no id: what hangs on them could not be read.
    #[serde(default, skip_serializing_if = "is_zero")]
    parents_without_id: u64,
    /// What is not in the file as it was sent.
    #[serde(default, skip_serializing_if = "Alterations::is_none")]
    alterations: Alterations,
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// What is not in a file as it was sent, since its format has no way to write it.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
pub(super) struct Alterations {
    /// How many records.
    records: u64,
    /// The first of them in words.
    first: String,
}

impl Alterations {
    /// Takes note of one, by its number in the file.
    pub(super) fn note(&mut self, number: u64, altered: &Altered) {
        self.records += 1;
        if self.records == 1 {
            self.first = format!("record {number} {altered}");
        }
    }

    fn is_none(&self) -> bool {
        self.records == 0
    }
}

/// What moved while the list was read.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
struct Drift {
    /// How often the list was read.
    sweeps: u32,
    /// The total that the service told first.
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<i64>,
    total_changes: u64,
    /// Records that came again on another page.
    repeats: u64,
    /// Records that a sweep after the first has found.
    late: u64,
    /// Records without an id, which cannot be told apart.
    without_id: u64,
    /// Records that the smallest total of the last sweep says there are, and that it did not see; 0 once the list has settled.
    shortfall: u64,
    /// Pages of the last sweep that were short although others followed.
    #[serde(default)]
    holes: u64,
}

/// What the service told of the length of a list.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(super) struct Totals {
    pub(super) first: Option<i64>,
    last: Option<i64>,
    /// How often it was another than before.
    changes: u64,
}

impl Totals {
    /// Takes note of what a page says.
    pub(super) fn note(&mut self, total: Option<i64>) {
        let Some(total) = total else { return };
        self.first.get_or_insert(total);
        let before = self.last.replace(total);
        self.changes += u64::from(before.is_some_and(|before| before != total));
    }
}

/// How a list was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Complete,
    OnePass,
    /// Some of its records have no id, or of those that it hangs on: one that moved may be missing, or what hangs on it.
    NoId,
    Unsettled,
}

const UNSETTLED: &str = "unsettled";
const NO_ID: &str = "no id";
const ALTERED: &str = "altered";
const NO_PERMISSION: &str = "no permission";

impl Manifest {
    pub(super) fn new(base_url: &str, lists: Vec<Entry>) -> Self {
        Manifest {
            version: env!("CARGO_PKG_VERSION"),
            base_url: base_url.to_string(),
            finished: clock::utc().into(),
            lists,
        }
    }
}

impl Entry {
    pub(super) fn new(part: &Part, outcome: Outcome, file: &ListFile) -> Self {
        let ListFile {
            sweep, completeness, ..
        } = file;
        let (totals, alterations) = (&file.state.totals, &file.state.alterations);
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
            drift: Drift {
                // One that is not judged has not ended for the rule.
                sweeps: completeness.sweeps + u32::from(!sweep.is_empty()),
                total: totals.first,
                total_changes: totals.changes,
                repeats: completeness.repeats + sweep.repeats,
                late: completeness.late,
                without_id: completeness.without_id().max(sweep.without_id),
                shortfall: match outcome {
                    Outcome::Complete | Outcome::NoId => 0,
                    _ => completeness.shortfall().max(sweep.shortfall()),
                },
                holes: completeness.holes().max(sweep.holes()),
            },
            parents_without_id: file.state.parents_without_id,
            alterations: alterations.clone(),
            ..Entry::default()
        }
    }

    /// A list that the key may not read.
    pub(super) fn without_permission(part: &Part) -> Self {
        Entry {
            name: part.name(),
            operation: part.operation.id.to_string(),
            state: NO_PERMISSION.to_string(),
            ..Entry::default()
        }
    }

    pub(super) fn is_unsettled(&self) -> bool {
        self.state == UNSETTLED
    }

    /// What is not in its file as it was sent, in words.
    pub(super) fn altered(&self) -> Option<String> {
        let Alterations { records, first } = &self.alterations;
        let others = match records {
            0 => return None,
            1 => String::new(),
            records => format!(", and {} more are not as they were sent", records - 1),
        };
        Some(format!("{}: {first}{others}", self.name))
    }

    /// What its records without an id, or those that it hangs on, mean for it, in words.
    pub(super) fn without_id(&self) -> Option<String> {
        let name = &self.name;
        match (self.parents_without_id, self.drift.without_id) {
            (1.., _) => Some(format!(
                "{name}: what hangs on {} without an id could not be read",
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

    pub(super) fn is_refused(&self) -> bool {
        self.state == NO_PERMISSION
    }
}
