//! Tools for maintainers: `cargo xtask`.

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
mod spec_faults;
mod surface;

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};

use files::ACCEPTED;

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
