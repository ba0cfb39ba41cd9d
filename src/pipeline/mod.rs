//! Sends a call. The steps are: wait for a slot of the rate limit, send the request, read the whole answer, classify it, and
//! retry if the retry policy allows it.

mod attempt;
#[cfg(feature = "cache")]
pub(crate) mod cache;
pub(crate) mod congestion;
pub(crate) mod context;
pub(crate) mod credential;
mod decode;
pub(crate) mod failures;
mod rate_limit_headers;
pub(crate) mod response;
pub(crate) mod retry;
mod status;
pub(crate) mod target;
pub(crate) mod usage;
pub(crate) mod wait;

use std::{
    error::Error as _,
    future::poll_fn,
    iter,
    pin::pin,
    sync::Arc,
    task::Poll,
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode};

use attempt::Failure;
use context::{ClientState, Context};
use credential::Credential;
use failures::in_words;
use response::{Answer, Sent};
use retry::{Decision, Effect, FailedAttempt, FailureClass};
use target::Target;
use usage::Counter;
use wait::{WaitsFor, wait_for};

use crate::{
    Applied, Error, ErrorKind, clock,
    limit::{NoSlot, Priority, Slot, Ticket},
    sync::lock,
    text::plain_line,
    transport::Request,
};

#[cfg(feature = "cache")]
pub use cache::Cache;
pub use response::{CallFuture, Response};
pub use retry::RetryPolicy;
pub use usage::{Counts, Usage};
pub use wait::{Wait, WaitPhase, WaitReason};

/// A slot that was acquired in less than this does not count as waited for.
const SHORTEST_WAIT: Duration = Duration::from_millis(1);

/// A slot that was acquired in less than this is not worth a line in a log: a store has to look at its file or its database.
const SHORTEST_LOGGED_WAIT: Duration = Duration::from_millis(50);

/// Sends a request, retries it if allowed, and returns the answer if it is a success.
pub(crate) async fn run(context: &Context, target: Target, request: &Request) -> Result<Answer, Error> {
    #[cfg(feature = "cache")]
    let operation = target.operation;
    #[cfg(feature = "cache")]
    if let Some(cache) = context.cache().filter(|_| operation.cache && !operation.list) {
        let address = context.shared().base_url.strip(&request.url).to_string();
        let answer = exchange(context, target, request);
        return cache.record(&address, answer).await;
    }
    #[cfg(feature = "cache")]
    let _write = context
        .shared()
        .cache
        .as_ref()
        .filter(|_| !operation.reads)
        .map(|cache| cache.write(context.shared().base_url.strip(&request.url)));
    exchange(context, target, request).await
}

/// Sends a request that has passed the checks of the description.
async fn exchange(context: &Context, target: Target, request: &Request) -> Result<Answer, Error> {
    let shared = context.shared();
    let operation = target.operation;
    // The span has neither path values nor the query: they may hold names and addresses of people.
    let span = tracing::info_span!(
        "atera",
        otel.kind = "client",
        http.request.method = %operation.method,
        url.template = target.template(),
        server.address = &**shared.base_url.host(),
        atera.operation = operation.id,
    );
    let mut call = Call {
        context,
        target,
        request,
        counter: shared.tally.of(operation.id),
        effect: context
            .settings()
            .retry
            .effect(operation.id, operation.reads, operation.creates()),
        deadline: context
            .settings()
            .deadline
            .and_then(|deadline| clock::now().checked_add(deadline)),
        attempts: 0,
        may_have_applied: false,
        key_was_renewed: false,
        took: Duration::ZERO,
        waited: false,
    };
    call.counter.count(|counts| counts.calls += 1);
    let result = {
        // `Instrument` takes the future by value and would move it, and the future is large.
        let mut run = pin!(call.run());
        poll_fn(|context| span.in_scope(|| run.as_mut().poll(context))).await
    };
    if result.is_err() {
        call.counter.count(|counts| counts.failures += 1);
    }
    result
}

