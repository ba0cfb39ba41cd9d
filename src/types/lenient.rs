//! Scalars, read in every form that the service may write them: a number as text, text as a number.
//!
//! All scalar fields of the generated types are read so. Values with one meaning are accepted, and all others refused:
//! `"7.0"` is the integer 7, and `"7,5"` is not a number.
//!
//! A number where the description has text is read as the shortest text of its value: `2.10` as `"2.1"`. serde_json parses a
//! fraction as a float, and keeping the original digits would mean to parse every text of every record twice. An undecoded
//! record has the original digits.

use std::{fmt, marker::PhantomData};

use chrono::NaiveDate;
use serde::{Deserialize, Deserializer, de};
use uuid::Uuid;

/// From this number on (2^53), an `f64` cannot represent every whole number.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// A scalar, and the forms of JSON that it is read from. `None` means that the form does not fit.
pub(crate) trait Scalar: Sized {
    /// What an error message says is expected.
    const EXPECTED: &'static str;

    /// From text. Text that is empty or white space counts as `null` if it does not fit.
    fn from_text(text: &str) -> Option<Self>;

    /// From text that need not be copied.
    fn from_string(text: String) -> Option<Self> {
        Self::from_text(&text)
    }

    fn from_integer(_: i64) -> Option<Self> {
        None
    }

    fn from_unsigned(number: u64) -> Option<Self> {
        Self::from_integer(i64::try_from(number).ok()?)
    }

    /// .NET writes a whole number as `7.0` if its type is a decimal.
    fn from_float(number: f64) -> Option<Self> {
        Self::from_integer(whole(number)?)
    }

    fn from_bool(_: bool) -> Option<Self> {
        None
    }
}

/// The float as a whole number, if it is exactly one.
fn whole(number: f64) -> Option<i64> {
    (number.fract() == 0.0 && number.abs() < EXACT).then_some(number as i64)
}

impl Scalar for String {
    const EXPECTED: &'static str = "text";

    fn from_text(text: &str) -> Option<Self> {
        Some(text.to_string())
    }

    fn from_string(text: String) -> Option<Self> {
        Some(text)
    }

    fn from_integer(number: i64) -> Option<Self> {
        Some(number.to_string())
    }

    fn from_unsigned(number: u64) -> Option<Self> {
        Some(number.to_string())
    }

    /// A float that is too large may have lost digits in parsing, so it is refused.
    fn from_float(number: f64) -> Option<Self> {
        let number = (number.abs() < EXACT).then_some(number)?;
        Some(serde_json::Number::from_f64(number)?.to_string())
    }

    fn from_bool(value: bool) -> Option<Self> {
        Some(value.to_string())
    }
}

macro_rules! integers {
    ($($integer:ty)*) => {$(
        impl Scalar for $integer {
            const EXPECTED: &'static str = "a whole number";

            fn from_text(text: &str) -> Option<Self> {
                let text = text.trim();
                text.parse().ok().or_else(|| Self::from_float(text.parse().ok()?))
            }

            fn from_integer(number: i64) -> Option<Self> {
                number.try_into().ok()
            }
        }
    )*};
}

integers!(i32 i64);

impl Scalar for f64 {
    const EXPECTED: &'static str = "a number";

    fn from_text(text: &str) -> Option<Self> {
        text.trim().parse().ok().filter(|number: &f64| number.is_finite())
    }

    fn from_integer(number: i64) -> Option<Self> {
        Some(number as f64)
    }

    fn from_unsigned(number: u64) -> Option<Self> {
        Some(number as f64)
    }

    fn from_float(number: f64) -> Option<Self> {
        Some(number)
    }
}

impl Scalar for bool {
    const EXPECTED: &'static str = "true or false";

    fn from_text(text: &str) -> Option<Self> {
        let is = |word: &str| text.trim().eq_ignore_ascii_case(word);
        match (is("true"), is("false")) {
            (false, false) => None,
            (value, _) => Some(value),
        }
    }

