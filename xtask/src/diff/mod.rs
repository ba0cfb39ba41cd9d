//! The description against another OpenAPI document of the same API: what theirs has that ours lacks, what ours has that
//! theirs lacks, and what the two say otherwise.
//!
//! Names of operations and schemas are ours to choose, so operations are matched by method and path, and schemas by where
//! they are used; what is shown has our names. What ours takes from the guide is not expected in theirs.

mod accepted;
mod compare;
mod report;

pub(crate) use accepted::Accepted;
pub(crate) use compare::compare;
pub(crate) use report::Form;

use serde::{Deserialize, Serialize};

/// What was compared, and what differs.
#[derive(Default, Serialize)]
pub(crate) struct Comparison {
    pub(crate) compared: Compared,
    pub(crate) differences: Vec<Difference>,
}

/// How much of theirs was compared.
#[derive(Default, Serialize)]
pub(crate) struct Compared {
    pub(crate) operations: usize,
    pub(crate) parameters: usize,
    pub(crate) properties: usize,
    pub(crate) values: usize,
}

/// A difference.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct Difference {
    /// Where in our description, by our names: `tickets_list ? page`, `Ticket . TicketTitle`.
    pub(crate) place: String,
    pub(crate) change: Change,
    /// What it is, as the end of a sentence that begins with the place.
    pub(crate) what: String,
    /// Where it was met first, by the names of their document: `GET /api/v3/tickets 200`.
    pub(crate) at: String,
    /// Whether the bindings would be other than they are.
    pub(crate) matters: bool,
    /// Why it is as it should be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) accepted: Option<String>,
}

/// From ours to theirs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Change {
    Added,
    Removed,
    Renamed,
    Changed,
}

impl Change {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Change::Added => "added",
            Change::Removed => "removed",
            Change::Renamed => "renamed",
            Change::Changed => "changed",
        }
    }
}

impl Comparison {
    /// The differences that matter and that nobody has accepted.
    pub(crate) fn open(&self) -> impl Iterator<Item = &Difference> {
        self.differences.iter().filter(|difference| difference.is_open())
    }
}

impl Difference {
    fn is_open(&self) -> bool {
        self.matters && self.accepted.is_none()
    }
}

#[cfg(test)]
mod tests;
