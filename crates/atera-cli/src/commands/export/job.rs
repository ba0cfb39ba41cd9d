//! What all parts of an export share.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use atera::{Client, RecordId, Timestamp, description::Operation};

use super::{folder::Folder, plan::Part};
use crate::{input::interrupt::Interrupt, output::progress::Progress};

/// How many lists are read side by side, and the children of how many records. The rate limit is the actual brake.
pub(crate) const SIDE_BY_SIDE: usize = 8;

/// The records of a list that have changed since a time.
#[derive(Clone, Debug)]
pub(crate) struct Touched {
    pub(crate) since: Timestamp,
    pub(crate) ids: HashSet<RecordId>,
}

/// An export under way.
pub(crate) struct Export<'a> {
    /// Its requests are background requests, so that other commands go first.
    pub(crate) client: Client,
    pub(crate) folder: Folder,
    /// Whether each list is read once.
    pub(crate) fast: bool,
    pub(crate) progress: Progress,
    /// What was asked for in all.
    parts: Vec<Part>,
    /// Which records of a list have changed, by its operation.
    touched: Mutex<HashMap<&'static str, Touched>>,
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
        parts: &[Part],
        fast: bool,
        progress: Progress,
        interrupt: &'a Interrupt,
    ) -> Self {
        Export {
            client,
            folder,
            parts: parts.to_vec(),
            touched: Mutex::default(),
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

    /// Takes note of which records of a list have changed.
    pub(crate) fn touch(&self, part: &Part, touched: Touched) {
        let mut all = self.touched.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(part.operation.id, touched);
    }

    /// Which records of a list have changed, if that is known.
    pub(crate) fn touched(&self, operation: &Operation) -> Option<Touched> {
        let all = self.touched.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(operation.id).cloned()
    }

    /// The time of the oldest of the files of what belongs to the records of a list, of those that are asked for.
    pub(crate) fn oldest_child(&self, list: &Part) -> Option<Timestamp> {
        let is_child = |part: &&Part| part.parent.is_some_and(|parent| parent.id == list.operation.id);
        let children = self.parts.iter().filter(is_child);
        let times = children.filter_map(|part| self.folder.published(&part.name())?.as_of);
        times.min()
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
