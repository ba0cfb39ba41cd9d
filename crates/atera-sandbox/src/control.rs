//! The paths under `/_sandbox`, by which programs in any language see and steer the sandbox. They take no key.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{churn::Churn, faults::Faults, origin, service::Shared};
use atera::Error;

/// Which arrivals are asked for.
#[derive(Debug, Deserialize)]
struct Since {
    /// Those after the one of this number.
    #[serde(default)]
    since: u64,
}

type Shareds = State<Arc<Shared>>;

pub(super) fn router() -> Router<Arc<Shared>> {
    Router::new()
        .route("/_sandbox/log", get(log))
        .route("/_sandbox/stats", get(stats))
        .route("/_sandbox/state", get(state))
        .route("/_sandbox/dump", get(dump))
        .route("/_sandbox/reset", post(reset))
        .route("/_sandbox/faults", get(faults).post(set_faults))
        .route("/_sandbox/churn", get(churn).post(set_churn))
}

async fn log(State(shared): Shareds, Query(Since { since }): Query<Since>) -> Response {
    Json(shared.request_log().since(since)).into_response()
}

async fn stats(State(shared): Shareds) -> Response {
    Json(shared.request_log().stats()).into_response()
}

/// How many records there are, and what is left of the limit.
async fn state(State(shared): Shareds) -> Json<Value> {
    let records = origin::counts(&shared.world().store);
    let limit = shared.request_log().fullest().map(|(limit, remaining)| {
        json!({"requests": limit.requests, "windowSeconds": limit.window.as_secs_f64(), "remaining": remaining})
    });
    Json(json!({"records": records, "limit": limit}))
}

async fn dump(State(shared): Shareds) -> Json<Value> {
    Json(origin::dump(&shared.world().store))
}

async fn reset(State(shared): Shareds) -> StatusCode {
    shared.reset();
    StatusCode::NO_CONTENT
}

async fn faults(State(shared): Shareds) -> String {
    shared.fault_plan().faults().to_string()
}

async fn set_faults(State(shared): Shareds, text: String) -> Response {
    answer(text.trim().parse().map(|faults: Faults| {
        let text = faults.to_string();
        shared.fault_plan().set(faults);
        text
    }))
}

async fn churn(State(shared): Shareds) -> String {
    shared.churn().to_string()
}

async fn set_churn(State(shared): Shareds, text: String) -> Response {
    answer(text.trim().parse().map(|churn: Churn| {
        let text = churn.to_string();
        *shared.churn() = churn;
        text
    }))
}

/// What is set now, or why it is not.
fn answer(result: Result<String, Error>) -> Response {
    match result {
        Ok(text) => text.into_response(),
        Err(error) => (StatusCode::BAD_REQUEST, error.to_string()).into_response(),
    }
}
