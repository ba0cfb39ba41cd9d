//! The way of a request from HTTP to its handler and back.
//!
//! 1. The request gets its number in the log.
//! 2. **Key**: without a valid one, 401 with an empty body.
//! 3. **Limit**: 429. Every answer after this has the `X-RateLimit-*` headers.
//! 4. **Operation**: 404 for an unknown path, 405 for another method.
//! 5. **Permission**: 403.
//! 6. **Faults** that come before the request is carried out.
//! 7. **Check** by the description: 400.
//! 8. **Churn**, if it is a list, and then the **handler**.
//! 9. **Faults** that change the answer, and the headers of CORS.

use std::{borrow::Cow, sync::Arc};

use atera::description::{Operation, Parameter, Route, route};
use axum::{
    Extension, Router,
    body::{Bytes, HttpBody},
    extract::State,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header, request::Parts},
    response::Response,
};

use super::{control, state::SandboxState};
use crate::{
    faults::{EarlyOutcome, RequestFaults},
    handlers::handler_of,
    http::{Answer, OperationRequest, Problem, Reset, empty, path_below_base, too_many_requests},
    sync::lock,
    world::World,
};

/// How many bytes of a body are read: enough for an attachment of 24 MB in base64.
const MAX_BODY_BYTES: usize = 32 * 1024 * 1024;

/// Everything that the server answers, without the pages for a browser.
pub(crate) fn router(state: Arc<SandboxState>) -> Router {
    control::router().fallback(handle).with_state(state)
}

/// A request whose body is read.
struct ReceivedRequest {
    parts: Parts,
    /// None if the body was too large, or broke off.
    body: Option<Bytes>,
    /// Number in the log.
    number: u64,
}

/// Handles every request that is not for the paths of the sandbox itself, also one beside the service.
async fn handle(
    State(state): State<Arc<SandboxState>>,
    Extension(reset): Extension<Reset>,
    request: axum::extract::Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let below = path_below_base(parts.uri.path()).unwrap_or_default().to_string();
    let found = route(&parts.method, &below);
    let operation = match &found {
        Route::Operation(operation, _) => Some(operation.id),
        _ => None,
    };
    // A browser sends a preflight without the key, so OPTIONS needs none and does not count against the limit.
    let is_options = parts.method == Method::OPTIONS;
    let key = match is_options {
        true => None,
        false => state.key_index(&parts.headers),
    };
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let number = state
        .request_log()
        .add(parts.method.as_str(), path, key, operation);
    // An unread body would keep the connection from being used again, so it is read also for a refusal.
    let body = axum::body::to_bytes(body, MAX_BODY_BYTES).await.ok();
    let received = ReceivedRequest { parts, body, number };
    let response = match key {
        None if is_options => {
            let preflight = state.cors.preflight(&received.parts);
            Some(preflight.unwrap_or_else(|| state.no_operation(&found, &received.parts)))
        }
        // The service does not tell a missing key from a wrong one.
        None => Some(empty(StatusCode::UNAUTHORIZED)),
        Some(key) => state.within_key(key, found, &received).await,
    };
    let Some(mut response) = response else {
        state
            .request_log()
            .set_bodies(number, received.body.as_ref(), None);
        state.tell(number);
        reset.connection().await
    };
    state.cors.allow(&received.parts.headers, response.headers_mut());
    let (response, sent) = with_body(response).await;
    let mut log = state.request_log();
    log.set_status(number, response.status().as_u16());
    log.set_bodies(number, received.body.as_ref(), sent.as_ref());
    drop(log);
    state.tell(number);
    response
}

