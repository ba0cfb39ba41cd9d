//! The id in the answer to a write, which comes in two forms.

#[cfg(feature = "schemars")]
use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::lenient::{self, Scalar};

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
    /// The id as a number. The ids of all records except invoices and custom values are numbers.
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
