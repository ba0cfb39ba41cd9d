//! `--where`, `--jq`, `--expand` and totals, on lists and on files.

use serde_json::{Value, json};

use super::*;

/// The records that are printed as lines of JSON.
fn lines(output: &Output) -> Vec<Value> {
    assert_success(output);
    let lines = stdout(output).lines();
    lines
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect()
}

/// All records of a list, as lines.
async fn all(sandbox: &Sandbox, list: &str) -> Vec<Value> {
    let arguments: Vec<_> = list.split(' ').chain(["--all", "-o", "ndjson"]).collect();
    lines(&ask(sandbox, &arguments).await)
}

/// A list with a condition, as lines.
async fn selected(sandbox: &Sandbox, list: &str, condition: &str) -> Vec<Value> {
    let arguments: Vec<_> = list
        .split(' ')
        .chain(["--where", condition, "-o", "ndjson"])
        .collect();
    lines(&ask(sandbox, &arguments).await)
}

#[tokio::test]
async fn the_records_that_fulfil_a_condition_are_printed_as_they_came() {
    let sandbox = sandbox().await;
    let alerts = all(&sandbox, "alerts list").await;
    type Test = fn(&Value) -> bool;
    let conditions: [(&str, Test); 9] = [
        ("Severity=critical, Created<2026-03-01", |it| {
            it["Severity"] == "Critical" && it["Created"].as_str() < Some("2026-03-01")
        }),
        ("Severity>=Warning and not (Archived or TicketID=null)", |it| {
            it["Severity"] != "Information" && it["Archived"] != true && !it["TicketID"].is_null()
        }),
        ("Severity in (Critical, Warning) and Title ~ OFFLINE", |it| {
            ["Critical", "Warning"].contains(&it["Severity"].as_str().unwrap_or_default())
                && it["Title"].as_str().unwrap_or_default().contains("offline")
        }),
        ("AlertID>=90300, AlertID<90350", |it| {
            (90300..90350).contains(&it["AlertID"].as_i64().unwrap_or_default())
        }),
        ("Created=2026-02", |it| {
            it["Created"].as_str().unwrap_or_default().starts_with("2026-02")
        }),
        ("TicketID is not null", |it| !it["TicketID"].is_null()),
        ("TicketID!=null", |it| !it["TicketID"].is_null()),
        // A record without a ticket has no ticket of another number, but it has not that ticket either.
        ("TicketID!=1", |it| !it["TicketID"].is_null()),
        ("not TicketID=1", |_| true),
    ];
    for (condition, test) in conditions {
        let arguments = [
            "alerts",
            "list",
            "--where",
            condition,
            "--time-zone",
            "UTC",
            "-o",
            "ndjson",
        ];
        let found = lines(&ask(&sandbox, &arguments).await);
        let expected: Vec<_> = alerts.iter().filter(|it| test(it)).cloned().collect();
        assert!(!expected.is_empty(), "{condition} tells nothing apart");
        assert_eq!(found, expected, "{condition}");
    }
}

#[tokio::test]
async fn days_are_those_of_the_account() {
    let sandbox = Sandbox::builder().time_zone("America/New_York");
    let sandbox = sandbox.start().await.expect("a sandbox");
    let alerts = all(&sandbox, "alerts list").await;
    let there = selected(&sandbox, "alerts list", "Created=2026-02-10").await;
    let within = |from: &str, to: &str| {
        let created = |it: &&Value| {
            let created = it["Created"].as_str().unwrap_or_default();
            created >= from && created < to
        };
        alerts.iter().filter(created).cloned().collect::<Vec<_>>()
    };
    assert_eq!(there, within("2026-02-10T05:00:00", "2026-02-11T05:00:00"));
    let arguments = [
        "alerts",
        "list",
        "--where",
        "Created=2026-02-10",
        "--time-zone",
        "UTC",
        "-o",
        "ndjson",
    ];
    let in_utc = lines(&ask(&sandbox, &arguments).await);
    assert_eq!(in_utc, within("2026-02-10T00:00:00", "2026-02-11T00:00:00"));
    assert_ne!(there, in_utc);
}

