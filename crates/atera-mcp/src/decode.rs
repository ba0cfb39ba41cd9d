//! JSON of the service as values, whatever it has in it.
//!
//! Half of an emoji, a number beyond a double or many levels make decoding fail as a whole. Who then took the text as it is would
//! show its secrets, and who took nothing would lose the record, and with it the name that a person has to see. So a value that
//! cannot be decoded is told in its place, and all others stay what they are.

use atera_records::{Record, without_surrogates};
use serde_json::{Value, json, value::RawValue};

/// How deep it is looked for the one value that cannot be decoded.
const DEEPEST: usize = 16;

/// Decodes JSON. A byte order mark before it does not count, half of a surrogate pair becomes the text of its escape, as the
/// command prints it, and a value that cannot be decoded is [`unreadable`]. `None` if it is no JSON.
pub(crate) fn decode(bytes: &[u8]) -> Option<Value> {
    let text = String::from_utf8_lossy(bytes);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let (text, _) = without_surrogates(text);
    serde_json::from_str(&text).ok().or_else(|| {
        let whole: &RawValue = serde_json::from_str(&text).ok()?;
        Some(piecewise(whole.get(), DEEPEST))
    })
}

/// The same of the text of a record, with what stands for one that is no JSON.
pub(crate) fn record(json: &str) -> Value {
    decode(json.as_bytes()).unwrap_or_else(|| unreadable(json))
}

/// What stands in the place of a value that cannot be decoded: how long it is, but never its text, in which there may be secrets.
pub(crate) fn unreadable(text: &str) -> Value {
    json!({"unreadable": format!("{} characters that cannot be decoded", text.chars().count())})
}

/// Decodes each field and each entry by itself.
fn piecewise(json: &str, levels: usize) -> Value {
    if let Ok(value) = serde_json::from_str(json) {
        return value;
    }
    let Some(levels) = levels.checked_sub(1) else {
        return unreadable(json);
    };
    if let Ok(entries) = serde_json::from_str::<Vec<&RawValue>>(json) {
        let entries = entries.into_iter();
        return entries.map(|entry| piecewise(entry.get(), levels)).collect();
    }
    match Record::new(json).fields {
        Some(fields) => fields
            .into_iter()
            .map(|(name, value)| (name.into_owned(), piecewise(value, levels)))
            .collect(),
        None => unreadable(json),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_decoded_is() {
        let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
        let text = format!(
            "\u{feff}{{\"a\": \"x\\ud83d\", \"b\": 1e400, \"c\": {deep}, \"d\": [1, 1e400], \"\\ud83d\": 2, \"e\": \"\\ud83d\\ude00\"}}"
        );
        let unreadable =
            |length: usize| json!({"unreadable": format!("{length} characters that cannot be decoded")});
        let mut value = decode(text.as_bytes()).expect("JSON");
        // So many levels are looked through.
        let mut deep = value["c"].take();
        for _ in 0..DEEPEST - 1 {
            deep = deep[0].take();
        }
        assert_eq!(deep, unreadable(400 - 2 * (DEEPEST - 1)));
        assert_eq!(
            value,
            json!({"a": "x\\ud83d", "b": unreadable(5), "c": null, "d": [1, unreadable(5)], "\\ud83d": 2, "e": "😀"})
        );
        assert_eq!(decode(b"{\"a\": \"x\xff\"}"), Some(json!({"a": "x\u{fffd}"})));
    }

    #[test]
    fn what_is_no_json_is_told_without_its_text() {
        for text in ["", "{\"Community\": \"hunter2\"", "<html>", "[1]]"] {
            assert_eq!(decode(text.as_bytes()), None, "{text}");
        }
        assert_eq!(
            record("{\"Community\": \"hunter2\""),
            json!({"unreadable": "23 characters that cannot be decoded"})
        );
    }
}
