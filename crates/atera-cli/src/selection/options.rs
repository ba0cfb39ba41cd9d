//! What the flags say about which records are printed.

/// The flags of every command that prints records.
#[derive(Clone, Debug, Default)]
pub(crate) struct SelectionOptions {
    /// Which records are taken, and what is made of them.
    pub(crate) records: atera_records::SelectionOptions,
    /// The filter of `--jq`.
    pub(crate) jq: Option<String>,
    /// How many records, or rows, are printed.
    pub(crate) limit: Option<u64>,
}
