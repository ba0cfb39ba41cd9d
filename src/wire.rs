//! How the service writes: JSON, and within it what comes in more than one form.

#[cfg(feature = "schemars")]
use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_path_to_error::Segment;

use crate::lenient::{self, Scalar};

/// Reads JSON, or tells at which place it does not fit, without values of it. That it is UTF-8 is looked at once, which is
/// much quicker than for each text in it.
pub(crate) fn decode<'de, T: Deserialize<'de>>(json: &'de [u8]) -> Result<T, String> {
    let json = without_bom(json);
    if let Ok(text) = std::str::from_utf8(json)
        && let Ok(value) = serde_json::from_str(text)
    {
        return Ok(value);
    }
    // Once more, to find the place, or to find that it fits: what is not UTF-8 does no harm where it is not read.
    let mut json = serde_json::Deserializer::from_slice(json);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let reason = reason(error.inner());
        match place(error.path()) {
            place if place.is_empty() => reason,
            place => format!("at {place}: {reason}"),
        }
    })?;
    json.end().map_err(|error| reason(&error))?;
    Ok(value)
}

/// JSON without the byte order mark that some programs write before UTF-8.
pub(crate) fn without_bom(json: &[u8]) -> &[u8] {
    json.strip_prefix(b"\xef\xbb\xbf").unwrap_or(json)
}

/// Reads an object. To serde an array is one too, with its values in the order of the fields, and an empty array is one without
/// values.
pub(crate) fn decode_object<'de, T: Deserialize<'de>>(json: &'de [u8]) -> Result<T, String> {
    match without_bom(json).trim_ascii_start().first() {
        Some(b'[') => Err("invalid type: array, expected an object".to_string()),
        _ => decode(json),
    }
}

fn reason(error: &serde_json::Error) -> String {
    let said = error.to_string();
    match error.is_data() {
        true => without_value(&said),
        false => format!("it cannot be read as JSON: {said}"),
    }
}

/// A place in JSON, `items[3].Title`. A name that is no name of a field may be a value: an address, for one.
fn place(path: &serde_path_to_error::Path) -> String {
    let mut place = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => place.push_str(&format!("[{index}]")),
            Segment::Map { key: name } | Segment::Enum { variant: name } => {
                if !place.is_empty() {
                    place.push('.');
                }
                place.push_str(if names_a_field(name) { name } else { "…" });
            }
            Segment::Unknown => {}
        }
    }
    place
}

fn names_a_field(name: &str) -> bool {
    let is_number = name.starts_with(|first: char| first.is_ascii_digit());
    !is_number && name.chars().all(|it| it.is_ascii_alphanumeric() || it == '_')
}

/// What is said of a value, without the value, which may be anything: a name, an address, a key.
fn without_value(said: &str) -> String {
    let begins = |words: &[&str]| words.iter().any(|words| said.starts_with(words));
    if begins(&["missing field ", "duplicate field ", "there is no "]) {
        return said.to_string();
    }
    let quotes = ['"', '`'];
    let is_serdes = begins(&[
        "invalid type: ",
        "invalid value: ",
        "unknown variant ",
        "unknown field ",
    ]);
    let to = match is_serdes {
        // What was expected is quoted too.
        true => said.rfind(", expected "),
        false => said.rfind(quotes).map(|last| last + 1),
    };
    let to = to.unwrap_or(said.len());
    match said.find(quotes) {
        Some(from) if from < to => format!("{}…{}", &said[..from], &said[to..]),
        _ => said.to_string(),
    }
}

/// The id in the answer to a write: a number by the guide, text by the published document.
///
/// ```
/// let by_guide: atera::ActionId = serde_json::from_str("54321").unwrap();
/// let published: atera::ActionId = serde_json::from_str("\"54321\"").unwrap();
/// assert_eq!(by_guide.number(), Some(54321));
/// assert_eq!(published.number(), Some(54321));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ActionId(Form);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Form {
    Number(i64),
    Text(String),
}

