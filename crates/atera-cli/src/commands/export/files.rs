//! The files of an export: their formats, and how they are read and replaced.

use std::{
    fs::{self, File},
    io::{self, Read},
    path::Path,
};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::lock::at;
use crate::output::failure::Failure;

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
    pub(crate) const NAMES: [&str; 2] = [FileFormat::Ndjson.name(), FileFormat::Csv.name()];

    const fn name(self) -> &'static str {
        match self {
            FileFormat::Ndjson => "ndjson",
            FileFormat::Csv => "csv",
        }
    }

    /// The format of this name, and else the one that is used if none is named.
    pub(crate) fn named(name: &str) -> Self {
        match name == FileFormat::Csv.name() {
            true => FileFormat::Csv,
            false => FileFormat::Ndjson,
        }
    }
}

/// What all lists of an export have in common.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub(crate) struct Setting {
    /// The address of the service that was asked.
    pub(crate) base_url: String,
    /// The format of the files, which is their extension.
    pub(crate) format: String,
}

impl Setting {
    /// In words, what another export has and this one has not: "of the service …", "in the format …". `None` if they are equal.
    pub(crate) fn difference(&self, other: &Setting) -> Option<String> {
        let of_service = format!("of the service {}, not {}", other.base_url, self.base_url);
        let in_format = format!("in the format {}, not {}", other.format, self.format);
        match (self.base_url == other.base_url, self.format == other.format) {
            (true, true) => None,
            (false, true) => Some(of_service),
            (true, false) => Some(in_format),
            (false, false) => Some(format!("{of_service}, and {in_format}")),
        }
    }
}

/// The length of a file, and its checksum in hexadecimal digits.
pub(crate) fn checksum(path: &Path) -> io::Result<(u64, String)> {
    let mut file = File::open(path)?;
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

/// Reads a file that [`write_at_once`] has written, if it is there.
pub(crate) fn read_json<T: for<'a> Deserialize<'a>>(path: &Path) -> Result<Option<T>, Failure> {
    match fs::read(path) {
        Ok(bytes) => serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|error| at(path, &error.into())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(at(path, &error)),
    }
}

/// Replaces a file at once: whenever the process dies, it is the old file or the new one.
pub(crate) fn write_at_once(path: &Path, content: &impl Serialize) -> Result<(), Failure> {
    let new = path.with_extension("new");
    let json = serde_json::to_vec_pretty(content).map_err(io::Error::from);
    let written = json.and_then(|json| {
        fs::write(&new, json)?;
        fs::rename(&new, path)
    });
    written.map_err(|error| at(path, &error))
}
