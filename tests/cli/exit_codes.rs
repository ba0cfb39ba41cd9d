//! Each failure has its exit code, and a sentence that says what to do.

use super::*;

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

#[tokio::test]
async fn a_service_that_cannot_be_reached_is_8() {
    // The port is free again once the listener is dropped.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    let mut command = atera(&["tickets", "list", "--max-attempts", "1"]);
    command
        .env("ATERA_BASE_URL", format!("http://{address}/api/v3"))
        .env("ATERA_API_KEY", "key");
    assert_failure(&output(command).await, 8, "cannot be reached");
}

/// A server that answers every request in this way, and its address. It stops with the process.
fn server(answer: &'static [u8]) -> String {
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

async fn asked(answer: &'static [u8], arguments: &[&str]) -> Output {
    let mut command = atera(arguments);
    command
        .env("ATERA_BASE_URL", server(answer))
        .env("ATERA_API_KEY", "key");
    output(command).await
}

const CREATE: [&str; 8] = [
    "tickets",
    "create",
    "--ticket-title",
    "Printer",
    "--description",
    "Fire",
    "--end-user-id",
    "7",
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
        "expired on 2023-11-14, make a new one in Admin > API in Atera",
    );
    assert!(!stderr(&failed).contains("eyJ"), "{failed:?}");
}
