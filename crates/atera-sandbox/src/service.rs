//! HTTP in front of the handlers: the key, the limit, the way to the operation, and the answer.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::{
    Extension, Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header, request::Parts},
    response::Response,
};
use serde_json::json;

use super::{
    answer::{self, Answer, Problem, empty},
    churn::Churn,
    control,
    cors::Cors,
    dialect::Dialect,
    fault_plan::{FaultPlan, Plan},
    handlers,
    origin::Origin,
    permissions::Permissions,
    request::Request,
    request_log::RequestLog,
    server::Reset,
    window::{Limit, Quota},
    world::World,
};
use atera::description::{Operation, Parameter, Route, route};

/// Where the service begins, on any host.
pub(super) const BASE_PATH: &str = "/api/v3";

/// How many bytes of a request's body are read: enough for an attachment of some megabytes in base64.
const BODY_LIMIT: usize = 32 * 1024 * 1024;

/// What all connections share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) keys: Vec<(String, Permissions)>,
    pub(super) dialect: Dialect,
    pub(super) limit: Option<Limit>,
    pub(super) cors: Cors,
    /// What the records are made from, at the start and again at each reset.
    pub(super) origin: Origin,
    pub(super) world: Mutex<World>,
    pub(super) request_log: Mutex<RequestLog>,
    pub(super) fault_plan: Mutex<FaultPlan>,
    pub(super) churn: Mutex<Churn>,
}

/// Everything that the server answers.
pub(super) fn router(shared: Arc<Shared>) -> Router {
    let router = control::router();
    #[cfg(feature = "explorer")]
    let router = router.merge(super::explorer::router());
    let router = router.fallback(handle).with_state(shared);
    #[cfg(feature = "explorer")]
    let router = router.merge(super::explorer::swagger_ui());
    router
}

/// A request for the service on its way.
struct Arrived {
    parts: Parts,
    body: Option<Bytes>,
    number: u64,
}

async fn handle(
    State(shared): State<Arc<Shared>>,
    Extension(reset): Extension<Reset>,
    request: axum::extract::Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let found = route(&parts.method, below_base(parts.uri.path()).unwrap_or_default());
    let operation = match found {
        Route::Operation(operation, _) => Some(operation),
        _ => None,
    };
    // Browsers send OPTIONS without a key, so it needs none and takes no slot of the limit.
    let is_options = parts.method == Method::OPTIONS;
    let key = match is_options {
        true => None,
        false => shared.key(&parts.headers),
    };
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let number = shared.request_log().arrive(
        parts.method.as_str(),
        path,
        key,
        operation.map(|operation| operation.id),
    );
    // The whole body is read first, so that the connection can go on whatever the answer is.
    let body = axum::body::to_bytes(body, BODY_LIMIT).await.ok();
    let arrived = Arrived { parts, body, number };
    let response = match key {
        None if is_options => {
            let preflight = shared.cors.preflight(&arrived.parts);
            Some(preflight.unwrap_or_else(|| shared.no_operation(&arrived.parts)))
        }
        // A missing key and a wrong one look the same.
        None => Some(empty(StatusCode::UNAUTHORIZED)),
        Some(key) => shared.with_key(key, operation, &arrived).await,
    };
    let Some(mut response) = response else {
        reset.connection().await
    };
    shared.cors.allow(&arrived.parts.headers, response.headers_mut());
    shared.request_log().answer(number, response.status().as_u16());
    response
}

impl Shared {
    pub(super) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn request_log(&self) -> MutexGuard<'_, RequestLog> {
        self.request_log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn fault_plan(&self) -> MutexGuard<'_, FaultPlan> {
        self.fault_plan.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn churn(&self) -> MutexGuard<'_, Churn> {
        self.churn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes everything as it was at the start; faults and churn stay as they are set.
    pub(super) fn reset(&self) {
        let (store, rng) = self.origin.records();
        let mut world = self.world();
        world.store = store;
        world.rng = rng;
        *self.request_log() = RequestLog::new(self.limit);
    }

    /// The place of the key that the request has, if it is one of ours and has not expired.
    fn key(&self, headers: &HeaderMap) -> Option<usize> {
        let given = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let bearer = given("authorization").and_then(|value| value.split_once(' '));
        let bearer = bearer.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        let bearer = bearer.map(|(_, token)| token.trim());
        let is_given = |key: &str| given("x-api-key") == Some(key) || bearer == Some(key);
        let place = self.keys.iter().position(|(key, _)| is_given(key))?;
        let now = self.world().now();
        (!self.keys[place].1.are_over(now)).then_some(place)
    }

