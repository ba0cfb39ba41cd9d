//! What changed in a list while it was read, and what that says of the records that came.

use super::sweep::Sweep;
use crate::{Error, ErrorKind, description::Operation};

/// What changed in a list while it was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Drift {
    /// How often the list was read.
    pub sweeps: u32,
    /// The smallest and the greatest total that the service told, as far as its own answers do not contradict it.
    pub totals: Option<(i64, i64)>,
    /// Records that came more than once within one sweep, because they had moved to a later page.
    pub repeats: u64,
    /// Records that only a later sweep found.
    pub late: u64,
    /// Records among those that were created meanwhile: with a number greater than all of the first sweep.
    pub created_during_walk: u64,
    /// Records that have no id, so that they cannot be told apart. They come out once, in the first sweep.
    pub without_id: u64,
    /// How many records the service's smallest total says there are beyond those that the last sweep saw, once a sweep has
    /// ended; where it tells no total, how many there are at least by its number of pages. Records are missing then, or the
    /// total is wrong. Once a [`Complete`](crate::Consistency::Complete) walk has settled it is 0, since records that came and went
    /// explain what it was.
    pub shortfall: u64,
    /// Pages of the last sweep that were shorter than the longest, or empty, although a later one had a record new to the
    /// sweep, once the sweep has ended. The records that belong there are missing.
    pub holes: u64,
}

impl Drift {
    /// Whether nothing of it was seen.
    pub fn is_none(&self) -> bool {
        let steady = self.totals.is_none_or(|(least, most)| least == most);
        steady && self.repeats == 0 && self.late == 0 && self.without_id == 0 && !self.shows_loss()
    }

    /// Whether it shows that records are missing: by the totals, or by pages that were short.
    pub(crate) fn shows_loss(&self) -> bool {
        self.shortfall > 0 || self.holes > 0
    }

    /// What shows that records are missing, in words, as the end of a sentence that names the list.
    pub(crate) fn loss(&self) -> String {
        let short = match self.holes {
            1 => "a page before its last came short".to_string(),
            holes => format!("{holes} pages before its last came short"),
        };
        let more = match self.shortfall {
            1 => "by its total there is 1 record more than came".to_string(),
            missing => format!("by its total there are {missing} records more than came"),
        };
        match (self.shortfall, self.holes) {
            (0, _) => format!("is not whole: {short}, so records may be missing"),
            (_, 0) => format!("is not whole: {more}, so records may be missing, or the total is wrong"),
            _ => format!("is not whole: {more}, and {short}, so records may be missing"),
        }
    }

    /// That records are missing, for a caller who is told in no other way.
    pub(crate) fn unsettled(&self, operation: &'static Operation) -> Error {
        let sentence = format!(
            "{} {}; read it again, or as a stream, which tells it by `drift`",
            operation.id,
            self.loss()
        );
        Error::new(ErrorKind::Unsettled, sentence).with_operation(operation)
    }

    /// Says in the log that records are missing, if it shows that.
    pub(super) fn warn(&self, operation: &'static Operation) {
        if self.shows_loss() {
            tracing::warn!(
                operation = operation.id,
                shortfall = self.shortfall,
                holes = self.holes,
                "a list is not whole; records may be missing"
            );
        }
    }

    /// Takes in what the sweep under way has shown so far, after so many others that had so many repeats.
    pub(super) fn note(&mut self, sweep: &Sweep, earlier: u32, repeats: u64) {
        self.sweeps = earlier + 1;
        self.repeats = repeats + sweep.repeats;
        self.without_id = self.without_id.max(sweep.without_id);
        let totals = sweep.totals();
        self.totals = match (totals.range, self.totals) {
            (Some((least, most)), Some(known)) => Some((known.0.min(least), known.1.max(most))),
            (Some(range), None) => Some(range),
            (None, known) => known.filter(|_| !totals.is_contradicted),
        };
    }

    /// Takes in that a sweep has ended.
    pub(super) fn end_sweep(&mut self, sweep: &Sweep) {
        (self.shortfall, self.holes) = (sweep.shortfall(), sweep.holes());
    }
}
