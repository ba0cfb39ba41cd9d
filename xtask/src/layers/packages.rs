//! Finds the packages of the workspace, and the root file of each crate.
//!
//! The folders are searched, and the manifests are not read: all crates of this workspace keep to the
//! places where cargo looks by default. Tests, examples and benchmarks are not searched, because they
//! may use anything.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// A package, which may have a library and several programs.
pub(super) struct Package {
    /// Relative to the workspace; `.` for the package at its root.
    pub(super) folder: String,
    /// The root file of each of its crates, relative to the workspace.
    pub(super) roots: Vec<PathBuf>,
}

/// The package at the root, those in `crates/`, and `xtask`.
pub(super) fn find(workspace: &Path) -> Result<Vec<Package>, String> {
    let mut folders = vec![".".to_string(), "xtask".to_string()];
    for name in entries(&workspace.join("crates"))? {
        folders.push(format!("crates/{name}"));
    }
    let mut packages = Vec::new();
    for folder in folders {
        let path = match folder.as_str() {
            "." => "",
            folder => folder,
        };
        let roots = roots(workspace, Path::new(path))?;
        if !roots.is_empty() {
            packages.push(Package { folder, roots });
        }
    }
    Ok(packages)
}

/// The root files where cargo expects them.
///
/// `src/lib.rs`, `src/main.rs`, and the programs in `src/bin`.
fn roots(workspace: &Path, folder: &Path) -> Result<Vec<PathBuf>, String> {
    let sources = folder.join("src");
    let mut candidates = vec![sources.join("lib.rs"), sources.join("main.rs")];
    let programs = sources.join("bin");
    for name in entries(&workspace.join(&programs))? {
        match name.ends_with(".rs") {
            true => candidates.push(programs.join(name)),
            false => candidates.push(programs.join(name).join("main.rs")),
        }
    }
    candidates.retain(|file| workspace.join(file).is_file());
    Ok(candidates)
}

/// The names in a folder, sorted. Empty if the folder does not exist.
///
/// # Errors
///
/// The folder exists and cannot be read.
fn entries(folder: &Path) -> Result<Vec<String>, String> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let unread = |error| format!("{}: cannot read the folder: {error}", folder.display());
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(unread)? {
        names.push(entry.map_err(unread)?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}
