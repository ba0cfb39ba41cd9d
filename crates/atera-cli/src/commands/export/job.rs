//! What all parts of an export share.

use std::sync::atomic::{AtomicU64, Ordering};

use atera::Client;

use super::folder::Folder;
use crate::{input::interrupt::Interrupt, output::progress::Progress};

/// How many lists are read side by side, and the children of how many records. The rate limit is the actual brake.
pub(crate) const SIDE_BY_SIDE: usize = 8;

/// An export under way.
pub(crate) struct Export<'a> {
    /// Its requests are background requests, so that other commands go first.
    pub(crate) client: Client,
    pub(crate) folder: Folder,
    /// Whether each list is read once.
    pub(crate) fast: bool,
    pub(crate) progress: Progress,
    /// Records in the files.
    written: AtomicU64,
    /// Records that are known to come, those in the files among them.
    expected: AtomicU64,
    pub(crate) interrupt: &'a Interrupt,
}

impl<'a> Export<'a> {
    /// An export that has written nothing yet.
    pub(crate) fn new(
        client: Client,
        folder: Folder,
        fast: bool,
        progress: Progress,
        interrupt: &'a Interrupt,
    ) -> Self {
        Export {
            client,
            folder,
            fast,
            progress,
            written: AtomicU64::new(0),
            expected: AtomicU64::new(0),
            interrupt,
        }
    }

    /// Counts records that an earlier run has left in a file.
    pub(crate) fn had(&self, records: u64) {
        self.progress.had(records);
        self.wrote(records);
    }

    /// Counts records that are in a file.
    pub(crate) fn wrote(&self, records: u64) {
        let written = self.written.fetch_add(records, Ordering::Relaxed) + records;
        self.progress.reached(written);
    }

    /// Counts records that are known to come.
    pub(crate) fn expects(&self, records: u64) {
        let expected = self.expected.fetch_add(records, Ordering::Relaxed) + records;
        self.progress.plan(Some(expected));
    }
}
