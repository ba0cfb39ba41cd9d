//! The folder of an export: a file for each list, and how far each has come.
//!
//! ```text
//! tickets.ndjson.part           the records so far; it loses `.part` when the list is complete
//! .atera-export/tickets.json    the state: how long the two files beside it are, and counts
//! .atera-export/tickets.pages   the journal of the walk, an entry a line
//! .atera-export/setting.json    what the export was begun with
//! .atera-export/lock            the lock of the process that writes, see [`lock`](super::lock)
//! ```
//!
//! After each page its records and its entry are appended, and then the state is replaced at once. Whatever was appended after
//! the last state is cut off again when the export is resumed. So a record is in the file if and only if its page is in the
//! journal, whenever the process dies.

use std::{
    fs::{self, File},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use atera::{
    description::{Kind, Schema},
    page::PagedWalk,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{
    lock::{Lock, at},
    manifest::{Alterations, Drift, Entry, Manifest, Outcome, Totals},
    plan::Part,
};
use crate::output::{columns::Column, csv_rows, failure::Failure, values::on_one_line};

/// The folder with the states and journals.
const STATE: &str = ".atera-export";

/// The formats of the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FileFormat {
    /// A record a line, as the service sent it.
    Ndjson,
    /// A row for each record, with the fields of the description.
    Csv,
}

impl FileFormat {
    /// The names of the formats, which are the extensions of their files.
    pub(crate) const NAMES: [&str; 2] = ["ndjson", "csv"];

    /// The format of this name.
    pub(crate) fn named(name: &str) -> Self {
        match name {
            "csv" => FileFormat::Csv,
            _ => FileFormat::Ndjson,
        }
    }

    /// Its name.
    fn name(self) -> &'static str {
        match self {
            FileFormat::Ndjson => "ndjson",
            FileFormat::Csv => "csv",
        }
    }
}

/// The folder of an export.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    format: FileFormat,
    base_url: String,
    /// Keeps other exports out of the folder.
    _lock: Lock,
}

/// What an export was begun with.
#[derive(Debug, Deserialize, PartialEq, Serialize)]
struct Setting {
    base_url: String,
    format: String,
}

/// How far a list has come.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct State {
    /// The position of the record whose children are next. For a list the journal tells how to go on.
    pub(crate) next: u64,
    /// Records in the file.
    pub(crate) records: u64,
    /// Length of the file with the records.
    bytes: u64,
    /// Length of the journal.
    log_bytes: u64,
    /// The totals that the pages told.
    pub(crate) totals: Totals,
    /// The records that are not in the file as they were sent.
    #[serde(default)]
    pub(crate) alterations: Alterations,
    /// Of a list of children, how many of the records that it belongs to have no id.
    #[serde(default)]
    pub(crate) parents_without_id: u64,
    /// The list's entry in the manifest, once it is complete.
    pub(crate) done: Option<Entry>,
}

impl Folder {
    /// Creates the folder, or opens one that an earlier run has left.
    ///
    /// # Errors
    ///
    /// If it holds a complete export, or one of another service or in another format, unless `restart` is set.
    pub(crate) fn open(
        path: &Path,
        format: FileFormat,
        base_url: &str,
        restart: bool,
    ) -> Result<Self, Failure> {
        let state = path.join(STATE);
        fs::create_dir_all(&state).map_err(|error| at(&state, &error))?;
        let folder = Folder {
            path: path.to_path_buf(),
            format,
            base_url: base_url.to_string(),
            _lock: Lock::take(path, &state)?,
        };
        if restart {
            folder.remove_states()?;
            let _ = fs::remove_file(folder.manifest());
        }
        if folder.manifest().exists() {
            return Err(Failure::Usage(format!(
                "{} holds an export that is complete; name another folder, or begin anew with --restart",
                path.display()
            )));
        }
        let setting = Setting {
            base_url: folder.base_url.clone(),
            format: folder.format.name().to_string(),
        };
        let file = state.join("setting.json");
        match fs::read(&file) {
            Ok(bytes) if serde_json::from_slice::<Setting>(&bytes).ok().as_ref() != Some(&setting) => {
                return Err(Failure::Usage(format!(
                    "{} holds an export of another service or in another format; name another folder, or begin anew with \
                     --restart",
                    path.display()
                )));
            }
            Ok(_) => {}
            Err(_) => write_at_once(&file, &setting)?,
        }
        Ok(folder)
    }

