//! How it runs and ends.

use std::{
    io::{BufRead, BufReader},
    process::Child,
};

use super::*;

/// Starts a sandbox in a process of its own, and gives the command the variables that it prints.
fn served(arguments: &[&str], command: &mut Command) -> Child {
    let mut server = atera(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the command runs");
    let lines = BufReader::new(server.stdout.take().expect("a pipe")).lines();
    for line in lines.take(2) {
        let line = line.expect("a line");
        let (name, value) = line.split_once('=').expect("a variable");
        command.env(name, value);
    }
    server
}

#[tokio::test]
async fn a_sandbox_is_served_under_the_names_of_the_environment() {
    let mut command = atera(&["tickets", "list", "-o", "ndjson"]);
    let mut server = served(&["sandbox", "--port", "0"], &mut command);
    let listed = output(command).await;
    server.kill().and_then(|()| server.wait()).expect("it runs");
    assert_success(&listed);
    assert_eq!(stdout(&listed).lines().count(), 20);
}

#[tokio::test]
async fn a_sandbox_is_told_which_pages_may_call_it() {
    let refused = output(atera(&[
        "sandbox", "--port", "0", "--cors", "*", "--cors", "my page",
    ]))
    .await;
    assert_failure(&refused, 2, "`my page` is not an origin");
}

#[tokio::test]
async fn a_sandbox_has_the_time_that_it_is_given_and_else_that_of_today() {
    let dump = async |arguments: &[&str], time: Option<&str>| {
        let mut command = atera(&[&["sandbox", "--dump", "-", "--count", "tickets=300"], arguments].concat());
        match time {
            Some(time) => command.env("ATERA_SANDBOX_NOW", time),
            None => command.env_remove("ATERA_SANDBOX_NOW"),
        };
        output(command).await
    };
    let time = "2027-05-01T12:00:00Z";
    let given = dump(&["--now", time], Some("2020-01-01")).await;
    assert_success(&given);
    assert!(given.stdout == dump(&[], Some(time)).await.stdout);
    assert!(given.stdout != dump(&["--now", "2027-05-01T12:00:01Z"], None).await.stdout);
    assert_failure(
        &dump(&[], Some("noon")).await,
        2,
        "ATERA_SANDBOX_NOW is not a time",
    );

    let mut of_the_week = atera(&[
        "tickets",
        "list-last-modified",
        "--since",
        "7d",
        "--all",
        "--sandbox",
    ]);
    of_the_week.env_remove("ATERA_SANDBOX_NOW").args(["-o", "ndjson"]);
    let of_the_week = output(of_the_week).await;
    assert_success(&of_the_week);
    assert!(stdout(&of_the_week).lines().count() > 10, "{of_the_week:?}");
}

/// The command itself, to be run by `atera sandbox -- COMMAND`.
fn binary() -> String {
    assert_cmd::cargo::cargo_bin!("atera")
        .to_string_lossy()
        .into_owned()
}

/// The usual port is taken, by this test or by another program.
#[tokio::test]
async fn a_sandbox_for_a_command_is_on_any_port_that_is_free() {
    let _taken = std::net::TcpListener::bind("127.0.0.1:8700");
    let binary = binary();
    let asked = ["--", &binary, "tickets", "get", "54321"];
    assert_success(&output(atera(&[&["sandbox"], &asked[..]].concat())).await);
    let named = output(atera(&[&["sandbox", "--port", "8700"], &asked[..]].concat())).await;
    assert_failure(&named, 2, "8700");
}

#[tokio::test]
async fn a_sandbox_prints_a_line_for_each_request_without_its_secrets() {
    let key = "0123456789abcdef0123456789abcdef";
    let query = format!("apiKey={key}");
    let run = async |log: &[&str]| {
        let binary = binary();
        let asked = [
            "--", &binary, "api", "GET", "/tickets", "-q", "page=2", "-q", &query,
        ];
        let arguments = [&["sandbox", "--port", "0"], log, &asked].concat();
        output(atera(&arguments)).await
    };
    let logged = run(&["--log"]).await;
    assert_success(&logged);
    let lines: Vec<_> = stderr(&logged).lines().collect();
    let [line] = lines[..] else {
        panic!("{lines:?}");
    };
    assert!(
        line.contains("Z GET /api/v3/tickets?page=2&apiKey=… 200 ") && line.ends_with(" ms"),
        "{line}"
    );
    // A pipe gets none unless it is asked for.
    assert_eq!(stderr(&run(&[]).await), "");
}

#[tokio::test]
async fn a_sandbox_keeps_its_records_although_it_is_killed() {
    let folder = tempfile::tempdir().expect("a folder");
    let records = folder.path().join("records");
    let persist = [
        "sandbox",
        "--port",
        "0",
        "--persist",
        records.to_str().expect("text"),
    ];
    let mut create = atera(&["customers", "create", "--customer-name", "Kept by name"]);
    let mut server = served(&persist, &mut create);
    assert_success(&output(create).await);
    let again = output(atera(&persist)).await;
    assert_failure(&again, 2, "another one keeps its records in");
    server.kill().and_then(|()| server.wait()).expect("it runs");

    let binary = binary();
    let list = [
        "--seed",
        "7",
        "--",
        &binary,
        "customers",
        "list",
        "--all",
        "-o",
        "ndjson",
    ];
    let listed = output(atera(&[&persist[..], &list].concat())).await;
    assert_success(&listed);
    assert!(stdout(&listed).contains("Kept by name"));
    assert!(stderr(&listed).contains("so --seed has no effect"), "{listed:?}");
}

/// What only Unix has.
#[cfg(unix)]
mod unix {
    use std::{fs::File, io::Read};

    use super::*;

    /// Starts the command and waits until it has printed so many bytes. Then it is under way, and goes on as nobody reads.
    fn begun<const N: usize>(command: &mut Command) -> (Child, [u8; N]) {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the command runs");
        let mut bytes = [0; N];
        let pipe = child.stdout.as_mut().expect("a pipe");
        pipe.read_exact(&mut bytes).expect("output");
        (child, bytes)
    }

    #[tokio::test]
    async fn a_command_is_told_the_limit_of_its_sandbox() {
        let limit_in = async |limit: &[&str]| {
            let sandbox = [
                &["sandbox", "--port", "0"],
                limit,
                &["--", "printenv", "ATERA_RATE_LIMIT"],
            ];
            let told = output(atera(&sandbox.concat())).await;
            stdout(&told).to_string()
        };
        assert_eq!(limit_in(&["--rate-limit", "off"]).await, "off\n");
        assert_eq!(limit_in(&["--rate-limit", "100/5m"]).await, "100/300s\n");
        assert_eq!(limit_in(&[]).await, "", "the client has its own then");
    }

    #[tokio::test]
    async fn a_reader_that_leaves_is_no_failure() {
        let (mut walk, [_]) = begun(&mut atera(&[
            "tickets",
            "list",
            "--sandbox",
            "--all",
            "-o",
            "ndjson",
        ]));
        drop(walk.stdout.take());
        let left = walk.wait_with_output().expect("it ends");
        assert_success(&left);
        assert_eq!(stderr(&left), "");
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn a_full_disk_is_1() {
        let full = File::options()
            .write(true)
            .open("/dev/full")
            .expect("a full disk");
        let mut command = atera(&["tickets", "list", "--sandbox"]);
        command.stdout(full);
        let run = move || {
            command
                .stderr(Stdio::piped())
                .spawn()
                .and_then(std::process::Child::wait_with_output)
        };
        let failed = tokio::task::spawn_blocking(run)
            .await
            .expect("no panic")
            .expect("it runs");
        assert_failure(&failed, 1, "the output cannot be written");
    }

    /// Sends a signal by its name, as in `INT`.
    fn signal(name: &str, process: &Child) {
        let sent = Command::new("kill")
            .args([&format!("-{name}"), &process.id().to_string()])
            .status();
        assert!(sent.expect("kill runs").success());
    }

    /// The command with SIGHUP as it usually is: whatever `nohup` has started ignores it, this test as well. Only Linux has such
    /// an `env`.
    fn with_hang_up(command: Command) -> Command {
        match cfg!(target_os = "linux") {
            true => through_env("--default-signal=HUP", &command),
            false => command,
        }
    }

    /// The command as `env` starts it with this option.
    fn through_env(option: &str, command: &Command) -> Command {
        let mut through = Command::new("env");
        through
            .arg(option)
            .arg(command.get_program())
            .args(command.get_args());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => through.env(name, value),
                None => through.env_remove(name),
            };
        }
        through
    }

    /// What a walk comes to that a signal ends.
    pub(crate) fn ended_by(name: &str, format: &str) -> Output {
        let walk = atera(&["tickets", "list", "--sandbox", "--all", "-o", format]);
        let (walk, [byte]) = begun(&mut with_hang_up(walk));
        signal(name, &walk);
        let mut ended = walk.wait_with_output().expect("it ends");
        ended.stdout.insert(0, byte);
        ended
    }

    /// Ctrl-C, and what service managers and closing terminals send.
    #[tokio::test]
    async fn a_signal_closes_what_was_begun_and_has_its_code() {
        for (name, code) in [("INT", 130), ("TERM", 143), ("HUP", 129)] {
            let ended = aside(move || ended_by(name, "json")).await;
            assert_eq!(ended.status.code(), Some(code), "{name}");
            // What is there is whole.
            let records: Vec<serde_json::Value> = serde_json::from_slice(&ended.stdout).expect("JSON");
            let told = format!("atera: stopped after {} records\n", records.len());
            assert_eq!(stderr(&ended), told);
            assert!(records.len() < 2847, "it was not interrupted");
        }
    }

    /// A command that stands still at its own limit after two requests, and its service, which has none.
    async fn stalled(arguments: &[&str]) -> (Sandbox, Child) {
        let sandbox = Sandbox::builder()
            .rate_limit(atera::RateLimit::off())
            .start()
            .await
            .expect("a sandbox");
        let state = concat!(env!("CARGO_TARGET_TMPDIR"), "/stalled");
        let started = against(&sandbox, arguments)
            .args(["--rate-limit", "2/1h"])
            .env("XDG_STATE_HOME", state)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the command runs");
        while sandbox.stats().arrivals < 2 {
            tokio::task::yield_now().await;
        }
        (sandbox, started)
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_signal_removes_temporary_files() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("tickets.csv");
        std::fs::write(&file, "as it was").expect("a file");
        let path = file.to_str().expect("text");
        let all = ["tickets", "list", "--all", "-o", "csv", "--output-file", path];
        let (_sandbox, walk) = stalled(&all).await;
        signal("TERM", &walk);
        let ended = aside(|| walk.wait_with_output().expect("it ends")).await;
        assert_eq!(ended.status.code(), Some(143), "{ended:?}");
        assert!(
            stderr(&ended).contains("tickets.csv is as it was before"),
            "{ended:?}"
        );
        assert_eq!(std::fs::read_to_string(&file).expect("a file"), "as it was");
        let left = std::fs::read_dir(folder.path()).expect("a folder").count();
        assert_eq!(left, 1, "the temporary file is gone");
    }

    /// `env` starts the command as `nohup` does.
    #[cfg(target_os = "linux")]
    #[tokio::test(flavor = "multi_thread")]
    async fn a_signal_that_was_to_be_ignored_still_is() {
        let walk = atera(&["tickets", "list", "--sandbox", "--all", "-o", "json"]);
        let mut command = through_env("--ignore-signal=HUP", &walk);
        let ended = aside(move || {
            let (walk, [_]) = begun(&mut command);
            signal("HUP", &walk);
            signal("TERM", &walk);
            walk.wait_with_output().expect("it ends")
        })
        .await;
        assert_eq!(ended.status.code(), Some(143), "{ended:?}");
    }

    #[tokio::test]
    async fn a_sandbox_that_a_signal_stops_has_done_what_it_was_to_do() {
        for name in ["INT", "TERM", "HUP"] {
            let ended = aside(move || {
                let (server, [_]) = begun(&mut with_hang_up(atera(&["sandbox", "--port", "0"])));
                signal(name, &server);
                server.wait_with_output().expect("it ends")
            })
            .await;
            assert_eq!(ended.status.code(), Some(0), "{name}: {ended:?}");
        }
    }

    #[tokio::test]
    async fn a_command_of_the_sandbox_is_told_of_a_signal_and_ends_by_it() {
        let ended = aside(|| {
            let script = "trap 'echo told; exit 7' TERM; echo begun; while :; do :; done";
            let (served, bytes) = begun(&mut atera(&["sandbox", "--port", "0", "--", "sh", "-c", script]));
            assert_eq!(&bytes, b"begun\n");
            signal("TERM", &served);
            served.wait_with_output().expect("it ends")
        })
        .await;
        assert_eq!((ended.status.code(), stdout(&ended)), (Some(7), "told\n"));
        let killed = output(atera(&[
            "sandbox",
            "--port",
            "0",
            "--",
            "sh",
            "-c",
            "kill -TERM $$",
        ]))
        .await;
        assert_eq!(killed.status.code(), Some(143), "{killed:?}");
    }
}

#[cfg(unix)]
pub(crate) use unix::ended_by;
