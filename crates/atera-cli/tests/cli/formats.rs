//! Every format, and what is printed of records.

use serde_json::{Value, json};

use super::*;

/// So many tickets, the first of which is that of the description's examples.
async fn printed(limit: &str, arguments: &[&str]) -> String {
    let sandbox = sandbox().await;
    let arguments = [&["tickets", "list", "--limit", limit][..], arguments].concat();
    let listed = ask(&sandbox, &arguments).await;
    assert_success(&listed);
    stdout(&listed).to_string()
}

const SELECTED: [&str; 2] = ["--select", "TicketID,ticket-title,CustomerName"];

#[tokio::test]
async fn a_selection_in_every_format() {
    for (format, expected) in [
        (
            "table",
            "TicketID  TicketTitle                CustomerName\n\
             \x20  54321  Printer in room 2 offline  Harbor Dental\n",
        ),
        (
            "json",
            "[\n{\"TicketID\":54321,\"TicketTitle\":\"Printer in room 2 offline\",\"CustomerName\":\"Harbor Dental\"}\n]\n",
        ),
        (
            "ndjson",
            "{\"TicketID\":54321,\"TicketTitle\":\"Printer in room 2 offline\",\"CustomerName\":\"Harbor Dental\"}\n",
        ),
        (
            "yaml",
            "- TicketID: 54321\n  TicketTitle: Printer in room 2 offline\n  CustomerName: Harbor Dental\n",
        ),
        (
            "csv",
            "TicketID,TicketTitle,CustomerName\n54321,Printer in room 2 offline,Harbor Dental\n",
        ),
    ] {
        let arguments = [&SELECTED[..], &["-o", format]].concat();
        assert_eq!(printed("1", &arguments).await, expected, "{format}");
    }
}

#[tokio::test]
async fn one_record_in_every_format() {
    let sandbox = sandbox().await;
    for (format, expected) in [
        ("table", "TicketID  TicketStatus\n   54321  Closed\n"),
        ("json", "{\"TicketID\":54321,\"TicketStatus\":\"Closed\"}\n"),
        ("ndjson", "{\"TicketID\":54321,\"TicketStatus\":\"Closed\"}\n"),
        ("yaml", "TicketID: 54321\nTicketStatus: Closed\n"),
        ("csv", "TicketID,TicketStatus\n54321,Closed\n"),
    ] {
        let arguments = [
            "tickets",
            "get",
            "54321",
            "--select",
            "TicketID,TicketStatus",
            "-o",
            format,
        ];
        let shown = ask(&sandbox, &arguments).await;
        assert_success(&shown);
        assert_eq!(stdout(&shown), expected);
    }
}

#[tokio::test]
async fn the_formats_agree_on_every_field() {
    let records: Value = serde_json::from_str(&printed("2", &["-o", "json"]).await).expect("JSON");
    let lines: Vec<Value> = printed("2", &["-o", "ndjson"])
        .await
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert_eq!(records, json!(lines));
    let text = printed("2", &["-o", "csv"]).await;
    let mut table = csv::Reader::from_reader(text.as_bytes());
    let header = table.headers().expect("a header").clone();
    let fields = atera::description::Schema::find("Ticket").expect("a type").fields;
    assert!(fields.iter().all(|field| {
        header
            .iter()
            .any(|name| name.split('.').next() == Some(field.name))
    }));
    for (row, record) in table.records().zip(&lines) {
        let row = row.expect("a row");
        assert_eq!(row.get(0), Some(record["TicketID"].to_string().as_str()));
        assert_eq!(row.get(1), record["TicketTitle"].as_str());
    }
    let yaml = printed("2", &["-o", "yaml"]).await;
    assert_eq!(
        yaml.lines()
            .filter(|line| line.starts_with("- TicketID: "))
            .count(),
        2
    );
}

#[tokio::test]
async fn csv_begins_with_a_mark_when_asked() {
    let marked = printed("2", &["-o", "csv", "--bom", "--select", "TicketID"]).await;
    assert!(marked.starts_with("\u{feff}TicketID\n"), "{marked}");
    assert_failure(
        &output(atera(&["tickets", "list", "--bom"])).await,
        2,
        "add --output csv",
    );
}

#[tokio::test]
async fn records_are_sorted() {
    let sandbox = sandbox().await;
    let arguments = [
        "customers",
        "list",
        "--all",
        "--sort",
        "-CustomerName",
        "--select",
        "CustomerName",
        "-o",
        "ndjson",
    ];
    let listed = ask(&sandbox, &arguments).await;
    assert_success(&listed);
    let names: Vec<String> = stdout(&listed)
        .lines()
        .map(|line| {
            serde_json::from_str::<Value>(line).expect("JSON")["CustomerName"]
                .to_string()
                .to_lowercase()
        })
        .collect();
    assert!(
        names.len() > 10 && names.is_sorted_by(|one, other| one >= other),
        "{names:?}"
    );
}

#[tokio::test]
async fn a_field_that_is_not_there_is_told_with_those_that_are() {
    for flag in ["--select", "--sort"] {
        let refused = output(atera(&["tickets", "list", flag, "Titel", "--sandbox"])).await;
        assert_failure(
            &refused,
            2,
            "Ticket has no field `Titel` (did you mean `TicketTitle`?)",
        );
    }
}

#[tokio::test]
async fn a_file_is_replaced_once_all_is_written() {
    let sandbox = sandbox().await;
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("tickets.ndjson");
    let path = file.to_str().expect("text");
    std::fs::write(&file, "old").expect("a file");
    let failed = ask(&sandbox, &["tickets", "get", "999999999", "--output-file", path]).await;
    assert_failure(&failed, 3, "no such record");
    assert_eq!(std::fs::read_to_string(&file).expect("a file"), "old");
    let written = ask(
        &sandbox,
        &[
            "tickets",
            "list",
            "--limit",
            "60",
            "-o",
            "ndjson",
            "--output-file",
            path,
        ],
    )
    .await;
    assert_success(&written);
    assert_eq!(stdout(&written), "");
    assert_eq!(
        std::fs::read_to_string(&file).expect("a file").lines().count(),
        60
    );
    let left = std::fs::read_dir(folder.path()).expect("a folder").count();
    assert_eq!(left, 1, "something is left beside it");
    let nowhere = ["tickets", "list", "--output-file", "no/such/folder/file"];
    assert_failure(&ask(&sandbox, &nowhere).await, 1, "no/such/folder/file");
}

#[tokio::test]
async fn colours_are_for_terminals_unless_they_are_forced() {
    for (variables, coloured) in [
        (&[][..], false),
        (&["CLICOLOR_FORCE"], true),
        (&["CLICOLOR_FORCE", "NO_COLOR"], false),
    ] {
        let mut command = atera(&["tickets", "get", "54321", "--sandbox", "-o", "table"]);
        for name in variables {
            command.env(name, "1");
        }
        let shown = output(command).await;
        assert_success(&shown);
        assert_eq!(stdout(&shown).contains('\u{1b}'), coloured, "{variables:?}");
    }
}
