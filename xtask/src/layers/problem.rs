//! A problem as a line of output.
//!
//! A line begins with the place, as compilers print it, so that editors and terminals can open it. The
//! text after it says what is wrong, and after a semicolon what to do.

use std::fmt;

/// A place that breaks a rule.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Problem {
    /// Relative to the workspace.
    pub(super) file: String,
    /// None for a problem of the whole file.
    pub(super) line: Option<usize>,
    /// The rule that is broken, and what to do.
    pub(super) what: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(out, "{}:{line}: {}", self.file, self.what),
            None => write!(out, "{}: {}", self.file, self.what),
        }
    }
}

/// Names as in a sentence: `a`, `b` and `c`.
pub(super) fn listed(names: &[String]) -> String {
    let quoted: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.split_last() {
        Some((last, before)) if !before.is_empty() => format!("{} and {last}", before.join(", ")),
        _ => quoted.concat(),
    }
}
