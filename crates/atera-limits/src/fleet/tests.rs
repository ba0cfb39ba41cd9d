//! The limit of a fleet, on a Redis server whose clock is that of the tests.

use std::{
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use atera::{
    ClientBuilder, RateLimit,
    limit::{Priority, Reservation, SlotRequest, SlotStore, SlotUse},
    mock::Recorder,
};
use atera_testkit::{limits::Fleet, redis::Redis};
use redis::Script;
use tokio::{task::spawn_blocking, time::sleep};

use super::{
    error::RedisStoreError,
    link::{Reply, SOURCE, Values, invocation},
    store::{RedisStore, Server, Setup, Unknown},
};

const WINDOW: Duration = Duration::from_secs(60);
const START: i64 = 1_772_442_000_000;

/// A server with the clock of tokio. It is asked on a thread, which keeps that clock from running ahead meanwhile.
#[derive(Clone)]
pub(super) struct VirtualServer(Arc<State>);

struct State {
    _server: Redis,
    script: Script,
    connection: Mutex<redis::Connection>,
    start: Instant,
    /// How far the server's clock is ahead, in milliseconds.
    ahead: AtomicI64,
    run: Mutex<String>,
    commands: AtomicU64,
    /// How long it takes to answer.
    delay: Mutex<Duration>,
    away: Mutex<bool>,
}

impl fmt::Debug for VirtualServer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("VirtualServer")
    }
}

impl VirtualServer {
    /// `None` if Redis is not installed.
    fn start() -> Option<Self> {
        let server = Redis::start(&[])?;
        let url = format!("redis+unix://{}", server.socket().display());
        let connection = redis::Client::open(url).and_then(|client| client.get_connection());
        let clock = "redis.call('TIME')";
        assert_eq!(SOURCE.matches(clock).count(), 1);
        let given = "{ math.floor(tonumber(ARGV[#ARGV]) / 1000), tonumber(ARGV[#ARGV]) % 1000 * 1000 }";
        Some(VirtualServer(Arc::new(State {
            _server: server,
            script: Script::new(&SOURCE.replace(clock, given)),
            connection: Mutex::new(connection.expect("a connection")),
            start: now(),
            ahead: AtomicI64::new(0),
            run: Mutex::new("first".to_string()),
            commands: AtomicU64::new(0),
            delay: Mutex::default(),
            away: Mutex::new(false),
        })))
    }

    pub(super) async fn run(
        &self,
        keys: &[String],
        operation: &str,
        arguments: &[String],
    ) -> Result<Reply, RedisStoreError> {
        if *lock(&self.0.away) {
            return Err(RedisStoreError::temporary("it is away"));
        }
        self.0.commands.fetch_add(1, Ordering::Relaxed);
        let delay = *lock(&self.0.delay);
        if !delay.is_zero() {
            sleep(delay).await;
        }
        let (state, keys, operation) = (self.0.clone(), keys.to_vec(), operation.to_string());
        let mut arguments = arguments.to_vec();
        let values = spawn_blocking(move || {
            let mut connection = lock(&state.connection);
            let millis = i64::try_from((now() - state.start).as_millis()).expect("a short test");
            arguments.push((START + millis + state.ahead.load(Ordering::Relaxed)).to_string());
            let run = lock(&state.run).clone();
            invocation(&state.script, &keys, &operation, &run, &arguments).invoke::<Values>(&mut connection)
        });
        Ok(values.await.expect("a thread").expect("an answer").into())
    }

    /// Does something to the data.
    fn command(&self, words: &[&str]) -> redis::Value {
        let mut command = redis::Cmd::new();
        command.arg(words);
        command.query(&mut *lock(&self.0.connection)).expect("an answer")
    }

    fn store(&self, limit: RateLimit) -> RedisStore {
        self.leased(limit, Duration::from_secs(60))
    }

