//! Checks a request against the rules of the description. The client does so before it sends, the sandbox when it receives.

use std::{borrow::Cow, fmt};

use serde_json::Value;

use super::operation::{Kind, Operation, Parameter, Schema};
use crate::types::{AccountTime, Timestamp};

/// A rule of the description that a request breaks, and where.
///
/// Its `Display` is a clause that names the parameter or field, as in `` `page` must be at least 1, not 0 ``. A place is a
/// name on the wire, `Ports[0].Number` where it lies within others, and empty for the body as a whole.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Violation {
    /// A required parameter or field is missing.
    Missing {
        /// Which one.
        place: String,
    },
    /// The operation takes a body, and there is none.
    NoBody,
    /// The body is not JSON.
    NotJson {
        /// What the parser says.
        reason: String,
    },
    /// A value is of another kind.
    WrongKind {
        /// Of what.
        place: String,
        /// What it has to be, as in `a whole number`.
        expected: &'static str,
        /// The text that was given, for a parameter that must be a whole number or a boolean.
        given: Option<String>,
    },
    /// A value is not one of its list.
    NotListed {
        /// Of what.
        place: String,
        /// The value.
        given: String,
        /// The values of the list.
        values: &'static [&'static str],
    },
    /// A text that must not be empty is.
    Empty {
        /// Which one.
        place: String,
    },
    /// A number is too small or too large.
    OutOfBounds {
        /// Of what.
        place: String,
        /// The number.
        given: String,
        /// The smallest that is allowed.
        minimum: Option<i64>,
        /// The largest that is allowed.
        maximum: Option<i64>,
    },
    /// None of several sets of fields is given completely.
    Incomplete {
        /// The object that lacks them.
        place: String,
        /// The sets, at least one of which has to be given.
        sets: &'static [&'static [&'static str]],
    },
    /// A path parameter is empty, `.` or `..`. A URL parser would drop that segment, so the request would go to another address,
    /// and a DELETE could delete something else.
    NotASegment {
        /// Which one.
        place: String,
    },
}

impl Violation {
    /// The parameter or field; empty for the body as a whole.
    pub fn place(&self) -> Cow<'_, str> {
        match self {
            Violation::NoBody | Violation::NotJson { .. } => Cow::Borrowed(""),
            Violation::Incomplete { place, sets } => {
                let first = sets.first().and_then(|set| set.first());
                Cow::Owned(within(place, first.copied().unwrap_or_default()))
            }
            Violation::Missing { place }
            | Violation::WrongKind { place, .. }
            | Violation::NotListed { place, .. }
            | Violation::Empty { place }
            | Violation::OutOfBounds { place, .. }
            | Violation::NotASegment { place } => Cow::Borrowed(place),
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Violation::Missing { place } => write!(out, "{} is missing", Named(place)),
            Violation::NoBody => out.write_str("it needs a body"),
            Violation::NotJson { reason } => write!(out, "its body is not JSON: {reason}"),
            Violation::WrongKind {
                place,
                expected,
                given: None,
            } => write!(out, "{} must be {expected}", Named(place)),
            Violation::WrongKind {
                place,
                expected,
                given: Some(given),
            } => write!(out, "{} must be {expected}, not `{given}`", Named(place)),
            Violation::NotListed { place, given, values } => write!(
                out,
                "{} must be one of {}, not `{given}`",
                Named(place),
                values.join(", ")
            ),
            Violation::Empty { place } => write!(out, "{} must not be empty", Named(place)),
            Violation::OutOfBounds {
                place,
                given,
                minimum,
                maximum,
            } => {
                let place = Named(place);
                // The bounds of 32 bits are worth a word only where they are the ones that the number breaks.
                let is_below =
                    minimum.is_some_and(|minimum| given.parse().is_ok_and(|it: f64| it < minimum as f64));
                let minimum = minimum.filter(|bound| is_below || *bound != i64::from(i32::MIN));
                let maximum = maximum.filter(|bound| !is_below || *bound != i64::from(i32::MAX));
                match (minimum, maximum) {
                    (Some(minimum), Some(maximum)) => {
                        write!(out, "{place} must be {minimum} to {maximum}, not {given}")
                    }
                    (Some(minimum), None) => write!(out, "{place} must be at least {minimum}, not {given}"),
                    (None, Some(maximum)) => write!(out, "{place} must be at most {maximum}, not {given}"),
                    (None, None) => write!(out, "{place} must not be {given}"),
                }
            }
            Violation::Incomplete { sets, .. } => {
                out.write_str("it needs ")?;
                for (index, set) in sets.iter().enumerate() {
                    let names: Vec<_> = set.iter().map(|name| format!("`{name}`")).collect();
                    let or = if index == 0 { "" } else { ", or " };
                    write!(out, "{or}{}", names.join(" with "))?;
                }
                Ok(())
            }
            Violation::NotASegment { place } => {
                write!(out, "{} must not be empty, `.` or `..`", Named(place))
            }
        }
    }
}

