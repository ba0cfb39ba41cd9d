//! Limits, keys and permissions.

use std::time::Duration;

use atera::{RateLimit, Timestamp};
use atera_sandbox::{Permissions, Sandbox};

use crate::wire::{Answer, ask, get, send};

async fn with_key(sandbox: &Sandbox, key: &str, method: &str, path: &str) -> Answer {
    let header = format!("X-API-KEY: {key}\r\n");
    send(sandbox, method, &format!("/api/v3{path}"), &header, "{}").await
}

#[tokio::test]
async fn seven_hundred_requests_a_minute_are_let_through_and_no_more() -> atera::Result<()> {
    let sandbox = Sandbox::builder().tickets(1).start().await?;
    let first = get(&sandbox, "/account").await;
    assert_eq!(first.headers["x-ratelimit-limit"], "700");
    assert_eq!(first.headers["x-ratelimit-remaining"], "699");
    for _ in 0..699 {
        assert_eq!(get(&sandbox, "/account").await.status, 200);
    }

    let refused = get(&sandbox, "/account").await;

    assert_eq!(refused.status, 429);
    assert_eq!(
        refused.body,
        r#"{"Message":"Rate limit exceeded. Please wait before making more requests."}"#
    );
    assert_eq!(refused.headers["x-ratelimit-remaining"], "0");
    let seconds: u64 = refused.headers["retry-after"].parse().expect("seconds");
    assert!((1..=60).contains(&seconds), "{seconds}");
    assert_eq!(
        refused.headers["x-ratelimit-reset"],
        refused.headers["retry-after"]
    );
    let stats = sandbox.stats();
    assert_eq!((stats.most_in_window, stats.most_admitted_in_window), (701, 700));
    assert_eq!((stats.refused, stats.early_retries), (1, 0));

    get(&sandbox, "/account").await;
    assert_eq!(sandbox.stats().early_retries, 1);
    Ok(())
}

#[tokio::test]
async fn each_key_has_a_limit_of_its_own_and_no_key_has_none() -> atera::Result<()> {
    let limit = RateLimit::new(2, Duration::from_secs(3_600));
    let sandbox = Sandbox::builder()
        .tickets(1)
        .rate_limit(limit)
        .key("second", Permissions::all())
        .start()
        .await?;
    for expected in [200, 200, 429] {
        assert_eq!(get(&sandbox, "/account").await.status, expected);
        assert_eq!(
            with_key(&sandbox, "second", "GET", "/account").await.status,
            expected
        );
        assert_eq!(with_key(&sandbox, "third", "GET", "/account").await.status, 401);
    }
    // Requests that are refused for another reason count as well.
    sandbox.reset();
    for expected in [404, 400, 429] {
        let path = if expected == 404 {
            "/tickets/9"
        } else {
            "/tickets?page=0"
        };
        assert_eq!(get(&sandbox, path).await.status, expected);
    }
    Ok(())
}

#[tokio::test]
async fn without_a_limit_there_are_no_headers_of_one() -> atera::Result<()> {
    let sandbox = Sandbox::builder()
        .tickets(1)
        .rate_limit(RateLimit::off())
        .start()
        .await?;
    assert!(
        !get(&sandbox, "/account")
            .await
            .headers
            .keys()
            .any(|name| name.starts_with("x-ratelimit"))
    );
    let none = RateLimit::new(0, Duration::from_secs(1));
    assert!(Sandbox::builder().rate_limit(none).start().await.is_err());
    Ok(())
}

#[tokio::test]
async fn permissions_are_by_domain_and_by_what_is_done() -> atera::Result<()> {
    let desk: Permissions = "*:r,tickets:w,alerts:d".parse()?;
    let sandbox = Sandbox::builder().tickets(2).key("desk", desk).start().await?;
    for (method, path, status) in [
        ("GET", "/tickets", 200),
        ("GET", "/customers/1201", 200),
        ("POST", "/tickets/54321", 200),
        ("POST", "/tickets/billableduration", 400),
        ("DELETE", "/tickets/54321", 403),
        ("DELETE", "/alerts/90210", 204),
        ("PUT", "/alerts/90211", 403),
        ("POST", "/customers", 403),
        ("POST", "/agents/5501/powershell", 403),
    ] {
        let answer = with_key(&sandbox, "desk", method, path).await;
        assert_eq!(answer.status, status, "{method} {path}: {}", answer.body);
    }
    Ok(())
}

