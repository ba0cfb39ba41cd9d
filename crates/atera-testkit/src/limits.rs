//! What every rate limit has to keep: the one of a process, and those of stores that several processes share. The tests run in
//! virtual time, against a service that counts requests, and go through clients as programs have them.
//!
//! [`limit_properties!`](crate::limit_properties) makes tests of them for a [`Fleet`].

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use atera::{
    Client, ClientBuilder, ErrorKind, Priority, RateLimit,
    mock::Recorder,
    transport::{Fault, Response, ResponseFuture, Transport},
};
use http::StatusCode;
use tokio::time::{Instant, sleep, timeout};

const WINDOW: Duration = Duration::from_secs(60);
const LATE: Duration = Duration::from_secs(30);
/// How long a store may take until it knows what a call reports. No call waits for that.
const REPORT: Duration = Duration::from_millis(100);
/// How much later than it could a store may notice something: it does not look all the time.
const NOTICE: Duration = Duration::from_millis(1_100);

/// Processes that share a limit.
pub trait Fleet {
    /// Processes that have sent nothing yet.
    fn new(limit: RateLimit) -> Self;

    /// The client of another process.
    fn join(&self, builder: ClientBuilder) -> ClientBuilder;
}

/// Tests that a [`Fleet`] keeps its limit.
#[macro_export]
macro_rules! limit_properties {
    ($fleet:ty) => {
        $crate::limit_properties! { $fleet:
            no_window_has_more_than_the_limit_whatever_the_network_does,
            nearly_all_that_the_limit_allows_gets_through,
            an_export_leaves_ten_slots_for_those_who_wait,
            background_keeps_nine_tenths_under_constant_interactive_load,
            a_slot_comes_back_as_far_as_it_was_used,
            a_pause_holds_back_everybody,
            a_pause_that_is_too_long_is_told_to_those_who_wait_already,
            what_an_answer_allows_holds_for_everybody,
            a_call_that_gives_up_leaves_its_place_to_the_next,
            those_who_wait_are_counted,
            a_call_that_is_not_polled_holds_up_no_other,
            a_slot_that_its_caller_picks_up_late_keeps_the_limit,
        }
    };
    ($fleet:ty: $($property:ident,)*) => {
        $(
            #[tokio::test(start_paused = true)]
            async fn $property() {
                $crate::limits::$property::<$fleet>().await;
            }
        )*
    };
}

/// A service that records when it counted each request.
#[derive(Clone, Default)]
struct Service(Arc<Mutex<Vec<Instant>>>);

impl Service {
    fn times(&self) -> std::sync::MutexGuard<'_, Vec<Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count(&self) {
        self.times().push(Instant::now());
    }

    fn counted(&self) -> usize {
        self.times().len()
    }

    /// The most requests that any window of this length had.
    fn most(&self, window: Duration) -> usize {
        let mut times = self.times().clone();
        times.sort();
        let mut first = 0;
        let within = |(last, time): (usize, &Instant)| {
            while *time - times[first] >= window {
                first += 1;
            }
            last + 1 - first
        };
        times.iter().enumerate().map(within).max().unwrap_or(0)
    }

    /// Answers each request after a delay, and counts it meanwhile.
    fn after(&self, delay: Duration) -> Recorder {
        let service = self.clone();
        Recorder::in_time(move |_| {
            let service = service.clone();
            Box::pin(async move {
                sleep(delay / 2).await;
                service.count();
                sleep(delay / 2).await;
                Ok(ticket())
            })
        })
    }

    /// Answers late, or not at all.
    fn faulty(&self, seed: u64) -> Recorder {
        let service = self.clone();
        let random = Mutex::new(fastrand::Rng::with_seed(seed));
        Recorder::in_time(move |_| {
            service.faulty_answer(&mut random.lock().unwrap_or_else(PoisonError::into_inner))
        })
    }

    fn faulty_answer(&self, random: &mut fastrand::Rng) -> ResponseFuture {
        let delay = Duration::from_millis(random.u64(0..=5_000));
        let (fault, share) = (random.u8(..), random.f64());
        let counted_after = match fault {
            0..10 => None,
            // The client gives up after the delay, and the service counts the request up to `LATE` after that.
            10..20 => Some(delay + LATE.mul_f64(share)),
            _ => Some(delay.mul_f64(share)),
        };
        if let Some(length) = counted_after {
            let service = self.clone();
            // Also if the caller gives up meanwhile.
            tokio::spawn(async move {
                sleep(length).await;
                service.count();
            });
        }
        Box::pin(async move {
            sleep(delay).await;
            match fault {
                0..10 => Err(Fault::not_sent("refused")),
                10..20 => Err(Fault::broken("reset")),
                _ => Ok(ticket()),
            }
        })
    }
}

