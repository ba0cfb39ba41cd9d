//! Tools for maintainers: `cargo xtask`.
//!
//! Everything that a maintainer runs is here, so that there is one way to run it, on every system that
//! Rust runs on. [`ci`] runs the checks, [`description`] checks and compares the description with
//! [`lint`], [`format`](mod@format) and [`diff`], [`generate`] writes the bindings and their
//! [`surface`], and [`layers`] checks the imports.
//!
//! The code generator is included from `build/` by its path. As a crate of its own it would have to be
//! published with the library.

#[path = "../../build/mod.rs"]
#[allow(dead_code, reason = "the build script uses the rest")]
mod build;
mod ci;
mod description;
mod diff;
mod files;
mod format;
mod generate;
mod layers;
mod lint;
#[cfg(test)]
mod spec_errors;
mod surface;

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};

use files::ACCEPTED;

/// Tools for maintainers of atera.
#[derive(Parser)]
#[command(name = "cargo xtask")]
enum Task {
    /// Run the checks that every change has to pass.
    Ci {
        /// Run the slow checks too: all sets of features, the oldest Rust, the packed crates, licenses, many more cases of each
        /// property, and the comparisons of speed.
        #[arg(long)]
        full: bool,
    },
    /// Show a table of what there is for each operation, and exit with 1 if something is missing.
    Coverage,
    /// Write the bindings to target/generated, and their public surface to its snapshot.
    Generate {
        /// Write nothing, and exit with 1 if the surface differs from its snapshot.
        #[arg(long)]
        check: bool,
    },
    /// Check that every module uses only those below it, and exit with 1 if one does not.
    ///
    /// The order of the modules is LAYERS in xtask/src/layers/mod.rs. No modules may use each other in a cycle.
    Layers,
    /// Check the description, or compare it with another document.
    #[command(subcommand)]
    Spec(SpecTask),
}

#[derive(Subcommand)]
enum SpecTask {
    /// Check that the build accepts the description, that it follows the rules, and that it is formatted.
    ///
    /// Exits with 1 if something has to be corrected.
    Check {
        /// Format it.
        #[arg(long)]
        fix: bool,
    },
    /// Show how another OpenAPI document differs, such as the copy that a tenant can download.
    ///
    /// Operations are matched by method and path. Exits with 1 if a difference matters and is not accepted.
    Diff {
        /// The other document, JSON or YAML.
        other: PathBuf,
        /// The format of the report.
        #[arg(long, value_enum, default_value = "text")]
        form: diff::Form,
        /// The file of accepted differences.
        #[arg(long, default_value = ACCEPTED, hide_default_value = true)]
        accepted: PathBuf,
    },
}

/// Prints the reason of a failure on stderr. Findings are already on stdout by then, each with its
/// place.
fn main() -> ExitCode {
    let done = match Task::parse() {
        Task::Ci { full } => ci::run(full),
        Task::Coverage => ci::coverage(),
        Task::Generate { check } => generate::run(check),
        Task::Layers => layers::run(),
        Task::Spec(SpecTask::Check { fix }) => description::check(fix),
        Task::Spec(SpecTask::Diff {
            other,
            form,
            accepted,
        }) => description::diff(&other, form, &accepted),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("{reason}");
            ExitCode::FAILURE
        }
    }
}
