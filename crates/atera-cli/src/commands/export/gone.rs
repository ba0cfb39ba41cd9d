//! Finds the records that are gone from a list, without reading all of it.
//!
//! A filter for changes does not show deletions; the total shows that there were some. If a list is in the order of its ids, up
//! or down, then the place of a record in the list, beside its place among all known ids, tells how many before it are gone.
//! Between two pages that agree on that number nothing is gone, and elsewhere a page in the middle tells more. So a few
//! deletions cost a few pages each. Every page that is read shows whether the order is so: if it is not, or if there is a record
//! that is not known, the answer is that nobody can tell.

use std::collections::{BTreeMap, HashMap, HashSet};

use atera::{
    RecordId, UndecodedRecord,
    description::{self, LARGEST_PAGE_SIZE, PAGE_SIZE},
    page::Page,
};

use super::{job::Export, plan::Part};
use crate::output::failure::Failure;

/// Records on a page.
const PAGE: usize = LARGEST_PAGE_SIZE as usize;

/// What is known of the list: the place of each known id in the order of the list, and the pages that were read.
struct Search {
    places: HashMap<RecordId, usize>,
    known: usize,
    total: usize,
    /// The places of the records of each page, by the number of the page from 0.
    pages: BTreeMap<usize, Vec<usize>>,
}

/// The ids among `known`, sorted, that are not in the list any more, which has `total` records now. `None` if they cannot be
/// found so.
pub(crate) async fn find(
    export: &Export<'_>,
    part: &Part,
    known: &[RecordId],
    total: usize,
) -> Result<Option<HashSet<RecordId>>, Failure> {
    if total == 0 {
        return Ok(Some(known.iter().copied().collect()));
    }
    let mut search = Search::new(known, total);
    let mut next = Some(0);
    while let Some(page) = next {
        let call = export
            .client
            .operation(part.operation)
            .set(description::PAGE, (page + 1).to_string())?
            .set(PAGE_SIZE, PAGE.to_string())?;
        let answer = export.interrupt.or(call.page()).await??;
        if search.take(page, &answer.value, part).is_none() {
            return Ok(None);
        }
        next = search.next();
    }
    let mut order: Vec<_> = search.places.iter().map(|(id, place)| (*place, *id)).collect();
    order.sort_unstable();
    let gone: HashSet<_> = search.gone().into_iter().map(|place| order[place].1).collect();
    Ok((gone.len() == known.len() - total).then_some(gone))
}

impl Search {
    fn new(known: &[RecordId], total: usize) -> Self {
        Search {
            places: known.iter().enumerate().map(|(place, id)| (*id, place)).collect(),
            known: known.len(),
            total,
            pages: BTreeMap::new(),
        }
    }

    /// How many pages there are.
    fn count(&self) -> usize {
        self.total.div_ceil(PAGE)
    }

    /// Takes in a page. `None` if it does not fit.
    fn take(&mut self, page: usize, answer: &Page<UndecodedRecord>, part: &Part) -> Option<()> {
        let field = part.record()?.id_field?;
        let ids: Option<Vec<_>> = answer.items.iter().map(|record| record.id(field)).collect();
        if answer.total().and_then(|total| usize::try_from(total).ok()) != Some(self.total) {
            return None;
        }
        self.page(page, &ids?)
    }

    /// Takes in the ids of a page. `None` if they are not as many as they should be, not known, or not in order.
    fn page(&mut self, page: usize, ids: &[RecordId]) -> Option<()> {
        let expected = PAGE.min(self.total - page * PAGE);
        let mut places: Vec<_> = ids
            .iter()
            .map(|id| self.places.get(id).copied())
            .collect::<Option<_>>()?;
        if places.len() != expected {
            return None;
        }
        let is_down = places.first() > places.last();
        if self.pages.is_empty() && is_down {
            // The list is in descending order, so all places are counted from the other end.
            let last = self.known - 1;
            for place in self.places.values_mut() {
                *place = last - *place;
            }
            for place in &mut places {
                *place = last - *place;
            }
        }
        if !places.is_sorted_by(|one, other| one < other) {
            return None;
        }
        self.pages.insert(page, places);
        Some(())
    }

    /// The page to read next: the middle of the first gap in which something is gone.
    fn next(&self) -> Option<usize> {
        self.gaps()
            .into_iter()
            .find(|gap| gap.pages > 0 && gap.is_missing_some())
            .map(|gap| gap.first + gap.pages / 2)
    }

    /// The places of the records that are gone. All gaps must have been read.
    fn gone(&self) -> Vec<usize> {
        let mut gone = Vec::new();
        for gap in self.gaps().into_iter().filter(|gap| gap.pages == 0) {
            gone.extend(gap.from..gap.to);
        }
        for places in self.pages.values() {
            for pair in places.windows(2) {
                gone.extend(pair[0] + 1..pair[1]);
            }
        }
        gone
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
        gaps.push(Gap::new(first, self.count() - first, from, self.known, self));
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
    fn new(first: usize, pages: usize, from: usize, to: usize, search: &Search) -> Self {
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

    /// The ids that a search finds to be gone, and how many pages it takes.
    fn searched(known: &[RecordId], list: &[RecordId]) -> (Option<Vec<RecordId>>, usize) {
        let mut search = Search::new(known, list.len());
        let mut next = Some(0);
        while let Some(page) = next {
            let end = list.len().min((page + 1) * PAGE);
            if search.page(page, &list[page * PAGE..end]).is_none() {
                return (None, search.pages.len() + 1);
            }
            next = search.next();
        }
        let mut order: Vec<_> = search.places.iter().map(|(id, place)| (*place, *id)).collect();
        order.sort_unstable();
        let mut gone: Vec<_> = search.gone().into_iter().map(|place| order[place].1).collect();
        gone.sort_unstable();
        (Some(gone), search.pages.len())
    }

    #[test]
    fn what_is_gone_is_found_wherever_it_was_and_in_either_order() {
        let known: Vec<_> = (0..5_000_i64).map(|id| RecordId::from(id * 3)).collect();
        for gone in [
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
                .filter(|(place, _)| !gone.contains(place));
            let mut list: Vec<_> = left.map(|(_, id)| *id).collect();
            let expected: Vec<_> = gone.iter().map(|place| known[*place]).collect();
            let (found, pages) = searched(&known, &list);
            assert_eq!(found.as_ref(), Some(&expected));
            assert!(pages <= 1 + 8 * gone.len(), "{pages} pages for {}", gone.len());
            list.reverse();
            assert_eq!(searched(&known, &list).0, Some(expected));
        }
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
}
