//! Calls from pages in a browser.

use std::time::Duration;

use atera::{ErrorKind, RateLimit};
use atera_sandbox::{Sandbox, SandboxBuilder};

use crate::wire::{Answer, send};

const PAGE: &str = "Origin: http://localhost:5173\r\n";
const ELSEWHERE: &str = "Origin: http://localhost:5174\r\n";
const ASKS: &str = "Access-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: x-api-key\r\n";

fn small() -> SandboxBuilder {
    Sandbox::builder().tickets(1)
}

async fn for_the_page(builder: SandboxBuilder) -> Sandbox {
    let builder = builder.cors("https://app.example").cors("http://localhost:5173");
    builder.start().await.expect("a sandbox")
}

/// Sends a request with these headers and the key of the sandbox.
async fn with_key(sandbox: &Sandbox, method: &str, path: &str, headers: &str) -> Answer {
    let headers = format!("X-API-KEY: {}\r\n{headers}", sandbox.api_key());
    send(sandbox, method, path, &headers, "").await
}

/// The headers of an answer that concern CORS.
fn cors(answer: &Answer) -> Vec<(&str, &str)> {
    let headers = answer.headers.iter();
    headers
        .filter(|(name, _)| name.starts_with("access-control-") || *name == "vary")
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect()
}

const READABLE: [(&str, &str); 3] = [
    ("access-control-allow-origin", "http://localhost:5173"),
    (
        "access-control-expose-headers",
        "X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, Retry-After",
    ),
    ("vary", "Origin"),
];

#[tokio::test]
async fn a_browser_learns_without_a_key_what_a_page_may_send() {
    let sandbox = for_the_page(small()).await;
    for path in ["/api/v3/tickets", "/api/v3/tickets/54321", "/api/v3/nothing"] {
        let answer = send(&sandbox, "OPTIONS", path, &format!("{PAGE}{ASKS}"), "").await;
        assert_eq!((answer.status, answer.body.as_str()), (204, ""), "{path}");
        assert_eq!(
            cors(&answer),
            [
                (
                    "access-control-allow-headers",
                    "X-API-KEY, Authorization, Content-Type"
                ),
                ("access-control-allow-methods", "GET, POST, PUT, DELETE"),
                READABLE[0],
                READABLE[1],
                ("access-control-max-age", "600"),
                READABLE[2],
            ],
            "{path}"
        );
    }
}

#[tokio::test]
async fn every_method_of_the_service_may_be_sent() {
    let sandbox = for_the_page(small()).await;
    let answer = send(
        &sandbox,
        "OPTIONS",
        "/api/v3/tickets",
        &format!("{PAGE}{ASKS}"),
        "",
    )
    .await;
    let methods: Vec<_> = answer.headers["access-control-allow-methods"]
        .split(", ")
        .collect();
    for operation in atera::description::OPERATIONS {
        assert!(methods.contains(&operation.method.as_str()), "{}", operation.id);
    }
}

#[tokio::test]
async fn a_page_can_read_every_answer() -> atera::Result<()> {
    let limit = RateLimit::new(3, Duration::from_secs(3_600));
    let sandbox = for_the_page(small().rate_limit(limit)).await;
    let unknown = send(&sandbox, "GET", "/api/v3/tickets", PAGE, "").await;
    assert_eq!((unknown.status, unknown.body.as_str()), (401, ""));
    assert_eq!(cors(&unknown), READABLE);
    sandbox.set_faults("account_get:502=1".parse()?);
    for (path, status) in [
        ("/api/v3/tickets", 200),
        ("/api/v3/account", 502),
        ("/api/v3/tickets/9", 404),
        ("/api/v3/tickets", 429),
    ] {
        let answer = with_key(&sandbox, "GET", path, PAGE).await;
        assert_eq!(answer.status, status, "{path}");
        assert_eq!(cors(&answer), READABLE, "{path}");
    }
    Ok(())
}

