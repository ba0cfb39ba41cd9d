//! One export at a time writes into a folder.
//!
//! The lock is the operating system's, on a file that stays in the folder. So it ends with its process, however that ends, and
//! a file that a killed export has left locks nobody out. Who holds the lock is written beside it, for the message that the
//! next one gets: where locks are mandatory, nobody else can read the locked file itself.

use std::{
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
};

use atera::Timestamp;
use chrono::SubsecRound;
use serde::{Deserialize, Serialize};

use crate::output::{failure::Failure, terminal::tell};

/// The file that is locked, and the one that says by whom.
const LOCK: &str = "lock";
const HOLDER: &str = "holder.json";

/// The right to write into the folder of an export, until it is dropped.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
    holder: PathBuf,
}

/// Who writes into a folder.
#[derive(Debug, Deserialize, Serialize)]
struct Holder {
    process: u32,
    host: String,
    since: Timestamp,
}

impl Lock {
    /// Takes the lock of the export in `folder`, whose states are in `state`.
    ///
    /// # Errors
    ///
    /// If another process holds it, or if the file cannot be written.
    pub(crate) fn take(folder: &Path, state: &Path) -> Result<Self, Failure> {
        let (path, holder) = (state.join(LOCK), state.join(HOLDER));
        let file = File::options().create(true).append(true).open(&path);
        let file = file.map_err(|error| at(&path, &error))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Failure::Usage(format!(
                    "{} is in use: {} is exporting into it; wait until it ends, or name another folder",
                    folder.display(),
                    Holder::read(&holder),
                )));
            }
            Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {
                tell(format!(
                    "{} is on a file system without locks, so nothing keeps another export from writing into it too",
                    folder.display()
                ));
            }
            Err(TryLockError::Error(error)) => return Err(at(&path, &error)),
        }
        let written = serde_json::to_vec(&Holder::this()).map_err(io::Error::from);
        let written = written.and_then(|json| fs::write(&holder, json));
        written.map_err(|error| at(&holder, &error))?;
        Ok(Lock { _file: file, holder })
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Only for tidiness: what it says counts for nothing without the lock.
        let _ = fs::remove_file(&self.holder);
    }
}

impl Holder {
    /// This process.
    fn this() -> Self {
        Holder {
            process: std::process::id(),
            host: gethostname::gethostname().to_string_lossy().into_owned(),
            since: Timestamp::now().to_utc().trunc_subsecs(0).into(),
        }
    }

    /// What the file says, in words. Its holder may be about to write it.
    fn read(path: &Path) -> String {
        let holder = fs::read(path)
            .ok()
            .and_then(|json| serde_json::from_slice::<Holder>(&json).ok());
        match holder {
            Some(Holder { process, host, since }) => format!("since {since}, process {process} on {host}"),
            None => "another process".to_string(),
        }
    }
}

/// The failure to read or write a file, which the operating system's error does not name.
pub(crate) fn at(path: &Path, error: &io::Error) -> Failure {
    Failure::Output(io::Error::new(
        error.kind(),
        format!("{}: {error}", path.display()),
    ))
}