/// The response, and its body for the log. A body that a fault sends in pieces is not read here, since that would take its
/// pauses away.
async fn with_body(response: Response) -> (Response, Option<Bytes>) {
    if response.body().size_hint().exact().is_none() {
        return (response, None);
    }
    let (parts, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
    (Response::from_parts(parts, bytes.clone().into()), Some(bytes))
}

impl SandboxState {
    /// Tells the observer of a request that is answered, or whose connection is about to be reset.
    fn tell(&self, number: u64) {
        if let Some(observer) = &self.observer
            && let Some(arrival) = self.request_log().arrival(number)
        {
            observer.tell(&arrival);
        }
    }
}

/// The steps of the pipeline. Where a method returns no response, the connection is to be reset.
impl SandboxState {
    /// Which key a request has; none if it is unknown or has expired.
    fn key_index(&self, headers: &HeaderMap) -> Option<usize> {
        let given = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let bearer = given("authorization").and_then(|value| value.split_once(' '));
        let bearer = bearer.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        let bearer = bearer.map(|(_, token)| token.trim());
        let is_given = |key: &str| given("x-api-key") == Some(key) || bearer == Some(key);
        let index = self.keys.iter().position(|(key, _)| is_given(key))?;
        // Few keys expire. Requests with the others need not wait for a handler to unlock the world here.
        let has_expired = |expiry| expiry <= self.world().now();
        (!self.keys[index].1.expiry().is_some_and(has_expired)).then_some(index)
    }

    /// Answers a request with a valid key.
    async fn within_key(&self, key: usize, found: Route<'_>, received: &ReceivedRequest) -> Option<Response> {
        let admitted = self.request_log().admit(key);
        let (mut response, quota) = match admitted {
            Err(quota) => (too_many_requests(quota.1.seconds()), Some(quota)),
            Ok(quota) => (self.within_limit(key, found, received).await?, quota),
        };
        if let Some((limit, quota)) = quota {
            for (name, number) in [
                ("x-ratelimit-limit", limit.requests as u64),
                ("x-ratelimit-remaining", quota.remaining as u64),
                ("x-ratelimit-reset", quota.seconds()),
            ] {
                response.headers_mut().insert(name, number.into());
            }
        }
        Some(response)
    }

    /// Answers a request that the limit admits.
    async fn within_limit(
        &self,
        key: usize,
        found: Route<'_>,
        received: &ReceivedRequest,
    ) -> Option<Response> {
        let path = received.parts.uri.path();
        let refuse = |status, detail: &str, dialect| {
            Some(Problem::new(status, detail).at(path).into_response(dialect))
        };
        let (operation, arguments) = match found {
            Route::Operation(operation, arguments) => (operation, arguments),
            found => return Some(self.no_operation(&found, &received.parts)),
        };
        let dialect = self.dialect.of(operation);
        if !self.keys[key].1.allows(operation) {
            let detail = "The key has no permission for this.";
            return refuse(StatusCode::FORBIDDEN, detail, dialect);
        }
        let faults = self.fault_plan().draw(operation);
        for fault in faults.names() {
            self.request_log().set_fault(received.number, &fault);
        }
        // tokio rounds up to its next tick, so a sleep of no length would still take a millisecond.
        if !faults.latency().is_zero() {
            tokio::time::sleep(faults.latency()).await;
        }
        match faults.early_outcome(path, dialect) {
            Some(EarlyOutcome::Response(response)) => return Some(response),
            Some(EarlyOutcome::Reset) => return None,
            None => {}
        }
        let Some(body) = &received.body else {
            let detail = "The body is too large, or broke off.";
            return refuse(StatusCode::PAYLOAD_TOO_LARGE, detail, dialect);
        };
        let response = self.carry_out(operation, arguments, body, &received.parts, &faults);
        faults.change_response(response, path, dialect).await
    }

    /// Checks a request and runs its handler.
    fn carry_out(
        &self,
        operation: &'static Operation,
        arguments: Vec<(&'static Parameter, Cow<'_, str>)>,
        body: &Bytes,
        parts: &Parts,
        faults: &RequestFaults,
    ) -> Response {
        let path = parts.uri.path();
        let below = path_below_base(path).unwrap_or_default();
        let query = parts.uri.query().unwrap_or_default();
        let result = OperationRequest::new(operation, below, arguments, query, body)
            .and_then(|request| self.run_handler(operation, &request));
        if operation.creates() {
            let effects = u64::from(result.is_ok());
            self.request_log().add_create(operation.id, path, body, effects);
        }
        match result {
            Ok(mut answer) => {
                faults.change_answer(&mut answer);
                answer.into_response(operation, self.dialect)
            }
            Err(problem) => problem.at(path).into_response(self.dialect.of(operation)),
        }
    }

    /// Makes the changes of churn and runs the handler, all under one lock of the world.
    fn run_handler(
        &self,
        operation: &'static Operation,
        request: &OperationRequest,
    ) -> Result<Answer, Problem> {
        let Some(handler) = handler_of(operation) else {
            let detail = format!("The sandbox has no answer to {}.", operation.id);
            return Err(Problem::new(StatusCode::NOT_IMPLEMENTED, detail));
        };
        let churn = self.churn().clone();
        let mut world = self.world();
        if operation.list {
            churn.apply(&mut world, operation.group);
        }
        let answer = handler(&mut world, request);
        let World { store, rng, .. } = &mut *world;
        if let Some(journal) = &mut *lock(&self.journal) {
            journal.append(store, rng).map_err(|error| {
                let detail =
                    format!("The sandbox made the change, but cannot write it to its folder: {error}");
                Problem::new(StatusCode::INTERNAL_SERVER_ERROR, detail)
            })?;
        }
        answer
    }

    /// The 404 for an unknown path, or the 405 for a method that the path does not have.
    fn no_operation(&self, found: &Route<'_>, Parts { method, uri, .. }: &Parts) -> Response {
        let path = uri.path();
        let Route::OtherMethods(others) = found else {
            let problem = Problem::new(StatusCode::NOT_FOUND, "The service has no such path.");
            return problem.at(path).into_response(self.dialect);
        };
        let mut names: Vec<&str> = others.iter().map(|method| method.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        let names = names.join(", ");
        let detail = format!("{method} is not possible here, only {names}.");
        let problem = Problem::new(StatusCode::METHOD_NOT_ALLOWED, detail);
        let mut response = problem.at(path).into_response(self.dialect);
        if let Ok(allow) = HeaderValue::from_str(&names) {
            response.headers_mut().insert(header::ALLOW, allow);
        }
        response
    }
}
