//! Writes the result of a comparison as text, Markdown or JSON.
//!
//! Text has only the differences that need work, for a terminal or a log. Markdown has all of them, in
//! tables by what has to be done with them. JSON has everything that the comparison knows.

use std::fmt::Write as _;

use clap::ValueEnum;
use serde_json::json;

use super::{Comparison, Difference};

/// How a comparison is written.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Form {
    /// A line for each difference.
    Text,
    /// Tables, for a change request.
    Markdown,
    /// Everything, for other programs.
    Json,
}

impl Comparison {
    /// The comparison with the document `other`. `unused` has the places of accepted differences that were not found.
    pub(crate) fn written(&self, form: Form, other: &str, unused: &[&str]) -> String {
        match form {
            Form::Text => self.text(unused),
            Form::Markdown => self.markdown(other, unused),
            Form::Json => self.json(other, unused),
        }
    }

    /// A line for each difference, a line for each unused entry, and the summary.
    fn text(&self, unused: &[&str]) -> String {
        let mut out = String::new();
        for difference in self.open() {
            let Difference { place, what, at, .. } = difference;
            let change = difference.change.name();
            // Writing to a String cannot fail.
            let _ = match place == at {
                true => writeln!(out, "{change}: {place} {what}"),
                false => writeln!(out, "{change}: {place} {what} (at {at})"),
            };
        }
        for place in unused {
            let _ = writeln!(out, "accepted difference not found: {place}; remove its entry");
        }
        let _ = writeln!(out, "{}", self.summary());
        out
    }

    /// Tables, from the differences that need work to those that do not matter. An empty table is left
    /// out.
    fn markdown(&self, other: &str, unused: &[&str]) -> String {
        let mut out = format!("# The description against {other}\n\n{}\n", self.summary());
        let (open, closed): (Vec<_>, Vec<_>) = self
            .differences
            .iter()
            .partition(|difference| difference.is_open());
        let (accepted, notes): (Vec<_>, Vec<_>) = closed
            .iter()
            .partition(|difference| difference.accepted.is_some());
        let mut table = |title: &str, rows: &[&Difference], last: &str| {
            if rows.is_empty() {
                return;
            }
            let _ = writeln!(
                out,
                "\n## {title}\n\n| change | place | theirs | {last} |\n|---|---|---|---|"
            );
            for row in rows {
                let last = row.accepted.as_deref().unwrap_or(&row.at).replace('\n', " ");
                let _ = writeln!(
                    out,
                    "| {} | `{}` | {} | {last} |",
                    row.change.name(),
                    row.place,
                    row.what
                );
            }
        };
        table("Differences", &open, "at");
        table(
            "Accepted",
            &accepted.into_iter().copied().collect::<Vec<_>>(),
            "reason",
        );
        table(
            "Without effect on the bindings",
            &notes.into_iter().copied().collect::<Vec<_>>(),
            "at",
        );
        if !unused.is_empty() {
            let _ = writeln!(out, "\n## Accepted differences that were not found\n");
            for place in unused {
                let _ = writeln!(out, "- `{place}`");
            }
        }
        out
    }

    /// One object. `open` is the number of differences that need work, and `idle` has the unused
    /// entries.
    fn json(&self, other: &str, unused: &[&str]) -> String {
        let whole = json!({
            "other": other,
            "compared": self.compared,
            "differences": self.differences,
            "idle": unused,
            "open": self.open().count(),
        });
        format!("{whole:#}\n")
    }

    /// How much was compared, and how many differences there are, in a sentence.
    fn summary(&self) -> String {
        let accepted = self
            .differences
            .iter()
            .filter(|difference| difference.accepted.is_some());
        let notes = self
            .differences
            .iter()
            .filter(|difference| !difference.matters && difference.accepted.is_none());
        let compared = &self.compared;
        format!(
            "Compared {} operations, {} parameters, {} properties and {} values of closed lists: {} differences, {} \
             accepted, {} without effect on the bindings.",
            compared.operations,
            compared.parameters,
            compared.properties,
            compared.values,
            self.open().count(),
            accepted.count(),
            notes.count(),
        )
    }
}
