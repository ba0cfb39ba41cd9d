//! A sync that is killed with -9 leaves a whole mirror, and the next one goes on where it stopped.
#![cfg(unix)]

use std::{
    env,
    os::unix::process::ExitStatusExt,
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use atera::{Client, RateLimit};
use atera_mirror::{ErrorKind, Limits, ListState, Mirror, SyncOptions, Value};
use atera_sandbox::Sandbox;

/// Where the process of its own finds the mirror, the service and the key.
const PLACE: &str = "ATERA_MIRROR_TEST_PLACE";
const BASE_URL: &str = "ATERA_MIRROR_TEST_BASE_URL";
const KEY: &str = "ATERA_MIRROR_TEST_KEY";

/// How many lists a sync asks for here, with the comments.
const LISTS: usize = 18;

async fn open(place: &str) -> Mirror {
    match place.starts_with("postgres:") {
        true => Mirror::postgres(place).await.unwrap(),
        false => Mirror::file(place.as_ref()).await.unwrap(),
    }
}

async fn sync(place: &str, base_url: &str, key: &str) {
    let client = Client::builder()
        .api_key(atera::ApiKey::new(key).unwrap())
        .base_url(base_url)
        .rate_limit(RateLimit::off())
        .build()
        .unwrap();
    let options = SyncOptions::new().with(["comments"]).unwrap().service("sandbox");
    let mirror = open(place).await;
    // A server may take longer than an attempt to see that a writer was killed.
    for _ in 0..60 {
        match mirror.sync(&client, &options).await {
            Err(error) if error.kind() == ErrorKind::Busy => {}
            report => {
                let report = report.unwrap();
                assert!(report.is_success(), "{:?}", report.worst());
                return;
            }
        }
    }
    panic!("the writer that was killed still has its lock");
}

#[tokio::test]
#[ignore = "the other tests run it in a process of its own"]
async fn sync_in_a_process_of_its_own() {
    let variables = [PLACE, BASE_URL, KEY].map(env::var);
    if let [Ok(place), Ok(base_url), Ok(key)] = variables {
        sync(&place, &base_url, &key).await;
        // The signal may be on its way.
        std::future::pending::<()>().await;
    }
}

fn start(place: &str, sandbox: &Sandbox) -> Child {
    Command::new(env::current_exe().unwrap())
        .args(["--exact", "sync_in_a_process_of_its_own", "--ignored"])
        .env(PLACE, place)
        .env(BASE_URL, sandbox.base_url())
        .env(KEY, sandbox.api_key())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Kills a process when the sandbox has got so many requests.
#[derive(Clone, Default)]
struct Killer {
    requests: Arc<AtomicUsize>,
    process: Arc<Mutex<u32>>,
}

impl Killer {
    /// Starts a process, and waits until it is killed at this request. Returns whether it was.
    async fn kill_at(&self, requests: usize, start: impl FnOnce() -> Child) -> bool {
        // Its first requests count too, and wait until it is known which process it is.
        self.requests.store(requests, Ordering::SeqCst);
        let mut child = {
            let mut process = self.process.lock().unwrap();
            let child = start();
            *process = child.id();
            child
        };
        let ended = tokio::task::spawn_blocking(move || child.wait()).await.unwrap();
        self.requests.store(0, Ordering::SeqCst);
        ended.unwrap().signal() == Some(9)
    }

    /// Called with each request. The last one that is counted kills.
    fn request(&self) {
        let one_less = |left: usize| left.checked_sub(1);
        let left = self
            .requests
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less);
        if left == Ok(1) {
            let process = self.process.lock().unwrap().to_string();
            let killed = Command::new("kill").args(["-9", &process]).status();
            assert!(killed.unwrap().success());
        }
    }
}

async fn sandbox(killer: &Killer) -> Sandbox {
    let killer = killer.clone();
    Sandbox::builder()
        .customers(8)
        .contacts(30)
        .agents(70)
        .tickets(60)
        .alerts(20)
        .contracts(5)
        .invoices(8)
        .articles(4)
        .devices(3)
        .rate_limit(RateLimit::off())
        .on_request(move |_| killer.request())
        .start()
        .await
        .unwrap()
}

async fn rows(place: &str, sql: &str) -> Vec<Vec<Value>> {
    let mut answer = open(place)
        .await
        .query(sql, &[], &Limits::default())
        .await
        .unwrap();
    answer.all().await.unwrap()
}

/// What two mirrors of the same account have in common, whenever they were synced.
async fn content(place: &str) -> Vec<String> {
    let mut all = Vec::new();
    for (table, key) in [
        ("tickets", "ticket_id"),
        ("tickets_comments", "ticket_id"),
        ("agents", "agent_id"),
        ("agents_hardware_disks", "agent_id"),
        ("customers", "customer_id"),
        ("contacts", "end_user_id"),
        ("alerts", "alert_id"),
    ] {
        let sql = format!("SELECT COUNT(*), SUM({key}) FROM {table}");
        all.push(format!("{table} {:?}", rows(place, &sql).await));
    }
    let sql = "SELECT ticket_id, record FROM tickets WHERE _deleted IS NULL ORDER BY ticket_id";
    all.extend(rows(place, sql).await.iter().map(|row| format!("{row:?}")));
    let sql = "SELECT list, state, records FROM _syncs ORDER BY list";
    all.extend(rows(place, sql).await.iter().map(|row| format!("{row:?}")));
    let sql = "SELECT table_name, id, kind FROM _changes ORDER BY table_name, id, seq";
    all.extend(rows(place, sql).await.iter().map(|row| format!("{row:?}")));
    all
}

/// Kills the first sync of each new mirror at another of its requests.
async fn killed(new: impl Fn() -> String) {
    let killer = Killer::default();
    let sandbox = sandbox(&killer).await;
    let place = new();
    sync(&place, sandbox.base_url(), sandbox.api_key()).await;
    let all = sandbox.log().len();
    let expected = content(&place).await;
    for requests in (1..all).step_by(9) {
        let place = new();
        let was_killed = killer.kill_at(requests, || start(&place, &sandbox)).await;
        assert!(was_killed, "it ended before request {requests} of {all}");
        let mirror = open(&place).await;
        if let Ok(problems) = mirror.check().await {
            assert_eq!(problems, [""; 0], "killed at request {requests}");
        }
        // Nobody has to know of a list that it is missing.
        let lists = mirror.status().await.unwrap();
        assert_eq!(lists.len(), LISTS, "killed at request {requests}");
        for list in lists {
            assert!(
                list.state == ListState::Complete || list.is_unread() && list.reason.is_some(),
                "killed at request {requests}: {list:?}"
            );
        }
        sync(&place, sandbox.base_url(), sandbox.api_key()).await;
        assert_eq!(mirror.check().await.unwrap(), [""; 0]);
        assert!(
            content(&place).await == expected,
            "killed at request {requests} of {all}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_into_sqlite_that_is_killed_is_continued() {
    let folder = tempfile::tempdir().unwrap();
    let number = AtomicUsize::new(0);
    killed(|| {
        let number = number.fetch_add(1, Ordering::SeqCst);
        folder.path().join(format!("{number}.db")).display().to_string()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_into_postgres_that_is_killed_is_continued() {
    if atera_testkit::postgres::new_database().is_some() {
        killed(|| atera_testkit::postgres::new_database().unwrap()).await;
    }
}
