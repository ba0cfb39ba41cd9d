//! Every way in which the service fails: its kind, its status, and a sentence that helps.

use std::{io, time::Duration};

use atera::{
    Applied, Error, ErrorKind, RetryPolicy,
    mock::{KEY, Recorder},
    transport::{Fault, Response},
    types::{CreateTicket, UpdateTicket},
};
use http::StatusCode;

const HTML: &str = "<!DOCTYPE html><html><body><h1>404 - Not Found</h1></body></html>";
const FIELDS: &str = r#"{
    "type": "https://tools.ietf.org/html/rfc9110#section-15.5.1",
    "title": "One or more validation errors occurred.",
    "status": 400,
    "errors": {"TicketTitle": ["The TicketTitle field is required."], "EndUserID": ["No such contact."]}
}"#;

async fn read(recorder: Recorder) -> Error {
    recorder.client().tickets().get(54321).await.unwrap_err()
}

async fn create(recorder: Recorder) -> Error {
    let body = CreateTicket {
        end_user_id: Some(7),
        ..CreateTicket::new("Printer", "on fire")
    };
    recorder.client().tickets().create(body).await.unwrap_err()
}

async fn update(recorder: Recorder) -> Error {
    recorder
        .client()
        .tickets()
        .update(54321, UpdateTicket::default())
        .await
        .unwrap_err()
}

