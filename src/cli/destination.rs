//! Where output goes: stdout, or a file that changes only once all is written.

use std::{
    fs,
    io::{self, BufWriter, StdoutLock, Write},
    path::{Path, PathBuf},
};

use tempfile::NamedTempFile;

use super::failure::Failure;

/// Where output goes.
pub(super) enum Destination {
    /// To whoever reads along.
    Stdout(BufWriter<StdoutLock<'static>>),
    /// Into a file beside the one that it replaces in the end.
    File(BufWriter<NamedTempFile>, PathBuf),
    /// Into a device or a pipe, which cannot be replaced.
    Device(BufWriter<fs::File>),
}

impl Destination {
    /// The file, or else stdout.
    pub(super) fn open(file: Option<&Path>) -> Result<Self, Failure> {
        let Some(path) = file else {
            return Ok(Destination::Stdout(BufWriter::new(io::stdout().lock())));
        };
        open(path).map_err(|error| refused(path, &error))
    }

    /// Whether it is a file that does not change before the end.
    pub(super) fn is_file(&self) -> bool {
        matches!(self, Destination::File(..))
    }

    /// Completes the output.
    pub(super) fn commit(self) -> Result<(), Failure> {
        match self {
            Destination::Stdout(mut out) => Ok(out.flush()?),
            Destination::Device(mut out) => Ok(out.flush()?),
            Destination::File(out, path) => {
                let written = out.into_inner().map_err(io::IntoInnerError::into_error);
                let written = written.and_then(|file| {
                    file.as_file().sync_all()?;
                    file.persist(&path).map_err(|error| error.error)
                });
                written.map(|_| ()).map_err(|error| refused(&path, &error))
            }
        }
    }
}

impl Write for Destination {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Destination::Stdout(out) => out.write(bytes),
            Destination::File(out, _) => out.write(bytes),
            Destination::Device(out) => out.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Destination::Stdout(out) => out.flush(),
            Destination::File(out, _) => out.flush(),
            Destination::Device(out) => out.flush(),
        }
    }
}

fn open(path: &Path) -> io::Result<Destination> {
    // What a link points to is replaced, not the link.
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    let there = fs::metadata(&path).ok();
    if there.as_ref().is_some_and(|there| !there.is_file()) {
        let device = fs::File::options().write(true).open(&path)?;
        return Ok(Destination::Device(BufWriter::new(device)));
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
    Ok(Destination::File(BufWriter::new(file), path))
}

fn refused(path: &Path, error: &io::Error) -> Failure {
    let sentence = format!("{}: {error}", path.display());
    Failure::Output(io::Error::new(error.kind(), sentence))
}
