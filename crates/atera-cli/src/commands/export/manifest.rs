//! `manifest.json`: what an export holds, for programs that check it or load it.
//!
//! It is written at the end of each run that was not interrupted, and names every list that was asked for, also those that could
//! not be read. `complete` says whether all of them are there. Of each list it has the length and the SHA-256 of the file, since
//! when changes may be missing in it, and what changed in the list while it was read.
//!
//! ```json
//! {
//!   "version": "0.1.0",
//!   "base_url": "https://app.atera.com/api/v3",
//!   "format": "ndjson",
//!   "complete": true,
//!   "finished": "2026-03-02T09:00:00Z",
//!   "lists": [{
//!     "name": "customers", "operation": "customers_list", "state": "complete",
//!     "file": "customers.ndjson", "records": 64, "bytes": 30038, "sha256": "a3db...", "as_of": "2026-03-02T08:59:31Z",
//!     "drift": {"sweeps": 2, "total": 64, "total_changes": 0, "repeats": 0, "late": 0, "without_id": 0,
//!               "shortfall": 0, "holes": 0}
//!   }]
//! }
//! ```

use std::{fs, io, path::Path};

use atera::Timestamp;
use serde::{Deserialize, Serialize};

use super::{entry::Entry, files::Setting, lock::at, plan};
use crate::output::failure::Failure;

/// The content of `manifest.json`.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Manifest {
    /// The version of the command.
    version: String,
    #[serde(flatten)]
    pub(crate) setting: Setting,
    /// Whether every list is there as a whole.
    pub(crate) complete: bool,
    /// When the last run ended.
    finished: Timestamp,
    /// The lists, in the order of the description.
    pub(crate) lists: Vec<Entry>,
}

impl Manifest {
    /// The manifest of an export with these lists, as of now.
    pub(crate) fn new(setting: &Setting, mut lists: Vec<Entry>) -> Self {
        lists.sort_by_key(|list| plan::position(&list.operation));
        Manifest {
            version: env!("CARGO_PKG_VERSION").to_string(),
            setting: setting.clone(),
            complete: lists.iter().all(|list| list.state.is_whole()),
            finished: Timestamp::now(),
            lists,
        }
    }

    /// Reads one.
    ///
    /// # Errors
    ///
    /// If the file is there and is not the manifest of an export.
    pub(crate) fn read(path: &Path) -> Result<Option<Self>, Failure> {
        let bytes = match fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(at(path, &error)),
        };
        serde_json::from_slice(&bytes).map(Some).map_err(|_| {
            Failure::Usage(format!(
                "{} is not that of an export; move it away, or name another folder",
                path.display()
            ))
        })
    }

    /// The list of this name.
    pub(crate) fn list(&self, name: &str) -> Option<&Entry> {
        self.lists.iter().find(|list| list.name == name)
    }
}