#[tokio::test]
async fn each_answer_has_its_kind_and_its_sentence() {
    let mut told = String::new();
    for (status, body) in [
        (302, ""),
        (304, ""),
        (400, FIELDS),
        (
            400,
            r#"{"Message": "Error description here", "ErrorCode": "SPECIFIC_ERROR_CODE"}"#,
        ),
        (401, ""),
        (403, r#"{"type": null, "title": "Forbidden", "status": 403}"#),
        (404, HTML),
        (
            404,
            r#"{"title": "Not Found", "status": 404, "detail": "Ticket 54321 does not exist."}"#,
        ),
        (408, ""),
        (409, ""),
        (410, ""),
        (422, "null"),
        (
            429,
            r#"{"Message": "Rate limit exceeded. Please wait before making more requests."}"#,
        ),
        (500, r#"{"Message": "An error has occurred."}"#),
        (502, HTML),
        (503, "Service Unavailable"),
    ] {
        let error = read(Recorder::answering(status, body)).await;
        assert_eq!(error.status().map(|status| status.as_u16()), Some(status));
        assert_eq!(
            error.operation().map(|operation| operation.id),
            Some("tickets_get")
        );
        assert_eq!(error.applied(), Applied::No, "a read changes nothing");
        assert_eq!(error.attempts(), 1);
        assert_eq!(error.body(), body.as_bytes());
        told += &format!("{:?}\n  {error}\n", error.kind());
    }
    insta::assert_snapshot!(told);
}

#[tokio::test]
async fn how_long_to_wait_is_told_where_the_service_says_so() {
    for (status, wait, says) in [
        (
            429,
            "3600",
            "the service asks to wait 60 minutes, so wait that long",
        ),
        (429, "7", "the service asks to wait 7 seconds, so wait that long"),
        (
            503,
            "86400",
            "the service failed; try again in 24 hours, as it asks",
        ),
    ] {
        let error = read(Recorder::new(move |_| {
            let status = StatusCode::from_u16(status).unwrap();
            let headers = [(http::header::RETRY_AFTER, wait.parse().unwrap())];
            let body = Box::pin(futures_util::stream::empty());
            Ok(Response::streaming(status, headers.into_iter().collect(), body))
        }))
        .await;
        assert!(error.to_string().contains(says), "{error}");
        assert_eq!(error.retry_after().unwrap().as_secs().to_string(), wait);
    }
}

#[tokio::test]
async fn a_page_of_a_proxy_is_told_with_the_host_that_sent_it() {
    let login = "\r\n<!DOCTYPE html><html><body>Sign in</body></html>";
    let marked = format!("\u{feff}{login}");
    for (error, says) in [
        (
            read(Recorder::answering(200, marked)).await,
            "check the network and the base URL",
        ),
        (
            read(Recorder::answering(200, login)).await,
            "check the network and the base URL",
        ),
        (
            create(Recorder::answering(200, login)).await,
            "if the service sent it, the call took effect, so do not repeat it before you have checked",
        ),
        (
            Recorder::answering(200, login)
                .client()
                .contacts()
                .list()
                .email("maya.lindqvist@harbordental.example")
                .await
                .map(drop)
                .unwrap_err(),
            "check the network and the base URL",
        ),
    ] {
        assert_eq!(error.kind(), ErrorKind::Decode);
        let told = error.to_string();
        let cause =
            "app.atera.com sent an HTML page instead of JSON, so a proxy or a login page may have answered; ";
        assert!(told.contains(cause) && told.ends_with(says), "{told}");
        assert!(!told.contains("maya"), "{told}");
    }
}

/// What a terminal would obey: escapes in both lengths, a bell, a delete, a line of its own, and text the other way round.
const OBEYED: &str = "a\u{1b}[2J\u{9b}31m\u{7}\u{7f}\r\nb\u{202e}c";

#[tokio::test]
async fn what_the_service_says_is_told_without_what_a_terminal_would_obey() {
    let body = serde_json::json!({"Message": OBEYED, "errors": {OBEYED: [OBEYED, "d"]}}).to_string();
    let error = read(Recorder::answering(400, body)).await;
    assert_eq!(
        error.to_string(),
        "400: the service refused the request; correct it (tickets_get; Atera says: a [2J 31m b c; a [2J 31m b c: a [2J \
         31m b c d)"
    );
    assert_eq!(error.message(), Some(OBEYED));
    assert_eq!(error.field_errors()[OBEYED][0], OBEYED);
}

#[tokio::test]
async fn a_fault_that_stays_is_not_tried_again() {
    for (fault, attempts) in [
        (
            (|| Fault::not_sent("the tunnel has no such end")) as fn() -> Fault,
            5,
        ),
        (|| Fault::not_sent("the tunnel has no such end").permanent(), 1),
    ] {
        let recorder = Recorder::new(move |_| Err(fault()));
        let policy = RetryPolicy::new().base_delay(Duration::ZERO);
        let client = recorder.builder().retry(policy).build().unwrap();
        let error = client.tickets().get(54321).await.unwrap_err();
        assert_eq!(recorder.sent().len(), attempts);
        assert_eq!(error.kind(), ErrorKind::Connection);
        let told = error
            .to_string()
            .ends_with("was not sent: the tunnel has no such end");
        assert_eq!(told, attempts == 1, "{error}");
    }
}

#[tokio::test]
async fn why_there_is_no_connection_is_told_where_it_is_known() {
    for (kind, told) in [
        (
            io::ErrorKind::ConnectionRefused,
            "reached (the connection was refused); check",
        ),
        (
            io::ErrorKind::NetworkUnreachable,
            "reached (there is no route to it); check",
        ),
        (io::ErrorKind::BrokenPipe, "reached; check"),
    ] {
        let error = read(Recorder::new(move |_| {
            Err(Fault::not_sent(io::Error::from(kind)))
        }))
        .await;
        assert!(error.to_string().contains(told), "{error}");
    }
}

#[tokio::test]
async fn the_errors_of_fields_are_told_by_field() {
    let error = create(Recorder::answering(400, FIELDS)).await;
    assert_eq!(error.kind(), ErrorKind::Rejected);
    assert_eq!(error.applied(), Applied::No);
    let fields = error.field_errors();
    assert_eq!(
        fields.keys().copied().collect::<Vec<_>>(),
        ["EndUserID", "TicketTitle"]
    );
    assert_eq!(fields["TicketTitle"], ["The TicketTitle field is required."]);
}

#[tokio::test]
async fn a_failed_write_tells_whether_it_took_effect() {
    for (status, of_create, of_update, applied) in [
        (400, ErrorKind::Rejected, ErrorKind::Rejected, Applied::No),
        (401, ErrorKind::Unauthorized, ErrorKind::Unauthorized, Applied::No),
        (429, ErrorKind::RateLimited, ErrorKind::RateLimited, Applied::No),
        (408, ErrorKind::Timeout, ErrorKind::Timeout, Applied::Unknown),
        (500, ErrorKind::Server, ErrorKind::Server, Applied::Unknown),
        (503, ErrorKind::Server, ErrorKind::Server, Applied::Unknown),
        (
            502,
            ErrorKind::OutcomeUnknown,
            ErrorKind::Server,
            Applied::Unknown,
        ),
        (
            504,
            ErrorKind::OutcomeUnknown,
            ErrorKind::Server,
            Applied::Unknown,
        ),
    ] {
        let created = create(Recorder::answering(status, "")).await;
        let updated = update(Recorder::answering(status, "")).await;
        assert_eq!(
            (created.kind(), created.applied()),
            (of_create, applied),
            "create {status}"
        );
        assert_eq!(
            (updated.kind(), updated.applied()),
            (of_update, applied),
            "update {status}"
        );
        // An update may be sent again, a create may not.
        let told = created.to_string();
        let warns = told.contains("have taken effect") && told.contains("before sending it again");
        assert_eq!(warns, applied == Applied::Unknown, "{told}");
        assert!(!updated.to_string().contains("have taken effect"), "{updated}");
    }
}

#[tokio::test]
async fn without_an_answer_it_matters_whether_anything_was_sent() {
    let not_sent = || Recorder::new(|_| Err(Fault::not_sent("connection refused")));
    let refused = || Recorder::new(|_| Err(Fault::refused("stream refused")));
    let broken = || Recorder::new(|_| Err(Fault::broken("connection reset")));
    let late = || Recorder::new(|_| Err(Fault::broken("too slow").timed_out()));
    for (error, kind, applied) in [
        (read(not_sent()).await, ErrorKind::Connection, Applied::No),
        (read(broken()).await, ErrorKind::Connection, Applied::No),
        (read(late()).await, ErrorKind::Timeout, Applied::No),
        (create(not_sent()).await, ErrorKind::Connection, Applied::No),
        (read(refused()).await, ErrorKind::Connection, Applied::No),
        (create(refused()).await, ErrorKind::Connection, Applied::No),
        (update(refused()).await, ErrorKind::Connection, Applied::No),
        (
            create(broken()).await,
            ErrorKind::OutcomeUnknown,
            Applied::Unknown,
        ),
        (create(late()).await, ErrorKind::OutcomeUnknown, Applied::Unknown),
        (update(not_sent()).await, ErrorKind::Connection, Applied::No),
        (update(broken()).await, ErrorKind::Connection, Applied::Unknown),
        (update(late()).await, ErrorKind::Timeout, Applied::Unknown),
    ] {
        assert_eq!((error.kind(), error.applied()), (kind, applied), "{error}");
        assert!(std::error::Error::source(&error).is_some(), "the cause is kept");
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_does_not_come_is_given_up_after_the_time_for_an_attempt() {
    let recorder = Recorder::new(|_| {
        let body = Box::pin(futures_util::stream::pending());
        Ok(Response::streaming(StatusCode::OK, Default::default(), body))
    });
    let before = tokio::time::Instant::now();
    assert_eq!(read(recorder.clone()).await.kind(), ErrorKind::Timeout);
    assert_eq!(before.elapsed().as_secs(), 30);
    let created = create(recorder).await;
    assert_eq!(
        (created.kind(), created.applied()),
        (ErrorKind::Timeout, Applied::Yes)
    );
}

#[tokio::test]
async fn a_body_that_is_cut_short_is_never_taken_for_a_whole_one() {
    let whole = r#"{"ActionID": "54321"}"#;
    for cut in 0..=whole.len() {
        let recorder = Recorder::new(move |_| {
            let chunks = [Ok(whole[..cut].into()), Err(Fault::broken("connection closed"))];
            let body = Box::pin(futures_util::stream::iter(chunks));
            Ok(Response::streaming(StatusCode::OK, Default::default(), body))
        });
        let created = create(recorder.clone()).await;
        assert_eq!(
            (created.kind(), created.applied()),
            (ErrorKind::Connection, Applied::Yes),
            "{created}"
        );
        let got = read(recorder).await;
        assert_eq!(
            (got.kind(), got.applied()),
            (ErrorKind::Connection, Applied::No),
            "{got}"
        );
    }
}

#[tokio::test]
async fn a_write_whose_answer_does_not_decode_took_effect() {
    for body in [
        "OK",
        "<html>",
        "[]",
        r#"{"ActionID": "54321""#,
        r#"{"ActionID": [1]}"#,
    ] {
        let error = create(Recorder::answering(201, body)).await;
        assert_eq!(
            (error.kind(), error.applied()),
            (ErrorKind::Decode, Applied::Yes),
            "{body}: {error}"
        );
        assert!(error.to_string().contains("do not repeat it"), "{error}");
    }
}

#[tokio::test]
async fn a_body_longer_than_the_limit_is_not_read_on() {
    let recorder = Recorder::new(|_| {
        let endless = futures_util::stream::repeat_with(|| Ok(vec![b' '; 1000].into()));
        Ok(Response::streaming(
            StatusCode::OK,
            Default::default(),
            Box::pin(endless),
        ))
    });
    let client = recorder.builder().body_limit(10_500).build().unwrap();
    let error = client.tickets().get(1).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert!(error.to_string().contains("longer than 10500 bytes"), "{error}");
}

#[tokio::test]
async fn no_failure_shows_the_key_or_a_query() {
    let faults: [fn() -> Recorder; 3] = [
        || Recorder::answering(401, ""),
        || Recorder::answering(200, "{"),
        || Recorder::new(|_| Err(Fault::broken("reset"))),
    ];
    for fault in faults {
        let client = fault().client();
        let list = client
            .contacts()
            .list()
            .email("maya.lindqvist@harbordental.example");
        let error = list.await.map(|_| ()).unwrap_err();
        let mut shown = format!("{client:?} {error} {error:?}");
        let mut cause = std::error::Error::source(&error);
        while let Some(error) = cause {
            shown += &format!(" {error} {error:?}");
            cause = error.source();
        }
        assert!(!shown.contains(KEY) && !shown.contains("maya"), "{shown}");
    }
}
