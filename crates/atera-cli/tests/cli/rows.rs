//! `--from`: an operation for each row of a file.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use atera::RateLimit;
use atera_sandbox::{Faults, SandboxBuilder};
use serde_json::Value;

use super::*;

/// A sandbox without a limit, so that nothing waits.
async fn unlimited(set: impl FnOnce(SandboxBuilder) -> SandboxBuilder) -> Sandbox {
    let builder = Sandbox::builder().rate_limit(RateLimit::off()).tickets(40);
    set(builder).start().await.expect("a sandbox")
}

/// The command that creates tickets from this file. It retries nothing, and looks for lost rows at once.
fn create(sandbox: &Sandbox, file: &Path, arguments: &[&str]) -> Command {
    let file = file.to_str().expect("a path");
    let base = [
        "tickets",
        "create",
        "--from",
        file,
        "--settle-after",
        "0",
        "--rate-limit",
        "off",
        "--yes",
    ];
    against(sandbox, &[&base[..], arguments].concat())
}

/// A file of so many tickets in a folder of its own. Each has a title of its own, `Row 1` and so on.
fn tickets(count: usize) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut text = "TicketTitle,Description,EndUserID,TicketPriority\n".to_string();
    for row in 1..=count {
        writeln!(text, "Row {row},\"Made by a test, in bulk\",{CONTACT},High").expect("a text");
    }
    let file = folder.path().join("tickets.csv");
    fs::write(&file, text).expect("a file");
    (folder, file)
}

/// A contact of the sandbox.
const CONTACT: u32 = 12345;

/// How often each title that begins with `Row` is in the list.
async fn made(sandbox: &Sandbox) -> BTreeMap<String, usize> {
    let arguments = [
        "tickets",
        "list",
        "--all",
        "-o",
        "ndjson",
        "--select",
        "TicketTitle",
        "--rate-limit",
        "off",
    ];
    let list = ask(sandbox, &arguments).await;
    assert_success(&list);
    let mut made = BTreeMap::new();
    for line in stdout(&list).lines() {
        let ticket: Value = serde_json::from_str(line).expect("JSON");
        let title = ticket["TicketTitle"].as_str().expect("a title");
        if title.starts_with("Row ") {
            *made.entry(title.to_string()).or_default() += 1;
        }
    }
    made
}

/// Asserts that each of so many rows is there once.
async fn assert_each_once(sandbox: &Sandbox, count: usize) {
    let made = made(sandbox).await;
    let twice: Vec<_> = made.iter().filter(|(_, times)| **times != 1).collect();
    assert!(twice.is_empty(), "{twice:?}");
    assert_eq!(made.len(), count);
}

/// The lines of the result file: outcome, id and reason.
fn results(file: &Path) -> Vec<[String; 3]> {
    let path = file.with_file_name("tickets.csv.results.csv");
    let mut reader = csv::Reader::from_path(path).expect("a result file");
    let rows = reader.records().map(|row| row.expect("a row"));
    rows.map(|row| [2, 3, 4].map(|cell| row[cell].to_string()))
        .collect()
}

#[tokio::test]
async fn a_row_becomes_a_record_and_is_sent_once() {
    let sandbox = unlimited(|it| it).await;
    let (_folder, file) = tickets(30);
    let created = output(create(&sandbox, &file, &[])).await;
    assert_success(&created);
    assert!(
        stderr(&created).contains("tickets_create: 30 of 30 rows done"),
        "{created:?}"
    );
    assert_each_once(&sandbox, 30).await;
    for (row, [outcome, id, _]) in results(&file).iter().enumerate() {
        assert_eq!(outcome, "done");
        let ticket = json(&ask(&sandbox, &["tickets", "get", id]).await);
        assert_eq!(ticket["TicketTitle"], format!("Row {}", row + 1));
    }
    let again = output(create(&sandbox, &file, &["-o", "json"])).await;
    assert!(
        stderr(&again).contains("of which 30 are done already"),
        "{again:?}"
    );
    assert_eq!(json(&again).as_array().map(Vec::len), Some(30));
    assert_each_once(&sandbox, 30).await;
}