    fn leased(&self, limit: RateLimit, lease: Duration) -> RedisStore {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        RedisStore::new(Setup {
            server: Server::Virtual(self.clone()),
            key: "test".to_string(),
            holder: format!("holder-{}", NEXT.fetch_add(1, Ordering::Relaxed)),
            limit,
            lease,
            patience: Duration::from_secs(10),
        })
    }

    /// Lets the server know that nothing was sent before.
    fn trust(&self) {
        self.command(&["HSET", "{test}:state", "run", "first"]);
    }

    /// The slots of interactive calls, and in how many seconds each is free by itself.
    fn slots(&self) -> Vec<(String, u64)> {
        let slots = self.command(&["ZRANGE", "{test}:interactive", "0", "-1", "WITHSCORES"]);
        let slots: Vec<(String, f64)> = redis::from_redis_value(slots).expect("slots");
        let millis = (now() - self.0.start).as_millis() as f64 + START as f64;
        let left = |free: f64| ((free - millis) / 1000.0) as u64;
        slots.into_iter().map(|(slot, free)| (slot, left(free))).collect()
    }

    fn commands(&self) -> u64 {
        self.0.commands.load(Ordering::Relaxed)
    }
}

fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Processes that share a server.
struct Machines {
    server: Option<VirtualServer>,
    limit: RateLimit,
}

impl Fleet for Machines {
    fn new(limit: RateLimit) -> Self {
        let server = VirtualServer::start();
        if let Some(server) = &server {
            server.trust();
        }
        Machines { server, limit }
    }

    fn join(&self, builder: ClientBuilder) -> ClientBuilder {
        match &self.server {
            Some(server) => builder.slot_store(server.store(self.limit)),
            // The built-in limiter has the same properties, so that nothing fails where Redis is not installed.
            None => builder
                .api_key(atera::ApiKey::new("key-of-fleet-tests").expect("a key"))
                .rate_limit(self.limit),
        }
    }
}

atera_testkit::limit_properties!(Machines);

async fn reserve(store: &RedisStore) -> Box<dyn Reservation> {
    let reserved = store.reserve(SlotRequest::new(Priority::Interactive)).await;
    reserved.unwrap_or_else(|error| panic!("{error}"))
}

async fn answered(slot: Box<dyn Reservation>) {
    let done = slot.complete(SlotUse::Answered.into()).await;
    done.unwrap_or_else(|error| panic!("{error}"));
}

/// How long the next call waits.
async fn wait(store: &RedisStore) -> u64 {
    let began = now();
    answered(reserve(store).await).await;
    store.flush().await;
    (now() - began).as_secs()
}

#[tokio::test(start_paused = true)]
async fn what_is_unknown_is_waited_out() {
    let Some(server) = VirtualServer::start() else {
        return;
    };
    let store = server.store(RateLimit::per_minute(3));
    let service = Recorder::answering(200, "{\"TicketID\": 1}");
    let retry = atera::RetryPolicy::new().longest_pause(Duration::from_secs(20));
    let client = service.builder().slot_store(store.clone()).retry(retry).build();
    let call = client.expect("a client").tickets().get(1).await;
    let error = call.expect_err("the state is new");
    assert!(
        error.to_string().contains("does not know what was sent before"),
        "{error}"
    );
    let left = error.retry_after().map(|left| left.as_secs());
    assert_eq!(left, Some(89), "it is known when the server has been asked");
    assert_eq!(store.rate().paused_until, None);
    assert_eq!(wait(&store).await, 89, "the state is new");
    assert_eq!(store.rate().quarantined_until, None);
    assert_eq!(wait(&store).await, 0);
    *lock(&server.0.run) = "second".to_string();
    assert_eq!(wait(&store).await, 90, "restarted, or another server");
    server.command(&["FLUSHALL"]);
    assert_eq!(wait(&store).await, 90, "emptied");
    server.0.ahead.store(-3_600_000, Ordering::Relaxed);
    assert_eq!(wait(&store).await, 90, "the clock was set back");
    assert_eq!(wait(&store).await, 0);
    server.0.ahead.store(-3_600_500, Ordering::Relaxed);
    assert_eq!(wait(&store).await, 0, "a little is no reason");
    assert_eq!(wait(&store).await, 60, "three are taken");
}

