//! The files that the tasks read and write.

use std::{fs, path::Path};

/// The description.
pub(crate) const SPEC: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../spec/atera-v3.yaml");

/// What a place in the description begins with when it is shown.
pub(crate) const SPEC_SHOWN: &str = "spec/atera-v3.yaml";

/// The differences from the published document that are as they should be.
pub(crate) const ACCEPTED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/accepted-differences.yaml");

pub(crate) fn read(path: impl AsRef<Path>) -> Result<String, String> {
    let path = path.as_ref();
    fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}

pub(crate) fn write(path: impl AsRef<Path>, text: &str) -> Result<(), String> {
    let path = path.as_ref();
    fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
}
