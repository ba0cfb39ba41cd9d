//! A list in the manifest: how it was read, and its file.

use atera::{Timestamp, page::Verdict};
use serde::{Deserialize, Serialize};

use super::{
    drift::{Alterations, Drift},
    plan::Part,
    rows::Difference,
};
use crate::commands::walk::count_of;

/// A list in the manifest.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
pub(crate) struct Entry {
    /// The name of the list, which is that of its file.
    pub(crate) name: String,
    /// The operation that reads it.
    pub(crate) operation: String,
    /// How the last reading went.
    pub(crate) state: ReadState,
    /// Why the last reading failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// The name of the file. There is none if the list was never read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) file: Option<String>,
    /// How the file was read, if the last reading failed and left it as it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    file_state: Option<ReadState>,
    /// Records in the file.
    pub(crate) records: u64,
    /// Length of the file.
    pub(crate) bytes: u64,
    /// Checksum of the file, in hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) sha256: Option<String>,
    /// When its reading began, by the clock of the service. Later changes may be missing in the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) as_of: Option<Timestamp>,
    /// What `--update` found to have changed since the run before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) update: Option<Update>,
    /// What changed in the list while it was read.
    #[serde(default)]
    pub(crate) drift: Drift,
    /// The records that are not in the file as they were sent.
    #[serde(default, skip_serializing_if = "Alterations::is_none")]
    pub(crate) alterations: Alterations,
    /// Records of the list that it belongs to that have no id: what belongs to them could not be read.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) parents_without_id: u64,
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// What has changed in a list since the run before.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub(crate) struct Update {
    came: u64,
    changed: u64,
    went: u64,
    /// Why the list was read in full, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    read_in_full: Option<String>,
}

impl Update {
    /// That a list differs so from that of the run before.
    pub(crate) fn new(difference: Difference, read_in_full: Option<&str>) -> Self {
        let Difference { came, changed, went } = difference;
        Update {
            came,
            changed,
            went,
            read_in_full: read_in_full.map(ToString::to_string),
        }
    }

    /// In words, what has changed. `None` if nothing has.
    fn told(&self) -> Option<String> {
        let Update {
            came, changed, went, ..
        } = self;
        (came + changed + went > 0).then(|| format!("{came} came, {changed} changed, {went} went"))
    }
}

/// How a list was read.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
pub(crate) enum ReadState {
    /// Completely, although records came and went.
    #[serde(rename = "complete")]
    Complete,
    /// Once, as was asked for.
    #[serde(rename = "one pass")]
    OnePass,
    /// Some of its records have no id, or of those that it belongs to: one that moved may be missing, or what belongs to it.
    #[serde(rename = "no id")]
    NoId,
    /// Its format cannot write some of its records as they were sent.
    #[serde(rename = "altered")]
    Altered,
    /// Not completely: it would not settle, or fewer records came than its total.
    #[serde(rename = "unsettled")]
    Unsettled,
    /// The key may not read it.
    #[serde(rename = "no permission")]
    NoPermission,
    /// Not at all, or not to its end.
    #[default]
    #[serde(rename = "failed")]
    Failed,
}

impl ReadState {
    /// The outcome of a walk.
    pub(crate) fn of(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Complete => ReadState::Complete,
            Verdict::OnePass => ReadState::OnePass,
            Verdict::WithoutIds => ReadState::NoId,
            // An unknown verdict promises nothing.
            _ => ReadState::Unsettled,
        }
    }

    /// Whether the list was read to its end, so that reading it again would change nothing by itself.
    pub(crate) fn is_whole(self) -> bool {
        !matches!(
            self,
            ReadState::Unsettled | ReadState::NoPermission | ReadState::Failed
        )
    }
}

impl Entry {
    /// A list that was read. The caller adds what it knows of the file.
    pub(crate) fn new(part: &Part, state: ReadState, drift: Drift, alterations: Alterations) -> Self {
        let state = match state.is_whole() && !alterations.is_none() {
            true => ReadState::Altered,
            false => state,
        };
        Entry {
            name: part.name(),
            operation: part.operation.id.to_string(),
            state,
            drift,
            alterations,
            ..Entry::default()
        }
    }

    /// A list that could not be read, with the file that an earlier run has left.
    pub(crate) fn failed(part: &Part, state: ReadState, error: String, earlier: Option<&Entry>) -> Self {
        let file_state = earlier.and_then(Entry::of_file);
        Entry {
            name: part.name(),
            operation: part.operation.id.to_string(),
            state,
            error: Some(error),
            file_state,
            ..earlier
                .filter(|_| file_state.is_some())
                .cloned()
                .unwrap_or_default()
        }
    }

    /// This list, if its file is not to take the place of that of an earlier run.
    pub(crate) fn instead_of(self, earlier: &Entry) -> Self {
        Entry {
            state: self.state,
            error: Some("the list did not settle, so the file of an earlier run stays".to_string()),
            file_state: earlier.of_file(),
            ..earlier.clone()
        }
    }

    /// How the file was read. `None` if there is no file.
    pub(crate) fn of_file(&self) -> Option<ReadState> {
        self.file.as_ref()?;
        Some(self.file_state.unwrap_or(self.state))
    }

    /// Whether it was brought up to date by what the service counts as changes.
    pub(crate) fn is_by_changes(&self) -> bool {
        self.update
            .as_ref()
            .is_some_and(|update| update.read_in_full.is_none())
    }

    /// In words, what `--update` found. `None` if nothing has changed.
    pub(crate) fn updated(&self) -> Option<String> {
        let Some(update) = &self.update else {
            return Some(format!(
                "{}: {} for the first time",
                self.name,
                count_of(self.records)
            ));
        };
        Some(format!("{}: {}", self.name, update.told()?))
    }

    /// Why `--update` read the list in full, if it did.
    pub(crate) fn read_in_full(&self) -> Option<&str> {
        self.update.as_ref()?.read_in_full.as_deref()
    }

    /// In words, which records are not in its file as they were sent. `None` if all are.
    pub(crate) fn altered(&self) -> Option<String> {
        let told = self.alterations.told()?;
        Some(format!("{}: {told}", self.name))
    }

    /// In words, what its records without an id, or those that it belongs to, mean for it.
    pub(crate) fn without_id(&self) -> Option<String> {
        let name = &self.name;
        match (self.parents_without_id, self.drift.without_id) {
            (1.., _) => Some(format!(
                "{name}: what belongs to {} without an id could not be read",
                count_of(self.parents_without_id)
            )),
            (_, 1..) if self.state == ReadState::NoId => Some(format!(
                "{name}: {} of {} without an id, so one that moved may be missing",
                self.drift.without_id,
                count_of(self.records)
            )),
            _ => None,
        }
    }
}
