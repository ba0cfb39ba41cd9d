//! Values as cells of a table, for people.
//!
//! A cell shows less than the record holds: times are shortened to the minute and shown in UTC, whatever offset they came
//! with, and .NET's year 1, which stands for no time, is empty. Formats for programs never go through here.

use atera::{Timestamp, description::Kind, text::plain_line};
use atera_records::Written;

/// The cell for a value, given as JSON: on one line, without control characters. A time that cannot be read is shown as it
/// came, and so is text in a field that is not a time, even if it looks like one.
pub(crate) fn cell(kind: Kind, json: Option<&str>) -> String {
    match Written::of(json) {
        Written::Nothing => String::new(),
        Written::Text(text, _) => match (kind, text.parse::<Timestamp>()) {
            (Kind::Timestamp, Ok(time)) if time.is_unset() => String::new(),
            (Kind::Timestamp, Ok(time)) => time.to_utc().format("%Y-%m-%d %H:%M").to_string(),
            _ => plain_line(&text),
        },
        Written::Json(json) => plain_line(&json),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn of(kind: Kind, value: &Value) -> String {
        cell(kind, Some(&value.to_string()))
    }

    #[test]
    fn times_are_shortened_to_the_minute_in_utc() {
        for (sent, shown) in [
            ("2026-03-02T08:15:42.1234567Z", "2026-03-02 08:15"),
            ("2026-03-02T10:15:00+02:00", "2026-03-02 08:15"),
            ("0001-01-01T00:00:00", ""),
            ("soon", "soon"),
        ] {
            assert_eq!(of(Kind::Timestamp, &json!(sent)), shown);
        }
    }

    #[test]
    fn only_times_are_shortened() {
        assert_eq!(
            of(Kind::Text, &json!("2026-03-02T08:15:42Z")),
            "2026-03-02T08:15:42Z"
        );
    }

    #[test]
    fn a_terminal_is_not_told_what_to_do() {
        assert_eq!(of(Kind::Text, &json!("a\u{1b}[2Jb\r\n\u{202e}c")), "a [2Jb c");
    }

    #[test]
    fn values_are_shown_as_they_are() {
        assert_eq!(of(Kind::Integer, &json!(7)), "7");
        assert_eq!(of(Kind::Boolean, &json!(true)), "true");
        assert_eq!(of(Kind::Text, &Value::Null), "");
        assert_eq!(of(Kind::Any, &json!(["a", 1])), r#"["a",1]"#);
    }
}
