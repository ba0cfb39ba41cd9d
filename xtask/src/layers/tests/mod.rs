//! Tests of the check. Each writes a small tree of sources to a temporary folder, and compares the output as lines.

mod cycles;
mod files;
mod names;
mod order;

use std::fs;

use tempfile::TempDir;

use super::*;

/// The path and the text of each file.
type Files<'f> = &'f [(&'f str, &'f str)];

/// The table for a crate with two modules: `high` may use `low`.
const TWO: &[(&str, &[&str])] = &[(".", &["low", "high"])];

/// Writes the files. They are removed when the returned folder is dropped.
fn plant(files: Files<'_>) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let file = folder.path().join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }
    folder
}

/// The output for these files.
fn shown(files: Files<'_>, layers: &[(&str, &[&str])]) -> Vec<String> {
    let folder = plant(files);
    let problems = check(folder.path(), layers).unwrap();
    problems.iter().map(ToString::to_string).collect()
}

/// The output for two modules, of which the lower one has this text.
fn shown_for_low(low: &str) -> Vec<String> {
    shown_with_root("mod high;\nmod low;\n", low)
}

/// The same with a root file of this text.
fn shown_with_root(root: &str, low: &str) -> Vec<String> {
    let high = "pub struct Thing;\npub fn thing() -> Thing { Thing }\n";
    let files = [("src/lib.rs", root), ("src/low.rs", low), ("src/high.rs", high)];
    shown(&files, TWO)
}

/// The output if the lower module uses the higher one.
fn upward(line: usize) -> Vec<String> {
    vec![format!(
        "src/low.rs:{line}: `low` uses `high`, which stands above it; move the item down or hand it in"
    )]
}

/// No output, in the type that comparisons need.
const NONE: [&str; 0] = [];
