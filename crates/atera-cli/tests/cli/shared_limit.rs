//! One limit for all processes of a machine, as the sandbox counts them.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    time::Duration,
};

use atera::RateLimit;

use super::*;

/// Requests that may be sent in a window, and its length.
const LIMIT: usize = 24;
const WINDOW: Duration = Duration::from_secs(1);

/// A sandbox with this limit, and six pages of tickets.
async fn limited() -> Sandbox {
    let limit = RateLimit::new(LIMIT as u32, WINDOW);
    let sandbox = Sandbox::builder().tickets(300).rate_limit(limit);
    sandbox.start().await.expect("a sandbox")
}

/// The walk of a list, which takes six requests.
fn walk(sandbox: &Sandbox, state: &Path) -> Command {
    let limit = format!("{LIMIT}/{}s", WINDOW.as_secs());
    let mut command = atera(&["tickets", "list", "--all", "--fast", "-o", "ndjson"]);
    command
        .args(["--rate-limit", &limit])
        .env("ATERA_BASE_URL", sandbox.base_url())
        .env("ATERA_API_KEY", sandbox.api_key())
        .env("XDG_STATE_HOME", state)
        .stdout(Stdio::null());
    command
}

/// Starts a walk, and kills it once it has printed its first record.
fn start_and_kill(mut walk: Command) {
    let mut victim = walk.stdout(Stdio::piped()).spawn().expect("the command runs");
    let mut first = String::new();
    let stdout = victim.stdout.take().expect("a pipe");
    BufReader::new(stdout).read_line(&mut first).expect("output");
    assert!(first.starts_with('{'), "{first}");
    victim.kill().expect("it runs");
    victim.wait().expect("it ends");
}

#[tokio::test(flavor = "multi_thread")]
async fn eight_processes_in_a_loop_stay_within_one_limit_though_one_is_killed() {
    let sandbox = limited().await;
    let state = tempfile::tempdir().expect("a folder");
    let loops = (0..8).map(|number| {
        let victim = (number == 0).then(|| walk(&sandbox, state.path()));
        let mut walks = [(); 2].map(|()| walk(&sandbox, state.path()));
        tokio::task::spawn_blocking(move || {
            if let Some(victim) = victim {
                start_and_kill(victim);
            }
            for walk in &mut walks {
                assert!(walk.status().expect("the command runs").success());
            }
        })
    });
    for walks in loops.collect::<Vec<_>>() {
        walks.await.expect("no panic");
    }
    let seen = sandbox.stats();
    assert!(
        (97..=102).contains(&seen.arrivals),
        "16 walks and a part of one were {} requests",
        seen.arrivals
    );
    assert!(seen.most_in_window <= LIMIT, "{seen:?}");
    assert_eq!(seen.refused, 0, "{seen:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_folder_for_its_state_it_says_so_and_goes_on() {
    let sandbox = limited().await;
    let file = tempfile::NamedTempFile::new().expect("a file");
    let walked = output(walk(&sandbox, file.path())).await;
    assert_success(&walked);
    let told = stderr(&walked);
    assert!(
        told.starts_with("the rate limit is kept for this process alone"),
        "{told}"
    );
    let mut quiet = walk(&sandbox, file.path());
    quiet.arg("--quiet");
    assert_eq!(stderr(&output(quiet).await), "");
}
