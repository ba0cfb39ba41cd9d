//! JSON as the service sent it, read only as far as it is printed.
//!
//! JSON allows more than a `serde_json::Value` holds: half of a surrogate pair (`"\ud800"`), numbers beyond a double, any
//! depth. Decoding a record as a whole would fail on the first of these, or change it silently. So a [`Record`] finds its
//! fields without decoding them, and only the text of a value that is printed is decoded ([`Written`]). Where even that text
//! cannot be written, the escape is printed in its place, and [`Altered`] names the field: the command then fails after it
//! has printed everything, so that no script takes an altered record for the original.

use std::{borrow::Cow, collections::BTreeMap, fmt};

use serde::{
    Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;

/// A record as JSON text. Its fields are found, but not decoded.
pub(crate) struct Record<'a> {
    /// The whole record.
    pub(crate) json: &'a str,
    /// The JSON of each field, by its name; of a name that comes twice, the last. `None` if the record is not an object.
    pub(crate) fields: Option<BTreeMap<Cow<'a, str>, &'a str>>,
}

impl<'a> Record<'a> {
    /// Finds the fields. It never fails: a value that is not an object, or a text that is not JSON, has no fields.
    pub(crate) fn new(json: &'a str) -> Self {
        struct Fields;

        impl<'de> Visitor<'de> for Fields {
            type Value = BTreeMap<Cow<'de, str>, &'de str>;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = BTreeMap::new();
                while let Some((name, value)) = map.next_entry::<&RawValue, &RawValue>()? {
                    let (name, _) = text(name.get());
                    fields.insert(name, value.get());
                }
                Ok(fields)
            }
        }

        let fields = serde_json::Deserializer::from_str(json).deserialize_map(Fields);
        Record {
            json,
            fields: fields.ok(),
        }
    }

    /// The value at a path of names, as JSON. An empty path is the record itself. Objects on the way are searched, not decoded.
    pub(crate) fn value(&self, path: &[String]) -> Option<&'a str> {
        let Some((name, path)) = path.split_first() else {
            return Some(self.json);
        };
        let value = self.fields.as_ref()?.get(name.as_str())?;
        match path {
            [] => Some(value),
            path => Record::new(value).value(path),
        }
    }
}

/// A record, given as JSON, with this value in a field: in place of the one that it has, or else behind all others. What is no
/// object stays as it is.
pub(crate) fn with_field(json: &str, name: &str, value: &str) -> String {
    let Some(fields) = Record::new(json).fields else {
        return json.to_string();
    };
    if let Some(old) = fields.get(name) {
        // The old value is a part of the text.
        let at = old.as_ptr() as usize - json.as_ptr() as usize;
        return [&json[..at], value, &json[at + old.len()..]].concat();
    }
    let open = json.trim_end().strip_suffix('}').unwrap_or(json).trim_end();
    let comma = if fields.is_empty() { "" } else { "," };
    format!("{open}{comma}{}:{value}}}", serde_json::Value::from(name))
}

