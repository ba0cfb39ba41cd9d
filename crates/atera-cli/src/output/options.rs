//! What the flags say about output.

use std::path::PathBuf;

use super::{format::Format, look::Color, sort::SortKey};

/// The flags about output, which every command has.
#[derive(Clone, Debug, Default)]
pub(crate) struct OutputOptions {
    /// The format of `--output`. Without one it depends on where the output goes.
    pub(crate) format: Option<&'static Format>,
    /// The file to write into instead of stdout.
    pub(crate) file: Option<PathBuf>,
    /// The fields to print instead of all.
    pub(crate) select: Vec<String>,
    /// The fields to sort by.
    pub(crate) sort: Vec<SortKey>,
    /// Whether CSV begins with a byte order mark.
    pub(crate) bom: bool,
    /// Whether the names of the columns are left out.
    pub(crate) no_header: bool,
    /// Whether tables have colours.
    pub(crate) color: Color,
}

impl OutputOptions {
    /// Whether nothing is said about the form of the records, so that an answer can be printed as it came.
    pub(crate) fn leave_the_form(&self) -> bool {
        self.format.is_none() && self.select.is_empty() && self.sort.is_empty()
    }
}