#[tokio::test]
async fn another_page_learns_nothing() {
    let sandbox = for_the_page(small()).await;
    let asked = send(
        &sandbox,
        "OPTIONS",
        "/api/v3/tickets",
        &format!("{ELSEWHERE}{ASKS}"),
        "",
    )
    .await;
    assert_eq!((asked.status, cors(&asked)), (405, vec![("vary", "Origin")]));
    let answer = with_key(&sandbox, "GET", "/api/v3/tickets", ELSEWHERE).await;
    assert_eq!((answer.status, cors(&answer)), (200, vec![("vary", "Origin")]));
}

#[tokio::test]
async fn a_star_lets_all_pages() -> atera::Result<()> {
    let sandbox = small().cors("*").start().await?;
    let answer = with_key(&sandbox, "GET", "/api/v3/tickets", ELSEWHERE).await;
    assert_eq!(cors(&answer), [("access-control-allow-origin", "*"), READABLE[1]]);
    // A program outside of browsers sends no origin.
    assert_eq!(cors(&with_key(&sandbox, "GET", "/api/v3/tickets", "").await), []);
    Ok(())
}

#[tokio::test]
async fn without_an_origin_options_is_a_method_that_no_path_has() -> atera::Result<()> {
    let sandbox = small().start().await?;
    for headers in ["", PAGE, &format!("{PAGE}{ASKS}")] {
        let answer = send(&sandbox, "OPTIONS", "/api/v3/tickets", headers, "").await;
        assert_eq!(answer.status, 405, "{headers}");
        assert_eq!(answer.headers["allow"], "GET, POST");
        assert_eq!(cors(&answer), [], "{headers}");
        let nowhere = send(&sandbox, "OPTIONS", "/api/v3/nothing", headers, "").await;
        assert_eq!(nowhere.status, 404, "{headers}");
    }
    let answer = with_key(&sandbox, "GET", "/api/v3/tickets", PAGE).await;
    assert_eq!((answer.status, cors(&answer)), (200, vec![]));
    Ok(())
}

#[tokio::test]
async fn options_takes_no_slot_of_the_limit() {
    let limit = RateLimit::new(1, Duration::from_secs(3_600));
    let sandbox = for_the_page(small().rate_limit(limit)).await;
    for headers in [format!("{PAGE}{ASKS}"), String::new()] {
        let answer = with_key(&sandbox, "OPTIONS", "/api/v3/tickets", &headers).await;
        assert!([204, 405].contains(&answer.status));
        assert_eq!(answer.headers.get("x-ratelimit-limit"), None);
    }
    let answer = with_key(&sandbox, "GET", "/api/v3/tickets", PAGE).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.headers["x-ratelimit-remaining"], "0");
    assert_eq!(sandbox.stats().most_in_window, 1);
    let log: Vec<_> = sandbox
        .log()
        .into_iter()
        .map(|arrival| (arrival.method, arrival.status))
        .collect();
    assert_eq!(
        log,
        [("OPTIONS", 204), ("OPTIONS", 405), ("GET", 200)]
            .map(|(method, status)| (method.to_string(), Some(status)))
    );
}

#[tokio::test]
async fn the_paths_without_a_key_stay_closed_to_other_pages() {
    let sandbox = for_the_page(small()).await;
    let asked = send(
        &sandbox,
        "OPTIONS",
        "/_sandbox/reset",
        &format!("{PAGE}{ASKS}"),
        "",
    )
    .await;
    assert_eq!((asked.status, cors(&asked)), (405, vec![]));
    let dump = send(&sandbox, "GET", "/_sandbox/dump", PAGE, "").await;
    assert_eq!((dump.status, cors(&dump)), (200, vec![]));
}

#[tokio::test]
async fn an_unfit_origin_is_refused_at_the_start() {
    let error = small()
        .cors("localhost:5173")
        .start()
        .await
        .expect_err("no scheme");
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(
        error.to_string().contains("`localhost:5173` is not an origin"),
        "{error}"
    );
}
