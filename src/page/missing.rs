//! Finds the records that are missing in a list, without reading all of it. Nothing here fetches.
//!
//! A filter for changes does not show deletions; the total shows that there were some. If a list is in the order of its ids, up
//! or down, then the place of a record in the list, beside its place among all known ids, tells how many before it are missing.
//! Between two pages that agree on that number nothing is missing, and elsewhere a page in the middle tells more. So a few
//! deletions cost a few pages each. Every page that is read shows whether the order is so: if it is not, or if there is a record
//! that is not known, the answer is that nobody can tell.

use std::collections::BTreeMap;

use super::{UndecodedRecord, page::Page};
use crate::{description::LARGEST_PAGE_SIZE, types::RecordId};

/// Records of a page.
const PAGE: usize = LARGEST_PAGE_SIZE as usize;

/// What is known of the list: the place of each known id in the order of the list, and the pages that were read.
pub(crate) struct MissingSearch {
    /// The known ids, sorted.
    known: Vec<RecordId>,
    /// Whether the list is in descending order, so that all places count from the other end.
    is_down: bool,
    total: usize,
    /// The places of the records of each page, by the number of the page from 0.
    pages: BTreeMap<usize, Vec<usize>>,
}

/// A page does not fit what is known, so that the search cannot go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DoesNotFit;

impl MissingSearch {
    /// A search among these ids in a list with so many records.
    pub(crate) fn new(known: &[RecordId], total: usize) -> Self {
        let mut known = known.to_vec();
        known.sort_unstable();
        known.dedup();
        MissingSearch {
            known,
            is_down: false,
            total,
            pages: BTreeMap::new(),
        }
    }

    /// The page to read next, from 0: the first one, and then the middle of the first gap in which something is missing.
    pub(crate) fn next(&self) -> Option<usize> {
        match self.pages.is_empty() {
            true => (self.total > 0).then_some(0),
            false => self
                .gaps()
                .into_iter()
                .find(|gap| gap.pages > 0 && gap.is_missing_some())
                .map(|gap| gap.first + gap.pages / 2),
        }
    }

    /// Takes in a page.
    pub(crate) fn take(
        &mut self,
        page: usize,
        answer: &Page<UndecodedRecord>,
        id_field: &str,
    ) -> Result<(), DoesNotFit> {
        let ids = answer.items.iter().map(|record| record.id(id_field));
        let ids = ids.collect::<Option<Vec<_>>>().ok_or(DoesNotFit)?;
        let total = answer.total().and_then(|total| usize::try_from(total).ok());
        match total == Some(self.total) {
            true => self.page(page, &ids),
            false => Err(DoesNotFit),
        }
    }

    /// The ids that are missing. `None` if they are not as many as the total says.
    pub(crate) fn missing(&self) -> Option<Vec<RecordId>> {
        let missing: Vec<_> = self.places().into_iter().map(|place| self.id_at(place)).collect();
        let expected = self.known.len().checked_sub(self.total)?;
        (missing.len() == expected).then_some(missing)
    }

    fn id_at(&self, place: usize) -> RecordId {
        match self.is_down {
            true => self.known[self.known.len() - 1 - place],
            false => self.known[place],
        }
    }

    fn place_of(&self, id: &RecordId) -> Option<usize> {
        let place = self.known.binary_search(id).ok()?;
        Some(match self.is_down {
            true => self.known.len() - 1 - place,
            false => place,
        })
    }

    /// Takes in the ids of a page. It fails if they are not as many as they should be, not known, or not in order.
    fn page(&mut self, page: usize, ids: &[RecordId]) -> Result<(), DoesNotFit> {
        if ids.len() != PAGE.min(self.total - page * PAGE) {
            return Err(DoesNotFit);
        }
        if self.pages.is_empty() {
            self.is_down = ids.first() > ids.last();
        }
        let places = ids.iter().map(|id| self.place_of(id));
        let places = places.collect::<Option<Vec<_>>>().ok_or(DoesNotFit)?;
        if !places.is_sorted_by(|one, other| one < other) {
            return Err(DoesNotFit);
        }
        self.pages.insert(page, places);
        Ok(())
    }