#[tokio::test(start_paused = true)]
async fn what_is_unknown_is_waited_out_for_the_longest_window_of_all() {
    let Some(server) = VirtualServer::start() else {
        return;
    };
    let (loose, strict) = (
        server.store(RateLimit::per_minute(3)),
        server.store(RateLimit::new(3, WINDOW * 5)),
    );
    loose.status().await.expect("a status");
    assert_eq!(left(&loose), 90);
    sleep(Duration::from_secs(10)).await;
    assert_eq!(wait(&strict).await, 320, "it grows while it runs");
    *lock(&server.0.run) = "second".to_string();
    loose.status().await.expect("a status");
    assert_eq!(left(&loose), 330, "the window that is known");
}

#[tokio::test(start_paused = true)]
async fn what_is_unknown_is_waited_out_as_long_as_requests_may_be_in_flight() {
    let Some(server) = VirtualServer::start() else {
        return;
    };
    let limit = RateLimit::new(100, Duration::from_secs(10));
    let (short, long) = (server.store(limit), server.leased(limit, WINDOW * 5));
    assert_eq!(
        wait(&short).await,
        60,
        "the lease is longer than window and late allowance"
    );
    let waited = wait(&long).await;
    assert!(
        (239..=240).contains(&waited),
        "the rest of a longer lease: {waited} s"
    );
    *lock(&server.0.run) = "second".to_string();
    assert_eq!(wait(&short).await, 300, "the lease that is known");
    server.command(&["FLUSHALL"]);
    short.status().await.expect("a status");
    assert_eq!(left(&short), 60, "no longer lease is known");
    assert_eq!(wait(&long).await, 300, "it grows while it runs");
}

/// How many seconds of a quarantine are left.
fn left(store: &RedisStore) -> u64 {
    let quarantine = store.quarantine().expect("a quarantine");
    (quarantine.until - now()).as_secs()
}

#[tokio::test(start_paused = true)]
async fn the_slot_of_a_process_that_vanishes_comes_back_after_its_lease() {
    let Some(server) = VirtualServer::start() else {
        return;
    };
    server.trust();
    let (dead, store) = (
        server.store(RateLimit::per_minute(1)),
        server.store(RateLimit::per_minute(1)),
    );
    std::mem::forget(reserve(&dead).await);
    // Lease, late allowance, window.
    assert_eq!(wait(&store).await, 150);
}

#[tokio::test(start_paused = true)]
async fn a_set_is_kept_for_the_longest_lease() {
    let Some(server) = VirtualServer::start() else {
        return;
    };
    server.trust();
    let limit = RateLimit::per_minute(5);
    let (long, short) = (
        server.leased(limit, WINDOW * 30),
        server.leased(limit, Duration::from_secs(20)),
    );
    let _held = reserve(&long).await;
    answered(reserve(&short).await).await;
    short.flush().await;
    let redis::Value::Int(left) = server.command(&["PTTL", "{test}:interactive"]) else {
        panic!("no time");
    };
    assert!(left > 1_800_000, "{left} ms");
}

/// Polls a call once, and not again until it is awaited.
async fn begin<F: Future + Unpin>(call: &mut F) {
    tokio::select! {
        biased;
        _ = call => panic!("the server answers on a thread"),
        () = std::future::ready(()) => {}
    }
}

#[tokio::test(start_paused = true)]
async fn a_slot_that_its_caller_picks_up_late_is_given_back() {
    let Some(server) = VirtualServer::start() else {
        return;
    };
    server.trust();
    let store = server.store(RateLimit::per_minute(5));
    let mut call = store.reserve(SlotRequest::new(Priority::Interactive));
    begin(&mut call).await;
    sleep(Duration::from_secs(40)).await;
    let first = server.slots();
    assert_eq!(first.len(), 1, "{first:?}");
    let _slot = call.await.unwrap_or_else(|error| panic!("{error}"));
    store.flush().await;
    let slots = server.slots();
    // Lease, late allowance, window.
    assert!(slots.len() == 1 && slots[0].1 >= 149, "{slots:?}");
    assert_ne!(slots[0].0, first[0].0);
}