fn ticket() -> Response {
    Response::new(StatusCode::OK, "{\"TicketID\": 1}")
}

fn client(fleet: &impl Fleet, service: &Recorder) -> Client {
    fleet.join(service.builder()).build().expect("a client")
}

async fn call(client: &Client, priority: Priority) -> atera::Result<()> {
    let client = client.with_priority(priority);
    client.tickets().get(1).await.map(drop)
}

/// The call gets its answer.
async fn send(client: &Client) {
    let sent = call(client, Priority::Interactive).await;
    sent.unwrap_or_else(|error| panic!("{error}: {:?}", std::error::Error::source(&error)));
}

/// How long the call takes.
async fn wait(client: &Client) -> Duration {
    let began = Instant::now();
    let _ = call(client, Priority::Interactive).await;
    began.elapsed()
}

/// Starts this many tasks that send requests without end.
fn saturate(client: &Client, priority: Priority, tasks: usize) {
    for _ in 0..tasks {
        let client = client.clone();
        tokio::spawn(async move {
            loop {
                let sent = call(&client, priority).await;
                sent.unwrap_or_else(|error| panic!("{error}"));
            }
        });
    }
}

#[track_caller]
fn assert_about(time: Duration, expected: Duration) {
    assert!(
        time + Duration::from_millis(5) >= expected && time <= expected + NOTICE,
        "{time:?} instead of {expected:?}"
    );
}

/// Processes with tasks that give up sometimes, while requests are late, lost and refused.
pub async fn no_window_has_more_than_the_limit_whatever_the_network_does<F: Fleet>() {
    for seed in 0..12 {
        let service = Service::default();
        let fleet = F::new(RateLimit::per_minute(30));
        let end = Instant::now() + WINDOW * 4;
        let mut tasks = Vec::new();
        for member in 0..1 + seed % 3 {
            let client = client(&fleet, &service.faulty(seed << 8 | member));
            for task in 0..1 + seed % 16 {
                let client = client.clone();
                let mut random = fastrand::Rng::with_seed(seed << 16 | member << 8 | task);
                tasks.push(tokio::spawn(async move {
                    while Instant::now() < end {
                        let priority = random.choice([Priority::Interactive, Priority::Background]);
                        let call = call(&client, priority.unwrap_or(Priority::Background));
                        let seconds = if random.u8(..) < 20 {
                            random.u64(0..60)
                        } else {
                            600
                        };
                        // An error is a fault of the service, or that the caller gave up.
                        let _ = timeout(Duration::from_secs(seconds), call).await;
                    }
                }));
            }
        }
        for task in tasks {
            task.await.expect("a task");
        }
        sleep(LATE).await;
        let most = service.most(WINDOW);
        assert!(most <= 30, "{most} of 30 with seed {seed}");
    }
}

/// A limit that is used to the full.
pub async fn nearly_all_that_the_limit_allows_gets_through<F: Fleet>() {
    for (seed, delay) in [0, 50, 500].into_iter().enumerate() {
        let delay = Duration::from_millis(delay);
        let service = Service::default();
        let fleet = F::new(RateLimit::per_minute(100));
        let recorder = service.after(delay);
        let began = Instant::now();
        for _ in 0..1 + seed {
            saturate(&client(&fleet, &recorder), Priority::Background, 16);
        }
        sleep(WINDOW * 10).await;
        let windows = began.elapsed().div_duration_f64(WINDOW + delay);
        let share = service.counted() as f64 / (90.0 * windows);
        assert!(share >= 0.98, "{share} with {delay:?}");
        assert!(service.most(WINDOW) <= 90, "ten are kept for others");
    }
}

/// Calls of one process beside the export of another.
pub async fn an_export_leaves_ten_slots_for_those_who_wait<F: Fleet>() {
    let fleet = F::new(RateLimit::per_minute(100));
    let recorder = Service::default().after(Duration::from_millis(50));
    saturate(&client(&fleet, &recorder), Priority::Background, 24);
    let technician = client(&fleet, &recorder);
    // Of the same process as the export, where there are several processes.
    let other = client(&fleet, &recorder);
    saturate(&other, Priority::Background, 8);
    sleep(WINDOW * 3 / 2).await;
    for number in 0..10 {
        let client = if number % 2 == 0 { &technician } else { &other };
        let waited = wait(client).await;
        assert_eq!(waited.as_millis(), 50, "call {number} waited");
    }
}

