//! `atera mirror`, with a file of SQLite and with Postgres.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::PathBuf,
    process::Child,
};

use atera::{RateLimit, types::UpdateTicket};
use atera_sandbox::{Permissions, SandboxBuilder};
use tempfile::TempDir;

use super::*;

/// Where a mirror is, for a test.
struct Place {
    folder: TempDir,
    /// The database of Postgres. Without one, it is a file.
    url: Option<String>,
}

impl Place {
    fn file() -> Self {
        Place {
            folder: tempfile::tempdir().expect("a folder"),
            url: None,
        }
    }

    /// A file and a database of Postgres. The latter is missing, and that is said, where no server is installed.
    fn both() -> Vec<Self> {
        let mut places = vec![Place::file()];
        if let Some(url) = atera_testkit::postgres::new_database() {
            places.push(Place {
                url: Some(url),
                ..Place::file()
            });
        }
        places
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("account.db")
    }

    /// The command, without a service.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = atera(&["mirror"]);
        command.args(arguments);
        match &self.url {
            Some(url) => command.env("ATERA_DATABASE_URL", url),
            None => command.arg("--db").arg(self.path()),
        };
        command
    }

    /// The command against the sandbox.
    fn against(&self, sandbox: &Sandbox, arguments: &[&str]) -> Command {
        let mut command = self.command(arguments);
        command
            .env("ATERA_BASE_URL", sandbox.base_url())
            .env("ATERA_API_KEY", sandbox.api_key())
            .env("ATERA_RATE_LIMIT", "off");
        command
    }

    async fn run(&self, arguments: &[&str]) -> Output {
        output(self.command(arguments)).await
    }

    async fn sync(&self, sandbox: &Sandbox, arguments: &[&str]) -> Output {
        let arguments = [&["sync"], arguments].concat();
        output(self.against(sandbox, &arguments)).await
    }

    /// What a query answers, as CSV without its heading.
    async fn ask(&self, sql: &str) -> String {
        let answer = self
            .run(&["query", sql, "-o", "csv", "--no-header", "--quiet"])
            .await;
        assert_success(&answer);
        assert_eq!(stderr(&answer), "");
        stdout(&answer).to_string()
    }
}

/// A small account without a limit.
fn small() -> SandboxBuilder {
    let builder = Sandbox::builder()
        .tickets(120)
        .customers(12)
        .contacts(30)
        .agents(15);
    builder.alerts(20).rate_limit(RateLimit::off())
}

async fn start(builder: SandboxBuilder) -> Sandbox {
    builder.start().await.expect("a sandbox")
}

