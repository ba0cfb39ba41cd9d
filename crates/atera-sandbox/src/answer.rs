//! What is answered, and how it goes over the wire in either dialect.

use std::collections::BTreeMap;

use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::{Map, Value, json};

use super::{
    dialect::Dialect,
    field_error::FieldError,
    record::{InDialect, Record, Shaped},
};
use atera::description::{Kind, Operation, Schema, Source};

/// An answer to a request that went well.
#[derive(Debug)]
pub(super) enum Answer {
    /// One record.
    Record(Box<Record>),
    /// An array of records, without pages.
    Records(Vec<Record>),
    /// One page of a list.
    Page(Page),
    /// Whatever else the operation answers; what it has of objects is completed.
    Value(Value),
    /// The id of a record that was made.
    Created(Id),
    /// The device that was made.
    CreatedDevice { id: i64, guid: String },
    /// The id of a record that was changed.
    Updated(Id),
    /// The id of a record that was deleted.
    Deleted(Id),
    /// Nothing, where there is nothing to say.
    Empty,
}

/// What identifies a record in the answer to a write.
#[derive(Debug)]
pub(super) enum Id {
    Number(i64),
    Guid(String),
}

impl From<i64> for Id {
    fn from(number: i64) -> Self {
        Id::Number(number)
    }
}

/// One page of a list.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) records: Vec<Record>,
    pub(super) page: i64,
    pub(super) items_in_page: i64,
    pub(super) total: i64,
    pub(super) total_pages: i64,
    pub(super) prev_link: String,
    pub(super) next_link: String,
}

/// An answer to a request that was refused.
#[derive(Debug)]
pub(super) struct Problem {
    pub(super) status: StatusCode,
    title: &'static str,
    detail: String,
    instance: Option<String>,
    errors: BTreeMap<String, Vec<String>>,
}

impl Problem {
    pub(super) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Problem {
            status,
            title: status.canonical_reason().unwrap_or_default(),
            detail: detail.into(),
            instance: None,
            errors: BTreeMap::new(),
        }
    }

    /// The request breaks rules.
    pub(super) fn invalid(violations: Vec<FieldError>) -> Self {
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

    /// One field breaks a rule.
    pub(super) fn field(field: &str, reason: impl Into<String>) -> Self {
        Problem::invalid(vec![FieldError::new(field, reason)])
    }

    /// Names the path that was asked for.
    pub(super) fn at(mut self, path: &str) -> Self {
        self.instance = Some(path.to_string());
        self
    }

    /// As RFC 7807 has it, or as the guide has it.
    pub(super) fn into_response(self, dialect: Dialect) -> Response {
        if dialect == Dialect::Guide {
            let code = self.title_as_code();
            return json(self.status, &json!({"Message": self.detail, "ErrorCode": code}));
        }
        let mut body = Map::new();
        body.insert("type".into(), "about:blank".into());
        body.insert("title".into(), self.title.into());
        body.insert("status".into(), self.status.as_u16().into());
        body.insert("detail".into(), self.detail.into());
        if let Some(instance) = self.instance {
            body.insert("instance".into(), instance.into());
        }
        if !self.errors.is_empty() {
            body.insert("errors".into(), json!(self.errors));
        }
        json(self.status, &body)
    }

    fn title_as_code(&self) -> String {
        match self.status {
            StatusCode::BAD_REQUEST if !self.errors.is_empty() => "VALIDATION_ERROR".to_string(),
            status => status
                .canonical_reason()
                .unwrap_or_default()
                .to_ascii_uppercase()
                .replace(' ', "_"),
        }
    }
}

impl From<FieldError> for Problem {
    fn from(error: FieldError) -> Self {
        Problem::invalid(vec![error])
    }
}

impl From<Vec<FieldError>> for Problem {
    fn from(errors: Vec<FieldError>) -> Self {
        Problem::invalid(errors)
    }
}

