//! Options of a walk over a list.

/// What a walk guarantees about its records if records are created, changed or deleted while it reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Consistency {
    /// Every record as the pages have it. A record that moves to a later page meanwhile comes twice, and a record that moves to
    /// an earlier page may be missing.
    KeepDuplicates,
    /// The same, but no record comes twice.
    #[default]
    OnePass,
    /// Every record that exists throughout the walk comes exactly once, or the walk ends with
    /// [`Unsettled`](crate::ErrorKind::Unsettled). The list is read again until nothing is missing, eight times at most.
    ///
    /// Numbered pages allow no proof of that. These are the criteria:
    ///
    /// 1. A list that is ordered by a growing id, read without a filter, is complete after one sweep (one pass over all
    ///    pages) if every answer reported the same total, the ids came in order, no record came twice, as many came
    ///    as the total, and the first and the last page, read again, are unchanged.
    /// 2. Any other list is complete after a sweep that found no record that all earlier sweeps missed, and missed none that the
    ///    sweep before it found, if also every answer reported the same total, the sweep found that many records, and no page
    ///    before its last was short. If no answer has a total, two consecutive sweeps have to find the same records, and the
    ///    later one no record twice, no short page before its last, and at least as many records as the number of pages implies.
    /// 3. If totals keep changing, the number of records that all sweeps missed is estimated by capture-recapture, from what
    ///    each sweep missed that the next one found. The list is complete if the estimate is below 0.0001 records, and the last
    ///    sweep found as many records as the last total, within the range of the changes, and no short page before its last.
    ///
    /// A list whose total no sweep reaches is never complete. Records whose number is greater than all of the first sweep were
    /// created during the walk, and do not count as missed. [`Records::drift`](crate::Records::drift) has the counts.
    Complete,
}

/// Options of a walk over a list.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    pub(crate) limit: Option<u64>,
    /// How many pages may be in flight at a time; `None` if the walk adapts the number to the service.
    pub(crate) prefetch: Option<usize>,
    pub(crate) consistency: Consistency,
}
