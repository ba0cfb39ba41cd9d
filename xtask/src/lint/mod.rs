//! What the description has to keep to beyond what the build needs: names, groups, summaries, examples, bounds, keys,
//! closed lists, sources, and nothing that nobody uses. Every finding has its line.

mod components;
mod examples;
mod operations;

use std::fmt;

use crate::build::spec::{Fault, Spec};

/// A place where the description does not keep to a rule.
#[derive(Debug)]
pub(crate) struct Finding {
    /// Name of the rule.
    rule: &'static str,
    fault: Fault,
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} [{}]", self.fault, self.rule)
    }
}

/// The findings of a description, in the order of its lines.
///
/// # Errors
///
/// The first mistake that also stops the build.
pub(crate) fn check(source: &str) -> Result<Vec<Finding>, Fault> {
    let spec = Spec::parse(source)?;
    let mut findings = Findings {
        spec: &spec,
        all: Vec::new(),
    };
    operations::check(&mut findings);
    components::check(&mut findings);
    examples::check(&mut findings);
    let mut all = findings.all;
    all.sort_by(|one, other| (one.fault.line, &one.fault.place).cmp(&(other.fault.line, &other.fault.place)));
    Ok(all)
}

/// The description and what was found in it so far.
struct Findings<'s> {
    spec: &'s Spec,
    all: Vec<Finding>,
}

impl Findings<'_> {
    /// Notes a finding at a JSON pointer.
    fn add(&mut self, rule: &'static str, pointer: &str, reason: impl Into<String>) {
        let fault = self.spec.fault(pointer, reason);
        self.all.push(Finding { rule, fault });
    }
}

/// Whether the text is words of lower-case letters and digits with `separator` between them.
fn is_snake_case(text: &str) -> bool {
    text.split('_').all(|word| {
        !word.is_empty()
            && word
                .chars()
                .all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit())
    })
}

/// Whether the text could be the name of a Rust type.
fn is_pascal_case(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_uppercase())
        && text.chars().all(|letter| letter.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests;
