//! What is answered, and how it goes over the wire.

use std::collections::BTreeMap;

use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use serde::{Serialize, Serializer, ser::SerializeMap};

use super::record::Record;
use crate::{Schema, check::Violation};

/// Properties that the guide shows and the published document lacks; they are not answered.
const GUIDE_ONLY: [&str; 3] = ["totalItems", "TicketID", "Success"];

/// An answer to a request that went well.
#[derive(Debug)]
pub(super) enum Answer {
    /// One record.
    Record(Box<Record>),
    /// One page of a list.
    Page(Page),
    /// The id of a record that was made.
    Created(i64),
    /// The id of a record that was changed.
    Updated(i64),
    /// Nothing, where there is nothing to say.
    Empty,
}

/// One page of a list.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) schema: &'static Schema,
    pub(super) records: Vec<Record>,
    pub(super) page: i64,
    pub(super) items_in_page: i64,
    pub(super) total: i64,
    pub(super) total_pages: i64,
    pub(super) prev_link: String,
    pub(super) next_link: String,
}

/// An answer to a request that was refused, as RFC 7807 has it.
#[derive(Debug, Serialize)]
pub(super) struct Problem {
    #[serde(rename = "type")]
    kind: &'static str,
    title: &'static str,
    #[serde(serialize_with = "as_number")]
    status: StatusCode,
    detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    instance: Option<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    errors: BTreeMap<String, Vec<String>>,
}

impl Problem {
    pub(super) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Problem {
            kind: "about:blank",
            title: status.canonical_reason().unwrap_or_default(),
            status,
            detail: detail.into(),
            instance: None,
            errors: BTreeMap::new(),
        }
    }

    /// The request breaks rules.
    pub(super) fn invalid(violations: Vec<Violation>) -> Self {
        let reasons: Vec<&str> = violations
            .iter()
            .map(|violation| violation.reason.as_str())
            .collect();
        let mut problem = Problem::new(StatusCode::BAD_REQUEST, reasons.join("; "));
        problem.title = "One or more validation errors occurred.";
        for violation in violations {
            // The body as a whole goes under the name that JSONPath has for it.
            let field = match violation.field {
                field if field.is_empty() => "$".to_string(),
                field => field,
            };
            problem.errors.entry(field).or_default().push(violation.reason);
        }
        problem
    }

    /// Names the path that was asked for.
    pub(super) fn at(mut self, path: &str) -> Self {
        self.instance = Some(path.to_string());
        self
    }

    pub(super) fn into_response(self) -> Response {
        json(self.status, "application/problem+json; charset=utf-8", &self)
    }
}

impl Answer {
    pub(super) fn into_response(self) -> Response {
        const JSON: &str = "application/json; charset=utf-8";
        match self {
            Answer::Record(record) => json(StatusCode::OK, JSON, &record),
            Answer::Page(page) => json(StatusCode::OK, JSON, &page),
            Answer::Created(id) => json(StatusCode::CREATED, JSON, &ActionResult(id)),
            Answer::Updated(id) => json(StatusCode::OK, JSON, &ActionResult(id)),
            Answer::Empty => empty(StatusCode::NO_CONTENT),
        }
    }
}

impl Serialize for Page {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for name in published(self.schema) {
            match name {
                "items" => map.serialize_entry(name, &self.records)?,
                "page" => map.serialize_entry(name, &self.page)?,
                "itemsInPage" => map.serialize_entry(name, &self.items_in_page)?,
                "totalItemCount" => map.serialize_entry(name, &self.total)?,
                "totalPages" => map.serialize_entry(name, &self.total_pages)?,
                "prevLink" => map.serialize_entry(name, &self.prev_link)?,
                "nextLink" => map.serialize_entry(name, &self.next_link)?,
                _ => map.serialize_entry(name, &())?,
            }
        }
        map.end()
    }
}

/// The answer to a write: the id of the record, as text in the published document.
struct ActionResult(i64);

impl Serialize for ActionResult {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for name in published(super::entity::described("ActionResult")) {
            match name {
                "ActionID" => map.serialize_entry(name, &self.0.to_string())?,
                _ => map.serialize_entry(name, &())?,
            }
        }
        map.end()
    }
}

/// The properties of an envelope that the published document has.
fn published(schema: &'static Schema) -> impl Iterator<Item = &'static str> {
    let names = schema.fields.iter().map(|field| field.name);
    names.filter(|name| !GUIDE_ONLY.contains(name))
}

/// An answer without a body.
pub(super) fn empty(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

fn json(status: StatusCode, content_type: &'static str, value: &impl Serialize) -> Response {
    let Ok(text) = serde_json::to_vec(value) else {
        return empty(StatusCode::INTERNAL_SERVER_ERROR);
    };
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    let content_type = HeaderValue::from_static(content_type);
    response.headers_mut().insert(header::CONTENT_TYPE, content_type);
    response
}

fn as_number<S: Serializer>(status: &StatusCode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u16(status.as_u16())
}
