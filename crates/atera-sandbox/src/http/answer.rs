//! Answers to requests that succeed.

use atera::description::{Kind, Operation, Schema, Source};
use axum::{http::StatusCode, response::Response};
use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::{Map, Value, json};

use super::{
    dialect::Dialect,
    response,
    serialize::{InDialect, ValueOfKind},
};
use crate::world::Record;

/// What a handler answers. Status and form follow from it, the operation and the dialect.
#[derive(Debug)]
pub(crate) enum Answer {
    /// One record.
    Record(Box<Record>),
    /// An array of records, without pages.
    Records(Vec<Record>),
    /// One page of a list.
    Page(AnswerPage),
    /// A value of the kind that the operation answers. Fields that its objects lack are added as null.
    Value(Value),
    /// The id of a new record.
    Created(AnswerId),
    /// The ids of a new device, which has an answer of its own.
    CreatedDevice { id: i64, guid: String },
    /// The id of a changed record.
    Updated(AnswerId),
    /// The id of a deleted record.
    Deleted(AnswerId),
    /// Nothing.
    Empty,
}

/// The id in the answer to a write.
#[derive(Debug)]
pub(crate) enum AnswerId {
    Number(i64),
    /// Custom values are named by a GUID.
    Guid(String),
}

impl From<i64> for AnswerId {
    fn from(number: i64) -> Self {
        AnswerId::Number(number)
    }
}

/// One page of a list.
#[derive(Debug)]
pub(crate) struct AnswerPage {
    pub(crate) records: Vec<Record>,
    /// Number of the page, from 1.
    pub(crate) page: i64,
    /// The page size that was asked for.
    pub(crate) items_in_page: i64,
    /// How many records the list has on all pages.
    pub(crate) total: i64,
    pub(crate) total_pages: i64,
    /// Address of the page before; empty on the first.
    pub(crate) prev_link: String,
    /// Address of the next page; empty on the last.
    pub(crate) next_link: String,
}

impl Answer {
    /// Writes the answer. An operation of the guide is always answered in the dialect of the guide.
    pub(crate) fn into_response(self, operation: &'static Operation, dialect: Dialect) -> Response {
        let dialect = dialect.of(operation);
        let created = match dialect {
            // The guide shows 200 for a create. Where only 201 is documented, the description comes first.
            Dialect::Guide if documents_200_for_creates(operation) => StatusCode::OK,
            _ => StatusCode::CREATED,
        };
        let action = |status, id, more| match operation.answer {
            Some(_) => response::json(status, &action_result(id, dialect, more)),
            None => response::empty(StatusCode::NO_CONTENT),
        };
        match self {
            Answer::Record(record) => response::json(StatusCode::OK, &InDialect(dialect, &*record)),
            Answer::Records(records) => response::json(StatusCode::OK, &InDialect(dialect, &records[..])),
            Answer::Page(page) => response::json(StatusCode::OK, &page.in_dialect(operation, dialect)),
            Answer::Value(value) => {
                let kind = operation.answer.unwrap_or(Kind::Any);
                let value = ValueOfKind {
                    kind: &kind,
                    value: &value,
                };
                response::json(StatusCode::OK, &InDialect(dialect, value))
            }
            Answer::Created(id) => {
                let ticket = match (&id, operation.group, dialect) {
                    (AnswerId::Number(id), "tickets", Dialect::Guide) => Some(("TicketID", Value::from(*id))),
                    _ => None,
                };
                action(created, id, ticket)
            }
            Answer::CreatedDevice { id, guid } => {
                response::json(created, &json!({"DeviceId": id, "DeviceGuid": guid}))
            }
            Answer::Updated(id) => action(StatusCode::OK, id, None),
            Answer::Deleted(id) if dialect == Dialect::Guide => {
                action(StatusCode::OK, id, Some(("Success", true.into())))
            }
            Answer::Deleted(_) | Answer::Empty => response::empty(StatusCode::NO_CONTENT),
        }
    }
}

/// Whether 200 is among the documented answers to a create.
fn documents_200_for_creates(operation: &Operation) -> bool {
    operation.source == Source::Guide || operation.id == "tickets_create"
}

/// The body of the answer to a write: `ActionID`, and what the dialect adds to it.
fn action_result(id: AnswerId, dialect: Dialect, more: Option<(&'static str, Value)>) -> Value {
    let id: Value = match (id, dialect) {
        (AnswerId::Number(id), Dialect::Guide) => id.into(),
        (AnswerId::Number(id), _) => id.to_string().into(),
        (AnswerId::Guid(guid), _) => guid.into(),
    };
    let mut result = Map::from_iter([("ActionID".to_string(), id)]);
    result.extend(more.map(|(name, value)| (name.to_string(), value)));
    result.into()
}

impl AnswerPage {
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

/// A page to serialize. The schema of the operation says which fields the page has; the dialect says what is in them.
struct PageInDialect<'a> {
    page: &'a AnswerPage,
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