#[tokio::test(start_paused = true)]
async fn a_call_without_patience_gets_a_slot_of_a_server_that_takes_time() {
    let Some(server) = VirtualServer::start() else {
        return;
    };
    server.trust();
    let store = server.store(RateLimit::per_minute(5));
    *lock(&server.0.delay) = Duration::from_millis(300);
    let request = SlotRequest::new(Priority::Interactive).with_patience(Duration::ZERO);
    let slot = store.reserve(request).await;
    answered(slot.unwrap_or_else(|error| panic!("{error}"))).await;
    *lock(&server.0.away) = true;
    let began = now();
    let error = store.reserve(request).await.err().expect("an error");
    assert_eq!(error.to_string(), "it is away");
    assert_eq!(now(), began, "it does not try again");
}

#[tokio::test(start_paused = true)]
async fn a_call_that_gives_up_early_leaves_the_others_waiting() {
    let Some(server) = VirtualServer::start() else {
        return;
    };
    server.trust();
    let store = server.store(RateLimit::per_minute(1));
    answered(reserve(&store).await).await;
    store.flush().await;
    let patiences = [Duration::ZERO, Duration::MAX];
    let mut calls = Vec::new();
    for patience in patiences {
        let request = SlotRequest::new(Priority::Interactive).with_patience(patience);
        let call = store.reserve(request);
        calls.push(tokio::spawn(async move { call.await.is_ok() }));
        // The impatient one is the first that asks.
        sleep(Duration::from_secs(1)).await;
    }
    let [impatient, patient] = <[_; 2]>::try_from(calls).expect("two");
    sleep(Duration::from_secs(4)).await;
    *lock(&server.0.away) = true;
    assert!(!impatient.await.expect("a task"), "it got a slot");
    sleep(Duration::from_secs(3)).await;
    *lock(&server.0.away) = false;
    assert!(patient.await.expect("a task"), "it failed with the other");
}

