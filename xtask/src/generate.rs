//! The bindings, written where a person can read them, and the snapshot of their surface.

use std::{env, fs, path::PathBuf, time::Duration};

use similar::TextDiff;

use crate::{
    build,
    files::{SPEC, SPEC_SHOWN, read, write},
    surface,
};

const SURFACE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/snapshots/surface.txt");

/// Its name when it is shown.
const SURFACE_SHOWN: &str = "tests/snapshots/surface.txt";

/// Generates the bindings. With `check` nothing is written, and the surface has to be as its snapshot says.
pub(crate) fn run(check: bool) -> Result<(), String> {
    let source = read(SPEC)?;
    let fault = |fault: build::spec::Fault| format!("{SPEC_SHOWN}:{fault}");
    let (bindings, took) = timed(|| build::generate(&source).map_err(fault))?;
    let spec = build::spec::Spec::parse(&source).map_err(fault)?;
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
    fs::create_dir_all(&groups).map_err(|error| format!("{}: {error}", groups.display()))?;
    let mocks = bindings.mocks().map_err(fault)?;
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
fn compare(surface: &str) -> Result<(), String> {
    let snapshot = read(SURFACE)?;
    if snapshot == surface {
        println!("{SURFACE_SHOWN} shows them as they are");
        return Ok(());
    }
    let diff = TextDiff::from_lines(snapshot.as_str(), surface);
    let diff = diff
        .unified_diff()
        .context_radius(0)
        .header(SURFACE_SHOWN, "the description")
        .to_string();
    Err(format!(
        "{diff}the bindings have changed; `cargo xtask generate` takes the change over"
    ))
}

#[allow(
    clippy::disallowed_methods,
    reason = "how long it takes is reported, and decides nothing"
)]
fn timed<T, E>(work: impl FnOnce() -> Result<T, E>) -> Result<(T, Duration), E> {
    let start = std::time::Instant::now();
    let done = work()?;
    Ok((done, start.elapsed()))
}
