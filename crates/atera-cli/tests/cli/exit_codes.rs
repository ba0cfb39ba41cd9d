//! Each failure has its exit code, and a sentence that says what to do.

use std::{collections::BTreeSet, time::Duration};

use atera::RateLimit;

use super::*;

/// The numbers at the beginnings of these phrases.
fn codes<'a>(phrases: impl Iterator<Item = &'a str>) -> BTreeSet<i32> {
    let numbers = phrases.filter_map(|phrase| phrase.split_whitespace().next()?.parse().ok());
    numbers.collect()
}

/// Every way to end that is promised has a case here, and every case comes to that end.
#[tokio::test(flavor = "multi_thread")]
async fn the_codes_that_help_and_readme_name_are_those_that_there_are() {
    let help = output(atera(&["--help"])).await;
    let (_, listed) = stdout(&help).split_once("Exit codes:\n").expect("the codes");
    let promised = codes(listed.lines());
    let readme = include_str!("../../../../README.md");
    let (_, paragraph) = readme.split_once("\nExit codes: ").expect("the codes");
    let paragraph = paragraph
        .split("\n\n")
        .next()
        .unwrap_or_default()
        .replace('\n', " ");
    assert_eq!(codes(paragraph.split(", ")), promised);
    let own = include_str!("../../README.md");
    let rows = own.lines().filter_map(|line| line.strip_prefix("| "));
    assert_eq!(codes(rows), promised);
    assert!(promised.len() > 10, "{promised:?}");
    for code in promised {
        let ended = end_with(code).await;
        assert_eq!(ended.status.code(), Some(code), "{ended:?}");
        assert!(stderr(&ended).starts_with("atera: "), "{code}: {ended:?}");
    }
}

/// Lets the command end with this code.
async fn end_with(code: i32) -> Output {
    let sandbox = sandbox().await;
    match code {
        1 => {
            ask(
                &sandbox,
                &["tickets", "list", "--output-file", "no/such/folder/file"],
            )
            .await
        }
        2 => output(atera(&["tickets", "list", "--colour", "red"])).await,
        3 => ask(&sandbox, &["tickets", "get", "999999999"]).await,
        4 => {
            asked(
                b"HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n",
                &["tickets", "list"],
            )
            .await
        }
        5 => asked(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n", &CREATE).await,
        6 => asked(b"", &CREATE).await,
        7 => too_many_requests().await,
        8 => unreachable().await,
        9 => {
            asked(
                b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}",
                &["tickets", "list"],
            )
            .await
        }
        10 => restless().await,
        #[cfg(target_os = "linux")]
        11 => super::unprinted::created("/dev/full", &CREATE).await.1,
        #[cfg(unix)]
        20 => super::report::rows_found().await,
        129 => ended_by("HUP").await,
        130 => ended_by("INT").await,
        143 => ended_by("TERM").await,
        code => panic!("no case ends with {code}"),
    }
}

/// A list of a service that wants an hour's rest after its first page.
async fn too_many_requests() -> Output {
    let limit = RateLimit::new(1, Duration::from_secs(3600));
    let sandbox = Sandbox::builder().rate_limit(limit).start().await;
    let walk = ["tickets", "list", "--all", "-o", "ndjson", "--rate-limit", "off"];
    ask(&sandbox.expect("a sandbox"), &walk).await
}

/// A list under a filter that more records come into each time that it is read.
async fn restless() -> Output {
    let churn = "tickets:update=1000".parse().expect("churn");
    let sandbox = Sandbox::builder().churn(churn).start().await;
    let walk = [
        "tickets",
        "list",
        "--ticket-status",
        "Open",
        "--all",
        "-o",
        "ndjson",
    ];
    ask(&sandbox.expect("a sandbox"), &walk).await
}

#[cfg(unix)]
async fn ended_by(signal: &'static str) -> Output {
    aside(move || super::running::ended_by(signal, "json")).await
}

