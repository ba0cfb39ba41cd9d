//! How many pages are on their way: walks against services that bear more or less of them, in virtual time.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use atera::{
    Client, Consistency, RateLimit, RetryPolicy,
    mock::Recorder,
    transport::{Fault, Request, Response},
};
use futures_util::{StreamExt, stream};
use http::{HeaderValue, StatusCode};
use tokio::time::{Instant, sleep};

fn page_of(request: &Request) -> i64 {
    let mut pairs = request.url.query_pairs();
    let page = pairs.find(|(name, _)| name == "page");
    page.map(|(_, page)| page.parse().unwrap()).unwrap()
}

/// A page of 50 tickets, of so many pages.
fn page(number: i64, pages: i64) -> Response {
    let ids = (number - 1) * 50..number.min(pages) * 50;
    let items: Vec<_> = ids.map(|id| format!(r#"{{"TicketID": {id}}}"#)).collect();
    let body = format!(
        r#"{{"items": [{}], "page": {number}, "totalItemCount": {}, "totalPages": {pages}}}"#,
        items.join(","),
        pages * 50
    );
    Response::new(StatusCode::OK, body)
}

fn throttled() -> Response {
    let mut response = Response::new(StatusCode::TOO_MANY_REQUESTS, r#"{"Message": "slow down"}"#);
    response
        .headers
        .insert("retry-after", HeaderValue::from_static("5"));
    response
}

/// How a service answers a page: after how long, and whether it refuses it, by how many are on their way.
type Bears = fn(usize) -> (Duration, bool);

/// A service with so many pages, and how many were on their way at most.
fn service(pages: i64, bears: Bears) -> (Recorder, Arc<AtomicUsize>) {
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let seen = most.clone();
    let recorder = Recorder::in_time(move |request| {
        let number = page_of(request);
        let on_their_way = now.fetch_add(1, Ordering::Relaxed) + 1;
        most.fetch_max(on_their_way, Ordering::Relaxed);
        let (now, (delay, refuses)) = (now.clone(), bears(on_their_way));
        Box::pin(async move {
            sleep(delay).await;
            now.fetch_sub(1, Ordering::Relaxed);
            Ok::<_, Fault>(if refuses { throttled() } else { page(number, pages) })
        })
    });
    (recorder, seen)
}

fn client(recorder: &Recorder) -> Client {
    let builder = recorder.builder().retry(RetryPolicy::new().max_attempts(20));
    builder.rate_limit(RateLimit::off()).build().unwrap()
}

/// How long a walk over all pages takes, and how many were on their way at most.
async fn took(
    pages: i64,
    bears: Bears,
    prefetch: Option<usize>,
    consistency: Consistency,
) -> (Duration, usize) {
    let (recorder, most) = service(pages, bears);
    let mut list = client(&recorder).tickets().list().consistency(consistency);
    if let Some(pages) = prefetch {
        list = list.prefetch(pages);
    }
    let before = Instant::now();
    let tickets = list.all().await.unwrap();
    assert_eq!(tickets.len() as i64, pages * 50);
    (before.elapsed(), most.load(Ordering::Relaxed))
}

const STEADY: Bears = |_| (Duration::from_millis(200), false);

#[tokio::test(start_paused = true)]
async fn a_hundred_pages_come_as_quickly_as_sixteen_at_a_time() {
    let (recorder, _) = service(100, STEADY);
    let single = client(&recorder);
    let before = Instant::now();
    let pages = stream::iter(1..=100).map(|number| {
        single
            .tickets()
            .list()
            .page(number)
            .items_in_page(50)
            .into_future()
    });
    let pages: Vec<_> = pages.buffered(16).collect().await;
    assert!(pages.iter().all(Result::is_ok));
    let sixteen = before.elapsed();

    let (one_pass, most) = took(100, STEADY, None, Consistency::OnePass).await;
    assert_eq!(most, 32);
    assert!(
        one_pass <= sixteen.mul_f64(1.1),
        "{one_pass:?} against {sixteen:?}"
    );
    let (complete, _) = took(100, STEADY, None, Consistency::Complete).await;
    assert!(
        complete <= one_pass.mul_f64(2.2),
        "{complete:?} against {one_pass:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn it_is_never_slower_than_eight_at_a_time() {
    let services: [(&str, Bears); 5] = [
        ("steady", STEADY),
        ("one after another", |now| {
            (Duration::from_millis(50) * now as u32, false)
        }),
        ("a little longer with each", |now| {
            (
                Duration::from_millis(100) + Duration::from_millis(50) * now as u32,
                false,
            )
        }),
        ("much longer with each", |now| {
            (Duration::from_millis(10) * (now * now) as u32, false)
        }),
        ("429 past 4 at a time", |now| {
            (Duration::from_millis(200), now > 4)
        }),
    ];
    for pages in [20, 100, 1_000] {
        for (what, bears) in services {
            let (eight, _) = took(pages, bears, Some(8), Consistency::OnePass).await;
            let (adaptive, most) = took(pages, bears, None, Consistency::OnePass).await;
            println!("{what}, {pages} pages: {adaptive:?} against {eight:?}, {most} at most");
            assert!(
                adaptive <= eight,
                "{what}, {pages} pages: {adaptive:?} against {eight:?}, {most} at most"
            );
        }
    }
}

/// To find out that a service refuses more than twelve at a time costs a pause, and is not tried again soon.
#[tokio::test(start_paused = true)]
async fn a_service_that_refuses_many_at_a_time_is_tried_seldom() {
    let bears: Bears = |now| (Duration::from_millis(200), now > 12);
    let (recorder, most) = service(1_000, bears);
    let client = client(&recorder);
    assert_eq!(client.tickets().list().all().await.unwrap().len(), 50_000);
    assert_eq!(most.load(Ordering::Relaxed), 16);
    let refused = client.usage().total().throttled;
    assert!(
        (1..=20).contains(&refused),
        "{refused} of 1000 pages were refused"
    );
}

/// The service counts a request at any time between its sending and its answer, and never more than the limit in a window.
#[tokio::test(start_paused = true)]
async fn the_limit_holds_with_as_many_pages_as_it_bears() {
    const LIMIT: usize = 100;
    const WINDOW: Duration = Duration::from_secs(60);
    for seed in 0..50 {
        let arrivals = Arc::new(Mutex::new(Vec::new()));
        let recorder = {
            let (arrivals, random) = (arrivals.clone(), Mutex::new(fastrand::Rng::with_seed(seed)));
            Recorder::in_time(move |request| {
                let number = page_of(request);
                let mut random = random.lock().unwrap();
                let slow = if random.u8(..20) == 0 { 5_000 } else { 300 };
                let (there, back) = (random.u64(..slow), random.u64(..slow));
                let fails = random.u8(..50) == 0;
                let arrivals = arrivals.clone();
                Box::pin(async move {
                    sleep(Duration::from_millis(there)).await;
                    arrivals.lock().unwrap().push(Instant::now());
                    sleep(Duration::from_millis(back)).await;
                    match fails {
                        true => Ok(Response::new(StatusCode::SERVICE_UNAVAILABLE, "")),
                        false => Ok(page(number, 400)),
                    }
                })
            })
        };
        let builder = recorder.builder().retry(RetryPolicy::new());
        let client = builder
            .rate_limit(RateLimit::per_minute(LIMIT as u32))
            .build()
            .unwrap();
        let tickets = client.tickets().list().all().await.unwrap();
        assert_eq!(tickets.len(), 20_000);
        let arrivals = arrivals.lock().unwrap();
        for (index, arrival) in arrivals.iter().enumerate() {
            let within = arrivals[index..]
                .iter()
                .take_while(|later| **later - *arrival < WINDOW);
            assert!(within.count() <= LIMIT, "seed {seed}");
        }
    }
}
