//! What observers are told of calls that wait, in virtual time.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use atera::{
    Client, ClientBuilder, ErrorKind, RateLimit, RetryPolicy, Wait, WaitPhase, WaitReason,
    limit::{Rate, Reservation, SlotReport, SlotRequest, SlotStore, StoreFuture},
    mock::Recorder,
    transport::{Fault, Response},
};
use http::{HeaderValue, StatusCode};
use tokio::time::{Instant, sleep};

/// The waits that a client has told, each with the seconds since the start.
#[derive(Clone, Debug, Default)]
struct Told(Arc<Mutex<Vec<(u64, Wait)>>>);

impl Told {
    /// A client that tells it.
    fn client(&self, builder: ClientBuilder) -> Client {
        let (told, start) = (self.0.clone(), Instant::now());
        let builder = builder.jitter_seed(1).retry(RetryPolicy::new());
        let builder =
            builder.on_wait(move |wait| told.lock().unwrap().push((start.elapsed().as_secs(), *wait)));
        builder.build().unwrap()
    }

    /// Each wait with its second, its phase, and the seconds that it is to last.
    fn waits(&self) -> Vec<(u64, WaitPhase, Option<u64>)> {
        let told = self.0.lock().unwrap();
        let short = told.iter().map(|(at, wait)| {
            let lasts = wait.until.map(|until| (until - wait.since).as_secs());
            (*at, wait.phase, lasts)
        });
        short.collect()
    }

    /// The reason of all of them.
    fn reason(&self) -> WaitReason {
        let told = self.0.lock().unwrap();
        let first = told.first().expect("a wait").1;
        for (_, wait) in &*told {
            assert_eq!((wait.operation, wait.reason), ("customers_get", first.reason));
        }
        first.reason
    }
}

/// Answers the first request so, and the others with a customer.
fn first(answer: fn() -> Result<Response, Fault>) -> Recorder {
    let asked = Mutex::new(false);
    Recorder::new(
        move |_| match std::mem::replace(&mut *asked.lock().unwrap(), true) {
            false => answer(),
            true => customer(),
        },
    )
}

