//! Faults and churn, and what the log has of them.

use std::collections::BTreeSet;

use atera::RateLimit;
use atera_sandbox::{Churn, Faults, Sandbox, SandboxBuilder};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::wire::{ask, get, send};

fn small() -> SandboxBuilder {
    Sandbox::builder().tickets(60).rate_limit(RateLimit::off())
}

/// The bytes until the connection ends, and how it ends.
async fn undecoded(sandbox: &Sandbox, method: &str, path: &str, body: &str) -> (String, std::io::Result<()>) {
    let address = sandbox.base_url()["http://".len()..].replace("/api/v3", "");
    let key = sandbox.api_key();
    let length = body.len();
    let request = format!(
        "{method} /api/v3{path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nX-API-KEY: {key}\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    let mut stream = TcpStream::connect(&address).await.expect("a connection");
    stream.write_all(request.as_bytes()).await.expect("to send");
    let mut bytes = Vec::new();
    let end = stream.read_to_end(&mut bytes).await.map(|_| ());
    (String::from_utf8(bytes).expect("UTF-8"), end)
}

const TICKET: &str = r#"{"TicketTitle": "T", "Description": "D", "EndUserID": 12345}"#;

async fn tickets(sandbox: &Sandbox) -> u64 {
    let page = get(sandbox, "/tickets?itemsInPage=1").await.json();
    page["totalItemCount"].as_u64().expect("a total")
}

#[tokio::test]
async fn a_status_comes_before_or_after_the_request_is_carried_out() -> atera::Result<()> {
    let sandbox = small().start().await?;
    for (fault, status, made) in [
        ("tickets_create:503=1", 503, 0),
        ("tickets_create:504-after=1", 504, 1),
    ] {
        let before = tickets(&sandbox).await;
        sandbox.set_faults(fault.parse()?);
        assert_eq!(ask(&sandbox, "POST", "/tickets", TICKET).await.status, status);
        assert_eq!(tickets(&sandbox).await, before + made, "{fault}");
    }
    Ok(())
}

#[tokio::test]
async fn a_connection_is_reset_before_or_after_the_request_is_carried_out() -> atera::Result<()> {
    let sandbox = small().start().await?;
    for (fault, made) in [("tickets_create:reset=1", 0), ("tickets_create:reset-after=1", 1)] {
        let before = tickets(&sandbox).await;
        sandbox.set_faults(fault.parse()?);
        let (answer, end) = undecoded(&sandbox, "POST", "/tickets", TICKET).await;
        assert_eq!(answer, "", "{fault}");
        let end = end.expect_err("a reset");
        assert_eq!(end.kind(), std::io::ErrorKind::ConnectionReset, "{fault}");
        assert_eq!(tickets(&sandbox).await, before + made, "{fault}");
    }
    let creates = sandbox.stats().creates["tickets_create"];
    assert_eq!(
        (creates.requests, creates.effects, creates.most_effects),
        (1, 1, 1)
    );
    let log = sandbox.log();
    let lost: Vec<_> = log
        .iter()
        .filter(|it| it.status.is_none())
        .map(|it| it.fault.as_deref())
        .collect();
    assert_eq!(lost, [Some("reset"), Some("reset-after")]);
    Ok(())
}

#[tokio::test]
async fn a_body_is_cut_where_it_is_said() -> atera::Result<()> {
    let sandbox = small().start().await?;
    let whole = get(&sandbox, "/account").await.body;
    for (fault, length) in [("cut@0=1", 0), ("cut@10=1", 10), ("cut=1", whole.len() / 2)] {
        sandbox.set_faults(fault.parse()?);
        let (answer, _) = undecoded(&sandbox, "GET", "/account", "").await;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        if length > 0 {
            assert!(
                head.contains(&format!("content-length: {}", whole.len())),
                "{fault}: {head}"
            );
        }
        assert_eq!(body, &whole[..length], "{fault}");
    }
    Ok(())
}

#[tokio::test]
async fn bodies_drip_are_no_json_or_are_those_of_a_proxy() -> atera::Result<()> {
    let sandbox = small().start().await?;
    let whole = get(&sandbox, "/account").await.body;
    sandbox.set_faults("drip@1ms=1".parse()?);
    assert_eq!(get(&sandbox, "/account").await.body, whole);
    sandbox.set_faults("bad-json=1".parse()?);
    let bad = get(&sandbox, "/account").await;
    assert_eq!(bad.status, 200);
    assert!(serde_json::from_str::<Value>(&bad.body).is_err());
    sandbox.set_faults("html=1".parse()?);
    let html = get(&sandbox, "/account").await;
    assert_eq!(
        (html.status, html.headers["content-type"].as_str()),
        (502, "text/html; charset=utf-8")
    );
    assert!(html.body.starts_with("<!DOCTYPE html>"));
    Ok(())
}

#[tokio::test]
async fn links_and_redirects_lead_to_another_host() -> atera::Result<()> {
    let sandbox = small().start().await?;
    sandbox.set_faults("foreign-link=1".parse()?);
    let page = get(&sandbox, "/tickets").await.json();
    assert_eq!(page["nextLink"], "https://elsewhere.invalid/api/v3/?page=2");
    // The client does not follow links.
    assert_eq!(sandbox.client()?.tickets().list().all().await?.len(), 60);
    sandbox.set_faults("redirect=1".parse()?);
    let redirected = get(&sandbox, "/tickets").await;
    assert_eq!((redirected.status, redirected.body.as_str()), (307, ""));
    assert_eq!(
        redirected.headers["location"],
        "https://elsewhere.invalid/api/v3/tickets"
    );
    Ok(())
}

#[tokio::test]
async fn the_same_seed_makes_the_same_go_wrong() -> atera::Result<()> {
    async fn statuses(seed: u64) -> atera::Result<Vec<u16>> {
        let sandbox = small()
            .seed(seed)
            .faults("5xx=0.3,429=0.1".parse()?)
            .start()
            .await?;
        let mut statuses = Vec::new();
        for _ in 0..60 {
            statuses.push(get(&sandbox, "/account").await.status);
        }
        Ok(statuses)
    }
    let one = statuses(5).await?;
    assert_eq!(statuses(5).await?, one);
    assert_ne!(statuses(6).await?, one);
    let seen: BTreeSet<u16> = one.iter().copied().collect();
    assert!(
        seen.is_superset(&BTreeSet::from([200, 429, 500, 502, 503, 504])),
        "{seen:?}"
    );
    Ok(())
}

#[tokio::test]
async fn a_fault_happens_no_more_often_than_it_says_and_only_where_it_says() -> atera::Result<()> {
    let sandbox = small().faults("account_get:503=1*2".parse()?).start().await?;
    let mut statuses = Vec::new();
    for path in ["/tickets", "/account", "/account", "/account"] {
        statuses.push(get(&sandbox, path).await.status);
    }
    assert_eq!(statuses, [200, 503, 503, 200]);
    assert_eq!(sandbox.stats().faults["503"], 2);
    Ok(())
}

#[tokio::test]
async fn records_come_and_go_while_a_list_is_read() -> atera::Result<()> {
    let sandbox = small().start().await?;
    let churn: Churn = "tickets:insert=2,delete=1,update=1".parse()?;
    assert_eq!(churn.to_string(), "tickets:insert=2,delete=1,update=1");
    sandbox.set_churn(churn);
    for page in 1..=5 {
        let page = get(&sandbox, &format!("/tickets?page={page}&itemsInPage=10")).await;
        assert_eq!(page.status, 200);
    }
    sandbox.set_churn(Churn::none());
    assert_eq!(tickets(&sandbox).await, 60 + 5);
    // Other kinds of records do not change, and new records have all fields.
    let last = sandbox
        .client()?
        .tickets()
        .list()
        .all()
        .await?
        .pop()
        .expect("a ticket");
    assert_eq!(last.ticket_id, Some(54_321 + 60 + 9));
    let id = last.ticket_id.unwrap_or_default();
    assert!(
        !sandbox
            .client()?
            .tickets()
            .list_comments(id)
            .await?
            .items
            .is_empty()
    );
    Ok(())
}

#[tokio::test]
async fn programs_in_any_language_steer_it_over_http() -> atera::Result<()> {
    let sandbox = small().start().await?;
    let steer = async |method: &'static str, path: &'static str, body: &'static str| {
        send(&sandbox, method, path, "", body).await
    };
    assert_eq!(steer("POST", "/_sandbox/faults", "503=1*1").await.body, "503=1*1");
    assert_eq!(
        steer("POST", "/_sandbox/churn", "alerts:delete=1").await.body,
        "alerts:insert=0,delete=1,update=0"
    );
    assert_eq!(steer("POST", "/_sandbox/faults", "nonsense").await.status, 400);
    assert_eq!(steer("GET", "/_sandbox/faults", "").await.body, "503=1*1");

    assert_eq!(get(&sandbox, "/account").await.status, 503);
    assert_eq!(ask(&sandbox, "DELETE", "/tickets/54321", "").await.status, 204);

    let log = steer("GET", "/_sandbox/log", "").await.json();
    assert_eq!(
        (&log[0]["operation"], &log[0]["status"], &log[0]["fault"]),
        (&json!("account_get"), &json!(503), &json!("503"))
    );
    assert_eq!(
        (&log[1]["method"], &log[1]["path"]),
        (&json!("DELETE"), &json!("/api/v3/tickets/54321"))
    );
    assert!(log[0]["at_ms"].as_f64() <= log[1]["at_ms"].as_f64());
    assert_eq!(
        steer("GET", "/_sandbox/log?since=1", "")
            .await
            .json()
            .as_array()
            .map(Vec::len),
        Some(1)
    );
    let stats = steer("GET", "/_sandbox/stats", "").await.json();
    assert_eq!(
        (
            &stats["arrivals"],
            &stats["statuses"]["503"],
            &stats["faults"]["503"]
        ),
        (&json!(2), &json!(1), &json!(1))
    );
    let state = steer("GET", "/_sandbox/state", "").await.json();
    assert_eq!(
        (&state["records"]["Ticket"], &state["limit"]),
        (&json!(59), &Value::Null)
    );

    assert_eq!(steer("POST", "/_sandbox/reset", "").await.status, 204);
    assert_eq!(steer("GET", "/_sandbox/stats", "").await.json()["arrivals"], 0);
    assert_eq!(get(&sandbox, "/tickets/54321").await.status, 200);
    Ok(())
}