#[tokio::test]
async fn nothing_is_sent_while_a_row_is_wrong() {
    let sandbox = unlimited(|it| it).await;
    let (_folder, file) = tickets(3);
    let text = fs::read_to_string(&file).expect("a file") + "Row 4,x,nobody,High\nRow 5,,12345,Urgent\n";
    fs::write(&file, text).expect("a file");
    let refused = output(create(&sandbox, &file, &[])).await;
    assert_eq!(refused.status.code(), Some(2), "{refused:?}");
    for told in [
        "line 5: `EndUserID` cannot be `nobody`: it must be a whole number",
        "line 6: `Description` is missing, give it with --description; `TicketPriority` must be one of",
        "atera: tickets_create was not sent: 2 of 5 rows",
    ] {
        assert!(stderr(&refused).contains(told), "{refused:?}");
    }
    assert_each_once(&sandbox, 0).await;
}

#[tokio::test]
async fn the_plan_is_asked_about_and_a_dry_run_shows_it() {
    let sandbox = unlimited(|it| it).await;
    let (folder, file) = tickets(3);
    let path = file.to_str().expect("a path");
    let refused = ask(&sandbox, &["tickets", "create", "--from", path]).await;
    assert_eq!(refused.status.code(), Some(2), "{refused:?}");
    assert!(
        stderr(&refused).contains("so nothing was sent; add --yes"),
        "{refused:?}"
    );
    let shown = ask(&sandbox, &["tickets", "create", "--from", path, "--dry-run"]).await;
    assert_success(&shown);
    assert_eq!(stdout(&shown).matches("POST http").count(), 3, "{shown:?}");
    assert!(stderr(&shown).contains("tickets_create for 3 rows"), "{shown:?}");
    assert_each_once(&sandbox, 0).await;
    let files = fs::read_dir(folder.path()).expect("a folder").count();
    assert_eq!(files, 1, "a journal was left behind");
}

#[tokio::test]
async fn rows_that_are_refused_are_told_and_tried_again_by_the_next_run() {
    let sandbox = unlimited(|it| it.faults("tickets_create:400=1*2".parse().expect("faults"))).await;
    let (_folder, file) = tickets(10);
    let partly = output(create(&sandbox, &file, &[])).await;
    assert_eq!(partly.status.code(), Some(5), "{partly:?}");
    assert!(
        stderr(&partly).contains("8 of 10 rows done, 2 failed"),
        "{partly:?}"
    );
    let failed = results(&file);
    assert!(
        failed
            .iter()
            .any(|[outcome, _, reason]| outcome == "failed" && reason.contains("400")),
        "{failed:?}"
    );
    assert_success(&output(create(&sandbox, &file, &[])).await);
    assert_each_once(&sandbox, 10).await;
}

#[tokio::test]
async fn a_run_stops_after_so_many_failures() {
    let sandbox = unlimited(|it| it.faults("tickets_create:400=1".parse().expect("faults"))).await;
    let (_folder, file) = tickets(100);
    let stopped = output(create(&sandbox, &file, &["--max-failures", "3"])).await;
    assert_eq!(stopped.status.code(), Some(5), "{stopped:?}");
    let rows = results(&file);
    let failed = rows.iter().filter(|[outcome, ..]| outcome == "failed").count();
    assert_eq!((failed, rows.len()), (3, 100));
    let told = "3 failed, 97 not tried; it stopped by --max-failures 3; ";
    assert!(stderr(&stopped).contains(told), "{stopped:?}");
    let creates = sandbox.log().iter().filter(|it| it.method == "POST").count();
    assert_eq!(creates, 3);
}

#[tokio::test]
async fn what_stopped_the_rows_is_told_although_the_results_cannot_be_written() {
    let sandbox = unlimited(|it| it.faults("tickets_list:400=1".parse().expect("faults"))).await;
    let (_folder, file) = tickets(3);
    fs::create_dir(file.with_file_name("tickets.csv.results.csv")).expect("a folder");
    let failed = output(create(&sandbox, &file, &["--quiet"])).await;
    assert_eq!(failed.status.code(), Some(5), "{failed:?}");
    let said: Vec<_> = stderr(&failed).lines().collect();
    let [unwritten, stopped] = said[..] else {
        panic!("{said:?}");
    };
    assert!(
        unwritten.starts_with("atera: the output cannot be written: "),
        "{unwritten}"
    );
    assert!(
        stopped.starts_with("atera: ") && stopped.contains("400"),
        "{stopped}"
    );
}

