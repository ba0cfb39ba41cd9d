//! `atera report`, on the mirror of a sandbox.

use std::{fs, path::Path};

use atera::{RateLimit, types::UpdateTicket};
use tempfile::TempDir;

use super::*;

/// A mirror in a file.
struct Mirrored {
    folder: TempDir,
}

impl Mirrored {
    /// The mirror of a sandbox with a ticket whose title is markup, and one whose title is long.
    async fn new() -> Self {
        let builder = Sandbox::builder()
            .tickets(120)
            .customers(12)
            .contacts(30)
            .agents(15);
        let sandbox = builder
            .alerts(20)
            .rate_limit(RateLimit::off())
            .start()
            .await
            .expect("a sandbox");
        let client = atera::Client::builder()
            .api_key(atera::ApiKey::new(sandbox.api_key()).expect("a key"))
            .base_url(sandbox.base_url())
            .rate_limit(RateLimit::off())
            .build()
            .expect("a client");
        let titles = ["<script>alert(1)</script>".to_string(), "long ".repeat(1000)];
        for (id, title) in (54321..).zip(titles) {
            let body = UpdateTicket {
                ticket_title: Some(title),
                ticket_status: Some("Open".to_string()),
                ..UpdateTicket::default()
            };
            client.tickets().update(id, body).await.expect("an update");
        }
        let mirrored = Mirrored {
            folder: tempfile::tempdir().expect("a folder"),
        };
        let mut sync = against(&sandbox, &["mirror", "sync", "--quiet", "--db"]);
        sync.arg(mirrored.path("account.db"))
            .env("ATERA_RATE_LIMIT", "off");
        assert_success(&output(sync).await);
        mirrored
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    async fn run(&self, arguments: &[&str]) -> Output {
        let mut command = report(arguments);
        command.arg("--db").arg(self.path("account.db"));
        output(command).await
    }
}

/// The command, without a service, and without reports of the user's own.
fn report(arguments: &[&str]) -> Command {
    let mut command = atera(&["report"]);
    command.args(arguments).env_remove("ATERA_REPORTS");
    command
}

async fn with_folder(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = report(arguments);
    command.arg("--reports").arg(folder);
    output(command).await
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_are_listed_without_a_mirror() {
    let listed = json(&output(report(&[])).await);
    let names: Vec<_> = listed
        .as_array()
        .expect("rows")
        .iter()
        .map(|row| &row["Report"])
        .collect();
    assert_eq!(names.len(), 11);
    assert_eq!(listed[0]["Source"], "built in");
    let backlog = listed
        .as_array()
        .expect("rows")
        .iter()
        .find(|row| row["Report"] == "backlog");
    let parameters = backlog.expect("the report")["Parameters"]
        .as_str()
        .expect("text")
        .to_string();
    assert!(
        parameters.contains("by=customer (customer|technician|status|priority)"),
        "{parameters}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_is_printed_as_any_records() {
    let mirror = Mirrored::new().await;
    let rows = json(&mirror.run(&["backlog", "--param", "by=status", "--quiet"]).await);
    let open = rows
        .as_array()
        .expect("rows")
        .iter()
        .find(|row| row["name"] == "Open")
        .expect("Open");
    assert!(open["open_tickets"].as_u64().expect("a number") >= 2);
    let csv = mirror
        .run(&[
            "backlog",
            "--param",
            "by=status",
            "-o",
            "csv",
            "--select",
            "name",
            "--limit",
            "1",
        ])
        .await;
    assert_success(&csv);
    assert_eq!(stdout(&csv).lines().count(), 2, "{csv:?}");
    assert!(
        stderr(&csv).contains("tickets: ") && !stderr(&csv).contains("agents"),
        "{csv:?}"
    );
    for (arguments, says) in [
        (
            &["backlog", "--param", "by=week"][..],
            "the parameter by cannot be `week`",
        ),
        (&["backlog", "--param", "to=1"], "has no parameter to"),
        (&["nothing"], "there is no report `nothing`"),
        (&["--fail-if-rows"], "--fail-if-rows needs a report"),
    ] {
        assert_failure(&mirror.run(arguments).await, 2, says);
    }
}

/// A report with rows where there should be none.
pub(super) async fn rows_found() -> Output {
    let mirror = Mirrored::new().await;
    mirror.run(&["sla-risk", "--fail-if-rows", "--quiet"]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_monitor_learns_of_rows_by_the_exit_code() {
    let mirror = Mirrored::new().await;
    let found = mirror.run(&["sla-risk", "--fail-if-rows", "--quiet"]).await;
    assert_eq!(found.status.code(), Some(20), "{found:?}");
    assert!(!stdout(&found).is_empty());
    assert_eq!(
        stderr(&found),
        "atera: the report sla-risk has rows, and --fail-if-rows was given\n"
    );
    let none = mirror
        .run(&[
            "stale-agents",
            "--param",
            "days=36500",
            "--fail-if-rows",
            "--quiet",
        ])
        .await;
    assert_success(&none);
    assert_eq!(json(&none), serde_json::json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_of_ones_own_is_begun_checked_and_asked() {
    let mirror = Mirrored::new().await;
    let own = mirror.path("own");
    let made = with_folder(&own, &["new", "mine"]).await;
    assert_success(&made);
    let next = format!(
        "mine.sql; change it, and run `atera report mine --reports {}`",
        own.display()
    );
    assert!(stderr(&made).contains(&next), "{made:?}");
    assert_failure(&with_folder(&own, &["new", "mine"]).await, 2, "exists already");
    assert_failure(
        &with_folder(&own, &["new", "Mine"]).await,
        2,
        "cannot have the name `Mine`",
    );
    let folder = own.to_str().expect("text");
    let rows = json(
        &mirror
            .run(&["mine", "--param", "days=36500", "--quiet", "--reports", folder])
            .await,
    );
    assert!(rows[0]["open_tickets"].as_u64().expect("a number") > 0);

    let checked = json(&with_folder(&own, &["check"]).await);
    let results = checked.as_array().expect("rows");
    assert_eq!(results.len(), 12);
    assert!(results.iter().all(|row| row["Result"] == "ok"), "{checked}");

    fs::write(
        own.join("mine.sql"),
        "-- title = \"Mine?\"\nSELECT missing FROM tickets",
    )
    .expect("a file");
    let checked = with_folder(&own, &["check", "-o", "csv"]).await;
    assert_eq!(checked.status.code(), Some(2), "{checked:?}");
    assert!(
        stdout(&checked).contains("the report mine failed: the query is not valid"),
        "{checked:?}"
    );
    assert!(
        stderr(&checked).contains("1 of 12 reports failed; the table says why"),
        "{checked:?}"
    );
    fs::write(own.join("mine.sql"), "SELECT 1").expect("a file");
    let listed = with_folder(&own, &[]).await;
    assert_success(&listed);
    assert!(
        stderr(&listed).contains("mine.sql is not valid: it does not begin with comments"),
        "{listed:?}"
    );
    assert_failure(&with_folder(&own.join("missing"), &[]).await, 2, "cannot be read");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_needs_nothing_else_and_has_no_markup_of_tickets() {
    let mirror = Mirrored::new().await;
    let file = mirror.path("page.html");
    let written = mirror
        .run(&["--all", "--html", file.to_str().expect("text")])
        .await;
    assert_success(&written);
    assert_eq!(stdout(&written), "");
    let page = fs::read_to_string(&file).expect("a page");
    assert!(page.contains("&lt;script&gt;alert(1)") && !page.contains("<script>alert"));
    assert!(
        !page.contains(&"long ".repeat(100)),
        "a title of 5,000 characters is cut"
    );
    assert_eq!(page.matches("<script>").count(), 1);
    for reference in [" src=", "href=\"http", "<link", "@import", "url("] {
        assert!(!page.contains(reference), "{reference}");
    }
    assert_eq!(page.matches("<section id=").count(), 11);
    assert!(
        page.matches("<svg").count() >= 8,
        "{}",
        page.matches("<svg").count()
    );
    assert!(page.contains("The oldest list is ") && page.contains(">tickets: "));

    // One that is not valid has failed, and the page says so.
    let own = mirror.path("own");
    fs::create_dir(&own).expect("a folder");
    fs::write(own.join("mine.sql"), "SELECT 1").expect("a file");
    let folder = own.to_str().expect("text");
    let invalid = mirror
        .run(&[
            "--all",
            "--html",
            file.to_str().expect("text"),
            "--reports",
            folder,
        ])
        .await;
    assert_eq!(invalid.status.code(), Some(1), "{invalid:?}");
    assert!(
        stderr(&invalid).contains("1 reports failed; the page has the others"),
        "{invalid:?}"
    );
    let page = fs::read_to_string(&file).expect("a page");
    assert!(page.contains("mine.sql is not valid") && page.matches("<section id=").count() == 11);

    let one = mirror
        .run(&[
            "backlog",
            "--html",
            file.to_str().expect("text"),
            "--fail-if-rows",
            "--limit",
            "2",
        ])
        .await;
    assert_eq!(one.status.code(), Some(20), "{one:?}");
    let page = fs::read_to_string(&file).expect("a page");
    assert!(page.contains("The first 2 are shown"), "{page}");
}
