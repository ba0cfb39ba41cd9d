//! What a field is compared with, and how.
//!
//! The kind of the field says what its values and the text in the condition are: a number, a time, a value of a closed list.
//! Where nothing is known of the field, each of its values is compared as what it and the text both are.

use std::cmp::Ordering;

use atera::{
    Timestamp,
    description::{Kind, parse_boolean},
};
use rust_decimal::Decimal;

use crate::{
    columns::{Column, Fields},
    record::Written,
    spelling::did_you_mean,
    syntax::{Comparison, Mistake, Word},
    times::{Clock, Span, TimeText},
};

/// What the value of a field is compared with.
#[derive(Clone, Debug)]
pub(crate) enum Operand {
    Number(Decimal),
    Boolean(bool),
    /// A text in lower case.
    Text(String),
    /// A value of a closed list: its position, unless the description lacks it, and its text in lower case.
    Listed(Option<usize>, String),
    Time(Time),
    /// Nothing is known of the field, so the text may be any of these.
    Guess(Option<Decimal>, Option<Time>, String),
}

/// A time, and the span that it stands for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Time {
    pub(crate) text: TimeText,
    pub(crate) span: Span,
}

impl Operand {
    /// Whether a value that is not null compares with it in this way.
    pub(crate) fn fits(&self, value: &Written<'_>, comparison: Comparison, kind: Kind) -> bool {
        let (Written::Text(text, _) | Written::Json(text)) = value else {
            return false;
        };
        let order = || self.order(text, kind);
        match comparison {
            Comparison::Equal => order() == Some(Ordering::Equal),
            Comparison::NotEqual => order() != Some(Ordering::Equal),
            Comparison::Less => order() == Some(Ordering::Less),
            Comparison::LessOrEqual => order().is_some_and(Ordering::is_le),
            Comparison::Greater => order() == Some(Ordering::Greater),
            Comparison::GreaterOrEqual => order().is_some_and(Ordering::is_ge),
            Comparison::Contains => self.is_in(text),
            Comparison::ContainsNot => !self.is_in(text),
        }
    }

    /// Whether the text of a value is put in an order with it because nothing is known of the field, and only one of them is a
    /// number or a time. Such an order means little.
    pub(crate) fn differs_in_kind(&self, value: &Written<'_>, comparison: Comparison) -> bool {
        let Operand::Guess(number, time, _) = self else {
            return false;
        };
        let (text, is_text) = match value {
            Written::Text(text, _) => (text, true),
            Written::Json(text) => (text, false),
            Written::Nothing => return false,
        };
        let as_numbers = || number.is_some_and(|number| compare_numbers(text, number).is_some());
        let as_times = || time.is_some() && moment(text).is_some();
        let as_texts = is_text && number.is_none() && time.is_none();
        comparison.orders() && !(as_texts || as_numbers() || as_times())
    }

    /// Whether a value has no place in the order of its closed list, since the description lacks it. No `<` or `>` is true of it.
    pub(crate) fn has_no_place(&self, value: &Written<'_>, comparison: Comparison, kind: Kind) -> bool {
        match (self, kind, value) {
            (
                Operand::Listed(..),
                Kind::Enum { values, .. },
                Written::Text(text, _) | Written::Json(text),
            ) => comparison.orders() && place_of(values, text).is_none(),
            _ => false,
        }
    }

    /// Whether it is a part of the text.
    fn is_in(&self, text: &str) -> bool {
        match self {
            Operand::Text(part) | Operand::Listed(_, part) | Operand::Guess(_, _, part) => {
                text.to_lowercase().contains(part)
            }
            Operand::Number(_) | Operand::Boolean(_) | Operand::Time(_) => false,
        }
    }

    /// How a value compares with it. `None` if they cannot be compared.
    fn order(&self, text: &str, kind: Kind) -> Option<Ordering> {
        match self {
            Operand::Number(number) => compare_numbers(text, *number),
            Operand::Boolean(boolean) => Some(parse_boolean(text)?.cmp(boolean)),
            Operand::Text(other) => Some(text.to_lowercase().cmp(other)),
            Operand::Listed(place, other) => {
                let Kind::Enum { values, .. } = kind else {
                    return None;
                };
                match (place_of(values, text), place) {
                    (Some(one), Some(other)) => Some(one.cmp(other)),
                    // The description has no place for it, so it is equal to itself, and neither before nor behind any other.
                    _ => (text.to_lowercase() == *other).then_some(Ordering::Equal),
                }
            }
            Operand::Time(time) => Some(time.span.compare(moment(text)?)),
            Operand::Guess(number, time, other) => {
                let by_number = number.and_then(|number| compare_numbers(text, number));
                let by_time = || Some((*time)?.span.compare(moment(text)?));
                by_number
                    .or_else(by_time)
                    .or_else(|| Some(text.to_lowercase().cmp(other)))
            }
        }
    }
}

/// The point in time that a text is, unless it stands for none.
fn moment(text: &str) -> Option<chrono::DateTime<chrono::Utc>> {
    let time = text.parse::<Timestamp>().ok()?;
    (!time.is_unset()).then(|| time.to_utc())
}

/// Compares exactly if both numbers can be held, and else as doubles.
fn compare_numbers(text: &str, number: Decimal) -> Option<Ordering> {
    match decimal(text) {
        Some(value) => Some(value.cmp(&number)),
        None => text
            .parse::<f64>()
            .ok()?
            .partial_cmp(&f64::try_from(number).ok()?),
    }
}

