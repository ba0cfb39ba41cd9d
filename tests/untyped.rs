//! Requests to any path.

use atera::{
    ErrorKind, RetryPolicy,
    mock::{KEY, Recorder},
    transport::Fault,
};
use http::Method;
use serde_json::json;

#[tokio::test]
async fn a_request_goes_out_as_it_was_put_together() {
    let service = Recorder::answering(200, r#"{"made": true}"#);
    let client = service.client();
    let body = json!({"Name": "a", "Notes": null});
    let answer = client
        .request(Method::POST, "/brand/new path")
        .query("search", "a b&c")
        .query("page", 2)
        .json(&body)
        .unwrap()
        .send()
        .await
        .unwrap();
    assert_eq!(&answer.value[..], br#"{"made": true}"#);
    let sent = service.only();
    assert_eq!(
        sent.url.as_str(),
        "https://app.atera.com/api/v3/brand/new%20path?search=a+b%26c&page=2"
    );
    assert_eq!(sent.headers["content-type"], "application/json");
    assert!(sent.headers["x-api-key"].to_str().unwrap().contains(KEY));
    assert_eq!(
        sent.body.as_deref(),
        Some(&br#"{"Name":"a","Notes":null}"#[..]),
        "null is sent as null"
    );
}

#[tokio::test]
async fn an_answer_is_decoded_or_tells_where_it_could_not_be() {
    let service = Recorder::answering(200, r#"{"items": [{"TicketID": 1}]}"#);
    let client = service.client();
    let page: atera::Page<serde_json::Value> =
        client.request(Method::GET, "/tickets").decode().await.unwrap();
    assert_eq!(page.items.len(), 1);
    let error = client
        .request(Method::GET, "/tickets")
        .decode::<atera::Page<u8>>()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    let empty = Recorder::answering(204, "").client();
    assert!(
        empty
            .request(Method::GET, "/tickets")
            .send()
            .await
            .unwrap()
            .value
            .is_empty()
    );
}

#[tokio::test]
async fn a_request_goes_nowhere_but_below_the_base_url() {
    let service = Recorder::answering(200, "{}");
    let client = service.client();
    for path in [
        "",
        "tickets",
        "@evil.example/tickets",
        "https://evil.example/tickets",
        "/..",
        "/../v4/tickets",
        "/tickets/../../account",
        "/tickets/%2e%2E/account",
        "/tickets/.",
        "/tickets/%2e",
        "/tickets/.\t./account",
        "/\\evil.example",
        "/tickets?page=1",
        "/tickets#1",
    ] {
        let error = client.request(Method::DELETE, path).send().await.unwrap_err();
        assert_eq!(
            (error.kind(), error.attempts()),
            (ErrorKind::InvalidRequest, 0),
            "{path}"
        );
    }
    assert!(service.sent().is_empty());
    // Odd, but the service's own business.
    for path in [
        "//evil.example/tickets",
        "/user@evil.example",
        "/tickets/",
        "/a%2Fb",
    ] {
        client.request(Method::GET, path).send().await.unwrap();
    }
    for request in service.sent() {
        let url = request.url.as_str();
        assert!(url.starts_with("https://app.atera.com/api/v3/"), "{url}");
    }
}

#[tokio::test(start_paused = true)]
async fn only_what_is_not_a_create_is_sent_again() {
    let service = Recorder::new(|_| Err(Fault::broken("reset")));
    let client = service.builder().retry(RetryPolicy::new()).build().unwrap();
    for (method, idempotent, sent, kind) in [
        (Method::GET, None, 5, ErrorKind::Connection),
        (Method::HEAD, Some(false), 5, ErrorKind::Connection),
        (Method::PUT, None, 5, ErrorKind::Connection),
        (Method::DELETE, None, 5, ErrorKind::Connection),
        (Method::POST, None, 1, ErrorKind::OutcomeUnknown),
        (Method::PATCH, None, 1, ErrorKind::OutcomeUnknown),
        (Method::POST, Some(true), 5, ErrorKind::Connection),
        (Method::PATCH, Some(true), 5, ErrorKind::Connection),
        (Method::PUT, Some(false), 1, ErrorKind::OutcomeUnknown),
    ] {
        let before = service.sent().len();
        let mut call = client.request(method.clone(), "/tickets");
        if let Some(idempotent) = idempotent {
            call = call.idempotent(idempotent);
        }
        let error = call.send().await.unwrap_err();
        assert_eq!(error.kind(), kind, "{method} {idempotent:?}: {error}");
        assert_eq!(service.sent().len() - before, sent, "{method} {idempotent:?}");
        assert_eq!(error.operation().map(|operation| operation.id), None);
    }
    let usage = client.usage();
    assert_eq!(usage.by_operation["untyped_get"].attempts, 5);
    let error = client
        .request(Method::TRACE, "/tickets")
        .send()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
}

#[tokio::test]
async fn a_failure_speaks_of_the_method_and_the_path() {
    let key = "0123456789abcdef0123456789abcdef";
    let get = async |service: Recorder, path: String| {
        let client = service.client();
        client
            .request(Method::GET, path)
            .send()
            .await
            .unwrap_err()
            .to_string()
    };
    let told = get(Recorder::answering(404, ""), "/newthings/7".to_string()).await;
    assert_eq!(
        told,
        "404: there is nothing at this path; check it (GET /newthings/7)"
    );
    let told = get(Recorder::answering(403, ""), format!("/newthings/{key}")).await;
    assert!(
        told.ends_with("(GET /newthings/…)"),
        "a key in the wrong place is not repeated: {told}"
    );
    let unreachable = Recorder::new(|_| Err(Fault::not_sent("unreachable")));
    let told = get(unreachable, "/new things".to_string()).await;
    assert!(
        told.starts_with("GET /new things was not sent: the service cannot be reached; "),
        "{told}"
    );
    let service = Recorder::answering(200, r#"{"Name": "a"}"#);
    let error = service
        .client()
        .request(Method::GET, "/account")
        .records()
        .try_next()
        .await;
    assert_eq!(
        error.unwrap_err().to_string(),
        "the answer to GET /account cannot be read: there is no `items` array, so it is not a page"
    );
}
