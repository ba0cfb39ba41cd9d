//! `--groups` and `--customer`.

use atera::description::OPERATIONS;

use super::{every_operation::example, *};

async fn narrowed(sandbox: &Sandbox, access: Access) -> Session {
    let client = sandbox.client().expect("a client");
    let server = AteraServer::builder(client).access(access).customer(1201).build();
    Host::typing("Harbor Dental")
        .connect(server.expect("a server"))
        .await
}

/// A record of another customer, by the operation that reads it and its parameter.
async fn others(sandbox: &Sandbox, list: &str, field: &str) -> i64 {
    let session = connected(sandbox, Access::Read).await;
    let arguments = json!({"operation": list, "where": "CustomerID!=1201", "limit": 1, "fields": [field]});
    let found = session.call("read", arguments).await;
    found["records"][0][field]
        .as_i64()
        .expect("a record of another customer")
}

#[tokio::test]
async fn groups_leave_out_the_others() {
    let sandbox = sandbox().await;
    let client = sandbox.client().expect("a client");
    let server = AteraServer::builder(client)
        .groups(["tickets"])
        .build()
        .expect("a server");
    let session = Host::mute().connect(server).await;
    let failed = session.call("read", json!({"operation": "customers_list"})).await;
    assert_eq!(kind(&failed), "not_allowed");
    assert_eq!(
        session.call("read", json!({"operation": "tickets_list"})).await["total"],
        300
    );
    let found = session.call("search", json!({"words": "customers"})).await;
    assert!(!found.to_string().contains("customers_list"), "{found}");
    let client = sandbox.client().expect("a client");
    assert!(AteraServer::builder(client).groups(["tikets"]).build().is_err());
}

#[tokio::test]
async fn lists_have_the_records_of_the_customer_only() {
    let sandbox = sandbox().await;
    let session = narrowed(&sandbox, Access::Read).await;
    for list in [
        "tickets_list",
        "agents_list",
        "alerts_list",
        "contacts_list",
        "customers_list",
        "work_hours_list",
    ] {
        let mut arguments = json!({"operation": list, "limit": 50});
        let mut seen = 0;
        loop {
            let page = session.call("read", arguments).await;
            for record in page["records"]
                .as_array()
                .unwrap_or_else(|| panic!("{list}: {page}"))
            {
                assert_eq!(record["CustomerID"], 1201, "{list}");
                seen += 1;
            }
            match page.get("next") {
                Some(next) => arguments = json!({"cursor": next}),
                None => break,
            }
        }
        let count = session
            .call("read", json!({"operation": list, "count": true}))
            .await;
        assert_eq!(count["count"], seen, "{list}");
    }
    let other = json!({"operation": "tickets_list", "arguments": {"customerId": 1202}});
    assert_eq!(kind(&session.call("read", other).await), "not_allowed");
}

#[tokio::test(flavor = "multi_thread")]
async fn records_of_others_are_neither_read_nor_changed() {
    let sandbox = sandbox().await;
    let ticket = others(&sandbox, "tickets_list", "TicketID").await;
    let contact = others(&sandbox, "contacts_list", "EndUserID").await;
    let agent = others(&sandbox, "agents_list", "AgentID").await;
    sandbox.reset();
    let session = narrowed(&sandbox, Access::Full).await;
    for (tool, arguments) in [
        (
            "read",
            json!({"operation": "tickets_get", "arguments": {"ticketId": ticket}}),
        ),
        (
            "read",
            json!({"operation": "tickets_list_comments", "arguments": {"ticketId": ticket}}),
        ),
        (
            "read",
            json!({"operation": "customers_get", "arguments": {"customerId": 1202}}),
        ),
        (
            "write",
            json!({"operation": "tickets_update", "arguments": {"ticketId": ticket}, "body": {"TicketStatus": "Closed"}}),
        ),
        (
            "write",
            json!({"operation": "tickets_create", "body": {"TicketTitle": "a", "Description": "b", "EndUserID": contact}}),
        ),
        (
            "write",
            json!({"operation": "tickets_create", "body": {"TicketTitle": "a", "Description": "b"}}),
        ),
        (
            "write",
            json!({"operation": "contacts_create", "body": {"Email": "a@b.example", "CustomerID": 1202}}),
        ),
        (
            "write",
            json!({"operation": "contacts_create", "body": {"Email": "a@b.example", "CustomerName": "Harbor Dental"}}),
        ),
        (
            "write",
            json!({"operation": "contacts_update", "arguments": {"contactId": 12345}, "body": {"CustomerID": 1202}}),
        ),
        (
            "write",
            json!({"operation": "customers_create", "body": {"CustomerName": "Mine"}}),
        ),
        (
            "destroy",
            json!({"operation": "customers_delete", "arguments": {"customerId": 1202}}),
        ),
        (
            "destroy",
            json!({"operation": "tickets_delete", "arguments": {"ticketId": ticket}}),
        ),
        (
            "destroy",
            json!({"operation": "agents_run_powershell", "arguments": {"agentId": agent}, "body": {"Script": "Get-Date"}}),
        ),
    ] {
        let failed = session.call(tool, arguments.clone()).await;
        assert!(
            matches!(kind(&failed), "not_allowed" | "invalid_request"),
            "{arguments}: {failed}"
        );
        assert!(!failed.to_string().contains("\"record\""), "{failed}");
    }
    assert_eq!(changes(&sandbox), 0);

    let own = json!({"operation": "tickets_create", "body": {"TicketTitle": "a", "Description": "b", "EndUserID": 12345}});
    assert_eq!(session.call("write", own).await["applied"], "yes");
    let own = json!({"operation": "contacts_create", "body": {"Email": "a@b.example", "CustomerID": 1201}});
    assert_eq!(session.call("write", own).await["applied"], "yes");
    assert_eq!(changes(&sandbox), 2);
}