/// A place as a sentence names it.
struct Named<'a>(&'a str);

impl fmt::Display for Named<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            "" => out.write_str("the body"),
            place => write!(out, "`{place}`"),
        }
    }
}

/// Checks the values of a request against the rules, and collects the violations.
///
/// ```
/// use atera::description::{Check, Operation};
///
/// let list = Operation::find("tickets_list").unwrap();
/// let page = list.parameters.iter().find(|parameter| parameter.name == "page").unwrap();
///
/// let mut check = Check::new();
/// check.argument(page, "0");
/// assert_eq!(check.into_violations()[0].to_string(), "`page` must be at least 1, not 0");
/// ```
#[derive(Debug, Default)]
pub struct Check {
    lists_are_closed: bool,
    violations: Vec<Violation>,
}

impl Check {
    /// A check that accepts values that are missing in a list of known values, since Atera extends its lists.
    pub fn new() -> Self {
        Check::default()
    }

    /// The same check, which refuses values that are missing in a list of known values: most likely they are typing errors.
    #[must_use]
    pub fn with_closed_lists(mut self) -> Self {
        self.lists_are_closed = true;
        self
    }

    /// Checks a path or query parameter, given as text.
    pub fn argument(&mut self, parameter: &Parameter, text: &str) {
        let place = parameter.name;
        let wrong_kind = |expected| Violation::WrongKind {
            place: place.to_string(),
            expected,
            given: Some(text.to_string()),
        };
        match parameter.kind {
            Kind::Integer => match text.parse::<i64>() {
                Ok(number) => self.bounds(
                    number as f64,
                    &number,
                    parameter.minimum,
                    parameter.maximum,
                    || place.to_string(),
                ),
                Err(_) => self.violations.push(wrong_kind("a whole number")),
            },
            Kind::Boolean if parse_boolean(text).is_none() => {
                self.violations.push(wrong_kind("true or false"));
            }
            Kind::Enum { values, .. } => self.listed(text, values, place),
            kind => {
                if let Some(expected) = expected_text(&kind, text) {
                    let place = place.to_string();
                    self.violations.push(Violation::WrongKind {
                        place,
                        expected,
                        given: None,
                    });
                }
            }
        }
    }

    /// Checks that every required parameter is given. `is_given` says whether a parameter is given.
    pub fn required(&mut self, operation: &Operation, is_given: impl Fn(&Parameter) -> bool) {
        for parameter in operation.parameters {
            if parameter.required && !is_given(parameter) {
                self.violations.push(Violation::Missing {
                    place: parameter.name.to_string(),
                });
            }
        }
    }

    /// Checks a body.
    pub fn body(&mut self, kind: &Kind, body: &Value) {
        self.value(kind, body, "");
    }

