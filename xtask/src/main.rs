//! Tools for maintainers: `cargo xtask`.

#[path = "../../build/mod.rs"]
#[allow(dead_code, reason = "the build script uses the rest")]
mod build;
mod ci;
mod spec_diff;
#[cfg(test)]
mod spec_faults;

use std::{fs, path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};

const SPEC: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../spec/atera-v3.yaml");

/// Tools for maintainers of atera.
#[derive(Parser)]
#[command(name = "cargo xtask")]
enum Task {
    /// Run what has to pass before a change lands.
    Ci,
    /// Look after the description.
    #[command(subcommand)]
    Spec(SpecTask),
}

#[derive(Subcommand)]
enum SpecTask {
    /// Check the description, as the build does.
    Check,
    /// Tell what another OpenAPI document has that the description lacks or says otherwise.
    ///
    /// Operations are matched by method and path. Exits with 1 if there is anything.
    Diff {
        /// The other document, JSON or YAML; for instance the copy that a tenant can download.
        other: PathBuf,
    },
}

fn main() -> ExitCode {
    let done = match Task::parse() {
        Task::Ci => ci::run(),
        Task::Spec(SpecTask::Check) => spec_check(),
        Task::Spec(SpecTask::Diff { other }) => spec_diff(&other),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("{reason}");
            ExitCode::FAILURE
        }
    }
}

fn spec_check() -> Result<(), String> {
    let bindings = build::generate(&read(SPEC)?).map_err(|fault| format!("spec/atera-v3.yaml:{fault}"))?;
    println!(
        "spec/atera-v3.yaml is good for {} lines of client",
        bindings.client.lines().count()
    );
    Ok(())
}

fn spec_diff(other: &PathBuf) -> Result<(), String> {
    let document = |path: &str, source: &str| {
        let (json, _) = build::spec::read(source).map_err(|fault| format!("{path}:{fault}"))?;
        Ok::<_, String>(json)
    };
    let ours = document("spec/atera-v3.yaml", &read(SPEC)?)?;
    let path = other.display().to_string();
    let theirs = document(&path, &read(other)?)?;
    let report = spec_diff::compare(&ours, &theirs);
    print!("{report}");
    if report.differences.is_empty() {
        Ok(())
    } else {
        Err(format!("the description does not cover {path}"))
    }
}

fn read(path: impl AsRef<std::path::Path>) -> Result<String, String> {
    let path = path.as_ref();
    fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}
