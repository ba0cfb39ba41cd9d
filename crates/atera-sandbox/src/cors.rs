//! Which pages of a browser may call the service from another origin (CORS).

use axum::{
    http::{HeaderMap, HeaderValue, Method, StatusCode, header, request::Parts},
    response::Response,
};
use url::Url;

use super::answer::empty;
use atera::{Error, Result};

/// Stands for all origins.
const ANY: &str = "*";

/// How long a browser need not ask again. A sandbox is soon started anew with other settings, so it is not long.
const MAX_AGE_SECONDS: u16 = 600;

/// The headers of answers that programs in a browser may read besides the usual ones.
const EXPOSED: &str = "X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, Retry-After";

/// The origins whose pages may call the service.
#[derive(Debug)]
pub(super) struct Cors {
    origins: Vec<String>,
}

impl Cors {
    /// Reads origins as people write them.
    ///
    /// # Errors
    ///
    /// `Config` if one is not an origin.
    pub(super) fn new(origins: &[String]) -> Result<Self> {
        let origins = origins.iter().map(|text| {
            origin(text).ok_or_else(|| {
                Error::config(format!(
                    "`{text}` is not an origin; write scheme, host and port, as in http://localhost:5173, or * for all"
                ))
            })
        });
        Ok(Cors {
            origins: origins.collect::<Result<_>>()?,
        })
    }

    /// The answer to a browser that asks whether a page may send a request. There is none if the request is another one,
    /// or if the page may not.
    pub(super) fn preflight(&self, request: &Parts) -> Option<Response> {
        let asks = request
            .headers
            .contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
        if request.method != Method::OPTIONS || !asks {
            return None;
        }
        self.allowed(&request.headers)?;
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

    /// Lets the page that a request is from read the answer, if it may.
    pub(super) fn allow(&self, request: &HeaderMap, response: &mut HeaderMap) {
        if self.origins.is_empty() {
            return;
        }
        // A cache must not give the answer for one page to another.
        if !self.allows_any() {
            response.append(header::VARY, HeaderValue::from_static("Origin"));
        }
        if let Some(origin) = self.allowed(request) {
            response.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            response.insert(
                header::ACCESS_CONTROL_EXPOSE_HEADERS,
                HeaderValue::from_static(EXPOSED),
            );
        }
    }

    fn allows_any(&self) -> bool {
        self.origins.iter().any(|origin| origin == ANY)
    }

    /// How to name the origin of a request, if it has one and that is allowed.
    fn allowed(&self, request: &HeaderMap) -> Option<HeaderValue> {
        let origin = request.get(header::ORIGIN)?;
        if self.allows_any() {
            return Some(HeaderValue::from_static(ANY));
        }
        let is_allowed = self.origins.iter().any(|allowed| origin == allowed.as_str());
        is_allowed.then(|| origin.clone())
    }
}

/// An origin as browsers write it: without a path, and without the port that the scheme has by itself.
fn origin(text: &str) -> Option<String> {
    if text == ANY {
        return Some(text.to_string());
    }
    let url = Url::parse(text).ok()?;
    let host = url.host_str().filter(|host| !host.is_empty())?;
    let port = url.port().map_or(String::new(), |port| format!(":{port}"));
    let origin = format!("{}://{host}{port}", url.scheme());
    // With anything more, such as a path or a user, it is an address and not an origin.
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
            assert_eq!(origin(text).as_deref(), expected, "{text}");
        }
    }
}
