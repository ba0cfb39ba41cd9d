//! From a request to its operation: found, let in, checked by the description, and handed to its handler.

use std::{
    borrow::Cow,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, Method, Response, StatusCode, Uri},
};
use serde_json::{Map, Value};

use super::{agents, alerts, answer::Answer, contacts, customers, tickets, world::World};
use crate::{Kind, Operation, Parameter, check::Check, operation::percent_decoded};

/// Most records on a page, whatever is asked for.
const MOST_IN_PAGE: i64 = 50;

/// What serves an operation.
pub(super) type Handler = fn(&mut World, &Incoming<'_>) -> Answer;

/// All that requests share.
#[derive(Debug)]
pub(super) struct Service {
    pub(super) base_url: String,
    pub(super) api_key: String,
    pub(super) world: Mutex<World>,
}

/// A request that has passed the checks.
pub(super) struct Incoming<'r> {
    /// Path below the base URL.
    pub(super) path: &'r str,
    base_url: &'r str,
    query: &'r str,
    arguments: Vec<(&'static Parameter, Cow<'r, str>)>,
    body: Value,
}

impl Incoming<'_> {
    /// The value of a parameter, if it was given.
    pub(super) fn text(&self, parameter: &str) -> Option<&str> {
        let argument = self.arguments.iter().find(|(it, _)| it.name == parameter);
        argument
            .map(|(_, value)| value.as_ref())
            .filter(|value| !value.is_empty())
    }

    /// The value of a parameter that is a number.
    pub(super) fn number(&self, parameter: &str) -> Option<i64> {
        self.text(parameter)?.parse().ok()
    }

    /// Whether a parameter is true.
    pub(super) fn flag(&self, parameter: &str) -> bool {
        self.text(parameter)
            .is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    /// The number in the path; the check has seen that there is one.
    pub(super) fn id(&self, parameter: &str) -> i64 {
        self.number(parameter).unwrap_or_default()
    }

    /// The fields of the body.
    pub(super) fn body(&self) -> Map<String, Value> {
        self.body.as_object().cloned().unwrap_or_default()
    }

    /// Address of another page of the same list.
    pub(super) fn link_to_page(&self, page: usize) -> String {
        let rest = url::form_urlencoded::parse(self.query.as_bytes())
            .filter(|(name, _)| !name.eq_ignore_ascii_case("page"));
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("page", &page.to_string());
        query.extend_pairs(rest);
        format!("{}{}?{}", self.base_url, self.path, query.finish())
    }
}

/// Answers every request.
pub(super) async fn serve(
    State(service): State<Arc<Service>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    service.answer(&method, &uri, &headers, &body).into()
}

impl Service {
    fn answer(&self, method: &Method, uri: &Uri, headers: &HeaderMap, body: &[u8]) -> Answer {
        if !self.lets_in(headers) {
            return Answer::empty(StatusCode::UNAUTHORIZED);
        }
        let query = uri.query().unwrap_or_default();
        let path = uri.path().trim_end_matches('/');
        let (operation, path) = match find(method, path) {
            Ok(found) => found,
            Err(answer) => return answer,
        };
        let mut arguments = path_arguments(operation, path);
        arguments.extend(
            operation
                .query_arguments(query)
                .map(|(parameter, value)| (parameter, capped(parameter, value))),
        );
        // The service's own lists are closed, to it.
        let mut check = Check {
            lists_are_closed: true,
            ..Check::default()
        };
        check.arguments(operation, &arguments);
        let body = match operation.body {
            Some(kind) => check.body(kind, Some(body).filter(|body| !body.is_empty())),
            None => Value::Null,
        };
        if !check.violations.is_empty() {
            return Answer::refused(&check.violations);
        }
        let Some(handler) = handler(operation) else {
            let detail = format!("The sandbox does not serve {} yet.", operation.id);
            return Answer::problem(StatusCode::NOT_IMPLEMENTED, "Not Implemented", &detail);
        };
        let incoming = Incoming {
            path,
            base_url: &self.base_url,
            query,
            arguments,
            body,
        };
        // A handler that panicked has left the records as they were, or nearly so.
        let mut world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
        handler(&mut world, &incoming)
    }

    fn lets_in(&self, headers: &HeaderMap) -> bool {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let bearer = header("authorization").and_then(|value| value.strip_prefix("Bearer "));
        header("x-api-key").or(bearer) == Some(self.api_key.as_str())
    }
}

/// The handler of an operation, by its group and verb.
fn handler(operation: &Operation) -> Option<Handler> {
    match operation.group {
        "agents" => agents::handler(operation.verb),
        "alerts" => alerts::handler(operation.verb),
        "contacts" => contacts::handler(operation.verb),
        "customers" => customers::handler(operation.verb),
        "tickets" => tickets::handler(operation.verb),
        _ => None,
    }
}

/// The operation that a request means, and its path below the base URL.
fn find<'r>(method: &Method, path: &'r str) -> Result<(&'static Operation, &'r str), Answer> {
    let prefix = "/api/v3";
    let below = path.get(prefix.len()..).filter(|_| {
        path.get(..prefix.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    });
    let unknown = || {
        let detail = format!("There is nothing at {path}; addresses begin with {prefix}.");
        Answer::problem(StatusCode::NOT_FOUND, "Not Found", &detail)
    };
    let below = below.ok_or_else(unknown)?;
    let at_path = Operation::at_path(below);
    if at_path.is_empty() {
        return Err(unknown());
    }
    let mut found = at_path
        .into_iter()
        .filter(|operation| operation.method == *method);
    found.next().map(|operation| (operation, below)).ok_or_else(|| {
        let detail = format!("{path} does not take {method}.");
        Answer::problem(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed", &detail)
    })
}

fn path_arguments<'r>(operation: &Operation, path: &'r str) -> Vec<(&'static Parameter, Cow<'r, str>)> {
    let pairs = operation.path.split('/').zip(path.split('/'));
    pairs
        .filter_map(|(template, segment)| {
            Some((operation.path_parameter(template)?, percent_decoded(segment)))
        })
        .collect()
}

/// More than a page can hold is not an error with the service: it hands out what it can.
fn capped<'r>(parameter: &Parameter, value: Cow<'r, str>) -> Cow<'r, str> {
    let over = matches!(parameter.kind, Kind::Integer)
        && parameter.name == "itemsInPage"
        && value.parse::<i64>().is_ok_and(|number| number > MOST_IN_PAGE);
    if over {
        Cow::Owned(MOST_IN_PAGE.to_string())
    } else {
        value
    }
}