#[tokio::test]
async fn a_zone_that_cannot_be_read_is_not_guessed() {
    let permissions = "alerts:r".parse().expect("permissions");
    let sandbox = Sandbox::builder().key("desk", permissions);
    let sandbox = sandbox.start().await.expect("a sandbox");
    let list = async |arguments: &[&str]| {
        let mut list = atera(arguments);
        list.env("ATERA_BASE_URL", sandbox.base_url())
            .env("ATERA_API_KEY", "desk");
        output(list).await
    };
    let days = ["alerts", "list", "--where", "Created>2026-02-10", "-o", "ndjson"];
    assert_failure(&list(&days).await, 2, "name the zone with --time-zone");
    assert_success(&list(&[&days[..], &["--time-zone", "Europe/Berlin"]].concat()).await);
    // A length of time is the same in every zone.
    assert_success(&list(&["alerts", "list", "--where", "Created<-3d", "-o", "ndjson"]).await);
}

#[tokio::test]
async fn a_mistake_in_a_condition_is_told_with_its_place_before_anything_is_sent() {
    let sandbox = sandbox().await;
    for (condition, says) in [
        (
            "TicketID>1, Titel=x",
            "at character 13, `Titel=x`: Ticket has no field `Titel` (did you mean `TicketTitle`?)",
        ),
        (
            "TicketID=seven",
            "at character 10, `seven`: `TicketID` is a number, and `seven` is none",
        ),
        ("TicketTitle<-3d", "`TicketTitle` is a text, and `-3d` is a time"),
        (
            "TicketCreatedDate=soon",
            "`TicketCreatedDate` is a time, and `soon` is none",
        ),
        (
            "TicketPriority=Hgh",
            "`Hgh` by the description (did you mean `High`?)",
        ),
        (
            "TicketID=1 or TicketID=2, TicketID=3",
            "put parentheses around one of them",
        ),
        ("TicketTitle", "`TicketTitle` is a text, so it needs a comparison"),
        ("TicketID~5", "`TicketID` is a number, and ~ is for text"),
        ("(TicketID=5", "at its end: a `)` is missing"),
    ] {
        let refused = ask(&sandbox, &["tickets", "list", "--where", condition]).await;
        assert_failure(&refused, 2, says);
    }
    assert!(sandbox.log().is_empty());
}

#[tokio::test]
async fn what_the_service_can_filter_is_sent_to_it() {
    let sandbox = sandbox().await;
    let tickets = all(&sandbox, "tickets list").await;
    let begin = sandbox.log().len();
    let found = selected(
        &sandbox,
        "tickets list",
        "TicketStatus=open and CustomerID=1201 and TicketID>54600",
    )
    .await;
    let expected = tickets.iter().filter(|it| {
        it["TicketStatus"] == "Open" && it["CustomerID"] == 1201 && it["TicketID"].as_i64() > Some(54600)
    });
    assert_eq!(found, expected.cloned().collect::<Vec<_>>());
    assert!(!found.is_empty());
    for request in &sandbox.log()[begin..] {
        assert!(
            request.path.contains("customerId=1201&ticketStatus=Open"),
            "{}",
            request.path
        );
    }
}

#[tokio::test]
async fn with_a_page_the_pages_are_those_of_the_whole_list() {
    let sandbox = sandbox().await;
    let tickets = all(&sandbox, "tickets list").await;
    let found = selected(&sandbox, "tickets list --all --page 3", "TicketStatus=Open").await;
    let behind = tickets.iter().skip(100).filter(|it| it["TicketStatus"] == "Open");
    assert_eq!(found, behind.cloned().collect::<Vec<_>>());
}