#[tokio::test]
async fn a_key_is_nowhere_in_what_is_told() -> atera::Result<()> {
    let sandbox = small().start().await?;
    get(&sandbox, "/tickets").await;
    for path in [
        "/_sandbox/log",
        "/_sandbox/stats",
        "/_sandbox/state",
        "/_sandbox/dump",
    ] {
        let told = send(&sandbox, "GET", path, "", "").await;
        assert_eq!(told.status, 200, "{path}");
        assert!(!told.body.contains(sandbox.api_key()), "{path}");
    }
    Ok(())
}

#[tokio::test]
async fn what_is_dumped_is_loaded_again() -> atera::Result<()> {
    let sandbox = small().start().await?;
    assert_eq!(ask(&sandbox, "DELETE", "/tickets/54321", "").await.status, 204);
    let again = small().load(sandbox.dump()).start().await?;
    let read = |sandbox: &Sandbox| serde_json::from_str::<Value>(&sandbox.dump()).expect("JSON");
    let (dumped, loaded) = (read(&sandbox), read(&again));
    for (kind, records) in dumped.as_object().expect("kinds") {
        for (index, record) in records.as_array().expect("records").iter().enumerate() {
            assert_eq!(loaded[kind][index], *record, "{kind}");
        }
    }
    assert_eq!(loaded, dumped);
    for path in [
        "/tickets?itemsInPage=50",
        "/contracts",
        "/workhours",
        "/customvalues",
        "/devices/snmpdevices",
    ] {
        let without_links = |sandbox: &Sandbox, body: String| body.replace(sandbox.base_url(), "");
        let one = without_links(&sandbox, get(&sandbox, path).await.body);
        assert_eq!(without_links(&again, get(&again, path).await.body), one, "{path}");
    }
    assert_eq!(
        ask(&again, "POST", "/tickets", TICKET).await.json()["ActionID"],
        "54381"
    );

    let own = r#"{"Customer": [{"CustomerID": 3, "CustomerName": "Own"}], "Contact": [{"EndUserID": 4, "CustomerID": 3}]}"#;
    let own = Sandbox::builder().load(own).start().await?;
    assert_eq!(get(&own, "/contacts/4").await.json()["CustomerName"], "Own");
    assert_eq!(get(&own, "/tickets").await.json()["totalItemCount"], 0);
    Ok(())
}

#[test]
fn nothing_goes_wrong_unless_it_is_said() {
    assert_eq!(Faults::none().to_string(), "");
    assert_eq!(Churn::none(), "".parse().expect("nothing"));
    for text in [
        "tickets",
        "tickets:insert",
        "nothing:insert=1",
        "tickets:explode=1",
        "tickets:insert=-1",
    ] {
        assert!(text.parse::<Churn>().is_err(), "{text}");
    }
}
