//! Where output goes: stdout, or a file that changes only once all is written.

use std::{
    fs,
    io::{self, BufWriter, IsTerminal, StdoutLock, Write},
    path::{Path, PathBuf},
};

use tempfile::NamedTempFile;

use super::{failure::Failure, terminal::Escaping, values::Altered};
use crate::{Error, ErrorKind};

/// What records are written to.
pub(super) trait Output: Write {
    /// Writes a table, whose cells are fit for a terminal, and which may have marks for one in it.
    fn write_table(&mut self, table: &str) -> io::Result<()>;

    /// Takes note that a record was written otherwise than it was sent, and which.
    fn note(&mut self, number: u64, altered: Altered);
}

/// Where output goes.
pub(super) struct Destination {
    to: To,
    /// The first record that was written otherwise than it was sent.
    altered: Option<(u64, Altered)>,
    /// How many there are of these.
    count: u64,
}

enum To {
    /// To a program that reads along, at the end of a pipe.
    Stdout(BufWriter<StdoutLock<'static>>),
    /// To a person who reads along on a terminal.
    Terminal(Escaping<BufWriter<Box<dyn Write>>>),
    /// Into a file beside the one that it replaces in the end.
    File(BufWriter<NamedTempFile>, PathBuf),
    /// Into a device or a pipe, which cannot be replaced.
    Device(BufWriter<fs::File>),
}

impl To {
    fn terminal(terminal: impl Write + 'static) -> Self {
        To::Terminal(Escaping::new(BufWriter::new(Box::new(terminal))))
    }
}

impl Destination {
    /// The file, or else stdout.
    pub(super) fn open(file: Option<&Path>) -> Result<Self, Failure> {
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

    /// Whether it is a file that does not change before the end.
    pub(super) fn is_file(&self) -> bool {
        matches!(self.to, To::File(..))
    }

    /// Completes the output. It fails if a record was written otherwise than it was sent, after all is written.
    pub(super) fn commit(self) -> Result<(), Failure> {
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

fn open(path: &Path) -> io::Result<To> {
    // What a link points to is replaced, not the link.
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
        // The mask of the process applies, as to any new file.
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    let file = builder.tempfile_in(folder)?;
    if let Some(there) = there {
        file.as_file().set_permissions(there.permissions())?;
    }
    Ok(To::File(BufWriter::new(file), path))
}

fn refused(path: &Path, error: &io::Error) -> Failure {
    let sentence = format!("{}: {error}", path.display());
    Failure::Output(io::Error::new(error.kind(), sentence))
}
