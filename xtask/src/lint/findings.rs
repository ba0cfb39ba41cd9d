//! Collects the findings of all rules.

use std::fmt;

use crate::build::spec::{Spec, SpecError};

/// A place where the description breaks a rule.
#[derive(Debug)]
pub(crate) struct Finding {
    /// The name of the rule, which is shown in brackets after the message.
    pub(super) rule: &'static str,
    pub(super) error: SpecError,
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} [{}]", self.error, self.rule)
    }
}

/// The description, and the findings so far. Rules take it as their only argument.
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
