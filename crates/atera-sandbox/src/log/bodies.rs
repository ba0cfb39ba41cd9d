//! What was sent in a request and its answer.

use axum::body::Bytes;
use serde::Serialize;

/// How many bytes of a body the log has.
const MOST: usize = 64 * 1024;

/// The bodies of a request and of its answer. A body that is longer than the log takes is cut.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Bodies {
    /// None if the body was too large for the sandbox, or broke off.
    request: Option<Body>,
    /// None if the connection was reset, or if a fault sent the answer in pieces.
    response: Option<Body>,
}

/// A body, or the beginning of one.
#[derive(Clone, Debug, Serialize)]
struct Body {
    /// Bytes that are not UTF-8 are replaced.
    text: String,
    /// How many bytes it has as a whole.
    bytes: usize,
}

impl Bodies {
    pub(super) fn new(request: Option<&Bytes>, response: Option<&Bytes>) -> Self {
        Bodies {
            request: request.map(Body::new),
            response: response.map(Body::new),
        }
    }
}

impl Body {
    fn new(body: &Bytes) -> Self {
        let shown = &body[..body.len().min(MOST)];
        Body {
            text: String::from_utf8_lossy(shown).into_owned(),
            bytes: body.len(),
        }
    }
}
