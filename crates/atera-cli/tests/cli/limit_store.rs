//! The limit of a fleet: `--limit-store`, and what tells about it.

use std::path::{Path, PathBuf};

use atera_testkit::redis::Redis;
use serde_json::json;

use super::*;

fn address(server: &Redis) -> String {
    format!("redis+unix://{}", server.socket().display())
}

/// So long that no slot comes back while a test runs.
const LONG: [&str; 2] = ["--rate-limit", "700/60m"];

/// A config file with the only profile, which is used if none is named.
fn config(folder: &Path, sandbox: &Sandbox, store: &str) -> PathBuf {
    use std::os::unix::fs::PermissionsExt;

    let path = folder.join("config.toml");
    let text = format!(
        "default = \"a\"\n[profiles.a]\napi_key = \"{}\"\nbase_url = \"{}\"\nlimit_store = \"{store}\"\n",
        sandbox.api_key(),
        sandbox.base_url(),
    );
    std::fs::write(&path, text).expect("a file");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("a mode");
    path
}

/// The rows that a command prints.
fn rows(output: &Output) -> Vec<Value> {
    assert_success(output);
    serde_json::from_slice(&output.stdout).expect("rows")
}

/// Runs a command with the limit on this server.
async fn on(sandbox: &Sandbox, store: &str, arguments: &[&str]) -> Output {
    let mut command = against(sandbox, arguments);
    command.args(LONG).env("ATERA_LIMIT_STORE", store);
    output(command).await
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_that_name_a_server_share_its_limit() {
    let Some(server) = Redis::start(&[]) else { return };
    let (sandbox, store) = (sandbox().await, address(&server));
    let status = ["limit", "status", "-o", "json"];
    let new = on(&sandbox, &store, &status).await;
    let told = stderr(&new);
    assert!(
        told.starts_with("nothing is sent for ") && told.contains("atera limit init --nothing-sent"),
        "{told}"
    );
    let seen = &rows(&new)[0];
    assert_eq!(seen["Holder"], "all");
    assert!(seen["PausedFor"].as_u64().is_some_and(|left| left > 60), "{seen}");
    assert!(
        seen["Reason"]
            .as_str()
            .is_some_and(|why| why.contains("it is new")),
        "{seen}"
    );
    let init = ["limit", "init", "--nothing-sent", "-o", "json"];
    let init = on(&sandbox, &store, &init).await;
    assert_eq!(rows(&init)[0]["PausedFor"], Value::Null);
    assert_eq!(
        stderr(&init),
        format!("programs may send at once with the limit at {store}\n")
    );

    let flag = ["tickets", "get", "54321", "--limit-store", &store];
    let asked = ask(&sandbox, &[flag.as_slice(), &LONG].concat()).await;
    assert_success(&asked);
    assert_eq!(stderr(&asked), "");
    let walk = ["customers", "list", "--all", "-o", "ndjson"];
    assert_success(&on(&sandbox, &store, &walk).await);
    let status = rows(&on(&sandbox, &store, &status).await);
    assert_eq!(status.len(), 3, "all, and two commands: {status:?}");
    let sent = sandbox.stats().arrivals;
    // One more, perhaps, for a page that was no longer needed.
    assert!(status[0]["InUse"].as_u64() >= Some(sent), "{sent}: {status:?}");
    assert_eq!(status[0]["Limit"], "700/3600s");
    assert!(
        status[1..]
            .iter()
            .any(|holder| holder["Background"].as_u64() > Some(0)),
        "{status:?}"
    );
    let doctor = on(&sandbox, &store, &["doctor", "-o", "json"]).await;
    let told = stdout(&doctor);
    assert!(
        told.contains(&format!("{store}, for all programs that name it")),
        "{told}"
    );
}

/// The command tells the server what became of its slots before it ends: they are free a window later, and not a lease and the late
/// allowance later than that.
#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_ends_leaves_no_slot_of_which_nothing_is_known() {
    let Some(server) = Redis::start(&[]) else { return };
    let (sandbox, store) = (sandbox().await, address(&server));
    let init = ["limit", "init", "--nothing-sent"];
    assert_success(&on(&sandbox, &store, &init).await);
    assert_success(&on(&sandbox, &store, &["tickets", "list", "--all", "-o", "ndjson"]).await);
    let redis = |words: &[&str]| {
        let mut command = Command::new("redis-cli");
        let output = command.arg("-s").arg(server.socket()).args(words).output();
        String::from_utf8(output.expect("redis-cli").stdout).expect("text")
    };
    let now: f64 = redis(&["time"])
        .lines()
        .next()
        .and_then(|line| line.parse().ok())
        .expect("a time");
    let mut free = Vec::new();
    for name in redis(&["keys", "*:background"]).lines() {
        let slots = redis(&["zrange", name, "0", "-1", "withscores"]);
        free.extend(
            slots
                .lines()
                .skip(1)
                .step_by(2)
                .map(|score| score.parse::<f64>().expect("a time") / 1000.0 - now),
        );
    }
    assert!(!free.is_empty());
    assert!(free.iter().all(|left| *left < 3_602.0), "{free:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_names_the_server_and_machine_is_the_file() {
    let Some(server) = Redis::start(&[]) else { return };
    let (sandbox, folder) = (sandbox().await, tempfile::tempdir().expect("a folder"));
    let config = config(folder.path(), &sandbox, &address(&server));
    let run = |arguments: &[&str]| {
        let mut command = atera(arguments);
        command.env("ATERA_CONFIG", &config);
        output(command)
    };
    let fleet = rows(&run(&["limit", "status", "-o", "json"]).await);
    assert!(
        fleet[0]["PausedFor"].as_u64().is_some(),
        "the server is new: {fleet:?}"
    );
    let machine = ["limit", "status", "-o", "json", "--limit-store", "machine"];
    let machine = rows(&run(&machine).await);
    assert_eq!(
        (machine.len(), &machine[0]["PausedFor"]),
        (1, &Value::Null),
        "{machine:?}"
    );
    let init = ["limit", "init", "--limit-store", "machine"];
    assert_failure(&run(&init).await, 2, "name a server with --limit-store");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_server_nothing_is_sent_unless_the_machine_may_take_its_place() {
    let sandbox = sandbox().await;
    let (nobody, _held) = nobody();
    // It does not try again.
    let store = format!("redis://user:pass-word@{nobody}?patience=0");
    let arguments = ["tickets", "get", "54321", "--limit-store", &store];
    let failed = ask(&sandbox, &arguments).await;
    assert_failure(&failed, 2, "cannot be reached");
    assert!(!stderr(&failed).contains("pass-word"), "{failed:?}");
    assert_eq!(sandbox.stats().arrivals, 0);
    let fallback = [&arguments[..], &["--limit-store-fallback", "machine"]].concat();
    let asked = ask(&sandbox, &fallback).await;
    assert_success(&asked);
    let told = stderr(&asked);
    assert!(
        told.starts_with("the rate limit is kept for this machine alone") && !told.contains("pass-word"),
        "{told}"
    );
    let status = [
        "limit",
        "status",
        "--limit-store",
        &store,
        "--limit-store-fallback",
        "machine",
    ];
    assert_failure(&ask(&sandbox, &status).await, 2, "cannot be reached");
    let doctor = ["doctor", "--limit-store", &store, "-o", "json"];
    let checked = ask(&sandbox, &doctor).await;
    assert_eq!(checked.status.code(), Some(2), "{checked:?}");
    let rows: Vec<Value> = serde_json::from_slice(&checked.stdout).expect("rows");
    let state = |check: &str| {
        rows.iter()
            .find(|row| row["Check"] == check)
            .map(|row| &row["State"])
    };
    assert_eq!(state("key"), Some(&json!("ok")), "{rows:?}");
    assert_eq!(state("limit store"), Some(&json!("failed")), "{rows:?}");
    assert!(!stdout(&checked).contains("pass-word"), "{rows:?}");
    assert_eq!(
        sandbox.stats().arrivals,
        1,
        "the one that the machine has let through"
    );
    // What is wrong with the settings is no reason to send without them.
    let mut wrong = fallback.clone();
    wrong[4] = "http://host";
    assert_failure(&ask(&sandbox, &wrong).await, 2, "another scheme");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_no_limit_is_shared_a_store_is_refused() {
    let sandbox = sandbox().await;
    for flags in [["--rate-limit", "off"].as_slice(), &["--sandbox"]] {
        let arguments = [
            &["tickets", "get", "54321", "--limit-store", "redis://host"],
            flags,
        ]
        .concat();
        let failed = match flags {
            ["--sandbox"] => output(atera(&arguments)).await,
            _ => ask(&sandbox, &arguments).await,
        };
        assert_failure(&failed, 2, "leave one of them out");
    }
    assert_eq!(sandbox.stats().arrivals, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_takes_slots_for_the_names_that_it_looks_up() {
    let sandbox = sandbox().await;
    let folder = tempfile::tempdir().expect("a folder");
    let run = |arguments: &[&str]| {
        let mut command = against(&sandbox, arguments);
        command.args(LONG).env("XDG_STATE_HOME", folder.path());
        output(command)
    };
    let customers = run(&["customers", "list", "-o", "json"]).await;
    let name = rows(&customers)[0]["CustomerName"]
        .as_str()
        .expect("a name")
        .to_string();
    assert_success(&run(&["tickets", "list", "--customer", &name, "--dry-run"]).await);
    let status = rows(&run(&["limit", "status", "-o", "json"]).await);
    let sent = sandbox.stats().arrivals;
    assert!(sent >= 2, "{sent}");
    // One more, perhaps, for a page that was no longer needed.
    assert!(status[0]["InUse"].as_u64() >= Some(sent), "{sent}: {status:?}");
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_signal_ends_the_wait_for_a_server_that_is_away() {
    let sandbox = sandbox().await;
    for arguments in [
        &["tickets", "get", "54321"][..],
        &["doctor"],
        &["export", "--dir", "out", "tickets"],
    ] {
        // It takes connections, and never answers. Each command has its own, since the one before may have tried again.
        let server = TcpListener::bind("127.0.0.1:0").expect("a port");
        server.set_nonblocking(true).expect("a mode");
        let address = server.local_addr().expect("an address");
        let store = format!("redis://{address}?patience=60");
        let folder = tempfile::tempdir().expect("a folder");
        let mut command = against(&sandbox, arguments);
        command.args(["--limit-store", &store]).current_dir(folder.path());
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut child = child.expect("the command runs");
        let asked = loop {
            if let Ok((connection, _)) = server.accept() {
                break connection;
            }
            let ended = child.try_wait().expect("a child");
            assert!(ended.is_none(), "{arguments:?}: {ended:?}");
            tokio::task::yield_now().await;
        };
        // From now on it waits, and catches signals.
        let sent = Command::new("kill")
            .args(["-TERM", &child.id().to_string()])
            .status();
        assert!(sent.expect("kill").success());
        let ended = tokio::task::spawn_blocking(move || child.wait_with_output());
        let ended = ended.await.expect("no panic").expect("its output");
        assert_eq!(ended.status.code(), Some(143), "{arguments:?}: {ended:?}");
        drop(asked);
    }
    assert_eq!(sandbox.stats().arrivals, 0);
}
