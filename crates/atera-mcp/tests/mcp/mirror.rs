//! `query` and `report`.

use std::path::Path;

use atera_mirror::{Mirror, SyncOptions};

use super::*;

/// A host at a server with a mirror of the sandbox in this folder.
pub(crate) async fn connected(sandbox: &Sandbox, access: Access, folder: &Path) -> Session {
    let client = sandbox.client().expect("a client");
    let mirror = Mirror::file(&folder.join("mirror.db")).await.expect("a mirror");
    mirror.sync(&client, &SyncOptions::new()).await.expect("a sync");
    let server = AteraServer::builder(client)
        .access(access)
        .mirror(mirror, None)
        .build();
    Host::mute().connect(server.expect("a server")).await
}

#[tokio::test]
async fn questions_cost_the_service_nothing() {
    let sandbox = builder().tickets(60).start().await.expect("a sandbox");
    let folder = tempfile::tempdir().expect("a folder");
    let session = connected(&sandbox, Access::Read, folder.path()).await;
    let before = sandbox.log().len();
    let sql = "SELECT count(*) AS n FROM tickets WHERE customer_id >= :least";
    let arguments = json!({"sql": sql, "parameters": {"least": 0}});
    let answer = session.call("query", arguments).await;
    assert_eq!(answer["columns"], json!(["n"]));
    assert_eq!(answer["rows"], json!([[60]]));
    assert!(answer["as_of"]["tickets"].is_string(), "{answer}");
    let list = session.call("report", json!({})).await;
    assert!(list["reports"].as_array().expect("reports").len() >= 11);
    let report = session
        .call(
            "report",
            json!({"name": "stale-agents", "parameters": {"days": 1}}),
        )
        .await;
    assert_eq!(report["report"], "stale-agents", "{report}");
    let unknown = session
        .call(
            "report",
            json!({"name": "stale-agents", "parameters": {"weeks": 1}}),
        )
        .await;
    assert_eq!(kind(&unknown), "invalid_request");
    assert_eq!(sandbox.log().len(), before);
}

#[tokio::test]
async fn every_list_that_is_asked_has_its_age_or_that_it_has_none() {
    let sandbox = builder().tickets(10).start().await.expect("a sandbox");
    let folder = tempfile::tempdir().expect("a folder");
    let client = sandbox.client().expect("a client");
    let mirror = Mirror::file(&folder.path().join("mirror.db"))
        .await
        .expect("a mirror");
    let options = SyncOptions::new().only(["customers", "tickets", "invoices"]);
    let options = options
        .and_then(|options| options.with(["comments"]))
        .expect("lists");
    mirror.sync(&client, &options).await.expect("a sync");
    let server = AteraServer::builder(client).mirror(mirror, None).build();
    let session = Host::mute().connect(server.expect("a server")).await;
    for (sql, lists, unread) in [
        (
            "SELECT count(*) FROM search",
            &["customers", "tickets", "tickets_comments"][..],
            &["knowledge_bases"][..],
        ),
        (
            "SELECT count(*) FROM _history",
            &["customers", "invoices", "tickets"],
            &[],
        ),
        ("SELECT count(*) FROM invoices_line_items", &["invoices"], &[]),
        ("SELECT count(*) FROM agents, tickets", &["tickets"], &["agents"]),
    ] {
        let answer = session.call("query", json!({"sql": sql})).await;
        let ages = answer["as_of"].as_object().expect("ages");
        let named: Vec<_> = ages
            .iter()
            .filter(|(_, age)| *age != "never read")
            .map(|(list, _)| list.as_str())
            .collect();
        assert_eq!(named, lists, "{sql}: {answer}");
        assert_eq!(ages.len(), lists.len() + unread.len(), "{sql}: {answer}");
        assert!(unread.iter().all(|list| ages[*list] == "never read"), "{answer}");
    }
    let report = session.call("report", json!({"name": "stale-agents"})).await;
    assert_eq!(report["as_of"]["agents"], "never read", "{report}");
}

