//! How it runs and ends.

use super::*;

#[tokio::test]
async fn a_sandbox_is_served_under_the_names_of_the_environment() {
    use std::io::{BufRead, BufReader};

    let mut server = atera(&["sandbox", "--port", "0"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the command runs");
    let lines = BufReader::new(server.stdout.take().expect("a pipe"))
        .lines()
        .take(2);
    let environment: Vec<_> = lines.map(|line| line.expect("a line")).collect();
    let mut command = atera(&["tickets", "list", "-o", "ndjson"]);
    for line in &environment {
        let (name, value) = line.split_once('=').expect("a variable");
        command.env(name, value);
    }
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

/// What only Unix has.
#[cfg(unix)]
mod unix {
    use std::{fs::File, io::Read};

    use super::*;

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
        let mut walk = atera(&["tickets", "list", "--sandbox", "--all", "-o", "ndjson"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the command runs");
        let mut byte = [0];
        let mut pipe = walk.stdout.take().expect("a pipe");
        pipe.read_exact(&mut byte).expect("output");
        drop(pipe);
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

    /// What a walk comes to that Ctrl-C ends.
    pub(crate) fn interrupted() -> Output {
        let mut walk = atera(&["tickets", "list", "--sandbox", "--all", "-o", "json"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the command runs");
        // Something is printed, so the walk is under way, and goes on as nobody reads.
        let mut byte = [0];
        let pipe = walk.stdout.as_mut().expect("a pipe");
        pipe.read_exact(&mut byte).expect("output");
        let interrupted = Command::new("kill")
            .args(["-INT", &walk.id().to_string()])
            .status();
        assert!(interrupted.expect("kill runs").success());
        let mut ended = walk.wait_with_output().expect("it ends");
        ended.stdout.insert(0, byte[0]);
        ended
    }

    #[tokio::test]
    async fn ctrl_c_is_130() {
        let interrupted = aside(interrupted).await;
        assert_eq!(interrupted.status.code(), Some(130));
        // What is there is whole.
        let records: Vec<serde_json::Value> = serde_json::from_slice(&interrupted.stdout).expect("JSON");
        let told = format!("atera: stopped after {} records\n", records.len());
        assert_eq!(stderr(&interrupted), told);
        assert!(records.len() < 2847, "it was not interrupted");
    }
}

#[cfg(unix)]
pub(crate) use unix::interrupted;
