//! Refusals.

use std::collections::BTreeMap;

use axum::{http::StatusCode, response::Response};
use serde_json::{Map, json};

use super::{dialect::Dialect, response};
use crate::world::FieldError;

/// A refusal. As published it is written as problem details (RFC 7807), which ASP.NET makes by itself; in the guide it
/// has `Message` and `ErrorCode`.
#[derive(Debug)]
pub(crate) struct Problem {
    pub(crate) status: StatusCode,
    title: &'static str,
    /// A sentence for people.
    detail: String,
    /// The path of the request.
    instance: Option<String>,
    /// By parameter or field, what is wrong with the value.
    errors: BTreeMap<String, Vec<String>>,
}

impl Problem {
    /// A refusal that names no field. Its title is the reason phrase of the status, as ASP.NET has it.
    pub(crate) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Problem {
            status,
            title: status.canonical_reason().unwrap_or_default(),
            detail: detail.into(),
            instance: None,
            errors: BTreeMap::new(),
        }
    }

    /// The 400 for values that break a rule. It names all of them at once, as ASP.NET does.
    pub(crate) fn invalid(violations: Vec<FieldError>) -> Self {
        let reasons: Vec<&str> = violations
            .iter()
            .map(|violation| violation.reason.as_str())
            .collect();
        let mut problem = Problem::new(StatusCode::BAD_REQUEST, reasons.join("; "));
        problem.title = "One or more validation errors occurred.";
        for FieldError { field, reason } in violations {
            // ASP.NET names the body as a whole in JSONPath.
            let field = if field.is_empty() { "$".to_string() } else { field };
            problem.errors.entry(field).or_default().push(reason);
        }
        problem
    }

    /// The 400 for one value.
    pub(crate) fn field(field: &str, reason: impl Into<String>) -> Self {
        FieldError::new(field, reason).into()
    }

    /// Adds the path of the request.
    pub(crate) fn at(mut self, path: &str) -> Self {
        self.instance = Some(path.to_string());
        self
    }

    /// Writes the refusal.
    pub(crate) fn into_response(self, dialect: Dialect) -> Response {
        if dialect == Dialect::Guide {
            let code = self.error_code();
            let body = json!({"Message": self.detail, "ErrorCode": code});
            return response::json(self.status, &body);
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
        response::json(self.status, &body)
    }

    /// `ErrorCode` of the guide, which has no list of codes. These are names of statuses, in capitals as in the guide's
    /// example.
    fn error_code(&self) -> String {
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
