//! A list that is being read: its file, how far it has come, and the journal of the walk.
//!
//! ```text
//! .atera-export/next/tickets.ndjson  the records so far
//! .atera-export/next/tickets.json    the state: how long the two files beside it are, and counts
//! .atera-export/next/tickets.pages   the journal of the walk, an entry a line
//! ```
//!
//! After each page its records and its entry are appended, and then the state is replaced at once. Whatever was appended after
//! the last state is cut off again when the list is resumed. So a record is in the file if and only if its page is in the
//! journal, whenever the process dies.

use std::{
    collections::{BTreeMap, HashSet},
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use atera::{RecordId, Timestamp, page::PagedWalk};
use atera_records::{Column, on_one_line};
use serde::{Deserialize, Serialize};

use super::{
    drift::{Alterations, Drift, Totals},
    entry::{Entry, ReadState},
    files::{FileFormat, Setting, checksum, read_json, write_at_once},
    lock::at,
    plan::Part,
    rows::{IdField, Rows},
};
use crate::output::{csv_rows, failure::Failure};

/// A list that is being read.
#[derive(Debug)]
pub(crate) struct StagedList {
    /// The path of its file.
    pub(crate) path: PathBuf,
    file_name: String,
    state_path: PathBuf,
    log_path: PathBuf,
    /// The columns, if it is CSV.
    columns: Option<Vec<Column>>,
    pub(crate) state: State,
}

/// How far a list has come.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct State {
    /// What it was begun with.
    setting: Setting,
    /// When its reading began, by the clock of the service.
    pub(crate) as_of: Option<Timestamp>,
    /// The position of the record whose children are next. For a list the journal tells how to go on.
    pub(crate) next: u64,
    /// The checksum of the list to whose records the children belong.
    pub(crate) parent: Option<String>,
    /// Records in the file.
    pub(crate) records: u64,
    /// Length of the file with the records.
    bytes: u64,
    /// Length of the journal.
    log_bytes: u64,
    /// The totals that the pages told.
    pub(crate) totals: Totals,
    /// The records that are not in the file as they were sent.
    pub(crate) alterations: Alterations,
    /// Of a list of children, how many of the records that it belongs to have no id.
    pub(crate) parents_without_id: u64,
    /// The list's entry in the manifest, once it was read to its end.
    pub(crate) done: Option<Entry>,
}

impl State {
    fn new(setting: Setting) -> Self {
        State {
            setting,
            as_of: None,
            next: 0,
            parent: None,
            records: 0,
            bytes: 0,
            log_bytes: 0,
            totals: Totals::default(),
            alterations: Alterations::default(),
            parents_without_id: 0,
            done: None,
        }
    }
}

impl StagedList {
    /// The list in this folder, which is not opened yet.
    pub(crate) fn new(folder: &Path, part: &Part, setting: &Setting) -> Self {
        let name = part.name();
        let file_name = part.file_name(&setting.format);
        StagedList {
            path: folder.join(&file_name),
            file_name,
            state_path: folder.join(format!("{name}.json")),
            log_path: folder.join(format!("{name}.pages")),
            columns: match FileFormat::named(&setting.format) {
                FileFormat::Csv => Some(part.columns()),
                FileFormat::Ndjson => None,
            },
            state: State::new(setting.clone()),
        }
    }

    /// The names of all lists in this folder that were begun, each with what it was begun with.
    pub(crate) fn all(folder: &Path) -> Result<Vec<(String, Setting)>, Failure> {
        let files = fs::read_dir(folder).map_err(|error| at(folder, &error))?;
        let mut all = Vec::new();
        for file in files {
            let path = file.map_err(|error| at(folder, &error))?.path();
            let name = path.file_stem().and_then(|name| name.to_str());
            if let (Some(name), Some("json")) = (name, path.extension().and_then(|it| it.to_str()))
                && let Some(state) = read_json::<State>(&path)?
            {
                all.push((name.to_string(), state.setting));
            }
        }
        Ok(all)
    }

    /// Reads how far it has come, and cuts its files back to that. Returns whether an earlier run has begun it.
    pub(crate) fn open(&mut self) -> Result<bool, Failure> {
        let Some(state) = read_json(&self.state_path)? else {
            return Ok(false);
        };
        self.state = state;
        if self.state.done.is_none() {
            self.cut_back()?;
        }
        Ok(true)
    }

    /// Forgets all of it.
    pub(crate) fn remove(&mut self) -> Result<(), Failure> {
        self.state = State::new(self.state.setting.clone());
        for path in [&self.state_path, &self.log_path, &self.path] {
            remove(path)?;
        }
        Ok(())
    }

    /// Forgets the list of this name, whose file has taken its place.
    pub(crate) fn forget(folder: &Path, name: &str) -> Result<(), Failure> {
        remove(&folder.join(format!("{name}.json")))?;
        remove(&folder.join(format!("{name}.pages")))
    }

