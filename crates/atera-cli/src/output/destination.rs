//! Where output goes: stdout, or a file that changes only when everything is written.
//!
//! `--output-file` writes into a temporary file beside the named one and renames it at the end. A signal, a failure or a full
//! disk leave the named file as it was, so a job that reads it never sees half a list. A device or a pipe cannot be replaced,
//! and is written to directly.

use std::{
    fs,
    io::{self, BufWriter, IsTerminal, StdoutLock, Write},
    path::{Path, PathBuf},
};

use atera::{Error, ErrorKind};
use tempfile::NamedTempFile;

use super::{altered::Altered, failure::Failure, terminal::Escaping};

/// What records are written to.
pub(crate) trait Output: Write {
    /// Writes a table. Its cells have no control characters, but it may have escape sequences of its own, for bold text.
    fn write_table(&mut self, table: &str) -> io::Result<()>;

    /// Notes that a record, by its number from 1, was not written as it was sent.
    fn note(&mut self, number: u64, altered: Altered);
}

/// The destination that the arguments name.
pub(crate) struct Destination {
    to: To,
    /// The first record that was not written as it was sent.
    altered: Option<(u64, Altered)>,
    /// How many such records there are.
    count: u64,
}

/// The kinds of destinations.
enum To {
    /// A pipe or a file that the shell has opened: every byte goes there as it came.
    Stdout(BufWriter<StdoutLock<'static>>),
    /// A terminal, which gets no control characters.
    Terminal(Escaping<BufWriter<Box<dyn Write>>>),
    /// A temporary file, and the path of the file that it replaces at the end.
    File(BufWriter<NamedTempFile>, PathBuf),
    /// A device or a named pipe, which cannot be replaced.
    Device(BufWriter<fs::File>),
}

impl To {
    fn terminal(terminal: impl Write + 'static) -> Self {
        To::Terminal(Escaping::new(BufWriter::new(Box::new(terminal))))
    }
}

impl Destination {
    /// Opens the file, or stdout if there is none. Nothing is changed yet.
    pub(crate) fn open(file: Option<&Path>) -> Result<Self, Failure> {
        let to = match file {
            None if io::stdout().is_terminal() => To::terminal(io::stdout().lock()),
            None => To::Stdout(BufWriter::new(io::stdout().lock())),
            Some(path) => open(path).map_err(|error| refused(path, &error))?,
        };
        Ok(Destination {
            to,
            altered: None,
            count: 0,
        })
    }

    /// Whether it is a file that stays as it was until [`commit`](Destination::commit).
    pub(crate) fn is_file(&self) -> bool {
        matches!(self.to, To::File(..))
    }

    /// Completes the output, and replaces the file.
    ///
    /// # Errors
    ///
    /// If the output cannot be written, or if a record was not written as it was sent. The latter is reported only now, since
    /// everything else of the output is right.
    pub(crate) fn commit(self) -> Result<(), Failure> {
        match self.to {
            To::Stdout(mut out) => out.flush()?,
            To::Device(mut out) => out.flush()?,
            To::Terminal(mut out) => {
                out.finish()?;
                out.flush()?;
            }
            To::File(out, path) => {
                let written = out.into_inner().map_err(io::IntoInnerError::into_error);
                let written = written.and_then(|file| {
                    file.as_file().sync_all()?;
                    file.persist(&path).map_err(|error| error.error)
                });
                written.map_err(|error| refused(&path, &error))?;
            }
        }
        let Some((number, altered)) = self.altered else {
            return Ok(());
        };
        let others = match self.count - 1 {
            0 => String::new(),
            others => format!(", and {others} more are not as they were sent"),
        };
        Err(Failure::Call(Error::new(
            ErrorKind::Decode,
            format!("record {number} {altered}{others}; --output json prints them as they came"),
        )))
    }

    fn writer(&mut self) -> &mut dyn Write {
        match &mut self.to {
            To::Stdout(out) => out,
            To::Terminal(out) => out,
            To::File(out, _) => out,
            To::Device(out) => out,
        }
    }
}

impl Output for Destination {
    fn write_table(&mut self, table: &str) -> io::Result<()> {
        match &mut self.to {
            To::Terminal(out) => out.write_as_it_is(table),
            _ => self.write_all(table.as_bytes()),
        }
    }

    fn note(&mut self, number: u64, altered: Altered) {
        self.count += 1;
        self.altered.get_or_insert((number, altered));
    }
}

impl Write for Destination {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writer().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer().flush()
    }
}

/// Opens a named destination. A file that is there keeps its permissions.
fn open(path: &Path) -> io::Result<To> {
    // The target of a link is replaced, not the link.
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    let there = fs::metadata(&path).ok();
    if there.as_ref().is_some_and(|there| !there.is_file()) {
        let device = fs::File::options().write(true).open(&path)?;
        return Ok(match device.is_terminal() {
            true => To::terminal(device),
            false => To::Device(BufWriter::new(device)),
        });
    }
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut builder = tempfile::Builder::new();
    builder.prefix(".atera-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // Temporary files are private by default. The umask of the process applies to this mode, as to any new file.
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    let file = builder.tempfile_in(folder)?;
    if let Some(there) = there {
        file.as_file().set_permissions(there.permissions())?;
    }
    Ok(To::File(BufWriter::new(file), path))
}

/// The failure to write to a path, which the operating system's error does not name.
fn refused(path: &Path, error: &io::Error) -> Failure {
    let sentence = format!("{}: {error}", path.display());
    Failure::Output(io::Error::new(error.kind(), sentence))
}