#[tokio::test(start_paused = true)]
async fn a_program_can_start_while_the_server_is_away_for_a_moment() {
    let Some(server) = VirtualServer::start() else {
        return;
    };
    let store = server.store(RateLimit::per_minute(5));
    *lock(&server.0.away) = true;
    let starting = tokio::spawn({
        let store = store.clone();
        async move { store.reach().await }
    });
    sleep(Duration::from_secs(8)).await;
    *lock(&server.0.away) = false;
    starting.await.expect("a task").expect("it is there again");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_was_emptied_learns_of_a_pause_again() {
    let Some(server) = VirtualServer::start() else {
        return;
    };
    server.trust();
    let store = server.store(RateLimit::per_minute(5));
    store.pause(WINDOW * 5).await.expect("it does not wait");
    store.flush().await;
    server.command(&["FLUSHALL"]);
    // It tells the others too.
    store.status().await.expect("a status");
    let other = server.store(RateLimit::per_minute(5));
    assert_eq!(wait(&other).await, 300);
}

#[tokio::test(start_paused = true)]
async fn looking_changes_no_limit() {
    let Some(server) = VirtualServer::start() else {
        return;
    };
    server.trust();
    let (store, observer) = (
        server.store(RateLimit::per_minute(3)),
        server.store(RateLimit::new(1, WINDOW * 5)),
    );
    assert_eq!(wait(&store).await, 0);
    let status = observer.status().await.expect("a status");
    assert_eq!(status.rate.limit.to_string(), "3/60s");
    assert_eq!(
        observer.rate().limit.to_string(),
        "1/300s",
        "its own calls have that"
    );
    assert_eq!(wait(&store).await, 0);
    assert_eq!(wait(&store).await, 0);
    assert_eq!(wait(&store).await, 60);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_while_the_server_answers_leaves_no_slot_taken() {
    let Some(server) = VirtualServer::start() else {
        return;
    };
    server.trust();
    let store = server.store(RateLimit::per_minute(1));
    for _ in 0..5 {
        let mut begun = store.reserve(SlotRequest::new(Priority::Interactive));
        begin(&mut begun).await;
        drop(begun);
    }
    // It waits for slots on their way to callers that are gone too.
    store.flush().await;
    assert_eq!(wait(&store).await, 0);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_away_fails_calls_within_their_patience_and_nothing_is_sent() {
    let Some(server) = VirtualServer::start() else {
        return;
    };
    server.trust();
    let store = server.store(RateLimit::per_minute(1));
    answered(reserve(&store).await).await;
    store.flush().await;
    let waiting: Vec<_> = (0..20)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move {
                store
                    .reserve(SlotRequest::new(Priority::Interactive))
                    .await
                    .is_err()
            })
        })
        .collect();
    sleep(Duration::from_secs(5)).await;
    *lock(&server.0.away) = true;
    let began = now();
    for call in waiting {
        assert!(call.await.expect("a task"), "it got a slot");
    }
    // The one that asks notices it when it asks next, within a second.
    assert!((now() - began).as_secs() <= 11, "{:?}", now() - began);
    let began = now();
    let impatient = SlotRequest::new(Priority::Interactive).with_patience(Duration::from_secs(3));
    let error = store.reserve(impatient).await.err().expect("an error");
    assert_eq!(error.to_string(), "it is away");
    assert_eq!((now() - began).as_secs(), 3);
    *lock(&server.0.away) = false;
    sleep(WINDOW).await;
    assert_eq!(wait(&store).await, 0, "the window is over");
}

#[tokio::test(start_paused = true)]
async fn those_who_wait_do_not_ask_all_the_time() {
    let Some(server) = VirtualServer::start() else {
        return;
    };
    server.trust();
    let limit = RateLimit::per_minute(60);
    let stores: Vec<_> = (0..50).map(|_| server.store(limit)).collect();
    // Ten in each of fifty processes: 500, of which 60 a minute get a slot.
    for store in &stores {
        for _ in 0..10 {
            let store = store.clone();
            tokio::spawn(async move {
                loop {
                    answered(reserve(&store).await).await;
                }
            });
        }
    }
    sleep(WINDOW * 2).await;
    let before = server.commands();
    sleep(WINDOW * 5).await;
    let each_second = (server.commands() - before) as f64 / 300.0;
    // Two for each call, and one each second.
    assert!(each_second < 2.0 + 20.0, "{each_second} commands a second");
}

#[tokio::test(start_paused = true)]
async fn a_program_with_a_stricter_limit_holds_for_all_as_long_as_it_runs() {
    let Some(server) = VirtualServer::start() else {
        return;
    };
    server.trust();
    let (loose, strict) = (
        server.store(RateLimit::per_minute(3)),
        server.store(RateLimit::new(2, WINDOW * 2)),
    );
    answered(reserve(&loose).await).await;
    answered(reserve(&strict).await).await;
    strict.flush().await;
    assert_eq!(wait(&loose).await, 120);
    assert_eq!(loose.rate().limit.to_string(), "2/120s");
    sleep(WINDOW * 10).await;
    for _ in 0..3 {
        assert_eq!(wait(&loose).await, 0);
    }
    assert_eq!(wait(&loose).await, 60);
}

