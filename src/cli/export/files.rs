//! The folder of an export: a file for each list, and how far each has come.
//!
//! After each page its records are appended, and then the state is replaced at once. Whatever was appended after the last
//! state is cut off again when the export goes on.

use std::{
    fs::{self, File},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{
    manifest::{Alterations, Entry, Manifest, Outcome, Totals},
    plan::Part,
};
use crate::{
    cli::{csv_rows, failure::Failure, format::Format, select::Column, values::on_one_line},
    page::{Completeness, Identity, Next, Sweep, Told},
};

/// The folder with what is needed to go on.
const STATE: &str = ".atera-export";

/// The folder of an export.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    format: Format,
    base_url: String,
}

/// What an export was begun with.
#[derive(Debug, Deserialize, PartialEq, Serialize)]
struct Setting {
    base_url: String,
    format: String,
}

/// How far a list has come.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(super) struct State {
    /// The page to ask for next, or the record whose children are next.
    pub(super) next: u64,
    pub(super) records: u64,
    bytes: u64,
    log_bytes: u64,
    pub(super) totals: Totals,
    #[serde(default)]
    pub(super) alterations: Alterations,
    /// Of a list that hangs on another, how many records of that have no id.
    #[serde(default)]
    pub(super) parents_without_id: u64,
    pub(super) done: Option<Entry>,
}

impl Folder {
    /// Makes the folder, or takes up what an earlier run has left in it.
    pub(super) fn open(path: &Path, format: Format, base_url: &str, restart: bool) -> Result<Self, Failure> {
        let folder = Folder {
            path: path.to_path_buf(),
            format,
            base_url: base_url.to_string(),
        };
        let state = folder.state();
        if restart {
            let _ = fs::remove_dir_all(&state);
            let _ = fs::remove_file(folder.manifest());
        }
        if folder.manifest().exists() {
            return Err(Failure::Usage(format!(
                "{} holds an export that is complete; name another folder, or begin anew with --restart",
                path.display()
            )));
        }
        fs::create_dir_all(&state).map_err(|error| at(&state, &error))?;
        let setting = Setting {
            base_url: folder.base_url.clone(),
            format: folder.extension().to_string(),
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

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Where a list has come to, its file cut back to there.
    pub(super) fn resume(&self, part: &Part) -> Result<ListFile, Failure> {
        let name = part.name();
        let file_name = format!("{name}.{}", self.extension());
        let (state, log) = (
            self.state().join(format!("{name}.json")),
            self.state().join(format!("{name}.pages")),
        );
        let known: State = match fs::read(&state) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| at(&state, &error.into()))?,
            Err(_) => State::default(),
        };
        let columns = match (self.format, part.record()) {
            (Format::Csv, record) => Some(columns(part, record)),
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
            sweep: Sweep::default(),
            completeness: Completeness::default(),
            ids: Vec::new(),
            without_id: 0,
        };
        if list.state.done.is_none() {
            list.cut_back()?;
        }
        list.replay()?;
        Ok(list)
    }

    /// Ends the export: the manifest tells what there is, and what was needed to go on is no longer.
    pub(super) fn finish(&self, entries: Vec<Entry>) -> Result<(), Failure> {
        write_at_once(&self.manifest(), &Manifest::new(&self.base_url, entries))?;
        let state = self.state();
        fs::remove_dir_all(&state).map_err(|error| at(&state, &error))
    }

    fn state(&self) -> PathBuf {
        self.path.join(STATE)
    }

    fn manifest(&self) -> PathBuf {
        self.path.join("manifest.json")
    }

    fn extension(&self) -> &'static str {
        match self.format {
            Format::Csv => "csv",
            _ => "ndjson",
        }
    }
}

/// The columns of a list, those of the records that it hangs on before its own.
fn columns(part: &Part, record: Option<&'static crate::Schema>) -> Vec<Column> {
    let single = |name: &str| Column {
        path: vec![name.to_string()],
        kind: crate::Kind::Any,
        heading: name.to_string(),
    };
    let mut columns = record.map_or_else(|| vec![single("value")], Column::all);
    if let Some((_, key)) = part.link()
        && columns.iter().all(|column| column.heading != key)
    {
        columns.insert(0, single(key));
    }
    columns
}

/// The file of a list.
pub(super) struct ListFile {
    path: PathBuf,
    part: PathBuf,
    file_name: String,
    state_path: PathBuf,
    log_path: PathBuf,
    columns: Option<Vec<Column>>,
    pub(super) state: State,
    /// The sweep under way, and what those before it have shown.
    pub(super) sweep: Sweep,
    pub(super) completeness: Completeness,
    /// The ids of the records in it, in their order, and how many of the records have none.
    pub(super) ids: Vec<String>,
    pub(super) without_id: u64,
}

/// A line of the log after the last page of a sweep; every other line is a page: what it tells of the length of the list, and
/// what tells its records apart.
const END_OF_SWEEP: &str = "end";