/// Ids that are tried out tell nothing: a record of another customer is answered like one that does not exist.
#[tokio::test(flavor = "multi_thread")]
async fn whether_a_record_of_others_exists_is_not_told() {
    type Call = fn(i64) -> (&'static str, Value);
    const NONE: i64 = 999_999_999;

    let sandbox = sandbox().await;
    let ticket = others(&sandbox, "tickets_list", "TicketID").await;
    let contact = others(&sandbox, "contacts_list", "EndUserID").await;
    let session = narrowed(&sandbox, Access::Full).await;
    let calls: [(i64, Call); 5] = [
        (ticket, |id| {
            (
                "read",
                json!({"operation": "tickets_get", "arguments": {"ticketId": id}}),
            )
        }),
        (ticket, |id| {
            (
                "read",
                json!({"operation": "tickets_list_comments", "arguments": {"ticketId": id}}),
            )
        }),
        (contact, |id| {
            (
                "read",
                json!({"operation": "contacts_get", "arguments": {"contactId": id}}),
            )
        }),
        (contact, |id| {
            (
                "write",
                json!({"operation": "tickets_create", "body": {"TicketTitle": "a", "Description": "b", "EndUserID": id}}),
            )
        }),
        (ticket, |id| {
            (
                "destroy",
                json!({"operation": "tickets_delete", "arguments": {"ticketId": id}}),
            )
        }),
    ];
    for (id, call) in calls {
        let (tool, arguments) = call(id);
        let foreign = session.call(tool, arguments.clone()).await;
        assert_eq!(kind(&foreign), "not_allowed", "{arguments}");
        let (tool, arguments) = call(NONE);
        assert_eq!(
            session.call(tool, arguments.clone()).await,
            foreign,
            "{arguments}"
        );
    }
}

/// The service's total is that of all customers.
#[tokio::test]
async fn how_many_records_others_have_is_not_told() {
    let sandbox = builder().contacts(160).start().await.expect("a sandbox");
    let session = narrowed(&sandbox, Access::Read).await;
    let list = json!({"operation": "contacts_list", "limit": 1});
    let page = session.call("read", list).await;
    let open = connected(&sandbox, Access::Read).await;
    let all = json!({"operation": "contacts_list", "limit": 1});
    let of_all = open.call("read", all).await;
    // A cursor says nothing of the place, and one that is made up, or of a server that is not narrowed, is none.
    assert_eq!(page["next"].as_str().map(str::len), Some(36), "{page}");
    for made_up in [&of_all["next"], &json!("00000000-0000-4000-8000-000000000000")] {
        let failed = session.call("read", json!({"cursor": made_up})).await;
        assert_eq!(kind(&failed), "invalid_request", "{failed}");
    }
    for _ in 0..2 {
        let again = session.call("read", json!({"cursor": page["next"]})).await;
        assert_eq!(again["returned"], 1, "{again}");
    }
    // Nor does the progress.
    let count = json!({"operation": "contacts_list", "where": "Email!=x", "count": true});
    open.call("read", count.clone()).await;
    assert!(!open.host.progress.lock().expect("a lock").is_empty());
    session.call("read", count).await;
    let all = json!({"operation": "contacts_list", "limit": 500});
    session.call("read", all).await;
    assert!(session.host.progress.lock().expect("a lock").is_empty());
    let count = json!({"operation": "agents_list", "count": true});
    for answer in [page, session.call("read", count).await] {
        assert!(
            answer.get("total").is_none() && answer.get("scanned").is_none(),
            "{answer}"
        );
    }
}

/// Whatever cannot be told apart is refused before anything is sent.
#[tokio::test]
async fn what_does_not_tell_whose_it_is_is_refused() {
    let sandbox = sandbox().await;
    let session = narrowed(&sandbox, Access::Full).await;
    let mut refused = 0;
    for operation in OPERATIONS {
        let level = atera_mcp::Level::least(operation);
        let described = session.call("describe", json!({"operation": operation.id})).await;
        if kind(&described) == "not_allowed" {
            refused += 1;
            let before = sandbox.log().len();
            let failed = session.call(level.tool(), example(operation, level)).await;
            assert_eq!(kind(&failed), "not_allowed", "{}", operation.id);
            assert_eq!(sandbox.log().len(), before, "{}", operation.id);
        }
    }
    println!(
        "{refused} of {} operations do not tell whose records they are about",
        OPERATIONS.len()
    );
    assert!((40..90).contains(&refused), "{refused}");
}