    fn from_integer(number: i64) -> Option<Self> {
        match number {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }

    fn from_bool(value: bool) -> Option<Self> {
        Some(value)
    }
}

impl Scalar for Uuid {
    const EXPECTED: &'static str = "a UUID";

    fn from_text(text: &str) -> Option<Self> {
        text.trim().parse().ok()
    }
}

impl Scalar for NaiveDate {
    const EXPECTED: &'static str = "a date";

    fn from_text(text: &str) -> Option<Self> {
        text.trim().parse().ok()
    }
}

/// A field that is read in any form: a scalar or an array of them, and in an `Option` where `null` may stand for it.
pub(crate) trait Field: Sized {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error>;
}

/// Reads a field of a type with serde's derive; made for `deserialize_with`.
pub(crate) fn read<'de, D: Deserializer<'de>, F: Field>(deserializer: D) -> Result<F, D::Error> {
    F::read(deserializer)
}

impl<S: Scalar> Field for Option<S> {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Visitor(PhantomData))
    }
}

impl<S: Scalar> Field for S {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let nothing = || de::Error::invalid_value(de::Unexpected::Other("nothing"), &S::EXPECTED);
        Option::<S>::read(deserializer)?.ok_or_else(nothing)
    }
}

impl<S: Scalar> Field for Vec<S> {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::deserialize(deserializer).map(unwrapped)
    }
}

impl<S: Scalar> Field for Option<Vec<S>> {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::deserialize(deserializer).map(|elements| elements.map(unwrapped))
    }
}

/// An element of an array.
struct Element<S>(S);

impl<'de, S: Scalar> Deserialize<'de> for Element<S> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read(deserializer).map(Element)
    }
}

fn unwrapped<S>(elements: Vec<Element<S>>) -> Vec<S> {
    elements.into_iter().map(|element| element.0).collect()
}

struct Visitor<S>(PhantomData<S>);

impl<S: Scalar> Visitor<S> {
    fn fitting<E: de::Error>(self, read: Option<S>, came: de::Unexpected) -> Result<Option<S>, E> {
        match read {
            Some(scalar) => Ok(Some(scalar)),
            None => Err(E::invalid_value(came, &self)),
        }
    }
}

