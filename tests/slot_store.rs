//! A limit that is kept elsewhere.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use atera::{
    ErrorKind, Priority, RateLimit, RetryPolicy, WaitReason,
    limit::{Rate, Remaining, Reservation, SlotReport, SlotRequest, SlotStore, StoreFuture},
    mock::Recorder,
    transport::{Fault, Response},
};
use http::StatusCode;
use tokio::time::Instant;

/// A store in memory that notes what it is told.
#[derive(Clone, Debug, Default)]
struct Store(Arc<Mutex<Ledger>>);

#[derive(Debug, Default)]
struct Ledger {
    told: Vec<String>,
    paused_until: Option<Instant>,
    quarantined_until: Option<Instant>,
    /// What fails.
    broken: &'static str,
    /// What never ends.
    hanging: &'static str,
}

struct Reserved(Store, bool);

impl Store {
    fn told(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap().told)
    }

    fn tell<T: Send + 'static>(&self, what: &'static str, detail: String, value: T) -> StoreFuture<T> {
        let mut ledger = self.0.lock().unwrap();
        ledger.told.push(format!("{what} {detail}"));
        let (broken, hanging) = (ledger.broken == what, ledger.hanging == what);
        Box::pin(async move {
            if hanging {
                std::future::pending::<()>().await;
            }
            if broken {
                Err("the disk is full".into())
            } else {
                Ok(value)
            }
        })
    }
}

impl SlotStore for Store {
    fn reserve(&self, request: SlotRequest) -> StoreFuture<Box<dyn Reservation>> {
        let slot: Box<dyn Reservation> = Box::new(Reserved(self.clone(), false));
        let reserving = self.tell("reserve", format!("{:?}", request.priority), slot);
        let until = self.0.lock().unwrap().paused_until;
        Box::pin(async move {
            if let Some(until) = until {
                tokio::time::sleep_until(until).await;
            }
            reserving.await
        })
    }

    fn pause(&self, length: Duration) -> StoreFuture<()> {
        self.0.lock().unwrap().paused_until = Some(Instant::now() + length);
        self.tell("pause", format!("{} s", length.as_secs()), ())
    }

    fn rate(&self) -> Rate {
        let mut rate = Rate::new(RateLimit::default());
        let ledger = self.0.lock().unwrap();
        rate.paused_until = ledger.paused_until.map(Instant::into_std);
        rate.quarantined_until = ledger.quarantined_until.map(Instant::into_std);
        rate
    }

    fn ahead(&self, _: u64) -> Option<usize> {
        Some(3)
    }
}