/// An export that starts when others use all slots.
pub async fn background_keeps_nine_tenths_under_constant_interactive_load<F: Fleet>() {
    for limit in [10, 50] {
        let (interactive, background) = (Service::default(), Service::default());
        let delay = Duration::from_millis(50);
        let fleet = F::new(RateLimit::per_minute(limit));
        let tasks = limit as usize;
        for _ in 0..2 {
            saturate(
                &client(&fleet, &interactive.after(delay)),
                Priority::Interactive,
                tasks,
            );
        }
        sleep(WINDOW).await;
        saturate(
            &client(&fleet, &background.after(delay)),
            Priority::Background,
            2 * tasks,
        );
        // Waits out the window that the interactive requests had filled.
        sleep(WINDOW + Duration::from_secs(2)).await;
        let before = (interactive.counted(), background.counted());
        sleep((WINDOW + Duration::from_millis(150)) * 10).await;
        let (interactive, background) = (interactive.counted() - before.0, background.counted() - before.1);
        let share = background as f64 / (9.0 * f64::from(limit));
        assert!(share >= 0.98, "{background} of {limit} a window");
        assert!(
            interactive >= tasks * 9 / 10,
            "{interactive} of {limit}: it starves"
        );
    }
}

/// Requests that were not sent cost nothing, those that were not answered cost most.
pub async fn a_slot_comes_back_as_far_as_it_was_used<F: Fleet>() {
    let fleet = F::new(RateLimit::per_minute(1));
    let unsent = Recorder::new(|_| Err(Fault::not_sent("refused")));
    let lost = Recorder::new(|_| Err(Fault::broken("reset")));
    let answered = Recorder::new(|_| Ok(ticket()));
    let [unsent, lost, answered] = [unsent, lost, answered].map(|recorder| client(&fleet, &recorder));
    assert_eq!(wait(&unsent).await, Duration::ZERO);
    assert_about(wait(&answered).await, Duration::ZERO);
    assert_about(wait(&lost).await, WINDOW + Duration::from_millis(100));
    assert_about(wait(&answered).await, WINDOW + LATE);
    // The caller gives up after its request was sent.
    let silent = client(&fleet, &Recorder::in_time(|_| Box::pin(std::future::pending())));
    let pause = WINDOW + Duration::from_secs(2);
    let sent = timeout(
        pause + Duration::from_secs(5),
        call(&silent, Priority::Interactive),
    );
    sent.await.expect_err("there is no answer");
    assert_about(wait(&answered).await, WINDOW + LATE);
}

/// A pause that one process is told.
pub async fn a_pause_holds_back_everybody<F: Fleet>() {
    for limit in [RateLimit::default(), RateLimit::off()] {
        let fleet = F::new(limit);
        let [throttled, other] = [throttled(20), Recorder::new(|_| Ok(ticket()))];
        let [throttled, other] = [throttled, other].map(|recorder| client(&fleet, &recorder));
        wait(&throttled).await;
        sleep(REPORT).await;
        let waited = wait(&other).await + REPORT;
        assert!((19_990..=22_000).contains(&waited.as_millis()), "{waited:?}");
        assert!(other.rate().paused_until.is_none());
    }
}

/// A service that asks for a pause.
fn throttled(seconds: u64) -> Recorder {
    Recorder::new(move |_| {
        let mut answer = Response::new(StatusCode::TOO_MANY_REQUESTS, "");
        answer.headers.insert("retry-after", seconds.into());
        Ok(answer)
    })
}

/// A pause that begins while calls wait for slots.
pub async fn a_pause_that_is_too_long_is_told_to_those_who_wait_already<F: Fleet>() {
    let fleet = F::new(RateLimit::per_minute(2));
    let other = client(&fleet, &Recorder::new(|_| Ok(ticket())));
    let throttled = throttled(3600);
    let late = Recorder::in_time(move |request| {
        let answer = throttled.send(request.clone());
        Box::pin(async move {
            sleep(Duration::from_secs(10)).await;
            answer.await
        })
    });
    let late = client(&fleet, &late);
    let paused = tokio::spawn(async move { wait(&late).await });
    sleep(Duration::from_secs(1)).await;
    send(&other).await;
    let began = Instant::now();
    let error = call(&other, Priority::Interactive).await.expect_err("a pause");
    assert_eq!(error.kind(), ErrorKind::RateLimited, "{error}");
    assert!(
        error
            .retry_after()
            .is_some_and(|left| left > Duration::from_secs(3590))
    );
    let waited = began.elapsed();
    assert!((9_000..=11_100).contains(&waited.as_millis()), "{waited:?}");
    paused.await.expect("a task");
    assert_eq!(other.rate().waiting, 0);
}

