//! Tests the limiter in virtual time, against a service that counts requests.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use futures_util::FutureExt;

use super::{
    limiter::{HeldSlot, Limiter, NoSlot, SharedWindow, Slot},
    *,
};
use crate::clock;

const WINDOW: Duration = Duration::from_secs(60);
const LATE: Duration = Duration::from_secs(30);
const PATIENT: Duration = Duration::MAX;

/// A service that records when it counted each request.
#[derive(Clone, Default)]
struct Service(Arc<Mutex<Vec<Instant>>>);

impl Service {
    fn count(&self) {
        self.0.lock().unwrap().push(clock::now());
    }

    fn counted(&self) -> usize {
        self.0.lock().unwrap().len()
    }

    /// The most requests that any window of this length had.
    fn most(&self, window: Duration) -> usize {
        let mut times = self.0.lock().unwrap().clone();
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
}

fn limiter(limit: RateLimit) -> Limiter {
    Limiter::Window(Arc::new(SharedWindow::new(limit)))
}

async fn slot(limiter: &Limiter, priority: Priority) -> Slot {
    limiter
        .acquire(priority, PATIENT, &Ticket::default())
        .await
        .unwrap()
}

fn left(requests: u32, reset: Option<Duration>) -> Option<Remaining> {
    Some(Remaining { requests, reset })
}

async fn sleep(length: Duration) {
    tokio::time::sleep(length).await;
}

/// How long a request takes.
#[derive(Clone, Copy, Debug)]
enum Delay {
    Fixed(Duration),
    /// Up to 5 seconds, each one another.
    Stalls,
}

const DELAYS: [Delay; 4] = [
    Delay::Fixed(Duration::ZERO),
    Delay::Fixed(Duration::from_millis(5)),
    Delay::Fixed(Duration::from_millis(50)),
    Delay::Stalls,
];

impl Delay {
    fn draw(self, random: &mut fastrand::Rng) -> Duration {
        match self {
            Delay::Fixed(delay) => delay,
            Delay::Stalls => Duration::from_millis(random.u64(0..=5000)),
        }
    }

    fn mean(self) -> Duration {
        match self {
            Delay::Fixed(delay) => delay,
            Delay::Stalls => Duration::from_millis(2500),
        }
    }
}

/// The time from which a used slot is counted.
#[derive(Clone, Copy, PartialEq)]
enum Stamp {
    AtTheAnswer,
    /// The limiter does not do this; a test shows that it would break the limit.
    AtSending,
}

/// Requests of many tasks until a time, as fast as the limiter allows.
#[derive(Clone)]
struct Load {
    seed: u64,
    delay: Delay,
    tasks: u64,
    faults: bool,
    stamp: Stamp,
    until: Instant,
    limiter: Limiter,
    service: Service,
}

impl Load {
    fn new(seed: u64, delay: Delay, limit: RateLimit, length: Duration) -> Self {
        Load {
            seed,
            delay,
            tasks: 1 + seed % 64,
            faults: true,
            stamp: Stamp::AtTheAnswer,
            until: clock::now() + length,
            limiter: limiter(limit),
            service: Service::default(),
        }
    }

