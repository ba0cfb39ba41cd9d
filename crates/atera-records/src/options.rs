//! What is asked for of a list of records.

use atera::{AccountZone, Timestamp};

/// Which records are taken, and what is made of them. Nothing is asked for by default: every record is taken as it is.
#[derive(Clone, Debug, Default)]
pub struct SelectionOptions {
    /// The [conditions](crate::Condition), all of which hold.
    pub conditions: Vec<String>,
    /// The zone of days and clock times in them, if it is known already. `None` for that of the account, which is set with
    /// [`Selection::set_zone`](crate::Selection::set_zone).
    pub zone: Option<AccountZone>,
    /// A list whose entries are taken apart: with `LineItems`, an invoice becomes a record for each of its lines.
    pub expand: Option<String>,
    /// Whether the number of records is wanted.
    pub count: bool,
    /// The fields to group by.
    pub group_by: Vec<String>,
    /// The fields to sum.
    pub sum: Vec<String>,
    /// The time that `now`, `today` and `-7d` in conditions are reckoned from; `None` for that of the call. A list that is read in parts
    /// needs the same for each.
    pub now: Option<Timestamp>,
}

impl SelectionOptions {
    /// Whether totals are wanted in place of records.
    pub fn wants_totals(&self) -> bool {
        self.count || !self.group_by.is_empty() || !self.sum.is_empty()
    }
}