    /// The places of the records that are missing. All gaps must have been read.
    fn places(&self) -> Vec<usize> {
        let mut missing = Vec::new();
        for gap in self.gaps().into_iter().filter(|gap| gap.pages == 0) {
            missing.extend(gap.from..gap.to);
        }
        for places in self.pages.values() {
            for pair in places.windows(2) {
                missing.extend(pair[0] + 1..pair[1]);
            }
        }
        missing
    }

    /// The stretches between the pages that were read, before the first and after the last.
    fn gaps(&self) -> Vec<Gap> {
        let mut gaps = Vec::new();
        let (mut first, mut from) = (0, 0);
        for (page, places) in &self.pages {
            if let (Some(begin), Some(end)) = (places.first(), places.last()) {
                gaps.push(Gap::new(first, page - first, from, *begin, self));
                (first, from) = (page + 1, end + 1);
            }
        }
        let count = self.total.div_ceil(PAGE);
        gaps.push(Gap::new(first, count - first, from, self.known.len(), self));
        gaps
    }
}

/// A stretch of pages that were not read.
struct Gap {
    /// Its first page, and how many there are.
    first: usize,
    pages: usize,
    /// The places of the records on them, the last one left out.
    from: usize,
    to: usize,
    /// How many records its pages have.
    records: usize,
}

impl Gap {
    fn new(first: usize, pages: usize, from: usize, to: usize, search: &MissingSearch) -> Self {
        let end = ((first + pages) * PAGE).min(search.total);
        Gap {
            first,
            pages,
            from,
            to,
            records: end.saturating_sub(first * PAGE),
        }
    }

    /// Whether its pages have fewer records than there are places.
    fn is_missing_some(&self) -> bool {
        self.to.saturating_sub(self.from) > self.records
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The ids that a search finds to be missing, and how many pages it takes.
    fn searched(known: &[RecordId], list: &[RecordId]) -> (Option<Vec<RecordId>>, usize) {
        let mut search = MissingSearch::new(known, list.len());
        while let Some(page) = search.next() {
            let end = list.len().min((page + 1) * PAGE);
            if search.page(page, &list[page * PAGE..end]).is_err() {
                return (None, search.pages.len() + 1);
            }
        }
        let missing = search.missing().map(|mut missing| {
            missing.sort_unstable();
            missing
        });
        (missing, search.pages.len())
    }

    #[test]
    fn what_is_missing_is_found_wherever_it_was_and_in_either_order() {
        let known: Vec<_> = (0..5_000_i64).map(|id| RecordId::from(id * 3)).collect();
        for missing in [
            vec![0],
            vec![4_999],
            vec![2_500],
            vec![0, 1, 2, 49, 50, 51, 99, 100],
            (1_000..1_200).collect(),
            vec![7, 1_111, 2_222, 3_333, 4_444, 4_990],
            (0..4_999).collect(),
        ] {
            let left = known
                .iter()
                .enumerate()
                .filter(|(place, _)| !missing.contains(place));
            let mut list: Vec<_> = left.map(|(_, id)| *id).collect();
            let expected: Vec<_> = missing.iter().map(|place| known[*place]).collect();
            let (found, pages) = searched(&known, &list);
            assert_eq!(found.as_ref(), Some(&expected));
            assert!(
                pages <= 1 + 8 * missing.len(),
                "{pages} pages for {}",
                missing.len()
            );
            list.reverse();
            assert_eq!(searched(&known, &list).0, Some(expected));
        }
        assert_eq!(searched(&known, &[]), (Some(known.clone()), 0));
    }

    #[test]
    fn a_list_in_another_order_or_with_others_is_not_searched() {
        let known: Vec<_> = (0..500_i64).map(RecordId::from).collect();
        let mut list = known[..499].to_vec();
        list.swap(3, 4);
        assert_eq!(searched(&known, &list).0, None);
        let mut list = known[..499].to_vec();
        list[498] = RecordId::from(900);
        assert_eq!(searched(&known, &list).0, None);
    }

    #[test]
    fn a_list_with_more_records_than_are_known_has_none_that_can_be_told() {
        let known: Vec<_> = (0..10_i64).map(RecordId::from).collect();
        assert_eq!(searched(&known, &known).0, Some(Vec::new()));
        let list: Vec<_> = (0..12_i64).map(RecordId::from).collect();
        assert_eq!(searched(&known, &list).0, None);
    }
}
