//! What is sent again and what is not, in virtual time.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use atera::{
    Applied, Client, ErrorKind, RateLimit, RetryPolicy,
    mock::Recorder,
    transport::{Fault, Response, ResponseFuture},
    types::{CreateTicket, UpdateTicket},
};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, StatusCode};
use tokio::time::{Instant, sleep};

fn status(status: u16) -> Result<Response, Fault> {
    answer(status, r#"{"ActionID": "1", "TicketID": 1}"#)
}

fn answer(status: u16, body: &'static str) -> Result<Response, Fault> {
    Ok(Response::new(StatusCode::from_u16(status).unwrap(), body))
}

fn with_headers(status: u16, pairs: &[(&'static str, &str)]) -> Result<Response, Fault> {
    let mut response = self::status(status)?;
    for (name, value) in pairs {
        response
            .headers
            .insert(HeaderName::from_static(name), value.parse().unwrap());
    }
    Ok(response)
}

/// A client that sends again as it does by default.
fn client(recorder: &Recorder) -> Client {
    recorder
        .builder()
        .retry(RetryPolicy::new())
        .jitter_seed(1)
        .build()
        .unwrap()
}

fn ticket() -> CreateTicket {
    CreateTicket {
        end_user_id: Some(7),
        ..CreateTicket::new("Printer", "on fire")
    }
}

/// Answers the first requests one after another, and the last for ever.
fn one_by_one(answers: Vec<fn() -> Result<Response, Fault>>) -> Recorder {
    let next = AtomicUsize::new(0);
    Recorder::new(move |_| {
        let next = next.fetch_add(1, Ordering::Relaxed);
        answers[next.min(answers.len() - 1)]()
    })
}

/// How a service and the network to it can treat a create.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fate {
    Answered,
    NotSent,
    /// The connection breaks, before or after the record was made.
    Broken(bool),
    /// There never is an answer.
    Silent(bool),
    /// A gateway or the service fails, before or after the record was made.
    Status(u16, bool),
    /// The answer of the success is cut short.
    CutShort,
}

const FATES: [Fate; 17] = [
    Fate::Answered,
    Fate::NotSent,
    Fate::Broken(false),
    Fate::Broken(true),
    Fate::Silent(false),
    Fate::Silent(true),
    Fate::Status(400, false),
    Fate::Status(408, true),
    Fate::Status(429, false),
    Fate::Status(500, false),
    Fate::Status(500, true),
    Fate::Status(502, false),
    Fate::Status(502, true),
    Fate::Status(503, true),
    Fate::Status(504, false),
    Fate::Status(504, true),
    Fate::CutShort,
];

impl Fate {
    fn makes_the_record(self) -> bool {
        match self {
            Fate::Answered | Fate::CutShort => true,
            Fate::NotSent => false,
            Fate::Broken(made) | Fate::Silent(made) | Fate::Status(_, made) => made,
        }
    }

    fn answering(self) -> ResponseFuture {
        let result = match self {
            Fate::Answered => status(201),
            Fate::NotSent => Err(Fault::not_sent("refused")),
            Fate::Broken(_) => Err(Fault::broken("reset")),
            Fate::Silent(_) => return Box::pin(std::future::pending()),
            Fate::Status(code, _) => status(code),
            Fate::CutShort => {
                let chunks = [
                    Ok(Bytes::from_static(b"{\"ActionID\"")),
                    Err(Fault::broken("closed")),
                ];
                let body = Box::pin(futures_util::stream::iter(chunks));
                Ok(Response::streaming(StatusCode::CREATED, HeaderMap::new(), body))
            }
        };
        Box::pin(std::future::ready(result))
    }

    /// Whether nobody can tell from this end what became of the create.
    fn is_ambiguous(self) -> bool {
        matches!(
            self,
            Fate::Broken(_) | Fate::Silent(_) | Fate::Status(502 | 504, _)
        )
    }
}

#[tokio::test(start_paused = true)]
async fn no_create_is_made_twice_wherever_the_connection_breaks() {
    let random = Arc::new(Mutex::new(fastrand::Rng::with_seed(3)));
    let (made, last) = (
        Arc::new(AtomicUsize::new(0)),
        Arc::new(Mutex::new(Fate::Answered)),
    );
    let service = {
        let (made, last) = (made.clone(), last.clone());
        Recorder::in_time(move |_| {
            let fate = FATES[random.lock().unwrap().usize(..FATES.len())];
            made.fetch_add(usize::from(fate.makes_the_record()), Ordering::Relaxed);
            *last.lock().unwrap() = fate;
            fate.answering()
        })
    };
    let client = client(&service);
    let mut kinds = std::collections::BTreeMap::<_, usize>::new();
    for run in 0..10_000 {
        made.store(0, Ordering::Relaxed);
        let result = client.tickets().create(ticket()).await;
        let (made, last) = (made.load(Ordering::Relaxed), *last.lock().unwrap());
        let told = match &result {
            Ok(_) => (None, Applied::Yes),
            Err(error) => (Some(error.kind()), error.applied()),
        };
        assert!(made <= 1, "run {run}: made {made} times, {last:?}");
        assert_eq!(
            told.0 == Some(ErrorKind::OutcomeUnknown),
            last.is_ambiguous(),
            "run {run}: {told:?}, {last:?}"
        );
        match told.1 {
            Applied::Yes => assert_eq!(made, 1, "run {run}: {last:?}"),
            Applied::No => assert_eq!(made, 0, "run {run}: {last:?}"),
            _ => assert!(
                matches!(last, Fate::Status(408 | 500.., _)) || last.is_ambiguous(),
                "run {run}: {last:?}"
            ),
        }
        *kinds.entry(format!("{:?}", told.0)).or_default() += 1;
    }
    for kind in [
        "None",
        "Some(OutcomeUnknown)",
        "Some(Server)",
        "Some(Connection)",
        "Some(Rejected)",
    ] {
        assert!(kinds.get(kind).is_some_and(|runs| *runs > 100), "{kinds:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn reads_succeed_while_some_requests_fail() {
    let random = Mutex::new(fastrand::Rng::with_seed(5));
    let service = Recorder::new(move |_| match random.lock().unwrap().u8(..100) {
        0..5 => status(503),
        5..7 => Err(Fault::broken("reset")),
        _ => status(200),
    });
    let client = client(&service);
    let mut failed = 0;
    for _ in 0..10_000 {
        failed += usize::from(client.tickets().get(1).await.is_err());
    }
    assert!(failed <= 10, "{failed} of 10000 reads failed");
    assert!(service.sent().len() > 10_500, "the service did fail");
}

#[tokio::test(start_paused = true)]
async fn an_outage_does_not_multiply_requests() {
    let times = Arc::new(Mutex::new(Vec::new()));
    let service = {
        let times = times.clone();
        Recorder::new(move |_| {
            times.lock().unwrap().push(Instant::now());
            status(503)
        })
    };
    let client = client(&service);
    let calls: Vec<_> = (0..10_000)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.tickets().get(1).await.unwrap_err() })
        })
        .collect();
    for call in calls {
        call.await.unwrap();
    }
    let times = times.lock().unwrap();
    let sent = times.len();
    assert!(sent <= 12_000, "{sent} requests for 10000 calls");
    assert!(sent > 10_000, "some were sent again, as far as the reserve went");
    let total = client.usage().total();
    assert_eq!((total.calls, total.attempts), (10_000, sent as u64));
    assert_eq!(total.retries, sent as u64 - 10_000);
    // Every one of them took a slot: no window has more than 700, what is sent again counted.
    for (first, time) in times.iter().enumerate() {
        if let Some(beyond) = times.get(first + 700) {
            assert!(*beyond - *time >= Duration::from_secs(60), "request {first}");
        }
    }
}

