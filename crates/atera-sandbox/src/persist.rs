//! Records that survive the end of the sandbox.
//!
//! A folder has two files. `records.json` is a dump of the records at the first start, and is never written again.
//! `changes.ndjson` has one line for each request that changed something, with the records as they were afterwards; its
//! first line has the key and the date of the records. A line is appended before the request is answered, so a sandbox that
//! is killed comes back with everything that it has answered. A line that was being written at that moment has no end, and
//! is dropped: its request was never answered.
//!
//! At each start the lines are read, applied, and replaced by a single one, so the file does not grow from start to start.
//! Files are replaced by renaming, so there is no moment without a whole one. The system writes them to the disk when it
//! sees fit: a program that is killed loses nothing, but a machine that loses power may.

use std::{
    fs::{self, File, TryLockError},
    io::{self, Write},
    path::{Path, PathBuf},
};

use atera::{Error, Result, Timestamp};
use chrono::{DateTime, Utc};
use fastrand::Rng;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::world::{Store, dump};

const RECORDS: &str = "records.json";
const CHANGES: &str = "changes.ndjson";
const LOCK: &str = "lock";

/// The form of the files. A sandbox that changes it takes another number.
const FORM: u32 = 1;

/// The first line of the changes.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Header {
    form: u32,
    /// The key, which is made up like everything else.
    pub(crate) key: String,
    /// The date of the records.
    as_of: Timestamp,
}

/// A line of the changes.
#[derive(Debug, Deserialize, Serialize)]
struct Line {
    /// Where the random numbers go on.
    rng: u64,
    /// What [`dump::changes`] returns.
    changes: Value,
}

/// What a folder has of an earlier sandbox.
pub(crate) struct Restored {
    pub(crate) header: Header,
    /// The records at the first start, to which a reset returns.
    pub(crate) start: Store,
    /// The records as they were left.
    pub(crate) store: Store,
    pub(crate) rng: Rng,
}

/// A folder that this sandbox has locked.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    /// Other sandboxes see the lock until this is closed, also by the end of the process.
    _lock: File,
}

/// Appends what changes.
#[derive(Debug)]
pub(crate) struct Journal {
    folder: Folder,
    header: Header,
    file: File,
    /// How long the file is, up to the end of its last whole line.
    length: u64,
    /// Whether the file has changes that a reset has undone, since it could not be written then.
    is_stale: bool,
}

impl Header {
    pub(crate) fn new(key: &str, as_of: DateTime<Utc>) -> Self {
        Header {
            form: FORM,
            key: key.to_string(),
            as_of: as_of.into(),
        }
    }

    pub(crate) fn as_of(&self) -> DateTime<Utc> {
        self.as_of.to_utc()
    }
}

