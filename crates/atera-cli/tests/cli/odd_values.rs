//! Records with what JSON allows and few can hold: half of a surrogate pair, numbers beyond a double, 200 levels.

use std::fs;

use super::{exit_codes::server, *};

fn deep() -> String {
    format!("{}{}", "[".repeat(200), "]".repeat(200))
}

/// Two tickets, the second of which has a title that is no text.
fn tickets() -> [String; 2] {
    [
        format!(
            r#"{{"TicketID":1,"TicketTitle":"whole","TicketNumber":123456789012345678901234567890,"New":1e400,"Deep":{}}}"#,
            deep()
        ),
        r#"{"TicketID":2,"TicketTitle":"half \ud800","TicketNumber":1e400,"New":"\udc00"}"#.to_string(),
    ]
}

/// Where a service is that answers everything with this.
fn service(body: &str) -> String {
    let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    server(answer.into_bytes().leak())
}

fn page() -> String {
    let [one, other] = tickets();
    format!(r#"{{"items":[{one},{other}],"totalItemCount":2,"totalPages":1}}"#)
}

async fn asked(body: &str, arguments: &[&str]) -> Output {
    let mut command = atera(arguments);
    command
        .env("ATERA_BASE_URL", service(body))
        .env("ATERA_API_KEY", "key");
    output(command).await
}

const WALKS: [&[&str]; 4] = [
    &["tickets", "list"],
    &["tickets", "list", "--all"],
    &["tickets", "list", "--limit", "10"],
    &["api", "GET", "/tickets"],
];

/// What is told of the title.
const TOLD: &str = "atera: record 2 has half of a surrogate pair in `TicketTitle`, which is no text, so its escape is \
                    printed in its place; --output json prints them as they came\n";

#[tokio::test]
async fn json_is_printed_as_it_came() {
    let [one, other] = tickets();
    for walk in WALKS {
        let printed = asked(&page(), &[walk, &["-o", "ndjson"]].concat()).await;
        assert_success(&printed);
        assert_eq!(stdout(&printed), format!("{one}\n{other}\n"));
    }
    let printed = asked(&other, &["tickets", "get", "2", "-o", "json"]).await;
    assert_success(&printed);
    assert_eq!(stdout(&printed), format!("{other}\n"));
}

#[tokio::test]
async fn what_is_not_selected_does_no_harm() {
    for walk in WALKS {
        for (format, expected) in [
            (
                "csv",
                "TicketID,TicketNumber\n1,123456789012345678901234567890\n2,1e400\n",
            ),
            (
                "ndjson",
                "{\"TicketID\":1,\"TicketNumber\":123456789012345678901234567890}\n{\"TicketID\":2,\"TicketNumber\":1e400}\n",
            ),
            (
                "json",
                "[\n{\"TicketID\":1,\"TicketNumber\":123456789012345678901234567890},\n\
                 {\"TicketID\":2,\"TicketNumber\":1e400}\n]\n",
            ),
            (
                "yaml",
                "- {\"TicketID\":1,\"TicketNumber\":123456789012345678901234567890}\n\
                 - {\"TicketID\":2,\"TicketNumber\":1e400}\n",
            ),
            (
                "table",
                "TicketID  TicketNumber\n       1  123456789012345678901234567890\n       2  1e400\n",
            ),
        ] {
            let arguments = [walk, &["-o", format, "--select", "TicketID,TicketNumber"]].concat();
            let printed = asked(&page(), &arguments).await;
            assert_eq!(stdout(&printed), expected, "{arguments:?}");
            assert_eq!(printed.status.code(), Some(0), "{printed:?}");
        }
    }
}

#[tokio::test]
async fn a_text_that_is_none_is_printed_as_its_escape_and_told() {
    for walk in WALKS {
        for (format, expected) in [
            ("csv", "TicketID,TicketTitle\n1,whole\n2,half \\ud800\n"),
            (
                "yaml",
                "- TicketID: 1\n  TicketTitle: whole\n- TicketID: 2\n  TicketTitle: half \\ud800\n",
            ),
            (
                "table",
                "TicketID  TicketTitle\n       1  whole\n       2  half \\ud800\n",
            ),
        ] {
            let arguments = [
                walk,
                &["-o", format, "--select", "TicketID,TicketTitle", "--quiet"],
            ]
            .concat();
            let printed = asked(&page(), &arguments).await;
            assert_eq!(stdout(&printed), expected, "{arguments:?}");
            assert_eq!((printed.status.code(), stderr(&printed)), (Some(9), TOLD));
        }
    }
    let [_, ticket] = tickets();
    // A name may be no text either.
    let ticket = ticket.replace("\"New\"", "\"\\udc01\"");
    for (format, expected) in [
        ("csv", "half \\ud800"),
        ("yaml", "\"half \\\\ud800\""),
        ("table", "TicketTitle   half \\ud800\n"),
    ] {
        let printed = asked(&ticket, &["tickets", "get", "2", "-o", format]).await;
        assert_eq!(printed.status.code(), Some(9), "{printed:?}");
        assert!(stdout(&printed).contains(expected), "{printed:?}");
        let told = "has half of a surrogate pair in `TicketTitle`";
        let told =
            stderr(&printed).contains(told) || (format == "yaml" && stderr(&printed).contains("in `New`"));
        assert!(told, "{printed:?}");
    }
}

#[tokio::test]
async fn they_are_sorted_with_the_others() {
    for (sort, first) in [
        ("TicketNumber", "1"),
        ("-TicketNumber", "2"),
        ("TicketTitle", "2"),
        ("-TicketTitle", "1"),
    ] {
        let arguments = [
            "tickets", "list", "--sort", sort, "-o", "csv", "--select", "TicketID",
        ];
        let printed = asked(&page(), &arguments).await;
        assert_success(&printed);
        assert_eq!(stdout(&printed).lines().nth(1), Some(first), "{sort}");
    }
}

#[tokio::test]
async fn a_file_is_written_all_the_same() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("tickets.csv");
    let path = file.to_str().expect("text");
    let arguments = ["tickets", "list", "-o", "csv", "--output-file", path, "--quiet"];
    let printed = asked(&page(), &arguments).await;
    assert_eq!((printed.status.code(), stderr(&printed)), (Some(9), TOLD));
    let written = fs::read_to_string(&file).expect("a file");
    assert_eq!(written.lines().count(), 3, "{written}");
    assert!(written.contains("\n2,half \\ud800,"), "{written}");
}

