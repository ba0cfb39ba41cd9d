//! Decides whether a list was read completely, although records are created and deleted while it is read. Nothing here fetches.
//!
//! A sweep is one pass over all pages. Sweeps are repeated until one of these holds:
//!
//! 1. The list is ordered by a growing id, and its one sweep is consistent, without repeats, and in order. Its last page was
//!    also read before the sweep ([`Completeness::wants_last_page_first`]), and the first and the last page, read again after
//!    the sweep, are unchanged ([`Next::Confirm`]). So no record was created that still exists, none was deleted, and none moved.
//! 2. A later sweep is consistent, found no record that all earlier sweeps missed, and missed none that the sweep before it
//!    found. (Totals alone do not suffice: they stay the same if one record is created for each that is deleted.) A sweep is
//!    consistent if all its answers reported the same total, it found that many records, and no page before its last was short.
//!    If no answer has a total, it is consistent if it found the same records as the sweep before it, no record twice, no short
//!    page before its last, and at least as many records as the number of pages implies. A total that its own answer
//!    contradicts does not count as one.
//! 3. Totals keep changing, and the number of records that every sweep missed is estimated to be below [`NEGLIGIBLE`]. The
//!    estimate is that of capture-recapture: of `n` records in the last two sweeps, sweep `i` missed `m(i)` that the next one
//!    found (for the last sweep: that the one before it found), so that all of them missed `n × Π (m(i) + ½) / n`. The last
//!    sweep must also have found as many records as the last total, within the range by which the totals changed plus `m` of
//!    that sweep, and no short page before its last. Without totals it must have found no record twice: a service that sends
//!    one page in place of another loses the same records in each sweep, which the estimate cannot detect.
//!
//! Records whose number is greater than all of the first sweep were created during the walk, and do not count as missed.
//!
//! The estimate assumes that sweeps miss records independently. A record is missed if it moves across the boundary of two
//! pages, and if a list changes only a little, the same records lie at the boundaries in each sweep. So the sweeps over a list
//! that changes use different page sizes ([`Completeness::page_size`]).

use super::{record::Ids, sweep::Sweep};
use crate::types::RecordId;

/// The largest number of sweeps over a list.
const MOST_SWEEPS: u32 = 8;

/// Below this estimated number of missed records, a list counts as complete.
const NEGLIGIBLE: f64 = 0.000_1;

/// A walk gives up after this many sweeps that found the same records although the total disagrees: more would find no others.
const MOST_ALIKE: u32 = 3;

/// By how many fiftieths the pages of each sweep are smaller than those of the first.
const SMALLER_BY: [i32; MOST_SWEEPS as usize] = [0, 3, 7, 1, 5, 9, 2, 6];

/// What the sweeps over a list have shown so far.
#[derive(Debug, Default)]
pub(crate) struct Completeness {
    /// Sweeps that have ended.
    pub(crate) sweeps: u32,
    /// Records that came again within a sweep.
    pub(crate) repeats: u64,
    /// Records that an earlier sweep missed.
    pub(crate) late: u64,
    /// Those of them that were created during the walk.
    pub(crate) created_during_walk: u64,
    /// The greatest number among the ids of the first sweep.
    newest: Option<i64>,
    /// The ids of all sweeps that have ended.
    earlier: Ids,
    /// The last of these sweeps.
    last: Sweep,
    /// For each sweep but the last, how many records it missed that the next one found.
    missed: Vec<u64>,
    /// Records of the current sweep that all earlier sweeps missed.
    missed_by_all: u64,
    /// How many consecutive sweeps, up to the last, found the same records although the total disagrees.
    alike: u32,
    /// Whether any sweep has shown that the list changes.
    moves: bool,
    /// The ids of the last page, as read before the first sweep reached it.
    initial_last_page: Option<Vec<Option<RecordId>>>,
}

/// What to do after a sweep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// The list was read completely.
    Settled,
    /// It was read completely if its first and its last page are still the same.
    Confirm,
    /// Another sweep is needed.
    Again,
    /// Further sweeps would not make it complete, or the limit of sweeps is reached.
    GiveUp(Unsettled),
}