impl Answer {
    pub(super) fn into_response(self, operation: &'static Operation, dialect: Dialect) -> Response {
        let dialect = dialect.of(operation);
        let created = match dialect {
            // The guide shows 200, but most creates are documented with 201 alone.
            Dialect::Guide if documents_200_for_creates(operation) => StatusCode::OK,
            _ => StatusCode::CREATED,
        };
        let action = |status, id, more| match operation.answer {
            Some(_) => json(status, &action_result(id, dialect, more)),
            None => empty(StatusCode::NO_CONTENT),
        };
        match self {
            Answer::Record(record) => json(StatusCode::OK, &InDialect(dialect, &*record)),
            Answer::Records(records) => json(StatusCode::OK, &InDialect(dialect, &records[..])),
            Answer::Page(page) => json(StatusCode::OK, &page.in_dialect(operation, dialect)),
            Answer::Value(value) => {
                let kind = operation.answer.unwrap_or(Kind::Any);
                let shaped = Shaped {
                    kind: &kind,
                    value: &value,
                };
                json(StatusCode::OK, &InDialect(dialect, shaped))
            }
            Answer::Created(id) => {
                let ticket = match (&id, operation.group, dialect) {
                    (Id::Number(id), "tickets", Dialect::Guide) => Some(("TicketID", Value::from(*id))),
                    _ => None,
                };
                action(created, id, ticket)
            }
            Answer::CreatedDevice { id, guid } => json(created, &json!({"DeviceId": id, "DeviceGuid": guid})),
            Answer::Updated(id) => action(StatusCode::OK, id, None),
            Answer::Deleted(id) if dialect == Dialect::Guide => {
                action(StatusCode::OK, id, Some(("Success", true.into())))
            }
            Answer::Deleted(_) | Answer::Empty => empty(StatusCode::NO_CONTENT),
        }
    }
}

/// Whether a create is documented to answer 200 too.
fn documents_200_for_creates(operation: &Operation) -> bool {
    operation.source == Source::Guide || operation.id == "tickets_create"
}

fn action_result(id: Id, dialect: Dialect, more: Option<(&'static str, Value)>) -> Value {
    let id: Value = match (id, dialect) {
        (Id::Number(id), Dialect::Guide) => id.into(),
        (Id::Number(id), _) => id.to_string().into(),
        (Id::Guid(guid), _) => guid.into(),
    };
    let mut result = Map::from_iter([("ActionID".to_string(), id)]);
    result.extend(more.map(|(name, value)| (name.to_string(), value)));
    result.into()
}

impl Page {
    fn in_dialect(&self, operation: &Operation, dialect: Dialect) -> PageInDialect<'_> {
        PageInDialect {
            page: self,
            schema: match operation.answer {
                Some(Kind::Object(schema)) => Some(schema),
                _ => None,
            },
            dialect,
        }
    }
}

struct PageInDialect<'a> {
    page: &'a Page,
    schema: Option<&'static Schema>,
    dialect: Dialect,
}

impl Serialize for PageInDialect<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let page = self.page;
        let guide = self.dialect == Dialect::Guide;
        let mut map = serializer.serialize_map(None)?;
        for field in self.schema.map_or(&[][..], |schema| schema.fields) {
            let name = field.name;
            match name {
                "items" => {
                    map.serialize_entry(name, &InDialect(self.dialect, &page.records[..]))?;
                }
                "page" => map.serialize_entry(name, &page.page)?,
                "itemsInPage" if guide => map.serialize_entry(name, &page.records.len())?,
                "itemsInPage" => map.serialize_entry(name, &page.items_in_page)?,
                "totalItems" if guide => map.serialize_entry(name, &page.total)?,
                "totalItemCount" if !guide => map.serialize_entry(name, &page.total)?,
                "totalPages" => map.serialize_entry(name, &page.total_pages)?,
                "prevLink" if !guide => map.serialize_entry(name, &page.prev_link)?,
                "nextLink" if !guide => map.serialize_entry(name, &page.next_link)?,
                _ => {}
            }
        }
        map.end()
    }
}

/// An answer without a body.
pub(super) fn empty(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

pub(super) fn json(status: StatusCode, value: &impl Serialize) -> Response {
    let Ok(text) = serde_json::to_vec(value) else {
        return empty(StatusCode::INTERNAL_SERVER_ERROR);
    };
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    let content_type = HeaderValue::from_static("application/json; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, content_type);
    response
}