#[tokio::test]
async fn a_key_that_has_expired_is_as_good_as_none() -> atera::Result<()> {
    let at = |text: &str| text.parse::<Timestamp>();
    let expires = Permissions::all().expires(at("2026-06-01T00:00:00Z")?);
    for (now, status) in [("2026-05-31T23:59:59Z", 200), ("2026-06-01T00:00:00Z", 401)] {
        let builder = Sandbox::builder().tickets(1).permissions(expires.clone());
        let sandbox = builder.now(at(now)?).start().await?;
        let answer = get(&sandbox, "/account").await;
        assert_eq!(answer.status, status, "{now}");
        assert!(status == 200 || answer.body.is_empty());
    }
    Ok(())
}

#[tokio::test]
async fn a_jwt_is_taken_as_a_bearer_by_the_client() -> atera::Result<()> {
    let sandbox = Sandbox::builder().tickets(3).jwt().start().await?;
    let key = sandbox.api_key();
    assert!(key.len() > 100 && key.split('.').count() == 3, "{key}");
    let tickets = sandbox.client()?.tickets().list().await?;
    assert_eq!(tickets.items.len(), 3);
    Ok(())
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_at_the_start() {
    for (builder, what) in [
        (Sandbox::builder().time_zone("Atlantis"), "`Atlantis`"),
        (
            Sandbox::builder().permissions(Permissions::all().read("tikcets")),
            "`tikcets`",
        ),
        (Sandbox::builder().key("two words", Permissions::all()), "key"),
        (Sandbox::builder().load("[]"), "JSON object"),
        (Sandbox::builder().load(r#"{"Tickets": []}"#), "`Tickets`"),
        (
            Sandbox::builder().load(r#"{"Ticket": [{"TicketID": "7"}]}"#),
            "Ticket[0].TicketID",
        ),
        (
            Sandbox::builder().load(r#"{"Ticket": [{"TicketID": 7, "Titel": ""}]}"#),
            "Ticket[0].Titel",
        ),
        (
            Sandbox::builder().load(r#"{"Ticket": [{"TicketID": 9223372036854775807}]}"#),
            "Ticket[0].TicketID",
        ),
        (
            Sandbox::builder().load(r#"{"Ticket": [{}]}"#),
            "Ticket[0].TicketID",
        ),
    ] {
        let error = builder.start().await.expect_err(what);
        assert!(error.to_string().contains(what), "{error}");
    }
}

#[tokio::test]
async fn the_habits_of_other_programs_are_accepted() -> atera::Result<()> {
    let sandbox = Sandbox::builder().start().await?;
    for path in [
        "/tickets?Page=2&ItemsInPage=10",
        "/tickets/?PAGE=2&itemsinpage=10",
        "/Tickets?page=2&itemsInPage=10",
    ] {
        let page = get(&sandbox, path).await.json();
        assert_eq!(
            (&page["page"], &page["itemsInPage"]),
            (&2.into(), &10.into()),
            "{path}"
        );
    }
    let header = format!("X-Api-Key: {}\r\n", sandbox.api_key());
    assert_eq!(
        send(&sandbox, "GET", "/api/v3/account/", &header, "")
            .await
            .status,
        200
    );
    for method in ["POST", "PUT"] {
        let body = format!(r#"{{"TicketTitle": "{method}"}}"#);
        assert_eq!(ask(&sandbox, method, "/tickets/54321", &body).await.status, 200);
        assert_eq!(
            get(&sandbox, "/tickets/54321").await.json()["TicketTitle"],
            method
        );
    }
    Ok(())
}