    /// The path of the folder.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Opens the file of a list, cut back to its last state.
    pub(crate) fn resume(&self, part: &Part) -> Result<ListFile, Failure> {
        let name = part.name();
        let file_name = format!("{name}.{}", self.format.name());
        let (state, log) = (
            self.state().join(format!("{name}.json")),
            self.state().join(format!("{name}.pages")),
        );
        let known: State = match fs::read(&state) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| at(&state, &error.into()))?,
            Err(_) => State::default(),
        };
        let columns = match (self.format, part.record()) {
            (FileFormat::Csv, record) => Some(columns(part, record)),
            _ => None,
        };
        let path = self.path.join(&file_name);
        let mut list = ListFile {
            part: self.path.join(format!("{file_name}.part")),
            path,
            file_name,
            state_path: state,
            log_path: log,
            columns,
            state: known,
        };
        if list.state.done.is_none() {
            list.cut_back()?;
        }
        Ok(list)
    }

    /// Ends the export: writes the manifest, and removes the states and journals.
    pub(crate) fn finish(&self, entries: Vec<Entry>) -> Result<(), Failure> {
        write_at_once(&self.manifest(), &Manifest::new(&self.base_url, entries))?;
        self.remove_states()
    }

    /// Removes the states and journals of all lists. The lock stays.
    fn remove_states(&self) -> Result<(), Failure> {
        let state = self.state();
        let removed = fs::read_dir(&state).and_then(|mut files| {
            files.try_for_each(|file| {
                let path = file?.path();
                match path
                    .file_stem()
                    .is_some_and(|name| Lock::FILES.iter().any(|file| *file == name))
                {
                    true => Ok(()),
                    false => fs::remove_file(path),
                }
            })
        });
        removed.map_err(|error| at(&state, &error))
    }

    /// The path of the folder with the states.
    fn state(&self) -> PathBuf {
        self.path.join(STATE)
    }

    /// The path of the manifest.
    fn manifest(&self) -> PathBuf {
        self.path.join("manifest.json")
    }
}

/// The columns of a list. Children have the id of their record first, unless they have a field of that name.
fn columns(part: &Part, record: Option<&'static Schema>) -> Vec<Column> {
    let single = |name: &str| Column {
        path: vec![name.to_string()],
        kind: Kind::Any,
        heading: name.to_string(),
    };
    let mut columns = record.map_or_else(|| vec![single("value")], Column::all);
    if let Some((_, id_field)) = part.link()
        && columns.iter().all(|column| column.heading != id_field)
    {
        columns.insert(0, single(id_field));
    }
    columns
}

/// The file of a list, with its state and its journal.
pub(crate) struct ListFile {
    /// The path of the complete file, and of the one that is being written.
    path: PathBuf,
    part: PathBuf,
    file_name: String,
    state_path: PathBuf,
    log_path: PathBuf,
    /// The columns, if it is CSV.
    columns: Option<Vec<Column>>,
    pub(crate) state: State,
}

impl ListFile {
    /// Cuts the file and the journal back to the lengths in the state.
    fn cut_back(&mut self) -> Result<(), Failure> {
        // The process may have died after it renamed the file and before it wrote that down.
        if self.state.bytes > 0 && !self.part.exists() && self.path.exists() {
            fs::rename(&self.path, &self.part).map_err(|error| at(&self.path, &error))?;
        }
        for (path, length) in [
            (&self.part, self.state.bytes),
            (&self.log_path, self.state.log_bytes),
        ] {
            let file = File::options().create(true).append(true).open(path);
            let file = file.and_then(|file| {
                // Which records are gone is not known.
                match file.metadata()?.len() < length {
                    true => Err(io::Error::other(
                        "it is shorter than it was; begin anew with --restart",
                    )),
                    false => file.set_len(length),
                }
            });
            file.map_err(|error| at(path, &error))?;
        }
        Ok(())
    }