    async fn run(&self) {
        let tasks: Vec<_> = (0..self.tasks)
            .map(|task| {
                let load = self.clone();
                tokio::spawn(async move { load.task(task).await })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        // Waits for requests that the service counts late.
        sleep(LATE).await;
    }

    async fn task(&self, task: u64) {
        let mut random = fastrand::Rng::with_seed(self.seed << 8 | task);
        while clock::now() < self.until {
            let priority = if random.bool() {
                Priority::Interactive
            } else {
                Priority::Background
            };
            let priority = if self.faults {
                priority
            } else {
                Priority::Background
            };
            let patience = self.until + WINDOW * 2 - clock::now();
            let given = if self.faults && random.u8(..) < 20 {
                random.f64()
            } else {
                1.0
            };
            let waiting = tokio::time::timeout(patience.mul_f64(given), slot(&self.limiter, priority));
            let Ok(mut slot) = waiting.await else { continue };
            let answered = self.request(&mut random, &mut slot).await;
            // A slot may be dropped after the answer, if the caller cancels the call.
            if answered && (!self.faults || random.u8(..) < 200) {
                slot.finish(SlotUse::Answered, None).await.unwrap();
            }
        }
    }

    /// Simulates a request between its slot and its answer. Returns whether there was an answer.
    async fn request(&self, random: &mut fastrand::Rng, slot: &mut Slot) -> bool {
        let delay = self.delay.draw(random);
        if self.faults && random.u8(..) < 10 {
            // Not sent after all.
            sleep(delay).await;
            return false;
        }
        slot.sending();
        if self.stamp == Stamp::AtSending {
            let held = slot.held.take();
            let since = slot.since;
            Slot {
                held,
                since,
                sent: true,
            }
            .finish(SlotUse::Answered, None)
            .await
            .unwrap();
        }
        if self.faults && random.u8(..) < 10 {
            // The client gives up after the delay, and the service counts the request up to `LATE` after that.
            let (service, late) = (self.service.clone(), delay + LATE.mul_f64(random.f64()));
            tokio::spawn(async move {
                sleep(late).await;
                service.count();
            });
            sleep(delay).await;
            return false;
        }
        let there = delay.mul_f64(random.f64());
        sleep(there).await;
        self.service.count();
        sleep(delay - there).await;
        true
    }
}

#[tokio::test(start_paused = true)]
async fn no_window_has_more_than_the_limit_whatever_the_network_does() {
    for seed in 0..1000 {
        for delay in DELAYS {
            let load = Load::new(seed, delay, RateLimit::per_minute(30), WINDOW * 4);
            load.run().await;
            let most = load.service.most(WINDOW);
            assert!(most <= 30, "{most} of 30 with seed {seed}, {delay:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_slot_stamped_at_sending_would_not_keep_the_limit() {
    let mut broken = 0;
    for seed in 0..100 {
        let mut load = Load::new(seed, Delay::Stalls, RateLimit::per_minute(30), WINDOW * 4);
        load.stamp = Stamp::AtSending;
        load.run().await;
        broken += usize::from(load.service.most(WINDOW) > 30);
    }
    assert!(broken > 50, "only {broken} of 100 runs broke the limit");
}

#[tokio::test(start_paused = true)]
async fn nearly_all_that_the_limit_allows_gets_through() {
    for seed in 0..250 {
        for delay in DELAYS {
            let limit = RateLimit::per_minute(100);
            let mut load = Load::new(seed, delay, limit, WINDOW * 10);
            load.faults = false;
            // As many as it takes to fill the limit.
            load.tasks = load.tasks.max(10);
            load.run().await;
            let windows = (WINDOW * 10).div_duration_f64(WINDOW + delay.mean());
            let most = 90.0 * windows;
            let share = load.service.counted() as f64 / most;
            assert!(share >= 0.99, "{share} with seed {seed}, {delay:?}");
            assert!(load.service.most(WINDOW) <= 90, "ten are kept for others");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn waiters_of_a_priority_are_served_in_their_order() {
    let limiter = limiter(RateLimit::per_minute(20));
    let served = Arc::new(Mutex::new(Vec::new()));
    let mut tasks = Vec::new();
    for number in 0..500 {
        let (limiter, served) = (limiter.clone(), served.clone());
        let priority = if number % 3 == 0 {
            Priority::Interactive
        } else {
            Priority::Background
        };
        tasks.push(tokio::spawn(async move {
            let mut slot = slot(&limiter, priority).await;
            // The runtime decides in which order tasks run that got their slots at the same time.
            let Some(HeldSlot::Window(_, grant)) = &slot.held else {
                unreachable!()
            };
            served.lock().unwrap().push((grant.number, priority, number));
            slot.sending();
            sleep(Duration::from_millis(number % 7 * 100)).await;
            slot.finish(SlotUse::Answered, None).await.unwrap();
        }));
        // Each task is in the queue before the next one starts.
        tokio::task::yield_now().await;
    }
    for task in tasks {
        task.await.unwrap();
    }
    let mut served = served.lock().unwrap();
    assert_eq!(served.len(), 500);
    served.sort_by_key(|(grant, ..)| *grant);
    for priority in [Priority::Interactive, Priority::Background] {
        let order: Vec<_> = served
            .iter()
            .filter(|(_, of, _)| *of == priority)
            .map(|(.., number)| number)
            .collect();
        assert!(order.is_sorted(), "{priority:?}: {order:?}");
    }
}

/// Starts this many tasks that send requests without end.
fn saturate(limiter: &Limiter, priority: Priority, tasks: usize, served: &Arc<Mutex<usize>>) {
    for _ in 0..tasks {
        let (limiter, served) = (limiter.clone(), served.clone());
        tokio::spawn(async move {
            loop {
                let mut slot = slot(&limiter, priority).await;
                slot.sending();
                sleep(Duration::from_millis(50)).await;
                slot.finish(SlotUse::Answered, None).await.unwrap();
                *served.lock().unwrap() += 1;
            }
        });
    }
}

#[tokio::test(start_paused = true)]
async fn an_export_leaves_ten_slots_for_those_who_wait() {
    let limiter = limiter(RateLimit::default());
    let exported = Arc::default();
    saturate(&limiter, Priority::Background, 64, &exported);
    sleep(WINDOW * 3 / 2).await;
    for number in 0..10 {
        let before = clock::now();
        let mut slot = slot(&limiter, Priority::Interactive).await;
        assert_eq!(clock::now(), before, "call {number} waited");
        slot.sending();
    }
}

#[tokio::test(start_paused = true)]
async fn background_keeps_nine_tenths_under_constant_interactive_load() {
    for limit in [10, 50, 100, 700] {
        let limiter = limiter(RateLimit::per_minute(limit));
        let (interactive, background) = (Arc::default(), Arc::default());
        // So many that some of each are always waiting.
        let tasks = 2 * limit as usize;
        saturate(&limiter, Priority::Interactive, tasks, &interactive);
        sleep(WINDOW).await;
        saturate(&limiter, Priority::Background, tasks, &background);
        // Waits out the window that the interactive requests had filled.
        sleep(WINDOW + Duration::from_secs(1)).await;
        let before = (*interactive.lock().unwrap(), *background.lock().unwrap());
        sleep((WINDOW + Duration::from_millis(150)) * 10).await;
        let interactive = *interactive.lock().unwrap() - before.0;
        let background = *background.lock().unwrap() - before.1;
        assert!(background >= 9 * limit as usize, "{background} of {limit}");
        assert!(
            interactive >= limit as usize * 9 / 10,
            "{interactive} of {limit}: it starves"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn below_ten_there_are_no_priorities_and_nobody_starves() {
    for limit in 1..10 {
        let limiter = limiter(RateLimit::per_minute(limit));
        let (interactive, background) = (Arc::default(), Arc::default());
        saturate(&limiter, Priority::Background, 5, &background);
        saturate(&limiter, Priority::Interactive, 5, &interactive);
        sleep(WINDOW * 30).await;
        let (one, other) = (*interactive.lock().unwrap(), *background.lock().unwrap());
        assert!(
            one.abs_diff(other) <= 5 + limit as usize,
            "{one} and {other} of {limit}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_waiter_that_goes_away_leaves_its_place_to_the_next() {
    let limiter = limiter(RateLimit::per_minute(1));
    let mut first = slot(&limiter, Priority::Interactive).await;
    first.sending();
    let mut gone = Box::pin(slot(&limiter, Priority::Interactive));
    assert!((&mut gone).now_or_never().is_none());
    let next = {
        let limiter = limiter.clone();
        tokio::spawn(async move { slot(&limiter, Priority::Interactive).await })
    };
    tokio::task::yield_now().await;
    assert_eq!(limiter.rate().waiting, 2);
    first.finish(SlotUse::Answered, None).await.unwrap();
    drop(gone);
    let before = clock::now();
    let slot = next.await.unwrap();
    assert_eq!(clock::now() - before, WINDOW + Duration::from_millis(100));
    drop(slot);
    assert_eq!(limiter.rate().in_use, 0);
}

#[tokio::test(start_paused = true)]
async fn a_waiter_that_nobody_polls_holds_back_nobody() {
    let limiter = limiter(RateLimit::per_minute(5));
    for _ in 0..5 {
        slot(&limiter, Priority::Interactive).await.sending();
    }
    let mut idle = Box::pin(slot(&limiter, Priority::Interactive));
    assert!((&mut idle).now_or_never().is_none());
    let others: Vec<_> = (0..4)
        .map(|_| {
            let limiter = limiter.clone();
            tokio::spawn(async move { slot(&limiter, Priority::Interactive).await.sending() })
        })
        .collect();
    for other in others {
        tokio::time::timeout(WINDOW * 2, other)
            .await
            .expect("it waits for another")
            .unwrap();
    }
    assert!((&mut idle).now_or_never().is_some(), "its slot was kept for it");
}

#[tokio::test(start_paused = true)]
async fn a_slot_comes_back_as_far_as_it_was_used() {
    let limiter = limiter(RateLimit::per_minute(1));
    let began = clock::now();
    drop(slot(&limiter, Priority::Interactive).await);
    slot(&limiter, Priority::Interactive)
        .await
        .finish(SlotUse::Unsent, None)
        .await
        .unwrap();
    let mut answered = slot(&limiter, Priority::Interactive).await;
    assert_eq!(clock::now(), began, "what was not sent costs nothing");
    answered.sending();
    answered.finish(SlotUse::Answered, None).await.unwrap();
    let mut lost = slot(&limiter, Priority::Interactive).await;
    let length = |since: Instant| (clock::now() - since).as_millis();
    assert!((60_100..=60_102).contains(&length(began)), "{}", length(began));
    lost.sending();
    drop(lost);
    let before = clock::now();
    let _last = slot(&limiter, Priority::Interactive).await;
    assert!((90_000..=90_002).contains(&length(before)), "{}", length(before));
}

#[tokio::test(start_paused = true)]
async fn a_pause_holds_back_everybody() {
    for limit in [RateLimit::default(), RateLimit::off()] {
        let limiter = limiter(limit);
        assert!(limiter.pause(Duration::from_secs(20)).0, "it is news");
        assert!(!limiter.pause(Duration::from_secs(10)).0, "it is not");
        let before = clock::now();
        let first = slot(&limiter, Priority::Background).await;
        let waited = (clock::now() - before).as_millis();
        assert!((20_000..=20_001).contains(&waited), "{waited}");
        drop(first);
    }
}

#[tokio::test(start_paused = true)]
async fn a_pause_that_is_too_long_is_told_at_once_to_those_who_wait_already() {
    let limiter = limiter(RateLimit::per_minute(1));
    slot(&limiter, Priority::Interactive).await.sending();
    let waiting = {
        let limiter = limiter.clone();
        tokio::spawn(async move {
            limiter
                .acquire(Priority::Interactive, WINDOW * 5, &Ticket::default())
                .await
        })
    };
    tokio::task::yield_now().await;
    let before = clock::now();
    drop(limiter.pause(WINDOW * 6));
    let refused = waiting.await.unwrap();
    assert!(matches!(refused, Err(NoSlot::Paused(left)) if left == WINDOW * 6));
    assert_eq!(clock::now(), before);
    assert_eq!(limiter.rate().waiting, 0);
}

#[tokio::test(start_paused = true)]
async fn hints_only_tighten_and_end_with_their_time() {
    let limiter = limiter(RateLimit::default());
    let answer = async |remaining| {
        let mut slot = slot(&limiter, Priority::Interactive).await;
        slot.sending();
        slot.finish(SlotUse::Answered, remaining).await.unwrap();
    };
    let in_9_s = Some(Duration::from_secs(9));
    let before = clock::now();
    answer(left(3, in_9_s)).await;
    answer(left(1000, in_9_s)).await;
    answer(None).await;
    answer(None).await;
    assert_eq!(clock::now(), before, "three more were left");
    answer(None).await;
    let waited = (clock::now() - before).as_millis();
    assert!((9_000..=9_001).contains(&waited), "{waited}");
    answer(left(0, None)).await;
    let before = clock::now();
    answer(None).await;
    let waited = (clock::now() - before).as_millis();
    assert!(
        (60_000..=60_001).contains(&waited),
        "without a time, one window: {waited}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_hint_that_was_overtaken_says_nothing() {
    let limiter = limiter(RateLimit::default());
    let mut early = slot(&limiter, Priority::Interactive).await;
    let mut late = slot(&limiter, Priority::Interactive).await;
    early.sending();
    late.sending();
    late.finish(SlotUse::Answered, left(500, Some(WINDOW)))
        .await
        .unwrap();
    early
        .finish(SlotUse::Answered, left(0, Some(WINDOW)))
        .await
        .unwrap();
    assert_eq!(limiter.rate().paused_until, None);
}

#[tokio::test(start_paused = true)]
async fn clients_with_the_same_key_and_host_share_a_window() {
    let made = |key, host, limit| shared(key, host, limit);
    let used = |limiter: &Limiter| limiter.rate().in_use;
    let one = made("key of this test", "a.example:443", RateLimit::per_minute(50));
    slot(&one, Priority::Interactive).await.sending();
    let same = made(
        "key of this test",
        "a.example:443",
        RateLimit::new(70, WINDOW * 2),
    );
    assert_eq!(used(&same), 1);
    assert_eq!(
        one.rate().limit,
        RateLimit::new(50, WINDOW * 2),
        "the stricter of both"
    );
    for (key, host) in [
        ("key of this test", "b.example:443"),
        ("another key", "a.example:443"),
    ] {
        assert_eq!(used(&made(key, host, RateLimit::default())), 0, "{key} {host}");
    }
    drop((one, same));
    let again = made("key of this test", "a.example:443", RateLimit::default());
    assert_eq!(used(&again), 1, "the window outlives its clients");
    drop(again);
    sleep(WINDOW * 4).await;
    let later = made("key of this test", "a.example:443", RateLimit::default());
    assert_eq!(
        later.rate().limit,
        RateLimit::default(),
        "and is forgotten when nothing is in it"
    );
}

#[tokio::test(start_paused = true)]
async fn a_longer_window_holds_for_what_was_sent_before() {
    let window = limiter(RateLimit::per_minute(1));
    slot(&window, Priority::Interactive)
        .await
        .finish(SlotUse::Answered, None)
        .await
        .unwrap();
    let Limiter::Window(state) = &window else {
        unreachable!()
    };
    state.with(|state, now| state.tighten(now, RateLimit::new(1, WINDOW * 2)));
    let before = clock::now();
    let _next = slot(&window, Priority::Interactive).await;
    assert_eq!((clock::now() - before).as_secs(), 120);
}

#[test]
fn a_limit_that_cannot_be_kept_is_told() {
    for (limit, fault) in [
        (RateLimit::per_minute(0), true),
        (RateLimit::new(1, Duration::ZERO), true),
        (RateLimit::new(1, Duration::MAX), true),
        (RateLimit::per_minute(1).late_allowance(Duration::MAX), true),
        (RateLimit::per_minute(1), false),
        (RateLimit::off(), false),
    ] {
        assert_eq!(limit.fault().is_some(), fault, "{limit}");
    }
}

#[test]
fn a_limit_is_read_as_it_is_written() {
    for (text, limit) in [
        ("700/60s", RateLimit::default()),
        ("700/1m", RateLimit::default()),
        (" 700 / min ", RateLimit::default()),
        ("5/2h", RateLimit::new(5, Duration::from_secs(7200))),
        ("OFF", RateLimit::off()),
    ] {
        assert_eq!(text.parse(), Ok(limit), "{text}");
        assert_eq!(limit.to_string().parse(), Ok(limit), "{text}");
    }
    for text in [
        "",
        "700",
        "0/60s",
        "700/0s",
        "700/60",
        "-1/60s",
        "700/60d",
        "700/5s5m",
        "700/99999999999s",
        "700/25h",
    ] {
        assert_eq!(text.parse::<RateLimit>(), Err(InvalidRateLimit), "{text}");
    }
}

/// Taking and finishing a slot must not allocate if one is free.
#[tokio::test]
async fn a_free_slot_is_taken_without_an_allocation() {
    let limiter = limiter(RateLimit::default());
    let take = || {
        let slot = limiter
            .acquire(Priority::Interactive, PATIENT, &Ticket::default())
            .now_or_never();
        let mut slot = slot.expect("a slot is free").unwrap();
        slot.sending();
        slot.finish(SlotUse::Answered, None)
            .now_or_never()
            .expect("it is done at once")
            .unwrap();
    };
    let allocations = allocation_counter::measure(|| (0..600).for_each(|_| take()));
    assert_eq!(allocations.count_total, 0);
}

/// Prints the time: `cargo test --release --lib taking_a_free_slot -- --ignored --nocapture`.
#[tokio::test]
#[ignore = "it asserts nothing, and is for release builds"]
async fn taking_a_free_slot_takes_nanoseconds() {
    let limiter = limiter(RateLimit::per_minute(u32::MAX));
    let times: Vec<_> = (0..20)
        .map(|_| {
            let began = clock::now();
            for _ in 0..10_000 {
                let slot = limiter
                    .acquire(Priority::Interactive, PATIENT, &Ticket::default())
                    .now_or_never();
                drop(std::hint::black_box(slot));
            }
            (clock::now() - began) / 10_000
        })
        .collect();
    println!("acquire and release: {:?}", times.iter().min().unwrap());
}