impl ListFile {
    fn cut_back(&mut self) -> Result<(), Failure> {
        // An interruption may have come after the file got its name and before that was remembered.
        if self.state.bytes > 0 && !self.part.exists() && self.path.exists() {
            fs::rename(&self.path, &self.part).map_err(|error| at(&self.path, &error))?;
        }
        for (path, length) in [
            (&self.part, self.state.bytes),
            (&self.log_path, self.state.log_bytes),
        ] {
            let file = File::options().create(true).append(true).open(path);
            let file = file.and_then(|file| {
                // What should be there and is not cannot be told from what never was.
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

    /// Takes the log in again, page by page.
    fn replay(&mut self) -> Result<(), Failure> {
        let log = match fs::read_to_string(&self.log_path) {
            Ok(log) => log,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(at(&self.log_path, &error)),
        };
        for line in log.lines() {
            if line == END_OF_SWEEP {
                // What was to be done next is known by what was done.
                let _ = self
                    .completeness
                    .end_sweep(std::mem::take(&mut self.sweep), false);
                continue;
            }
            let mut words = line.split(' ');
            let told = words.next().and_then(Told::parse);
            let records = words.map(Identity::parse).collect::<Option<Vec<_>>>();
            let (told, records) = told.zip(records).ok_or_else(|| {
                let error = io::Error::other("it cannot be read; begin anew with --restart");
                at(&self.log_path, &error)
            })?;
            self.take_in(told, records.into_iter());
        }
        Ok(())
    }

    /// Takes in a page of the sweep. Returns of each record whether it is new to the file.
    fn take_in(&mut self, told: Told, records: impl Iterator<Item = Identity>) -> Vec<bool> {
        self.sweep.begin_page(told);
        let mut new = Vec::new();
        for identity in records {
            let new_to_sweep = self.sweep.record(identity);
            new.push(match identity {
                Identity::Id(id) => {
                    let is_new = new_to_sweep && self.completeness.admit(id);
                    if is_new {
                        self.ids.push(id.to_string());
                    }
                    is_new
                }
                // What has no id cannot be told apart; once is enough.
                Identity::Content(_) => {
                    let is_new = self.completeness.sweeps == 0;
                    self.without_id += u64::from(is_new);
                    is_new
                }
            });
        }
        // Pages that bring nothing new are noticed by the walk that they come from.
        let _ = self.sweep.end_page();
        new
    }

    /// Takes in a page of a sweep: appends what is new of it to the file, and then remembers that.
    pub(super) fn append_page(&mut self, told: Told, records: &[(&str, Identity)]) -> Result<u64, Failure> {
        let new = self.take_in(told, records.iter().map(|(_, identity)| *identity));
        let mut line = told.to_string();
        for (_, identity) in records {
            line.push(' ');
            line.push_str(&identity.to_string());
        }
        line.push('\n');
        let new = records.iter().zip(new).filter(|(_, is_new)| *is_new);
        self.append(new.map(|((record, _), _)| *record), &line)
    }

    /// Ends a sweep.
    pub(super) fn end_sweep(&mut self) -> Result<Next, Failure> {
        self.append(std::iter::empty(), &format!("{END_OF_SWEEP}\n"))?;
        Ok(self
            .completeness
            .end_sweep(std::mem::take(&mut self.sweep), false))
    }

    /// Appends records and a line of the log, and then remembers that.
    pub(super) fn append<'a>(
        &mut self,
        records: impl Iterator<Item = &'a str>,
        log: &str,
    ) -> Result<u64, Failure> {
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

    /// The list is complete: its file gets its name.
    pub(super) fn complete(&mut self, part: &Part, outcome: Outcome) -> Result<Entry, Failure> {
        let mut entry = Entry::new(part, outcome, self);
        let sealed = seal(&self.part, &self.path);
        let (bytes, sha256) = sealed.map_err(|error| at(&self.path, &error))?;
        (entry.bytes, entry.sha256, entry.records) = (bytes, Some(sha256), self.state.records);
        entry.file = Some(self.file_name.clone());
        self.state.done = Some(entry.clone());
        write_at_once(&self.state_path, &self.state)?;
        Ok(entry)
    }
}

/// Renames a file once it is safe on the disk, and returns its length and its checksum.
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

fn append(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let file = File::options().create(true).append(true).open(path);
    file.and_then(|mut file| file.write_all(bytes))
        .map_err(|error| at(path, &error))
}

/// Replaces a file at once: it is the old one or the new one, whenever the process dies.
fn write_at_once(path: &Path, content: &impl Serialize) -> Result<(), Failure> {
    let new = path.with_extension("new");
    let json = serde_json::to_vec_pretty(content).map_err(io::Error::from);
    let written = json.and_then(|json| {
        fs::write(&new, json)?;
        fs::rename(&new, path)
    });
    written.map_err(|error| at(path, &error))
}

fn at(path: &Path, error: &io::Error) -> Failure {
    Failure::Output(io::Error::new(
        error.kind(),
        format!("{}: {error}", path.display()),
    ))
}