#[tokio::test]
async fn a_status_that_is_nearly_one_of_the_services_own_is_remarked_on() {
    let sandbox = sandbox().await;
    let told = "`TicketStatus` is compared with `Opn`: did you mean `Open`?";
    for arguments in [
        &["tickets", "list", "-o", "ndjson"][..],
        &["tickets", "delete", "--dry-run"],
        &["tickets", "delete", "--yes"],
    ] {
        let arguments = [arguments, &["--where", "TicketStatus=Opn"]].concat();
        let taken = ask(&sandbox, &arguments).await;
        assert_success(&taken);
        assert_eq!(
            (stdout(&taken), stderr(&taken).matches(told).count()),
            ("", 1),
            "{taken:?}"
        );
        let quiet = ask(&sandbox, &[&arguments[..], &["--quiet"]].concat()).await;
        assert_eq!(stderr(&quiet), "");
    }
    let file = fed(&sandbox, &["records", "-", "--where", "TicketStatus=Opn"], "{}").await;
    assert!(stderr(&file).contains(told), "{file:?}");
}

#[tokio::test]
async fn a_time_that_the_clocks_show_twice_is_refused_with_both() {
    let sandbox = Sandbox::builder().time_zone("Europe/London");
    let sandbox = sandbox.start().await.expect("a sandbox");
    let condition = "Created>='2025-10-26 01:30'";
    for arguments in [
        &["alerts", "list"][..],
        &["alerts", "list", "--time-zone", "Europe/London"],
        &["alerts", "delete", "--yes"],
    ] {
        let refused = ask(&sandbox, &[arguments, &["--where", condition]].concat()).await;
        assert_failure(
            &refused,
            2,
            "the clocks show 2025-10-26 01:30 twice, because they are set back that day; write 2025-10-26T01:30:00+01:00 for the \
             first time, or 2025-10-26T01:30:00+00:00 for the second",
        );
    }
    let alerts = all(&sandbox, "alerts list").await;
    let found = selected(&sandbox, "alerts list", "Created>=2025-10-26T01:30:00+01:00").await;
    let since = alerts
        .iter()
        .filter(|it| it["Created"].as_str() >= Some("2025-10-26T00:30:00"));
    assert_eq!(found, since.cloned().collect::<Vec<_>>());
}

#[tokio::test]
async fn a_limit_counts_the_records_that_fulfil_the_condition_and_ends_the_walk() {
    let sandbox = sandbox().await;
    let arguments = [
        "tickets",
        "list",
        "--where",
        "TicketPriority=High",
        "--limit",
        "5",
        "-o",
        "ndjson",
    ];
    let limited = ask(&sandbox, &arguments).await;
    let asked = sandbox.log().len();
    assert_eq!(lines(&limited).len(), 5);
    assert!(
        stderr(&limited).starts_with("5 records, and --limit ends there; "),
        "{limited:?}"
    );
    assert!(asked < 40, "{asked} requests for the first of 57 pages");
    let all = selected(&sandbox, "tickets list", "TicketPriority=High").await;
    assert_eq!(lines(&limited), all[..5]);
}

#[tokio::test]
async fn a_limit_on_groups_says_how_many_are_left_out_and_one_on_totals_of_all_is_refused() {
    let sandbox = sandbox().await;
    let by_status = ["tickets", "list", "--group-by", "TicketStatus", "-o", "ndjson"];
    let groups = lines(&ask(&sandbox, &by_status).await).len();
    for sort in [&[][..], &["--sort", "TicketStatus"]] {
        let limited = ask(&sandbox, &[&by_status[..], sort, &["--limit", "2"]].concat()).await;
        assert_eq!(lines(&limited).len(), 2);
        let told = format!("--limit leaves out {} of {groups} groups\n", groups - 2);
        assert_eq!(stderr(&limited), told, "{sort:?}");
    }
    let wide = ask(&sandbox, &[&by_status[..], &["--limit", "50"]].concat()).await;
    assert_eq!((lines(&wide).len(), stderr(&wide)), (groups, ""));
    for totals in [&["--count"][..], &["--sum", "TicketID"]] {
        let refused = ask(&sandbox, &[&["tickets", "list", "--limit", "5"], totals].concat()).await;
        assert_failure(&refused, 2, "print totals of all records");
    }
}

