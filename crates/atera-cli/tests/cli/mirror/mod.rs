//! `atera mirror`, with a file of SQLite and with Postgres.

mod changes;
mod killed;
mod metrics;
mod query;
mod sync;
mod unread;
mod webhooks;

use std::{
    fs,
    io::{BufRead, BufReader},
    process::Child,
};

use atera::{RateLimit, types::UpdateTicket};
use atera_sandbox::Permissions;

use super::{
    mirrored::{Place, small, start},
    *,
};

/// The row of a list in what a sync or `status` prints.
fn row<'a>(rows: &'a Value, list: &str) -> &'a Value {
    let mut rows = rows.as_array().expect("rows").iter();
    rows.find(|row| row["List"] == list).expect(list)
}

/// A sync that has been started, and what it says on stderr.
fn started(mut command: Command) -> (Child, impl Iterator<Item = String>) {
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command runs");
    let lines = BufReader::new(child.stderr.take().expect("a pipe")).lines();
    (child, lines.map(|line| line.expect("text")))
}

fn signal(name: &str, process: &Child) {
    let sent = Command::new("kill")
        .args([&format!("-{name}"), &process.id().to_string()])
        .status();
    assert!(sent.expect("kill runs").success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_brings_the_account_and_a_query_asks_it() {
    for place in Place::both() {
        let sandbox = start(small()).await;
        let synced = place.sync(&sandbox, &[]).await;
        let rows = json(&synced);
        assert_eq!(row(&rows, "tickets")["Came"], 120);
        assert_eq!(row(&rows, "tickets")["State"], "complete");
        assert_eq!(rows.as_array().expect("rows").len(), 17);
        assert!(
            stderr(&synced).contains(" came, 0 changed, 0 went in 17 lists, by "),
            "{synced:?}"
        );
        // From here on nobody has to answer.
        drop(sandbox);
        assert_eq!(
            place
                .ask("SELECT count(*), count(DISTINCT ticket_id) FROM tickets")
                .await
                .trim(),
            "120,120"
        );
        let status = place.run(&["status"]).await;
        assert_eq!(row(&json(&status), "agents")["Records"], 15);
        let tables = json(&place.run(&["tables"]).await);
        let mut tables = tables.as_array().expect("rows").iter();
        assert!(tables.any(|row| row["Table"] == "customers" && row["Rows"] == 12 && row["Deleted"] == 0));
        let checked = place.run(&["check"]).await;
        assert_success(&checked);
        assert!(stderr(&checked).contains("is sound"), "{checked:?}");
        let vacuumed = place.run(&["vacuum"]).await;
        assert_success(&vacuumed);
        assert!(stderr(&vacuumed).contains(" MB and has "), "{vacuumed:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_account_has_a_file_of_its_own() {
    let sandbox = start(small()).await;
    let folder = tempfile::tempdir().expect("a folder");
    let config = folder.path().join("config.toml");
    let profile = |name: &str| {
        format!(
            "[profiles.\"{name}\"]\napi_key = \"{}\"\nbase_url = \"{}\"\n",
            sandbox.api_key(),
            sandbox.base_url()
        )
    };
    fs::write(&config, ["acme", "a/b"].map(profile).concat()).expect("a file");
    let mut chmod = Command::new("chmod");
    assert!(
        chmod
            .arg("600")
            .arg(&config)
            .status()
            .expect("chmod runs")
            .success()
    );
    let at = |mut command: Command| {
        command
            .env("XDG_DATA_HOME", folder.path())
            .env("ATERA_CONFIG", &config)
            .env("ATERA_RATE_LIMIT", "off");
        output(command)
    };
    let sync = ["mirror", "sync", "--only", "customers"];
    assert_success(&at(against(&sandbox, &sync)).await);
    assert_success(&at(atera(&[&sync[..], &["--profile", "acme"]].concat())).await);
    assert_success(&at(atera(&[&sync[..], &["--sandbox"]].concat())).await);
    // Another sandbox, with the same data.
    assert_success(&at(atera(&[&sync[..], &["--sandbox"]].concat())).await);
    for name in ["mirror.db", "mirrors/acme.db", "sandbox.db"] {
        assert!(folder.path().join("atera").join(name).is_file(), "{name}");
    }
    let asked = atera(&[
        "mirror",
        "query",
        "SELECT count(*) AS n FROM customers",
        "--profile",
        "acme",
    ]);
    assert_eq!(json(&at(asked).await)[0]["n"], 12);
    let odd = at(atera(&[&sync[..], &["--profile", "a/b"]].concat())).await;
    assert_failure(&odd, 2, "name a file with --db");
    let none = at(atera(&["mirror", "status", "--db", "none.db"])).await;
    assert_failure(&none, 2, "there is no mirror in ");
}

#[tokio::test]
async fn arguments_that_do_not_fit_are_refused() {
    for (arguments, says) in [
        (&["sync", "--dry-run"][..], "--plan shows"),
        (&["sync", "--only", "tickts"], "tickts"),
        (&["sync", "--every", "soon"], "15m"),
        (&["sync", "--every", "1h", "--plan"], "cannot be used with"),
        (&["changes", "--every", "1h"], "--follow"),
        (&["changes", "--only", "tickets_comments"], "tickets_comments"),
        (
            &["changes", "--webhook", "https://hooks.example.com"],
            "--secret-file",
        ),
        (&["changes", "--give-up-after", "1d"], "--webhook"),
        (&["webhooks", "redeliver", "crm"], "CURSOR"),
        (
            &["webhooks", "discard", "crm", "--all", "1-00000000"],
            "cannot be used with",
        ),
        (
            &["webhooks", "remove", "crm", "-o", "json"],
            "no effect on `atera mirror webhooks remove`",
        ),
        (&["query", "SELECT 1", "--param", "days"], "days=30"),
        (
            &["query", "SELECT 1", "--db", "a", "--database-url", "b"],
            "cannot be used with",
        ),
        (
            &["status", "--rate-limit", "off"],
            "no effect on `atera mirror status`",
        ),
        (&["sync", "--redact", "Nonsense"], "no table has this field"),
    ] {
        let refused = output(atera(&[&["mirror"], arguments].concat())).await;
        assert_failure(&refused, 2, says);
    }
    let secret = [
        "mirror",
        "status",
        "--database-url",
        "postgres://user:hidden@127.0.0.1:1/none",
    ];
    let unreachable = output(atera(&secret)).await;
    assert_eq!(unreachable.status.code(), Some(8), "{unreachable:?}");
    assert!(!stderr(&unreachable).contains("hidden"), "{unreachable:?}");
}
