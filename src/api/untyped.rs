//! Requests to any path of the service, for operations that the description lacks.

use std::sync::Arc;

use bytes::Bytes;
use http::Method;
use serde::{Serialize, de::DeserializeOwned};
use url::Url;

use super::request;
use crate::{
    Error, Result,
    description::{Operation, PAGE, PAGE_SIZE, Route, Source, is_paging, percent_decoded, route},
    page::{ListReader, Options, Records, UndecodedRecord, undecoded},
    pipeline::{self, Response, context::Context, target::Target},
    transport::Request,
};

/// A request to any path of the service.
///
/// It goes through the same pipeline as every other call: the key, the rate limit, the retries, the size limit of the answer. It
/// is not checked against the description, and its path must stay below the base URL. Created by
/// [`Client::request`](crate::Client::request).
///
/// A POST counts as a create, which is never sent twice once the service may have seen it, unless
/// [`idempotent`](UntypedCall::idempotent) says otherwise. The body goes out as it is, so a field that is an explicit `null`
/// is sent as `null`:
///
/// ```no_run
/// use http::Method;
/// use serde_json::json;
///
/// # async fn example(client: atera::Client) -> atera::Result<()> {
/// let body = json!({"TechnicianContactID": null});
/// client.request(Method::POST, "/tickets/54321").json(&body)?.idempotent(true).send().await?;
///
/// let page: atera::Page<serde_json::Value> =
///     client.request(Method::GET, "/tickets").query("page", 2).decode().await?;
/// # let _ = page;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "a call does nothing until it is sent"]
pub struct UntypedCall {
    context: Context,
    method: Method,
    path: String,
    query: Vec<(String, String)>,
    body: Option<Bytes>,
    idempotent: Option<bool>,
}

impl UntypedCall {
    pub(crate) fn new(context: Context, method: Method, path: String) -> Self {
        UntypedCall {
            context,
            method,
            path,
            query: Vec::new(),
            body: None,
            idempotent: None,
        }
    }

    /// Adds a query parameter.
    pub fn query(mut self, name: impl Into<String>, value: impl ToString) -> Self {
        self.query.push((name.into(), value.to_string()));
        self
    }

    /// Sets a JSON body.
    ///
    /// # Errors
    ///
    /// `InvalidRequest` if the value cannot be written as JSON.
    pub fn json(mut self, body: &impl Serialize) -> Result<Self> {
        let json = serde_json::to_vec(body).map_err(|error| {
            self.invalid("its body cannot be written as JSON")
                .with_source(error)
        })?;
        self.body = Some(json.into());
        Ok(self)
    }

    /// Sets whether sending the request twice has the same effect as sending it once. By default GET, HEAD, PUT and DELETE are
    /// idempotent; POST and PATCH are not.
    pub fn idempotent(mut self, idempotent: bool) -> Self {
        self.idempotent = Some(idempotent);
        self
    }

    /// Sends the request and returns the undecoded answer.
    ///
    /// # Errors
    ///
    /// `InvalidRequest` if the path does not begin with a slash, has a query or a fragment, or leads outside the
    /// base URL; otherwise see [`ErrorKind`](crate::ErrorKind). Nothing is decoded, so `Decode` only means that the answer is
    /// longer than [`body_limit`](crate::ClientBuilder::body_limit).
    pub async fn send(self) -> Result<Response<Bytes>> {
        let request = self.request()?;
        let target = Target::untyped(self.row()?, &self.path);
        pipeline::run(&self.context, target, &request).await
    }

    /// Sends the request and decodes the answer.
    ///
    /// # Errors
    ///
    /// As [`send`](UntypedCall::send), and `Decode` if the answer does not fit the type.
    pub async fn decode<T: DeserializeOwned>(self) -> Result<T> {
        // `T` is `DeserializeOwned`, so the value does not borrow from the answer.
        let answer = self.send().await?;
        answer.json()
    }

