//! What was found in a description.

use std::fmt;

use crate::build::spec::{SpecError, Spec};

/// A place where the description does not keep to a rule.
#[derive(Debug)]
pub(crate) struct Finding {
    /// Name of the rule.
    pub(super) rule: &'static str,
    pub(super) error: SpecError,
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} [{}]", self.error, self.rule)
    }
}

/// The description and what was found in it so far.
pub(super) struct Findings<'s> {
    pub(super) spec: &'s Spec,
    pub(super) all: Vec<Finding>,
}

impl Findings<'_> {
    /// Notes a finding at a JSON pointer.
    pub(super) fn add(&mut self, rule: &'static str, pointer: &str, reason: impl Into<String>) {
        let error = self.spec.error_at(pointer, reason);
        self.all.push(Finding { rule, error });
    }
}