/// Why a list does not settle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unsettled {
    pub(crate) sweeps: u32,
    /// Records that the last sweep found.
    pub(crate) seen: u64,
    /// The last total.
    pub(crate) total: Option<i64>,
    /// By how much the totals differed in the last sweep.
    pub(crate) moved: u64,
    /// Pages of the last sweep that were short although they were not the last.
    pub(crate) holes: u64,
    /// Records that came more than once in the last sweep.
    pub(crate) repeats: u64,
    /// Whether the last sweeps found the same records although the total disagrees.
    pub(crate) alike: bool,
}

impl Completeness {
    /// Adds an id that is new to the current sweep. Returns whether it is new to all sweeps.
    pub(crate) fn admit(&mut self, id: RecordId) -> bool {
        if self.sweeps == 0 {
            if let RecordId::Number(number) = id {
                self.newest = self.newest.max(Some(number));
            }
            return true;
        }
        if self.earlier.contains(id) {
            return false;
        }
        self.late += 1;
        match self.is_newer(id) {
            true => self.created_during_walk += 1,
            false => self.missed_by_all += 1,
        }
        true
    }

    /// Whether a record was created after the first sweep began.
    fn is_newer(&self, id: RecordId) -> bool {
        match (id, self.newest) {
            (RecordId::Number(number), Some(newest)) => number > newest,
            _ => false,
        }
    }

    /// Whether to read the last page now, after the first page of the first sweep. `by_id` is whether the list is known to be
    /// ordered by a growing id.
    pub(super) fn wants_last_page_first(&self, sweep: &Sweep, by_id: bool) -> bool {
        by_id && self.sweeps == 0 && sweep.pages == 1 && self.initial_last_page.is_none()
    }

    /// Sets the ids of the last page, as read before the sweep reaches it.
    pub(super) fn set_initial_last_page(&mut self, ids: Vec<Option<RecordId>>) {
        self.initial_last_page = Some(ids);
    }

    /// The page size of the next sweep. `first` is that of the first sweep.
    pub(crate) fn page_size(&self, first: i32) -> i32 {
        let by = SMALLER_BY
            .get(self.sweeps as usize)
            .filter(|_| self.moves)
            .copied();
        (first - first * by.unwrap_or(0) / 50).max(1)
    }

    /// Ends a sweep. `by_id` is whether the list is known to be ordered by a growing id.
    pub(crate) fn end_sweep(&mut self, sweep: Sweep, by_id: bool) -> Next {
        self.sweeps += 1;
        self.repeats += sweep.repeats;
        self.moves |= sweep.repeats > 0 || sweep.totals().last.is_some() && !sweep.is_consistent();
        let next = match self.sweeps {
            1 => {
                let initial_last_page = self.initial_last_page.take();
                let same_end =
                    sweep.pages == 1 || initial_last_page.is_some_and(|ids| ids == sweep.last_page);
                let confirm =
                    by_id && same_end && sweep.is_consistent() && sweep.repeats == 0 && sweep.is_ordered();
                if confirm { Next::Confirm } else { Next::Again }
            }
            _ => self.judge(&sweep),
        };
        for id in sweep.ids.iter() {
            self.earlier.insert(id);
        }
        self.missed_by_all = 0;
        self.last = sweep;
        next
    }

    /// The pages to read again after [`Next::Confirm`]: the ids of the first page, the number of pages of the sweep, and the ids
    /// of the last page.
    pub(crate) fn to_confirm(&self) -> (&[Option<RecordId>], u32, &[Option<RecordId>]) {
        let sweep = &self.last;
        (&sweep.first_page, sweep.pages, &sweep.last_page)
    }