/// The row of a list in what a sync or `status` prints.
fn row<'a>(rows: &'a Value, list: &str) -> &'a Value {
    let mut rows = rows.as_array().expect("rows").iter();
    rows.find(|row| row["List"] == list).expect(list)
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
async fn the_next_sync_finds_what_changed_and_what_went() {
    for place in Place::both() {
        let sandbox = start(small()).await;
        let lists = ["--only", "tickets,alerts"];
        assert_success(&place.sync(&sandbox, &lists).await);
        let first = |table: &'static str, id: &'static str| {
            let sql = format!("SELECT min({id}) FROM {table}");
            let place = &place;
            async move { place.ask(&sql).await.trim().parse::<i64>().expect("an id") }
        };
        let client = sandbox.client().expect("a client");
        let ticket = first("tickets", "ticket_id").await;
        let alert = first("alerts", "alert_id").await;
        let update = UpdateTicket {
            ticket_title: Some("Renamed".to_string()),
            ..UpdateTicket::default()
        };
        client.tickets().update(ticket, update).await.expect("changed");
        client.alerts().delete(alert).await.expect("deleted");
        let rows = json(&place.sync(&sandbox, &lists).await);
        let tickets = row(&rows, "tickets");
        assert_eq!(
            (&tickets["Came"], &tickets["Changed"]),
            (&0.into(), &1.into()),
            "{rows}"
        );
        assert_eq!(tickets["Read"], "changes");
        assert_eq!(row(&rows, "alerts")["Went"], 1, "{rows}");
        let title = format!("SELECT ticket_title FROM tickets WHERE ticket_id = {ticket}");
        assert_eq!(place.ask(&title).await, "Renamed\n");
        let gone = format!("SELECT count(*) FROM alerts WHERE alert_id = {alert} AND _deleted IS NOT NULL");
        assert_eq!(place.ask(&gone).await, "1\n");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_list_is_named_and_decides_on_the_exit_code() {
    for place in Place::both() {
        let allowed = Permissions::none().read("tickets").read("account");
        let sandbox = start(small().permissions(allowed)).await;
        let synced = place
            .sync(&sandbox, &["--only", "tickets,agents,alerts", "-o", "ndjson"])
            .await;
        assert_eq!(synced.status.code(), Some(4), "{synced:?}");
        let rows: Vec<Value> = stdout(&synced)
            .lines()
            .map(|line| serde_json::from_str(line).expect("JSON"))
            .collect();
        let rows = Value::from(rows);
        assert_eq!(row(&rows, "tickets")["State"], "complete");
        assert_eq!(row(&rows, "agents")["State"], "no permission");
        let said = stderr(&synced);
        assert!(said.contains("agents") && said.contains("alerts"), "{said}");
        let status = place.run(&["status"]).await;
        assert_eq!(status.status.code(), Some(4), "{status:?}");
        assert!(stderr(&status).contains("not whole: "), "{status:?}");
        let asked = place
            .run(&["query", "SELECT count(*) FROM agents, tickets"])
            .await;
        assert_success(&asked);
        let said = stderr(&asked);
        assert!(
            said.contains("agents: never read (no permission), tickets: "),
            "{said}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_has_parameters_formats_and_limits() {
    for place in Place::both() {
        let sandbox = start(small()).await;
        assert_success(&place.sync(&sandbox, &["--only", "tickets,customers"]).await);
        let sql = "SELECT ticket_id, ticket_title, record FROM tickets WHERE ticket_status = :status AND ticket_id > :least \
                   ORDER BY ticket_id";
        let query = [
            "query",
            sql,
            "--param",
            "status=Open",
            "--param",
            "least=0",
            "--limit",
            "1",
        ];
        let rows = json(&place.run(&query).await);
        assert_eq!(rows.as_array().expect("rows").len(), 1);
        assert_eq!(
            rows[0]["record"]["TicketID"], rows[0]["ticket_id"],
            "a record is JSON in JSON"
        );
        let cut = place.run(&query).await;
        assert!(
            stderr(&cut).starts_with("1 row, and --limit ends there; there are more\ntickets: "),
            "{cut:?}"
        );
        let csv = place
            .run(&[&query[..], &["-o", "csv", "--select", "ticket_id"]].concat())
            .await;
        assert_eq!(stdout(&csv).lines().next(), Some("ticket_id"));
        // Sorted before some are left out.
        let sorted = place.run(&[&query[..], &["--sort", "-ticket_id"]].concat()).await;
        let sorted = json(&sorted);
        let last = place
            .ask("SELECT max(ticket_id) FROM tickets WHERE ticket_status = 'Open'")
            .await;
        assert_eq!(sorted[0]["ticket_id"].to_string(), last.trim());
        let table = place
            .run(&["query", "SELECT 1 AS one, NULL AS one, 1.5 AS x", "-o", "table"])
            .await;
        assert_eq!(
            stdout(&table)
                .lines()
                .next()
                .map(str::split_whitespace)
                .map(Vec::from_iter),
            Some(vec!["one", "one_2", "x"])
        );
        let empty = place
            .run(&[
                "query",
                "SELECT customer_id FROM customers WHERE 1 = 0",
                "-o",
                "csv",
            ])
            .await;
        assert_eq!(stdout(&empty), "customer_id\n");

        let file = place.folder.path().join("query.sql");
        fs::write(&file, "SELECT count(*) AS n FROM customers").expect("a file");
        let of_file = place.run(&["query", &format!("@{}", file.display())]).await;
        assert_eq!(json(&of_file)[0]["n"], 12);
        let missing = place.run(&["query", "@no.sql"]).await;
        assert_failure(&missing, 2, "the query cannot be read from no.sql");
        let unset = place.run(&["query", sql, "--param", "status=Open"]).await;
        assert_failure(&unset, 2, ":least");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_comes_from_stdin_too() {
    let place = Place::file();
    let sandbox = start(small()).await;
    assert_success(&place.sync(&sandbox, &["--only", "customers"]).await);
    let path = place.path();
    let arguments = ["mirror", "query", "-", "--db", path.to_str().expect("text")];
    let counted = fed(&sandbox, &arguments, "SELECT count(*) AS n FROM customers;\n").await;
    assert_eq!(json(&counted)[0]["n"], 12);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_only_reads_and_ends_in_time() {
    for place in Place::both() {
        let sandbox = start(small()).await;
        assert_success(&place.sync(&sandbox, &["--only", "customers"]).await);
        for sql in [
            "DELETE FROM customers",
            "WITH x AS (SELECT 1) INSERT INTO customers (customer_id) SELECT * FROM x",
            "SELECT 1; SELECT 2",
        ] {
            let refused = place.run(&["query", sql]).await;
            assert_failure(&refused, 2, "the query was refused: ");
        }
        assert_failure(
            &place.run(&["query", "SELECT nothing FROM customers"]).await,
            2,
            "the query is not valid",
        );
        let endless =
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";
        let stopped = place.run(&["query", endless, "--timeout", "50ms"]).await;
        assert_failure(&stopped, 8, "longer than 0.05 s");
        assert_eq!(place.ask("SELECT count(*) FROM customers").await, "12\n");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn max_age_syncs_the_lists_of_the_query_or_fails() {
    for place in Place::both() {
        let sandbox = start(small()).await;
        let ask = ["query", "SELECT count(*) AS n FROM customers", "--max-age", "1h"];
        let first = output(place.against(&sandbox, &ask)).await;
        assert_eq!(json(&first)[0]["n"], 12);
        let paths = sandbox.log().into_iter().map(|arrival| arrival.path);
        let lists: Vec<_> = paths.filter(|path| path.contains('?')).collect();
        assert!(lists.iter().all(|path| path.contains("/customers?")), "{lists:?}");
        // Young enough: nobody is asked.
        let arrivals = sandbox.stats().arrivals;
        assert_success(&output(place.against(&sandbox, &ask)).await);
        assert_eq!(sandbox.stats().arrivals, arrivals);
        // Too old, and the service fails.
        sandbox.set_faults("503=1".parse().expect("faults"));
        let old = [
            "query",
            "SELECT count(*) FROM customers",
            "--max-age",
            "1ms",
            "--max-attempts",
            "1",
        ];
        let failed = output(place.against(&sandbox, &old)).await;
        assert_failure(&failed, 5, "customers");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_tells_requests_and_reads_no_list() {
    for place in Place::both() {
        let sandbox = start(small()).await;
        let plan = output(place.against(&sandbox, &["sync", "--plan", "--rate-limit", "40/1h"])).await;
        let rows = json(&plan);
        let tickets = row(&rows, "tickets");
        assert_eq!(
            (&tickets["Records"], &tickets["Read"]),
            (&120.into(), &"full".into()),
            "{rows}"
        );
        assert!(
            tickets["Requests"].as_u64().is_some_and(|count| count >= 3),
            "{rows}"
        );
        assert!(
            tickets["Minutes"].as_f64().is_some_and(|minutes| minutes >= 1.8),
            "{rows}"
        );
        assert!(stderr(&plan).contains(" requests in all, at least "), "{plan:?}");
        let pages = sandbox
            .log()
            .into_iter()
            .filter(|arrival| arrival.path.contains("itemsInPage=50"));
        assert_eq!(pages.count(), 0);
    }
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
async fn rounds_go_on_until_a_signal_though_some_fail() {
    let place = Place::file();
    let sandbox = start(small()).await;
    sandbox.set_faults("customers_list:403=1*1".parse().expect("faults"));
    let arguments = ["sync", "--only", "customers", "--every", "1ms"];
    let command = place.against(&sandbox, &arguments);
    let (code, said) = aside(move || {
        let (mut child, mut lines) = started(command);
        let said: Vec<_> = lines.by_ref().take(4).collect();
        signal("TERM", &child);
        let rest = lines.count();
        assert!(rest < 100_000);
        (child.wait().expect("it ends").code(), said)
    })
    .await;
    assert_eq!(code, Some(0), "{said:?}");
    assert!(said[0].contains("Z: 0 came, "), "{said:?}");
    assert!(said[1].starts_with("atera: customers: "), "{said:?}");
    assert!(said[2].contains("Z: 12 came, "), "{said:?}");
    assert!(said[3].contains("Z: 0 came, "), "{said:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn rounds_end_with_the_code_of_the_last_one() {
    let place = Place::file();
    let sandbox = start(small()).await;
    sandbox.set_faults("customers_list:403=1".parse().expect("faults"));
    let command = place.against(&sandbox, &["sync", "--only", "customers", "--every", "1h"]);
    let code = aside(move || {
        let (mut child, mut lines) = started(command);
        assert!(lines.any(|line| line.starts_with("atera: customers: ")));
        signal("INT", &child);
        assert_eq!(
            lines.last().as_deref(),
            Some("atera: stopped; the last round failed")
        );
        child.wait().expect("it ends").code()
    })
    .await;
    assert_eq!(code, Some(4));
    let refused = place.sync(&sandbox, &["--every", "1h", "-o", "csv"]).await;
    assert_failure(&refused, 2, "--every prints no table");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_sync_is_refused_and_told_by_whom() {
    for place in Place::both() {
        let sandbox = Sandbox::builder().tickets(500).start().await.expect("a sandbox");
        let state = place.folder.path().join("state");
        let mut first = place.against(&sandbox, &["sync", "--only", "tickets", "--rate-limit", "3/1h"]);
        first.env("XDG_STATE_HOME", state);
        let (mut child, waits) = aside(move || {
            let (child, mut lines) = started(first);
            assert!(
                lines.any(|line| line.starts_with("rate limit reached")),
                "it does not wait"
            );
            (child, lines)
        })
        .await;
        let second = place.sync(&sandbox, &["--only", "customers"]).await;
        assert_failure(&second, 2, "is being written to: ");
        // Rounds wait for the first to end.
        let rounds = place.against(&sandbox, &["sync", "--only", "customers", "--every", "1h"]);
        let code = aside(move || {
            let (mut child, mut lines) = started(rounds);
            assert!(lines.any(|line| line.contains("is being written to: ")));
            signal("INT", &child);
            assert_eq!(
                lines.last().as_deref(),
                Some("atera: stopped; the last round failed")
            );
            child.wait().expect("it ends").code()
        });
        assert_eq!(code.await, Some(2));
        signal("TERM", &child);
        let (code, said) =
            aside(move || (child.wait().expect("it ends").code(), Vec::from_iter(waits))).await;
        assert_eq!(code, Some(143), "{said:?}");
        assert_eq!(said, ["atera: stopped; the next sync goes on where it was"]);
        assert_success(&place.sync(&sandbox, &["--only", "tickets"]).await);
        assert_eq!(place.ask("SELECT count(*) FROM tickets").await, "500\n");
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

#[tokio::test(flavor = "multi_thread")]
async fn a_field_that_is_left_out_stays_out() {
    for place in Place::both() {
        let sandbox = start(small()).await;
        assert_success(
            &place
                .sync(&sandbox, &["--only", "contacts", "--redact", "Contact.Phone"])
                .await,
        );
        // A later sync need not say it again, and cannot say something else.
        assert_success(&place.sync(&sandbox, &["--only", "contacts", "--full"]).await);
        let other = place
            .sync(&sandbox, &["--only", "contacts", "--redact", "Contact.Email"])
            .await;
        assert_failure(&other, 2, "leaves out contacts.Phone");
        assert_eq!(place.ask("SELECT count(phone) FROM contacts").await, "0\n");
        let records = place.ask("SELECT record FROM contacts").await;
        assert!(
            records.contains("Email") && !records.contains("\"\"Phone\"\""),
            "{records}"
        );
        let status = place.run(&["status"]).await;
        assert_success(&status);
        assert_eq!(stderr(&status), "left out of the mirror: contacts.Phone\n");
    }
}

#[tokio::test]
async fn the_schema_needs_no_mirror() {
    let tables = json(&output(atera(&["mirror", "schema"])).await);
    assert!(
        tables.as_array().is_some_and(|tables| tables.len() > 20),
        "{tables}"
    );
    let columns = output(atera(&["mirror", "schema", "tickets", "-o", "csv"])).await;
    assert!(
        stdout(&columns).starts_with("Column,Type,Key,Field,Description\nticket_id,integer,true,TicketID,"),
        "{columns:?}"
    );
    assert_failure(
        &output(atera(&["mirror", "schema", "tickts"])).await,
        2,
        "did you mean `tickets`?",
    );
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

/// The changes that a run has printed, a line each.
fn changes(output: &Output) -> Vec<Value> {
    assert_success(output);
    let lines = stdout(output).lines();
    lines
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_are_told_from_a_cursor_on() {
    for place in Place::both() {
        let sandbox = start(small()).await;
        let missing = place.run(&["changes"]).await;
        assert_failure(&missing, 2, "sync first");
        assert_success(&place.sync(&sandbox, &["--only", "tickets,customers"]).await);
        let all = place.run(&["changes"]).await;
        let lines = changes(&all);
        assert_eq!(lines.len(), 132);
        assert!(
            lines
                .iter()
                .all(|line| line["kind"] == "insert" && line["before"].is_null())
        );
        let last = lines[131]["cursor"].as_str().expect("a cursor").to_string();
        assert!(
            stderr(&all).starts_with(&format!(
                "132 changes; --after {last} goes on from there\ncustomers: "
            )),
            "{all:?}"
        );

        let client = sandbox.client().expect("a client");
        let tickets: Vec<_> = lines.iter().filter(|line| line["table"] == "tickets").collect();
        let id = |line: &Value| {
            line["id"]
                .as_str()
                .expect("an id")
                .parse::<i64>()
                .expect("a number")
        };
        let (changed, gone) = (id(tickets[3]), id(tickets[7]));
        let body = UpdateTicket {
            ticket_title: Some("Renamed\nhere".to_string()),
            ..UpdateTicket::default()
        };
        client
            .tickets()
            .update(changed, body)
            .await
            .expect("it is changed");
        client.tickets().delete(gone).await.expect("it is deleted");
        assert_success(&place.sync(&sandbox, &["--only", "tickets,customers"]).await);
        let later = place
            .run(&["changes", "--after", &last, "--only", "tickets", "--quiet"])
            .await;
        assert_eq!(stderr(&later), "");
        let later = changes(&later);
        let shown: Vec<_> = later
            .iter()
            .map(|line| (line["kind"].as_str().expect("a kind"), id(line)))
            .collect();
        assert_eq!(shown, [("update", changed), ("delete", gone)]);
        assert_eq!(later[0]["before"], tickets[3]["after"]);
        assert_eq!(later[0]["after"]["TicketTitle"], "Renamed\nhere");
        assert_eq!(
            (&later[1]["before"], &later[1]["after"]),
            (&tickets[7]["after"], &Value::Null)
        );
        // What a record was does not depend on when its change is read.
        assert_eq!(changes(&place.run(&["changes", "--limit", "132"]).await), lines);

        let first = place
            .run(&[
                "changes", "--after", &last, "--limit", "1", "-o", "csv", "--select", "id,kind",
            ])
            .await;
        assert_eq!(stdout(&first), format!("id,kind\n{changed},update\n"));
        assert!(
            stderr(&first).starts_with("1 change, and there are more; --after "),
            "{first:?}"
        );
        let none = place.run(&["changes", "--after", "now"]).await;
        assert_eq!(stdout(&none), "");
        let end = later[1]["cursor"].as_str().expect("a cursor");
        assert!(
            stderr(&none).starts_with(&format!("0 changes; --after {end} ")),
            "{none:?}"
        );
        for (cursor, says) in [
            ("9999-00000000", "it lies beyond the last change, "),
            ("1-00000000", "it is of another mirror"),
            ("yesterday", "`yesterday` is no cursor: "),
        ] {
            assert_failure(&place.run(&["changes", "--after", cursor]).await, 2, says);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_are_followed_until_a_signal() {
    for place in Place::both() {
        let sandbox = start(small()).await;
        assert_success(&place.sync(&sandbox, &["--only", "tickets"]).await);
        let before = place.run(&["changes", "--limit", "120"]).await;
        let last = changes(&before).remove(119)["cursor"]
            .as_str()
            .expect("a cursor")
            .to_string();
        let mut follow = place.command(&["changes", "--after", &last, "--follow", "--every", "1ms"]);
        follow.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = follow.spawn().expect("the command runs");
        let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let client = sandbox.client().expect("a client");
        let id: i64 = place
            .ask("SELECT min(ticket_id) FROM tickets")
            .await
            .trim()
            .parse()
            .expect("an id");
        for title in ["one", "two"] {
            let body = UpdateTicket {
                ticket_title: Some(title.to_string()),
                ..UpdateTicket::default()
            };
            client.tickets().update(id, body).await.expect("it is changed");
            assert_success(&place.sync(&sandbox, &["--only", "tickets"]).await);
        }
        let (ended, seen) = aside(move || {
            let seen: Vec<_> = lines.by_ref().take(2).map(|line| line.expect("text")).collect();
            signal("TERM", &child);
            assert_eq!(lines.count(), 0);
            (child.wait_with_output().expect("it ends"), seen)
        })
        .await;
        let seen: Vec<Value> = seen
            .iter()
            .map(|line| serde_json::from_str(line).expect("JSON"))
            .collect();
        assert_eq!(seen[0]["after"]["TicketTitle"], "one");
        assert_eq!(
            (&seen[1]["before"], &seen[1]["after"]["TicketTitle"]),
            (&seen[0]["after"], &"two".into())
        );
        assert_eq!(ended.status.code(), Some(0), "{ended:?}");
        let cursor = seen[1]["cursor"].as_str().expect("a cursor");
        assert_eq!(
            stderr(&ended),
            format!(
                "2 changes; --after {cursor} goes on from there
"
            )
        );

        // The limit ends it as well.
        let ended = place
            .run(&["changes", "--follow", "--every", "1h", "--limit", "120"])
            .await;
        assert_eq!(changes(&ended).len(), 120);
    }
    for flags in [&["-o", "table"][..], &["--sort", "id"], &["--output-file", "f"]] {
        let arguments = [&["mirror", "changes", "--follow"], flags].concat();
        assert_failure(&output(atera(&arguments)).await, 2, "prints changes as they come");
    }
}