impl<'de, S: Scalar> de::Visitor<'de> for Visitor<S> {
    type Value = Option<S>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(S::EXPECTED)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        match S::from_text(text) {
            None if text.trim().is_empty() => Ok(None),
            read => self.fitting(read, de::Unexpected::Str(text)),
        }
    }

    fn visit_string<E: de::Error>(self, text: String) -> Result<Self::Value, E> {
        // The text is moved before it is known whether it fits, so the error cannot quote it.
        let is_empty = text.trim().is_empty();
        match S::from_string(text) {
            None if is_empty => Ok(None),
            read => self.fitting(read, de::Unexpected::Other("text")),
        }
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Self::Value, E> {
        self.fitting(S::from_integer(number), de::Unexpected::Signed(number))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Self::Value, E> {
        self.fitting(S::from_unsigned(number), de::Unexpected::Unsigned(number))
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Self::Value, E> {
        self.fitting(S::from_float(number), de::Unexpected::Float(number))
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Self::Value, E> {
        self.fitting(S::from_bool(value), de::Unexpected::Bool(value))
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
    use std::fmt::Debug;

    use serde_json::Value;

    use super::*;
    use crate::{ActionId, Timestamp, types::TicketPriority};

    /// What a field of this type reads from JSON text, and the same from a `Value`, whose text is moved.
    fn reads<S: Scalar + Debug + PartialEq>(json: &str) -> Option<Option<S>> {
        let from_text = read(&mut serde_json::Deserializer::from_str(json)).ok();
        let value: Value = serde_json::from_str(json).expect(json);
        assert_eq!(from_text, read(value).ok(), "{json}");
        from_text
    }

    fn is_refused<S: Scalar + Debug + PartialEq>(json: &[&str]) {
        for json in json {
            assert_eq!(reads::<S>(json), None, "{json}");
        }
    }

    #[test]
    fn a_number_or_a_boolean_is_read_as_its_text() {
        for (json, text) in [
            ("161", "161"),
            ("-7", "-7"),
            ("18446744073709551615", "18446744073709551615"),
            ("1.5", "1.5"),
            ("7.0", "7.0"),
            // Not as it was written.
            ("2.10", "2.1"),
            ("true", "true"),
            ("false", "false"),
            (r#""""#, ""),
            (r#"" a ""#, " a "),
        ] {
            assert_eq!(reads(json), Some(Some(text.to_string())), "{json}");
            assert_eq!(reads(json), Some(Some(TicketPriority::from(text))), "{json}");
        }
        // The digits of these are lost.
        is_refused::<String>(&["123456789012345678901234567890", "1e300", "[]", "{}"]);
    }

    #[test]
    fn text_that_is_a_number_is_read_as_one() {
        for json in ["1000", "1000.0", "1e3", r#""1000""#, r#"" 1000.0 ""#] {
            assert_eq!(reads(json), Some(Some(1000_i64)), "{json}");
            assert_eq!(reads(json), Some(Some(1000_i32)), "{json}");
            assert_eq!(reads(json), Some(Some(1000.0_f64)), "{json}");
            assert_eq!(
                reads::<ActionId>(json).flatten().and_then(|id| id.number()),
                Some(1000),
                "{json}"
            );
        }
        assert_eq!(reads(r#""-1.5""#), Some(Some(-1.5)));
        assert_eq!(reads("9223372036854775807"), Some(Some(i64::MAX)));
        assert_eq!(reads(r#""9223372036854775807""#), Some(Some(i64::MAX)));
        is_refused::<i64>(&[
            r#""INV-7""#,
            "1.5",
            r#""1.5""#,
            "1e300",
            "true",
            "9223372036854775808",
            r#""1,000""#,
        ]);
        is_refused::<i32>(&["2147483648", r#""2147483648""#, "2147483648.0"]);
        is_refused::<f64>(&[r#""INV-7""#, r#""NaN""#, r#""1e999""#, r#""1,5""#, "true"]);
    }

    #[test]
    fn a_boolean_may_be_text_or_0_or_1() {
        for json in ["true", r#""true""#, r#""True""#, r#""TRUE ""#, "1", "1.0"] {
            assert_eq!(reads(json), Some(Some(true)), "{json}");
        }
        for json in ["false", r#""False""#, "0"] {
            assert_eq!(reads(json), Some(Some(false)), "{json}");
        }
        is_refused::<bool>(&["2", "-1", "0.5", r#""yes""#]);
    }

    #[test]
    fn empty_text_is_nothing_where_it_is_no_value() {
        fn is_nothing<S: Scalar + Debug + PartialEq>() {
            for json in [r#""""#, r#""  ""#, "null"] {
                assert_eq!(reads::<S>(json), Some(None), "{json}");
                assert!(
                    serde_json::from_str::<Element<S>>(json).is_err(),
                    "it is required: {json}"
                );
            }
            is_refused::<S>(&["[]", "{}"]);
        }
        is_nothing::<i32>();
        is_nothing::<i64>();
        is_nothing::<f64>();
        is_nothing::<bool>();
        is_nothing::<Uuid>();
        is_nothing::<NaiveDate>();
        is_nothing::<Timestamp>();
        is_nothing::<ActionId>();
        // A number may count seconds or milliseconds, and from when is not known.
        is_refused::<Timestamp>(&["1772439300", "true", r#""yesterday""#]);
    }

    #[test]
    fn the_elements_of_an_array_are_scalars_too() {
        let read = |json| read::<_, Option<Vec<i32>>>(&mut serde_json::Deserializer::from_str(json));
        assert_eq!(read(r#"[1, "2", 3.0]"#).ok(), Some(Some(vec![1, 2, 3])));
        assert_eq!(read("null").ok(), Some(None));
        assert!(read(r#"[""]"#).is_err());
    }
}
