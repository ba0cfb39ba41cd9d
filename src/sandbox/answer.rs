//! What the sandbox answers, in the forms of the service.

use std::collections::BTreeMap;

use axum::{
    body::Body,
    http::{HeaderValue, Response, StatusCode, header},
};
use serde::Serialize;
use serde_json::{Value, json};

use super::{record::Record, router::Incoming};
use crate::check::Violation;

/// An answer: a status, and a body where there is one.
#[derive(Debug)]
pub(super) struct Answer {
    status: StatusCode,
    content_type: &'static str,
    body: String,
}

impl Answer {
    /// An answer without a body.
    pub(super) fn empty(status: StatusCode) -> Self {
        Answer {
            status,
            content_type: "",
            body: String::new(),
        }
    }

    fn json(status: StatusCode, content_type: &'static str, body: &impl Serialize) -> Self {
        // What is written are strings, numbers and arrays of them, which cannot fail.
        let body = serde_json::to_string(body).unwrap_or_default();
        Answer {
            status,
            content_type,
            body,
        }
    }

    /// One record.
    pub(super) fn record(record: &Record) -> Self {
        Answer::json(StatusCode::OK, "application/json; charset=utf-8", record)
    }

    /// A write that is answered with the id of what was written. The published document has it as text.
    pub(super) fn written(status: StatusCode, id: i64) -> Self {
        Answer::json(
            status,
            "application/json; charset=utf-8",
            &json!({"ActionID": id.to_string()}),
        )
    }

    /// What a delete answers.
    pub(super) fn deleted(found: bool, incoming: &Incoming<'_>) -> Self {
        match found {
            true => Answer::empty(StatusCode::NO_CONTENT),
            false => Answer::not_found(incoming),
        }
    }

    /// One page of the records, which are cloned for it alone.
    pub(super) fn page<'r>(incoming: &Incoming<'_>, records: impl Iterator<Item = &'r Record>) -> Self {
        Answer::page_with(incoming, records, Record::clone)
    }

    /// One page of the records, each as `shown` makes it.
    pub(super) fn page_with<'r>(
        incoming: &Incoming<'_>,
        records: impl Iterator<Item = &'r Record>,
        shown: impl Fn(&Record) -> Record,
    ) -> Self {
        let records: Vec<_> = records.collect();
        let size = incoming.number("itemsInPage").unwrap_or(20) as usize;
        let page = incoming.number("page").unwrap_or(1) as usize;
        let total_pages = records.len().div_ceil(size);
        let items = records.iter().skip((page - 1).saturating_mul(size)).take(size);
        let link = |there: bool, page: usize| match there {
            true => incoming.link_to_page(page),
            false => String::new(),
        };
        let page = Page {
            items: items.map(|record| shown(record)).collect(),
            page,
            items_in_page: size,
            total_item_count: records.len(),
            total_pages,
            prev_link: link(page > 1, page.saturating_sub(1)),
            next_link: link(page < total_pages, page.saturating_add(1)),
        };
        Answer::json(StatusCode::OK, "application/json; charset=utf-8", &page)
    }

    /// A refusal that names the fields, as RFC 7807 has it.
    pub(super) fn refused(violations: &[Violation]) -> Self {
        let mut errors = BTreeMap::<&str, Vec<&str>>::new();
        for violation in violations {
            errors
                .entry(&violation.field)
                .or_default()
                .push(&violation.reason);
        }
        let mut problem = problem(
            StatusCode::BAD_REQUEST,
            "One or more validation errors occurred.",
            Value::Null,
        );
        problem["errors"] = json!(errors);
        Answer::json(
            StatusCode::BAD_REQUEST,
            "application/problem+json; charset=utf-8",
            &problem,
        )
    }

    /// A refusal of one field.
    pub(super) fn refused_field(field: &str, reason: impl Into<String>) -> Self {
        Answer::refused(&[Violation {
            field: field.to_string(),
            reason: reason.into(),
        }])
    }

    /// The record does not exist.
    pub(super) fn not_found(incoming: &Incoming<'_>) -> Self {
        let detail = format!("There is no record at {}.", incoming.path);
        Answer::problem(StatusCode::NOT_FOUND, "Not Found", &detail)
    }

    /// Any other problem.
    pub(super) fn problem(status: StatusCode, title: &str, detail: &str) -> Self {
        let problem = problem(status, title, detail.into());
        Answer::json(status, "application/problem+json; charset=utf-8", &problem)
    }
}

fn problem(status: StatusCode, title: &str, detail: Value) -> Value {
    json!({
        "type": "about:blank",
        "title": title,
        "status": status.as_u16(),
        "detail": detail,
        "instance": null,
    })
}

impl From<Answer> for Response<Body> {
    fn from(answer: Answer) -> Self {
        let mut response = Response::new(Body::from(answer.body));
        *response.status_mut() = answer.status;
        if !answer.content_type.is_empty() {
            let value = HeaderValue::from_static(answer.content_type);
            response.headers_mut().insert(header::CONTENT_TYPE, value);
        }
        response
    }
}

/// The envelope of the published document.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    items: Vec<Record>,
    page: usize,
    items_in_page: usize,
    total_item_count: usize,
    total_pages: usize,
    prev_link: String,
    next_link: String,
}
