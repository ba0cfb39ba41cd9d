//! One sweep, a pass over all pages of a list: which records its pages had, and which totals its answers reported. Nothing
//! here fetches.

use std::collections::{BTreeMap, HashSet};

use super::{
    end::ReportedLength,
    record::{Identity, Ids},
};
use crate::types::RecordId;

/// A sweep fails after this many consecutive pages without a record that is new to it.
pub(super) const MOST_PAGES_WITHOUT_NEW: u32 = 100;

/// A sweep fails after this many pages without a new id, a million records. This ends a sweep over records without ids whose
/// content varies, for example by a time: they look new each time they come.
pub(super) const MOST_PAGES_WITHOUT_ID: u32 = 20_000;

/// A sweep over a list, page by page.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sweep {
    pub(super) ids: Ids,
    /// Hashes of the records that have no id.
    contents: HashSet<u64>,
    /// Records without an id.
    pub(crate) without_id: u64,
    /// Those of them on pages that had a record new to the sweep.
    counted_without_id: u64,
    /// Records that came again, because they moved to a later page.
    pub(crate) repeats: u64,
    pub(super) pages: u32,
    reported: Totals,
    lengths: Lengths,
    /// Ids of the first and the last page, to compare with these pages when they are read again.
    pub(super) first_page: Vec<Option<RecordId>>,
    pub(super) last_page: Vec<Option<RecordId>>,
    /// Pages since the last one that had a record new to the sweep.
    pages_without_new: u32,
    /// All pages that had no new id.
    pages_without_id: u32,
    page_has_new: bool,
    page_has_new_id: bool,
    /// Whether any id was greater, and whether any was smaller, than the id before it.
    rises: bool,
    falls: bool,
    before: Option<RecordId>,
}

/// The totals that the answers of a sweep reported.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Totals {
    /// The smallest and the greatest.
    pub(super) range: Option<(i64, i64)>,
    pub(super) last: Option<i64>,
    /// Answers that reported a total.
    answers: u32,
    /// Whether an answer contradicted its own total.
    pub(super) is_contradicted: bool,
    /// The smallest number of pages that an answer reported.
    pages: Option<i32>,
}

/// How many records the pages of a sweep had.
#[derive(Clone, Debug, Default)]
struct Lengths {
    longest: usize,
    /// By length, the number of pages after which a page with a new record came.
    followed: BTreeMap<usize, u64>,
    /// By length, the number of pages after which none has come yet.
    last: BTreeMap<usize, u64>,
}

/// Why a sweep is taken to have no end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Endless {
    /// The last [`MOST_PAGES_WITHOUT_NEW`] pages had no new record.
    NothingNew,
    /// [`MOST_PAGES_WITHOUT_ID`] pages had no new id.
    NoIds,
}

impl Sweep {
    /// Begins a page whose answer reports this length of the list.
    pub(crate) fn begin_page(&mut self, reported: ReportedLength) {
        self.pages += 1;
        self.page_has_new = false;
        self.page_has_new_id = false;
        self.last_page.clear();
        let totals = &mut self.reported;
        totals.is_contradicted |= reported.is_contradicted;
        totals.pages = [totals.pages, reported.pages].into_iter().flatten().min();
        if let Some(total) = reported.total {
            let (least, most) = totals.range.unwrap_or((total, total));
            totals.range = Some((least.min(total), most.max(total)));
            totals.last = Some(total);
            totals.answers += 1;
        }
    }

    /// Whether any of these records is new to the sweep.
    pub(crate) fn has_new(&self, mut records: impl Iterator<Item = Identity>) -> bool {
        records.any(|identity| match identity {
            Identity::Content(hash) => !self.contents.contains(&hash),
            Identity::Id(id) => !self.ids.contains(id),
        })
    }

    /// Adds a record of the page. Returns whether it may differ from all earlier records of the sweep; a record without an id
    /// always may.
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
                self.page_has_new_id |= is_new;
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
    /// If too many pages had no record new to the sweep, because the service ignores the page number or wrongly reports more
    /// pages, or if too many pages had only records without ids.
    pub(crate) fn end_page(&mut self) -> Result<(), Endless> {
        if self.pages == 1 {
            self.first_page.clone_from(&self.last_page);
        }
        self.lengths.note(self.last_page.len(), self.page_has_new);
        if self.page_has_new {
            let without_id = self.last_page.iter().filter(|id| id.is_none());
            self.counted_without_id += without_id.count() as u64;
        }
        self.pages_without_new = match self.page_has_new {
            true => 0,
            false => self.pages_without_new + 1,
        };
        self.pages_without_id += u32::from(!self.page_has_new_id);
        match () {
            () if self.pages_without_new >= MOST_PAGES_WITHOUT_NEW => Err(Endless::NothingNew),
            () if self.pages_without_id >= MOST_PAGES_WITHOUT_ID => Err(Endless::NoIds),
            () => Ok(()),
        }
    }

