//! Builds the request of a call. Arguments of typed calls and of calls by name are checked against the description as they are
//! added, so that nothing has to be parsed back from the address. Requests to any path are not checked.

use std::fmt::{Display, Write as _};

use bytes::Bytes;
use http::{HeaderValue, Method, header};
use serde::Serialize;
use serde_json::Value;
use url::Url;

use crate::{
    Error, Result,
    description::{Check, Operation, Parameter, Violation, encode_segment},
    transport::{BaseUrl, Request},
};

/// A request that is being built.
pub(crate) struct RequestBuilder<'a> {
    operation: &'static Operation,
    base: &'a BaseUrl,
    path: String,
    /// The rest of the path template, after the parameters that were set.
    template: &'static str,
    query: String,
    body: Option<Bytes>,
    /// A bit for each parameter that was given, by its index in the table.
    given: u64,
    check: Check,
    error: Option<serde_json::Error>,
    /// The last argument as text; a buffer that is reused.
    text: String,
}

/// A body: the bytes to send, and the value to check.
#[derive(Clone, Debug)]
pub(crate) struct Body {
    json: Bytes,
    value: Value,
}

impl Body {
    pub(crate) fn new(body: &impl Serialize) -> serde_json::Result<Self> {
        Ok(Body {
            json: serde_json::to_vec(body)?.into(),
            value: serde_json::to_value(body)?,
        })
    }
}

impl<'a> RequestBuilder<'a> {
    /// The request of an operation, without arguments.
    pub(crate) fn of(operation: &'static Operation, base: &'a BaseUrl) -> Self {
        RequestBuilder {
            operation,
            base,
            path: String::new(),
            template: operation.path,
            query: String::new(),
            body: None,
            given: 0,
            check: Check::new(),
            error: None,
            text: String::new(),
        }
    }

    /// Sets a path parameter. They must be set in the order of the path.
    pub(crate) fn path(mut self, name: &str, value: &impl Display) -> Self {
        let Some(parameter) = self.take(name, value) else {
            return self;
        };
        match &*self.text {
            "" | "." | ".." => {
                let place = parameter.name.to_string();
                self.check.push(Violation::NotASegment { place });
            }
            text => self.check.argument(parameter, text),
        }
        if let Some((before, rest)) = self.template.split_once('{') {
            self.path.push_str(before);
            self.path.extend(encode_segment(&self.text));
            self.template = rest.split_once('}').map_or("", |(_, after)| after);
        }
        self
    }

    /// Sets a query parameter, if there is a value.
    pub(crate) fn query(mut self, name: &str, value: Option<&impl Display>) -> Self {
        if let Some(parameter) = value.and_then(|value| self.take(name, value)) {
            self.check.argument(parameter, &self.text);
            append_pair(&mut self.query, parameter.name, &self.text);
        }
        self
    }

    /// Sets the body.
    pub(crate) fn body(mut self, body: &impl Serialize) -> Self {
        match Body::new(body) {
            Ok(body) => self.written_body(&body),
            Err(error) => {
                self.error = Some(error);
                self
            }
        }
    }

    /// Sets a body that is already written as JSON.
    pub(crate) fn written_body(mut self, body: &Body) -> Self {
        if let Some(kind) = &self.operation.body {
            self.check.body(kind, &body.value);
        }
        self.body = Some(body.json.clone());
        self
    }

    /// The request, unless an argument breaks a rule of the description.
    ///
    /// # Errors
    ///
    /// `InvalidRequest`, with the first rule that an argument breaks.
    pub(crate) fn build(mut self) -> Result<Box<Request>> {
        let operation = self.operation;
        if let Some(error) = self.error {
            let reason = "its body cannot be written as JSON";
            return Err(refused(operation, reason).with_source(error));
        }
        let is_given = |parameter: &Parameter| {
            let mut parameters = operation.parameters.iter();
            let index = parameters.position(|it| std::ptr::eq(it, parameter));
            index.is_some_and(|index| self.given & bit(index) != 0)
        };
        self.check.required(operation, is_given);
        if operation.body.is_some() && self.body.is_none() {
            self.check.push(Violation::NoBody);
        }
        if let Some(violation) = self.check.into_violations().into_iter().next() {
            return Err(refused(operation, &violation.to_string()));
        }
        self.path.push_str(self.template);
        let mut url = self.base.join(&self.path);
        if !self.query.is_empty() {
            url.set_query(Some(&self.query));
        }
        Ok(finish(operation.method.clone(), url, self.body))
    }

    /// Marks a parameter as given and writes its value to `text`. `None` if there is no such parameter.
    fn take(&mut self, name: &str, value: &impl Display) -> Option<&'static Parameter> {
        let mut parameters = self.operation.parameters.iter().enumerate();
        let (index, parameter) = parameters.find(|(_, parameter)| parameter.name == name)?;
        self.given |= bit(index);
        self.text.clear();
        // Writing to a String cannot fail.
        let _ = write!(self.text, "{value}");
        Some(parameter)
    }
}

/// A request to any path, without checks against the description.
pub(crate) fn untyped(
    method: Method,
    mut url: Url,
    query: &[(String, String)],
    body: Option<Bytes>,
) -> Box<Request> {
    if !query.is_empty() {
        let mut text = String::new();
        for (name, value) in query {
            append_pair(&mut text, name, value);
        }
        url.set_query(Some(&text));
    }
    finish(method, url, body)
}

fn finish(method: Method, url: Url, body: Option<Bytes>) -> Box<Request> {
    let mut request = Box::new(Request::new(method, url));
    if body.is_some() {
        let json = HeaderValue::from_static("application/json");
        request.headers.insert(header::CONTENT_TYPE, json);
    }
    request.body = body;
    request
}

fn append_pair(query: &mut String, name: &str, value: &str) {
    if !query.is_empty() {
        query.push('&');
    }
    query.extend(url::form_urlencoded::byte_serialize(name.as_bytes()));
    query.push('=');
    query.extend(url::form_urlencoded::byte_serialize(value.as_bytes()));
}

fn refused(operation: &'static Operation, reason: &str) -> Error {
    Error::invalid_request(format!("{} was not sent: {reason}", operation.id)).with_operation(operation)
}

/// The bit of a parameter. No operation has more than 64 parameters.
fn bit(index: usize) -> u64 {
    1 << (index % 64)
}
