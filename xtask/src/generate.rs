//! Writes the bindings to a folder where they can be read, and the snapshot of their public surface.
//!
//! The library does not use these files: its build script generates them again. They are for people, in
//! review and while debugging. The snapshot is committed, so that a change of the description shows in
//! a diff as a change for users.

use std::{env, fs, path::PathBuf, time::Duration};

use similar::TextDiff;

use crate::{
    build,
    files::{SPEC, SPEC_SHOWN, read, write},
    surface,
};

/// The snapshot of the public surface.
const SURFACE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/snapshots/surface.txt");

/// The path of the snapshot in messages.
const SURFACE_SHOWN: &str = "tests/snapshots/surface.txt";

/// Generates the bindings, and writes them with the snapshot. With `check` it writes nothing, and compares the surface with the
/// snapshot.
///
/// # Errors
///
/// A mistake in the description, a file that cannot be written, or with `check` a surface that differs
/// from its snapshot.
pub(crate) fn run(check: bool) -> Result<(), String> {
    let source = read(SPEC)?;
    let error = |error: build::spec::SpecError| format!("{SPEC_SHOWN}:{error}");
    let (bindings, took) = timed(|| build::generate(&source).map_err(error))?;
    let spec = build::spec::Spec::parse(&source).map_err(error)?;
    let surface = surface::written(&spec, &bindings)?;
    let types = spec.document.components.schemas.len();
    println!(
        "{} operations, {types} types, {} lines in {:.1} s",
        spec.operations.len(),
        bindings
            .files()
            .iter()
            .map(|(_, text)| text.lines().count())
            .sum::<usize>(),
        took.as_secs_f64()
    );
    if check {
        return compare(&surface);
    }
    let folder = env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from("target"), PathBuf::from);
    let folder = folder.join("generated");
    let groups = folder.join("groups");
    fs::create_dir_all(&groups).map_err(|error| format!("cannot create {}: {error}", groups.display()))?;
    let mocks = bindings.mocks().map_err(error)?;
    let files = bindings
        .files()
        .into_iter()
        .chain([("mocks.rs".to_string(), &*mocks)]);
    for (name, text) in files {
        let path = folder.join(name);
        write(&path, text)?;
        println!("written: {}", path.display());
    }
    write(SURFACE, &surface)?;
    println!("written: {SURFACE_SHOWN}");
    Ok(())
}

/// Compares the surface with its snapshot.
///
/// # Errors
///
/// The lines that differ, without context: each is a method or a field and can be read by itself.
fn compare(surface: &str) -> Result<(), String> {
    let snapshot = read(SURFACE)?;
    if snapshot == surface {
        println!("{SURFACE_SHOWN} is up to date");
        return Ok(());
    }
    let diff = TextDiff::from_lines(snapshot.as_str(), surface);
    let diff = diff
        .unified_diff()
        .context_radius(0)
        .header(SURFACE_SHOWN, "the description")
        .to_string();
    Err(format!(
        "{diff}the public surface differs from its snapshot; run `cargo xtask generate`, and read the change"
    ))
}

#[allow(
    clippy::disallowed_methods,
    reason = "how long it takes is reported, and decides nothing"
)]
/// The result of some work, and how long it took.
fn timed<T, E>(work: impl FnOnce() -> Result<T, E>) -> Result<(T, Duration), E> {
    let start = std::time::Instant::now();
    let done = work()?;
    Ok((done, start.elapsed()))
}
