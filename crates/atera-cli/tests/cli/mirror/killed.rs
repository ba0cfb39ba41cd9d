//! `atera mirror changes --webhook`, while the sender and the receiver are killed again and again.

use std::{
    collections::{BTreeMap, HashSet},
    env,
    process::ChildStdin,
    sync::mpsc,
    thread,
    time::Duration,
};

use super::{
    changes::changes,
    webhooks::{SECRET, rename, secret_file},
    *,
};

/// The longest that a test waits for the next message before it fails.
const LONGEST_WAIT: Duration = Duration::from_secs(120);

/// A receiver in a process of its own, which checks signatures with another program's library.
struct Receiver {
    child: Child,
    /// It answers a message when it reads a line here, or when this is closed.
    answers: Option<ChildStdin>,
    lines: mpsc::Receiver<String>,
    port: u16,
}

impl Receiver {
    fn start(python: &str, port: u16) -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/python/receiver.py");
        let mut child = Command::new(python)
            .args([script, &port.to_string(), SECRET])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .expect("python runs");
        let answers = child.stdin.take();
        let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let (sender, received) = mpsc::channel();
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        let port = received.recv_timeout(LONGEST_WAIT).expect("its port");
        Receiver {
            child,
            answers,
            lines: received,
            port: port.parse().expect("a port"),
        }
    }

    fn next(&self) -> Value {
        let line = self.lines.recv_timeout(LONGEST_WAIT).expect("a message comes");
        serde_json::from_str(&line).expect("JSON")
    }

    /// Lets it answer the message that it has taken.
    fn answer(&mut self) {
        if let Some(answers) = &mut self.answers {
            answers.write_all(b"\n").expect("it reads");
        }
    }

    /// Lets it answer all messages at once.
    fn answer_all(&mut self) {
        self.answers = None;
    }

    /// Kills it, and returns what it had taken by then.
    fn kill(&mut self) -> Vec<Value> {
        self.child.kill().expect("it is killed");
        self.child.wait().expect("it ends");
        let rest = self.lines.iter();
        rest.map(|line| serde_json::from_str(&line).expect("JSON"))
            .collect()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A Python that has the package `standardwebhooks`. None if there is none, which is also said on standard error.
fn python() -> Option<String> {
    let python = env::var("ATERA_TEST_PYTHON").unwrap_or_else(|_| "python3".to_string());
    let found = Command::new(&python)
        .args(["-c", "import standardwebhooks"])
        .output();
    if found.is_ok_and(|output| output.status.success()) {
        return Some(python);
    }
    // Tests capture what `eprintln!` prints.
    let _ = writeln!(
        std::io::stderr(),
        "SKIPPED: signatures are not checked by another program, because Python has no package `standardwebhooks`"
    );
    None
}

/// Sends changes while the sender and the receiver are killed again and again, and the receiver fails every third time.
async fn killed(place: &Place, records: i64, rounds: usize, kills: usize) {
    let Some(python) = python() else { return };
    let only = ["--only", "tickets"];
    let sandbox = place
        .mirrored(
            Sandbox::builder()
                .tickets(records as usize)
                .rate_limit(RateLimit::off()),
            &only,
        )
        .await;
    let first = changes(&place.run(&["changes"]).await);
    let after = first.last().expect("a change")["cursor"]
        .as_str()
        .expect("a cursor");
    let ids = place.ask("SELECT ticket_id FROM tickets").await;
    for round in 0..rounds {
        for id in ids.lines() {
            rename(&sandbox, id.parse().expect("an id"), &format!("round {round}")).await;
        }
        assert_success(&place.sync(&sandbox, &only).await);
    }
    let text = |line: &Value, name: &str| line[name].as_str().expect(name).to_string();
    let expected = changes(&place.run(&["changes", "--after", after]).await);
    let expected: Vec<_> = expected
        .iter()
        .map(|line| (text(line, "cursor"), text(line, "id")))
        .collect();
    assert_eq!(expected.len(), records as usize * rounds);

    let secret = secret_file(place);
    let sender = |url: &str, follow: &[&str]| {
        let flags = [
            "changes",
            "--webhook",
            url,
            "--secret-file",
            &secret,
            "--name",
            "crm",
            "--after",
            after,
        ];
        let mut command = place.command(&[&flags[..], &["--retry-delay", "1ms", "--quiet"], follow].concat());
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command
    };
    let mut receiver = Receiver::start(&python, 0);
    let url = format!("http://127.0.0.1:{}/", receiver.port);
    let follow = sender(&url, &["--follow", "--every", "1s"]);
    let count = expected.len();
    let (mut receiver, received, tally) = aside(move || {
        let mut follow = follow;
        let mut child = follow.spawn().expect("the command runs");
        let mut received: Vec<Value> = Vec::new();
        let mut distinct = HashSet::new();
        let (mut senders, mut receivers) = (0, 0);
        while distinct.len() < count {
            let line = receiver.next();
            distinct.insert(text(&line, "cursor"));
            received.push(line);
            // At another point of the way each, from the first changes on. The receiver has taken a message then, and not answered.
            let reached = |part: usize| distinct.len() * (2 * kills + 1) >= count * part;
            if senders < kills && reached(2 * senders + 1) {
                child.kill().expect("it is killed");
                child.wait().expect("it ends");
                child = follow.spawn().expect("the command runs");
                senders += 1;
            } else if receivers < kills && reached(2 * receivers + 2) {
                assert_eq!(receiver.kill(), [Value::Null; 0]);
                receiver = Receiver::start(&python, receiver.port);
                receivers += 1;
                continue;
            }
            receiver.answer();
        }
        receiver.answer_all();
        signal("TERM", &child);
        child.wait().expect("it ends");
        (receiver, received, (senders, receivers))
    })
    .await;
    assert_eq!(tally, (kills, kills));
    // What the receiver has got and the sender had not noted comes once more.
    let mut runs = 0;
    while !output(sender(&url, &[])).await.status.success() {
        runs += 1;
        assert!(runs < 100, "the last changes are not taken");
    }
    let received: Vec<_> = received.into_iter().chain(receiver.kill()).collect();
    let mut seen = HashSet::new();
    let firsts: Vec<_> = received
        .iter()
        .map(|line| (text(line, "cursor"), text(line, "id")))
        .filter(|change| seen.insert(change.clone()))
        .collect();
    let by_record = |changes: &[(String, String)]| {
        let mut records: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (cursor, id) in changes {
            records.entry(id.clone()).or_default().push(cursor.clone());
        }
        records
    };
    // All of them, nothing else, and those of each record in their order.
    assert_eq!(by_record(&firsts), by_record(&expected));
    let _ = writeln!(
        std::io::stderr(),
        "{} changes of {records} records came in {} messages; the sender and the receiver were killed {kills} times each",
        firsts.len(),
        received.len()
    );
    let status = json(&place.run(&["webhooks", "list", "-o", "json"]).await);
    assert_eq!(status[0]["Delivered"], count);
    let left = ["Waiting", "Dead", "Blocked"].map(|name| status[0][name].clone());
    assert_eq!(left, [0, 0, 0].map(Value::from));
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_survive_kills_of_both_sides() {
    for place in Place::both() {
        killed(&place, 12, 5, 2).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "it sends 1,000 changes to each database, and takes a minute"]
async fn a_thousand_changes_survive_kills_of_both_sides() {
    for place in Place::both() {
        killed(&place, 100, 10, 5).await;
    }
}
