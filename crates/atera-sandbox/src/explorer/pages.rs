//! The pages: the operations of the description to try out, beside the live state of the sandbox.
//!
//! Swagger UI makes forms of the description; the script next to it reads the log and sets faults over the paths under
//! `/_sandbox`. Everything is served from this program, and the content security policy lets the pages ask no other
//! host, so the key and what people type stay on the machine.

use std::sync::Arc;

use atera::description::{BASE_URL, OPENAPI};
use axum::{
    Router,
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use swagger_ui_dist::{ApiDefinition, OpenApiSource};

use crate::{http::BASE_PATH, service::SandboxState};

const PAGE: &str = include_str!("page.html");
const SCRIPT: &str = include_str!("page.js");
const STYLE: &str = include_str!("page.css");

/// How the description introduces the address of the service. The pages replace it.
const LIVE: &str = "The live service. There is no test instance, so every call acts on production data.";

/// The content security policy of the page. Swagger UI needs inline styles and pictures as `data:` in its style sheet.
const POLICY: &str =
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'";

/// All routes of the pages.
pub(crate) fn router(state: Arc<SandboxState>) -> Router {
    Router::new()
        .route("/", get(|| async { Redirect::to("/_sandbox/") }))
        .route("/_sandbox", get(|| async { Redirect::to("/_sandbox/") }))
        .route("/_sandbox/", get(page))
        .route(
            "/_sandbox/page.js",
            get(|| async { file("text/javascript", SCRIPT) }),
        )
        .route("/_sandbox/page.css", get(|| async { file("text/css", STYLE) }))
        .route(
            "/_sandbox/openapi.yaml",
            get(|| async { file("application/yaml", description()) }),
        )
        .with_state(state)
        .merge(swagger_ui())
}

/// The scripts and styles of Swagger UI.
fn swagger_ui() -> Router {
    swagger_ui_dist::generate_routes(ApiDefinition {
        uri_prefix: "/_sandbox/swagger-ui",
        api_definition: OpenApiSource::Uri("/_sandbox/openapi.yaml"),
        title: Some("Atera sandbox"),
    })
}

/// The page. It has the first key of the sandbox filled in, so that a call can be tried without typing one.
async fn page(State(state): State<Arc<SandboxState>>) -> Response {
    let key = state.keys.first().map_or("", |(key, _)| key.as_str());
    let mut response = file("text/html", PAGE.replace("{{key}}", key));
    let policy = HeaderValue::from_static(POLICY);
    response
        .headers_mut()
        .insert(header::CONTENT_SECURITY_POLICY, policy);
    response
}

/// The description with the address of this server in place of the live service.
///
/// It writes an `ActionID`, which is a number or text, as a format of our own. Other programs do not know the format,
/// so they get `oneOf` here.
fn description() -> String {
    const EITHER: &str = "oneOf: [{type: integer, format: int64}, {type: string}]";
    let own = OPENAPI.replace(&format!("- url: {BASE_URL}"), &format!("- url: {BASE_PATH}"));
    let own = own.replace(LIVE, "This sandbox. No call touches production.");
    let lines: Vec<&str> = own.lines().collect();
    let mut out = String::with_capacity(own.len());
    for (index, line) in lines.iter().enumerate() {
        let next = lines.get(index + 1).map_or("", |line| line.trim());
        let line = match line.trim() {
            "format: action-id" => continue,
            "type: string" if next == "format: action-id" => &line.replace("type: string", EITHER),
            _ => *line,
        };
        out.push_str(line);
        out.push('\n');
    }
    out
}

/// A response with a text file.
fn file(content_type: &str, text: impl Into<String>) -> Response {
    let content_type = format!("{content_type}; charset=utf-8");
    ([(header::CONTENT_TYPE, content_type)], text.into()).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_description_names_this_server_and_no_other() {
        let description = description();
        assert!(description.contains("servers:\n  - url: /api/v3\n"));
        assert!(!description.contains(&format!("- url: {BASE_URL}")));
        assert!(OPENAPI.contains(LIVE) && !description.contains(LIVE));
        assert!(!description.contains("action-id"));
        assert_eq!(
            description
                .matches("oneOf: [{type: integer, format: int64}, {type: string}]")
                .count(),
            2
        );
    }
}
