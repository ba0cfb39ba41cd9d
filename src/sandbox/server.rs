//! HTTP in front of the handlers: the key, the way to the operation, and the answer.

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
};
use tokio::{net::TcpListener, sync::oneshot};

use super::{
    answer::{Answer, Problem, empty},
    dialect::Dialect,
    handlers,
    request::Request,
    world::World,
};
use crate::route::{self, Route};

/// Where the service begins, on any host.
pub(super) const BASE_PATH: &str = "/api/v3";

/// How many bytes of a request's body are read: enough for an attachment of some megabytes in base64.
const BODY_LIMIT: usize = 32 * 1024 * 1024;

/// What all connections share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) api_key: String,
    pub(super) world: Mutex<World>,
}

/// Serves until `stopped` is dropped.
pub(super) async fn serve(
    listener: TcpListener,
    shared: Arc<Shared>,
    stopped: oneshot::Receiver<()>,
) -> io::Result<()> {
    let router = Router::new().fallback(handle).with_state(shared);
    let until = async move {
        // Nothing is ever sent: the sender is dropped with the sandbox.
        let _ = stopped.await;
    };
    axum::serve(listener, router).with_graceful_shutdown(until).await
}

async fn handle(State(shared): State<Arc<Shared>>, request: axum::extract::Request) -> Response {
    if !has_key(request.headers(), &shared.api_key) {
        return empty(StatusCode::UNAUTHORIZED);
    }
    let (parts, body) = request.into_parts();
    let path = parts.uri.path();
    let below = below_base(path).unwrap_or_default();
    let (operation, arguments) = match route::find(&parts.method, below) {
        Route::Operation(operation, arguments) => (operation, arguments),
        Route::OtherMethods(methods) => return wrong_method(&parts.method, path, &methods),
        Route::Nowhere => {
            let problem = Problem::new(StatusCode::NOT_FOUND, "The service has no such path.");
            return problem.at(path).into_response(Dialect::Published);
        }
    };
    let Ok(body) = axum::body::to_bytes(body, BODY_LIMIT).await else {
        let problem = Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "The body is too large, or broke off.",
        );
        return problem.at(path).into_response(Dialect::Published);
    };
    let answer = Request::new(
        operation,
        below,
        arguments,
        parts.uri.query().unwrap_or_default(),
        &body,
    )
    .and_then(|request| shared.answer(&request));
    match answer {
        Ok(answer) => answer.into_response(operation, Dialect::Published),
        Err(problem) => problem.at(path).into_response(Dialect::Published),
    }
}

impl Shared {
    fn answer(&self, request: &Request) -> Result<Answer, Problem> {
        let Some(handler) = handlers::find(request.operation) else {
            return Err(Problem::new(
                StatusCode::NOT_IMPLEMENTED,
                format!("The sandbox has no answer to {} yet.", request.operation.id),
            ));
        };
        let mut world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
        handler(&mut world, request)
    }
}

/// The path below the base, without a slash at the end.
fn below_base(path: &str) -> Option<&str> {
    let (base, rest) = path.split_at_checked(BASE_PATH.len())?;
    let path = rest.strip_suffix('/').unwrap_or(rest);
    (base.eq_ignore_ascii_case(BASE_PATH) && path.starts_with('/')).then_some(path)
}

/// A missing key and a wrong one look the same.
fn has_key(headers: &HeaderMap, key: &str) -> bool {
    let given = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let bearer = given("authorization").and_then(|value| value.split_once(' '));
    given("x-api-key") == Some(key)
        || bearer.is_some_and(|(scheme, token)| scheme.eq_ignore_ascii_case("bearer") && token.trim() == key)
}

fn wrong_method(method: &axum::http::Method, path: &str, others: &[&axum::http::Method]) -> Response {
    let names: Vec<&str> = others.iter().map(|method| method.as_str()).collect();
    let names = names.join(", ");
    let detail = format!("{method} is not possible here, only {names}.");
    let problem = Problem::new(StatusCode::METHOD_NOT_ALLOWED, detail);
    let mut response = problem.at(path).into_response(Dialect::Published);
    if let Ok(allow) = HeaderValue::from_str(&names) {
        response.headers_mut().insert(header::ALLOW, allow);
    }
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
