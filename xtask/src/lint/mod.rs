//! What the description has to keep to beyond what the build needs: names, groups, summaries, examples, bounds, keys,
//! closed lists, sources, and nothing that nobody uses. Every finding has its line.

mod case;
mod components;
mod examples;
mod findings;
mod operations;
#[cfg(test)]
mod tests;

pub(crate) use findings::Finding;
use findings::Findings;

use crate::build::spec::{SpecError, Spec};

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