impl Reservation for Reserved {
    fn complete(mut self: Box<Self>, report: SlotReport) -> StoreFuture<()> {
        self.1 = true;
        let remaining = report.remaining.map(|left| format!(", {left:?}"));
        let detail = format!("{:?}{}", report.slot_use, remaining.unwrap_or_default());
        self.0.tell("complete", detail, ())
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        if !self.1 {
            drop(self.0.tell("drop", String::new(), ()));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn every_attempt_reserves_a_slot_and_tells_what_became_of_it() {
    let store = Store::default();
    for (answer, told) in [
        (
            (|| Ok(Response::new(StatusCode::OK, "{\"TicketID\": 1}"))) as fn() -> _,
            "complete Answered",
        ),
        (
            || Ok(Response::new(StatusCode::NOT_FOUND, "")),
            "complete Answered",
        ),
        (|| Err(Fault::not_sent("refused")), "complete Unsent"),
        (|| Err(Fault::broken("reset")), "complete Unanswered"),
    ] {
        let service = Recorder::new(move |_| answer());
        let client = service.builder().slot_store(store.clone()).build().unwrap();
        let _ = client.with_priority(Priority::Background).tickets().get(1).await;
        assert_eq!(store.told(), ["reserve Background", told]);
    }
    let service = Recorder::in_time(|_| Box::pin(std::future::pending()));
    let client = service.builder().slot_store(store.clone()).build().unwrap();
    let call = client.tickets().get(1).into_future();
    tokio::time::timeout(Duration::from_secs(1), call)
        .await
        .unwrap_err();
    assert_eq!(store.told(), ["reserve Interactive", "complete Unanswered"]);
}

#[tokio::test(start_paused = true)]
async fn a_pause_is_kept_by_the_store() {
    let store = Store::default();
    let count = Mutex::new(0);
    let service = Recorder::new(move |_| {
        let mut count = count.lock().unwrap();
        *count += 1;
        let status = if *count == 1 {
            StatusCode::TOO_MANY_REQUESTS
        } else {
            StatusCode::OK
        };
        Ok(Response::new(status, "{\"TicketID\": 1}"))
    });
    let client = service
        .builder()
        .retry(RetryPolicy::new())
        .jitter_seed(1)
        .slot_store(store.clone())
        .build()
        .unwrap();
    let before = Instant::now();
    client.tickets().get(1).await.unwrap();
    assert!((30..=31).contains(&before.elapsed().as_secs()));
    assert_eq!(
        store.told(),
        [
            "reserve Interactive",
            "pause 30 s",
            "complete Answered",
            "reserve Interactive",
            "complete Answered"
        ]
    );
}

#[tokio::test]
async fn a_call_without_a_slot_is_not_sent_and_one_that_was_answered_stands() {
    let store = Store::default();
    let service = Recorder::answering(200, "{\"TicketID\": 1}");
    let client = service.builder().slot_store(store.clone()).build().unwrap();
    store.0.lock().unwrap().broken = "reserve";
    let error = client.tickets().get(1).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Config, 0));
    assert_eq!(
        std::error::Error::source(&error).unwrap().to_string(),
        "the disk is full"
    );
    assert!(service.sent().is_empty());
    store.0.lock().unwrap().broken = "complete";
    client.tickets().get(1).await.unwrap();
}

#[tokio::test]
async fn the_store_learns_what_an_answer_allows() {
    let store = Store::default();
    let service = Recorder::new(|_| {
        let mut answer = Response::new(StatusCode::OK, "{\"TicketID\": 1}");
        answer.headers.insert("x-ratelimit-remaining", 12.into());
        answer.headers.insert("x-ratelimit-reset", 7.into());
        Ok(answer)
    });
    let client = service.builder().slot_store(store.clone()).build().unwrap();
    client.tickets().get(1).await.unwrap();
    let left = Remaining {
        requests: 12,
        reset: Some(Duration::from_secs(7)),
    };
    assert_eq!(
        store.told(),
        [
            "reserve Interactive".to_string(),
            format!("complete Answered, {left:?}")
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn no_call_waits_long_for_a_store_that_hangs() {
    for (hanging, status) in [("complete", 200), ("pause", 429)] {
        let store = Store::default();
        store.0.lock().unwrap().hanging = hanging;
        let service = Recorder::answering(status, "{\"TicketID\": 1}");
        let client = service.builder().slot_store(store.clone()).build().unwrap();
        let before = Instant::now();
        let answer = client.tickets().get(1).await;
        assert_eq!(answer.is_ok(), status == 200);
        assert_eq!(before.elapsed().as_millis(), 1_000, "{hanging}");
        store.0.lock().unwrap().paused_until = None;
        let client = client.with_deadline(Duration::from_millis(300));
        let before = Instant::now();
        assert_eq!(client.tickets().get(1).await.is_ok(), status == 200);
        assert_eq!(before.elapsed().as_millis(), 300, "{hanging}");
    }
    let store = Store::default();
    store.0.lock().unwrap().hanging = "reserve";
    let service = Recorder::answering(200, "{\"TicketID\": 1}");
    let client = service.builder().slot_store(store.clone()).build().unwrap();
    let client = client.with_deadline(Duration::from_secs(3));
    let before = Instant::now();
    let error = client.tickets().get(1).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Timeout, 0));
    assert_eq!(before.elapsed().as_secs(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_pause_that_is_too_long_ends_the_wait_for_a_store() {
    let store = Store::default();
    store.0.lock().unwrap().hanging = "reserve";
    let service = Recorder::answering(200, "{\"TicketID\": 1}");
    let client = service.builder().slot_store(store.clone()).build().unwrap();
    let call = tokio::spawn(client.tickets().get(1).into_future());
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    // Another process got it.
    store.0.lock().unwrap().paused_until = Some(Instant::now() + Duration::from_secs(3600));
    let before = Instant::now();
    let error = call.await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RateLimited);
    assert!(error.retry_after().unwrap() > Duration::from_secs(3590));
    assert!(before.elapsed().as_secs() <= 1, "{:?}", before.elapsed());
}

#[tokio::test(start_paused = true)]
async fn what_a_store_does_not_know_is_no_pause_of_the_service() {
    let store = Store::default();
    store.0.lock().unwrap().hanging = "reserve";
    let reasons = Arc::new(Mutex::new(Vec::new()));
    let seen = reasons.clone();
    let service = Recorder::answering(200, "{\"TicketID\": 1}");
    let builder = service.builder().slot_store(store.clone());
    let client = builder
        .on_wait(move |wait| seen.lock().unwrap().push(wait.reason))
        .build()
        .unwrap();
    let until = |seconds| Some(Instant::now() + Duration::from_secs(seconds));
    for (paused, quarantined, sentence) in [
        (None, until(3600), "does not know what was sent before"),
        (until(600), until(3600), "does not know what was sent before"),
        (until(7200), until(3600), "the service asked for a pause"),
        (until(3600), until(10), "the service asked for a pause"),
    ] {
        {
            let mut ledger = store.0.lock().unwrap();
            (ledger.paused_until, ledger.quarantined_until) = (paused, quarantined);
        }
        let error = client.tickets().get(1).await.unwrap_err();
        assert!(error.to_string().contains(sentence), "{error}");
        assert_eq!((error.kind(), error.attempts()), (ErrorKind::RateLimited, 0));
        let longest = paused.max(quarantined).unwrap() - Instant::now();
        assert_eq!(error.retry_after(), Some(longest));
    }
    assert!(reasons.lock().unwrap().is_empty(), "none waited");
    {
        let mut ledger = store.0.lock().unwrap();
        (ledger.paused_until, ledger.quarantined_until) = (until(1), until(2));
    }
    let call = client.tickets().get(1).into_future();
    tokio::time::timeout(Duration::from_millis(500), call)
        .await
        .unwrap_err();
    assert_eq!(reasons.lock().unwrap().first(), Some(&WaitReason::Quarantine));
}

#[tokio::test(start_paused = true)]
async fn an_observer_is_told_how_many_calls_are_before_one() {
    let store = Store::default();
    store.0.lock().unwrap().hanging = "reserve";
    let service = Recorder::answering(200, "{\"TicketID\": 1}");
    let ahead = Arc::new(Mutex::new(Vec::new()));
    let seen = ahead.clone();
    let builder = service
        .builder()
        .slot_store(store)
        .deadline(Duration::from_millis(100));
    let client = builder
        .on_wait(move |wait| seen.lock().unwrap().push(wait.ahead))
        .build()
        .unwrap();
    client.tickets().get(1).await.unwrap_err();
    assert_eq!(*ahead.lock().unwrap(), [Some(3), Some(3)]);
    // The built-in limiter knows it too.
    let seen = ahead.clone();
    let builder = service.builder().rate_limit(RateLimit::per_minute(1));
    let client = builder
        .on_wait(move |wait| seen.lock().unwrap().push(wait.ahead))
        .build()
        .unwrap();
    client.tickets().get(1).await.unwrap();
    ahead.lock().unwrap().clear();
    let calls = (0..3).map(|_| tokio::spawn(client.tickets().get(1).into_future()));
    let calls: Vec<_> = calls.collect();
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(*ahead.lock().unwrap(), [Some(0), Some(1), Some(2)]);
    calls.iter().for_each(tokio::task::JoinHandle::abort);
}