/// Records a request that comes before its time.
#[tokio::test(start_paused = true)]
async fn nothing_is_sent_before_the_service_asks_for_it_again() {
    // By its own clock it is ten minutes later, or earlier, than by ours.
    let now = chrono::DateTime::from_timestamp(1_772_452_800, 0).unwrap();
    let date = |seconds| httpdate::fmt_http_date((now + chrono::TimeDelta::seconds(seconds)).into());
    let epoch = |seconds: i64| (now.timestamp() + seconds).to_string();
    for (name, value, least) in [
        ("retry-after", "5".to_string(), 5),
        ("retry-after", "299".to_string(), 299),
        ("retry-after", date(45), 45),
        ("retry-after", date(0), 30),
        ("retry-after", date(-600), 30),
        ("retry-after", "0".to_string(), 30),
        ("retry-after", "-5".to_string(), 30),
        ("retry-after", "soon".to_string(), 30),
        ("x-ratelimit-reset", "7".to_string(), 7),
        ("x-ratelimit-reset", epoch(70), 70),
        ("x-ratelimit-reset", "0".to_string(), 30),
        ("x-other", "1".to_string(), 30),
    ] {
        let again_at = Arc::new(Mutex::new(None::<Instant>));
        let requests = AtomicUsize::new(0);
        let service = {
            let (again_at, value, date) = (again_at.clone(), value.clone(), date(0));
            Recorder::new(move |_| {
                let early = again_at.lock().unwrap().filter(|time| Instant::now() < *time);
                assert_eq!(early, None, "{name}: {value}");
                // Some succeed, and then one is refused, twice.
                match requests.fetch_add(1, Ordering::Relaxed) {
                    10 | 30 => {
                        *again_at.lock().unwrap() = Some(Instant::now() + Duration::from_secs(least));
                        with_headers(429, &[(name, &value), ("date", &date)])
                    }
                    _ => status(200),
                }
            })
        };
        let client = client(&service);
        let before = Instant::now();
        let calls: Vec<_> = (0..50)
            .map(|_| {
                let client = client.clone();
                tokio::spawn(async move { client.tickets().get(1).await })
            })
            .collect();
        for call in calls {
            call.await.unwrap().unwrap();
        }
        assert_eq!(service.sent().len(), 52, "{name}: {value}");
        let took = before.elapsed().as_secs_f64();
        let pauses = 2.0 * least as f64;
        assert!(
            (pauses..=pauses + 2.1).contains(&took),
            "{name}: {value} took {took} s"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_pause_of_a_day_is_told_and_not_waited_for() {
    let service = Recorder::new(|_| with_headers(429, &[("retry-after", "86400")]));
    let client = client(&service);
    let before = Instant::now();
    let first = client.tickets().get(1).await.unwrap_err();
    assert_eq!(first.kind(), ErrorKind::RateLimited);
    assert_eq!(first.retry_after(), Some(Duration::from_secs(86_400)));
    let second = client.tickets().create(ticket()).await.unwrap_err();
    assert_eq!(
        (second.kind(), second.applied()),
        (ErrorKind::RateLimited, Applied::No)
    );
    assert!(second.retry_after().unwrap() >= Duration::from_secs(86_400));
    assert_eq!(second.attempts(), 0);
    assert_eq!(before.elapsed(), Duration::ZERO);
    assert_eq!(service.sent().len(), 1);
    sleep(Duration::from_secs(86_402)).await;
    client.tickets().get(1).await.unwrap_err();
    assert_eq!(service.sent().len(), 2, "a day later it is sent");
}

#[tokio::test(start_paused = true)]
async fn a_call_is_back_within_its_deadline_whatever_is_slow() {
    fn never() -> ResponseFuture {
        Box::pin(std::future::pending())
    }
    fn body(
        chunks: impl futures_util::Stream<Item = Result<Bytes, Fault>> + Send + 'static,
    ) -> ResponseFuture {
        let response = Response::streaming(StatusCode::OK, HeaderMap::new(), Box::pin(chunks));
        Box::pin(std::future::ready(Ok(response)))
    }
    type Service = fn() -> ResponseFuture;
    let matrix: [(&str, Service, ErrorKind); 7] = [
        ("connection or headers", never, ErrorKind::Timeout),
        (
            "body",
            || body(futures_util::stream::pending()),
            ErrorKind::Timeout,
        ),
        (
            "dripping body",
            || {
                body(futures_util::stream::unfold((), async |()| {
                    sleep(Duration::from_millis(300)).await;
                    Some((Ok(Bytes::from_static(b" ")), ()))
                }))
            },
            ErrorKind::Timeout,
        ),
        (
            "delay",
            || Box::pin(std::future::ready(with_headers(503, &[("retry-after", "60")]))),
            ErrorKind::Server,
        ),
        (
            "attempts",
            || Box::pin(std::future::ready(status(500))),
            ErrorKind::Server,
        ),
        (
            "pause",
            || Box::pin(std::future::ready(with_headers(429, &[("retry-after", "4")]))),
            ErrorKind::RateLimited,
        ),
        (
            "connections that are refused late",
            || {
                Box::pin(async {
                    sleep(Duration::from_secs(2)).await;
                    Err(Fault::not_sent("refused").timed_out())
                })
            },
            ErrorKind::Timeout,
        ),
    ];
    let deadline = Duration::from_secs(5);
    for (slow, service, kind) in matrix {
        let service = Recorder::in_time(move |_| service());
        let client = client(&service).with_deadline(deadline);
        let before = Instant::now();
        let error = client.tickets().get(1).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{slow}: {error}");
        assert!(before.elapsed() <= deadline, "{slow}: {:?}", before.elapsed());
    }

    let service = Recorder::answering(200, "{\"TicketID\": 1}");
    let slots = service
        .builder()
        .rate_limit(RateLimit::per_minute(1))
        .build()
        .unwrap();
    slots.tickets().get(1).await.unwrap();
    let before = Instant::now();
    let error = slots.with_deadline(deadline).tickets().get(1).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.attempts()),
        (ErrorKind::Timeout, 0),
        "slot: {error}"
    );
    assert_eq!(before.elapsed(), deadline);
    assert_eq!(service.sent().len(), 1, "it was not sent");
}

#[tokio::test(start_paused = true)]
async fn nothing_is_sent_after_the_caller_has_gone() {
    // A call that is sent five times takes some seconds; it is dropped at each of them.
    for after in 0..60 {
        let service = Recorder::answering(500, "");
        let client = client(&service);
        let call = client.tickets().get(1);
        let _ = tokio::time::timeout(Duration::from_millis(after * 100), call.into_future()).await;
        let sent = service.sent().len();
        sleep(Duration::from_secs(3600)).await;
        assert_eq!(service.sent().len(), sent, "after {after}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_keeps_its_slot_as_long_as_it_may_be_counted() {
    let service = Recorder::in_time(|_| Box::pin(std::future::pending()));
    let client = client(&service);
    let call = client.tickets().get(1).into_future();
    tokio::time::timeout(Duration::from_secs(1), call)
        .await
        .unwrap_err();
    assert_eq!(client.rate().in_use, 1);
    sleep(Duration::from_secs(89)).await;
    assert_eq!(client.rate().in_use, 1, "a window and the allowance of 30 s");
    sleep(Duration::from_secs(2)).await;
    assert_eq!(client.rate().in_use, 0);
}

#[tokio::test(start_paused = true)]
async fn a_delete_that_finds_nothing_after_a_lost_answer_succeeded() {
    for (first, succeeds) in [
        ((|| Err(Fault::broken("reset"))) as fn() -> _, true),
        (|| status(502), true),
        (|| status(500), true),
        (|| Err(Fault::not_sent("refused")), false),
        (|| status(429), false),
    ] {
        let service = one_by_one(vec![first, || status(404)]);
        let result = client(&service).tickets().delete(1).send().await;
        assert_eq!(service.sent().len(), 2);
        match result {
            Ok(response) if succeeds => assert_eq!(response.status, StatusCode::NOT_FOUND),
            Err(error) if !succeeds => assert_eq!(error.kind(), ErrorKind::NotFound),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_failure_after_a_lost_answer_tells_that_the_write_may_have_taken_effect() {
    let service = one_by_one(vec![|| Err(Fault::broken("reset")), || status(400)]);
    let error = client(&service)
        .tickets()
        .update(1, UpdateTicket::default())
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.applied(), error.attempts()),
        (ErrorKind::Rejected, Applied::Unknown, 2)
    );
    assert!(error.to_string().ends_with("; tried 2 times"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn an_update_can_be_kept_from_being_sent_twice() {
    let service = Recorder::new(|_| Err(Fault::broken("reset")));
    let client = client(&service);
    let update = async |client: &Client| {
        let before = service.sent().len();
        let error = client
            .tickets()
            .update(1, UpdateTicket::default())
            .await
            .unwrap_err();
        assert_eq!(error.applied(), Applied::Unknown);
        service.sent().len() - before
    };
    assert_eq!(update(&client).await, 5);
    assert_eq!(update(&client.with_retry(RetryPolicy::never())).await, 1);
    assert_eq!(
        update(&client.with_retry(RetryPolicy::new().send_writes_once())).await,
        1
    );
    assert_eq!(
        update(&client.with_retry(RetryPolicy::new().send_once("tickets_update"))).await,
        1
    );
    assert_eq!(
        update(&client.with_retry(RetryPolicy::new().send_once("tickets_delete"))).await,
        5
    );
}

#[tokio::test(start_paused = true)]
async fn the_same_seed_gives_the_same_delays() {
    let delays = async |seed| {
        let service = Recorder::answering(503, "");
        let client = service
            .builder()
            .retry(RetryPolicy::new())
            .jitter_seed(seed)
            .build()
            .unwrap();
        let before = Instant::now();
        client.tickets().get(1).await.unwrap_err();
        before.elapsed()
    };
    assert_eq!(delays(1).await, delays(1).await);
    assert_ne!(delays(1).await, delays(2).await);
}

#[tokio::test(start_paused = true)]
async fn what_was_done_is_counted() {
    let service = one_by_one(vec![
        || status(503),
        || with_headers(429, &[("retry-after", "5")]),
        || status(200),
    ]);
    let client = client(&service);
    client.tickets().get(1).await.unwrap();
    client.tickets().update(1, UpdateTicket::default()).await.unwrap();
    client.tickets().get(-1).await.unwrap_err();
    let usage = client.usage();
    let get = usage.by_operation["tickets_get"];
    assert_eq!(
        (get.calls, get.failures, get.attempts, get.retries, get.throttled),
        (1, 0, 3, 2, 1)
    );
    assert!((5..=6).contains(&get.waited.as_secs()), "{:?}", get.waited);
    let answer = r#"{"ActionID": "1", "TicketID": 1}"#.len() as u64;
    assert_eq!((get.bytes_sent, get.bytes_received), (0, 3 * answer));
    let update = usage.by_operation["tickets_update"];
    assert_eq!((update.calls, update.attempts, update.bytes_sent), (1, 1, 2));
    assert_eq!(
        usage.total().calls,
        2,
        "what is refused before it is sent is no call"
    );
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_does_not_decode_tells_how_many_requests_it_took() {
    let broken = || {
        one_by_one(vec![|| status(503), || status(503), || {
            answer(200, r#"{"TicketID": "?", "items": [{"TicketID": "?"}]}"#)
        }])
    };
    let get = client(&broken()).tickets().get(1).await.unwrap_err();
    let list = client(&broken()).tickets().list().all().await.unwrap_err();
    let raw = client(&broken())
        .request(http::Method::GET, "/tickets")
        .decode::<u8>()
        .await
        .unwrap_err();
    let no_total = one_by_one(vec![|| status(503), || status(503), || {
        answer(200, r#"{"items": []}"#)
    }]);
    let count = client(&no_total).tickets().list().count().await.unwrap_err();
    for error in [get, list, raw, count] {
        assert_eq!(
            (error.kind(), error.attempts()),
            (ErrorKind::Decode, 3),
            "{error}"
        );
    }
}
