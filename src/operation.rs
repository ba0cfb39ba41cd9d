//! The description as data, and the checks that follow from it.
//!
//! [`OPERATIONS`](crate::OPERATIONS) and [`SCHEMAS`](crate::SCHEMAS) are generated from `spec/atera-v3.yaml`. The command
//! line, the sandbox and the tests read them, and every request is checked against its operation before it is sent.

use std::borrow::Cow;

use http::Method;
use serde_json::Value;

use crate::{AccountTime, Error, Timestamp};

/// One operation of the API.
#[derive(Debug)]
#[non_exhaustive]
pub struct Operation {
    /// Name of the operation: its group, an underscore and its verb, as in `tickets_list`.
    pub id: &'static str,
    /// Group of operations that it belongs to, as in `tickets`.
    pub group: &'static str,
    /// What it does within its group, as in `list`.
    pub verb: &'static str,
    /// HTTP method.
    pub method: Method,
    /// Path below the base URL, with its parameters in braces.
    pub path: &'static str,
    /// Which document it comes from.
    pub source: Source,
    /// What it does, in a few words.
    pub summary: &'static str,
    /// What it does, in a few sentences.
    pub description: &'static str,
    /// Whether it changes nothing: a GET, or a POST that only asks (its verb begins with `query`).
    pub reads: bool,
    /// Whether sending it twice does the same as sending it once. Only a create is not so.
    pub idempotent: bool,
    /// Whether it answers pages.
    pub list: bool,
    /// Whether it is ordered by a growing key when no filter is set.
    pub append: bool,
    /// Whether it reads slowly changing reference data.
    pub cache: bool,
    /// Path and query parameters.
    pub parameters: &'static [Parameter],
    /// What the request body is, if there is one.
    pub body: Option<Kind>,
    /// What the body of a success is, if one is documented.
    pub answer: Option<Kind>,
}

/// Which document an operation comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Source {
    /// Atera's own OpenAPI document.
    Published,
    /// The guide that this client was made for, and not the published document.
    Guide,
}

/// A path or query parameter.
#[derive(Debug)]
#[non_exhaustive]
pub struct Parameter {
    /// Name on the wire.
    pub name: &'static str,
    /// Where it goes.
    pub location: Location,
    /// Whether it must be given.
    pub required: bool,
    /// What its values are.
    pub kind: Kind,
    /// Smallest value.
    pub minimum: Option<i64>,
    /// Largest value.
    pub maximum: Option<i64>,
    /// What it means.
    pub description: &'static str,
    /// A value that it may have.
    pub example: &'static str,
}

/// Where a parameter goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Location {
    /// A segment of the path.
    Path,
    /// A pair of the query.
    Query,
}

