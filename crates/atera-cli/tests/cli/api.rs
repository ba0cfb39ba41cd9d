//! `atera api`.

use super::*;

#[tokio::test]
async fn an_answer_is_printed_as_it_was_sent() {
    let sandbox = sandbox().await;
    let client = sandbox.client().expect("a client");
    let sent = client
        .request(http::Method::GET, "/tickets")
        .query("page", 2)
        .query("itemsInPage", 7);
    let sent = sent.send().await.expect("a page").value;
    for arguments in [
        &["api", "get", "/tickets", "-q", "page=2", "-q", "itemsInPage=7"][..],
        &["api", "GET", "/tickets?page=2", "--query", "itemsInPage=7"],
        &["api", "GET", "tickets?page=2&itemsInPage=7"],
    ] {
        let printed = ask(&sandbox, arguments).await;
        assert_success(&printed);
        assert_eq!(printed.stdout.strip_suffix(b"\n"), Some(&sent[..]));
    }
}

#[tokio::test]
async fn records_of_a_page_are_shaped_when_asked() {
    let sandbox = sandbox().await;
    let arguments = [
        "api",
        "GET",
        "/tickets?itemsInPage=1",
        "-o",
        "csv",
        "--select",
        "TicketID,TicketTitle",
    ];
    let printed = ask(&sandbox, &arguments).await;
    assert_success(&printed);
    assert_eq!(
        stdout(&printed),
        "TicketID,TicketTitle\n54321,Printer in room 2 offline\n"
    );
    let headers = ask(&sandbox, &["api", "GET", "/tickets/54321", "-i"]).await;
    assert!(stdout(&headers).starts_with("200 OK\n"), "{headers:?}");
}

#[tokio::test]
async fn what_is_not_utf_8_is_printed_as_it_came() {
    const ANSWER: &[u8] =
        b"HTTP/1.1 200 OK\r\ncontent-length: 29\r\n\r\n{\"items\": [{\"Name\": \"Caf\xe9\"}]}";
    let printed = exit_codes::asked(ANSWER, &["api", "GET", "/tickets", "-o", "ndjson"]).await;
    assert_success(&printed);
    let came = ANSWER.split(|byte| *byte == b'\n').next_back().expect("a body");
    assert_eq!(printed.stdout.strip_suffix(b"\n"), Some(came));
}

#[tokio::test]
async fn what_deletes_or_is_not_known_needs_a_yes() {
    let sandbox = sandbox().await;
    for arguments in [["api", "DELETE", "/tickets/54321"], ["api", "POST", "/not/known"]] {
        assert_failure(&ask(&sandbox, &arguments).await, 2, "add --yes");
    }
    assert_success(&ask(&sandbox, &["api", "DELETE", "/tickets/54321", "--yes"]).await);
    assert_failure(&ask(&sandbox, &["api", "GET", "/tickets/54321"]).await, 3, "404");
    assert_failure(
        &ask(&sandbox, &["api", "GET", "/tickets/../alerts"]).await,
        2,
        "must not have `.`, `..`",
    );
    let elsewhere = ask(&sandbox, &["api", "GET", "https://example.com/tickets"]).await;
    assert_failure(&elsewhere, 2, "must begin with a slash, as in /tickets");
}

#[tokio::test]
async fn all_pages_of_a_list_are_read() {
    let sandbox = sandbox().await;
    let listed = |output: &Output| -> Vec<i64> {
        let lines = stdout(output)
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
        lines
            .map(|alert| alert["AlertID"].as_i64().expect("an id"))
            .collect()
    };
    let all = ask(&sandbox, &["api", "GET", "/alerts", "--all", "-o", "ndjson"]).await;
    assert_success(&all);
    assert_eq!(listed(&all), (90_210..90_590).collect::<Vec<_>>());
    assert_eq!(sandbox.stats().operations["alerts_list"], 8, "pages of 50");

    let from = [
        "api",
        "GET",
        "/alerts?page=19&itemsInPage=20",
        "--all",
        "-o",
        "ndjson",
    ];
    assert_eq!(
        listed(&ask(&sandbox, &from).await),
        (90_570..90_590).collect::<Vec<_>>()
    );
    let json = json(&ask(&sandbox, &["api", "GET", "/alerts", "--all"]).await);
    assert_eq!(json.as_array().map(Vec::len), Some(380));
    let table = ask(
        &sandbox,
        &[
            "api", "GET", "/alerts", "--all", "-o", "csv", "--select", "AlertID",
        ],
    )
    .await;
    assert_eq!(stdout(&table).lines().count(), 381);
}

#[tokio::test]
async fn what_has_no_pages_is_refused() {
    let sandbox = sandbox().await;
    let post = ask(&sandbox, &["api", "POST", "/alerts", "--all"]).await;
    assert_failure(&post, 2, "--all is for GET alone");
    let body = ask(&sandbox, &["api", "GET", "/alerts", "--all", "--headers"]).await;
    assert_failure(&body, 2, "cannot be used with '--headers'");
    let account = ask(&sandbox, &["api", "GET", "/account", "--all"]).await;
    let told = "the answer to GET /account is not a page of a list; leave --all out";
    assert_failure(&account, 9, told);
    let missing = ask(&sandbox, &["api", "GET", "/nothing", "--all"]).await;
    assert_failure(
        &missing,
        3,
        "404: there is nothing at this path; check it (GET /nothing",
    );
}

#[tokio::test]
async fn a_failure_speaks_of_the_method_and_the_path() {
    let get = ["api", "GET", "/tickets/54321"];
    let post = ["api", "POST", "/tickets", "--yes"];
    for (answer, arguments, says) in [
        (
            "404 Not Found\r\ncontent-length: 0",
            &get[..],
            "there is nothing at this path; check it (GET /tickets/54321)",
        ),
        (
            "400 Bad Request\r\ncontent-length: 0",
            &post,
            "the service refused the request; correct it (POST /tickets)",
        ),
        (
            "200 OK\r\ncontent-length: 9",
            &get,
            "the answer to GET /tickets/54321 was cut short",
        ),
        (
            "200 OK\r\ncontent-length: 1",
            &["api", "GET", "/tickets", "--all"],
            "the answer to GET /tickets cannot be read: ",
        ),
    ] {
        let answer = format!("HTTP/1.1 {answer}\r\n\r\n<").into_bytes().leak();
        let failed = exit_codes::asked(answer, &[arguments, &["--max-attempts", "1"]].concat()).await;
        let told = stderr(&failed);
        assert!(told.contains(says), "{told}");
        assert!(!told.contains("untyped"), "{told}");
    }
    let text = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nno";
    let filtered = exit_codes::asked(text, &["api", "GET", "/text", "--jq", "."]).await;
    assert_failure(
        &filtered,
        9,
        "the answer to GET /text is not JSON, which --jq needs; leave --jq out",
    );
}
