//! The paths under `/_sandbox`.
//!
//! Programs in any language read the log there and set faults. The paths take no key and do not count against the
//! limit, so that a test can watch a program without disturbing it. CORS never opens them to pages of other origins.

use std::sync::Arc;

use atera::Error;
use axum::{
    Json, Router,
    extract::{Path, Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{any, get, post},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::state::SandboxState;
use crate::{
    faults::{Churn, Faults},
    world::dump,
};

/// The query of `/_sandbox/log`.
#[derive(Debug, Deserialize)]
struct Since {
    /// Only requests after the one with this number.
    #[serde(default)]
    since: u64,
}

type SharedState = State<Arc<SandboxState>>;

/// The routes. The crate page has a table of them.
pub(crate) fn router() -> Router<Arc<SandboxState>> {
    Router::new()
        .route("/_sandbox/log", get(log))
        .route("/_sandbox/log/{number}", get(bodies))
        .route("/_sandbox/stats", get(stats))
        .route("/_sandbox/state", get(state))
        .route("/_sandbox/dump", get(dump_records))
        .route("/_sandbox/reset", post(reset))
        .route("/_sandbox/faults", get(faults).post(set_faults))
        .route("/_sandbox/churn", get(churn).post(set_churn))
        .route("/_sandbox/{*path}", any(no_such_path))
}

async fn log(State(state): SharedState, Query(Since { since }): Query<Since>) -> Response {
    Json(state.request_log().since(since)).into_response()
}

/// What was sent in one request and its answer.
async fn bodies(State(state): SharedState, Path(number): Path<u64>) -> Response {
    match state.request_log().bodies(number) {
        Some(bodies) => Json(bodies).into_response(),
        None => {
            let sentence = "The log has no bodies of this request; it keeps those of the last 200.";
            (StatusCode::NOT_FOUND, sentence).into_response()
        }
    }
}

async fn stats(State(state): SharedState) -> Response {
    Json(state.request_log().stats()).into_response()
}

/// How many records there are, and how much of the limit remains.
async fn state(State(state): SharedState) -> Json<Value> {
    let records = dump::counts(&state.world().store);
    let limit = state.request_log().least_remaining().map(|(limit, remaining)| {
        json!({"requests": limit.requests, "windowSeconds": limit.window.as_secs_f64(), "remaining": remaining})
    });
    Json(json!({"records": records, "limit": limit}))
}

async fn dump_records(State(state): SharedState) -> Json<Value> {
    Json(dump::write(&state.world().store))
}

async fn reset(State(state): SharedState) -> StatusCode {
    state.reset();
    StatusCode::NO_CONTENT
}

async fn faults(State(state): SharedState) -> String {
    state.fault_plan().faults().to_string()
}

/// Sets faults. The answer is their text in the normal form, such as `latency=200ms±50` for `latency=0.2s+-50`.
async fn set_faults(State(state): SharedState, text: String) -> Response {
    setting(text.trim().parse().map(|faults: Faults| {
        let text = faults.to_string();
        state.fault_plan().set(faults);
        text
    }))
}

async fn churn(State(state): SharedState) -> String {
    state.churn().to_string()
}

async fn set_churn(State(state): SharedState, text: String) -> Response {
    setting(text.trim().parse().map(|churn: Churn| {
        let text = churn.to_string();
        *state.churn() = churn;
        text
    }))
}

/// A mistyped path is not taken for one of the service, which would ask for a key.
async fn no_such_path() -> Response {
    let paths = "log, stats, state, dump, reset, faults and churn";
    let sentence = format!("The sandbox has no such path. Below /_sandbox/ it has {paths}.");
    (StatusCode::NOT_FOUND, sentence).into_response()
}

/// The new setting as text, or 400 with the reason why it is not set.
fn setting(result: Result<String, Error>) -> Response {
    match result {
        Ok(text) => text.into_response(),
        Err(error) => (StatusCode::BAD_REQUEST, error.to_string()).into_response(),
    }
}
