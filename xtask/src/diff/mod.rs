//! Compares the description with another OpenAPI document of the same API, and reports what is missing on either side and what
//! differs.
//!
//! The two documents use different names for operations and schemas. So operations are matched by method and path, and schemas
//! by where they are used. The report uses the names of the description. Operations from the guide are not expected in the
//! other document.
//!
//! [`compare()`] finds the differences, [`accepted`] marks those that are intended, and [`report`] prints the rest.

mod accepted;
mod compare;
mod report;

pub(crate) use accepted::Accepted;
pub(crate) use compare::compare;
pub(crate) use report::Form;

use serde::{Deserialize, Serialize};

/// The result of a comparison.
#[derive(Default, Serialize)]
pub(crate) struct Comparison {
    pub(crate) compared: Compared,
    pub(crate) differences: Vec<Difference>,
}

/// How much of the other document was compared. A number that is too small shows that something was not found.
#[derive(Default, Serialize)]
pub(crate) struct Compared {
    pub(crate) operations: usize,
    pub(crate) parameters: usize,
    pub(crate) properties: usize,
    /// The values of closed lists.
    pub(crate) values: usize,
}

/// A difference.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct Difference {
    /// Where in our description, by our names: `tickets_list ? page`, `Ticket . TicketTitle`.
    pub(crate) place: String,
    pub(crate) change: Change,
    /// The difference, as the end of a sentence that begins with the place.
    pub(crate) what: String,
    /// Where it was found first, by the names of the other document: `GET /api/v3/tickets 200`.
    pub(crate) at: String,
    /// Whether the generated client would change. Differences that do not matter are only listed in Markdown and JSON.
    pub(crate) matters: bool,
    /// Why it is intended. None if nobody has accepted it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) accepted: Option<String>,
}

/// The kind of a difference, from the description to the other document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Change {
    Added,
    Removed,
    Renamed,
    Changed,
}

impl Change {
    /// As it is written in the report and in the file of accepted differences.
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
    /// Whether somebody has to do something about it.
    fn is_open(&self) -> bool {
        self.matters && self.accepted.is_none()
    }
}

#[cfg(test)]
mod tests;
