//! The sandbox in a browser: the operations of the description, to be tried out, beside what the sandbox holds and sees.
//! Everything is served from here; the pages may not ask any other host.

use std::sync::Arc;

use axum::{
    Router,
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use swagger_ui_dist::{ApiDefinition, OpenApiSource};

use super::service::{BASE_PATH, Shared};
use atera::description::{BASE_URL, OPENAPI};

const PAGE: &str = include_str!("page.html");
const SCRIPT: &str = include_str!("page.js");
const STYLE: &str = include_str!("page.css");

/// What the description says of the service's own address.
const LIVE: &str = "The live service. There is no test instance, so every call acts on production data.";

/// What the page may load, and from where. Swagger UI sets styles in elements and has its pictures in its style sheet.
const POLICY: &str =
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'";

pub(super) fn router() -> Router<Arc<Shared>> {
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
}

/// What the page is made with.
pub(super) fn swagger_ui() -> Router {
    swagger_ui_dist::generate_routes(ApiDefinition {
        uri_prefix: "/_sandbox/swagger-ui",
        api_definition: OpenApiSource::Uri("/_sandbox/openapi.yaml"),
        title: Some("Atera sandbox"),
    })
}

/// The page knows the first key, so that what is tried out is let in.
async fn page(State(shared): State<Arc<Shared>>) -> Response {
    let key = shared.keys.first().map_or("", |(key, _)| key.as_str());
    let mut response = file("text/html", PAGE.replace("{{key}}", key));
    let policy = HeaderValue::from_static(POLICY);
    response
        .headers_mut()
        .insert(header::CONTENT_SECURITY_POLICY, policy);
    response
}

/// The description, of this server. That an `ActionID` is a number or text is a format of its own there, since no type of
/// OpenAPI 3.0 says so; other programs are told what they know.
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