/// A value as a cell of a table or of CSV holds it: as text without quotes, or else as JSON.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Written<'a> {
    /// `null`, or no such field.
    Nothing,
    /// A text, and whether it is exactly the text that was sent.
    Text(Cow<'a, str>, bool),
    /// A number, a boolean, an array or an object.
    Json(Cow<'a, str>),
}

impl<'a> Written<'a> {
    /// Decodes a value as far as its kind asks for it: texts are decoded, everything else stays JSON.
    pub(crate) fn of(json: Option<&'a str>) -> Self {
        match json {
            None | Some("null") => Written::Nothing,
            Some(json) if json.starts_with('"') => {
                let (text, is_whole) = text(json);
                Written::Text(text, is_whole)
            }
            Some(json) => Written::Json(on_one_line(json)),
        }
    }
}

/// The text that a JSON string stands for, and whether it is exactly that. Half of a surrogate pair is not a character, so
/// its escape stays in its place.
fn text(json: &str) -> (Cow<'_, str>, bool) {
    if let Some(text) = json.strip_prefix('"').and_then(|json| json.strip_suffix('"'))
        && !text.contains('\\')
    {
        return (Cow::Borrowed(text), true);
    }
    let (spelled, is_whole) = without_surrogates(json);
    let text = serde_json::from_str::<String>(&spelled);
    (Cow::Owned(text.unwrap_or_else(|_| json.to_string())), is_whole)
}

/// JSON without escapes of surrogates, and whether it still means the same. The escapes of a pair become the character that
/// they stand for. Half of a pair becomes the text of its escape, `\\ud800` for `\ud800`, which means another text.
pub(crate) fn without_surrogates(json: &str) -> (Cow<'_, str>, bool) {
    if !json.contains("\\ud") && !json.contains("\\uD") {
        return (Cow::Borrowed(json), true);
    }
    let (mut spelled, mut is_same) = (String::with_capacity(json.len()), true);
    let mut rest = json;
    while let Some(at) = rest.find('\\') {
        spelled.push_str(&rest[..at]);
        rest = &rest[at..];
        let mut length = 2;
        match surrogate(rest) {
            None => spelled.push_str(rest.get(..length).unwrap_or(rest)),
            Some(unit) => {
                length = 6;
                let pair = [unit, surrogate(&rest[length..]).unwrap_or_default()];
                match char::decode_utf16(pair).next() {
                    Some(Ok(character)) => {
                        length = 12;
                        spelled.push(character);
                    }
                    _ => {
                        is_same = false;
                        spelled.push('\\');
                        spelled.push_str(&rest[..length]);
                    }
                }
            }
        }
        rest = rest.get(length..).unwrap_or_default();
    }
    spelled.push_str(rest);
    (Cow::Owned(spelled), is_same)
}

/// The surrogate whose escape the text begins with, if it begins with one.
fn surrogate(json: &str) -> Option<u16> {
    let digits = json.strip_prefix("\\u")?.get(..4)?;
    let unit = u16::from_str_radix(digits, 16).ok()?;
    matches!(unit, 0xd800..=0xdfff).then_some(unit)
}

/// Whether a double, or an integer of 64 bits, holds every number in the JSON exactly. Serializers that go through such a
/// number, as that of YAML does, would print another number otherwise.
pub(crate) fn has_exact_numbers(json: &str) -> bool {
    let mut rest = json;
    while let Some(at) = rest.find(|it: char| it == '"' || it == '-' || it.is_ascii_digit()) {
        rest = &rest[at..];
        let length = match rest.strip_prefix('"') {
            Some(text) => end_of_string(text) + 2,
            None => {
                let end = rest.find(|it: char| !it.is_ascii_digit() && !"+-.eE".contains(it));
                let end = end.unwrap_or(rest.len());
                if !is_exact(&rest[..end]) {
                    return false;
                }
                end
            }
        };
        rest = rest.get(length..).unwrap_or_default();
    }
    true
}

/// The position of the quote that ends a string. `text` begins behind the first quote.
fn end_of_string(text: &str) -> usize {
    let mut is_escaped = false;
    let end = text.bytes().position(|byte| {
        let ends = byte == b'"' && !is_escaped;
        is_escaped = byte == b'\\' && !is_escaped;
        ends
    });
    end.unwrap_or(text.len())
}

/// Whether a number prints as the same number after it went through an integer or a double. The same value with other zeros,
/// `1.10` and `1.1`, is the same number.
fn is_exact(number: &str) -> bool {
    let is_integer = number.parse::<i64>().is_ok() || number.parse::<u64>().is_ok();
    let is_same = |double: f64| double.is_finite() && decimal(number) == decimal(&format!("{double:e}"));
    is_integer || number.parse().is_ok_and(is_same)
}

/// A number as digits without zeros at either end, and a power of ten. Two numbers are equal if these are.
fn decimal(number: &str) -> (String, i64) {
    let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = format!("{}{fraction}", whole.trim_start_matches('-'));
    let digits = all.trim_end_matches('0');
    let moved = (all.len() - digits.len()) as i64 - fraction.len() as i64;
    match digits.trim_start_matches('0') {
        "" => (String::new(), 0),
        digits => (
            digits.to_string(),
            exponent.parse().unwrap_or(i64::MAX).saturating_add(moved),
        ),
    }
}

/// JSON on one line: the line breaks between its tokens are left out, and nothing else changes.
pub(crate) fn on_one_line(json: &str) -> Cow<'_, str> {
    // Two searches for one byte each are faster than one for either of two.
    if !json.contains('\n') && !json.contains('\r') {
        return Cow::Borrowed(json);
    }
    // JSON escapes line breaks within strings, so all white space around a line break stands between tokens.
    let lines = json
        .split(['\n', '\r'])
        .map(|line| line.trim_matches([' ', '\t']));
    Cow::Owned(lines.collect())
}

