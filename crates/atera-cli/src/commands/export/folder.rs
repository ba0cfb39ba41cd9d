//! The folder of an export: the files of the lists, and beside them what is being read.
//!
//! ```text
//! tickets.ndjson                     the records of a list, as the manifest has it
//! manifest.json                      see [`manifest`](super::manifest)
//! .atera-export/next/                the lists that are being read, see [`staged`](super::staged)
//! .atera-export/publish.json         the manifest that is about to come, and the lists that come with it
//! .atera-export/lock                 see [`lock`](super::lock)
//! ```
//!
//! Lists are read into `next`, and the files in the folder stay as they are meanwhile. At the end of a run all lists that are
//! whole take their places at once, with the manifest. If the process dies in the middle of that, the next run does the rest
//! before anything else, since `publish.json` says what it is. So whenever the process dies, each file is one that the
//! manifest names, or becomes one. A list that was not read to its end stays in `next`, whatever other lists are asked for
//! meanwhile, until the next run that asks for it.
//!
//! A file that the manifest does not name, or that is not as the manifest says, is someone else's work. It is never overwritten.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::{
    entry::{Entry, ReadState},
    files::{Setting, checksum, read_json, write_at_once},
    lock::{Lock, at},
    manifest::Manifest,
    plan::Part,
    staged::StagedList,
};
use crate::output::failure::Failure;

/// The folder beside the files.
const STATE: &str = ".atera-export";
const MANIFEST: &str = "manifest.json";

/// What a run does with the lists that an earlier one has read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// They are left as they are.
    GoOn,
    /// They are read anew.
    Restart,
    /// They are brought up to date.
    Update,
}

impl Mode {
    /// How to go on after a run that was not whole, as the end of a sentence.
    pub(crate) fn go_on(self) -> &'static str {
        match self {
            Mode::GoOn | Mode::Update => "the same command goes on from here",
            Mode::Restart => "the same command without --restart goes on from here",
        }
    }
}

/// What there is to do for a list.
pub(crate) enum Need {
    /// Nothing: it was read before.
    Nothing(Box<Entry>),
    /// It is to be read, from where an earlier run stopped.
    Read(Box<StagedList>),
    /// It is to be brought up to date.
    Update(Box<(Entry, StagedList)>),
}

/// The folder of an export.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    setting: Setting,
    mode: Mode,
    /// The manifest of the earlier runs, without the lists whose files are gone.
    manifest: Option<Manifest>,
    /// The lists whose files are gone.
    pub(crate) gone: Vec<String>,
    /// Keeps other exports out of the folder.
    _lock: Lock,
}

/// A manifest that is about to come.
#[derive(Debug, Deserialize, Serialize)]
struct Publication {
    manifest: Manifest,
    /// The names of the lists that come with it.
    lists: Vec<String>,
}

impl Folder {
    /// Creates the folder, or opens one that an earlier run has left.
    ///
    /// # Errors
    ///
    /// If another process writes into it, if it holds an export of another service or in another format, or a file that no
    /// export has written.
    pub(crate) fn open(path: &Path, setting: Setting, parts: &[Part], mode: Mode) -> Result<Self, Failure> {
        let next = path.join(STATE).join("next");
        fs::create_dir_all(&next).map_err(|error| at(&next, &error))?;
        let mut folder = Folder {
            path: path.to_path_buf(),
            setting,
            mode,
            manifest: None,
            gone: Vec::new(),
            _lock: Lock::take(path, &path.join(STATE))?,
        };
        if let Some(publication) = read_json(&folder.publication())? {
            folder.place(&publication)?;
        }
        folder.manifest = Manifest::read(&path.join(MANIFEST))?;
        folder.check_setting(parts)?;
        for part in parts {
            folder.check_file(part)?;
        }
        if mode == Mode::Restart {
            for part in parts {
                folder.staged(part).remove()?;
            }
        }
        Ok(folder)
    }

    /// The path of the folder.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// What all of its lists have in common.
    pub(crate) fn setting(&self) -> &Setting {
        &self.setting
    }

    /// What there is to do for a list.
    pub(crate) fn need(&self, part: &Part) -> Result<Need, Failure> {
        let mut staged = self.staged(part);
        let is_begun = staged.open()?;
        if !is_begun {
            // The process may have died before it wrote how far it has come.
            staged.remove()?;
        }
        match self.published(&part.name()) {
            Some(list) if !is_begun && self.mode == Mode::GoOn && list.state.is_whole() => {
                Ok(Need::Nothing(Box::new(list.clone())))
            }
            Some(list)
                if !is_begun
                    && self.mode == Mode::Update
                    && list.of_file().is_some_and(ReadState::is_whole) =>
            {
                Ok(Need::Update(Box::new((list.clone(), staged))))
            }
            _ => Ok(Need::Read(Box::new(staged))),
        }
    }

    /// Whether a list was read before, and is left as it is.
    pub(crate) fn is_done(&self, part: &Part) -> Result<bool, Failure> {
        Ok(matches!(self.need(part)?, Need::Nothing(_)))
    }

    /// The list of this name, as an earlier run has left it.
    pub(crate) fn published(&self, name: &str) -> Option<&Entry> {
        self.manifest.as_ref()?.list(name)
    }

    /// The newest file of a list that is whole: the one that was just read, or else that of an earlier run.
    pub(crate) fn newest(&self, part: &Part) -> Result<Option<(PathBuf, Entry)>, Failure> {
        let mut staged = self.staged(part);
        staged.open()?;
        let entry = staged.state.done.as_ref().or(self.published(&part.name()));
        let entry = entry.filter(|entry| entry.file.is_some());
        Ok(entry.map(|entry| {
            let path = match staged.path.exists() && staged.state.done.is_some() {
                true => staged.path.clone(),
                false => self.path_of(entry),
            };
            (path, entry.clone())
        }))
    }

