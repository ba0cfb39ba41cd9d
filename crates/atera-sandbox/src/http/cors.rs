//! Which pages in a browser may call the service from another origin (CORS).

use atera::{Error, Result};
use axum::{
    http::{HeaderMap, HeaderValue, Method, StatusCode, header, request::Parts},
    response::Response,
};
use url::Url;

use super::response::empty;

/// Stands for all origins.
const ANY: &str = "*";

/// How long a browser may remember a preflight. It is short, since people restart a sandbox with other settings.
const MAX_AGE_SECONDS: u16 = 600;

/// The headers that a page may read, besides those that CORS always lets it read.
const EXPOSED_HEADERS: &str = "X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, Retry-After";

/// The origins whose pages may call the service.
#[derive(Debug)]
pub(crate) struct Cors {
    origins: Vec<String>,
}

impl Cors {
    /// Reads origins, or `*` for all.
    ///
    /// # Errors
    ///
    /// `Config` if a text is not an origin.
    pub(crate) fn new(origins: &[String]) -> Result<Self> {
        let origins = origins.iter().map(|text| {
            parse_origin(text).ok_or_else(|| {
                Error::config(format!(
                    "cannot let pages call the sandbox: `{text}` is not an origin; write scheme, host and port, as in \
                     http://localhost:5173, or * for all"
                ))
            })
        });
        Ok(Cors {
            origins: origins.collect::<Result<_>>()?,
        })
    }

    /// The answer to a preflight, with which a browser asks whether a page may send a request. None if the request is
    /// not a preflight, or if the page may not.
    pub(crate) fn preflight(&self, request: &Parts) -> Option<Response> {
        let asks = request
            .headers
            .contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
        if request.method != Method::OPTIONS || !asks {
            return None;
        }
        self.allowed_origin(&request.headers)?;
        let mut response = empty(StatusCode::NO_CONTENT);
        let headers = response.headers_mut();
        for (name, value) in [
            (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, PUT, DELETE"),
            (
                header::ACCESS_CONTROL_ALLOW_HEADERS,
                "X-API-KEY, Authorization, Content-Type",
            ),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, MAX_AGE_SECONDS.into());
        Some(response)
    }

    /// Adds the headers that let the page read the response, if its origin is allowed.
    pub(crate) fn allow(&self, request: &HeaderMap, response: &mut HeaderMap) {
        if self.origins.is_empty() {
            return;
        }
        // The response differs by origin, so caches must not give it to another page.
        if !self.allows_any() {
            response.append(header::VARY, HeaderValue::from_static("Origin"));
        }
        if let Some(origin) = self.allowed_origin(request) {
            response.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            response.insert(
                header::ACCESS_CONTROL_EXPOSE_HEADERS,
                HeaderValue::from_static(EXPOSED_HEADERS),
            );
        }
    }

    fn allows_any(&self) -> bool {
        self.origins.iter().any(|origin| origin == ANY)
    }

    /// `Access-Control-Allow-Origin` for a request; none if it has no origin, or one that is not allowed.
    fn allowed_origin(&self, request: &HeaderMap) -> Option<HeaderValue> {
        let origin = request.get(header::ORIGIN)?;
        if self.allows_any() {
            return Some(HeaderValue::from_static(ANY));
        }
        let is_allowed = self.origins.iter().any(|allowed| origin == allowed.as_str());
        is_allowed.then(|| origin.clone())
    }
}

/// An origin as browsers send it: in lower case, without a path, and without the default port of the scheme.
fn parse_origin(text: &str) -> Option<String> {
    if text == ANY {
        return Some(text.to_string());
    }
    let url = Url::parse(text).ok()?;
    let host = url.host_str().filter(|host| !host.is_empty())?;
    let port = url.port().map_or(String::new(), |port| format!(":{port}"));
    let origin = format!("{}://{host}{port}", url.scheme());
    // An address with a path, query or user is not an origin.
    let rest = url.as_str().strip_prefix(&origin)?;
    matches!(rest, "" | "/").then_some(origin)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_read_as_browsers_write_it() {
        for (text, expected) in [
            ("*", Some("*")),
            ("http://localhost:5173", Some("http://localhost:5173")),
            ("HTTPS://App.Example:443/", Some("https://app.example")),
            ("http://[::1]:80", Some("http://[::1]")),
            ("tauri://localhost", Some("tauri://localhost")),
            ("localhost:5173", None),
            ("http://localhost:5173/app", None),
            ("http://localhost/?q", None),
            ("http://user@localhost", None),
            ("file:///tmp/page.html", None),
            ("null", None),
            ("", None),
        ] {
            assert_eq!(parse_origin(text).as_deref(), expected, "{text}");
        }
    }
}