/// `X-RateLimit-Remaining`, which one process gets.
pub async fn what_an_answer_allows_holds_for_everybody<F: Fleet>() {
    let fleet = F::new(RateLimit::default());
    let told = Recorder::new(|_| {
        let mut answer = ticket();
        answer.headers.insert("x-ratelimit-remaining", 3.into());
        answer.headers.insert("x-ratelimit-reset", 9.into());
        Ok(answer)
    });
    let other = client(&fleet, &Recorder::new(|_| Ok(ticket())));
    send(&client(&fleet, &told)).await;
    for _ in 0..3 {
        assert_eq!(wait(&other).await, Duration::ZERO, "three more are left");
    }
    assert_about(wait(&other).await, Duration::from_secs(9));
}

/// A call that waits and is dropped.
pub async fn a_call_that_gives_up_leaves_its_place_to_the_next<F: Fleet>() {
    let fleet = F::new(RateLimit::per_minute(1));
    let recorder = Recorder::new(|_| Ok(ticket()));
    let [one, other] = [(), ()].map(|()| client(&fleet, &recorder));
    send(&one).await;
    let gone = timeout(WINDOW / 2, call(&one, Priority::Interactive));
    let next = tokio::spawn({
        let one = one.clone();
        async move {
            sleep(Duration::from_secs(1)).await;
            wait(&one).await
        }
    });
    gone.await.expect_err("it gives up");
    assert_about(next.await.expect("a task"), WINDOW - Duration::from_secs(1));
    assert_eq!(one.rate().waiting, 0);
    assert_about(wait(&other).await, WINDOW);
}

/// What observers are told.
pub async fn those_who_wait_are_counted<F: Fleet>() {
    let fleet = F::new(RateLimit::per_minute(1));
    let recorder = Recorder::new(|_| Ok(ticket()));
    let ahead = Arc::new(Mutex::new(Vec::new()));
    let seen = ahead.clone();
    let builder = fleet.join(recorder.builder()).on_wait(move |wait| {
        let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.push((wait.phase, wait.ahead));
    });
    let client = builder.build().expect("a client");
    send(&client).await;
    let mut calls = Vec::new();
    for _ in 0..3 {
        let client = client.clone();
        calls.push(tokio::spawn(async move { wait(&client).await }));
        // Each is in the queue before the next one comes.
        sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(client.rate().waiting, 3);
    let began = atera::WaitPhase::Began;
    let ahead = ahead.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let ahead: Vec<_> = ahead.into_iter().filter(|(phase, _)| *phase == began).collect();
    assert_eq!(ahead, [(began, Some(0)), (began, Some(1)), (began, Some(2))]);
    let mut waited = Vec::new();
    for call in calls {
        waited.push(call.await.expect("a task").as_secs());
    }
    assert_eq!(waited, [60, 120, 180]);
}

/// A caller that stops polling its call while it waits, as `buffered` does while the body of a loop runs.
pub async fn a_call_that_is_not_polled_holds_up_no_other<F: Fleet>() {
    let fleet = F::new(RateLimit::per_minute(2));
    let client = client(&fleet, &Recorder::new(|_| Ok(ticket())));
    for _ in 0..2 {
        send(&client).await;
    }
    let began = Instant::now();
    let mut first = Box::pin(call(&client, Priority::Interactive));
    let waits = timeout(Duration::from_secs(1), &mut first).await;
    waits.expect_err("two slots are taken");
    let second = timeout(WINDOW * 5, call(&client, Priority::Interactive)).await;
    second.expect("it waits for the first one").expect("an answer");
    assert_about(began.elapsed(), WINDOW);
    first.await.expect("an answer");
    assert_about(began.elapsed(), WINDOW);
}

/// A caller that gets a slot and does not poll its call until others may have got that slot too.
pub async fn a_slot_that_its_caller_picks_up_late_keeps_the_limit<F: Fleet>() {
    let service = Service::default();
    let fleet = F::new(RateLimit::per_minute(2));
    let recorder = service.after(Duration::ZERO);
    let idle = client(&fleet, &recorder);
    for _ in 0..2 {
        send(&idle).await;
    }
    let mut late = Box::pin(call(&idle, Priority::Interactive));
    let waits = timeout(Duration::from_secs(1), &mut late).await;
    waits.expect_err("two slots are taken");
    saturate(&client(&fleet, &recorder), Priority::Interactive, 4);
    sleep(WINDOW * 9 / 2).await;
    late.await.expect("an answer");
    sleep(WINDOW * 2).await;
    let most = service.most(WINDOW);
    assert!(most <= 2, "{most} of 2");
}