/// What values are.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Kind {
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// Any text.
    Text,
    /// A UUID, which Atera calls a guid.
    Uuid,
    /// A date, `2026-03-02`.
    Date,
    /// A point in time, see [`Timestamp`].
    Timestamp,
    /// A time in the account's zone, see [`AccountTime`].
    AccountTime,
    /// The id in the answer to a write, see [`ActionId`](crate::ActionId).
    ActionId,
    /// One of a list of values that Atera may extend.
    Enum {
        /// Name of the list.
        name: &'static str,
        /// The values known today.
        values: &'static [&'static str],
    },
    /// An object of the named fields.
    Object(&'static Schema),
    /// An array.
    Array(&'static Kind),
    /// An object with any names.
    Map(&'static Kind),
    /// Anything.
    Any,
}

/// An object of the API.
#[derive(Debug)]
#[non_exhaustive]
pub struct Schema {
    /// Name of the type, as in [`types`](crate::types).
    pub name: &'static str,
    /// What it is.
    pub description: &'static str,
    /// The field that identifies a record.
    pub key: Option<&'static str>,
    /// Sets of fields, at least one of which must be given completely.
    pub requires: &'static [&'static [&'static str]],
    /// Its fields, in the order of the description.
    pub fields: &'static [Field],
}

/// A field of an object.
#[derive(Debug)]
#[non_exhaustive]
pub struct Field {
    /// Name on the wire.
    pub name: &'static str,
    /// What it means; empty where the name says it all.
    pub description: &'static str,
    /// What its values are.
    pub kind: Kind,
    /// Whether it must be given.
    pub required: bool,
    /// Whether it is documented to be null at times.
    pub nullable: bool,
    /// Whether Atera discourages its use.
    pub deprecated: bool,
    /// Fewest characters of a text.
    pub min_length: u32,
    /// Smallest value.
    pub minimum: Option<i64>,
    /// Largest value.
    pub maximum: Option<i64>,
}

impl Operation {
    /// The operation of this name.
    ///
    /// ```
    /// let operation = atera::Operation::find("tickets_create").unwrap();
    /// assert_eq!(operation.path, "/tickets");
    /// assert!(!operation.idempotent);
    /// ```
    pub fn find(id: &str) -> Option<&'static Operation> {
        crate::OPERATIONS.iter().find(|operation| operation.id == id)
    }

    /// Whether it makes something anew each time it is sent.
    pub fn creates(&self) -> bool {
        !self.idempotent
    }

    /// The fields of the records that a list answers.
    pub fn record(&self) -> Option<&'static Schema> {
        let Some(Kind::Object(page)) = self.answer else {
            return None;
        };
        let items = page
            .fields
            .iter()
            .find(|field| self.list && field.name == "items")?;
        match items.kind {
            Kind::Array(Kind::Object(record)) => Some(record),
            _ => None,
        }
    }

    /// Checks a request before anything is sent: each path parameter is one segment, and parameters and body keep
    /// within what the description says. `path` and `query` are as they go over the wire, `path` below the base URL.
    pub(crate) fn check(&self, path: &str, query: Option<&str>, body: Option<&[u8]>) -> Result<(), Error> {
        self.check_path(path)?;
        for (name, value) in url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            if let Some(parameter) = self
                .parameters
                .iter()
                .find(|it| it.name.eq_ignore_ascii_case(&name))
            {
                self.check_parameter(parameter, value)?;
            }
        }
        match (self.body, body) {
            (None, _) => Ok(()),
            (Some(_), None) => Err(self.invalid("it needs a body".into())),
            (Some(kind), Some(body)) => {
                let body = serde_json::from_slice(body)
                    .map_err(|error| self.invalid(format!("its body is not JSON: {error}")))?;
                kind.check(&body, "the body")
                    .map_err(|reason| self.invalid(reason))
            }
        }
    }

    /// A parameter that is empty, `.` or `..` does not survive as a segment of its own: the address then names
    /// another thing, and a DELETE would hit it.
    fn check_path(&self, path: &str) -> Result<(), Error> {
        let mut segments = path.split('/');
        for template in self.path.split('/') {
            let segment = segments.next();
            match template.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
                None if segment == Some(template) => {}
                Some(name) if segment.is_some_and(|segment| !segment.is_empty()) => {
                    let parameter = self.parameters.iter().find(|it| it.name == name);
                    if let (Some(parameter), Some(segment)) = (parameter, segment) {
                        self.check_parameter(parameter, percent_decoded(segment))?;
                    }
                }
                _ => return Err(self.not_a_segment()),
            }
        }
        if segments.next().is_some() {
            Err(self.not_a_segment())
        } else {
            Ok(())
        }
    }

    fn not_a_segment(&self) -> Error {
        let names: Vec<_> = self
            .parameters
            .iter()
            .filter(|parameter| parameter.location == Location::Path)
            .map(|parameter| format!("`{}`", parameter.name))
            .collect();
        self.invalid(format!("{} must not be empty, `.` or `..`", names.join(" and ")))
    }

    fn check_parameter(&self, parameter: &Parameter, value: Cow<'_, str>) -> Result<(), Error> {
        let value = match parameter.kind {
            Kind::Integer => Value::from(value.parse::<i64>().map_err(|_| {
                self.invalid(format!(
                    "`{}` must be a whole number, and `{value}` is none",
                    parameter.name
                ))
            })?),
            Kind::Boolean => Value::from(value.parse::<bool>().map_err(|_| {
                self.invalid(format!(
                    "`{}` must be true or false, not `{value}`",
                    parameter.name
                ))
            })?),
            _ => Value::from(value.into_owned()),
        };
        let name = format!("`{}`", parameter.name);
        parameter
            .kind
            .check(&value, &name)
            .and_then(|()| in_bounds(&value, parameter.minimum, parameter.maximum, &name))
            .map_err(|reason| self.invalid(reason))
    }

    fn invalid(&self, reason: String) -> Error {
        Error::invalid_request(format!("{} was not sent: {reason}", self.id)).with_operation(self)
    }
}

impl Parameter {
    /// What the generated table leaves out.
    pub(crate) const PLAIN: Parameter = Parameter {
        name: "",
        location: Location::Query,
        required: false,
        kind: Kind::Any,
        minimum: None,
        maximum: None,
        description: "",
        example: "",
    };
}

impl Field {
    /// What the generated table leaves out.
    pub(crate) const PLAIN: Field = Field {
        name: "",
        description: "",
        kind: Kind::Any,
        required: false,
        nullable: false,
        deprecated: false,
        min_length: 0,
        minimum: None,
        maximum: None,
    };
}

