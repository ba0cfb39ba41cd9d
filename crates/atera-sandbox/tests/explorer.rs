//! The pages in a browser. The test needs Chromium and `chromedriver`, so it is ignored unless it is called for:
//! `cargo test -p atera-sandbox --features explorer --test explorer -- --ignored`.

use std::time::Duration;

use atera_sandbox::Sandbox;
use atera_testkit::browser::{Driver, fantoccini::Locator};
use serde_json::Value;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes a browser"]
async fn an_operation_is_tried_out_by_clicks() -> Result<(), Box<dyn std::error::Error>> {
    let sandbox = Sandbox::builder().start().await?;
    let root = sandbox.base_url().replace("/api/v3", "");
    let driver = Driver::start();
    let browser = driver.browser((1500, 1100), &[]).await;
    let find = async |css: &str| {
        let waiting = browser.wait().at_most(Duration::from_secs(30));
        waiting.for_element(Locator::Css(css)).await
    };

    browser.goto(&root).await?;
    find("#operations-tag-account").await?.click().await?;
    find("#operations-account-account_get .opblock-summary-control")
        .await?
        .click()
        .await?;
    find("#operations-account-account_get .execute")
        .await?
        .click()
        .await?;
    let status =
        find("#operations-account-account_get .live-responses-table tbody .response-col_status").await?;
    assert!(
        status.text().await?.starts_with("200"),
        "{}",
        status.text().await?
    );
    let answer =
        find("#operations-account-account_get .live-responses-table tbody .response-col_description").await?;
    assert!(answer.text().await?.contains("Fieldline IT"));

    // The log shows the request within seconds.
    let seen = find("#log tbody tr").await?.text().await?;
    assert!(seen.contains("GET /account") && seen.contains("200"), "{seen}");
    let window = find("#limit").await?.text().await?;
    assert!(window.starts_with("1 of 700 requests"), "{window}");
    assert!(find("#records").await?.text().await?.contains("Ticket 2847"));

    // A click on the request shows what was answered.
    find("#log tbody tr").await?.click().await?;
    let answered = find("#bodies[open] #answered").await?.text().await?;
    assert!(
        answered.contains("\"CompanyName\": \"Fieldline IT\""),
        "{answered}"
    );
    find("#bodies[open] button").await?.click().await?;

    // The page sets faults.
    find("#faults").await?.send_keys("account_get:503=1*1").await?;
    find("form[data-path='/_sandbox/faults'] button")
        .await?
        .click()
        .await?;
    find("#operations-account-account_get .execute")
        .await?
        .click()
        .await?;
    let failed = find("#log td.failed").await?.text().await?;
    assert_eq!(failed, "503");
    assert_eq!(find("#log .fault").await?.text().await?, "fault 503");

    // No word of a status is broken: each cell is one line high.
    let lines = "return [...document.querySelectorAll('#log td:nth-child(3)')] \
                 .map(cell => Math.round(cell.firstChild ? (range => (range.selectNodeContents(cell), \
                 range.getClientRects().length))(document.createRange()) : 1))";
    let lines = browser.execute(lines, Vec::new()).await?;
    assert!(
        lines
            .as_array()
            .is_some_and(|lines| lines.iter().all(|count| *count == 1)),
        "{lines}"
    );

    let loaded = browser
        .execute(
            "return performance.getEntriesByType('resource').map(it => it.name)",
            Vec::new(),
        )
        .await?;
    let elsewhere: Vec<_> = loaded
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .filter(|it| !it.starts_with(&root))
        .collect();
    assert!(elsewhere.is_empty(), "{elsewhere:?}");

    // The screenshot has the answer and the newest requests in view.
    let scroll = "document.querySelector('.live-responses-table').scrollIntoView({block: 'center'}); \
                  document.querySelector('aside').scrollTop = 0";
    browser.execute(scroll, Vec::new()).await?;
    let picture = std::env::temp_dir().join("atera-sandbox-explorer.png");
    std::fs::write(&picture, browser.screenshot().await?)?;
    println!("a screenshot is in {}", picture.display());
    browser.close().await?;
    Ok(())
}