    /// Every record of the list at this path, as the service sent them. The client fetches the pages, in one pass: records that
    /// move meanwhile may be missing, and [`Records::drift`] says so.
    ///
    /// A `page` in the query is the first to read, and `itemsInPage` is the size of the pages; 50 by default. If the path is
    /// that of a list of the description, records that come again are left out by their ids.
    ///
    /// The records end with an error if the method is not GET, or if the answer is not a page.
    ///
    /// ```no_run
    /// use http::Method;
    ///
    /// # async fn example(client: atera::Client) -> atera::Result<()> {
    /// let mut records = client.request(Method::GET, "/newthings").query("status", "Open").records();
    /// while let Some(record) = records.try_next().await? {
    ///     println!("{}", record.get());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn records(mut self) -> Records<UndecodedRecord> {
        let (context, congestion) = self.context.for_walk();
        self.context = context;
        let operation = match route(&self.method, &self.path) {
            Route::Operation(operation, _) if operation.list => operation,
            _ => &ROWS[0],
        };
        let asked = |name: &str| {
            let pair = self
                .query
                .iter()
                .find(|(other, _)| other.eq_ignore_ascii_case(name));
            pair.and_then(|(_, value)| value.parse().ok())
        };
        let reader = ListReader {
            operation,
            start: asked(PAGE).unwrap_or(1),
            size: asked(PAGE_SIZE),
            is_filtered: self.query.iter().any(|(name, _)| !is_paging(name)),
            last: None,
            options: Options::default(),
            congestion,
            fetch: Arc::new(move |page, size| {
                let call = self.clone();
                Box::pin(async move { undecoded(operation, call.of_page(page, size)?.send().await?) })
            }),
        };
        reader.records()
    }

    /// The request for a page.
    fn of_page(mut self, page: i32, size: i32) -> Result<Self> {
        if self.method != Method::GET {
            return Err(self.invalid("only the list of a GET has pages"));
        }
        self.query.retain(|(name, _)| !is_paging(name));
        Ok(self.query(PAGE, page).query(PAGE_SIZE, size))
    }

    /// The row that is used in place of an operation of the description.
    fn row(&self) -> Result<&'static Operation> {
        let row = ROWS.iter().find(|row| {
            let idempotent = self.idempotent.unwrap_or(row.idempotent);
            row.method == self.method && (row.reads || row.idempotent == idempotent)
        });
        row.ok_or_else(|| {
            self.invalid("the method is not supported; use GET, HEAD, POST, PUT, PATCH or DELETE")
        })
    }

    fn request(&self) -> Result<Box<Request>> {
        if !self.path.starts_with('/') {
            return Err(self.invalid("the path must begin with a slash, as in /tickets"));
        }
        if self.path.contains(['?', '#', '\\']) {
            return Err(
                self.invalid("the path must not have `?`, `#` or `\\` in it; give the query with `query`")
            );
        }
        // A URL parser removes these, so the address would mean another path.
        let dots = |segment| matches!(&*percent_decoded(segment), "." | "..");
        let trimmed = self.path.ends_with(' ');
        if trimmed || self.path.contains(char::is_control) || self.path.split('/').any(dots) {
            return Err(self.invalid(
                "the path must not have `.`, `..` or control characters in it, nor a space at its end",
            ));
        }
        let base = self.context.shared().base_url.as_str();
        let Ok(url) = Url::parse(&format!("{base}{}", self.path)) else {
            return Err(self.invalid("the path does not form a valid URL; check its characters"));
        };
        if !url
            .as_str()
            .strip_prefix(base)
            .is_some_and(|path| path.starts_with('/'))
        {
            return Err(self.invalid("the path leads outside the base URL; give it as in /tickets"));
        }
        let body = self.body.clone();
        Ok(request::untyped(self.method.clone(), url, &self.query, body))
    }

    fn invalid(&self, reason: &str) -> Error {
        Error::invalid_request(format!("the request was not sent: {reason}"))
    }
}

/// What is known about a request by its method alone. The first row of a method is its default.
static ROWS: [Operation; 10] = [
    row("untyped_get", Method::GET, true, true),
    row("untyped_head", Method::HEAD, true, true),
    row("untyped_post", Method::POST, false, false),
    row("untyped_post", Method::POST, false, true),
    row("untyped_put", Method::PUT, false, true),
    row("untyped_put", Method::PUT, false, false),
    row("untyped_patch", Method::PATCH, false, false),
    row("untyped_patch", Method::PATCH, false, true),
    row("untyped_delete", Method::DELETE, false, true),
    row("untyped_delete", Method::DELETE, false, false),
];

const fn row(id: &'static str, method: Method, reads: bool, idempotent: bool) -> Operation {
    Operation {
        id,
        group: "untyped",
        verb: "",
        method,
        path: "",
        source: Source::Published,
        summary: "",
        description: "",
        reads,
        idempotent,
        list: false,
        append: false,
        cache: false,
        parameters: &[],
        body: None,
        example: None,
        answer: None,
    }
}
