//! Whether a list has been read completely, although records come and go while it is read.
//!
//! It is swept again until a sweep finds no record that an earlier one missed, where records that are newer than all of
//! the first sweep do not count. What was seen can be written down between two pages, and taken up again.

use std::mem;

use super::{Key, record::Seen};

/// How often a list is read at most until it settles.
pub(super) const MOST_SWEEPS: u32 = 5;

/// What was seen of a list, over all sweeps.
#[derive(Clone, Debug, Default)]
#[cfg_attr(feature = "cli", derive(serde::Deserialize, serde::Serialize))]
pub(crate) struct Coverage {
    /// Sweeps that have begun.
    pub(crate) sweeps: u32,
    /// Records that came again within a sweep: they had moved.
    pub(crate) repeats: u64,
    /// Records that an earlier sweep had missed.
    pub(crate) late: u64,
    /// Those of them that are new.
    pub(crate) newborn: u64,
    /// Those of the sweep under way that are not.
    missed: u64,
    /// The greatest number of the first sweep.
    newest: Option<i64>,
    /// The records of the sweep under way, if it is not the first.
    #[cfg_attr(feature = "cli", serde(skip))]
    within: Seen,
}

/// What to do after a sweep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Nothing was missed.
    Settled,
    /// Only another sweep can tell.
    Again,
    /// It would not settle.
    GiveUp,
}

impl Coverage {
    /// Begins a sweep.
    pub(crate) fn begin_sweep(&mut self) {
        self.sweeps += 1;
        self.missed = 0;
        self.within = Seen::default();
    }

    pub(super) fn is_first(&self) -> bool {
        self.sweeps <= 1
    }

    /// Takes note of a record. Tells whether it is the first time, by all that were `seen` so far.
    pub(crate) fn record(&mut self, key: Key, seen: &mut Seen) -> bool {
        let is_new = seen.insert(key);
        let number = match key {
            Key::Number(number) => Some(number),
            Key::Uuid(_) => None,
        };
        if self.is_first() {
            self.newest = self.newest.max(number);
            self.repeats += u64::from(!is_new);
            return is_new;
        }
        self.repeats += u64::from(!self.within.insert(key));
        if is_new {
            let is_newborn = number
                .zip(self.newest)
                .is_some_and(|(number, newest)| number > newest);
            self.late += 1;
            self.newborn += u64::from(is_newborn);
            self.missed += u64::from(!is_newborn);
        }
        is_new
    }

    /// Ends a sweep.
    pub(crate) fn end_of_sweep(&mut self) -> Next {
        let missed = mem::take(&mut self.missed);
        match self.is_first() {
            false if missed == 0 => Next::Settled,
            _ if self.sweeps >= MOST_SWEEPS => Next::GiveUp,
            _ => Next::Again,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sweep(coverage: &mut Coverage, seen: &mut Seen, keys: &[i64]) -> Next {
        coverage.begin_sweep();
        for key in keys {
            coverage.record(Key::Number(*key), seen);
        }
        coverage.end_of_sweep()
    }

    #[test]
    fn a_list_is_swept_until_nothing_was_missed() {
        let (mut coverage, mut seen) = (Coverage::default(), Seen::default());
        let mut sweep = |keys: &[i64]| sweep(&mut coverage, &mut seen, keys);
        assert_eq!(sweep(&[7, 5, 1, 5]), Next::Again);
        assert_eq!(sweep(&[7, 6, 5, 1, 1]), Next::Again);
        // 8 came after the first sweep, and is no sign of one that was missed.
        assert_eq!(sweep(&[8, 7, 6, 5, 1]), Next::Settled);
        assert_eq!((coverage.sweeps, coverage.repeats), (3, 2));
        assert_eq!((coverage.late, coverage.newborn), (2, 1));
    }

    #[test]
    fn there_is_an_end_to_it() {
        let (mut coverage, mut seen) = (Coverage::default(), Seen::default());
        let mut next = Next::Again;
        let mut sweeps = 0;
        while next == Next::Again {
            sweeps += 1;
            next = sweep(&mut coverage, &mut seen, &[100, 100 - sweeps]);
        }
        assert_eq!((next, sweeps), (Next::GiveUp, 5));
    }
}