/// The exact value of a number. `None` if it has more digits than a decimal holds.
pub(crate) fn decimal(text: &str) -> Option<Decimal> {
    let Some((digits, exponent)) = text.split_once(['e', 'E']) else {
        return Decimal::from_str_exact(text).ok();
    };
    // A decimal with an exponent is rounded when it is read, so the digits are read without it.
    let digits = Decimal::from_str_exact(digits).ok()?.normalize();
    let exponent = exponent.strip_prefix('+').unwrap_or(exponent);
    Decimal::from_scientific(&format!("{digits}e{exponent}")).ok()
}

/// The position of a value in a closed list. `None` if the list lacks it.
fn place_of(values: &[&str], text: &str) -> Option<usize> {
    values.iter().position(|value| value.eq_ignore_ascii_case(text))
}

/// A mistake at a word.
pub(crate) fn mistake(word: &Word, what: impl Into<String>) -> Mistake {
    Mistake {
        at: word.at,
        what: what.into(),
    }
}

/// What values of this kind are, for messages.
pub(crate) fn words(kind: Kind) -> &'static str {
    match kind {
        Kind::Integer | Kind::Number => "a number",
        Kind::Boolean => "true or false",
        Kind::Timestamp | Kind::Date | Kind::AccountTime => "a time",
        Kind::Enum { .. } => "a value of a list",
        Kind::Array(_) => "a list",
        Kind::Object(_) | Kind::Map(_) => "an object",
        _ => "a text",
    }
}

/// What a field is compared with, read as its kind asks for it.
///
/// # Errors
///
/// If the text is nothing that values of this kind can be compared with in this way.
pub(crate) fn operand(
    column: &Column,
    comparison: Comparison,
    field: &Word,
    value: &Word,
    fields: Fields,
    clock: &Clock,
) -> Result<Operand, Mistake> {
    let name = &column.heading;
    let refused = |what: &str| {
        Err(mistake(
            value,
            format!(
                "`{name}` is {}, and `{}` is {what}",
                words(column.kind),
                value.text
            ),
        ))
    };
    let contains = matches!(comparison, Comparison::Contains | Comparison::ContainsNot);
    let orders = comparison.orders();
    let lower = value.text.to_lowercase();
    let time = |text: TimeText| match text.span(clock) {
        Ok(span) => Ok(Time { text, span }),
        Err(reason) => Err(mistake(value, reason.to_string())),
    };
    match column.kind {
        Kind::Array(_) if contains => return Ok(Operand::Text(lower)),
        Kind::Array(_) => {
            let advice = match fields.names.expand {
                Some(expand) => format!(", or give each of its entries a row with {expand} {name}"),
                None => String::new(),
            };
            let sentence = format!("`{name}` is a list: compare it with ~, null or empty{advice}");
            return Err(mistake(field, sentence));
        }
        Kind::Object(schema) => {
            let first = schema.fields.first().map_or("…", |field| field.name);
            return Err(mistake(
                field,
                format!("`{name}` is an object: name a field of it, as in {name}.{first}"),
            ));
        }
        kind if contains
            && !matches!(
                kind,
                Kind::Text | Kind::Uuid | Kind::ActionId | Kind::Enum { .. } | Kind::Any | Kind::Map(_)
            ) =>
        {
            let advice = match kind {
                Kind::Timestamp | Kind::Date | Kind::AccountTime => {
                    format!("; {name}=2026-03 is true for all of March")
                }
                _ => String::new(),
            };
            let sentence = format!("`{name}` is {}, and ~ is for text{advice}", words(kind));
            return Err(mistake(field, sentence));
        }
        _ => {}
    }
    let as_time = TimeText::parse(&value.text);
    Ok(match column.kind {
        Kind::Integer | Kind::Number => match decimal(value.text.trim_start_matches('+')) {
            Some(number) => Operand::Number(number),
            None => return refused("none"),
        },
        Kind::Boolean => match parse_boolean(&value.text) {
            Some(_) if orders => {
                return Err(mistake(
                    field,
                    format!("`{name}` is true or false; compare it with = or !="),
                ));
            }
            Some(boolean) => Operand::Boolean(boolean),
            None => return refused("neither"),
        },
        Kind::Timestamp | Kind::Date | Kind::AccountTime => match as_time {
            Some(text) => Operand::Time(time(text)?),
            None => {
                return refused(
                    "none; write it as 2026-03-01, '2026-03-01 08:00', yesterday, last-month or -3d",
                );
            }
        },
        Kind::Enum { values, .. } if !contains => {
            let place = place_of(values, &lower);
            if place.is_none() && !fields.allow_unknown {
                let advice = did_you_mean(&value.text, values.iter().copied());
                let sentence = format!(
                    "`{name}` is never `{}` by the description{advice}; it is one of {}{}",
                    value.text,
                    values.join(", "),
                    fields.names.how_to_allow()
                );
                return Err(mistake(value, sentence));
            }
            if place.is_none() && orders {
                let sentence = format!(
                    "`{}` has no place in the order of the description, so no value lies before or behind it; compare it with = \
                     or !=",
                    value.text
                );
                return Err(mistake(value, sentence));
            }
            Operand::Listed(place, lower)
        }
        Kind::Any | Kind::Map(_) if !value.quoted => {
            Operand::Guess(decimal(&value.text), as_time.map(time).transpose()?, lower)
        }
        _ if orders && !value.quoted && as_time.is_some() => {
            return refused("a time; put quotes around it to compare it as text");
        }
        _ => Operand::Text(lower),
    })
}
