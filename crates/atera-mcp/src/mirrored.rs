//! The mirror of the account, with the reports over it.

use atera_mirror::{Mirror, report::Reports};

/// The mirror of the account, with the reports over it.
#[derive(Clone)]
pub(crate) struct Mirrored {
    /// The mirror.
    pub(crate) mirror: Mirror,
    /// The reports.
    pub(crate) reports: Reports,
}

impl std::fmt::Debug for Mirrored {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Mirrored")
            .field("mirror", &self.mirror.place())
            .finish_non_exhaustive()
    }
}
