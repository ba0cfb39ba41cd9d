//! How many requests it takes to read a list.

use atera::description::LARGEST_PAGE_SIZE;

/// A list is read at least twice, until nothing is missing, unless what is known of it counts for one.
pub(crate) const SWEEPS: u64 = 2;

/// On how many pages so many records are. An empty list has a page as well.
pub(crate) fn pages(records: u64) -> u64 {
    records.div_ceil(LARGEST_PAGE_SIZE.into()).max(1)
}
