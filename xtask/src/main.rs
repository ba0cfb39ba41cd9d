//! Tools for maintainers: `cargo xtask`.

#[path = "../../build/mod.rs"]
#[allow(dead_code, reason = "the build script uses the rest")]
mod build;
mod ci;
mod diff;
mod format;
mod generate;
mod layers;
mod lint;
#[cfg(test)]
mod spec_faults;
mod surface;

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Parser, Subcommand};

const SPEC: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../spec/atera-v3.yaml");

/// What a place in the description begins with when it is shown.
const SPEC_SHOWN: &str = "spec/atera-v3.yaml";

const ACCEPTED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/accepted-differences.yaml");

/// Tools for maintainers of atera.
#[derive(Parser)]
#[command(name = "cargo xtask")]
enum Task {
    /// Run what has to pass before a change lands.
    Ci {
        /// And what is too slow for every change: all sets of features, the oldest Rust, the packed crate, licences, many
        /// more cases of each property, and the comparisons of speed.
        #[arg(long)]
        full: bool,
    },
    /// Show what there is for every operation, and exit with 1 if there is a gap.
    Coverage,
    /// Write the bindings to where they can be read, and their public surface to its snapshot.
    Generate {
        /// Write nothing, and exit with 1 if the surface is not as its snapshot shows.
        #[arg(long)]
        check: bool,
    },
    /// Check that every module uses only those below it, and exit with 1 if one does not.
    ///
    /// The order of the modules is LAYERS in xtask/src/layers/mod.rs. No modules may use each other in a circle.
    Layers,
    /// Look after the description.
    #[command(subcommand)]
    Spec(SpecTask),
}

#[derive(Subcommand)]
enum SpecTask {
    /// Check the description: that the build understands it, that it keeps to the rules, and that it is formatted.
    ///
    /// Exits with 1 if there is anything to do.
    Check {
        /// Format it.
        #[arg(long)]
        fix: bool,
    },
    /// Tell how another OpenAPI document differs, such as the copy that a tenant can download.
    ///
    /// Operations are matched by method and path. Exits with 1 if a difference matters and is not accepted.
    Diff {
        /// The other document, JSON or YAML.
        other: PathBuf,
        /// How to write it.
        #[arg(long, value_enum, default_value = "text")]
        form: diff::Form,
        /// The differences that are as they should be.
        #[arg(long, default_value = ACCEPTED, hide_default_value = true)]
        accepted: PathBuf,
    },
}

fn main() -> ExitCode {
    let done = match Task::parse() {
        Task::Ci { full } => ci::run(full),
        Task::Coverage => ci::coverage(),
        Task::Generate { check } => generate::run(check),
        Task::Layers => layers::run(),
        Task::Spec(SpecTask::Check { fix }) => spec_check(fix),
        Task::Spec(SpecTask::Diff {
            other,
            form,
            accepted,
        }) => spec_diff(&other, form, &accepted),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("{reason}");
            ExitCode::FAILURE
        }
    }
}

fn spec_check(fix: bool) -> Result<(), String> {
    let source = read(SPEC)?;
    let findings = lint::check(&source).map_err(|fault| format!("{SPEC_SHOWN}:{fault}"))?;
    for finding in &findings {
        println!("{SPEC_SHOWN}:{finding}");
    }
    let canonical = format::canonical(&source).map_err(|reason| format!("{SPEC_SHOWN}: {reason}"))?;
    let departures = format::departures(&source, &canonical);
    if fix && !departures.is_empty() {
        write(SPEC, &canonical)?;
        println!("{SPEC_SHOWN}: formatted, in {} places", departures.len());
    } else {
        for (line, wanted) in &departures {
            println!("{SPEC_SHOWN}:{line}: not formatted, it should be\n{wanted}\n");
        }
    }
    let unformatted = if fix { 0 } else { departures.len() };
    if !findings.is_empty() || unformatted > 0 {
        let hint = match unformatted {
            0 => "",
            _ => "; `cargo xtask spec check --fix` formats it",
        };
        return Err(format!(
            "findings: {}, places that are not formatted: {unformatted}{hint}",
            findings.len()
        ));
    }
    println!("{SPEC_SHOWN} is sound: {} lines", source.lines().count());
    Ok(())
}

fn spec_diff(other: &Path, form: diff::Form, accepted: &Path) -> Result<(), String> {
    let document = |path: &Path| {
        let (json, _) =
            build::spec::read(&read(path)?).map_err(|fault| format!("{}:{fault}", path.display()))?;
        Ok::<_, String>(json)
    };
    let mut comparison = diff::compare(&document(Path::new(SPEC))?, &document(other)?);
    let accepted = diff::Accepted::read(&read(accepted)?)
        .map_err(|reason| format!("{}:{reason}", accepted.display()))?;
    let idle = accepted.apply(&mut comparison);
    print!(
        "{}",
        comparison.written(form, &other.display().to_string(), &idle)
    );
    match comparison.open().count() {
        0 => Ok(()),
        _ => Err("change the description, or say in xtask/accepted-differences.yaml why it is right".into()),
    }
}

fn read(path: impl AsRef<Path>) -> Result<String, String> {
    let path = path.as_ref();
    fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}

fn write(path: impl AsRef<Path>, text: &str) -> Result<(), String> {
    let path = path.as_ref();
    fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
}