#[tokio::test]
async fn a_count_is_one_request_unless_there_is_a_condition() {
    let sandbox = sandbox().await;
    let counted = ask(&sandbox, &["tickets", "list", "--count"]).await;
    assert_eq!((stdout(&counted), sandbox.log().len()), ("2847\n", 1));
    let tickets = all(&sandbox, "tickets list").await;
    let high = tickets.iter().filter(|it| it["TicketPriority"] == "High").count();
    let count = [
        "tickets",
        "list",
        "--count",
        "--where",
        "TicketPriority=High",
        "-o",
    ];
    for (format, printed) in [
        ("json", format!("{high}\n")),
        ("ndjson", format!("{high}\n")),
        ("yaml", format!("{high}\n")),
        ("table", format!("{high}\n")),
        ("csv", format!("Count\n{high}\n")),
    ] {
        let counted = ask(&sandbox, &[&count[..], &[format]].concat()).await;
        assert_success(&counted);
        assert_eq!(stdout(&counted), printed, "{format}");
    }
}

#[tokio::test]
async fn groups_and_sums_are_rows_in_every_format() {
    let sandbox = sandbox().await;
    let totals = [
        "tickets",
        "list",
        "--where",
        "CustomerID=1201,TicketStatus=Open",
        "--group-by",
        "CustomerName",
        "--sum",
        "TicketID",
        "-o",
    ];
    let tickets = selected(&sandbox, "tickets list", "CustomerID=1201,TicketStatus=Open").await;
    let count = tickets.len();
    let sum: i64 = tickets.iter().filter_map(|it| it["TicketID"].as_i64()).sum();
    for (format, printed) in [
        (
            "ndjson",
            format!("{{\"CustomerName\":\"Harbor Dental\",\"Count\":{count},\"TicketID\":{sum}}}\n"),
        ),
        (
            "csv",
            format!("CustomerName,Count,TicketID\nHarbor Dental,{count},{sum}\n"),
        ),
        (
            "yaml",
            format!("- CustomerName: Harbor Dental\n  Count: {count}\n  TicketID: {sum}\n"),
        ),
        (
            "table",
            format!("CustomerName   Count  TicketID\nHarbor Dental     {count}    {sum}\n"),
        ),
    ] {
        let printed_now = ask(&sandbox, &[&totals[..], &[format]].concat()).await;
        assert_success(&printed_now);
        assert_eq!(stdout(&printed_now), printed, "{format}");
    }
    let sorted = [
        "tickets",
        "list",
        "--group-by",
        "TicketPriority",
        "--sort",
        "-TicketPriority",
        "--limit",
        "2",
        "-o",
        "ndjson",
        "--select",
        "TicketPriority",
    ];
    assert_eq!(
        lines(&ask(&sandbox, &sorted).await),
        [
            json!({"TicketPriority": "Critical"}),
            json!({"TicketPriority": "High"})
        ]
    );
    let text = ["tickets", "list", "--sum", "TicketTitle"];
    assert_failure(&ask(&sandbox, &text).await, 2, "`TicketTitle` is none");
}

#[tokio::test]
async fn hours_are_computed_where_they_are_asked_for() {
    let sandbox = sandbox().await;
    let plain = json(&ask(&sandbox, &["work-hours", "list", "--limit", "1"]).await);
    assert!(plain[0]["DurationHours"].is_null(), "JSON is as it was sent");
    let selected = [
        "work-hours",
        "list",
        "--limit",
        "1",
        "--select",
        "StartWorkHour,EndWorkHour,DurationHours",
    ];
    let selected = json(&ask(&sandbox, &selected).await);
    let time = |name: &str| {
        selected[0][name]
            .as_str()
            .expect(name)
            .parse::<atera::Timestamp>()
            .expect(name)
            .to_utc()
    };
    let minutes = (time("EndWorkHour") - time("StartWorkHour")).num_minutes();
    assert_eq!(
        selected[0]["DurationHours"].as_f64().map(|hours| hours * 60.0),
        Some(minutes as f64)
    );
    let long = ["work-hours", "list", "--where", "DurationHours>=3", "--count"];
    assert_ne!(stdout(&ask(&sandbox, &long).await), "0\n");
}

