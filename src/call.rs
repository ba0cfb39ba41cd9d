//! One call: from a builder to the request that progenitor's code makes of it, through the pipeline, and back as a value or
//! an error.

use std::{fmt, future::ready, pin::Pin, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::{
    Client, Error, Operation, Result,
    attempt::{self, Answer},
    credential::Credential,
    operation::Kind,
    page::{self, Fetched, Identity, Item, Listed, Page, RawRecord},
    pipeline,
    requests::{Made, Requests, Unmade},
    wire,
};

/// The future of a call that is awaited.
pub type CallFuture<T> = Pin<Box<dyn Future<Output = Result<T>> + Send>>;

/// A call that can be sent: what the generated builders implement.
pub(crate) trait Request: Clone + Send + Sync + 'static {
    /// What the answer decodes to.
    type Output: DeserializeOwned + Send + 'static;
    /// Its row of the table.
    const OPERATION: &'static Operation;

    fn client(&self) -> &Client;

    fn client_mut(&mut self) -> &mut Client;

    fn into_client(self) -> Client;

    /// What is to be sent, by progenitor's code.
    fn request(&self, requests: &Requests) -> std::result::Result<Made, Unmade>;

    /// The field of the identity, if a record of an answer came without it.
    fn missing_id(_: &Self::Output) -> Option<&'static str> {
        None
    }

    /// The error of the first record of an answer that does not fit the description, if there is one.
    fn misfit(_: &Answer) -> Option<Error> {
        None
    }
}

/// An answer with its status and headers.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Response<T> {
    /// What was answered.
    pub value: T,
    /// HTTP status.
    pub status: StatusCode,
    /// HTTP headers.
    pub headers: HeaderMap,
    pub(crate) sent: Sent,
}

/// The requests that led to an answer.
#[derive(Clone, Default)]
pub(crate) struct Sent {
    /// How many requests it took.
    pub(crate) attempts: u32,
    /// From the sending of the last of them to the end of its answer.
    pub(crate) took: Duration,
    /// Whether any of them waited for a slot of the rate limit.
    pub(crate) waited: bool,
    /// The key of the last of them.
    pub(crate) credential: Option<Arc<Credential>>,
    /// The host that answered it.
    pub(crate) host: Option<Arc<str>>,
}

impl fmt::Debug for Sent {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Sent")
            .field("attempts", &self.attempts)
            .finish_non_exhaustive()
    }
}

impl Sent {
    /// A body without the key in it.
    pub(crate) fn redact_key(&self, body: Bytes) -> Bytes {
        match &self.credential {
            Some(credential) => credential.redact_key(body),
            None => body,
        }
    }

    /// A reason without the key in it.
    pub(crate) fn without_key(&self, reason: &str) -> String {
        let reason = self.redact_key(Bytes::copy_from_slice(reason.as_bytes()));
        String::from_utf8_lossy(&reason).into_owned()
    }
}

impl Response<Bytes> {
    /// Whether the body says nothing.
    pub(crate) fn is_empty(&self) -> bool {
        wire::without_bom(&self.value).trim_ascii().is_empty()
    }
}

impl<T> Response<T> {
    /// The same answer with another value.
    pub(crate) fn with<U>(self, value: U) -> Response<U> {
        Response {
            value,
            status: self.status,
            headers: self.headers,
            sent: self.sent,
        }
    }

    /// What was answered, without the rest.
    pub fn into_inner(self) -> T {
        self.value
    }
}

/// Sends a call and returns what its answer decodes to.
#[inline]
pub(crate) fn value<R: Request>(call: R) -> CallFuture<R::Output> {
    sending(call, |answer| decode::<R>(&answer))
}

/// Sends a call and decodes its answer.
pub(crate) fn send<R: Request>(call: R) -> CallFuture<Response<R::Output>> {
    sending(call, |answer| {
        let value = decode::<R>(&answer)?;
        Ok(answer.with(value))
    })
}

/// Sends a call and returns the body of its answer as it came.
pub(crate) fn send_raw<R: Request>(call: R) -> CallFuture<Answer> {
    sending(call, Ok)
}

/// Sends for a page. A record that does not fit the description does not spoil the others.
pub(crate) fn fetch<L: Listed>(call: L) -> CallFuture<Fetched<L::Record>> {
    sending(call, decoded::<L>)
}

/// Sends a call and makes something of its answer.
///
/// The request is made at once, so that the future that sends it needs no room for the arguments of the call: it is the
/// largest of what a call allocates.
#[inline]
pub(crate) fn sending<R: Request, T: Send + 'static>(
    call: R,
    make: impl FnOnce(Answer) -> Result<T> + Send + 'static,
) -> CallFuture<T> {
    let request = match outgoing(&call) {
        Ok(request) => request,
        Err(error) => return Box::pin(ready(Err(error))),
    };
    let client = call.into_client();
    Box::pin(async move { make(pipeline::run(&client, R::OPERATION, &request).await?) })
}

