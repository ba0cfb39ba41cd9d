//! What a report says of an error in its file.

use atera::Timestamp;

use crate::{mirror::Mirror, report::Reports};

/// What a check says of a report with this text, or nothing.
async fn checked(text: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("mine.sql"), text).unwrap();
    let reports = Reports::with_folder(folder.path()).unwrap();
    let mirror = Mirror::file(&folder.path().join("mirror.db")).await.unwrap();
    mirror.make_tables().await.unwrap();
    let result = reports
        .find("mine")
        .unwrap()
        .check(&mirror, Timestamp::now())
        .await;
    result.err().map_or_else(String::new, |error| error.to_string())
}

#[tokio::test]
async fn an_error_is_told_in_the_terms_of_the_file() {
    let days = "-- params.days = { type = \"days ago\", default = 30 }\n";
    for (sql, expected) in [
        (
            "SELECT 1 AS a WHERE '1' > :day".to_string(),
            "the report mine is not valid: its SQL has the parameter :day, which its header does not declare; add a line `-- \
             params.day = { type = \"…\", default = … }` to the header",
        ),
        (
            format!("{days}SELECT 1 AS a WHERE :days > :day"),
            "to the header, or write :days, which the header has",
        ),
        (
            format!("{days}SELECT 1 AS a"),
            "the report mine is not valid: in line 2 its header declares `params.days`, and its SQL has no :days; remove that line",
        ),
        (
            "SELECT ticket_title,\n  'Ä', title\nFROM tickets".to_string(),
            "no such column: title, in line 3, column 8 of its file; compare it",
        ),
        (format!("{days}SELECT 1 AS a WHERE '1' > :days"), ""),
    ] {
        let told = checked(&format!("-- title = \"Mine?\"\n{sql}")).await;
        assert!(
            told.contains(expected) && (!expected.is_empty() || told.is_empty()),
            "{told}"
        );
    }
}

#[test]
fn lists_whose_age_is_not_said_are_found() {
    let lists = |text: &str| {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("mine.sql"), text).unwrap();
        let reports = Reports::with_folder(folder.path()).unwrap();
        reports.find("mine").unwrap().lists_without_age()
    };
    let sql = "SELECT 1\n-- of agents\nFROM Tickets JOIN invoices_line_items";
    assert_eq!(
        lists(&format!("-- title = \"Mine?\"\n{sql}")),
        ["invoices", "tickets"]
    );
    assert!(lists(&format!("-- title = \"Mine?\"\n-- tables = [\"tickets\"]\n{sql}")).is_empty());
    assert!(lists("-- title = \"Mine?\"\nSELECT 1").is_empty());
}