#[tokio::test]
async fn rows_whose_answers_are_lost_are_found_or_sent_again() {
    for fault in ["reset-after", "504-after", "cut@0", "reset", "504"] {
        let faults: Faults = format!("tickets_create:{fault}=0.3").parse().expect("faults");
        let sandbox = unlimited(|it| it.faults(faults)).await;
        let (_folder, file) = tickets(40);
        let mut created = output(create(&sandbox, &file, &[])).await;
        // Where requests are lost on the way there, some may be lost in every round.
        for _ in 0..10 {
            if created.status.success() {
                break;
            }
            created = output(create(&sandbox, &file, &[])).await;
        }
        assert_success(&created);
        assert_each_once(&sandbox, 40).await;
        assert!(
            results(&file)
                .iter()
                .all(|[outcome, id, _]| outcome == "done" && !id.is_empty()),
            "{fault}"
        );
    }
}

#[tokio::test]
async fn a_row_whose_record_was_changed_by_a_person_is_not_sent_again() {
    let sandbox = unlimited(|it| it).await;
    let (_folder, file) = tickets(3);
    assert_success(&output(create(&sandbox, &file, &[])).await);
    let id = results(&file)[2][1].clone();
    // As a kill before the note of the outcome leaves it.
    let journal = file.with_file_name("tickets.csv.journal");
    let text = fs::read_to_string(&journal).expect("a journal");
    let kept = text.lines().filter(|line| !line.contains(r#""done","row":3"#));
    fs::write(&journal, kept.map(|line| format!("{line}\n")).collect::<String>()).expect("a journal");
    assert_success(&ask(&sandbox, &["tickets", "update", &id, "--ticket-priority", "Low"]).await);
    let unknown = output(create(&sandbox, &file, &["--quiet"])).await;
    assert_failure(&unknown, 6, "1 of which you alone can tell");
    let [outcome, _, reason] = &results(&file)[2];
    assert_eq!(outcome, "unknown");
    assert!(reason.ends_with(&format!("it may be {id}")), "{reason}");
    assert_each_once(&sandbox, 3).await;
}

#[tokio::test]
async fn updates_come_from_rows_too() {
    let sandbox = unlimited(|it| it.faults("tickets_update:reset-after=0.2".parse().expect("faults"))).await;
    let list = ask(
        &sandbox,
        &[
            "tickets", "list", "--limit", "20", "-o", "csv", "--select", "TicketID",
        ],
    )
    .await;
    let (_folder, file) = tickets(0);
    let mut text = String::new();
    for line in stdout(&list).lines() {
        let status = if line == "TicketID" {
            "TicketStatus"
        } else {
            "Closed"
        };
        writeln!(text, "{line},{status}").expect("a text");
    }
    fs::write(&file, text).expect("a file");
    let path = file.to_str().expect("a path");
    let arguments = [
        "tickets",
        "update",
        "--from",
        path,
        "--yes",
        "--settle-after",
        "0",
        "--max-attempts",
        "1",
    ];
    assert_success(&ask(&sandbox, &arguments).await);
    let list = json(&ask(&sandbox, &["tickets", "list", "--limit", "20"]).await);
    for ticket in list.as_array().expect("a list") {
        assert_eq!(ticket["TicketStatus"], "Closed");
    }
}

#[tokio::test]
async fn a_file_that_has_changed_is_noticed() {
    let sandbox = unlimited(|it| it).await;
    let (_folder, file) = tickets(3);
    assert_success(&output(create(&sandbox, &file, &[])).await);
    let text = fs::read_to_string(&file).expect("a file");
    fs::write(&file, text.clone() + "Row 4,x,12345,Low\n").expect("a file");
    let refused = output(create(&sandbox, &file, &[])).await;
    assert_failure(&refused, 2, "of whose 3 rows 3 are done");
    fs::write(&file, text.lines().take(2).collect::<Vec<_>>().join("\n")).expect("a file");
    let refused = output(create(&sandbox, &file, &[])).await;
    assert_failure(&refused, 2, "of whose 3 rows 3 are done");
    let other = format!("{}.second", file.display());
    fs::write(&file, text.replace("Row", "Other")).expect("a file");
    assert_success(&output(create(&sandbox, &file, &["--journal", &other])).await);
    assert_each_once(&sandbox, 3).await;
}

#[tokio::test]
async fn flags_that_have_changed_are_noticed() {
    let sandbox = unlimited(|it| it).await;
    let (_folder, file) = tickets(2);
    assert_success(&output(create(&sandbox, &file, &["--ticket-type", "Problem"])).await);
    for flags in [&["--ticket-type", "Request"][..], &[]] {
        let refused = output(create(&sandbox, &file, flags)).await;
        assert_failure(&refused, 2, "a flag beside it, has changed");
    }
    assert_success(&output(create(&sandbox, &file, &["--ticket-type", "Problem"])).await);
    assert_each_once(&sandbox, 2).await;
}

#[tokio::test]
async fn other_ways_to_name_records_are_refused_beside_rows() {
    let sandbox = unlimited(|it| it).await;
    let (_folder, file) = tickets(0);
    fs::write(&file, "TicketStatus\nClosed\n").expect("a file");
    let path = file.to_str().expect("a path");
    for (other, says) in [
        (&["--where", "TicketStatus=Open"][..], "--where"),
        (&["--ids", path], "--ids"),
        (&["7", "8"], "one `ticketId` at most"),
    ] {
        let refused = ask(
            &sandbox,
            &[&["tickets", "update", "--from", path, "--yes"], other].concat(),
        )
        .await;
        assert_failure(&refused, 2, says);
    }
}

#[tokio::test]
async fn several_rows_for_one_record_are_refused() {
    let sandbox = unlimited(|it| it).await;
    let (folder, file) = tickets(0);
    let text = "TicketID,TicketStatus\n54321,Pending\n54322,Closed\n54321,Closed\n";
    fs::write(&file, text).expect("a file");
    let path = file.to_str().expect("a path");
    let refused = ask(&sandbox, &["tickets", "update", "--from", path, "--yes"]).await;
    assert_failure(&refused, 2, "54321 in the lines 2, 4;");
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1);
}

#[cfg(unix)]
#[tokio::test]
async fn a_link_to_a_file_finds_the_journal_of_the_file() {
    let sandbox = unlimited(|it| it).await;
    let (folder, file) = tickets(2);
    assert_success(&output(create(&sandbox, &file, &[])).await);
    let links = tempfile::tempdir().expect("a folder");
    let link = links.path().join("link.csv");
    std::os::unix::fs::symlink(&file, &link).expect("a link");
    let again = output(create(&sandbox, &link, &[])).await;
    assert_success(&again);
    assert!(
        stderr(&again).contains("of which 2 are done already"),
        "{again:?}"
    );
    assert_each_once(&sandbox, 2).await;
    assert_eq!(fs::read_dir(links.path()).expect("a folder").count(), 1);
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 3);
}

