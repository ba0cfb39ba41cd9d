//! Which requests are let through.

use std::convert::Infallible;

use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue, Method, Request, Response, StatusCode,
    header::{ALLOW, AUTHORIZATION, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, WWW_AUTHENTICATE},
};
use http_body::Body;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited, combinators::BoxBody};

use super::{limits::Limits, token::Token};

/// The path of the server.
pub(crate) const PATH: &str = "/mcp";

/// The body of an answer.
pub(crate) type AnswerBody = BoxBody<Bytes, Infallible>;

/// Looks at requests before the protocol does.
#[derive(Debug)]
pub(crate) struct Guard {
    token: Token,
    limits: Limits,
}

/// Why a request is not let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refusal {
    NoSuchPath,
    NoToken,
    WrongToken,
    Method,
    TooLarge,
    TooSlow,
    Broken,
}

impl Guard {
    pub(crate) fn new(token: Token, limits: Limits) -> Self {
        Guard { token, limits }
    }

    /// Lets a request through, with its whole body, or answers it. Of a request without the token, the body is not read.
    ///
    /// # Errors
    ///
    /// The answer that refuses it.
    pub(crate) async fn admit<B>(
        &self,
        request: Request<B>,
    ) -> Result<Request<Full<Bytes>>, Box<Response<AnswerBody>>>
    where
        B: Body,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let admitted = match self.look(request.method(), request.uri().path(), request.headers()) {
            Ok(()) => self.with_body(request).await,
            Err(refusal) => Err(refusal),
        };
        admitted.map_err(|refusal| {
            tracing::warn!(refusal = refusal.why(), "refused a request over HTTP");
            Box::new(refusal.answer())
        })
    }

    /// Looks at everything but the body.
    fn look(&self, method: &Method, path: &str, headers: &HeaderMap) -> Result<(), Refusal> {
        if path != PATH {
            return Err(Refusal::NoSuchPath);
        }
        let mut given = headers.get_all(AUTHORIZATION).iter();
        match (given.next(), given.next()) {
            (None, _) => return Err(Refusal::NoToken),
            (token, None) if self.token.is_in(token) => {}
            _ => return Err(Refusal::WrongToken),
        }
        if method != Method::POST {
            return Err(Refusal::Method);
        }
        let length = headers
            .get(CONTENT_LENGTH)
            .and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
        match length {
            Some(length) if length > self.limits.body => Err(Refusal::TooLarge),
            _ => Ok(()),
        }
    }

    /// Reads the body.
    async fn with_body<B>(&self, request: Request<B>) -> Result<Request<Full<Bytes>>, Refusal>
    where
        B: Body,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let (parts, body) = request.into_parts();
        let body = std::pin::pin!(Limited::new(body, self.limits.body));
        let body = tokio::time::timeout(self.limits.body_within, body.collect());
        let body = match body.await {
            Ok(Ok(body)) => body.to_bytes(),
            Ok(Err(error)) if error.is::<LengthLimitError>() => return Err(Refusal::TooLarge),
            Ok(Err(_)) => return Err(Refusal::Broken),
            Err(_) => return Err(Refusal::TooSlow),
        };
        Ok(Request::from_parts(parts, Full::new(body)))
    }
}

impl Refusal {
    fn status(self) -> StatusCode {
        match self {
            Refusal::NoSuchPath => StatusCode::NOT_FOUND,
            Refusal::NoToken | Refusal::WrongToken => StatusCode::UNAUTHORIZED,
            Refusal::Method => StatusCode::METHOD_NOT_ALLOWED,
            Refusal::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Refusal::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Refusal::Broken => StatusCode::BAD_REQUEST,
        }
    }

    /// A sentence for a person. It is the same whether there is no token or another.
    fn why(self) -> &'static str {
        match self {
            Refusal::NoSuchPath => "there is nothing at this path: the server is at /mcp",
            Refusal::NoToken | Refusal::WrongToken => {
                "the request has no valid token: send `Authorization: Bearer` with the token of the server's file"
            }
            Refusal::Method => "the server has no sessions: send calls with POST",
            Refusal::TooLarge => "the body is too large: send less in one call",
            Refusal::TooSlow => "the body took too long: send it at once",
            Refusal::Broken => "the body broke off: send it again",
        }
    }

    fn answer(self) -> Response<AnswerBody> {
        let mut answer = Response::new(Full::new(Bytes::from_static(self.why().as_bytes())).boxed());
        *answer.status_mut() = self.status();
        let headers = answer.headers_mut();
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("text/plain; charset=utf-8"),
        );
        match self {
            Refusal::NoToken => {
                headers.insert(
                    WWW_AUTHENTICATE,
                    HeaderValue::from_static("Bearer realm=\"atera\""),
                );
            }
            Refusal::WrongToken => {
                let wrong = HeaderValue::from_static("Bearer realm=\"atera\", error=\"invalid_token\"");
                headers.insert(WWW_AUTHENTICATE, wrong);
            }
            Refusal::Method => {
                headers.insert(ALLOW, HeaderValue::from_static("POST"));
            }
            _ => {}
        }
        // What is left of the body is not read, so no further request can follow it.
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
        answer
    }
}