/// A copy of the request with the headers that every request has, and with capacity for those that the transport adds.
fn with_common_headers(shared: &ClientState, credential: &Credential, request: &Request) -> Request {
    let mut copy = Request::new(request.method.clone(), request.url.clone());
    copy.headers.reserve(request.headers.len() + 5);
    let own = request.headers.iter();
    copy.headers
        .extend(own.map(|(name, value)| (name.clone(), value.clone())));
    let json = HeaderValue::from_static("application/json");
    copy.headers.insert(http::header::ACCEPT, json);
    copy.headers
        .insert(http::header::USER_AGENT, shared.user_agent.clone());
    let (name, key) = credential.header();
    copy.headers.insert(name, key);
    copy.body = request.body.clone();
    copy
}

/// Why there is no answer, in the words of the transport. It is for logs: few people know these words, and the message of the
/// error has what to do.
fn cause(error: &Error, credential: &Credential) -> Option<String> {
    let causes = iter::successors(error.source(), |&cause| cause.source());
    let mut texts: Vec<String> = Vec::new();
    for text in causes.map(ToString::to_string) {
        if !texts.iter().any(|before| before.contains(&text)) {
            texts.push(text);
        }
    }
    let text = credential.redact_key(texts.join(": ").into());
    (!text.is_empty()).then(|| plain_line(&String::from_utf8_lossy(&text)))
}

/// A call in progress.
struct Call<'a> {
    context: &'a Context,
    target: Target,
    request: &'a Request,
    counter: Counter,
    effect: Effect,
    deadline: Option<Instant>,
    /// Requests that were sent, counting one whose sending failed.
    attempts: u32,
    /// Whether an earlier attempt may have changed something on the service.
    may_have_applied: bool,
    /// Whether the key was looked up again.
    key_was_renewed: bool,
    /// Duration of the last attempt.
    took: Duration,
    /// Whether any attempt waited for its slot.
    waited: bool,
}

