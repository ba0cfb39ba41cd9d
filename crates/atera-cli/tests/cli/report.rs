//! `atera report`, on the mirror of a sandbox.

use std::{fs, path::Path};

use atera::types::UpdateTicket;

use super::{
    mirrored::{Place, small, start},
    *,
};

/// The mirror of a sandbox with a ticket whose title is markup, and one whose title is long.
async fn mirrored() -> Place {
    let sandbox = start(small()).await;
    let client = sandbox.client().expect("a client");
    let titles = ["<script>alert(1)</script>".to_string(), "long ".repeat(1000)];
    for (id, title) in (54321..).zip(titles) {
        let body = UpdateTicket {
            ticket_title: Some(title),
            ticket_status: Some("Open".to_string()),
            ..UpdateTicket::default()
        };
        client.tickets().update(id, body).await.expect("an update");
    }
    let place = Place::file();
    assert_success(&place.sync(&sandbox, &["--quiet"]).await);
    place
}

/// Asks the mirror at a place.
async fn asked(place: &Place, arguments: &[&str]) -> Output {
    output(place.at(report(arguments))).await
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
    let place = mirrored().await;
    let rows = json(&asked(&place, &["backlog", "--param", "by=status", "--quiet"]).await);
    let open = rows
        .as_array()
        .expect("rows")
        .iter()
        .find(|row| row["name"] == "Open")
        .expect("Open");
    assert!(open["open_tickets"].as_u64().expect("a number") >= 2);
    let csv = asked(
        &place,
        &[
            "backlog",
            "--param",
            "by=status",
            "-o",
            "csv",
            "--select",
            "name",
            "--limit",
            "1",
        ],
    )
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
        (&["--all"], "--all needs --html: "),
    ] {
        assert_failure(&asked(&place, arguments).await, 2, says);
    }
}

/// A report with rows where there should be none.
pub(super) async fn rows_found() -> Output {
    let place = mirrored().await;
    asked(&place, &["sla-risk", "--fail-if-rows", "--quiet"]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_monitor_learns_of_rows_by_the_exit_code() {
    let place = mirrored().await;
    let found = asked(&place, &["sla-risk", "--fail-if-rows", "--quiet"]).await;
    assert_eq!(found.status.code(), Some(20), "{found:?}");
    assert!(!stdout(&found).is_empty());
    assert_eq!(
        stderr(&found),
        "atera: the report sla-risk has rows, and --fail-if-rows was given\n"
    );
    let none = asked(
        &place,
        &[
            "stale-agents",
            "--param",
            "days=36500",
            "--fail-if-rows",
            "--quiet",
        ],
    )
    .await;
    assert_success(&none);
    assert_eq!(json(&none), serde_json::json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_of_ones_own_is_begun_checked_and_asked() {
    let place = mirrored().await;
    let own = place.folder.path().join("own");
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
        &asked(
            &place,
            &["mine", "--param", "days=36500", "--quiet", "--reports", folder],
        )
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
    let untold = "-- title = \"Mine?\"\nSELECT count(*) AS count FROM tickets";
    fs::write(own.join("mine.sql"), untold).expect("a file");
    let checked = with_folder(&own, &["check", "-o", "csv"]).await;
    assert_success(&checked);
    assert!(
        stdout(&checked).contains("ok, but the age of what it reads is not said; add a line `-- tables = "),
        "{checked:?}"
    );
    let replaced = with_folder(&own, &["new", "backlog"]).await;
    assert_success(&replaced);
    assert!(
        stderr(&replaced).contains("it replaces the built-in report backlog")
            && !stderr(&made).contains("replaces"),
        "{replaced:?}"
    );
    fs::remove_file(own.join("backlog.sql")).expect("it is removed");
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
    let place = mirrored().await;
    let file = place.folder.path().join("page.html");
    let written = asked(&place, &["--all", "--html", file.to_str().expect("text")]).await;
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
    // Patches are not among the lists, and a page of all reports does not fail for that.
    assert!(page.contains(">agents_available_patches: never read<"));
    assert!(stderr(&written).contains("lacks agents_available_patches, which was never read"));

    // One that is not valid has failed, and the page says so.
    let own = place.folder.path().join("own");
    fs::create_dir(&own).expect("a folder");
    fs::write(own.join("mine.sql"), "SELECT 1").expect("a file");
    let folder = own.to_str().expect("text");
    let invalid = asked(
        &place,
        &[
            "--all",
            "--html",
            file.to_str().expect("text"),
            "--reports",
            folder,
        ],
    )
    .await;
    assert_eq!(invalid.status.code(), Some(1), "{invalid:?}");
    assert!(
        stderr(&invalid).contains("1 report failed; the page has the others"),
        "{invalid:?}"
    );
    let page = fs::read_to_string(&file).expect("a page");
    assert!(page.contains("mine.sql is not valid") && page.matches("<section id=").count() == 11);

    let one = asked(
        &place,
        &[
            "backlog",
            "--html",
            file.to_str().expect("text"),
            "--fail-if-rows",
            "--limit",
            "2",
        ],
    )
    .await;
    assert_eq!(one.status.code(), Some(20), "{one:?}");
    let page = fs::read_to_string(&file).expect("a page");
    assert!(page.contains("The first 2 are shown"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_left_out_the_sandbox_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let asked = async |arguments: &[&str]| {
        let mut command = atera(arguments);
        command
            .env("XDG_DATA_HOME", folder.path())
            .env_remove("ATERA_DATABASE_URL")
            .env_remove("ATERA_REPORTS");
        output(command).await
    };
    let questions = [&["report", "backlog"][..], &["mirror", "query", "SELECT 1"]];
    for question in questions {
        let refused = asked(question).await;
        assert_failure(&refused, 2, "there is no mirror in ");
        assert!(!stderr(&refused).contains("--sandbox"), "{refused:?}");
    }
    let data = folder.path().join("atera");
    fs::create_dir_all(&data).expect("a folder");
    fs::write(data.join("sandbox.db"), "").expect("a file");
    for question in questions {
        assert_failure(
            &asked(question).await,
            2,
            "mirror.db: the file does not exist; sync first, or ask that of the sandbox with --sandbox",
        );
    }
}