#[tokio::test]
async fn sql_that_would_write_is_refused() {
    let sandbox = builder().tickets(10).start().await.expect("a sandbox");
    let folder = tempfile::tempdir().expect("a folder");
    let session = connected(&sandbox, Access::Full, folder.path()).await;
    let file = folder.path().join("mirror.db");
    for sql in [
        "DELETE FROM tickets",
        "UPDATE tickets SET ticket_title = 'x'",
        "DROP TABLE tickets",
        "INSERT INTO tickets (ticket_id) VALUES (1)",
        "SELECT 1; DELETE FROM tickets",
        "WITH x AS (SELECT 1) DELETE FROM tickets",
        "PRAGMA writable_schema = 1",
        "ATTACH DATABASE '/tmp/other.db' AS other",
        "VACUUM INTO '/tmp/other.db'",
        "CREATE TEMP TABLE x (y)",
        "SELECT load_extension('x')",
        "SELECT writefile('/tmp/x', 'y')",
        "SELECT readfile('/etc/passwd')",
        "",
    ] {
        let failed = session.call("query", json!({"sql": sql})).await;
        assert_eq!(kind(&failed), "invalid_request", "{sql}: {failed}");
    }
    let count = session
        .call("query", json!({"sql": "SELECT count(*) FROM tickets"}))
        .await;
    assert_eq!(count["rows"][0][0], 10);
    assert!(file.exists());
    assert_eq!(changes(&sandbox), 0);
}

#[tokio::test]
async fn rows_are_bounded_and_without_secrets() {
    let sandbox = builder().tickets(60).start().await.expect("a sandbox");
    let folder = tempfile::tempdir().expect("a folder");
    let session = connected(&sandbox, Access::Read, folder.path()).await;
    let all = session
        .call("query", json!({"sql": "SELECT * FROM tickets", "limit": 1000}))
        .await;
    assert!(all.to_string().len() < 60_000, "{}", all.to_string().len());
    assert!(all["more"].is_string());
    let some = session
        .call(
            "query",
            json!({"sql": "SELECT ticket_id FROM tickets", "limit": 7}),
        )
        .await;
    assert_eq!(some["returned"], 7);
    assert!(some["more"].is_string());
    let secrets = session
        .call(
            "query",
            json!({"sql": "SELECT community, record FROM devices_snmp"}),
        )
        .await;
    assert!(secrets.to_string().contains("(secret, not shown)"), "{secrets}");
    assert!(!secrets.to_string().contains("\"public\""), "{secrets}");
    let endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x, hex(randomblob(500)) FROM n";
    let endless = session
        .call("query", json!({"sql": endless, "limit": 1000}))
        .await;
    assert!(endless.to_string().len() < 60_000);
}

#[tokio::test]
async fn a_narrowed_server_has_no_sql() {
    let sandbox = builder().tickets(10).start().await.expect("a sandbox");
    let folder = tempfile::tempdir().expect("a folder");
    let client = sandbox.client().expect("a client");
    let mirror = Mirror::file(&folder.path().join("mirror.db"))
        .await
        .expect("a mirror");
    mirror.sync(&client, &SyncOptions::new()).await.expect("a sync");
    let server = AteraServer::builder(client)
        .mirror(mirror, None)
        .customer(1201)
        .build();
    let session = Host::mute().connect(server.expect("a server")).await;
    let tools = session.client.list_tools(None).await.expect("tools").tools;
    assert!(
        tools
            .iter()
            .all(|tool| tool.name != "query" && tool.name != "report")
    );
    session
        .client
        .call_tool(host::call("query", json!({"sql": "SELECT 1"})))
        .await
        .expect_err("no such tool");
}

/// A text that is cut is not taken for the whole.
#[tokio::test]
async fn what_a_query_cuts_is_told() {
    let sandbox = builder().tickets(10).start().await.expect("a sandbox");
    let folder = tempfile::tempdir().expect("a folder");
    let session = connected(&sandbox, Access::Read, folder.path()).await;
    let sql = "SELECT 1 AS n, hex(zeroblob(2000)) AS text UNION ALL SELECT 2, 'short' ORDER BY n DESC";
    let answer = session.call("query", json!({"sql": sql})).await;
    assert_eq!(
        answer["cut"],
        json!([{"row": 1, "column": "text", "shown": 1500, "of": 4000}]),
        "{answer}"
    );
    assert!(answer["remarks"].to_string().contains("substr("), "{answer}");
    let whole = session.call("query", json!({"sql": "SELECT 1 AS n"})).await;
    assert!(
        whole.get("cut").is_none() && whole.get("remarks").is_none(),
        "{whole}"
    );
}
