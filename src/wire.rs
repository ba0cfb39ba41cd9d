//! How the service writes: JSON, and within it what comes in more than one form.

use std::{borrow::Cow, fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_path_to_error::Segment;

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
            Form::Text(text) => text.trim().parse().ok(),
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

impl<'de> Deserialize<'de> for ActionId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl de::Visitor<'_> for Visitor {
            type Value = ActionId;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("an id, as a number or as text")
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<ActionId, E> {
                Ok(ActionId(Form::Number(number)))
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<ActionId, E> {
                i64::try_from(number)
                    .map(|number| ActionId(Form::Number(number)))
                    .or(Ok(ActionId(Form::Text(number.to_string()))))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<ActionId, E> {
                Ok(ActionId::from(text))
            }
        }

        deserializer.deserialize_any(Visitor)
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

/// Visits text, or a number as text.
pub(crate) struct TextOrNumber;

impl<'de> de::Visitor<'de> for TextOrNumber {
    type Value = Cow<'de, str>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("text")
    }

    fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text.to_string()))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Cow::Owned(number.to_string()))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Cow::Owned(number.to_string()))
    }
}

/// Reads a whole number, also from text, and nothing from `null`.
pub(crate) fn integer<'de, D, N>(deserializer: D) -> Result<Option<N>, D::Error>
where
    D: Deserializer<'de>,
    N: TryFrom<i64> + FromStr,
{
    deserializer.deserialize_any(Integer(std::marker::PhantomData))
}

/// Reads a whole number, also from text.
pub(crate) fn required_integer<'de, D, N>(deserializer: D) -> Result<N, D::Error>
where
    D: Deserializer<'de>,
    N: TryFrom<i64> + FromStr,
{
    integer(deserializer)?.ok_or_else(|| de::Error::invalid_type(de::Unexpected::Unit, &"a whole number"))
}

struct Integer<N>(std::marker::PhantomData<N>);

impl<'de, N: TryFrom<i64> + FromStr> de::Visitor<'de> for Integer<N> {
    type Value = Option<N>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a whole number")
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Self::Value, E> {
        let refuse = |_| E::invalid_value(de::Unexpected::Signed(number), &self);
        N::try_from(number).map(Some).map_err(refuse)
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Self::Value, E> {
        let refuse = || E::invalid_value(de::Unexpected::Unsigned(number), &self);
        i64::try_from(number)
            .ok()
            .and_then(|number| N::try_from(number).ok())
            .map(Some)
            .ok_or_else(refuse)
    }

    /// .NET writes a whole number as `7.0` where the type behind it is a decimal.
    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Self::Value, E> {
        let refuse = || E::invalid_value(de::Unexpected::Float(number), &self);
        let whole = number.fract() == 0.0 && number.abs() < 9.0e15;
        whole
            .then(|| N::try_from(number as i64).ok())
            .flatten()
            .map(Some)
            .ok_or_else(refuse)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        if text.trim().is_empty() {
            return Ok(None);
        }
        text.trim()
            .parse()
            .map(Some)
            .map_err(|_| E::invalid_value(de::Unexpected::Str(text), &self))
    }

    fn visit_none<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
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