impl Kind {
    /// Checks a JSON value; `place` names it in the message. Values that a closed list lacks are let through, since
    /// Atera extends its lists.
    pub(crate) fn check(&self, value: &Value, place: &str) -> Result<(), String> {
        let fits = |fits: bool, what: &str| match fits {
            true => Ok(()),
            false => Err(format!("{place} must be {what}")),
        };
        match self {
            Kind::Integer => fits(value.is_i64() || value.is_u64(), "a whole number"),
            Kind::Number => fits(value.is_number(), "a number"),
            Kind::Boolean => fits(value.is_boolean(), "true or false"),
            Kind::Text | Kind::Enum { .. } => fits(value.is_string(), "text"),
            Kind::Uuid => fits(text(value, |text| uuid::Uuid::parse_str(text).is_ok()), "a UUID"),
            Kind::Date => fits(
                text(value, |text| text.parse::<chrono::NaiveDate>().is_ok()),
                "a date, yyyy-MM-dd",
            ),
            Kind::Timestamp => fits(
                text(value, |text| text.parse::<Timestamp>().is_ok()),
                "a point in time, as in 2026-03-02T08:15:00Z",
            ),
            Kind::AccountTime => fits(
                text(value, |text| text.parse::<AccountTime>().is_ok()),
                "a time in the account's zone without an offset, yyyy-MM-dd or yyyy-MM-ddTHH:mm:ss",
            ),
            Kind::Array(kind) => {
                let Value::Array(values) = value else {
                    return fits(false, "an array");
                };
                values
                    .iter()
                    .enumerate()
                    .try_for_each(|(index, value)| kind.check(value, &format!("{place}[{index}]")))
            }
            Kind::Object(schema) => schema.check(value, place),
            Kind::Map(_) => fits(value.is_object(), "an object"),
            Kind::ActionId | Kind::Any => Ok(()),
        }
    }
}

impl Schema {
    /// The schema of this name.
    pub fn find(name: &str) -> Option<&'static Schema> {
        crate::SCHEMAS.iter().copied().find(|schema| schema.name == name)
    }

    fn check(&self, value: &Value, place: &str) -> Result<(), String> {
        let Value::Object(object) = value else {
            return Err(format!("{place} must be an object"));
        };
        let given = |name: &str| match object.get(name) {
            None | Some(Value::Null) => false,
            Some(Value::String(text)) => !text.trim().is_empty(),
            Some(_) => true,
        };
        for field in self.fields {
            let place = || match place {
                "the body" => format!("`{}`", field.name),
                _ => format!("`{}` of {place}", field.name),
            };
            match object.get(field.name) {
                None | Some(Value::Null) if field.required => return Err(format!("{} is missing", place())),
                None | Some(Value::Null) => {}
                Some(value) => {
                    field.kind.check(value, &place())?;
                    in_bounds(value, field.minimum, field.maximum, &place())?;
                    if field.min_length > 0 && !given(field.name) {
                        return Err(format!("{} must not be empty", place()));
                    }
                }
            }
        }
        if self.requires.is_empty() || self.requires.iter().any(|set| set.iter().all(|name| given(name))) {
            return Ok(());
        }
        let sets: Vec<_> = self
            .requires
            .iter()
            .map(|set| {
                set.iter()
                    .map(|name| format!("`{name}`"))
                    .collect::<Vec<_>>()
                    .join(" with ")
            })
            .collect();
        Err(format!(
            "{} is missing; give {}",
            if sets.len() > 1 { "one of them" } else { "it" },
            sets.join(", or ")
        ))
    }
}

fn text(value: &Value, fits: impl Fn(&str) -> bool) -> bool {
    value.as_str().is_some_and(fits)
}

fn in_bounds(value: &Value, minimum: Option<i64>, maximum: Option<i64>, place: &str) -> Result<(), String> {
    let Some(number) = value.as_f64() else {
        return Ok(());
    };
    let below = minimum.is_some_and(|minimum| number < minimum as f64);
    let above = maximum.is_some_and(|maximum| number > maximum as f64);
    match (below || above, minimum, maximum) {
        (false, ..) => Ok(()),
        (true, Some(minimum), Some(maximum)) => {
            Err(format!("{place} must be {minimum} to {maximum}, not {value}"))
        }
        (true, Some(minimum), None) => Err(format!("{place} must be at least {minimum}, not {value}")),
        (true, _, Some(maximum)) => Err(format!("{place} must be at most {maximum}, not {value}")),
        (true, None, None) => Ok(()),
    }
}

fn percent_decoded(segment: &str) -> Cow<'_, str> {
    if segment.contains('%') {
        percent_encoding::percent_decode_str(segment).decode_utf8_lossy()
    } else {
        Cow::Borrowed(segment)
    }
}
