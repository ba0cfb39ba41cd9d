//! One typed call: builds its request, sends it through the pipeline, and decodes the answer.

use std::future::ready;

use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::request::RequestBuilder;
use crate::{
    Error, Result,
    description::{Kind, Operation},
    pipeline::{self, CallFuture, Response, context::Context, failures, response::Answer},
    transport::Request,
    types::json,
};

/// A call that can be sent. The generated calls implement it.
pub(crate) trait TypedCall: Clone + Send + Sync + 'static {
    /// The type of the decoded answer.
    type Output: DeserializeOwned + Send + 'static;
    /// Its row in the table of operations.
    const OPERATION: &'static Operation;

    fn context(&self) -> &Context;

    fn context_mut(&mut self) -> &mut Context;

    fn into_context(self) -> Context;

    /// Adds its arguments to the request.
    fn arguments<'a>(&self, request: RequestBuilder<'a>) -> RequestBuilder<'a>;

    /// The name of the id field, if a record of the answer lacks its id.
    fn missing_id(_: &Self::Output) -> Option<&'static str> {
        None
    }

    /// The error of the first record of an answer that does not fit the description, if there is one.
    fn decode_error(_: &Answer) -> Option<Error> {
        None
    }
}

/// Sends a call and returns the decoded value.
#[inline]
pub(crate) fn value<R: TypedCall>(call: R) -> CallFuture<R::Output> {
    sending(call, |answer| decode::<R>(&answer))
}

/// Sends a call and returns the decoded value with status and headers.
pub(crate) fn send<R: TypedCall>(call: R) -> CallFuture<Response<R::Output>> {
    sending(call, |answer| {
        let value = decode::<R>(&answer)?;
        Ok(answer.with(value))
    })
}

/// Sends a call and returns the undecoded answer.
pub(crate) fn send_undecoded<R: TypedCall>(call: R) -> CallFuture<Answer> {
    sending(call, Ok)
}

/// Sends a call and converts its answer with `make`.
///
/// The request is built before the future is created, so that the future does not hold the arguments of the call: it is the
/// largest allocation of a call.
#[inline]
pub(crate) fn sending<R: TypedCall, T: Send + 'static>(
    call: R,
    make: impl FnOnce(Answer) -> Result<T> + Send + 'static,
) -> CallFuture<T> {
    let request = match build_request(&call) {
        Ok(request) => request,
        Err(error) => return Box::pin(ready(Err(error))),
    };
    let context = call.into_context();
    Box::pin(async move { make(pipeline::run(&context, R::OPERATION.into(), &request).await?) })
}

/// The address of a call below the base URL. Nothing is sent.
#[cfg(feature = "cache")]
pub(crate) fn address<R: TypedCall>(call: &R) -> Result<String> {
    let request = build_request(call)?;
    Ok(call.context().shared().base_url.strip(&request.url).to_string())
}

/// Decodes a record of an answer.
pub(super) fn decode_record<T: DeserializeOwned>(answer: &Answer, index: usize, json: &str) -> Result<T> {
    let json = json.as_bytes();
    json::decode(json).map_err(|reason| failures::malformed(answer, index, json, &reason))
}

/// The error of the first record of an array that does not fit the description.
pub(crate) fn array_decode_error<T: DeserializeOwned>(answer: &Answer) -> Option<Error> {
    let records: Vec<&RawValue> = json::decode(&answer.value).ok()?;
    let decode = |(index, record): (usize, &RawValue)| decode_record(answer, index, record.get());
    first_decode_error::<T>(answer, records.into_iter().enumerate().map(decode))
}

pub(super) fn first_decode_error<T>(
    answer: &Answer,
    mut records: impl Iterator<Item = Result<T>>,
) -> Option<Error> {
    let error = records.find_map(Result::err)?;
    let json = Bytes::copy_from_slice(error.body());
    Some(error.with_status(answer.status, json))
}

/// Builds the request of a call.
fn build_request<R: TypedCall>(call: &R) -> Result<Box<Request>> {
    let request = RequestBuilder::of(R::OPERATION, &call.context().shared().base_url);
    call.arguments(request).build()
}

/// Decodes an answer. An empty body is decoded as an object without fields, since all fields of an answer are optional.
fn decode<R: TypedCall>(answer: &Answer) -> Result<R::Output> {
    let body: &[u8] = if answer.is_empty() { b"{}" } else { &answer.value };
    let value = match R::OPERATION.answer {
        Some(Kind::Object(_)) => json::decode_object(body),
        _ => json::decode(body),
    };
    let value = value.map_err(|reason| {
        R::decode_error(answer).unwrap_or_else(|| failures::undecodable(answer, &reason))
    })?;
    if let Some(field) = R::missing_id(&value) {
        tracing::warn!(operation = R::OPERATION.id, field, "a record came without its id");
    }
    Ok(value)
}
