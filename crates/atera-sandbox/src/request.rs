//! A request of an operation, checked by the rules of the description.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use super::{answer::Problem, field_error::FieldError, record::known, shape::Shape, zone::Zone};
use atera::{
    Timestamp,
    description::{Check, Kind, Location, Operation, Parameter, parse_boolean},
};

/// A request that keeps the rules.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) operation: &'static Operation,
    /// Path below the base URL, as it was asked for.
    pub(super) path: String,
    arguments: Vec<(&'static Parameter, String)>,
    /// The fields of the body that the description knows; others are ignored.
    pub(super) body: Map<String, Value>,
    /// The numbers of a body that is an array of them.
    numbers: Vec<i64>,
}

impl Request {
    /// Checks the parts of a request and puts them together.
    pub(super) fn new(
        operation: &'static Operation,
        path: &str,
        in_path: Vec<(&'static Parameter, Cow<'_, str>)>,
        query: &str,
        body: &[u8],
    ) -> Result<Self, Problem> {
        let mut given = in_path;
        for (parameter, text) in operation.query_arguments(query) {
            // The first of several counts, and what is empty is not given, as in .NET.
            let is_new = given.iter().all(|(it, _)| it.name != parameter.name);
            if is_new && !text.is_empty() {
                given.push((parameter, capped(parameter, text)));
            }
        }
        let mut check = Check::new().with_closed_lists();
        for (parameter, text) in &given {
            check.argument(parameter, text);
        }
        check.required(operation, |parameter| {
            given.iter().any(|(given, _)| given.name == parameter.name)
        });
        let body = match operation.body {
            Some(kind) => check.read_body(&kind, Some(body).filter(|body| !body.is_empty())),
            None => Value::Null,
        };
        let violations = check.into_violations();
        if !violations.is_empty() {
            return Err(Problem::invalid(
                violations.into_iter().map(FieldError::from).collect(),
            ));
        }
        Ok(Request {
            operation,
            path: path.to_string(),
            arguments: given
                .into_iter()
                .map(|(parameter, text)| (parameter, text.into_owned()))
                .collect(),
            numbers: numbers(&body),
            body: known_fields(operation, body),
        })
    }

    /// The id in the path.
    pub(super) fn id(&self) -> i64 {
        let in_path = |parameter: &&Parameter| parameter.location == Location::Path;
        let parameter = self.operation.parameters.iter().find(in_path);
        parameter
            .and_then(|parameter| self.number(parameter.name))
            .unwrap_or_default()
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        let argument = self
            .arguments
            .iter()
            .find(|(parameter, _)| parameter.name == name);
        argument.map(|(_, text)| text.as_str())
    }

    pub(super) fn number(&self, name: &str) -> Option<i64> {
        self.text(name)?.parse().ok()
    }

    /// Whether a flag is given and set.
    pub(super) fn flag(&self, name: &str) -> bool {
        self.text(name).and_then(parse_boolean).unwrap_or_default()
    }

    /// A point in time.
    pub(super) fn time(&self, name: &str) -> Option<DateTime<Utc>> {
        let time: Timestamp = self.text(name)?.parse().ok()?;
        Some(time.to_utc())
    }

    /// A time in the account's zone.
    pub(super) fn local_time(&self, name: &str, zone: &Zone) -> Option<DateTime<Utc>> {
        // It was checked to have no offset, so that what it shows is what the account's clocks show.
        Some(zone.utc(self.time(name)?.naive_utc()))
    }

    /// The numbers of a body that is an array of them.
    pub(super) fn numbers(&self) -> impl Iterator<Item = i64> {
        self.numbers.iter().copied()
    }

    /// The schema of the records that are answered, one or several.
    pub(super) fn answered(&self) -> Option<&'static Shape> {
        match self.operation.answer? {
            Kind::Object(schema) => Some(Shape::of(schema)),
            Kind::Array(Kind::Object(schema)) => Some(Shape::of(schema)),
            _ => None,
        }
    }

    /// The fields of the body that are given and not null.
    pub(super) fn given(&self) -> Map<String, Value> {
        let mut given = self.body.clone();
        given.retain(|_, value| !value.is_null());
        given
    }

    /// What was asked for in path and query besides the page.
    pub(super) fn conditions(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.asked().map(|(parameter, text)| (parameter.name, text))
    }

    /// What was asked for in the query besides the page.
    pub(super) fn filters(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let asked = self.asked();
        asked
            .filter(|(parameter, _)| parameter.location == Location::Query)
            .map(|(parameter, text)| (parameter.name, text))
    }

    fn asked(&self) -> impl Iterator<Item = (&'static Parameter, &str)> {
        self.arguments
            .iter()
            .filter(|(parameter, _)| !["page", "itemsInPage"].contains(&parameter.name))
            .map(|(parameter, text)| (*parameter, text.as_str()))
    }
}

/// The service does not refuse a page size above its most, but takes it for that.
fn capped<'a>(parameter: &Parameter, text: Cow<'a, str>) -> Cow<'a, str> {
    match (parameter.name, parameter.maximum, text.parse::<i64>()) {
        ("itemsInPage", Some(most), Ok(size)) if size > most => most.to_string().into(),
        _ => text,
    }
}

fn numbers(body: &Value) -> Vec<i64> {
    let values = body.as_array().into_iter().flatten();
    values.filter_map(Value::as_i64).collect()
}

fn known_fields(operation: &Operation, body: Value) -> Map<String, Value> {
    match operation.body.map(|kind| known(&kind, body)) {
        Some(Value::Object(body)) => body,
        _ => Map::new(),
    }
}
