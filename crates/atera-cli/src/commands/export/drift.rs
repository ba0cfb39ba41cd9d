//! What changed in a list while it was read, as the manifest tells it.

use serde::{Deserialize, Serialize};

use crate::output::altered::Altered;

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

    /// Whether all records are in the file as they were sent.
    pub(crate) fn is_none(&self) -> bool {
        self.records == 0
    }

    /// In words, which records are not. `None` if all are.
    pub(crate) fn told(&self) -> Option<String> {
        let others = match self.records {
            0 => return None,
            1 => String::new(),
            records => format!(", and {} more are not as they were sent", records - 1),
        };
        Some(format!("{}{others}", self.first))
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
