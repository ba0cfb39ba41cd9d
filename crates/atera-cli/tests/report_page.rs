//! The page of `atera report --html` in a browser. The test needs Chromium and `chromedriver`, so it is ignored unless it is called
//! for: `cargo test -p atera-cli --test report_page -- --ignored`.

#![cfg(feature = "mirror")]

use std::{fs, path::Path, process::Command};

use atera::{RateLimit, types::UpdateTicket};
use atera_sandbox::Sandbox;
use atera_testkit::browser::{
    Driver,
    fantoccini::{Client, Locator},
};
use serde_json::{Value, json};

/// Runs the command against the sandbox.
async fn atera(sandbox: &Sandbox, arguments: &[&str]) {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("atera"));
    command
        .args(arguments)
        .env("ATERA_CONFIG", "no/config.toml")
        .env("ATERA_BASE_URL", sandbox.base_url())
        .env("ATERA_API_KEY", sandbox.api_key())
        .env("ATERA_RATE_LIMIT", "off")
        .env_remove("ATERA_DATABASE_URL")
        .env_remove("ATERA_REPORTS");
    let run = tokio::task::spawn_blocking(move || command.output());
    let output = run.await.expect("no panic").expect("the command runs");
    assert!(output.status.success(), "{output:?}");
}

/// The texts of a column of the table of a report.
async fn column(browser: &Client, report: &str, number: usize) -> Vec<String> {
    let script = format!(
        "return [...document.querySelectorAll('#{report} tbody tr td:nth-child({number})')].map((it) => it.textContent)"
    );
    let texts = browser.execute(&script, Vec::new()).await.expect("texts");
    serde_json::from_value(texts).expect("texts")
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes a browser"]
async fn the_page_is_sorted_by_clicks_and_runs_nothing_of_tickets() {
    let builder = Sandbox::builder().rate_limit(RateLimit::off());
    let sandbox = builder.start().await.expect("a sandbox");
    let client = atera::Client::builder()
        .api_key(atera::ApiKey::new(sandbox.api_key()).expect("a key"))
        .base_url(sandbox.base_url())
        .rate_limit(RateLimit::off())
        .build()
        .expect("a client");
    let titles = [
        "<script>document.title = 'broken'</script><img src=x onerror=\"document.title = 'broken'\">"
            .to_string(),
        "long ".repeat(1000),
        "x".repeat(5000),
    ];
    for (id, title) in (54321..).zip(titles) {
        let body = UpdateTicket {
            ticket_title: Some(title),
            ticket_status: Some("Open".to_string()),
            ..UpdateTicket::default()
        };
        client.tickets().update(id, body).await.expect("an update");
    }
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).to_str().expect("text").to_string();
    let (db, file) = (path("account.db"), path("page.html"));
    atera(&sandbox, &["mirror", "sync", "--db", &db]).await;
    atera(&sandbox, &["report", "--all", "--html", &file, "--db", &db]).await;

    let driver = Driver::start();
    // It reaches no network.
    let browser = driver
        .browser((1400, 1000), &["--host-resolver-rules=MAP * ~NOTFOUND"])
        .await;
    browser.goto(&format!("file://{file}")).await.expect("the page");
    assert_eq!(browser.title().await.expect("a title"), "Reports of the account");
    // Nothing is wider than the window: tables scroll on their own.
    let overflow = "return document.documentElement.scrollWidth - document.documentElement.clientWidth";
    let overflow = browser.execute(overflow, Vec::new()).await.expect("a number");
    assert_eq!(overflow, Value::from(0));
    let asked = "return performance.getEntriesByType('resource').map((it) => it.name)";
    let asked = browser.execute(asked, Vec::new()).await.expect("names");
    assert_eq!(asked, json!([]), "it loads nothing");

    // Numbers are sorted as numbers, in both directions.
    let heading = "#backlog th:nth-child(2) button";
    let heading = browser.find(Locator::Css(heading)).await.expect("a heading");
    heading.click().await.expect("a click");
    let numbers = |texts: Vec<String>| {
        texts
            .iter()
            .map(|it| it.parse::<u64>().expect("a number"))
            .collect::<Vec<_>>()
    };
    let upwards = numbers(column(&browser, "backlog", 2).await);
    assert!(upwards.is_sorted() && upwards.len() > 5, "{upwards:?}");
    heading.click().await.expect("a click");
    let downwards = numbers(column(&browser, "backlog", 2).await);
    assert!(downwards.is_sorted_by(|a, b| a >= b), "{downwards:?}");
    let titles = column(&browser, "sla-risk", 2).await;
    assert!(
        titles
            .iter()
            .any(|title| title.starts_with("<script>document.title")),
        "{titles:?}"
    );

    // A picture of each look, to be looked at.
    let pictures = Path::new(env!("CARGO_TARGET_TMPDIR"));
    fs::write(
        pictures.join("report.png"),
        browser.screenshot().await.expect("a picture"),
    )
    .expect("a file");
    browser.close().await.expect("it ends");
}
