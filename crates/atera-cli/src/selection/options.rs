//! What the flags say about which records are printed.

use atera::AccountZone;

/// The flags of every command that prints records.
#[derive(Clone, Debug, Default)]
pub(crate) struct SelectionOptions {
    /// The conditions of `--where`, all of which hold.
    pub(crate) conditions: Vec<String>,
    /// The zone of times in them. `None` for that of the account.
    pub(crate) zone: Option<AccountZone>,
    /// The list whose entries are taken apart.
    pub(crate) expand: Option<String>,
    /// The filter of `--jq`.
    pub(crate) jq: Option<String>,
    /// Whether the number of records is wanted.
    pub(crate) count: bool,
    /// The fields to group by.
    pub(crate) group_by: Vec<String>,
    /// The fields to sum.
    pub(crate) sum: Vec<String>,
    /// How many records, or rows, are printed.
    pub(crate) limit: Option<u64>,
}

impl SelectionOptions {
    /// Whether totals are wanted in place of records.
    pub(crate) fn wants_totals(&self) -> bool {
        self.count || !self.group_by.is_empty() || !self.sum.is_empty()
    }
}
