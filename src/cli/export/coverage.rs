//! Whether a list has been read completely, although records come and go while it is read.
//!
//! The criterion is that of `Consistency::Complete` for any list: it is swept again until a sweep finds no record that an
//! earlier one missed, where records that are newer than all of the first sweep do not count. Here it can be written down
//! and taken up again.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use crate::Page;

/// How many sweeps there are at most.
const MOST_SWEEPS: u32 = 5;

/// What was seen, as far as it has to be remembered over an interruption.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
pub(super) struct Coverage {
    /// Sweeps that are complete.
    pub(super) sweeps: u32,
    /// The total that the first page told.
    pub(super) total: Option<i64>,
    /// Records that came again within a sweep: they had moved.
    pub(super) repeats: u64,
    /// How often the total was another than before.
    pub(super) total_changes: u64,
    /// Records that an earlier sweep had missed.
    pub(super) late: u64,
    /// Records of the sweep under way that are new and no newborns.
    missed: u64,
    last_total: Option<i64>,
    /// The greatest key of the first sweep.
    greatest: Option<i64>,
}

/// What to do after a sweep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    Settled,
    Again,
    /// It would not settle.
    GiveUp,
}

impl Coverage {
    /// Takes note of what a page says of the list.
    pub(super) fn page<T>(&mut self, page: &Page<T>) {
        let Some(total) = page.total() else { return };
        self.total.get_or_insert(total);
        if self.last_total.is_some_and(|last| last != total) {
            self.total_changes += 1;
        }
        self.last_total = Some(total);
    }

    /// Takes note of a record, and tells whether it is new. One without a key always is.
    pub(super) fn record(&mut self, key: Option<&str>, seen: &mut HashSet<String>) -> bool {
        let Some(key) = key else { return true };
        let number = key.parse::<i64>().ok();
        if self.sweeps == 0 {
            self.greatest = self.greatest.max(number);
        }
        let new = seen.insert(key.to_string());
        match (self.sweeps, new) {
            (0, false) => self.repeats += 1,
            (1.., true) => {
                self.late += 1;
                let newborn = number
                    .zip(self.greatest)
                    .is_some_and(|(number, greatest)| number > greatest);
                self.missed += u64::from(!newborn);
            }
            _ => {}
        }
        new
    }

    /// Ends a sweep.
    pub(super) fn end_of_sweep(&mut self) -> Next {
        let (first, missed) = (self.sweeps == 0, self.missed);
        self.sweeps += 1;
        self.missed = 0;
        match first {
            false if missed == 0 => Next::Settled,
            _ if self.sweeps >= MOST_SWEEPS => Next::GiveUp,
            _ => Next::Again,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sweep(coverage: &mut Coverage, seen: &mut HashSet<String>, keys: &[i64]) -> Next {
        let page = serde_json::json!({"items": [], "totalItemCount": keys.len()});
        let page: Page<u8> = serde_json::from_value(page).expect("a page");
        coverage.page(&page);
        for key in keys {
            coverage.record(Some(&key.to_string()), seen);
        }
        coverage.end_of_sweep()
    }

    #[test]
    fn a_list_is_swept_until_nothing_was_missed() {
        let (mut coverage, mut seen) = (Coverage::default(), HashSet::new());
        let mut sweep = |keys: &[i64]| sweep(&mut coverage, &mut seen, keys);
        assert_eq!(sweep(&[7, 5, 1]), Next::Again);
        assert_eq!(sweep(&[7, 6, 5, 1]), Next::Again);
        // 8 came after the first sweep, and is no sign of one that was missed.
        assert_eq!(sweep(&[8, 7, 6, 5, 1]), Next::Settled);
        assert_eq!(
            (coverage.sweeps, coverage.late, coverage.total_changes),
            (3, 2, 2)
        );
    }

    #[test]
    fn there_is_an_end_to_it() {
        let (mut coverage, mut seen) = (Coverage::default(), HashSet::new());
        let mut next = Next::Again;
        let mut sweeps = 0;
        while next == Next::Again {
            sweeps += 1;
            next = sweep(&mut coverage, &mut seen, &[100, 100 - sweeps]);
        }
        assert_eq!((next, sweeps), (Next::GiveUp, 5));
    }
}