    /// Reads a body as JSON, checks it, and returns its value, or `null` if it is not JSON.
    pub fn read_body(&mut self, kind: &Kind, body: Option<&[u8]>) -> Value {
        let Some(body) = body else {
            self.violations.push(Violation::NoBody);
            return Value::Null;
        };
        match serde_json::from_slice(body) {
            Ok(value) => {
                self.body(kind, &value);
                value
            }
            Err(error) => {
                let reason = error.to_string();
                self.violations.push(Violation::NotJson { reason });
                Value::Null
            }
        }
    }

    /// Adds a violation that was found by other code.
    pub(crate) fn push(&mut self, violation: Violation) {
        self.violations.push(violation);
    }

    /// The violations, in the order in which they were found.
    pub fn into_violations(self) -> Vec<Violation> {
        self.violations
    }

    fn value(&mut self, kind: &Kind, value: &Value, place: &str) {
        if let Some(expected) = expected(kind, value) {
            return self.violations.push(Violation::WrongKind {
                place: place.to_string(),
                expected,
                given: None,
            });
        }
        match kind {
            Kind::Enum { values, .. } => self.listed(value.as_str().unwrap_or_default(), values, place),
            Kind::Array(kind) => {
                for (index, value) in value.as_array().into_iter().flatten().enumerate() {
                    self.value(kind, value, &format!("{place}[{index}]"));
                }
            }
            Kind::Object(schema) => self.object(schema, value, place),
            _ => {}
        }
    }

    fn listed(&mut self, given: &str, values: &'static [&'static str], place: &str) {
        let is_known = values.iter().any(|known| known.eq_ignore_ascii_case(given));
        if self.lists_are_closed && !is_known {
            self.violations.push(Violation::NotListed {
                place: place.to_string(),
                given: given.to_string(),
                values,
            });
        }
    }

    fn object(&mut self, schema: &Schema, value: &Value, place: &str) {
        let Value::Object(object) = value else { return };
        let is_given = |name: &str| match object.get(name) {
            None | Some(Value::Null) => false,
            Some(Value::String(text)) => !text.trim().is_empty(),
            Some(_) => true,
        };
        for field in schema.fields {
            let of_field = || within(place, field.name);
            match object.get(field.name) {
                None | Some(Value::Null) if field.required => {
                    self.violations.push(Violation::Missing { place: of_field() });
                }
                None | Some(Value::Null) => {}
                Some(value) => {
                    self.value(&field.kind, value, &of_field());
                    if let Some(number) = value.as_f64() {
                        self.bounds(number, value, field.minimum, field.maximum, of_field);
                    }
                    if field.min_length > 0 && !is_given(field.name) {
                        self.violations.push(Violation::Empty { place: of_field() });
                    }
                }
            }
        }
        let is_complete = |set: &&[&str]| set.iter().all(|name| is_given(name));
        if !schema.requires.is_empty() && !schema.requires.iter().any(is_complete) {
            self.violations.push(Violation::Incomplete {
                place: place.to_string(),
                sets: schema.requires,
            });
        }
    }

    fn bounds(
        &mut self,
        number: f64,
        given: &dyn fmt::Display,
        minimum: Option<i64>,
        maximum: Option<i64>,
        place: impl Fn() -> String,
    ) {
        let is_below = minimum.is_some_and(|minimum| number < minimum as f64);
        let is_above = maximum.is_some_and(|maximum| number > maximum as f64);
        if is_below || is_above {
            self.violations.push(Violation::OutOfBounds {
                place: place(),
                given: given.to_string(),
                minimum,
                maximum,
            });
        }
    }
}