    /// The number of records, each counted once. Records without an id count only if their page had a record new to the sweep,
    /// so that a page that comes again does not count towards the total.
    pub(super) fn count(&self) -> u64 {
        self.ids.len() as u64 + self.counted_without_id
    }

    /// The totals that the answers reported. They are dropped if an answer contradicted its own total and the sweep has more
    /// records than the largest total.
    pub(super) fn totals(&self) -> Totals {
        let reported = self.reported;
        let most = reported.range.map_or(0, |(_, most)| most);
        match reported.is_contradicted && u64::try_from(most).unwrap_or(0) < self.count() {
            true => Totals {
                range: None,
                last: None,
                answers: 0,
                ..reported
            },
            false => reported,
        }
    }

    /// The number of pages that were shorter than the longest, or empty, although a later page had a record new to the sweep.
    pub(crate) fn holes(&self) -> u64 {
        self.lengths.holes()
    }

    /// Whether the ids are sorted, ascending or descending.
    pub(super) fn is_ordered(&self) -> bool {
        !(self.rises && self.falls)
    }

    /// The total, if every answer reported the same one.
    pub(super) fn constant_total(&self) -> Option<i64> {
        let totals = self.totals();
        let (least, most) = totals.range?;
        (totals.answers == self.pages && least == most).then_some(least)
    }

    /// Whether every answer reported the same total, that many records came, and no page before the last was short.
    pub(super) fn is_consistent(&self) -> bool {
        let total = self.constant_total().and_then(|total| u64::try_from(total).ok());
        total == Some(self.count()) && self.holes() == 0
    }

    /// For a list without totals, whether nothing shows that a record is missing: no record came twice, no page before the last
    /// was short, and the number of pages does not imply more records.
    pub(super) fn shows_no_loss(&self) -> bool {
        self.repeats == 0 && self.holes() == 0 && self.shortfall() == 0
    }

    /// How many records are missing at least, by the smallest total, or else by the number of pages.
    pub(crate) fn shortfall(&self) -> u64 {
        let totals = self.totals();
        let least = match totals.range {
            Some((least, _)) => u64::try_from(least).unwrap_or(0),
            None => self.least_by_pages(),
        };
        least.saturating_sub(self.count())
    }

    /// The smallest number of records that the number of pages implies: every page but the last is full, and the last has at
    /// least one. One page implies nothing, since an empty list may report one.
    fn least_by_pages(&self) -> u64 {
        let pages = u64::try_from(self.reported.pages.unwrap_or(0)).unwrap_or(0);
        match pages.saturating_sub(1) {
            0 => 0,
            full => full * self.lengths.longest as u64 + 1,
        }
    }
}

impl Lengths {
    /// Adds the length of a page. `has_new` is whether it had a record new to the sweep.
    fn note(&mut self, length: usize, has_new: bool) {
        self.longest = self.longest.max(length);
        if has_new {
            for (length, pages) in std::mem::take(&mut self.last) {
                *self.followed.entry(length).or_default() += pages;
            }
        }
        *self.last.entry(length).or_default() += 1;
    }

    fn holes(&self) -> u64 {
        self.followed.range(..self.longest).map(|(_, pages)| pages).sum()
    }
}

