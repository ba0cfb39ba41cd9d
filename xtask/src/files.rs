//! The files that the tasks read and write. Their paths do not depend on the working directory.

use std::{fs, path::Path};

/// The description.
pub(crate) const SPEC: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../spec/atera-v3.yaml");

/// The path of the description in messages, relative to the repository, so that a terminal can open it.
pub(crate) const SPEC_SHOWN: &str = "spec/atera-v3.yaml";

/// The intended differences from the published document.
pub(crate) const ACCEPTED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/accepted-differences.yaml");

/// Reads a file.
///
/// # Errors
///
/// The path and the reason, since an error of the system does not name the file.
pub(crate) fn read(path: impl AsRef<Path>) -> Result<String, String> {
    let path = path.as_ref();
    fs::read_to_string(path).map_err(|error| format!("cannot read {}: {error}", path.display()))
}

/// Writes a file, and replaces it if it exists.
///
/// # Errors
///
/// The path and the reason.
pub(crate) fn write(path: impl AsRef<Path>, text: &str) -> Result<(), String> {
    let path = path.as_ref();
    fs::write(path, text).map_err(|error| format!("cannot write {}: {error}", path.display()))
}