#[tokio::test]
async fn each_line_of_an_invoice_is_a_row() {
    let sandbox = sandbox().await;
    let invoices = all(&sandbox, "invoices list").await;
    let lines_of = |invoice: &Value| invoice["LineItems"].as_array().map_or(0, Vec::len);
    let count: usize = invoices.iter().map(lines_of).sum();
    let arguments = [
        "invoices",
        "list",
        "--all",
        "--expand",
        "LineItems",
        "--select",
        "InvoiceNumber,LineItems.Description",
        "-o",
    ];
    let rows = ask(&sandbox, &[&arguments[..], &["csv"]].concat()).await;
    assert_success(&rows);
    assert_eq!(
        stdout(&rows).lines().next(),
        Some("InvoiceNumber,LineItems.Description")
    );
    assert_eq!(stdout(&rows).lines().count(), count + 1);
    let without = invoices.iter().filter(|invoice| lines_of(invoice) == 0).count();
    let told = format!("{without} without LineItems, which have no row\n");
    assert_eq!(stderr(&rows), if without == 0 { "" } else { &told });
    let of_lines = [
        "invoices",
        "list",
        "--expand",
        "LineItems",
        "--sum",
        "LineItems.Total",
    ];
    assert_success(&ask(&sandbox, &of_lines).await);
    let of_invoices = ["invoices", "list", "--expand", "LineItems", "--sum", "Total"];
    assert_failure(
        &ask(&sandbox, &of_invoices).await,
        2,
        "--sum would add the `Total` of a record once for each entry of its LineItems",
    );
    let none = ["invoices", "list", "--expand", "Total"];
    assert_failure(&ask(&sandbox, &none).await, 2, "its lists are LineItems");
}

#[tokio::test]
async fn a_jq_filter_takes_each_record() {
    let sandbox = sandbox().await;
    let titles = [
        "tickets",
        "list",
        "--limit",
        "2",
        "--jq",
        ".TicketTitle",
        "--quiet",
    ];
    assert_eq!(
        stdout(&ask(&sandbox, &titles).await),
        "Printer in room 2 offline\nUpgrade accounting software\n"
    );
    let as_json = ask(&sandbox, &[&titles[..], &["-o", "json"]].concat()).await;
    assert_eq!(
        json(&as_json),
        json!(["Printer in room 2 offline", "Upgrade accounting software"])
    );
    let one = ["tickets", "get", "54321", "--jq", "{id: .TicketID}", "-o", "csv"];
    assert_eq!(stdout(&ask(&sandbox, &one).await), "id\n54321\n");
    let broken = ask(&sandbox, &["tickets", "list", "--jq", ".TicketID |"]).await;
    assert_failure(&broken, 2, "--jq is not understood at its end");
}

#[tokio::test]
async fn a_file_is_selected_from_like_a_list() {
    let sandbox = sandbox().await;
    let folder = tempfile::tempdir().expect("a folder");
    let condition = "TicketStatus=Open, TicketCreatedDate>=2026-02-01 00:00Z";
    let expected = selected(&sandbox, "tickets list", condition).await;
    assert!(!expected.is_empty());
    for format in ["ndjson", "json"] {
        let file = folder
            .path()
            .join(format!("tickets.{format}"))
            .display()
            .to_string();
        let written = ["tickets", "list", "--all", "-o", format, "--output-file", &file];
        assert_success(&ask(&sandbox, &written).await);
        for told in [&["--type", "tickets"][..], &[]] {
            let arguments = [
                &["records", &file, "--where", condition, "-o", "ndjson"][..],
                told,
            ]
            .concat();
            assert_eq!(lines(&output(atera(&arguments)).await), expected, "{arguments:?}");
        }
        let arguments = ["records", &file, "--type", "Ticket", "--where", "Titel=x"];
        assert_failure(&output(atera(&arguments)).await, 2, "did you mean `TicketTitle`?");
        let sorted = [
            "records",
            &file,
            "--sort",
            "-TicketID",
            "--limit",
            "1",
            "--jq",
            ".TicketID",
        ];
        assert_eq!(stdout(&output(atera(&sorted)).await), "57167\n");
    }
    let broken = folder.path().join("broken.ndjson");
    std::fs::write(&broken, "{\"a\": 1}\n{\"a\":").expect("a file");
    let broken = output(atera(&["records", &broken.display().to_string(), "-o", "ndjson"])).await;
    assert_eq!(broken.status.code(), Some(2), "{broken:?}");
    assert!(
        stderr(&broken).contains("is not JSON behind its record 1"),
        "{broken:?}"
    );
}