    /// Gives the journal to a new walk over the list, which then goes on from there. Returns the ids of the records in the
    /// file, in their order.
    pub(crate) fn replay(&self, walk: &mut PagedWalk) -> Result<Vec<String>, Failure> {
        let log = match fs::read_to_string(&self.log_path) {
            Ok(log) => log,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(at(&self.log_path, &error)),
        };
        let mut ids = Vec::new();
        for entry in log.lines() {
            let new = walk.replay(entry).map_err(|_| {
                let error = io::Error::other("it cannot be read; begin anew with --restart");
                at(&self.log_path, &error)
            })?;
            ids.extend(new.iter().flatten().map(ToString::to_string));
        }
        Ok(ids)
    }

    /// Whether the journal has an entry.
    pub(crate) fn has_entries(&self) -> bool {
        self.state.log_bytes > 0
    }

    /// Appends records to the file and an entry to the journal, and then writes the state. Returns how many records there were.
    /// Children have no journal, so their entry is empty.
    pub(crate) fn append<'a>(
        &mut self,
        records: impl Iterator<Item = &'a str>,
        entry: &str,
    ) -> Result<u64, Failure> {
        let log = match entry {
            "" => String::new(),
            entry => format!("{entry}\n"),
        };
        let (mut text, mut count) = (Vec::new(), 0);
        let is_new = self.state.bytes == 0;
        if let (true, Some(columns)) = (is_new, &self.columns) {
            csv_rows::header(columns, false, &mut text)?;
        }
        for record in records {
            count += 1;
            match &self.columns {
                Some(columns) => {
                    if let Some(altered) = csv_rows::record(columns, record, &mut text)? {
                        self.state.alterations.note(self.state.records + count, &altered);
                    }
                }
                None => {
                    text.extend_from_slice(on_one_line(record).as_bytes());
                    text.push(b'\n');
                }
            }
        }
        append(&self.part, &text)?;
        append(&self.log_path, log.as_bytes())?;
        self.state.bytes += text.len() as u64;
        self.state.log_bytes += log.len() as u64;
        self.state.records += count;
        write_at_once(&self.state_path, &self.state)?;
        Ok(count)
    }

    /// Completes the list: its file gets its name, and the state its entry in the manifest.
    pub(crate) fn complete(&mut self, part: &Part, outcome: Outcome, drift: Drift) -> Result<Entry, Failure> {
        let mut entry = Entry::new(part, outcome, drift, self.state.alterations.clone());
        let sealed = seal(&self.part, &self.path);
        let (bytes, sha256) = sealed.map_err(|error| at(&self.path, &error))?;
        (entry.bytes, entry.sha256, entry.records) = (bytes, Some(sha256), self.state.records);
        entry.file = Some(self.file_name.clone());
        entry.parents_without_id = self.state.parents_without_id;
        self.state.done = Some(entry.clone());
        write_at_once(&self.state_path, &self.state)?;
        Ok(entry)
    }
}

/// Renames a file when it is safe on the disk, and returns its length and its checksum.
fn seal(from: &Path, to: &Path) -> io::Result<(u64, String)> {
    File::options().append(true).open(from)?.sync_all()?;
    fs::rename(from, to)?;
    let mut file = File::open(to)?;
    let (mut hash, mut buffer, mut length) = (Sha256::new(), vec![0; 64 * 1024], 0);
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            let hex = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
            return Ok((length, hex));
        }
        hash.update(&buffer[..read]);
        length += read as u64;
    }
}

/// Appends bytes to a file.
fn append(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let file = File::options().create(true).append(true).open(path);
    file.and_then(|mut file| file.write_all(bytes))
        .map_err(|error| at(path, &error))
}

/// Replaces a file at once: whenever the process dies, it is the old file or the new one.
fn write_at_once(path: &Path, content: &impl Serialize) -> Result<(), Failure> {
    let new = path.with_extension("new");
    let json = serde_json::to_vec_pretty(content).map_err(io::Error::from);
    let written = json.and_then(|json| {
        fs::write(&new, json)?;
        fs::rename(&new, path)
    });
    written.map_err(|error| at(path, &error))
}