    /// The answer to a request whose key is good; none if the connection is to be reset.
    async fn with_key(
        &self,
        key: usize,
        operation: Option<&'static Operation>,
        arrived: &Arrived,
    ) -> Option<Response> {
        let admitted = self.request_log().admit(key);
        let (mut response, quota) = match admitted {
            Err(quota) => (too_many(&quota.1), Some(quota)),
            Ok(quota) => (self.within_limit(key, operation, arrived).await?, quota),
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

    async fn within_limit(
        &self,
        key: usize,
        operation: Option<&'static Operation>,
        arrived: &Arrived,
    ) -> Option<Response> {
        let path = arrived.parts.uri.path();
        let refuse = |status, detail: &str, dialect| {
            Some(Problem::new(status, detail).at(path).into_response(dialect))
        };
        let below = below_base(path).unwrap_or_default();
        let Route::Operation(_, arguments) = route(&arrived.parts.method, below) else {
            return Some(self.no_operation(&arrived.parts));
        };
        let operation = operation?;
        let dialect = self.dialect.of(operation);
        if !self.keys[key].1.allows(operation) {
            return refuse(
                StatusCode::FORBIDDEN,
                "The key has no permission for this.",
                dialect,
            );
        }
        let plan = self.fault_plan().plan(operation);
        for fault in plan.names() {
            self.request_log().meet(arrived.number, &fault);
        }
        // Even a sleep of no length takes until the next tick.
        if !plan.latency().is_zero() {
            tokio::time::sleep(plan.latency()).await;
        }
        if let Some(instead) = plan.instead(path, dialect) {
            return instead;
        }
        let Some(body) = &arrived.body else {
            let detail = "The body is too large, or broke off.";
            return refuse(StatusCode::PAYLOAD_TOO_LARGE, detail, dialect);
        };
        let response = self.carry_out(operation, arguments, body, &arrived.parts, &plan);
        plan.afterwards(response, path, dialect).await
    }

    fn carry_out(
        &self,
        operation: &'static Operation,
        arguments: Vec<(&'static Parameter, std::borrow::Cow<'_, str>)>,
        body: &Bytes,
        parts: &Parts,
        plan: &Plan,
    ) -> Response {
        let path = parts.uri.path();
        let below = below_base(path).unwrap_or_default();
        let query = parts.uri.query().unwrap_or_default();
        let result = Request::new(operation, below, arguments, query, body)
            .and_then(|request| self.answer(operation, &request));
        if operation.creates() {
            let effects = u64::from(result.is_ok());
            self.request_log().create(operation.id, path, body, effects);
        }
        match result {
            Ok(mut answer) => {
                plan.change(&mut answer);
                answer.into_response(operation, self.dialect)
            }
            Err(problem) => problem.at(path).into_response(self.dialect.of(operation)),
        }
    }

    fn answer(&self, operation: &'static Operation, request: &Request) -> Result<Answer, Problem> {
        let Some(handler) = handlers::find(operation) else {
            let detail = format!("The sandbox has no answer to {}.", operation.id);
            return Err(Problem::new(StatusCode::NOT_IMPLEMENTED, detail));
        };
        let churn = self.churn().clone();
        let mut world = self.world();
        if operation.list {
            churn.turn(&mut world, operation.group);
        }
        handler(&mut world, request)
    }

    /// The answer to a method and a path that are those of no operation.
    fn no_operation(&self, Parts { method, uri, .. }: &Parts) -> Response {
        let path = uri.path();
        let below = below_base(path).unwrap_or_default();
        let Route::OtherMethods(others) = route(method, below) else {
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

/// The path below the base, without a slash at the end.
fn below_base(path: &str) -> Option<&str> {
    let (base, rest) = path.split_at_checked(BASE_PATH.len())?;
    let path = rest.strip_suffix('/').unwrap_or(rest);
    (base.eq_ignore_ascii_case(BASE_PATH) && path.starts_with('/')).then_some(path)
}

/// The refusal of the limit, in the words of the guide.
pub(super) fn too_many(quota: &Quota) -> Response {
    let body = json!({"Message": "Rate limit exceeded. Please wait before making more requests."});
    let mut response = answer::json(StatusCode::TOO_MANY_REQUESTS, &body);
    response
        .headers_mut()
        .insert(header::RETRY_AFTER, quota.seconds().into());
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_beside_the_service_is_not_below_it() {
        for path in ["/", "/api/v3", "/api/v3/", "/api/v3tickets", "/api/v4/tickets"] {
            assert_eq!(below_base(path), None, "{path}");
        }
        assert_eq!(below_base("/API/v3/tickets/"), Some("/tickets"));
    }
}