    /// The path of the file that an earlier run has left.
    pub(crate) fn path_of(&self, entry: &Entry) -> PathBuf {
        self.path.join(entry.file.as_deref().unwrap_or_default())
    }

    /// What the run does with lists that an earlier one has read.
    pub(crate) fn mode(&self) -> Mode {
        self.mode
    }

    /// The list in `next`.
    fn staged(&self, part: &Part) -> StagedList {
        StagedList::new(&self.next(), part, &self.setting)
    }

    /// Ends a run: the lists that were read take their places, and the manifest has them and those that could not be read.
    pub(crate) fn publish(&self, read: Vec<Entry>, failed: Vec<Entry>) -> Result<(), Failure> {
        for file in read.iter().filter_map(|list| list.file.as_ref()) {
            let path = self.path.join(file);
            let is_ours = |list: &Entry| list.file.as_ref() == Some(file);
            let mut earlier = self.manifest.iter().flat_map(|manifest| &manifest.lists);
            if path.exists() && !earlier.any(is_ours) {
                return Err(in_the_way(&path));
            }
        }
        let names = read.iter().map(|list| list.name.clone()).collect();
        let mut lists: Vec<_> = read.into_iter().chain(failed).collect();
        let earlier = self.manifest.iter().flat_map(|manifest| &manifest.lists);
        let others = earlier.filter(|list| lists.iter().all(|read| read.name != list.name));
        let others: Vec<_> = others.cloned().collect();
        lists.extend(others);
        let publication = Publication {
            manifest: Manifest::new(&self.setting, lists),
            lists: names,
        };
        write_at_once(&self.publication(), &publication)?;
        self.place(&publication)
    }

    /// Forgets what was read of a list, and begins with it anew.
    pub(crate) fn anew(&self, part: &Part) -> Result<StagedList, Failure> {
        let mut staged = self.staged(part);
        staged.remove()?;
        Ok(staged)
    }

    /// Forgets what was read of a list, which is not to take its place.
    pub(crate) fn discard(&self, part: &Part) -> Result<(), Failure> {
        self.staged(part).remove()
    }

    /// Puts the files of lists in their places, and then the manifest. What was done before is not done again.
    fn place(&self, publication: &Publication) -> Result<(), Failure> {
        for name in &publication.lists {
            let Some(file) = publication
                .manifest
                .list(name)
                .and_then(|list| list.file.as_ref())
            else {
                continue;
            };
            let (from, to) = (self.next().join(file), self.path.join(file));
            if from.exists() {
                fs::rename(&from, &to).map_err(|error| at(&to, &error))?;
            }
        }
        write_at_once(&self.path.join(MANIFEST), &publication.manifest)?;
        for name in &publication.lists {
            StagedList::forget(&self.next(), name)?;
        }
        let path = self.publication();
        fs::remove_file(&path).map_err(|error| at(&path, &error))
    }

    /// Refuses a folder with lists of another service or in another format.
    fn check_setting(&self, parts: &[Part]) -> Result<(), Failure> {
        let of_manifest = self.manifest.as_ref().map(|manifest| &manifest.setting);
        if let Some(other) = of_manifest.and_then(|setting| self.setting.difference(setting)) {
            return Err(Failure::Usage(format!(
                "{} holds an export {other}; name another folder",
                self.path.display()
            )));
        }
        for (name, setting) in StagedList::all(&self.next())? {
            let is_named = parts.iter().any(|part| part.name() == name);
            let other = self.setting.difference(&setting);
            if let Some(other) = other.filter(|_| !(is_named && self.mode == Mode::Restart)) {
                return Err(Failure::Usage(format!(
                    "{} holds an export {other}, which has come as far as a part of {name}; name another folder, or begin anew \
                     with --restart {name}",
                    self.path.display()
                )));
            }
        }
        Ok(())
    }

    /// Refuses a file that is not as the manifest says, and takes note of one that is gone.
    fn check_file(&mut self, part: &Part) -> Result<(), Failure> {
        let name = part.name();
        let path = self.path.join(part.file_name(&self.setting.format));
        let entry = self.published(&name).filter(|list| list.file.is_some());
        match (path.symlink_metadata().is_ok(), entry) {
            (false, None) => Ok(()),
            (true, None) => Err(in_the_way(&path)),
            (true, Some(list)) => {
                let (bytes, sha256) = checksum(&path).map_err(|error| at(&path, &error))?;
                match bytes == list.bytes && Some(sha256) == list.sha256 {
                    true => Ok(()),
                    false => Err(Failure::Usage(format!(
                        "{} is not as it was exported: something has changed it; move it away, and the list is read anew",
                        path.display()
                    ))),
                }
            }
            (false, Some(_)) => {
                if let Some(manifest) = &mut self.manifest {
                    manifest.lists.retain(|list| list.name != name);
                }
                self.gone.push(name);
                Ok(())
            }
        }
    }

    fn next(&self) -> PathBuf {
        self.path.join(STATE).join("next")
    }

    fn publication(&self) -> PathBuf {
        self.path.join(STATE).join("publish.json")
    }
}

/// The failure because of a file that no export has written.
fn in_the_way(path: &Path) -> Failure {
    Failure::Usage(format!(
        "{} is in the way: no export has written it; move it away, or name another folder",
        path.display()
    ))
}
