//! How a list is to be read.

/// What is estimated_last_page of the records of a walk, if others come and go while it reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Consistency {
    /// Every record as the pages have it. One that moves to a later page meanwhile comes twice, and one that moves to an
    /// earlier page may be missing.
    KeepDuplicates,
    /// The same, but no record comes twice.
    #[default]
    OnePass,
    /// Every record that exists throughout the walk comes exactly once, or the walk ends with
    /// [`Unsettled`](crate::ErrorKind::Unsettled). The list is read again until nothing is missing, eight times at most.
    ///
    /// Nothing can prove it over numbered pages. This is the criterion:
    ///
    /// 1. A list that is ordered by a growing id, read without a filter, is complete after one sweep if every answer told
    ///    the same total, the ids came in order, no record came twice, as many came as the total, and the first and the
    ///    last page, read again, are as they were.
    /// 2. Any other list is complete after a sweep that found no record that the sweeps before it missed, and missed none that
    ///    the one before it saw, if also every answer told the same total, the sweep saw as many records, and no page before
    ///    its last came short. Where no answer tells a total, two sweeps one after another have to see the same records, the
    ///    later one none of them twice, no short page before its last, and as many as the number of pages says at least.
    /// 3. Where totals keep moving, what all sweeps may have missed is estimated as in capture and recapture, by what each
    ///    sweep missed that its neighbour saw. The list is complete when that is less than 0.0001 records, and the last sweep
    ///    saw as many records as the last total tells, but for what moved meanwhile, and no short page before its last.
    ///
    /// A total that no sweep reaches is never complete. Records whose number is greater than all of the first sweep's were
    /// created during the walk, and do not count as missed. [`Records::drift`](crate::Records::drift) tells what was seen.
    Complete,
}

/// How a list is to be read.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    pub(crate) limit: Option<u64>,
    /// How many pages may be on their way at a time; nothing, if that is to follow from how the service bears it.
    pub(crate) prefetch: Option<usize>,
    pub(crate) consistency: Consistency,
}
