//! `write`: changes, and creates that are never sent twice.

use super::{host::call, *};

fn ticket(title: &str) -> Value {
    json!({
        "operation": "tickets_create",
        "body": {"TicketTitle": title, "Description": "It smokes", "EndUserID": 12345},
    })
}

#[tokio::test]
async fn a_record_is_changed() {
    let sandbox = sandbox().await;
    let session = connected(&sandbox, Access::Write).await;
    let update = json!({
        "operation": "tickets_update",
        "arguments": {"ticketId": 54321},
        "body": {"TicketStatus": "Resolved"},
    });
    assert_eq!(session.call("write", update).await["applied"], "yes");
    let read = json!({"operation": "tickets_get", "arguments": {"ticketId": 54321}, "fields": ["Status"]});
    assert_eq!(
        session.call("read", read).await["record"]["TicketStatus"],
        "Resolved"
    );
}

#[tokio::test]
async fn what_is_wrong_is_told_field_by_field() {
    let sandbox = sandbox().await;
    let session = connected(&sandbox, Access::Write).await;
    let body = json!({"TicketTitel": "Printer", "TicketPriority": "Huge", "EndUserID": "seven"});
    let failed = session
        .call("write", json!({"operation": "tickets_create", "body": body}))
        .await;
    assert_eq!((kind(&failed), applied(&failed)), ("invalid_request", "no"));
    let fields: Vec<_> = failed["error"]["fields"]
        .as_array()
        .expect("fields")
        .iter()
        .map(|it| it["field"].as_str().expect("text"))
        .collect();
    assert_eq!(
        fields,
        [
            "TicketTitel",
            "TicketTitle",
            "Description",
            "TicketPriority",
            "EndUserID"
        ]
    );
    assert_eq!(sandbox.log().len(), 0);
}

#[tokio::test]
async fn an_assistant_that_tries_again_creates_nothing_twice() {
    let sandbox = sandbox().await;
    let session = connected(&sandbox, Access::Write).await;
    let first = session.call("write", ticket("Printer")).await;
    assert_eq!(first["applied"], "yes");
    let second = session.call("write", ticket("Printer")).await;
    assert_eq!(second["answer"], first["answer"]);
    assert!(
        second["repeated"]
            .as_str()
            .expect("text")
            .contains("not sent again")
    );
    assert_eq!(changes(&sandbox), 1);
    session.call("write", ticket("Another printer")).await;
    assert_eq!(changes(&sandbox), 2);
}

#[tokio::test]
async fn a_create_whose_answer_is_lost_is_not_sent_again() {
    let faults = "tickets_create:reset-after=1*1".parse().expect("faults");
    let sandbox = builder().faults(faults).start().await.expect("a sandbox");
    let session = connected(&sandbox, Access::Write).await;
    let lost = session.call("write", ticket("Printer")).await;
    assert_eq!((kind(&lost), applied(&lost)), ("outcome_unknown", "unknown"));
    assert!(
        lost["error"]["next"]
            .as_str()
            .expect("text")
            .contains("do not send it again")
    );
    for _ in 0..3 {
        let again = session.call("write", ticket("Printer")).await;
        assert_eq!((kind(&again), applied(&again)), ("already_sent", "unknown"));
    }
    assert_eq!(sandbox.stats().creates["tickets_create"].effects, 1);
}

#[tokio::test]
async fn a_call_that_is_refused_may_be_sent_again() {
    let faults = "tickets_create:503=1*1".parse().expect("faults");
    let sandbox = builder().faults(faults).start().await.expect("a sandbox");
    let session = connected(&sandbox, Access::Write).await;
    let failed = session.call("write", ticket("Printer")).await;
    assert!(failed["error"]["status"] == 503, "{failed}");
    let mut contact = ticket("Printer");
    contact["body"]["EndUserID"] = json!(999_999);
    let refused = session.call("write", contact.clone()).await;
    assert_eq!(applied(&refused), "no", "{refused}");
    let again = session.call("write", contact).await;
    assert_eq!(kind(&again), kind(&refused));
}

#[tokio::test]
async fn a_cancelled_walk_sends_nothing_more() {
    use rmcp::model::{CallToolRequest, ClientRequest};
    use rmcp::service::PeerRequestOptions;

    // The first page comes, and the others wait for the limit.
    let sandbox = sandbox().await;
    let limit = atera::RateLimit::new(1, std::time::Duration::from_secs(600));
    let key = atera::ApiKey::new(sandbox.api_key()).expect("a key");
    let client = atera::Client::builder()
        .api_key(key)
        .base_url(sandbox.base_url())
        .rate_limit(limit)
        .build()
        .expect("a client");
    let rate = client.clone();
    let server = AteraServer::builder(client).build().expect("a server");
    let session = Host::mute().connect(server).await;
    let walk = json!({"operation": "tickets_list", "group_by": ["Title"]});
    let request = ClientRequest::CallToolRequest(CallToolRequest::new(call("read", walk)));
    let handle = session
        .client
        .send_request_with_option(request, PeerRequestOptions::no_options())
        .await
        .expect("a call");
    // It is under way: the first page has come, and the second waits.
    while session.host.progress.lock().expect("a lock").is_empty() || rate.rate().waiting == 0 {
        tokio::task::yield_now().await;
    }
    let before = sandbox.log().len();
    handle
        .cancel(Some("enough".to_string()))
        .await
        .expect("cancelled");
    // Nothing of it waits for the limit any more, and the server answers other calls.
    while rate.rate().waiting > 0 {
        tokio::task::yield_now().await;
    }
    session.call("search", json!({"words": "tickets"})).await;
    assert_eq!((before, sandbox.log().len()), (1, 1));
}
