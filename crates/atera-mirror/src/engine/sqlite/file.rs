//! The file of a mirror: only its owner can read it, and nobody else can replace it. And the lock of its writer.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Read, Seek, Write},
    path::{Path, PathBuf},
};

use crate::error::{Error, ErrorKind, Result};

/// Checks the file and its folder. Makes the folder if there is none.
///
/// # Errors
///
/// `Config` if others can read the file or write in its folder, or the folder cannot be used.
pub(super) fn prepare(path: &Path) -> Result<PathBuf> {
    let Some(name) = path.file_name() else {
        return Err(Error::config(format!(
            "{} is no file for a mirror: its name is missing; write it like mirror.db",
            path.display()
        )));
    };
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let unusable = |error: io::Error| {
        Error::config(format!(
            "the folder {} cannot be used for a mirror: {error}; choose another one",
            folder.display()
        ))
    };
    if !folder.exists() {
        make_folder(folder).map_err(unusable)?;
    }
    // A link is followed here once, and what it leads to is checked; later none is.
    let path = match path.canonicalize() {
        Ok(path) => path,
        Err(_) => folder.canonicalize().map_err(unusable)?.join(name),
    };
    if path.is_dir() {
        return Err(Error::config(format!(
            "{} is no file for a mirror: it is a folder; add a name like mirror.db",
            path.display()
        )));
    }
    check_owner(&path)?;
    Ok(path)
}

/// Makes the file, for its owner alone, unless there is one. SQLite gives the files beside it the same permissions.
pub(super) fn create(path: &Path) -> Result<()> {
    match for_owner(OpenOptions::new().write(true).create_new(true)).open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(Error::config(format!(
            "the mirror {} cannot be made: {error}; choose another place",
            path.display()
        ))),
    }
}

/// The lock of the writer. It ends when this is dropped, and with the process.
pub(super) struct Lock(File);

impl Drop for Lock {
    /// Closing the file is not enough: a child that is just being started has it for a moment, and the lock with it.
    fn drop(&mut self) {
        let _ = self.0.unlock();
    }
}

/// Takes the lock of the writer.
///
/// # Errors
///
/// `Busy` if another one has it.
pub(super) fn lock(path: &Path) -> Result<Lock> {
    lock_for(&beside(path, ".lock"), "the mirror is being written to")
}

/// The path of a file beside another one: its name with something added.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_os_string();
    name.push(suffix);
    PathBuf::from(name)
}

/// Takes the lock of a lock file.
///
/// # Errors
///
/// `Busy` if another one has it. `busy_with` says what is going on then.
pub(super) fn lock_for(name: &Path, busy_with: &str) -> Result<Lock> {
    let unusable = |error: io::Error| {
        Error::config(format!(
            "the lock file {} cannot be used: {error}; see to its permissions",
            name.display()
        ))
    };
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    let mut file = for_owner(&mut options).open(name).map_err(unusable)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(busy(&mut file, busy_with)),
        Err(TryLockError::Error(error)) => return Err(unusable(error)),
    }
    let mut lock = Lock(file);
    let holder = format!(
        "process {} since {}\n",
        std::process::id(),
        atera::Timestamp::now()
    );
    lock.0
        .set_len(0)
        .and_then(|()| lock.0.write_all(holder.as_bytes()))
        .map_err(unusable)?;
    Ok(lock)
}

/// The error that someone else is writing, with who it is where that can be read.
fn busy(file: &mut File, busy_with: &str) -> Error {
    let mut holder = String::new();
    let read = file.rewind().and_then(|()| file.read_to_string(&mut holder));
    let holder = match holder.trim() {
        holder if read.is_ok() && !holder.is_empty() => holder,
        _ => "another process",
    };
    Error::new(
        ErrorKind::Busy,
        format!("{busy_with}: {holder} has the lock; wait until it has finished"),
    )
}

#[cfg(unix)]
fn for_owner(options: &mut OpenOptions) -> &mut OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;

    options.mode(0o600)
}

#[cfg(not(unix))]
fn for_owner(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

#[cfg(unix)]
fn make_folder(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;

    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

#[cfg(not(unix))]
fn make_folder(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)
}

/// Refuses a folder in which others can write, since they could replace the file, and a file that others can read.
#[cfg(unix)]
pub(super) fn check_owner(path: &Path) -> Result<()> {
    use std::os::unix::fs::MetadataExt;

    let own = rustix::process::geteuid().as_raw();
    let folder = path.parent().unwrap_or(Path::new("/"));
    let unreadable = |error: io::Error| {
        Error::config(format!(
            "the mirror {} cannot be used: {error}; choose another place",
            path.display()
        ))
    };
    let about = fs::metadata(folder).map_err(unreadable)?;
    if about.mode() & 0o022 != 0 || (about.uid() != own && about.uid() != 0) {
        return Err(Error::config(format!(
            "the mirror {} is refused: others can write in its folder and replace it; choose a folder of your own, or run \
             `chmod go-w {}`",
            path.display(),
            folder.display()
        )));
    }
    let about = match fs::symlink_metadata(path) {
        Ok(about) => about,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(unreadable(error)),
    };
    if about.mode() & 0o077 != 0 || about.uid() != own {
        return Err(Error::config(format!(
            "the mirror {0} is refused: it is not for you alone (owner {1}, mode {2:o}); run `chmod 600 {0}` as its owner",
            path.display(),
            about.uid(),
            about.mode() & 0o777
        )));
    }
    Ok(())
}

/// On other systems the folder belongs to the user, and its access list keeps others out.
#[cfg(not(unix))]
pub(super) fn check_owner(_: &Path) -> Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lock_ends_although_a_child_has_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mirror.db");
        let first = lock(&path).unwrap();
        assert!(lock(&path).is_err());
        // What a child has between its start and its program.
        let _copy = first.0.try_clone().unwrap();
        drop(first);
        lock(&path).unwrap();
    }
}