/// What a value of this kind has to be, if this one is not. What lies within arrays and objects is not looked at.
pub fn expected(kind: &Kind, value: &Value) -> Option<&'static str> {
    let (fits, expected) = match kind {
        Kind::Integer => (value.is_i64() || value.is_u64(), "a whole number"),
        Kind::Number => (value.is_number(), "a number"),
        Kind::Boolean => (value.is_boolean(), "true or false"),
        Kind::Array(_) => (value.is_array(), "an array"),
        Kind::Object(_) | Kind::Map(_) => (value.is_object(), "an object"),
        Kind::ActionId | Kind::Any => (true, ""),
        Kind::Text | Kind::Enum { .. } => (value.is_string(), "text"),
        // No time and no UUID is empty.
        kind => return expected_text(kind, value.as_str().unwrap_or_default()),
    };
    (!fits).then_some(expected)
}

/// What a text of this kind has to be, if this one is not.
fn expected_text(kind: &Kind, text: &str) -> Option<&'static str> {
    let (fits, expected) = match kind {
        Kind::Number => (text.parse::<f64>().is_ok(), "a number"),
        Kind::Uuid => (uuid::Uuid::parse_str(text).is_ok(), "a UUID"),
        Kind::Date => (text.parse::<chrono::NaiveDate>().is_ok(), "a date, yyyy-MM-dd"),
        Kind::Timestamp => (
            text.parse::<Timestamp>().is_ok(),
            "a point in time, as in 2026-03-02T08:15:00Z",
        ),
        Kind::AccountTime => (
            text.parse::<AccountTime>().is_ok(),
            "a time in the account's zone without an offset, yyyy-MM-dd or yyyy-MM-ddTHH:mm:ss",
        ),
        _ => (true, ""),
    };
    (!fits).then_some(expected)
}

/// `true` or `false` in any letter case: some languages write `True`, and .NET reads it.
pub fn parse_boolean(text: &str) -> Option<bool> {
    let is = |word: &str| text.eq_ignore_ascii_case(word);
    is("true")
        .then_some(true)
        .or_else(|| is("false").then_some(false))
}

fn within(place: &str, name: &str) -> String {
    match place {
        "" => name.to_string(),
        place => format!("{place}.{name}"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn violations(check: &mut Check, id: &str, body: &Value) -> Vec<(String, String)> {
        let operation = Operation::find(id).expect(id);
        check.body(&operation.body.expect("a body"), body);
        let found = check.violations.drain(..);
        found
            .map(|it| (it.place().into_owned(), it.to_string()))
            .collect()
    }

    #[test]
    fn every_violation_is_found_under_the_path_of_its_field() {
        let body = json!({
            "CommentText": " ",
            "TechnicianCommentDetails": {"TechnicianId": "seven"},
        });
        let found = violations(&mut Check::new(), "tickets_add_comment", &body);
        assert_eq!(
            found,
            [
                (
                    "CommentText".to_string(),
                    "`CommentText` must not be empty".to_string()
                ),
                (
                    "TechnicianCommentDetails.TechnicianId".to_string(),
                    "`TechnicianCommentDetails.TechnicianId` must be a whole number".to_string()
                ),
            ]
        );
    }

    #[test]
    fn either_or_rules_name_every_way_out() {
        let body = json!({"TicketTitle": "T", "Description": "D", "EndUserEmail": "a@b.example"});
        let found = violations(&mut Check::new(), "tickets_create", &body);
        let reason = "it needs `EndUserID`, or `EndUserFirstName` with `EndUserLastName` with \
                      `EndUserEmail`";
        assert_eq!(found, [("EndUserID".to_string(), reason.to_string())]);
    }

    #[test]
    fn a_value_that_a_list_lacks_is_refused_only_where_lists_are_closed() {
        let body = json!({"TicketPriority": "Urgent", "TicketType": "incident"});
        let mut open = Check::new();
        assert!(violations(&mut open, "tickets_update", &body).is_empty());
        let mut closed = Check::new().with_closed_lists();
        let reason = "`TicketPriority` must be one of Low, Medium, High, Critical, not `Urgent`";
        assert_eq!(
            violations(&mut closed, "tickets_update", &body),
            [("TicketPriority".to_string(), reason.to_string())]
        );
    }
}