#[tokio::test(start_paused = true)]
async fn every_key_expires_and_is_in_one_slot_of_a_cluster() {
    let Some(server) = VirtualServer::start() else {
        return;
    };
    let store = server.store(RateLimit::per_minute(1));
    wait(&store).await;
    let waiting = store.reserve(SlotRequest::new(Priority::Background));
    assert!(
        tokio::time::timeout(Duration::from_secs(1), waiting)
            .await
            .is_err()
    );
    let redis::Value::Array(keys) = server.command(&["KEYS", "*"]) else {
        panic!("no keys");
    };
    assert!(keys.len() >= 2, "{keys:?}");
    for key in keys {
        let key: String = redis::from_redis_value(key).expect("a name");
        assert!(key.starts_with("{test}:"), "{key}");
        let redis::Value::Int(left) = server.command(&["PTTL", &key]) else {
            panic!("{key}");
        };
        assert!(left > 0, "{key} does not expire");
    }
}

#[tokio::test(start_paused = true)]
async fn the_status_says_who_has_how_many() {
    let Some(server) = VirtualServer::start() else {
        return;
    };
    server.trust();
    let (one, two) = (
        server.store(RateLimit::per_minute(20)),
        server.store(RateLimit::per_minute(20)),
    );
    let _held = [reserve(&one).await, reserve(&one).await, reserve(&two).await];
    let walk = one.reserve(SlotRequest::new(Priority::Background)).await;
    let _walk = walk.unwrap_or_else(|error| panic!("{error}"));
    two.pause(Duration::from_secs(30))
        .await
        .expect("it does not wait");
    two.flush().await;
    let status = one.status().await.expect("a status");
    assert_eq!(status.rate.in_use, 4);
    assert_eq!(status.rate.paused_until, Some(now() + Duration::from_secs(30)));
    let counts: Vec<_> = status
        .holders
        .iter()
        .map(|holder| (holder.interactive, holder.background))
        .collect();
    assert_eq!(counts, [(2, 1), (1, 0)]);
}

#[tokio::test(start_paused = true)]
async fn no_answer_waits_until_the_server_knows_of_it() {
    let Some(server) = VirtualServer::start() else {
        return;
    };
    server.trust();
    let store = server.store(RateLimit::per_minute(5));
    for status in [200, 429] {
        let recorder = Recorder::answering(status, "{\"TicketID\": 1}");
        let client = recorder.builder().slot_store(store.clone());
        let client = client
            .retry(atera::RetryPolicy::never())
            .build()
            .expect("a client");
        *lock(&server.0.delay) = Duration::from_millis(300);
        let began = now();
        let commands = server.commands();
        let _ = client.tickets().get(1).await;
        assert_eq!((now() - began).as_millis(), 300, "to take a slot, and no more");
        store.flush().await;
        let told = server.commands() - commands;
        assert_eq!(
            told,
            if status == 200 { 2 } else { 3 },
            "one to take it, one to give it back, one for a pause"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn no_call_overtakes_a_pause_that_the_server_does_not_know_yet() {
    let Some(server) = VirtualServer::start() else {
        return;
    };
    server.trust();
    let store = server.store(RateLimit::per_minute(5));
    *lock(&server.0.away) = true;
    store
        .pause(Duration::from_secs(30))
        .await
        .expect("it does not wait");
    assert!(store.rate().paused_until.is_some());
    *lock(&server.0.away) = false;
    assert_eq!(wait(&store).await, 30);
}

#[tokio::test(start_paused = true)]
async fn somebody_who_knows_that_nothing_was_sent_ends_the_wait_of_all() {
    let Some(server) = VirtualServer::start() else {
        return;
    };
    let (store, other) = (
        server.store(RateLimit::per_minute(5)),
        server.store(RateLimit::per_minute(5)),
    );
    let status = other.status().await.expect("a status");
    let quarantine = status.quarantine.expect("a new server");
    assert_eq!(quarantine.reason, Unknown::New);
    assert!(quarantine.until - now() >= WINDOW);
    let waiting = tokio::spawn(async move { wait(&store).await });
    sleep(Duration::from_secs(10)).await;
    other.trust_that_nothing_was_sent().await.expect("a server");
    assert_eq!(other.quarantine(), None);
    let waited = waiting.await.expect("a task");
    assert!((10..=12).contains(&waited), "{waited} s");
}