fn customer() -> Result<Response, Fault> {
    Ok(Response::new(StatusCode::OK, r#"{"CustomerID": 7}"#))
}

fn wait_for(status: StatusCode, seconds: &'static str) -> Result<Response, Fault> {
    let mut response = Response::new(status, "");
    let seconds = HeaderValue::from_static(seconds);
    response.headers.insert(http::header::RETRY_AFTER, seconds);
    Ok(response)
}

/// The waits of this length, told once a second.
fn of_seconds(length: u64, lasts: u64) -> Vec<(u64, WaitPhase, Option<u64>)> {
    let told = (0..=length).map(|at| match at {
        0 => (0, WaitPhase::Began, Some(lasts)),
        at => (at, WaitPhase::GoesOn, Some(lasts)),
    });
    told.chain([(length, WaitPhase::Ended, Some(lasts))]).collect()
}

#[tokio::test(start_paused = true)]
async fn a_call_that_need_not_wait_is_not_told() {
    let told = Told::default();
    let client = told.client(Recorder::new(|_| customer()).builder());
    client.customers().get(7).await.unwrap();
    assert_eq!(told.waits(), []);
}

#[tokio::test(start_paused = true)]
async fn the_limit_is_told_with_the_time_of_the_next_slot() {
    let told = Told::default();
    let recorder = Recorder::new(|_| customer());
    let client = told.client(
        recorder
            .builder()
            .rate_limit(RateLimit::new(1, Duration::from_secs(3))),
    );
    client.customers().get(7).await.unwrap();
    client.customers().get(7).await.unwrap();
    assert_eq!(told.waits(), of_seconds(3, 3));
    assert_eq!(told.reason(), WaitReason::RateLimit);
}

#[tokio::test(start_paused = true)]
async fn a_pause_is_told_as_the_service_asks_for_it() {
    let told = Told::default();
    let recorder = first(|| wait_for(StatusCode::TOO_MANY_REQUESTS, "5"));
    told.client(recorder.builder()).customers().get(7).await.unwrap();
    assert_eq!(told.waits(), of_seconds(5, 5));
    assert_eq!(told.reason(), WaitReason::Pause);
}

#[tokio::test(start_paused = true)]
async fn a_retry_is_told_with_its_number_and_what_failed() {
    let told = Told::default();
    let recorder = first(|| wait_for(StatusCode::SERVICE_UNAVAILABLE, "2"));
    told.client(recorder.builder()).customers().get(7).await.unwrap();
    let WaitReason::Retry {
        number,
        most,
        after,
        status,
        ..
    } = told.reason()
    else {
        panic!("{told:?}");
    };
    assert_eq!((number, most, after), (1, 4, ErrorKind::Server));
    assert_eq!(status, Some(StatusCode::SERVICE_UNAVAILABLE));
    assert_eq!(told.waits().first(), Some(&(0, WaitPhase::Began, Some(2))));
    assert_eq!(told.waits().last(), Some(&(2, WaitPhase::Ended, Some(2))));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_or_out_of_time_waits_no_longer() {
    for deadline in [None, Some(Duration::from_secs(2))] {
        let told = Told::default();
        let recorder = Recorder::new(|_| customer());
        let client = told.client(recorder.builder().rate_limit(RateLimit::per_minute(1)));
        client.customers().get(7).await.unwrap();
        let call = async {
            match deadline {
                Some(deadline) => client.with_deadline(deadline).customers().get(7).await,
                None => client.customers().get(7).await,
            }
        };
        tokio::select! {
            result = call => assert_eq!(result.unwrap_err().kind(), ErrorKind::Timeout),
            () = sleep(Duration::from_secs(2)), if deadline.is_none() => {}
        }
        let waits = told.waits();
        assert_eq!(waits.first(), Some(&(0, WaitPhase::Began, Some(60))), "{waits:?}");
        assert_eq!(waits.last(), Some(&(2, WaitPhase::Ended, Some(60))), "{waits:?}");
        let ends = waits.iter().filter(|(_, phase, _)| *phase == WaitPhase::Ended);
        assert_eq!(ends.count(), 1, "{waits:?}");
    }
}

/// A store that takes so long for each slot, and perhaps knows when it has one.
#[derive(Debug)]
struct Slow(Duration, Option<Duration>);

/// A store in which so many slots are taken, and nobody knows until when.
#[derive(Debug)]
struct Full(u32);

struct Reserved;

impl SlotStore for Slow {
    fn reserve(&self, _: SlotRequest) -> StoreFuture<Box<dyn Reservation>> {
        let length = self.0;
        Box::pin(async move {
            sleep(length).await;
            Ok(Box::new(Reserved) as Box<dyn Reservation>)
        })
    }

    fn pause(&self, _: Duration) -> StoreFuture<()> {
        Box::pin(async { Ok(()) })
    }

    fn rate(&self) -> Rate {
        let mut rate = Rate::new(RateLimit::default());
        rate.next_slot = self.1.map(|length| (Instant::now() + length).into_std());
        rate
    }
}

impl SlotStore for Full {
    fn reserve(&self, request: SlotRequest) -> StoreFuture<Box<dyn Reservation>> {
        Slow(Duration::from_millis(500), None).reserve(request)
    }

    fn pause(&self, _: Duration) -> StoreFuture<()> {
        Box::pin(async { Ok(()) })
    }

    fn rate(&self) -> Rate {
        let mut rate = Rate::new(RateLimit::default());
        rate.in_use = self.0;
        rate
    }
}

impl Reservation for Reserved {
    fn complete(self: Box<Self>, _: SlotReport) -> StoreFuture<()> {
        Box::pin(async { Ok(()) })
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_need_not_know_when_it_has_a_slot() {
    let seconds = Duration::from_secs;
    for (store, expected) in [
        // It looks at its file.
        (Slow(Duration::from_millis(40), None), vec![]),
        (
            Slow(Duration::from_millis(500), None),
            vec![(0, WaitPhase::Began, None), (0, WaitPhase::Ended, None)],
        ),
        (
            Slow(Duration::from_millis(900), Some(seconds(9))),
            vec![(0, WaitPhase::Began, Some(9)), (0, WaitPhase::Ended, Some(9))],
        ),
    ] {
        let told = Told::default();
        let client = told.client(Recorder::new(|_| customer()).builder().slot_store(store));
        client.customers().get(7).await.unwrap();
        assert_eq!(told.waits(), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_slow_is_not_taken_for_the_limit() {
    for (in_use, reason) in [
        (0, WaitReason::Store),
        (689, WaitReason::Store),
        // Ten slots are kept for calls that somebody waits for.
        (690, WaitReason::RateLimit),
        (700, WaitReason::RateLimit),
    ] {
        let told = Told::default();
        let client = told.client(Recorder::new(|_| customer()).builder().slot_store(Full(in_use)));
        client.customers().get(7).await.unwrap();
        assert_eq!(told.reason(), reason, "{in_use}");
    }
}