#[tokio::test]
async fn rows_from_stdin_that_create_need_a_journal() {
    let sandbox = unlimited(|it| it).await;
    let (_folder, file) = tickets(2);
    let journal = file.with_file_name("by-hand.journal");
    let journal = journal.to_str().expect("a path");
    let piped = |arguments: &[&str]| {
        let mut command = create(&sandbox, Path::new("-"), arguments);
        command.stdin(fs::File::open(&file).expect("a file"));
        command
    };
    assert_failure(&output(piped(&[])).await, 2, "need --journal PATH");
    let shown = output(piped(&["--dry-run"])).await;
    assert_success(&shown);
    assert_eq!(stdout(&shown).matches("POST http").count(), 2, "{shown:?}");
    for _ in 0..2 {
        assert_success(&output(piped(&["--journal", journal])).await);
    }
    assert_each_once(&sandbox, 2).await;
}

#[tokio::test]
async fn a_file_without_rows_is_refused_and_leaves_nothing_behind() {
    let sandbox = unlimited(|it| it).await;
    let (folder, file) = tickets(0);
    for text in ["TicketTitle,Description,EndUserID\n", "", "[]"] {
        fs::write(&file, text).expect("a file");
        let refused = output(create(&sandbox, &file, &[])).await;
        assert_failure(&refused, 2, "has no rows");
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1);
    }
}