#[tokio::test]
async fn an_order_of_values_of_different_kinds_is_told() {
    let sandbox = sandbox().await;
    let text = r#"{"v": 9} {"v": "abb"} {"v": "12"} {"v": null}"#;
    for (condition, told) in [
        ("v<abc", "--where compared a value as text"),
        ("v<10", "--where compared a value as text"),
        ("v<'abc'", ""),
        ("v=abc", ""),
        ("not v=7", ""),
    ] {
        let taken = fed(
            &sandbox,
            &["records", "-", "-o", "ndjson", "--where", condition],
            text,
        )
        .await;
        assert_success(&taken);
        let said = stderr(&taken);
        assert!(
            said.contains(told) && said.is_empty() == told.is_empty(),
            "{condition}: {said}"
        );
    }
}

#[tokio::test]
async fn the_items_of_a_page_are_its_records() {
    let sandbox = sandbox().await;
    let page = ask(&sandbox, &["api", "GET", "/tickets", "--query", "itemsInPage=7"]).await;
    let total = json(&page)["totalItemCount"].clone();
    let page = stdout(&page);
    for (text, told) in [
        (
            page.to_string(),
            format!("the 7 items of a page of a list, which says that it has {total}\n"),
        ),
        (format!("[{page},{page}]"), "the 14 items of 2 pages".to_string()),
        (r#"{"items": [1, 2], "totalItems": 2}"#.to_string(), String::new()),
    ] {
        let counted = fed(&sandbox, &["records", "-", "--count"], &text).await;
        let count = if told.is_empty() {
            "1"
        } else {
            told.split(' ').nth(1).expect("a number")
        };
        assert_eq!(stdout(&counted).trim(), count, "{text}");
        assert!(stderr(&counted).contains(&told), "{counted:?}");
    }
}

#[tokio::test]
async fn states_have_colours_where_they_are_wanted() {
    let sandbox = sandbox().await;
    let table = [
        "alerts",
        "list",
        "-o",
        "table",
        "--where",
        "Severity=Critical",
        "--limit",
        "1",
    ];
    let coloured = ask(&sandbox, &[&table[..], &["--color", "always"]].concat()).await;
    assert!(
        stdout(&coloured).contains("\u{1b}[38;5;9mCritical"),
        "{coloured:?}"
    );
    let mut in_spite = against(&sandbox, &[&table[..], &["--color", "always"]].concat());
    in_spite.env("NO_COLOR", "1");
    assert_eq!(stdout(&output(in_spite).await), stdout(&coloured));
    for never in [&["--color", "never"][..], &[]] {
        let plain = ask(&sandbox, &[&table[..], never].concat()).await;
        assert!(!stdout(&plain).contains('\u{1b}'), "{plain:?}");
    }
}

#[tokio::test]
async fn a_wide_table_has_every_single_value_and_the_header_can_be_left_out() {
    let sandbox = sandbox().await;
    let wide = ask(&sandbox, &["agents", "list", "--limit", "1", "-o", "wide"]).await;
    assert_success(&wide);
    let header = stdout(&wide).lines().next().unwrap_or_default();
    assert!(header.split_whitespace().count() > 20, "{header}");
    for (format, row) in [
        ("table", "   54321  Closed\n"),
        ("wide", "   54321  Closed\n"),
        ("csv", "54321,Closed\n"),
    ] {
        let arguments = [
            "tickets",
            "list",
            "--limit",
            "1",
            "-o",
            format,
            "--no-header",
            "--select",
            "TicketID,Status",
        ];
        let printed = stdout(&ask(&sandbox, &arguments).await).to_string();
        assert_eq!(printed.trim_start(), row.trim_start(), "{format}");
    }
    let json = ["tickets", "list", "-o", "json", "--no-header"];
    assert_failure(
        &ask(&sandbox, &json).await,
        2,
        "--no-header is for tables and CSV",
    );
}