impl Totals {
    /// The difference between the smallest and the largest total.
    pub(super) fn moved(&self) -> u64 {
        self.range.map_or(0, |(least, most)| most.abs_diff(least))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(sweep: &mut Sweep, total: Option<i64>, ids: &[i64]) -> Result<(), Endless> {
        sweep.begin_page(ReportedLength {
            total,
            ..ReportedLength::default()
        });
        for id in ids {
            sweep.record(Identity::Id(RecordId::Number(*id)));
        }
        sweep.end_page()
    }

    #[test]
    fn a_sweep_counts_each_record_once_and_knows_the_totals() {
        let mut sweep = Sweep::default();
        page(&mut sweep, Some(4), &[4, 3]).unwrap();
        assert_eq!(sweep.constant_total(), Some(4));
        page(&mut sweep, Some(5), &[3, 1]).unwrap();
        assert_eq!((sweep.count(), sweep.repeats, sweep.pages), (3, 1, 2));
        assert_eq!((sweep.constant_total(), sweep.totals().moved()), (None, 1));
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
            sweep.begin_page(ReportedLength::default());
            assert!(sweep.record(Identity::new(None, b"{}")), "it may be another one");
            let ended = sweep.end_page();
            assert_eq!(ended.is_err(), number + 1 > MOST_PAGES_WITHOUT_NEW, "{number}");
        }
        assert_eq!((sweep.without_id, sweep.count()), (100, 1));
        sweep.begin_page(ReportedLength::default());
        sweep.record(Identity::new(None, b"{}"));
        assert_eq!(sweep.end_page(), Err(Endless::NothingNew));
    }

    #[test]
    fn records_without_an_id_that_differ_each_time_come_to_an_end() {
        let mut sweep = Sweep::default();
        let mut end_page = |content: u32, id: Option<RecordId>| {
            sweep.begin_page(ReportedLength::default());
            sweep.record(Identity::new(id, &content.to_le_bytes()));
            sweep.end_page()
        };
        // Records with ids are not counted: a list of them may be as long as it likes.
        for number in 0..MOST_PAGES_WITHOUT_ID {
            let id = RecordId::Number(number.into());
            assert_eq!(end_page(number, Some(id)), Ok(()));
        }
        for number in 1..MOST_PAGES_WITHOUT_ID {
            assert_eq!(end_page(number, None), Ok(()));
        }
        assert_eq!(end_page(0, None), Err(Endless::NoIds));
    }

    #[test]
    fn a_page_is_a_hole_once_a_later_one_has_something_new() {
        let mut sweep = Sweep::default();
        let mut holes = |ids: &[i64]| {
            page(&mut sweep, None, ids).unwrap();
            sweep.holes()
        };
        assert_eq!(holes(&[1, 2]), 0);
        assert_eq!(holes(&[3]), 0);
        assert_eq!(holes(&[]), 0);
        assert_eq!(holes(&[3, 2]), 0, "nothing new");
        assert_eq!(holes(&[4]), 2);
        // What is full shows by the longest page.
        assert_eq!(holes(&[5, 6, 7]), 5);
        assert_eq!(holes(&[8]), 5, "the last may be short");
    }

    #[test]
    fn totals_that_are_contradicted_and_exceeded_say_nothing() {
        let mut sweep = Sweep::default();
        page(&mut sweep, Some(2), &[1, 2]).unwrap();
        assert!(sweep.is_consistent());
        sweep.begin_page(ReportedLength {
            is_contradicted: true,
            ..ReportedLength::default()
        });
        assert_eq!(sweep.totals().last, Some(2), "no more came");
        sweep.record(Identity::Id(RecordId::Number(3)));
        sweep.end_page().unwrap();
        let totals = sweep.totals();
        assert_eq!((totals.last, totals.range, totals.moved()), (None, None, 0));
        assert_eq!((sweep.constant_total(), sweep.shortfall()), (None, 0));
        // A later total that the records do not exceed counts again.
        page(&mut sweep, Some(9), &[]).unwrap();
        assert_eq!(sweep.shortfall(), 0, "by the smallest");
        assert_eq!(sweep.totals().range, Some((2, 9)));
    }

    #[test]
    fn without_a_total_the_pages_tell_how_many_there_are_at_least() {
        for (pages, shortfall) in [(0, 0), (1, 0), (2, 0), (3, 1), (4, 3)] {
            let mut sweep = Sweep::default();
            for ids in [[1, 2], [3, 4]] {
                sweep.begin_page(ReportedLength {
                    pages: Some(pages),
                    ..ReportedLength::default()
                });
                for id in ids {
                    sweep.record(Identity::Id(RecordId::Number(id)));
                }
                sweep.end_page().unwrap();
            }
            assert_eq!(sweep.shortfall(), shortfall, "{pages} pages");
        }
        let mut empty = Sweep::default();
        empty.begin_page(ReportedLength {
            pages: Some(1),
            ..ReportedLength::default()
        });
        empty.end_page().unwrap();
        assert!(empty.shows_no_loss());
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
        assert_eq!(page(&mut sweep, None, &[]), Err(Endless::NothingNew));
    }
}