#[tokio::test]
async fn files_that_are_no_results_are_not_replaced() {
    let sandbox = unlimited(|it| it).await;
    let (_folder, file) = tickets(2);
    let path = file.to_str().expect("a path");
    let text = fs::read_to_string(&file).expect("a file");
    assert_failure(
        &output(create(&sandbox, &file, &["--output-file", path])).await,
        2,
        "--output-file would replace",
    );
    assert_eq!(fs::read_to_string(&file).expect("a file"), text);
    let results = file.with_file_name("tickets.csv.results.csv");
    fs::write(&results, "my,own\n").expect("a file");
    let refused = output(create(&sandbox, &file, &[])).await;
    assert_failure(&refused, 2, "is no file of results");
    assert_eq!(fs::read_to_string(&results).expect("a file"), "my,own\n");
    assert_each_once(&sandbox, 0).await;
}

/// Kills the command once the sandbox has so many records, and returns whether it was still running.
#[cfg(unix)]
async fn killed_at(sandbox: &Sandbox, file: &Path, rows: usize) -> bool {
    let mut child = create(sandbox, file, &["--quiet"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the command runs");
    let journal = file.with_file_name("tickets.csv.journal");
    let done = || {
        let text = fs::read_to_string(&journal).unwrap_or_default();
        text.matches("\"entry\":\"sending\"").count()
    };
    while child.try_wait().expect("a process").is_none() && done() < rows {
        // The sandbox of this thread answers meanwhile.
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let was_running = child.try_wait().expect("a process").is_none();
    child.kill().expect("a process");
    aside(move || child.wait().expect("a process")).await;
    was_running
}

/// Sends rows with kill -9 at these many points, and lost answers, and asserts that each row is there once.
#[cfg(unix)]
async fn assert_each_once_although_killed(rows: usize, kills: usize, faults: &str) {
    let faults: Faults = faults.parse().expect("faults");
    let sandbox = unlimited(|it| it.faults(faults)).await;
    let (_folder, file) = tickets(rows);
    let mut killed = 0;
    for kill in 1..=kills {
        killed += usize::from(killed_at(&sandbox, &file, kill * rows / (kills + 1)).await);
    }
    assert_eq!(killed, kills, "it ended before it could be killed");
    let ended = output(create(&sandbox, &file, &[])).await;
    assert_success(&ended);
    println!("{}", stderr(&ended));
    assert_each_once(&sandbox, rows).await;
}

#[cfg(unix)]
#[tokio::test]
async fn killed_and_run_again_no_row_is_sent_twice_and_none_is_missing() {
    assert_each_once_although_killed(120, 4, "tickets_create:reset-after=0.05,latency=5ms").await;
}

/// The same for 5,000 rows at 20 points. It takes minutes: `cargo test -p atera-cli --test cli -- --ignored five_thousand`.
#[cfg(unix)]
#[tokio::test]
#[ignore = "it takes minutes"]
async fn five_thousand_rows_survive_twenty_kills_and_lost_answers() {
    assert_each_once_although_killed(5_000, 20, "tickets_create:reset-after=0.05").await;
}

#[cfg(unix)]
#[tokio::test]
async fn one_process_at_a_time_sends_the_rows_of_a_file() {
    let sandbox = unlimited(|it| it.faults("tickets_create:latency=200ms".parse().expect("faults"))).await;
    let (_folder, file) = tickets(100);
    let mut first = create(&sandbox, &file, &["--quiet"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the command runs");
    let journal = file.with_file_name("tickets.csv.journal");
    while !fs::read_to_string(&journal).is_ok_and(|text| text.contains("sending")) {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let second = output(create(&sandbox, &file, &[])).await;
    let holder = format!("(process {}, since ", first.id());
    assert_failure(&second, 2, &holder);
    first.kill().expect("a process");
    aside(move || first.wait().expect("a process")).await;
    sandbox.set_faults(Faults::none());
    assert_success(&output(create(&sandbox, &file, &[])).await);
    assert_each_once(&sandbox, 100).await;
}
