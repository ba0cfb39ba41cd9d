//! The conditions that a request has to meet for a mock to match.

use httpmock::When;
use serde::Serialize;
use serde_json::Value;

use crate::description::{Operation, Route, route};

/// The requests of one operation.
pub(crate) struct RequestMatcher(When);

impl std::fmt::Debug for RequestMatcher {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("RequestMatcher").finish_non_exhaustive()
    }
}

impl RequestMatcher {
    /// All requests of the operation: its method, and its path with any values for its parameters.
    pub(crate) fn of(operation: &'static str, when: When) -> Self {
        RequestMatcher(when.is_true(move |request| {
            let uri = request.uri();
            let asked = route(&request.method(), uri.path());
            matches!(asked, Route::Operation(Operation { id, .. }, _) if *id == operation)
        }))
    }

    /// Only requests with this value in the path.
    pub(crate) fn path(self, name: &'static str, value: String) -> Self {
        RequestMatcher(self.0.is_true(move |request| {
            let uri = request.uri();
            let Route::Operation(_, arguments) = route(&request.method(), uri.path()) else {
                return false;
            };
            let mut arguments = arguments.iter();
            arguments.any(|(parameter, given)| parameter.name == name && *given == value)
        }))
    }

    /// Only requests with this value in the query, or without the parameter.
    pub(crate) fn query(self, name: &'static str, value: Option<String>) -> Self {
        RequestMatcher(match value {
            Some(value) => self.0.query_param(name, value),
            None => self.0.query_param_missing(name),
        })
    }

    /// Only requests with this body.
    pub(crate) fn body(self, value: &impl Serialize) -> Self {
        let value = serde_json::to_value(value).unwrap_or_default();
        RequestMatcher(self.0.json_body(value))
    }

    /// Only requests whose body has these fields.
    pub(crate) fn body_includes(self, fields: &Value) -> Self {
        RequestMatcher(self.0.json_body_includes(fields.to_string()))
    }

    pub(crate) fn into_inner(self) -> When {
        self.0
    }
}