#[tokio::test]
async fn an_export_to_csv_is_not_complete_then_and_one_to_ndjson_is() {
    let folder = tempfile::tempdir().expect("a folder");
    for (format, code, state) in [("csv", 9, "altered"), ("ndjson", 0, "complete")] {
        let dir = folder.path().join(format);
        let path = dir.to_str().expect("text");
        let arguments = ["export", "--dir", path, "--format", format, "--quiet", "tickets"];
        let exported = asked(&page(), &arguments).await;
        assert_eq!(exported.status.code(), Some(code), "{exported:?}");
        let manifest = fs::read(dir.join("manifest.json")).expect("a manifest");
        let manifest: Value = serde_json::from_slice(&manifest).expect("JSON");
        let list = &manifest["lists"][0];
        assert_eq!((&list["state"], &list["records"]), (&state.into(), &2.into()));
        let file = fs::read_to_string(dir.join(format!("tickets.{format}"))).expect("a file");
        if format == "csv" {
            assert!(
                file.contains("\n1,whole,") && file.contains("\n2,half \\ud800,"),
                "{file}"
            );
            assert!(file.contains("123456789012345678901234567890"), "{file}");
            assert_eq!(list["alterations"]["records"], 1);
            let told = "atera: tickets: record 2 has half of a surrogate pair in `TicketTitle`, which is no text, so its \
                        escape is printed in its place; an export with --format ndjson has them as they came\n";
            assert_eq!(stderr(&exported), told);
        } else {
            assert_eq!(file, tickets().map(|ticket| ticket + "\n").concat());
            assert_eq!(list.get("alterations"), None);
        }
    }
}

/// Where the description has an object there is a list of them, or a word.
#[tokio::test]
async fn what_has_no_object_where_there_are_columns_for_one_is_told() {
    let contracts = r#"{"items":[{"ContractID":1,"HourlyContract":{"Rate":7}},{"ContractID":2,"HourlyContract":"none"}],"totalPages":1}"#;
    let agents = r#"{"items":[{"AgentID":1,"BatteryInfo":null},{"AgentID":2,"BatteryInfo":[{"Name":"x"}]}],"totalPages":1}"#;
    let folder = tempfile::tempdir().expect("a folder");
    for (group, body, field) in [
        ("contracts", contracts, "HourlyContract"),
        ("agents", agents, "BatteryInfo"),
    ] {
        let told = format!(
            "atera: record 2 has no object in `{field}`, so the columns for the fields of one are empty; "
        );
        let walk = [group, "list", "--all", "-o", "csv", "--quiet"];
        let printed = asked(body, &walk).await;
        assert_eq!(printed.status.code(), Some(9), "{printed:?}");
        assert!(stderr(&printed).starts_with(&told), "{printed:?}");
        assert_eq!(stdout(&printed).lines().count(), 3, "{printed:?}");

        let dir = folder.path().join(group);
        let path = dir.to_str().expect("text");
        let arguments = ["export", "--dir", path, "--format", "csv", "--quiet", group];
        let exported = asked(body, &arguments).await;
        assert_eq!(exported.status.code(), Some(9), "{exported:?}");
        assert!(stderr(&exported).contains("has no object in"), "{exported:?}");
        let manifest = fs::read(dir.join("manifest.json")).expect("a manifest");
        let manifest: Value = serde_json::from_slice(&manifest).expect("JSON");
        assert_eq!(manifest["lists"][0]["state"], "altered");

        let printed = asked(body, &[group, "list", "--all", "-o", "ndjson"]).await;
        assert_success(&printed);
    }
}

/// Without a description the columns are those of the first record.
#[tokio::test]
async fn a_field_that_the_first_record_lacks_is_told() {
    let body = r#"[{"a": 1}, {"a": 2, "b": 3}, {"a": 4}]"#;
    let printed = asked(body, &["api", "GET", "/not/known", "-o", "csv"]).await;
    assert_eq!(stdout(&printed), "a\n1\n2\n4\n");
    assert_eq!(printed.status.code(), Some(9), "{printed:?}");
    let told =
        "record 2 has a field `b` that the first record lacks, so there is no column for it; --output json";
    assert!(stderr(&printed).contains(told), "{printed:?}");
    let selected = ["api", "GET", "/not/known", "-o", "csv", "--select", "a,b"];
    let printed = asked(body, &selected).await;
    assert_success(&printed);
    assert_eq!(stdout(&printed), "a,b\n1,\n2,3\n4,\n");
}