    /// Cuts the file and the journal back to the lengths in the state.
    fn cut_back(&self) -> Result<(), Failure> {
        for (path, length) in [
            (&self.path, self.state.bytes),
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

    /// Gives the journal to a new walk over the list, which then goes on from there.
    pub(crate) fn replay(&self, walk: &mut PagedWalk) -> Result<(), Failure> {
        let log = match fs::read_to_string(&self.log_path) {
            Ok(log) => log,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(at(&self.log_path, &error)),
        };
        for entry in log.lines() {
            walk.replay(entry).map_err(|_| {
                let error = io::Error::other("it cannot be read; begin anew with --restart");
                at(&self.log_path, &error)
            })?;
        }
        Ok(())
    }

    /// Whether the journal has an entry.
    pub(crate) fn has_entries(&self) -> bool {
        self.state.log_bytes > 0
    }

    /// Whether nothing of the list was read yet.
    pub(crate) fn is_empty(&self) -> bool {
        self.state.bytes == 0 && self.state.log_bytes == 0 && self.state.next == 0
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
        append(&self.path, &text)?;
        append(&self.log_path, log.as_bytes())?;
        self.state.bytes += text.len() as u64;
        self.state.log_bytes += log.len() as u64;
        self.state.records += count;
        write_at_once(&self.state_path, &self.state)?;
        Ok(count)
    }

    /// Writes a file that has the rows of another in it, with these records in place of those that have the same id in `field`,
    /// and the others at the end. Rows with an id that is not to be kept are left out.
    pub(crate) fn merge(
        &mut self,
        mut base: Rows,
        field: &IdField,
        mut records: BTreeMap<RecordId, Vec<String>>,
        keep: impl Fn(RecordId) -> bool,
    ) -> Result<(), Failure> {
        let file = File::create(&self.path).map_err(|error| at(&self.path, &error))?;
        let mut out = BufWriter::new(file);
        let mut placed = HashSet::new();
        match (&self.columns, base.header.is_empty()) {
            (Some(columns), true) => csv_rows::header(columns, false, &mut out)?,
            _ => out.write_all(&base.header)?,
        }
        while let Some(row) = base.next()? {
            let id = field.of(&row);
            if let Some(new) = id.and_then(|id| records.remove(&id)) {
                placed.extend(id);
                for record in new {
                    self.write(&record, &mut out)?;
                }
            } else if id.is_none_or(|id| keep(id) && !placed.contains(&id)) {
                out.write_all(&row)?;
                self.state.records += 1;
            }
        }
        for record in records.into_values().flatten() {
            self.write(&record, &mut out)?;
        }
        out.flush()?;
        Ok(())
    }

    /// Writes a record.
    fn write(&mut self, record: &str, out: &mut impl Write) -> Result<(), Failure> {
        self.state.records += 1;
        match &self.columns {
            Some(columns) => {
                if let Some(altered) = csv_rows::record(columns, record, out)? {
                    self.state.alterations.note(self.state.records, &altered);
                }
            }
            None => writeln!(out, "{}", on_one_line(record))?,
        }
        Ok(())
    }

    /// Lets the file of an earlier run stay, since this one has the same records.
    pub(crate) fn keep_earlier(&mut self, mut entry: Entry, earlier: &Entry) -> Result<Entry, Failure> {
        remove(&self.path)?;
        entry.bytes = earlier.bytes;
        entry.sha256.clone_from(&earlier.sha256);
        self.done(entry)
    }

    /// Writes down that the list is complete.
    pub(crate) fn done(&mut self, entry: Entry) -> Result<Entry, Failure> {
        self.state.done = Some(entry.clone());
        write_at_once(&self.state_path, &self.state)?;
        Ok(entry)
    }

    /// Completes the list: its file is safe on the disk, and the state has its entry in the manifest.
    pub(crate) fn complete(&mut self, part: &Part, state: ReadState, drift: Drift) -> Result<Entry, Failure> {
        let mut entry = Entry::new(part, state, drift, self.state.alterations.clone());
        let sealed = File::options().create(true).append(true).open(&self.path);
        let sealed = sealed.and_then(|file| file.sync_all());
        let sealed = sealed.and_then(|()| checksum(&self.path));
        let (bytes, sha256) = sealed.map_err(|error| at(&self.path, &error))?;
        (entry.bytes, entry.sha256, entry.records) = (bytes, Some(sha256), self.state.records);
        entry.file = Some(self.file_name.clone());
        entry.as_of = self.state.as_of;
        entry.parents_without_id = self.state.parents_without_id;
        self.done(entry)
    }
}

/// Appends bytes to a file.
fn append(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let file = File::options().create(true).append(true).open(path);
    file.and_then(|mut file| file.write_all(bytes))
        .map_err(|error| at(path, &error))
}

/// Removes a file, if it is there.
fn remove(path: &Path) -> Result<(), Failure> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(at(path, &error)),
        _ => Ok(()),
    }
}
