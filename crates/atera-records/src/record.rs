//! JSON as the service sent it, read only as far as it is needed.
//!
//! JSON allows more than a `serde_json::Value` holds: half of a surrogate pair (`"\ud800"`), numbers beyond a double, any
//! depth. Decoding a record as a whole would fail on the first of these, or change it silently. So a [`Record`] finds its
//! fields without decoding them, and only the text of a value that is used is decoded ([`Written`]). Where even that text
//! is none, the escape stands in its place, and [`Written::Text`] says so.

use std::{borrow::Cow, collections::BTreeMap, fmt};

use serde::{
    Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;

/// A record as JSON text. Its fields are found, but not decoded.
///
/// ```
/// use atera_records::Record;
///
/// let record = Record::new(r#"{"TicketID": 54321, "Total": 1.10, "Customer": {"City": "Oslo"}}"#);
/// assert_eq!(record.value(&["Total"]), Some("1.10"));
/// assert_eq!(record.value(&["Customer", "City"]), Some("\"Oslo\""));
/// assert_eq!(record.value(&["Country"]), None);
/// ```
#[derive(Clone, Debug)]
pub struct Record<'a> {
    /// The whole record.
    pub json: &'a str,
    /// The JSON of each field, by its name; of a name that comes twice, the last. `None` if the record is not an object.
    pub fields: Option<BTreeMap<Cow<'a, str>, &'a str>>,
}

impl<'a> Record<'a> {
    /// Finds the fields. It never fails: a value that is not an object, or a text that is not JSON, has no fields.
    pub fn new(json: &'a str) -> Self {
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
    pub fn value(&self, path: &[impl AsRef<str>]) -> Option<&'a str> {
        let Some((name, path)) = path.split_first() else {
            return Some(self.json);
        };
        let value = self.fields.as_ref()?.get(name.as_ref())?;
        match path {
            [] => Some(value),
            path => Record::new(value).value(path),
        }
    }
}

/// A record, given as JSON, with this value in a field: in place of the one that it has, or else behind all others. What is no
/// object stays as it is.
pub fn with_field(json: &str, name: &str, value: &str) -> String {
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Written<'a> {
    /// `null`, or no such field.
    Nothing,
    /// A text, and whether it is exactly the text that was sent.
    Text(Cow<'a, str>, bool),
    /// A number, a boolean, an array or an object.
    Json(Cow<'a, str>),
}

impl<'a> Written<'a> {
    /// Decodes a value as far as its kind asks for it: texts are decoded, everything else stays JSON.
    pub fn of(json: Option<&'a str>) -> Self {
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
pub fn without_surrogates(json: &str) -> (Cow<'_, str>, bool) {
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

/// JSON on one line: the line breaks between its tokens are left out, and nothing else changes.
pub fn on_one_line(json: &str) -> Cow<'_, str> {
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
}
