//! What is said while calls wait.

use std::{
    io::{BufRead, BufReader},
    process::Child,
    sync::mpsc,
    thread,
    time::Duration,
};

use atera::RateLimit;

use super::{
    exit_codes::server,
    terminal::{PATIENCE, Terminal},
    *,
};

/// A sandbox without a limit, for commands that wait for their own. Its answers would otherwise tell how long its own lasts,
/// and no command waits an hour for the service.
async fn unlimited() -> Sandbox {
    let builder = Sandbox::builder().rate_limit(RateLimit::off());
    builder.start().await.expect("a sandbox")
}

/// Sends a signal by its name, as in `TERM`.
fn signal(name: &str, process: &Child) {
    let sent = Command::new("kill")
        .args([&format!("-{name}"), &process.id().to_string()])
        .status();
    assert!(sent.expect("kill runs").success());
}

/// Starts a command, ends it once it has said this, and gives all that it said.
async fn said(mut command: Command, this: &'static str) -> String {
    aside(move || {
        let mut started = command
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the command runs");
        let stderr = BufReader::new(started.stderr.take().expect("a pipe"));
        let (tell, lines) = mpsc::channel();
        let reader = thread::spawn(move || {
            for line in stderr.lines() {
                let _ = tell.send(line.expect("text") + "\n");
            }
        });
        let mut said = String::new();
        while !said.contains(this) {
            match lines.recv_timeout(PATIENCE) {
                Ok(line) => said.push_str(&line),
                Err(_) => break,
            }
        }
        signal("TERM", &started);
        started.wait().expect("it ends");
        reader.join().expect("no panic");
        said.extend(lines.try_iter());
        assert!(said.contains(this), "it did not say `{this}`: {said}");
        said
    })
    .await
}

/// A command whose service has failed, and asks to wait for 100 seconds.
fn failing(arguments: &[&str]) -> Command {
    answered(
        b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 100\r\ncontent-length: 0\r\n\r\n",
        arguments,
    )
}

/// A command whose service answers everything so.
fn answered(answer: &'static [u8], arguments: &[&str]) -> Command {
    let mut command = atera(arguments);
    command
        .env("ATERA_BASE_URL", server(answer))
        .env("ATERA_API_KEY", "key");
    command
}

/// A command that keeps a limit of two requests an hour, with a state of its own.
fn limited(sandbox: &Sandbox, arguments: &[&str], state: &tempfile::TempDir) -> Command {
    let mut command = against(sandbox, arguments);
    command
        .args(["--rate-limit", "2/1h"])
        .env("XDG_STATE_HOME", state.path());
    command
}

/// Eight lists and their pages wait for the same slot.
#[tokio::test(flavor = "multi_thread")]
async fn calls_that_wait_for_the_limit_are_one_line_in_a_pipe() {
    let sandbox = unlimited().await;
    let state = tempfile::tempdir().expect("a folder");
    let dir = state.path().join("export");
    let dir = dir.to_str().expect("text");
    let said = said(limited(&sandbox, &["export", "--dir", dir], &state), "rate limit").await;
    let lines: Vec<_> = said.lines().collect();
    assert!(
        lines[0].starts_with("rate limit reached: next slot in "),
        "{said}"
    );
    assert!(lines[0].ends_with(" min"), "{said}");
    assert!(lines[1].starts_with("atera: stopped"), "{said}");
    assert_eq!(lines.len(), 2, "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_is_told_and_how_long_it_is() {
    let sandbox = Sandbox::builder().rate_limit(RateLimit::new(1, Duration::from_secs(100)));
    let sandbox = sandbox.start().await.expect("a sandbox");
    let mut walk = against(&sandbox, &["tickets", "list", "--all"]);
    walk.args(["--rate-limit", "off"]);
    let said = said(walk, "pause").await;
    let length = said.strip_prefix("Atera asked for a pause of ").expect(&said);
    let seconds = length
        .split_once(" s\n")
        .and_then(|(seconds, _)| seconds.parse::<u32>().ok());
    assert!(matches!(seconds, Some(90..=102)), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_is_told_and_what_failed() {
    let said = said(failing(&["tickets", "get", "54321"]), "retry").await;
    assert!(
        said.starts_with("Atera failed (503), retry 1 of 4 in 100 s\n"),
        "{said}"
    );
}

/// A state of its own, since a pause holds for all commands with the same key and host.
#[tokio::test(flavor = "multi_thread")]
async fn the_lines_of_a_log_say_how_long_a_pause_is() {
    const THROTTLED: &[u8] =
        b"HTTP/1.1 429 Too Many Requests\r\nretry-after: 100\r\ncontent-length: 0\r\n\r\n";
    let state = tempfile::tempdir().expect("a folder");
    let mut get = answered(THROTTLED, &["tickets", "get", "54321", "--verbose"]);
    get.env("XDG_STATE_HOME", state.path());
    let said = said(get, "sent again").await;
    let call = "GET /tickets/{ticketId} (tickets_get): ";
    let lines: Vec<_> = said.lines().filter_map(|line| line.strip_prefix(call)).collect();
    assert!(lines[0].starts_with("attempt 1, status 429, "), "{said}");
    let again = "sent again after the pause that the service asked for, retry 1, of 4, pause 10";
    assert!(lines[1].starts_with(again), "{said}");
}

/// The log has its line right before the wait.
#[tokio::test(flavor = "multi_thread")]
async fn a_quiet_command_says_nothing_of_waits() {
    let mut get = failing(&["tickets", "get", "54321", "--quiet"]);
    get.env("ATERA_LOG", "atera::pipeline=debug");
    let said = said(get, "sent again").await;
    assert!(said.contains("DEBUG") && !said.contains("Atera failed"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_terminal_shows_a_wait_in_the_line_of_the_progress() {
    let sandbox = unlimited().await;
    let state = tempfile::tempdir().expect("a folder");
    let walk = limited(&sandbox, &["tickets", "list", "--all"], &state);
    let (code, screen) = aside(move || {
        let mut terminal = Terminal::start(&walk, 80);
        terminal.until("100 of 2,847 records; rate limit reached: next slot in ");
        terminal.press("\u{3}");
        terminal.end()
    })
    .await;
    assert_eq!(code, 130, "{screen}");
    let waiting = screen.rsplit("rate limit reached").next().expect("it waits");
    assert!(
        waiting.contains(" left") && !waiting.contains("; 0 s left"),
        "{screen}"
    );
    assert!(
        screen.ends_with("atera: stopped after 100 records\r\n"),
        "{screen}"
    );
}

/// Without progress there is a line for the wait alone, which is erased when the wait ends.
#[tokio::test(flavor = "multi_thread")]
async fn a_terminal_shows_the_wait_of_a_single_call_for_as_long_as_it_lasts() {
    let get = failing(&["tickets", "get", "54321"]);
    let (code, screen) = aside(move || {
        let mut terminal = Terminal::start(&get, 80);
        terminal.until("Atera failed (503), retry 1 of 4 in ");
        terminal.press("\u{3}");
        terminal.end()
    })
    .await;
    assert_eq!(code, 130, "{screen}");
    let (_, after) = screen.rsplit_once("Atera failed").expect("it waits");
    assert!(after.contains("\u{1b}[2K"), "{screen:?}");
}
