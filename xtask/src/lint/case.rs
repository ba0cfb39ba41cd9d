//! Checks the case of names, which become names of Rust modules, methods and types.

/// Whether the text is words of lower-case letters and digits with `separator` between them.
pub(super) fn is_snake_case(text: &str) -> bool {
    text.split('_').all(|word| {
        !word.is_empty()
            && word
                .chars()
                .all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit())
    })
}

/// Whether the text could be the name of a Rust type.
pub(super) fn is_pascal_case(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_uppercase())
        && text.chars().all(|letter| letter.is_ascii_alphanumeric())
}
