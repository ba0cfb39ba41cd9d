//! Two exports into one folder.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_second_export_into_a_folder_is_refused_until_the_first_is_gone() {
    let sandbox = Sandbox::builder().tickets(500).start().await.expect("a sandbox");
    let folder = tempfile::tempdir().expect("a folder");
    // It stops for a slot after three pages, and so holds the folder until it is killed.
    let mut first = against(&sandbox, &["export", "--rate-limit", "3/1h", "tickets", "--dir"]);
    first
        .arg(folder.path())
        .env("XDG_STATE_HOME", folder.path().join("state"));
    let first = aside(move || {
        let mut terminal = Terminal::start(&first, 100);
        terminal.until_records(150);
        terminal
    })
    .await;
    let who = format!("process {} on ", first.process());
    // Other lists would be written into the same folder just as well.
    for lists in ["tickets", "customers"] {
        let second = output(export_of(&sandbox, folder.path(), &[lists])).await;
        assert_failure(&second, 2, &who);
        let told = format!("atera: {} is in use: since ", folder.path().display());
        assert!(stderr(&second).starts_with(&told), "{second:?}");
    }
    assert_eq!(sandbox.stats().arrivals, 3, "the second one asked for something");

    aside(move || first.kill()).await;
    assert_success(&output(export_of(&sandbox, folder.path(), &["tickets"])).await);
    let text = fs::read_to_string(folder.path().join("tickets.ndjson")).expect("a file");
    assert_eq!(text.lines().count(), 500);
}
