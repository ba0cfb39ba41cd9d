//! What changed in a list while it was read, and whether records are missing because of it.

use super::sweep::Sweep;
use crate::{Error, ErrorKind, description::Operation};

/// What changed in a list while it was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Drift {
    /// How often the list was read.
    pub sweeps: u32,
    /// The smallest and the largest total that the service reported, without totals that their own answer contradicts. A walk
    /// that begins past the first page subtracts the records before its first page.
    pub totals: Option<(i64, i64)>,
    /// Records that came more than once within one sweep, because they had moved to a later page.
    pub repeats: u64,
    /// Records that only a later sweep found.
    pub late: u64,
    /// Those of the late records that were created while the list was read: their number is greater than all of the first sweep.
    pub created_during_walk: u64,
    /// Records without an id. They cannot be distinguished, so only the first sweep returns them.
    pub without_id: u64,
    /// How many records the last finished sweep lacked compared with the smallest total, or without a total compared with the
    /// number that the pages imply. If it is not 0, records are missing or the total is wrong. It is 0 once a
    /// [`Complete`](crate::Consistency::Complete) walk has settled, since the difference then comes from records that were
    /// created or deleted while it read.
    pub shortfall: u64,
    /// Pages of the last finished sweep that were shorter than the longest, or empty, although a later page had a record new to
    /// the sweep. The records that belong on them are missing.
    pub holes: u64,
}

impl Drift {
    /// Whether the list did not change and no record is missing, as far as the walk can tell.
    pub fn is_none(&self) -> bool {
        let steady = self.totals.is_none_or(|(least, most)| least == most);
        steady && self.repeats == 0 && self.late == 0 && self.without_id == 0 && !self.shows_loss()
    }

    /// Whether records are missing, by the totals or by short pages.
    pub(crate) fn shows_loss(&self) -> bool {
        self.shortfall > 0 || self.holes > 0
    }

    /// Why records are taken to be missing, if they are, as the end of a sentence that begins with the name of the list.
    ///
    /// ```
    /// let mut drift = atera::page::Drift::default();
    /// assert_eq!(drift.loss(), None);
    /// drift.holes = 1;
    /// let loss = "is not whole: a page before its last came short, so records may be missing";
    /// assert_eq!(drift.loss().as_deref(), Some(loss));
    /// ```
    pub fn loss(&self) -> Option<String> {
        let short = match self.holes {
            1 => "a page before its last came short".to_string(),
            holes => format!("{holes} pages before its last came short"),
        };
        let more = match self.shortfall {
            1 => "by its total there is 1 record more than came".to_string(),
            missing => format!("by its total there are {missing} records more than came"),
        };
        let loss = match (self.shortfall, self.holes) {
            (0, 0) => return None,
            (0, _) => format!("is not whole: {short}, so records may be missing"),
            (_, 0) => format!("is not whole: {more}, so records may be missing, or the total is wrong"),
            _ => format!("is not whole: {more}, and {short}, so records may be missing"),
        };
        Some(loss)
    }

    /// The error if records are missing, for calls whose caller does not see the drift.
    pub(crate) fn unsettled(&self, operation: &'static Operation) -> Option<Error> {
        let sentence = format!(
            "{} {}; read it again, or as a stream, whose `drift` has the numbers",
            operation.id,
            self.loss()?
        );
        Some(Error::new(ErrorKind::Unsettled, sentence).with_operation(operation))
    }

    /// Logs a warning if records are missing.
    pub(super) fn warn(&self, operation: &'static Operation) {
        if self.shows_loss() {
            tracing::warn!(
                operation = operation.id,
                shortfall = self.shortfall,
                holes = self.holes,
                "a list is incomplete; records may be missing"
            );
        }
    }

    /// Updates the drift from the current sweep. `earlier` is the number of sweeps before it, and `repeats` their repeats.
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

    /// Updates the drift at the end of a sweep.
    pub(super) fn end_sweep(&mut self, sweep: &Sweep) {
        (self.shortfall, self.holes) = (sweep.shortfall(), sweep.holes());
    }
}