impl Call<'_> {
    async fn run(&mut self) -> Result<Answer, Error> {
        loop {
            let credential = self.credential().await?;
            let now = clock::now();
            credential.warn(now);
            let failure = {
                let mut slot = self.slot(&credential, now).await?;
                self.attempts += 1;
                match self.attempt(&credential, &mut slot).await {
                    Ok(mut answer) => {
                        self.budget(|budget| budget.succeeded(self.attempts > 1));
                        answer.sent = self.sent(credential);
                        return Ok(answer);
                    }
                    Err(failure) => failure,
                }
            };
            if self.was_deleted_before(&failure) {
                return Ok(Answer {
                    value: Bytes::new(),
                    status: failure.error.status().unwrap_or_default(),
                    headers: HeaderMap::new(),
                    sent: self.sent(credential),
                });
            }
            if self.has_another_key(&credential, &failure).await {
                continue;
            }
            match self.decide(&failure) {
                Decision::GiveUp => return Err(self.give_up(failure)),
                Decision::Retry(delay) => {
                    self.may_have_applied |= failure.error.applied() == Applied::Unknown;
                    self.log_retry(&credential, delay);
                    self.wait_to_retry(&failure.error, clock::now() + delay).await;
                }
            }
        }
    }

    /// Logs what the next attempt waits for. After a 429 that is the pause of the limiter, and the delay is 0.
    fn log_retry(&self, credential: &Credential, delay: Duration) {
        let of = self.context.settings().retry.most_retries();
        let paused_until = credential.limiter.rate().paused_until;
        let pause = paused_until.map(|until| until.saturating_duration_since(clock::now()));
        match pause.filter(|pause| *pause > delay) {
            Some(pause) => tracing::debug!(
                retry = self.attempts,
                of,
                ?pause,
                "sent again after the pause that the service asked for"
            ),
            None => tracing::debug!(retry = self.attempts, of, ?delay, "sent again after a delay"),
        }
    }

    /// The requests that led to the answer.
    fn sent(&self, credential: Arc<Credential>) -> Sent {
        Sent {
            target: self.target.clone(),
            attempts: self.attempts,
            took: self.took,
            waited: self.waited,
            credential: Some(credential),
            host: Some(self.context.shared().base_url.host().clone()),
        }
    }

    /// Waits until the next attempt. The deadline does not pass meanwhile, or the call would not be retried.
    async fn wait_to_retry(&self, error: &Error, until: Instant) {
        let reason = WaitReason::Retry {
            number: self.attempts,
            most: self.context.settings().retry.most_retries(),
            after: error.kind(),
            status: error.status(),
        };
        self.before_deadline(WaitsFor::Retry(reason, until), clock::sleep_until(until))
            .await;
    }

    /// The time left until the deadline of the call.
    fn remaining_time(&self) -> Option<Duration> {
        self.deadline
            .map(|deadline| deadline.saturating_duration_since(clock::now()))
    }

    /// The key to send with.
    async fn credential(&self) -> Result<Arc<Credential>, Error> {
        let credentials = &self.context.shared().credentials;
        match self.before_deadline(WaitsFor::Key, credentials.current()).await {
            Some(result) => result.map_err(|error| self.with_call(error)),
            None => Err(self.with_call(self.deadline_exceeded("the API key"))),
        }
    }

    /// Waits for a slot; `now` is when the wait begins.
    async fn slot(&mut self, credential: &Credential, now: Instant) -> Result<Slot, Error> {
        let patience = self.context.settings().retry.patience();
        let patience = self.remaining_time().map_or(patience, |left| left.min(patience));
        let priority = self.context.settings().priority.unwrap_or(Priority::Interactive);
        let limiter = &credential.limiter;
        let ticket = Ticket::default();
        let acquiring = limiter.acquire(priority, patience, &ticket);
        let acquired = self
            .before_deadline(WaitsFor::Slot(limiter, &ticket), acquiring)
            .await;
        let until = match &acquired {
            Some(Ok(slot)) => slot.since,
            _ => clock::now(),
        };
        self.waited |= until - now >= SHORTEST_WAIT;
        if until - now >= SHORTEST_LOGGED_WAIT {
            tracing::debug!(waited = ?(until - now), "waited for a slot");
        }
        self.counter.count(|counts| counts.waited += until - now);
        let error = match acquired {
            Some(Ok(slot)) => return Ok(slot),
            None => self.deadline_exceeded("a slot within the rate limit"),
            Some(Err(NoSlot::Paused(left))) => Error::new(
                ErrorKind::RateLimited,
                format!(
                    "{} was not sent: the service asked for a pause with this key, which lasts {} more; try again then",
                    self.target,
                    in_words(left)
                ),
            )
            .with_retry_after(left),
            Some(Err(NoSlot::Quarantined(left))) => Error::new(
                ErrorKind::RateLimited,
                format!(
                    "{} was not sent: the store of the rate limit does not know what was sent before, and waits that out for {} \
                     more; try again then",
                    self.target,
                    in_words(left)
                ),
            )
            .with_retry_after(left),
            Some(Err(NoSlot::Failed(source))) => Error::config(format!(
                "{} was not sent: the store of the rate limit failed; check the store, or use the built-in limit",
                self.target
            ))
            .with_source(source),
        };
        Err(self.with_call(error))
    }

    /// Sends the request once, and records the outcome in the counters and the log.
    async fn attempt(&mut self, credential: &Arc<Credential>, slot: &mut Slot) -> Result<Answer, Failure> {
        let shared = self.context.shared();
        self.counter.count(|counts| {
            counts.attempts += 1;
            counts.retries += u64::from(self.attempts > 1);
            counts.bytes_sent += self.request.body.as_ref().map_or(0, |body| body.len() as u64);
        });
        let until = [slot.since.checked_add(shared.attempt_timeout), self.deadline];
        let until = until.into_iter().flatten().min();
        slot.sending();
        let answer = shared
            .transport
            .send(with_common_headers(shared, credential, self.request));
        let result = attempt::receive(&self.target, shared, credential, slot, answer, until).await;
        self.took = clock::now() - slot.since;
        if let (Err(failure), Some(congestion)) = (&result, &self.context.settings().congestion)
            && failure.class != FailureClass::Final
        {
            congestion.note(slot.since);
        }
        let (status, received, failed) = match &result {
            Ok(answer) => (Some(answer.status), answer.value.len(), None),
            Err(failure) => (
                failure.error.status(),
                failure.error.body().len(),
                Some(failure.error.kind()),
            ),
        };
        self.counter.count(|counts| {
            counts.throttled += u64::from(status == Some(StatusCode::TOO_MANY_REQUESTS));
            counts.bytes_received += received as u64;
        });
        tracing::debug!(
            attempt = self.attempts,
            http.response.status_code = status.map(|status| status.as_u16()),
            http.response.body.size = received,
            duration = ?self.took,
            error.type = failed.map(ErrorKind::as_str),
            error.cause = result.as_ref().err().and_then(|failure| cause(&failure.error, credential)),
            "attempt"
        );
        result
    }

    /// Whether a DELETE got 404 after an attempt with unknown outcome: then the earlier attempt deleted the record.
    fn was_deleted_before(&self, failure: &Failure) -> bool {
        self.may_have_applied
            && self.target.operation.method == Method::DELETE
            && failure.error.kind() == ErrorKind::NotFound
    }

    /// Whether the service refused the key and the source of the key now has another one. This is checked once per call.
    async fn has_another_key(&mut self, credential: &Arc<Credential>, failure: &Failure) -> bool {
        if failure.error.kind() != ErrorKind::Unauthorized || self.key_was_renewed {
            return false;
        }
        self.key_was_renewed = true;
        let changed = self.context.shared().credentials.changed_since(credential);
        self.before_deadline(WaitsFor::Key, changed)
            .await
            .unwrap_or(false)
    }

    fn decide(&self, failure: &Failure) -> Decision {
        let failed = FailedAttempt {
            attempt: self.attempts,
            class: failure.class,
            effect: self.effect,
            hint: failure.hint,
            paused: failure.paused,
            left: self.remaining_time(),
        };
        let random = self.context.shared().random();
        self.budget(|budget| retry::decide(&self.context.settings().retry, failed, budget, random))
    }

    /// The error for the caller, with how long the service asks to wait.
    fn give_up(&self, failure: Failure) -> Error {
        let wait = match failure.class {
            FailureClass::Throttled => Some(retry::pause(failure.hint, 0.0)),
            _ => failure.hint,
        };
        let error = self.with_call(failure.error);
        match wait {
            Some(wait) => error.with_retry_after(wait),
            None => error,
        }
    }

    /// Adds the operation, the number of attempts, and whether an earlier attempt may have taken effect.
    fn with_call(&self, error: Error) -> Error {
        let error = match error.applied() {
            Applied::No if self.may_have_applied => error.with_applied(Applied::Unknown),
            _ => error,
        };
        error
            .with_operation(self.target.operation)
            .with_attempts(self.attempts)
    }

    fn deadline_exceeded(&self, what: &str) -> Error {
        Error::new(
            ErrorKind::Timeout,
            format!(
                "{} was not sent: timed out waiting for {what}; allow more time, or send less",
                self.target
            ),
        )
    }

    /// The result of the future, or `None` if the deadline of the call passes first. The observer is told if it is not ready.
    async fn before_deadline<T>(&self, what: WaitsFor<'_>, future: impl Future<Output = T>) -> Option<T> {
        let mut future = pin!(future);
        let observer = self.context.shared().on_wait.as_ref();
        if self.deadline.is_none() && observer.is_none() {
            return Some(future.await);
        }
        // The result is usually ready at once, so the wait is boxed: it would make the future of every call larger.
        if let Poll::Ready(result) = poll_fn(|context| Poll::Ready(future.as_mut().poll(context))).await {
            return Some(result);
        }
        Box::pin(wait_for(
            future,
            self.deadline,
            self.target.operation,
            what,
            observer,
        ))
        .await
    }

    fn budget<T>(&self, change: impl FnOnce(&mut retry::Budget) -> T) -> T {
        change(&mut lock(&self.context.shared().budget))
    }
}