    /// Decides what follows a sweep that is not the first.
    fn judge(&mut self, sweep: &Sweep) -> Next {
        let before = &self.last;
        let new = sweep.ids.iter();
        let missed = new.filter(|id| !before.ids.contains(*id) && !self.is_newer(*id));
        let missed_before = missed.count() as u64;
        let missed_now = before.ids.count_missing_in(&sweep.ids);
        let same = missed_before == 0 && missed_now == 0;
        self.moves |= !same;
        let totals = sweep.totals();
        let is_consistent = match totals.last {
            Some(_) => sweep.is_consistent(),
            None => same && sweep.shows_no_loss(),
        };
        if is_consistent && self.missed_by_all == 0 && missed_now == 0 {
            return Next::Settled;
        }

        self.missed.push(missed_before);
        let in_both = sweep.ids.len() as u64 - sweep.ids.count_missing_in(&before.ids);
        let records = (sweep.ids.len() + before.ids.len()) as u64 - in_both;
        let missed = self.missed.iter().copied().chain([missed_now]);
        let estimate = estimate(records, missed);
        let allowed = totals.moved() + missed_now;
        let counted = match totals.last {
            Some(total) => u64::try_from(total).is_ok_and(|total| total.abs_diff(sweep.count()) <= allowed),
            None => sweep.shows_no_loss(),
        };
        if estimate < NEGLIGIBLE && counted && sweep.holes() == 0 {
            return Next::Settled;
        }

        let is_steady = match totals.last {
            Some(_) => sweep.constant_total().is_some() && sweep.constant_total() == before.constant_total(),
            None => before.totals().last.is_none(),
        };
        let disagrees = same && is_steady;
        self.alike = if disagrees { self.alike.max(1) + 1 } else { 0 };
        let alike = self.alike >= MOST_ALIKE;
        match alike || self.sweeps >= MOST_SWEEPS {
            true => Next::GiveUp(Unsettled {
                sweeps: self.sweeps,
                seen: sweep.count(),
                total: totals.last,
                moved: totals.moved(),
                holes: sweep.holes(),
                repeats: sweep.repeats,
                alike,
            }),
            false => Next::Again,
        }
    }
}

/// The estimated number of records that all sweeps missed, of `records`. `missed` is how many each sweep missed.
fn estimate(records: u64, missed: impl Iterator<Item = u64>) -> f64 {
    let records = records.max(1) as f64;
    missed.fold(records, |estimate, missed| {
        estimate * ((missed as f64 + 0.5) / records).min(1.0)
    })
}