impl Folder {
    /// Makes the folder if need be, and locks it.
    ///
    /// # Errors
    ///
    /// `Config` if another sandbox has it, or if it cannot be written.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let open = || -> io::Result<File> {
            fs::create_dir_all(path)?;
            File::create(path.join(LOCK))
        };
        let lock = open().map_err(|error| failed(path, "written", error))?;
        match lock.try_lock() {
            Ok(()) => Ok(Folder {
                path: path.to_path_buf(),
                _lock: lock,
            }),
            Err(TryLockError::WouldBlock) => Err(Error::config(format!(
                "the sandbox cannot start: another one keeps its records in {}; stop that, or choose another folder",
                path.display()
            ))),
            Err(TryLockError::Error(error)) => Err(failed(path, "locked", error)),
        }
    }

    /// Reads what an earlier sandbox has left. None if there was none.
    ///
    /// # Errors
    ///
    /// `Config` if the files cannot be read or understood.
    pub(crate) fn restore(&self) -> Result<Option<Restored>> {
        let read = |name: &str| fs::read_to_string(self.path.join(name));
        let text = match read(CHANGES) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            text => text.map_err(|error| failed(&self.path, "read", error))?,
        };
        let records = read(RECORDS).map_err(|error| failed(&self.path, "read", error))?;
        // What follows the last line break was being written when the sandbox was killed.
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        let mut lines = (1..).zip(whole.split('\n'));
        let (_, first) = lines.next().unwrap_or_default();
        let unfit = |line: usize, reason: &dyn std::fmt::Display| {
            Error::config(format!(
                "the sandbox cannot start: line {line} of {} is not understood: {reason}; remove the folder to begin anew",
                self.path.join(CHANGES).display()
            ))
        };
        let header: Header = serde_json::from_str(first).map_err(|error| unfit(1, &error))?;
        if header.form != FORM {
            return Err(unfit(1, &"another version of the sandbox wrote it"));
        }
        let start = dump::read(&records, header.as_of())?;
        let mut store = start.clone();
        store.note_changes();
        let mut rng = None;
        for (number, text) in lines {
            let line: Line = serde_json::from_str(text).map_err(|error| unfit(number, &error))?;
            dump::apply(&mut store, &line.changes).map_err(|reason| unfit(number, &reason))?;
            rng = Some(Rng::with_seed(line.rng));
        }
        Ok(Some(Restored {
            header,
            start,
            store,
            rng: rng.unwrap_or_default(),
        }))
    }

    /// Begins to keep the changes of these records, which are those of the first start.
    ///
    /// # Errors
    ///
    /// `Config` if the files cannot be written.
    pub(crate) fn begin(self, header: Header, store: &mut Store, rng: &Rng) -> Result<Journal> {
        let records = dump::write(store).to_string();
        replace(&self.path, RECORDS, &records).map_err(|error| failed(&self.path, "written", error))?;
        self.resume(header, store, rng)
    }

    /// Goes on to keep the changes of records that were restored. The lines so far become one.
    ///
    /// # Errors
    ///
    /// `Config` if the file cannot be written.
    pub(crate) fn resume(self, header: Header, store: &mut Store, rng: &Rng) -> Result<Journal> {
        store.note_changes();
        let (file, length) = rewritten(&self.path, &header, store, rng)
            .map_err(|error| failed(&self.path, "written", error))?;
        Ok(Journal {
            folder: self,
            header,
            file,
            length,
            is_stale: false,
        })
    }
}

impl Journal {
    /// Appends what changed since the last line. If that fails, it stays to be appended with the next change.
    ///
    /// # Errors
    ///
    /// If the file cannot be written; it then ends with its last whole line.
    pub(crate) fn append(&mut self, store: &mut Store, rng: &Rng) -> io::Result<()> {
        if self.is_stale {
            (self.file, self.length) = rewritten(&self.folder.path, &self.header, store, rng)?;
            self.is_stale = false;
            return Ok(());
        }
        if store.changed().next().is_none() {
            return Ok(());
        }
        let mut line = line(store, rng)?;
        line.push('\n');
        if let Err(error) = self.file.write_all(line.as_bytes()) {
            self.file.set_len(self.length)?;
            return Err(error);
        }
        self.length += line.len() as u64;
        store.forget_changes();
        Ok(())
    }

    /// Forgets all changes, for a reset to the records of the first start. If the file cannot be written, that is tried
    /// again with the next change, which fails if this does.
    pub(crate) fn reset(&mut self, store: &mut Store, rng: &Rng) {
        store.note_changes();
        self.is_stale = true;
        let _ = self.append(store, rng);
    }
}

/// The text of a line.
fn line(store: &Store, rng: &Rng) -> io::Result<String> {
    let line = Line {
        rng: rng.get_seed(),
        changes: dump::changes(store),
    };
    Ok(serde_json::to_string(&line)?)
}

/// Writes the changes of a store as a single line after the header, and returns the file, to be appended to.
fn rewritten(folder: &Path, header: &Header, store: &mut Store, rng: &Rng) -> io::Result<(File, u64)> {
    let header = serde_json::to_string(header)?;
    let text = format!("{header}\n{}\n", line(store, rng)?);
    replace(folder, CHANGES, &text)?;
    let file = File::options().append(true).open(folder.join(CHANGES))?;
    store.forget_changes();
    Ok((file, text.len() as u64))
}

/// Replaces a file at once, or not at all.
fn replace(folder: &Path, name: &str, text: &str) -> io::Result<()> {
    let new = folder.join(format!("{name}.new"));
    let mut file = File::create(&new)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(new, folder.join(name))
}

/// Why a folder cannot be used.
fn failed(folder: &Path, done: &str, error: io::Error) -> Error {
    Error::config(format!(
        "the sandbox cannot start: its folder {} cannot be {done}; check its permissions, or choose another",
        folder.display()
    ))
    .with_source(error)
}
