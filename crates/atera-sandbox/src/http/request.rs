//! A request of an operation, checked by the rules of the description.

use std::borrow::Cow;

use atera::{
    Timestamp,
    description::{Check, Kind, Location, Operation, PAGE_SIZE, Parameter, is_paging, parse_boolean},
};
use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use super::problem::Problem;
use crate::world::{FieldError, Shape, Zone, without_unknown_fields};

/// A request that breaks no rule of the description. Handlers need not check kinds, bounds and required fields again.
#[derive(Debug)]
pub(crate) struct OperationRequest {
    pub(crate) operation: &'static Operation,
    /// Path below the base URL, as it was sent.
    pub(crate) path: String,
    arguments: Vec<(&'static Parameter, String)>,
    /// The fields of the body. Those that the description does not have are gone, since the service ignores them.
    pub(crate) body: Map<String, Value>,
    /// The numbers of a body that is an array of numbers.
    numbers: Vec<i64>,
}

impl OperationRequest {
    /// Checks a request.
    ///
    /// # Errors
    ///
    /// A 400 that names everything that breaks a rule.
    pub(crate) fn new(
        operation: &'static Operation,
        path: &str,
        path_arguments: Vec<(&'static Parameter, Cow<'_, str>)>,
        query: &str,
        body: &[u8],
    ) -> Result<Self, Problem> {
        let mut arguments = path_arguments;
        for (parameter, text) in operation.query_arguments(query) {
            // As in .NET, the first of several values counts, and an empty value counts as none.
            let is_first = arguments.iter().all(|(other, _)| other.name != parameter.name);
            if is_first && !text.is_empty() {
                arguments.push((parameter, capped(parameter, text)));
            }
        }
        let mut check = Check::new().with_closed_lists();
        for (parameter, text) in &arguments {
            check.argument(parameter, text);
        }
        check.required(operation, |parameter| {
            arguments.iter().any(|(given, _)| given.name == parameter.name)
        });
        let body = match operation.body {
            Some(kind) => check.read_body(&kind, Some(body).filter(|body| !body.is_empty())),
            None => Value::Null,
        };
        let violations = check.into_violations();
        if !violations.is_empty() {
            let errors = violations.into_iter().map(FieldError::from);
            return Err(Problem::invalid(errors.collect()));
        }
        let arguments = arguments.into_iter();
        Ok(OperationRequest {
            operation,
            path: path.to_string(),
            arguments: arguments
                .map(|(parameter, text)| (parameter, text.into_owned()))
                .collect(),
            numbers: numbers(&body),
            body: known_fields(operation, body),
        })
    }

    /// The id in the path; 0, which no record has, if the path has none.
    pub(crate) fn id(&self) -> i64 {
        let in_path = |parameter: &&Parameter| parameter.location == Location::Path;
        let parameter = self.operation.parameters.iter().find(in_path);
        parameter
            .and_then(|parameter| self.number(parameter.name))
            .unwrap_or_default()
    }

    /// A parameter as text; none if it is not given.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        let argument = self
            .arguments
            .iter()
            .find(|(parameter, _)| parameter.name == name);
        argument.map(|(_, text)| text.as_str())
    }

    /// A parameter as a whole number.
    pub(crate) fn number(&self, name: &str) -> Option<i64> {
        self.text(name)?.parse().ok()
    }

    /// Whether a parameter is `true`.
    pub(crate) fn is_set(&self, name: &str) -> bool {
        self.text(name).and_then(parse_boolean).unwrap_or_default()
    }

    /// A parameter as a point in time.
    pub(crate) fn time(&self, name: &str) -> Option<DateTime<Utc>> {
        let time: Timestamp = self.text(name)?.parse().ok()?;
        Some(time.to_utc())
    }

    /// A parameter as a time by the clocks of the account.
    pub(crate) fn local_time(&self, name: &str, zone: &Zone) -> Option<DateTime<Utc>> {
        // The check refuses an offset, so the text is what the clocks show, and `time` reads it as if it were UTC.
        Some(zone.utc(self.time(name)?.naive_utc()))
    }

    /// The numbers of a body that is an array of numbers.
    pub(crate) fn numbers(&self) -> impl Iterator<Item = i64> {
        self.numbers.iter().copied()
    }

    /// The shape of the record or records that the operation answers, outside of pages.
    pub(crate) fn answer_shape(&self) -> Option<&'static Shape> {
        match self.operation.answer? {
            Kind::Object(schema) => Some(Shape::of(schema)),
            Kind::Array(Kind::Object(schema)) => Some(Shape::of(schema)),
            _ => None,
        }
    }

    /// The fields of the body that are not null. In a create null means the same as nothing; in an update it clears a
    /// field.
    pub(crate) fn given(&self) -> Map<String, Value> {
        let mut given = self.body.clone();
        given.retain(|_, value| !value.is_null());
        given
    }

    /// The arguments in path and query, without the page.
    pub(crate) fn conditions(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.without_page()
            .map(|(parameter, text)| (parameter.name, text))
    }

    /// The arguments in the query, without the page. Links between pages keep them.
    pub(crate) fn filters(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.without_page()
            .filter(|(parameter, _)| parameter.location == Location::Query)
            .map(|(parameter, text)| (parameter.name, text))
    }

    fn without_page(&self) -> impl Iterator<Item = (&'static Parameter, &str)> {
        self.arguments
            .iter()
            .filter(|(parameter, _)| !is_paging(parameter.name))
            .map(|(parameter, text)| (*parameter, text.as_str()))
    }
}

/// Lowers a page size above the maximum to the maximum. The service does so with `itemsInPage`, and refuses other
/// parameters that are too large.
fn capped<'a>(parameter: &Parameter, text: Cow<'a, str>) -> Cow<'a, str> {
    match (parameter.name, parameter.maximum, text.parse::<i64>()) {
        (PAGE_SIZE, Some(maximum), Ok(size)) if size > maximum => maximum.to_string().into(),
        _ => text,
    }
}

/// The whole numbers in an array; none if the body is not an array.
fn numbers(body: &Value) -> Vec<i64> {
    let values = body.as_array().into_iter().flatten();
    values.filter_map(Value::as_i64).collect()
}

/// The fields of a body that is an object; none otherwise.
fn known_fields(operation: &Operation, body: Value) -> Map<String, Value> {
    match operation.body.map(|kind| without_unknown_fields(&kind, body)) {
        Some(Value::Object(body)) => body,
        _ => Map::new(),
    }
}
