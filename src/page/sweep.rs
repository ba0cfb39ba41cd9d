//! One sweep over a list: which records its pages had, and which totals its answers told. Nothing here fetches.

use std::collections::HashSet;

use super::record::{Identity, Ids};
use crate::types::RecordId;

/// A sweep ends with an error after so many pages, one after another, that have no record new to it.
pub(super) const MOST_PAGES_WITHOUT_NEW: u32 = 100;

/// A sweep over a list, page by page.
#[derive(Debug, Default)]
pub(crate) struct Sweep {
    pub(super) ids: Ids,
    /// Hashes of the records that have no id.
    contents: HashSet<u64>,
    /// Records without an id.
    pub(crate) without_id: u64,
    /// Records that came again, because they moved to a later page.
    pub(crate) repeats: u64,
    pub(super) pages: u32,
    pub(super) totals: Totals,
    /// Ids of the first and the last page, as far as they are needed to look at the pages again.
    pub(super) first_page: Vec<Option<RecordId>>,
    pub(super) last_page: Vec<Option<RecordId>>,
    /// Pages since the last one that had a record new to the sweep.
    pages_without_new: u32,
    page_has_new: bool,
    /// Whether any id was greater than the one before it, and whether any was smaller.
    rises: bool,
    falls: bool,
    before: Option<RecordId>,
}

/// The totals that the answers of a sweep told.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Totals {
    /// The smallest and the greatest.
    pub(super) range: Option<(i64, i64)>,
    pub(super) last: Option<i64>,
    /// Answers that told one.
    told: u32,
}

/// A page after which a sweep is not going to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Endless;

impl Sweep {
    /// Begins a page, whose answer tells this total.
    pub(crate) fn begin_page(&mut self, total: Option<i64>) {
        self.pages += 1;
        self.page_has_new = false;
        self.last_page.clear();
        if let Some(total) = total {
            let (least, most) = self.totals.range.unwrap_or((total, total));
            self.totals.range = Some((least.min(total), most.max(total)));
            self.totals.last = Some(total);
            self.totals.told += 1;
        }
    }

    /// Takes in a record of the page. Returns whether it may be another one than all before it in the sweep.
    pub(crate) fn record(&mut self, identity: Identity) -> bool {
        self.last_page.push(identity.id());
        let (is_new, may_be_new) = match identity {
            Identity::Content(hash) => {
                self.without_id += 1;
                (self.contents.insert(hash), true)
            }
            Identity::Id(id) => {
                if let Some(before) = self.before.replace(id) {
                    self.rises |= before < id;
                    self.falls |= before > id;
                }
                let is_new = self.ids.insert(id);
                self.repeats += u64::from(!is_new);
                (is_new, is_new)
            }
        };
        self.page_has_new |= is_new;
        may_be_new
    }

    /// Ends the page.
    ///
    /// # Errors
    ///
    /// If pages keep coming that have no record new to the sweep: the service ignores the number of the page, or says
    /// that there is more where there is nothing.
    pub(crate) fn end_page(&mut self) -> Result<(), Endless> {
        if self.pages == 1 {
            self.first_page.clone_from(&self.last_page);
        }
        self.pages_without_new = match self.page_has_new {
            true => 0,
            false => self.pages_without_new + 1,
        };
        match self.pages_without_new >= MOST_PAGES_WITHOUT_NEW {
            true => Err(Endless),
            false => Ok(()),
        }
    }

    /// How many records there were, each counted once.
    pub(super) fn count(&self) -> u64 {
        self.ids.len() as u64 + self.without_id
    }

    /// Whether ids only grew or only fell from record to record.
    pub(super) fn is_ordered(&self) -> bool {
        !(self.rises && self.falls)
    }

    /// The total that every answer told, if they agree.
    pub(super) fn steady_total(&self) -> Option<i64> {
        let (least, most) = self.totals.range?;
        (self.totals.told == self.pages && least == most).then_some(least)
    }

    /// Whether every answer told the same total, and so many records came.
    pub(super) fn is_quiet(&self) -> bool {
        let total = self.steady_total().and_then(|total| u64::try_from(total).ok());
        total == Some(self.count())
    }

    /// How many records the service says there are, at least, beyond those that came.
    pub(crate) fn shortfall(&self) -> u64 {
        let least = self.totals.range.map_or(0, |(least, _)| least);
        u64::try_from(least).unwrap_or(0).saturating_sub(self.count())
    }
}

impl Totals {
    /// By how much they differ.
    pub(super) fn moved(&self) -> u64 {
        self.range.map_or(0, |(least, most)| most.abs_diff(least))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(sweep: &mut Sweep, total: Option<i64>, ids: &[i64]) -> Result<(), Endless> {
        sweep.begin_page(total);
        for id in ids {
            sweep.record(Identity::Id(RecordId::Number(*id)));
        }
        sweep.end_page()
    }

    #[test]
    fn a_sweep_counts_each_record_once_and_knows_the_totals() {
        let mut sweep = Sweep::default();
        page(&mut sweep, Some(4), &[4, 3]).unwrap();
        assert_eq!(sweep.steady_total(), Some(4));
        page(&mut sweep, Some(5), &[3, 1]).unwrap();
        assert_eq!((sweep.count(), sweep.repeats, sweep.pages), (3, 1, 2));
        assert_eq!((sweep.steady_total(), sweep.totals.moved()), (None, 1));
        assert_eq!(sweep.shortfall(), 1);
        assert!(sweep.is_ordered());
        assert_eq!(
            sweep.last_page,
            [Some(RecordId::Number(3)), Some(RecordId::Number(1))]
        );
        page(&mut sweep, None, &[2]).unwrap();
        assert!(!sweep.is_ordered());
    }

    #[test]
    fn records_without_an_id_are_counted_and_told_apart_by_their_content_for_progress_alone() {
        let mut sweep = Sweep::default();
        for number in 0..MOST_PAGES_WITHOUT_NEW {
            sweep.begin_page(None);
            assert!(sweep.record(Identity::new(None, b"{}")), "it may be another one");
            let ended = sweep.end_page();
            assert_eq!(ended.is_err(), number + 1 > MOST_PAGES_WITHOUT_NEW, "{number}");
        }
        assert_eq!(sweep.without_id, 100);
        sweep.begin_page(None);
        sweep.record(Identity::new(None, b"{}"));
        assert_eq!(sweep.end_page(), Err(Endless));
    }

    #[test]
    fn a_page_with_a_record_new_to_the_sweep_begins_the_count_again() {
        let mut sweep = Sweep::default();
        for id in 0..3 {
            page(&mut sweep, None, &[id]).unwrap();
            for _ in 1..MOST_PAGES_WITHOUT_NEW {
                page(&mut sweep, None, &[0]).unwrap();
            }
        }
        assert_eq!(page(&mut sweep, None, &[]), Err(Endless));
    }
}
