//! The differences that are as they should be, each with its reason.

use serde::Deserialize;

use super::{Change, Comparison};
use crate::build::spec;

/// The file of accepted differences.
#[derive(Default)]
pub(crate) struct Accepted(Vec<Entry>);

/// One or several differences, and why they are there.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    /// Our place as it is shown; `*` stands for any text.
    place: String,
    change: Change,
    reason: String,
}

impl Accepted {
    /// Reads the file.
    ///
    /// # Errors
    ///
    /// What is wrong with it, after its line where that is known.
    pub(crate) fn read(source: &str) -> Result<Self, String> {
        let (json, _) = spec::read(source).map_err(|fault| fault.to_string())?;
        let entries: Vec<Entry> = serde_path_to_error::deserialize(&json)
            .map_err(|error| format!(" {}: {}", error.path(), error.inner()))?;
        Ok(Accepted(entries))
    }

    /// Marks the differences that are accepted. Returns the places of the entries that none fits any more.
    pub(crate) fn apply(&self, comparison: &mut Comparison) -> Vec<&str> {
        let mut idle = Vec::new();
        for entry in &self.0 {
            let mut used = false;
            for difference in &mut comparison.differences {
                if difference.change == entry.change && fits(&entry.place, &difference.place) {
                    difference.accepted = Some(entry.reason.trim().to_string());
                    used = true;
                }
            }
            if !used {
                idle.push(entry.place.as_str());
            }
        }
        idle
    }
}

/// Whether a text is as the pattern says, in which `*` stands for any text.
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