/// A page from its answer, without a request.
pub(crate) fn decoded<L: Listed>(answer: Answer) -> Result<Fetched<L::Record>> {
    // Records that have no id are told apart by their JSON.
    let page = L::KEYED.then(|| wire::decode(&answer.value).ok()).flatten();
    match page {
        Some(page) => keyed::<L>(page, answer),
        None => salvage::<L>(answer),
    }
}

/// Where a call would be sent, below the base URL. Nothing is sent.
#[cfg(feature = "cache")]
pub(crate) fn address<R: Request>(call: &R) -> Result<String> {
    let request = outgoing(call)?;
    Ok(pipeline::address(call.client().shared(), &request).to_string())
}

/// A page that was decoded, its records by their ids.
fn keyed<L: Listed>(page: Page<L::Record>, answer: Answer) -> Result<Fetched<L::Record>> {
    let (page, records) = page.with_items(Vec::new());
    let mut items = Vec::with_capacity(records.len());
    for record in records {
        let Some(id) = L::key(&record) else {
            return salvage::<L>(answer);
        };
        items.push(Item::new(Identity::Id(id), Ok(record)));
    }
    Ok(Fetched { answer, page, items })
}

/// Decodes a page record by record.
fn salvage<L: Listed>(answer: Answer) -> Result<Fetched<L::Record>> {
    let Fetched { answer, page, items } = page::undecoded(L::OPERATION, answer)?;
    let decode = |(index, item): (usize, Item<RawRecord>)| {
        let record = item.record;
        let record = record.and_then(|record| decode_record(L::OPERATION, &answer, index, record.get()));
        // The id that was decoded counts, for it may come in another form than the raw record's.
        let id = record.as_ref().ok().and_then(L::key);
        Item::new(id.map_or(item.identity, Identity::Id), record)
    };
    let items = items.into_iter().enumerate().map(decode).collect();
    Ok(Fetched { answer, page, items })
}

/// Decodes a record of an answer.
fn decode_record<T: DeserializeOwned>(
    operation: &'static Operation,
    answer: &Answer,
    index: usize,
    json: &str,
) -> Result<T> {
    let json = json.as_bytes();
    wire::decode_object(json).map_err(|reason| attempt::malformed(operation, answer, index, json, &reason))
}

/// The error of the first record of a page that does not fit the description.
pub(crate) fn page_misfit<L: Listed>(answer: &Answer) -> Option<Error> {
    let items = salvage::<L>(answer.clone()).ok()?.items;
    first_misfit(answer, items.into_iter().map(|item| item.record))
}

/// The error of the first record of an array that does not fit the description.
pub(crate) fn array_misfit<T: DeserializeOwned>(
    operation: &'static Operation,
    answer: &Answer,
) -> Option<Error> {
    let records: Vec<&RawValue> = wire::decode(&answer.value).ok()?;
    let decode = |(index, record): (usize, &RawValue)| decode_record(operation, answer, index, record.get());
    first_misfit::<T>(answer, records.into_iter().enumerate().map(decode))
}

fn first_misfit<T>(answer: &Answer, mut records: impl Iterator<Item = Result<T>>) -> Option<Error> {
    let error = records.find_map(Result::err)?;
    let json = Bytes::copy_from_slice(error.body());
    Some(error.with_status(answer.status, json))
}

/// What is to be sent for a call.
fn outgoing<R: Request>(call: &R) -> Result<Made> {
    call.request(&call.client().shared().requests).map_err(|error| {
        let sentence = format!("{} was not sent, the request cannot be made", R::OPERATION.id);
        Error::invalid_request(sentence)
            .with_operation(R::OPERATION)
            .with_source(error)
    })
}

/// Decodes an answer. All that an empty one could tell is unknown: an object without fields.
fn decode<R: Request>(answer: &Answer) -> Result<R::Output> {
    let body: &[u8] = if answer.is_empty() { b"{}" } else { &answer.value };
    let value = match R::OPERATION.answer {
        Some(Kind::Object(_)) => wire::decode_object(body),
        _ => wire::decode(body),
    };
    let value = value.map_err(|reason| {
        R::misfit(answer).unwrap_or_else(|| attempt::undecodable(R::OPERATION, answer, &reason))
    })?;
    if let Some(field) = R::missing_id(&value) {
        // It may be no record: serde makes one of an empty array.
        if let Some(error) = R::misfit(answer) {
            return Err(error);
        }
        tracing::warn!(operation = R::OPERATION.id, field, "a record came without its id");
    }
    Ok(value)
}
