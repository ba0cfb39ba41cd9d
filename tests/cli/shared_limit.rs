//! One limit for all processes of a machine.

use std::{
    path::Path,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use axum::Router;
use tokio::sync::watch;

use super::*;

/// Requests that may be sent in a window, and its length.
const LIMIT: usize = 16;
const WINDOW: Duration = Duration::from_secs(1);

/// A service that answers lists of six pages, and notes when it was asked.
struct Witness {
    base_url: String,
    seen: Arc<Mutex<Vec<Instant>>>,
    count: watch::Receiver<usize>,
}

impl Witness {
    async fn start() -> Self {
        let seen: Arc<Mutex<Vec<Instant>>> = Arc::default();
        let (told, count) = watch::channel(0);
        let noted = seen.clone();
        let answer = move |uri: axum::http::Uri| {
            let query = uri.query().unwrap_or_default();
            let page = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "page");
            let page: usize = page.and_then(|(_, page)| page.parse().ok()).expect("a page");
            let mut seen = noted.lock().expect("no panic");
            seen.push(tokio::time::Instant::now().into_std());
            told.send_replace(seen.len());
            let items: Vec<_> = (page * 50..page * 50 + 50)
                .map(|id| serde_json::json!({"TicketID": id}))
                .collect();
            std::future::ready(serde_json::json!({"items": items, "totalPages": 6}).to_string())
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port");
        let base_url = format!("http://{}/api/v3", listener.local_addr().expect("an address"));
        let service = axum::serve(listener, Router::new().fallback(answer));
        tokio::spawn(service.into_future());
        Witness {
            base_url,
            seen,
            count,
        }
    }

    /// The walk of a list, which takes six requests.
    fn walk(&self, state: &Path) -> Command {
        let limit = format!("{LIMIT}/{}s", WINDOW.as_secs());
        let mut command = atera(&[
            "tickets",
            "list",
            "--all",
            "--fast",
            "-o",
            "ndjson",
            "--rate-limit",
            &limit,
        ]);
        command
            .env("ATERA_BASE_URL", &self.base_url)
            .env("ATERA_API_KEY", "key")
            .env("XDG_STATE_HOME", state)
            .stdout(Stdio::null());
        command
    }

    /// The most requests that it saw in any window.
    fn most(&self) -> usize {
        let mut seen = self.seen.lock().expect("no panic").clone();
        seen.sort_unstable();
        let within = |start: &Instant| {
            seen.iter()
                .filter(|it| *it >= start && **it < *start + WINDOW)
                .count()
        };
        seen.iter().map(within).max().unwrap_or_default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn eight_processes_at_once_stay_within_one_limit_though_one_is_killed() {
    let witness = Witness::start().await;
    let state = tempfile::tempdir().expect("a folder");
    let mut victim = witness.walk(state.path()).spawn().expect("the command runs");
    witness
        .count
        .clone()
        .wait_for(|count| *count >= 1)
        .await
        .expect("a request");
    victim.kill().expect("it runs");
    victim.wait().expect("it ends");

    let loops = (0..8).map(|_| {
        let mut walks = [witness.walk(state.path()), witness.walk(state.path())];
        tokio::task::spawn_blocking(move || {
            for walk in &mut walks {
                assert!(walk.status().expect("the command runs").success());
            }
        })
    });
    for walks in loops.collect::<Vec<_>>() {
        walks.await.expect("no panic");
    }
    let asked = *witness.count.borrow();
    assert!(
        (97..=102).contains(&asked),
        "16 walks and a part of one were {asked} requests"
    );
    assert!(witness.most() <= LIMIT, "{} requests in a window", witness.most());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_folder_for_its_state_it_says_so_and_goes_on() {
    let witness = Witness::start().await;
    let file = tempfile::NamedTempFile::new().expect("a file");
    let walked = output(witness.walk(file.path())).await;
    assert_success(&walked);
    let told = stderr(&walked);
    assert!(
        told.starts_with("the rate limit is kept for this process alone"),
        "{told}"
    );
    assert!(witness.most() <= LIMIT);
    let mut quiet = witness.walk(file.path());
    quiet.arg("--quiet");
    assert_eq!(stderr(&output(quiet).await), "");
}
