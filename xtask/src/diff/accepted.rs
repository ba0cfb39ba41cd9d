//! The differences that are intended, each with its reason.
//!
//! The file is YAML, a list of entries with `place`, `change` and `reason`. An entry that matches no
//! difference is reported, so that the file does not keep reasons for differences that are gone.

use serde::Deserialize;

use super::{Change, Comparison};
use crate::build::spec;

/// The file of accepted differences.
#[derive(Default)]
pub(crate) struct Accepted(Vec<Entry>);

/// A pattern for differences, and why they are intended.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    /// The place by the names of our description, as the comparison prints it. `*` matches any text, also none.
    place: String,
    /// The kind of difference, so that an entry for a missing property does not hide a changed one.
    change: Change,
    /// Shown in the Markdown and JSON forms.
    reason: String,
}

impl Accepted {
    /// Reads the file.
    ///
    /// # Errors
    ///
    /// The first mistake in the file. Mistakes of the YAML have a line; others have the path of the entry.
    pub(crate) fn read(source: &str) -> Result<Self, String> {
        let (json, _) = spec::read(source).map_err(|error| error.to_string())?;
        let entries: Vec<Entry> = serde_path_to_error::deserialize(&json)
            .map_err(|error| format!(" {}: {}", error.path(), error.inner()))?;
        Ok(Accepted(entries))
    }

    /// Marks the accepted differences with their reasons. Returns the places of the entries that matched none.
    pub(crate) fn apply(&self, comparison: &mut Comparison) -> Vec<&str> {
        let mut unused = Vec::new();
        for entry in &self.0 {
            let mut used = false;
            for difference in &mut comparison.differences {
                if difference.change == entry.change && fits(&entry.place, &difference.place) {
                    difference.accepted = Some(entry.reason.trim().to_string());
                    used = true;
                }
            }
            if !used {
                unused.push(entry.place.as_str());
            }
        }
        unused
    }
}

/// Whether a text matches a pattern, in which `*` matches any text. It tries every position, which is fast enough for the
/// short places here.
fn fits(pattern: &str, text: &str) -> bool {
    let Some((before, rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(text) = text.strip_prefix(before) else {
        return false;
    };
    (0..=text.len()).any(|index| text.is_char_boundary(index) && fits(rest, &text[index..]))
}

#[cfg(test)]
mod tests {
    use super::fits;

    /// A pattern, a place, and whether they match.
    #[test]
    fn a_star_stands_for_any_text() {
        for (pattern, text, same) in [
            ("Ticket . Title", "Ticket . Title", true),
            ("Ticket . Title", "Ticket . Titles", false),
            ("Ticket . *", "Ticket . Title", true),
            ("* . Title", "Ticket . Title", true),
            ("*", "", true),
            ("a*b*c", "a b b c", true),
            ("a*b*c", "a c", false),
        ] {
            assert_eq!(fits(pattern, text), same, "{pattern} {text}");
        }
    }
}