/// A signal that ends only the command is sent on Unix alone.
#[cfg(not(unix))]
async fn ended_by(signal: &'static str) -> Output {
    let code = match signal {
        "HUP" => 129,
        "INT" => 130,
        _ => 143,
    };
    let command = format!("echo atera: 1>&2 && exit {code}");
    output(atera(&["sandbox", "--", "cmd", "/c", &command])).await
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_requests_are_7_and_what_came_is_printed() {
    let ended = too_many_requests().await;
    assert_eq!(ended.status.code(), Some(7), "{ended:?}");
    assert_eq!(stdout(&ended).lines().count(), 50);
    let told = stderr(&ended);
    assert!(
        told.contains("asked for a pause") && told.contains("--page 2 goes on from there"),
        "{told}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_would_not_settle_is_10_and_what_came_is_printed() {
    let ended = restless().await;
    assert_eq!(ended.status.code(), Some(10), "{ended:?}");
    let told = "tickets_list did not settle in 8 sweeps: its total is ";
    assert!(stderr(&ended).contains(told), "{ended:?}");
    assert!(stdout(&ended).lines().count() > 50, "{ended:?}");
}

/// What does not fit is told in the end, and keeps nothing else of its page from being printed.
#[tokio::test]
async fn a_page_is_printed_though_a_record_does_not_fit() {
    const PAGE: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 70\r\n\r\n\
        {\"items\": [{\"TicketID\": 1}, {\"TicketTitle\": \"Caf\xe9\"}, {\"TicketID\": 3}]}";
    for walk in [&["--page", "1"][..], &["--limit", "10"]] {
        let arguments = [&["tickets", "list", "-o", "ndjson"], walk].concat();
        let ended = asked(PAGE, &arguments).await;
        assert_eq!(stdout(&ended).lines().count(), 3, "{ended:?}");
        assert_eq!(ended.status.code(), Some(9), "{ended:?}");
        let told = "record 1 of a page of tickets_list does not fit the description";
        assert!(stderr(&ended).contains(told), "{ended:?}");
    }
}

#[tokio::test]
async fn a_wrong_key_is_4() {
    let sandbox = sandbox().await;
    let mut command = atera(&["tickets", "list"]);
    command
        .env("ATERA_BASE_URL", sandbox.base_url())
        .env("ATERA_API_KEY", "wrong");
    assert_failure(&output(command).await, 4, "the key was refused");
}

#[tokio::test]
async fn an_unknown_record_is_3() {
    let sandbox = sandbox().await;
    assert_failure(
        &ask(&sandbox, &["tickets", "get", "999999999"]).await,
        3,
        "no such record",
    );
}

#[tokio::test]
async fn no_key_is_2() {
    assert_failure(&output(atera(&["tickets", "list"])).await, 2, "ATERA_API_KEY");
}

#[tokio::test]
async fn arguments_that_cannot_be_used_are_2() {
    for (arguments, says) in [
        (&["tickets", "list", "--colour", "red"][..], "'--colour'"),
        (
            &["alerts", "list", "--alert-status", "Shut"],
            "must be one of Open, Resolved, Snoozed, not `Shut`; --allow-unknown",
        ),
        (
            &["tickets", "update", "7", "--ticket-priority", "Huge"],
            "Low, Medium, High, Critical",
        ),
        (&["tickets", "list", "--items-in-page", "many"], "a whole number"),
        (
            &["tickets", "list", "--items-in-page", "51", "--sandbox"],
            "1 to 50",
        ),
        (&["tickets", "get"], "<TICKET_ID>"),
        (&["tickets", "get", "seven"], "a whole number"),
        (&["agents", "get-available-patches", "seven"], "a UUID"),
        (
            &["tickets", "create", "--ticket-title", "Printer", "--sandbox"],
            "`Description` is missing",
        ),
        (&["tickets", "create"], "needs a body"),
    ] {
        assert_failure(&output(atera(arguments)).await, 2, says);
    }
}

async fn unreachable() -> Output {
    let (address, _held) = nobody();
    let mut command = atera(&["tickets", "list", "--max-attempts", "1"]);
    command
        .env("ATERA_BASE_URL", format!("http://{address}/api/v3"))
        .env("ATERA_API_KEY", "key");
    output(command).await
}

#[tokio::test]
async fn a_service_that_cannot_be_reached_is_8() {
    let told = "(the connection was refused); check the network and the base URL; asked at http://127.0.0.1:";
    assert_failure(&unreachable().await, 8, told);
}

/// A server that answers every request in this way, and its address. It stops with the process.
pub(super) fn server(answer: &'static [u8]) -> String {
    use std::io::{Read, Write};

    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            let mut request = [0; 4096];
            let _ = stream.read(&mut request);
            let _ = stream.write_all(answer);
        }
    });
    format!("http://{address}/api/v3")
}

pub(super) async fn asked(answer: &'static [u8], arguments: &[&str]) -> Output {
    let mut command = atera(arguments);
    command
        .env("ATERA_BASE_URL", server(answer))
        .env("ATERA_API_KEY", "key");
    output(command).await
}

pub(super) const CREATE: [&str; 8] = [
    "tickets",
    "create",
    "--ticket-title",
    "Printer",
    "--description",
    "Fire",
    "--end-user-id",
    "12345",
];

#[tokio::test]
async fn a_key_without_permission_is_4() {
    let failed = asked(
        b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n",
        &["tickets", "get", "7"],
    )
    .await;
    assert_failure(&failed, 4, "give it the permission in Admin > API");
}

#[tokio::test]
async fn what_the_service_refuses_is_5() {
    let failed = asked(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n", &CREATE).await;
    assert_failure(&failed, 5, "refused the request");
}

#[tokio::test]
async fn a_create_whose_answer_is_lost_is_6() {
    assert_failure(&asked(b"", &CREATE).await, 6, "before sending it again");
}

#[tokio::test]
async fn an_answer_that_does_not_fit_is_9() {
    let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";
    assert_failure(&asked(answer, &["tickets", "list"]).await, 9, "no `items` array");
}

/// `{"alg":"HS256"}`, `{"exp":1700000000}` and a signature.
const EXPIRED: &str = "eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjE3MDAwMDAwMDB9.c2lnbmF0dXJl";

#[tokio::test]
async fn a_key_that_has_expired_is_told_so() {
    let sandbox = sandbox().await;
    let mut command = atera(&["tickets", "get", "54321"]);
    command
        .env("ATERA_BASE_URL", sandbox.base_url())
        .env("ATERA_API_KEY", EXPIRED);
    let failed = output(command).await;
    assert_failure(
        &failed,
        4,
        "days ago, so make a new one in Admin > API (tickets_get); asked with the key in ATERA_API_KEY",
    );
    assert!(!stderr(&failed).contains("eyJ"), "{failed:?}");
}
