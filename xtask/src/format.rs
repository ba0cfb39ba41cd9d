//! Formats the text of the description. Layout and quotes have one canonical form. Order, words and comments stay as the author
//! wrote them.
//!
//! The description is edited by hand and reviewed as a diff, so the same content has to have the same
//! lines. A test proves that formatting does not change its meaning.

use pretty_yaml::config::{FormatOptions, LayoutOptions, ProseWrap, Quotes};

/// The longest line. Flow maps that fit into it stay on one line.
const WIDTH: usize = 120;

/// The same YAML in the canonical form.
///
/// # Errors
///
/// The text is not YAML.
pub(crate) fn canonical(source: &str) -> Result<String, String> {
    let mut options = FormatOptions {
        layout: LayoutOptions {
            print_width: WIDTH,
            ..LayoutOptions::default()
        },
        ..FormatOptions::default()
    };
    options.language.quotes = Quotes::PreferSingle;
    options.language.brace_spacing = false;
    options.language.prose_wrap = ProseWrap::Preserve;
    pretty_yaml::format_text(source, &options).map_err(|error| error.to_string())
}

/// The lines of a text, from 1, where it differs from its canonical form, each with the canonical lines.
///
/// Lines that follow each other are one place. A line that has to be removed has no canonical lines.
pub(crate) fn unformatted_places(source: &str, canonical: &str) -> Vec<(usize, String)> {
    let diff = similar::TextDiff::from_lines(source, canonical);
    let mut unformatted_places = Vec::new();
    for group in diff.ops() {
        if group.tag() == similar::DiffTag::Equal {
            continue;
        }
        let wanted: String = diff
            .iter_changes(group)
            .filter(|change| change.tag() == similar::ChangeTag::Insert)
            .map(|change| change.value().trim_end().to_string() + "\n")
            .collect();
        unformatted_places.push((group.old_range().start + 1, wanted.trim_end().to_string()));
    }
    unformatted_places
}

#[cfg(test)]
mod tests {
    use super::*;

    /// It has what the formatter could change: a comment, flow collections, quotes and folded text.
    const CANONICAL: &str = "\
# A remark stays.
tags: [tickets]
schema: {$ref: '#/components/schemas/Ticket'}
description: >-
  Two lines
  stay two lines.
";

    #[test]
    fn what_is_canonical_stays_as_it_is() {
        assert_eq!(canonical(CANONICAL).unwrap(), CANONICAL);
        assert_eq!(unformatted_places(CANONICAL, CANONICAL), []);
    }

    #[test]
    fn layout_and_quotes_are_made_canonical_and_nothing_else() {
        let loose = CANONICAL
            .replace("[tickets]", "[ tickets ]  ")
            .replace('\'', "\"")
            .replace("{$ref", "{ $ref");
        assert_eq!(canonical(&loose).unwrap(), CANONICAL);
        let lines: Vec<_> = unformatted_places(&loose, CANONICAL);
        assert_eq!(
            lines,
            [(
                2,
                "tags: [tickets]\nschema: {$ref: '#/components/schemas/Ticket'}".to_string()
            )]
        );
    }

    #[test]
    fn the_description_means_the_same_in_its_canonical_form() {
        let source = crate::files::read(crate::files::SPEC).unwrap();
        let read = |text: &str| crate::build::spec::read(text).unwrap().0;
        assert_eq!(read(&canonical(&source).unwrap()), read(&source));
    }
}