impl Unsettled {
    /// The message for the caller, as the end of a sentence that begins with the name of the list.
    pub(crate) fn sentence(&self) -> String {
        let Unsettled {
            sweeps,
            seen,
            moved,
            holes,
            repeats,
            alike,
            ..
        } = self;
        let mut total = match self.total {
            Some(total) => format!("its total is {total}"),
            None => "it has no total".to_string(),
        };
        if *holes > 0 {
            total.push_str(&format!(", pages before its last came short ({holes})"));
        }
        if *repeats > 0 && self.total.is_none() {
            total.push_str(&format!(", records came again ({repeats})"));
        }
        match alike {
            true => format!(
                "did not settle: nothing changed in {sweeps} sweeps, {total}, and {seen} records came, so records may be \
                 missing; check whether the key may read all of them, and compare with Atera"
            ),
            false => format!(
                "did not settle in {sweeps} sweeps: {total} (it changed by {moved} during the last sweep, which found {seen} \
                 records), so records may be missing; read it at a quieter time, or with a narrower filter"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::{end::ReportedLength, record::Identity};

    /// Sweeps over a list in pages of ten, each of which reports a total.
    #[derive(Default)]
    struct List {
        completeness: Completeness,
        by_id: bool,
    }

    impl List {
        fn sweep(&mut self, totals: &[Option<i64>], ids: impl IntoIterator<Item = i64>) -> Next {
            let ids: Vec<_> = ids.into_iter().collect();
            let size = ids.len().div_ceil(totals.len()).max(1);
            let page = |number| ids.chunks(size).nth(number).unwrap_or_default();
            let pages: Vec<_> = totals
                .iter()
                .enumerate()
                .map(|(number, total)| (*total, page(number)))
                .collect();
            self.pages_with(&pages)
        }

        fn pages(&mut self, total: Option<i64>, pages: &[&[i64]]) -> Next {
            let pages: Vec<_> = pages.iter().map(|ids| (total, *ids)).collect();
            self.pages_with(&pages)
        }

        fn pages_with(&mut self, pages: &[(Option<i64>, &[i64])]) -> Next {
            let mut sweep = Sweep::default();
            for (total, ids) in pages {
                sweep.begin_page(ReportedLength {
                    total: *total,
                    ..ReportedLength::default()
                });
                for id in *ids {
                    if sweep.record(Identity::Id(RecordId::Number(*id))) {
                        self.completeness.admit(RecordId::Number(*id));
                    }
                }
                sweep.end_page().unwrap();
                if self.completeness.wants_last_page_first(&sweep, self.by_id) {
                    let last = pages.last().map_or(&[][..], |(_, ids)| ids);
                    let last = last.iter().map(|id| Some(RecordId::Number(*id)));
                    self.completeness.set_initial_last_page(last.collect());
                }
            }
            self.completeness.end_sweep(sweep, self.by_id)
        }
    }

    #[test]
    fn a_still_list_settles_after_two_sweeps() {
        let mut list = List::default();
        assert_eq!(list.sweep(&[Some(40); 4], 1..=40), Next::Again);
        assert_eq!(list.sweep(&[Some(40); 4], 1..=40), Next::Settled);
    }

    #[test]
    fn an_empty_list_settles_too() {
        let mut list = List::default();
        assert_eq!(list.sweep(&[Some(0)], []), Next::Again);
        assert_eq!(list.sweep(&[Some(0)], []), Next::Settled);
    }

    #[test]
    fn a_list_ordered_by_id_needs_one_sweep_and_a_look_at_its_ends() {
        type Sweep = (&'static [Option<i64>], Vec<i64>);
        let sweeps: [(Sweep, Next); 5] = [
            ((&[Some(4); 2], vec![4, 3, 2, 1]), Next::Confirm),
            ((&[Some(4), Some(5)], vec![4, 3, 2, 1]), Next::Again),
            ((&[Some(5); 2], vec![4, 3, 2, 1]), Next::Again),
            ((&[Some(3); 2], vec![4, 3, 3, 2]), Next::Again),
            ((&[Some(4); 2], vec![4, 3, 1, 2]), Next::Again),
        ];
        for ((totals, ids), next) in sweeps {
            let mut list = List {
                by_id: true,
                ..List::default()
            };
            assert_eq!(list.sweep(totals, ids.clone()), next, "{totals:?} {ids:?}");
        }
    }

    #[test]
    fn a_list_whose_end_has_changed_before_it_was_reached_is_read_again() {
        let mut list = List {
            by_id: true,
            ..List::default()
        };
        list.completeness
            .set_initial_last_page(vec![Some(RecordId::Number(2))]);
        assert_eq!(list.sweep(&[Some(4); 2], [4, 3, 2, 1]), Next::Again);
    }

    #[test]
    fn pages_are_of_other_sizes_only_where_the_list_moves() {
        let mut list = List::default();
        list.sweep(&[Some(4)], [4, 3, 2, 1]);
        assert_eq!(list.completeness.page_size(50), 50);
        let mut list = List::default();
        let sizes = (0..8).map(|_| {
            let size = list.completeness.page_size(50);
            list.sweep(&[Some(4), Some(5)], [4, 3, 2, 1]);
            size
        });
        let mut sizes: Vec<_> = sizes.collect();
        assert_eq!(sizes, [50, 47, 43, 49, 45, 41, 48, 44]);
        sizes.sort_unstable();
        sizes.dedup();
        assert_eq!(sizes.len(), 8, "each is another");
        assert_eq!(list.completeness.page_size(1), 1);
    }

    #[test]
    fn a_sweep_that_finds_what_the_others_missed_is_not_the_last() {
        let mut list = List::default();
        assert_eq!(list.sweep(&[Some(4)], [7, 5, 1]), Next::Again);
        assert_eq!(list.sweep(&[Some(4)], [7, 6, 5, 1]), Next::Again);
        // 8 was created after the first sweep, and is no sign that a record was missed.
        assert_eq!(list.sweep(&[Some(5)], [8, 7, 6, 5, 1]), Next::Settled);
        let Completeness {
            sweeps,
            late,
            created_during_walk,
            ..
        } = list.completeness;
        assert_eq!((sweeps, late, created_during_walk), (3, 2, 1));
    }

    #[test]
    fn a_total_that_no_sweep_reaches_is_never_complete() {
        let mut list = List::default();
        assert_eq!(list.sweep(&[Some(250); 5], 1..=50), Next::Again);
        assert_eq!(list.sweep(&[Some(250); 5], 1..=50), Next::Again);
        let Next::GiveUp(unsettled) = list.sweep(&[Some(250); 5], 1..=50) else {
            panic!("it settled");
        };
        assert_eq!(
            (unsettled.sweeps, unsettled.seen, unsettled.total),
            (3, 50, Some(250))
        );
        assert!(unsettled.alike);
        // If the total changes as well, all sweeps have to be tried.
        let mut list = List::default();
        let sweeps = (0..MOST_SWEEPS as i64).map(|sweep| list.sweep(&[Some(250), Some(250 + sweep)], 1..=50));
        let sweeps: Vec<_> = sweeps.collect();
        assert!(sweeps[..7].iter().all(|next| *next == Next::Again), "{sweeps:?}");
        assert!(matches!(sweeps[7], Next::GiveUp(_)), "{sweeps:?}");
    }

    #[test]
    fn without_totals_two_sweeps_have_to_see_the_same() {
        let mut list = List::default();
        assert_eq!(list.sweep(&[None], 1..=9), Next::Again);
        assert_eq!(list.sweep(&[None], 1..=8), Next::Again, "one went");
        assert_eq!(list.sweep(&[None], 1..=8), Next::Settled);
    }

    #[test]
    fn without_totals_a_record_that_comes_again_is_in_place_of_another() {
        let mut list = List::default();
        assert_eq!(list.sweep(&[None; 2], [1, 2, 2, 3]), Next::Again);
        assert_eq!(list.sweep(&[None; 2], [1, 2, 2, 3]), Next::Again);
        let Next::GiveUp(unsettled) = list.sweep(&[None; 2], [1, 2, 2, 3]) else {
            panic!("it settled");
        };
        assert!(unsettled.alike && unsettled.repeats == 1, "{unsettled:?}");
        let said = unsettled.sentence();
        assert!(said.contains("no total, records came again (1), and 3"), "{said}");
        // Once it does not come again, nothing is missing.
        let mut list = List::default();
        assert_eq!(list.sweep(&[None; 2], [1, 2, 2, 3]), Next::Again);
        assert_eq!(list.sweep(&[None; 2], [1, 2, 3]), Next::Settled);
    }

    #[test]
    fn a_sweep_with_a_hole_is_not_the_last() {
        for total in [Some(5), None] {
            let mut list = List::default();
            assert_eq!(list.sweep(&[total; 3], [1, 2, 3, 4, 5]), Next::Again);
            assert_eq!(list.pages(total, &[&[1, 2], &[3], &[4, 5]]), Next::Again);
            let next = list.pages(total, &[&[1, 2], &[3], &[4, 5]]);
            assert!(
                matches!(next, Next::GiveUp(Unsettled { holes: 1, .. })),
                "{next:?}"
            );
            let mut list = List::default();
            assert_eq!(list.pages(total, &[&[1, 2], &[3], &[4, 5]]), Next::Again);
            assert_eq!(list.sweep(&[total; 3], [1, 2, 3, 4, 5]), Next::Settled);
        }
    }

    #[test]
    fn a_sweep_with_an_answer_without_a_total_is_not_consistent() {
        let mut list = List::default();
        for _ in 0..2 {
            assert_eq!(list.sweep(&[Some(9), None], 1..=9), Next::Again);
        }
    }

    #[test]
    fn where_totals_keep_moving_the_estimate_decides() {
        // Each sweep misses one record in a hundred, another one each time, and a hundred are deleted meanwhile.
        let mut list = List::default();
        let mut next = Next::Again;
        let mut sweeps = 0;
        while next == Next::Again {
            let total = 5_000 - 100 * sweeps;
            let ids = (1..=total).filter(|id| id % 100 != sweeps);
            let ids: Vec<_> = ids.collect();
            next = list.sweep(&[Some(total), Some(total - 100)], ids);
            sweeps += 1;
        }
        assert_eq!((next, sweeps), (Next::Settled, 5));
    }

    #[test]
    fn the_estimate_is_that_of_capture_and_recapture() {
        let close = |one: f64, other: f64| (one - other).abs() < 1e-9;
        assert!(close(
            estimate(1_000, [9, 19].into_iter()),
            1_000.0 * 0.0095 * 0.0195
        ));
        assert!(close(estimate(0, [0].into_iter()), 0.5));
        assert!(
            close(estimate(10, [50].into_iter()), 10.0),
            "never more than there are"
        );
    }

    #[test]
    fn there_is_an_end_to_it() {
        let mut list = List::default();
        let sweeps = (0..20).map(|sweep| list.sweep(&[Some(2)], [100, 99 - sweep]));
        let count = sweeps.take_while(|next| *next == Next::Again).count();
        assert_eq!(count as u32, MOST_SWEEPS - 1);
    }
}