/// Why a printed record differs from the record that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Altered {
    /// The text in this field holds half of a surrogate pair.
    Text(String),
    /// The record is not an object, so it has no values for the columns.
    NoObject,
    /// This field has columns for the fields of an object, and is something else.
    NoFields(String),
    /// It has this field, and the first record, which the columns were made of, has not.
    NoColumn(String),
}

impl fmt::Display for Altered {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Altered::Text(field) => write!(
                out,
                "has half of a surrogate pair in `{field}`, which is no text, so its escape is printed in its place"
            ),
            Altered::NoObject => out.write_str("is no object, so its row is empty"),
            Altered::NoFields(field) => write!(
                out,
                "has no object in `{field}`, so the columns for the fields of one are empty"
            ),
            Altered::NoColumn(field) => write!(
                out,
                "has a field `{field}` that the first record lacks, so there is no column for it"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(json: &str) -> Written<'_> {
        Written::of(Some(json))
    }

    #[test]
    fn fields_are_found_beside_what_no_value_holds() {
        let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
        let json = format!(
            r#"{{"a": "\ud800", "\udc00": 1, "b": 1e400, "deep": {deep}, "c": {{"d": {{"e": 1.10}}}}, "c.d": 2, "a": 3}}"#
        );
        let record = Record::new(&json);
        let value = |path: &str| record.value(&path.split('.').map(String::from).collect::<Vec<_>>());
        assert_eq!(value("a"), Some("3"), "the last of a name counts");
        assert_eq!(value("b"), Some("1e400"));
        assert_eq!(value("c.d.e"), Some("1.10"));
        assert_eq!(value("deep"), Some(&*deep));
        assert_eq!(value("\\udc00"), Some("1"));
        assert_eq!(value("c.d.f"), None);
        assert_eq!(value("b.c"), None);
        assert!(Record::new("[1]").fields.is_none() && Record::new("{").fields.is_none());
    }

    #[test]
    fn a_field_is_replaced_in_its_place_or_added() {
        for (json, with) in [
            (
                r#"{"a": 1, "b" : [1, 2], "c": 1.10}"#,
                r#"{"a": 1, "b" : {"x": 1}, "c": 1.10}"#,
            ),
            (r#"{"a": 1 }"#, r#"{"a": 1,"b":{"x": 1}}"#),
            ("{}", r#"{"b":{"x": 1}}"#),
            ("[1]", "[1]"),
        ] {
            assert_eq!(with_field(json, "b", r#"{"x": 1}"#), with);
        }
    }

    #[test]
    fn what_is_no_text_stays_an_escape() {
        for (json, text, is_whole) in [
            (r#""x""#, "x", true),
            (r#""\u00e9\"\\ud800""#, "\u{e9}\"\\ud800", true),
            (r#""\ud83d\ude00""#, "\u{1f600}", true),
            (r#""a\ud800b""#, "a\\ud800b", false),
            (r#""\uD83D\uD83D\uDE00\uDE00""#, "\\uD83D\u{1f600}\\uDE00", false),
            (r#""\ud800\n\\""#, "\\ud800\n\\", false),
            (r#""\ud800"#, "\"\\ud800", false),
        ] {
            assert_eq!(written(json), Written::Text(text.into(), is_whole), "{json}");
        }
    }

    #[test]
    fn other_values_are_written_as_they_came() {
        for json in ["1e400", "-0.10", "true", r#"{"b":"\ud800","a":[1, 2]}"#] {
            assert_eq!(written(json), Written::Json(json.into()));
        }
        assert_eq!(written("[\r\n  1,\r\n  2]"), Written::Json("[1,2]".into()));
        assert_eq!(written("null"), Written::Nothing);
        assert_eq!(Written::of(None), Written::Nothing);
    }

    #[test]
    fn a_number_that_would_come_out_another_is_known() {
        for exact in [
            "0",
            "-0",
            "0.00",
            "1.10",
            "-9223372036854775808",
            "18446744073709551615",
            "0.30000000000000004",
            "1e22",
            "12E-3",
            r#"{"1e400": "1e400\"1e400", "a": [1, {"b": 2.5}]}"#,
        ] {
            assert!(has_exact_numbers(exact), "{exact}");
        }
        for inexact in [
            "1e400",
            "-1e400",
            "1e-400",
            "18446744073709551617",
            "0.12345678901234567891",
            "1e99999999999999999999",
            r#"{"a": "\\", "b": [1, {"c": 1e400}]}"#,
        ] {
            assert!(!has_exact_numbers(inexact), "{inexact}");
        }
    }
}
