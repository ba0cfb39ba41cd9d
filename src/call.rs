//! One call: from a builder through progenitor's client and the pipeline, and back as a value or an error.
//!
//! progenitor hands each request to [`ClientHooks::exec`] and decodes what comes back. All that `exec` cannot return
//! through reqwest's types (our error, the headers, the body as it was) is left in the [`Call`].

use std::{
    fmt,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use progenitor_client::{ClientHooks, OperationInfo};
use serde::de::DeserializeOwned;

use crate::{
    Client, Error, Operation, Result,
    attempt::{self, Answer},
    credential::Credential,
    generated::raw,
    page::{self, Fetched, Item, Listed, Page, RawRecord},
    pipeline, transport,
    types::ApiError,
};

/// What progenitor's methods fail with.
pub(crate) type RawError = progenitor_client::Error<ApiError>;

/// The future of a call that is awaited.
pub type CallFuture<T> = Pin<Box<dyn Future<Output = Result<T>> + Send>>;

/// The status that progenitor is shown in place of an outcome that it cannot carry.
const ELSEWHERE: u16 = 599;

/// A call that can be sent: what the generated builders implement.
pub(crate) trait Request: Clone + Send + Sync + 'static {
    /// What the answer decodes to.
    type Output: DeserializeOwned + Send;
    /// Its row of the table.
    const OPERATION: &'static Operation;

    fn client(&self) -> &Client;

    fn client_mut(&mut self) -> &mut Client;

    /// Hands itself to the method of progenitor's client.
    fn through(
        self,
        raw: raw::Client,
    ) -> impl Future<Output = Result<raw::ResponseValue<Self::Output>, RawError>> + Send;

    /// Checks what serde cannot see: that records have their identity.
    fn verify(_: &Self::Output) -> Result<(), String> {
        Ok(())
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

/// How an answer was come by.
#[derive(Clone, Default)]
pub(crate) struct Sent {
    /// How many requests it took.
    pub(crate) attempts: u32,
    /// The key of the last of them.
    pub(crate) credential: Option<Arc<Credential>>,
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
    pub(crate) fn blotted_out(&self, body: Bytes) -> Bytes {
        match &self.credential {
            Some(credential) => credential.blotted_out(body),
            None => body,
        }
    }
}

impl Response<Bytes> {
    /// Whether the body says nothing.
    pub(crate) fn is_empty(&self) -> bool {
        self.value.trim_ascii().is_empty()
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

/// The state of one call, which progenitor's client carries.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    client: Client,
    operation: &'static Operation,
    purpose: Purpose,
    outcome: Arc<Mutex<Option<Result<Answer>>>>,
}

/// What progenitor's client is called for.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Purpose {
    /// To send the request and decode the answer.
    Value,
    /// To send the request.
    Body,
    /// To make the request, of which only the address below the base URL is wanted: it becomes the body.
    #[cfg(feature = "cache")]
    Address,
}

/// Sends a call and decodes its answer.
pub(crate) async fn send<R: Request>(request: R) -> Result<Response<R::Output>> {
    let (answer, decoded) = exchange(request).await?;
    let Some(value) = decoded else {
        return Err(undecodable::<R>(&answer));
    };
    match R::verify(&value) {
        Ok(()) => Ok(answer.with(value)),
        Err(reason) => Err(attempt::undecodable(R::OPERATION, &answer, &reason)),
    }
}

/// Where a call would be sent, below the base URL. Nothing is sent.
#[cfg(feature = "cache")]
pub(crate) async fn address<R: Request>(request: R) -> Result<String> {
    let call = Call::new::<R>(&request, Purpose::Address);
    let result = request.through(call.raw_client()).await;
    let answer = call.answer(result.as_ref().err())?;
    Ok(String::from_utf8_lossy(&answer.value).into_owned())
}

/// Sends for a page. A record that does not fit the description does not spoil the others.
pub(crate) async fn fetch<L: Listed>(request: L) -> Result<Fetched<L::Record>> {
    let (answer, decoded) = exchange(request).await?;
    match decoded {
        Some(page) => keyed::<L>(page, answer),
        None => salvage::<L>(answer),
    }
}

/// A page that was decoded, its records by their identity.
fn keyed<L: Listed>(page: Page<L::Record>, answer: Answer) -> Result<Fetched<L::Record>> {
    let (page, records) = page.with_items(Vec::new());
    let items: Vec<_> = records
        .into_iter()
        .map(|record| Item {
            key: L::key(&record),
            record: Ok(record),
        })
        .collect();
    if L::KEYED && items.iter().any(|item| item.key.is_none()) {
        return salvage::<L>(answer);
    }
    Ok(Fetched { answer, page, items })
}

/// A page from its answer, without a request.
#[cfg(feature = "cache")]
pub(crate) fn decoded<L: Listed>(answer: Answer) -> Result<Fetched<L::Record>> {
    match serde_json::from_slice(&answer.value) {
        Ok(page) => keyed::<L>(page, answer),
        Err(_) => salvage::<L>(answer),
    }
}

/// Decodes a page record by record.
fn salvage<L: Listed>(answer: Answer) -> Result<Fetched<L::Record>> {
    let Fetched { answer, page, items } = page::undecoded(L::OPERATION, answer)?;
    let decode = |(index, item): (usize, Item<RawRecord>)| {
        let record = item.record.and_then(|record| {
            let mut json = serde_json::Deserializer::from_str(record.get());
            serde_path_to_error::deserialize(&mut json).map_err(|error| {
                let reason = format!("at {}: {}", error.path(), error.inner());
                attempt::malformed(L::OPERATION, &answer, index, record.get(), &reason)
            })
        });
        Item {
            key: item.key,
            record,
        }
    };
    let items = items.into_iter().enumerate().map(decode).collect();
    Ok(Fetched { answer, page, items })
}

/// Sends a call. What it answers is decoded by progenitor, unless it does not fit the description.
async fn exchange<R: Request>(request: R) -> Result<(Answer, Option<R::Output>)> {
    let call = Call::new::<R>(&request, Purpose::Value);
    let result = request.through(call.raw_client()).await;
    let answer = call.answer(result.as_ref().err())?;
    Ok((answer, result.ok().map(raw::ResponseValue::into_inner)))
}

/// Sends a call and returns the body of its answer as it came.
pub(crate) async fn send_raw<R: Request>(request: R) -> Result<Response<Bytes>> {
    let call = Call::new::<R>(&request, Purpose::Body);
    let result = request.through(call.raw_client()).await;
    call.answer(result.as_ref().err())
}

impl Call {
    fn new<R: Request>(request: &R, purpose: Purpose) -> Self {
        let client = request.client().clone();
        Call {
            client,
            operation: R::OPERATION,
            purpose,
            outcome: Arc::default(),
        }
    }

    fn raw_client(&self) -> raw::Client {
        let shared = self.client.shared();
        raw::Client::new_with_client(shared.base_url.as_str(), shared.requests.clone(), self.clone())
    }

    /// The answer of a success. Without one, the error that the pipeline left, or else the reason why progenitor could
    /// not even make the request.
    fn answer(&self, raw: Option<&RawError>) -> Result<Answer> {
        let outcome = self.outcome.lock().unwrap_or_else(PoisonError::into_inner).take();
        outcome.unwrap_or_else(|| {
            let reason = raw.map(ToString::to_string).unwrap_or_default();
            let sentence = format!(
                "{} was not sent, the request cannot be made: {reason}",
                self.operation.id
            );
            Err(Error::invalid_request(sentence).with_operation(self.operation))
        })
    }
}

impl ClientHooks<Call> for raw::Client {
    async fn exec(
        &self,
        mut request: reqwest::Request,
        _: &OperationInfo,
    ) -> reqwest::Result<reqwest::Response> {
        let call = &self.inner;
        let mut outgoing = transport::Request::new(request.method().clone(), request.url().clone());
        outgoing.headers = std::mem::take(request.headers_mut());
        outgoing.body = request
            .body()
            .and_then(reqwest::Body::as_bytes)
            .map(Bytes::copy_from_slice);

        #[cfg(feature = "cache")]
        if call.purpose == Purpose::Address {
            let address = pipeline::address(call.client.shared(), &outgoing).to_string();
            let answer = Answer {
                value: address.into(),
                status: StatusCode::OK,
                headers: HeaderMap::new(),
                sent: Sent::default(),
            };
            *call.outcome.lock().unwrap_or_else(PoisonError::into_inner) = Some(Ok(answer));
            return Ok(shown(StatusCode::OK, Bytes::from_static(b"{}")));
        }

        let outcome = pipeline::run(&call.client, call.operation, outgoing).await;
        let shown = match &outcome {
            // All that an empty answer could tell is unknown: an object without fields.
            Ok(answer) if call.purpose == Purpose::Value && answer.is_empty() => {
                shown(StatusCode::OK, Bytes::from_static(b"{}"))
            }
            Ok(answer) if call.purpose == Purpose::Value => shown(StatusCode::OK, answer.value.clone()),
            _ => shown(
                StatusCode::from_u16(ELSEWHERE).unwrap_or_default(),
                Bytes::from_static(b"{}"),
            ),
        };
        *call.outcome.lock().unwrap_or_else(PoisonError::into_inner) = Some(outcome);
        Ok(shown)
    }
}

/// An answer as progenitor takes it.
fn shown(status: StatusCode, body: Bytes) -> reqwest::Response {
    let mut response = http::Response::new(body);
    *response.status_mut() = status;
    response.into()
}

/// The error for an answer that progenitor could not decode, with the place. It is decoded once more to find it.
fn undecodable<R: Request>(answer: &Answer) -> Error {
    let mut json = serde_json::Deserializer::from_slice(&answer.value);
    let reason = match serde_path_to_error::deserialize::<_, R::Output>(&mut json) {
        Err(error) if error.path().iter().next().is_some() => {
            format!("at {}: {}", error.path(), error.inner())
        }
        Err(error) => error.inner().to_string(),
        Ok(_) => "it goes on after its end".to_string(),
    };
    attempt::undecodable(R::OPERATION, answer, &reason)
}
