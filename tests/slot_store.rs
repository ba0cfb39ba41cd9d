//! A limit that is kept elsewhere.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use atera::{
    ErrorKind, Priority, RateLimit, RetryPolicy,
    limit::{Rate, Reservation, SlotStore, SlotUse, StoreFuture},
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
    /// What fails.
    broken: &'static str,
}

struct Reserved(Store, bool);

impl Store {
    fn told(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap().told)
    }

    fn tell<T: Send + 'static>(&self, what: &'static str, detail: String, value: T) -> StoreFuture<T> {
        let mut ledger = self.0.lock().unwrap();
        ledger.told.push(format!("{what} {detail}"));
        let broken = ledger.broken == what;
        Box::pin(async move {
            if broken {
                Err("the disk is full".into())
            } else {
                Ok(value)
            }
        })
    }
}

impl SlotStore for Store {
    fn reserve(&self, priority: Priority) -> StoreFuture<Box<dyn Reservation>> {
        let slot: Box<dyn Reservation> = Box::new(Reserved(self.clone(), false));
        let reserving = self.tell("reserve", format!("{priority:?}"), slot);
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
        rate.paused_until = self.0.lock().unwrap().paused_until.map(Instant::into_std);
        rate
    }
}

impl Reservation for Reserved {
    fn complete(mut self: Box<Self>, slot_use: SlotUse) -> StoreFuture<()> {
        self.1 = true;
        self.0.tell("complete", format!("{slot_use:?}"), ())
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
        (|| Err(Fault::broken("reset")), "drop "),
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
    assert_eq!(store.told(), ["reserve Interactive", "drop "]);
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
