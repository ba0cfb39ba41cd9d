//! Makes text safe for a terminal: records and messages contain text that strangers wrote in their mails.
//!
//! ```
//! let title = "Printer\u{1b}[2J\non fire";
//! assert_eq!(atera::text::plain_line(title), "Printer [2J on fire");
//! ```

/// Whether a terminal would interpret a character or reorder the text around it: C0, DEL, C1, and the characters that embed,
/// override or isolate a text direction.
pub fn is_control(character: char) -> bool {
    character.is_control() || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Replaces every [control character](is_control) with a space, including line breaks.
pub fn plain(text: impl Into<String>) -> String {
    let text = text.into();
    match text.contains(is_control) {
        true => text.replace(is_control, " "),
        false => text,
    }
}

/// Like [`plain`], and on one line with single spaces between words.
pub fn plain_line(text: &str) -> String {
    let words = text.split(|it: char| it.is_whitespace() || is_control(it));
    words
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_terminal_obeys_is_left() {
        let sent = "a\u{1b}[2J\u{9b}31m \u{7f}\u{0}b\r\n\u{202e}c\u{2066}d\u{2069}\u{7}\u{85}\u{5d0}\u{200f}";
        assert_eq!(plain_line(sent), "a [2J 31m b c d \u{5d0}\u{200f}");
        assert!(!plain(sent).contains(is_control));
        assert_eq!(plain("two  spaces"), "two  spaces");
    }
}
