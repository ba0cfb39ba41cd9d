//! The rules of the description beyond those of the build: names, groups, summaries, examples, bounds, ids, closed lists,
//! sources, and no unused components. Every finding has its line.
//!
//! The build only rejects what it cannot generate code from. The rules here keep the generated client consistent for its users,
//! so they are checked in `cargo xtask ci` and not in each build.

mod case;
mod components;
mod examples;
mod findings;
mod operations;
#[cfg(test)]
mod tests;

pub(crate) use findings::Finding;
use findings::Findings;

use crate::build::spec::{Spec, SpecError};

/// The findings of a description, in the order of its lines.
///
/// # Errors
///
/// The first mistake that also stops the build.
pub(crate) fn check(source: &str) -> Result<Vec<Finding>, SpecError> {
    let spec = Spec::parse(source)?;
    let mut findings = Findings {
        spec: &spec,
        all: Vec::new(),
    };
    operations::check(&mut findings);
    components::check(&mut findings);
    examples::check(&mut findings);
    let mut all = findings.all;
    all.sort_by(|one, other| (one.error.line, &one.error.place).cmp(&(other.error.line, &other.error.place)));
    Ok(all)
}
