//! What the command does on a terminal.

use atera::RateLimit;

use super::{terminal::Terminal, *};

/// Runs a command to its end.
async fn shown(command: Command, columns: u16) -> (u32, String) {
    aside(move || Terminal::start(&command, columns).end()).await
}

/// Runs a command that asks a question, and answers it.
async fn answered(command: Command, answer: &'static str) -> (u32, String) {
    aside(move || {
        let mut terminal = Terminal::start(&command, 200);
        terminal.until("[y/N] ");
        terminal.press(answer);
        terminal.end()
    })
    .await
}

/// The requests that change something.
fn writes(sandbox: &Sandbox) -> Vec<String> {
    let log = sandbox.log().into_iter();
    log.filter(|arrival| arrival.method != "GET")
        .map(|arrival| format!("{} {}", arrival.method, arrival.path))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_undone_is_asked_about_and_needs_a_yes() {
    let sandbox = sandbox().await;
    for (arguments, question, sent) in [
        (
            &["tickets", "delete", "54321"][..],
            "Delete a ticket 54321 (Printer in room 2 offline)",
            "DELETE /api/v3/tickets/54321",
        ),
        (
            &["alerts", "resolve", "90210"],
            "Resolve an alert 90210 (",
            "PUT /api/v3/alerts/90210",
        ),
        (
            &["agents", "powershell", "5501", "--script", "Restart-Computer"],
            "Run a PowerShell script on a machine 5501 (HD-FRONT-01)",
            "POST /api/v3/agents/5501/powershell",
        ),
        (
            &["api", "DELETE", "/contacts/12345"],
            "DELETE /contacts/12345",
            "DELETE /api/v3/contacts/12345",
        ),
    ] {
        for no in ["n\n", "\n", "nyes\n"] {
            let (code, screen) = answered(against(&sandbox, arguments), no).await;
            assert_eq!(code, 1, "{screen}");
            assert!(screen.contains(question), "{screen}");
            let whose = format!(
                " of Fieldline IT (the key in ATERA_API_KEY) at {}?",
                sandbox.base_url()
            );
            assert!(screen.contains(&whose), "{screen}");
            assert!(screen.contains("atera: nothing was sent"), "{screen}");
            assert_eq!(writes(&sandbox), [""; 0], "{arguments:?}");
        }
        let (code, screen) = answered(against(&sandbox, arguments), "y\n").await;
        assert_eq!(code, 0, "{screen}");
        assert_eq!(writes(&sandbox), [sent]);
        sandbox.reset();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_fits_the_terminal_and_names_stand_out_where_colours_are_wanted() {
    let sandbox = sandbox().await;
    for (columns, variable, bold) in [(80, None, true), (120, None, true), (80, Some("NO_COLOR"), false)] {
        let mut list = against(&sandbox, &["tickets", "list"]);
        if let Some(name) = variable {
            list.env(name, "1");
        }
        let (code, screen) = shown(list, columns).await;
        assert_eq!(code, 0, "{screen}");
        assert_eq!(screen.contains("\u{1b}[1m"), bold, "{screen}");
        // Without the sequences for bold text and colours.
        let mut parts = screen.split("\u{1b}[");
        let first = parts.next().unwrap_or_default().to_string();
        let plain = parts.fold(first, |text, part| {
            text + part.split_once('m').map_or(part, |(_, rest)| rest)
        });
        let table: Vec<_> = plain.lines().filter(|line| !line.contains(" of ")).collect();
        assert_eq!(table.len(), 21, "{screen}");
        assert!(table[0].starts_with("TicketID "), "{screen}");
        for line in table {
            assert!(line.chars().count() <= usize::from(columns), "{line}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_walk_shows_how_far_it_is_unless_it_is_to_be_quiet() {
    let sandbox = sandbox().await;
    let file = tempfile::NamedTempFile::new().expect("a file");
    let path = file.path().to_str().expect("text");
    let arguments = ["tickets", "list", "--all", "-o", "ndjson", "--output-file", path];
    let (code, screen) = shown(against(&sandbox, &arguments), 100).await;
    assert_eq!(code, 0, "{screen}");
    assert!(
        screen.contains(" of 2,847 records, ") && screen.contains(" left"),
        "{screen}"
    );
    assert!(screen.contains(" 2,847 records, reading again"), "{screen}");
    let arguments = [&arguments[..], &["--quiet"]].concat();
    let (code, screen) = shown(against(&sandbox, &arguments), 100).await;
    assert_eq!((code, screen.as_str()), (0, ""));
}

/// A sandbox without a limit, for commands that stand still at their own.
async fn unlimited() -> Sandbox {
    let builder = Sandbox::builder().rate_limit(RateLimit::off());
    builder.start().await.expect("a sandbox")
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_ends_a_walk_with_all_that_came() {
    let sandbox = unlimited().await;
    let state = tempfile::tempdir().expect("a folder");
    let mut walk = against(&sandbox, &["tickets", "list", "--all", "-o", "json"]);
    walk.args(["--rate-limit", "3/1h", "--select", "TicketID"])
        .env("XDG_STATE_HOME", state.path());
    let (code, screen) = aside(move || {
        let mut terminal = Terminal::start(&walk, 100);
        // The last of the third page.
        terminal.until("{\"TicketID\":54470}");
        terminal.until("rate limit reached");
        terminal.press("\u{3}");
        terminal.end()
    })
    .await;
    assert_eq!(code, 130, "{screen}");
    let screen = screen.replace("^C", "");
    // Records run over the terminal, so the wait is a line between them.
    let is_wait = |line: &&str| line.starts_with("rate limit reached: next slot in ");
    assert_eq!(screen.lines().filter(is_wait).count(), 1, "{screen}");
    let screen: String = screen
        .split_inclusive('\n')
        .filter(|line| !is_wait(line))
        .collect();
    let (records, told) = screen.rsplit_once("]\r\n").expect("a closed array");
    assert_eq!(told, "atera: stopped after 150 records\r\n");
    let records: Vec<Value> = serde_json::from_str(&format!("{records}]")).expect("JSON");
    assert_eq!(records.len(), 150);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_terminal_that_is_closed_gets_the_rows_of_a_table() {
    let sandbox = unlimited().await;
    let state = tempfile::tempdir().expect("a folder");
    let mut walk = against(&sandbox, &["tickets", "list", "--all", "-o", "table"]);
    walk.args(["--rate-limit", "3/1h", "--select", "TicketID"])
        .env("XDG_STATE_HOME", state.path());
    let (code, screen) = aside(move || {
        let mut terminal = Terminal::start(&walk, 100);
        terminal.until_records(150);
        terminal.signal("HUP");
        terminal.end()
    })
    .await;
    assert_eq!(code, 129, "{screen}");
    assert!(screen.contains("54470\r\n"), "{screen}");
    assert!(
        screen.ends_with("atera: stopped after 150 records\r\n"),
        "{screen}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_leaves_an_export_that_can_go_on() {
    let sandbox = unlimited().await;
    let folder = tempfile::tempdir().expect("a folder");
    let dir = folder.path().to_str().expect("text").to_string();
    let mut export = against(&sandbox, &["export", "--dir", &dir, "tickets"]);
    export
        .args(["--rate-limit", "3/1h"])
        .env("XDG_STATE_HOME", folder.path().join("state"));
    let (code, screen) = aside(move || {
        let mut terminal = Terminal::start(&export, 100);
        terminal.until("150 of 2,847 records");
        terminal.press("\u{3}");
        terminal.end()
    })
    .await;
    assert_eq!(code, 130, "{screen}");
    assert!(
        screen.contains("atera: stopped; the same command goes on from here"),
        "{screen}"
    );
    let records =
        std::fs::read_to_string(folder.path().join(".atera-export/next/tickets.ndjson")).expect("a file");
    assert_eq!(records.lines().count(), 150);
}

/// What a terminal would obey: it clears the screen, in both lengths, deletes, goes back, and turns text round.
const OBEYED: &str = "a\u{1b}[2J\u{9b}2J\u{7f}\r\u{7}\u{202e}b";

/// Where a service is that answers everything so.
fn answering(status: &str, body: &str) -> String {
    let length = body.len();
    let answer = format!("HTTP/1.1 {status}\r\nx-note: a\u{9b}2J\r\ncontent-length: {length}\r\n\r\n{body}");
    exit_codes::server(answer.into_bytes().leak())
}

fn asking(service: &str, arguments: &[&str]) -> Command {
    let mut command = atera(arguments);
    command
        .env("ATERA_BASE_URL", service)
        .env("ATERA_API_KEY", "key")
        .env("NO_COLOR", "1");
    command
}

fn assert_obeyed_is_escaped(screen: &str, arguments: &[&str]) {
    // The terminal itself begins a line at its left.
    let shown = screen.replace("\r\n", "\n");
    let obeyed = |it: char| (it.is_control() && it != '\n') || it == '\u{202e}';
    assert!(
        shown.contains("[2J") && !shown.contains(obeyed),
        "{arguments:?}: {screen:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_terminal_is_not_told_what_to_do_and_a_pipe_gets_every_byte() {
    // Beside the text that JSON escapes in part there is a field of that name.
    let raw = OBEYED.replace(|it: char| it < ' ', "");
    let ticket = format!(
        r#"{{"TicketID":1,"TicketTitle":{},"{raw}":"{raw}"}}"#,
        serde_json::json!(OBEYED)
    );
    let page = format!(r#"{{"items":[{ticket}],"totalPages":1}}"#);
    let (page, ticket) = (answering("200 OK", &page), answering("200 OK", &ticket));
    for (service, request) in [
        (&page, &["tickets", "list"][..]),
        (&page, &["tickets", "list", "--all"]),
        (&page, &["api", "GET", "/tickets"]),
        (&ticket, &["tickets", "get", "1"]),
    ] {
        for format in ["table", "json", "ndjson", "yaml", "csv"] {
            let arguments = [request, &["-o", format]].concat();
            let (code, screen) = shown(asking(service, &arguments), 200).await;
            assert_eq!(code, 0, "{arguments:?}: {screen}");
            assert_obeyed_is_escaped(&screen, &arguments);
            if format == "ndjson" {
                let shown: Value = serde_json::from_str(&screen).expect("JSON that means the same");
                assert_eq!(shown["TicketTitle"], OBEYED);
            }
            let piped = output(asking(service, &arguments)).await;
            assert_success(&piped);
            let as_it_came = matches!(format, "json" | "ndjson");
            assert!(!as_it_came || stdout(&piped).contains(&raw), "{piped:?}");
            assert!(
                format != "csv" || stdout(&piped).contains(OBEYED) || request[0] == "api",
                "{piped:?}"
            );
        }
    }
    let arguments = ["api", "GET", "/tickets", "--headers"];
    let (_, screen) = shown(asking(&page, &arguments), 200).await;
    assert!(screen.contains("x-note: a\\u009b2J"), "{screen:?}");
    assert_obeyed_is_escaped(&screen, &arguments);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_of_the_service_tells_no_terminal_what_to_do() {
    let told = serde_json::json!({"Message": OBEYED, "errors": {OBEYED: [OBEYED]}}).to_string();
    let service = answering("400 Bad Request", &told);
    for arguments in [
        &["tickets", "list"][..],
        &["tickets", "list", "--all"],
        &["api", "GET", "/tickets"],
        &["doctor"],
        &["doctor", "-o", "json"],
    ] {
        let (_, screen) = shown(asking(&service, arguments), 200).await;
        assert_obeyed_is_escaped(&screen, arguments);
        let piped = output(asking(&service, arguments)).await;
        assert!(!stderr(&piped).trim_end().contains(char::is_control), "{piped:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_tells_no_terminal_what_to_do() {
    let account =
        serde_json::json!({"CompanyName": OBEYED, "TicketID": 1, "TicketTitle": OBEYED}).to_string();
    let service = answering("200 OK", &account);
    let arguments = ["tickets", "delete", "1"];
    let (code, screen) = answered(asking(&service, &arguments), "n\n").await;
    assert_eq!(code, 1, "{screen}");
    assert!(
        screen.contains("of a [2J 2J b (the key in ATERA_API_KEY)"),
        "{screen:?}"
    );
    assert_obeyed_is_escaped(&screen, &arguments);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sandbox_on_a_terminal_prints_a_line_for_each_request() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("env");
    let path = file.to_str().expect("text").to_string();
    aside(move || {
        let serve = atera(&[
            "sandbox",
            "--port",
            "0",
            "--count",
            "tickets=10",
            "--env-file",
            &path,
        ]);
        let mut terminal = Terminal::start(&serve, 200);
        terminal.until("Ctrl-C ends it");
        let mut get = atera(&["tickets", "get", "54321"]);
        for line in std::fs::read_to_string(&path).expect("a file").lines() {
            let (name, value) = line.split_once('=').expect("a variable");
            get.env(name, value);
        }
        assert_success(&get.output().expect("the command runs"));
        terminal.until("GET /api/v3/tickets/54321 200 ");
        terminal.kill();
    })
    .await;
}