impl ActionId {
    /// The id as a number, which the ids of all records but invoices and custom values are.
    pub fn number(&self) -> Option<i64> {
        match &self.0 {
            Form::Number(number) => Some(*number),
            Form::Text(text) => i64::from_text(text),
        }
    }
}

impl From<i64> for ActionId {
    fn from(number: i64) -> Self {
        ActionId(Form::Number(number))
    }
}

impl From<&str> for ActionId {
    fn from(text: &str) -> Self {
        ActionId(Form::Text(text.to_string()))
    }
}

impl fmt::Display for ActionId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Form::Number(number) => write!(out, "{number}"),
            Form::Text(text) => out.pad(text),
        }
    }
}

impl Serialize for ActionId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Form::Number(number) => serializer.serialize_i64(*number),
            Form::Text(text) => serializer.serialize_str(text),
        }
    }
}

impl Scalar for ActionId {
    const EXPECTED: &'static str = "an id, as a number or as text";

    fn from_text(text: &str) -> Option<Self> {
        (!text.trim().is_empty()).then(|| ActionId::from(text))
    }

    fn from_integer(number: i64) -> Option<Self> {
        Some(ActionId::from(number))
    }

    fn from_unsigned(number: u64) -> Option<Self> {
        Some(match i64::try_from(number) {
            Ok(number) => ActionId::from(number),
            Err(_) => ActionId(Form::Text(number.to_string())),
        })
    }
}

impl<'de> Deserialize<'de> for ActionId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        lenient::read(deserializer)
    }
}

#[cfg(feature = "schemars")]
impl schemars::JsonSchema for ActionId {
    fn schema_name() -> Cow<'static, str> {
        "ActionId".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": ["integer", "string"]})
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use serde::de::DeserializeOwned;
    use uuid::Uuid;

    use super::*;

    fn refused<T: DeserializeOwned>(json: &str) -> String {
        decode::<T>(json.as_bytes()).err().expect(json)
    }

    #[test]
    fn a_reason_tells_the_place_and_no_value() {
        #[derive(Debug, Deserialize)]
        enum Closed {
            Open,
        }
        for value in [
            r#""Jane, expected at 5 \" \\ `""#,
            r#""Jane""#,
            "491711234567",
            "4917.5",
            "-4917",
        ] {
            let json = format!(r#"{{"Name": [0, {value}]}}"#);
            let said = refused::<HashMap<String, Vec<u8>>>(&json);
            assert!(said.starts_with("at Name[1]: invalid "), "{said}");
            assert!(said.contains("…, expected u8 at line 1"), "{said}");
            assert!(!said.contains("Jane") && !said.contains("4917"), "{said}");
        }
        let said = refused::<Vec<Closed>>(r#"["Open", "Jane` Doe"]"#);
        assert!(
            said.starts_with("at [1]: unknown variant …, expected `Open`"),
            "{said}"
        );
        let said = refused::<Vec<Uuid>>(r#"["Jane"]"#);
        assert!(said.starts_with("at [0]: ") && !said.contains('J'), "{said}");
        let said = refused::<HashMap<String, bool>>(r#"{"Name": true"#);
        assert!(said.starts_with("it cannot be read as JSON: EOF while"), "{said}");
    }

    #[test]
    fn a_place_has_names_of_fields_and_no_others() {
        for (name, shown) in [
            ("TicketID", "TicketID"),
            ("jane@example.com", "…"),
            (r#"5\" screen"#, "…"),
            ("Jane Doe", "…"),
            ("491711234567", "…"),
        ] {
            let said = refused::<HashMap<String, u8>>(&format!(r#"{{"{name}": "top \"secret"}}"#));
            let wanted = format!("at {shown}: invalid type: string …, expected u8");
            assert!(said.starts_with(&wanted), "{said}");
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        let said = refused::<crate::Page<u8>>(r#"{"Items": []}"#);
        assert!(said.contains("there is no `items` array"), "{said}");
    }
}
