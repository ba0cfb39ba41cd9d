//! How the service writes: JSON, and within it what comes in more than one form.

use std::{borrow::Cow, fmt, str::FromStr};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, DeserializeOwned},
};

/// Reads JSON, or tells at which place it does not fit. That it is UTF-8 is looked at once, which is much quicker than for
/// each text in it.
pub(crate) fn decode<T: DeserializeOwned>(json: &[u8]) -> Result<T, String> {
    if let Ok(text) = std::str::from_utf8(json)
        && let Ok(value) = serde_json::from_str(text)
    {
        return Ok(value);
    }
    // Once more, to find the place. What is not UTF-8 does no harm where it is not read.
    let mut json = serde_json::Deserializer::from_slice(json);
    let value =
        serde_path_to_error::deserialize(&mut json).map_err(|error| match error.path().iter().next() {
            Some(_) => format!("at {}: {}", error.path(), error.inner()),
            None => error.inner().to_string(),
        })?;
    json.end().map_err(|error| error.to_string())?;
    Ok(value)
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
