//! `search`, `describe` and `read`.

use super::*;

#[tokio::test]
async fn a_record_is_found_described_and_read() {
    let sandbox = sandbox().await;
    let session = connected(&sandbox, Access::Read).await;
    let found = session.call("search", json!({"words": "one ticket by id"})).await;
    let ids = found["operations"].to_string();
    assert!(ids.contains("tickets_get"), "{ids}");
    let described = session
        .call("describe", json!({"operation": "tickets_get"}))
        .await;
    assert!(
        described["description"]
            .as_str()
            .expect("text")
            .contains("ticketId")
    );
    let arguments = json!({"operation": "tickets_get", "arguments": {"ticketId": 54321}});
    let read = session.call("read", arguments).await;
    assert_eq!(read["record"]["TicketID"], 54321);
    assert!(
        read["untrusted"]
            .as_str()
            .expect("text")
            .contains("no instruction")
    );
}

#[tokio::test]
async fn a_list_is_read_with_cursors_to_its_end() {
    let sandbox = sandbox().await;
    let session = connected(&sandbox, Access::Read).await;
    for limit in [7, 50, 120] {
        let mut arguments = json!({"operation": "tickets_list", "limit": limit, "fields": ["TicketTitle"]});
        let (mut ids, mut calls) = (Vec::new(), 0);
        loop {
            let page = session.call("read", arguments).await;
            assert_eq!(page["total"], 300, "{page}");
            let records = page["records"].as_array().expect("records");
            ids.extend(records.iter().map(|it| it["TicketID"].as_i64().expect("an id")));
            calls += 1;
            match page.get("next") {
                Some(next) => arguments = json!({"cursor": next}),
                None => break,
            }
        }
        assert_eq!(calls, 300_usize.div_ceil(limit));
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), 300);
    }
    let count = session
        .call("read", json!({"operation": "tickets_list", "count": true}))
        .await;
    assert_eq!(count["count"], 300);
}

#[tokio::test]
async fn a_mistake_is_told_by_its_field() {
    let sandbox = sandbox().await;
    let session = connected(&sandbox, Access::Read).await;
    let arguments = json!({"operation": "tickets_get", "arguments": {"id": 7}});
    let failed = session.call("read", arguments).await;
    assert_eq!(kind(&failed), "invalid_request");
    assert_eq!(failed["error"]["applied"], "no");
    assert_eq!(failed["error"]["fields"][0]["field"], "id");
    let arguments = json!({"operation": "tickets_get", "arguments": {"ticketId": 999_999}});
    let failed = session.call("read", arguments).await;
    assert_eq!(kind(&failed), "not_found");
    assert_eq!(failed["error"]["status"], 404);
}

#[tokio::test]
async fn records_are_chosen_counted_and_summed() {
    let sandbox = sandbox().await;
    let session = connected(&sandbox, Access::Read).await;
    let open = json!({"operation": "tickets_list", "where": "Status=Open", "count": true});
    let open = session.call("read", open).await["count"]
        .as_u64()
        .expect("a number");
    assert!((1..300).contains(&open), "{open}");
    let groups = json!({"operation": "tickets_list", "group_by": ["Status"]});
    let groups = session.call("read", groups).await;
    let rows = groups["rows"].as_array().expect("rows");
    let row = rows
        .iter()
        .find(|row| row["TicketStatus"] == "Open")
        .expect("a row");
    assert_eq!(row["Count"], open);

    // The service filters what it can, and the rest is looked at here, from cursor to cursor.
    let mut arguments = json!({
        "operation": "tickets_list",
        "where": "Status=Open and Title~e",
        "fields": ["title", "Status"],
        "limit": 9,
    });
    let mut titles = Vec::new();
    loop {
        let page = session.call("read", arguments).await;
        for record in page["records"].as_array().expect("records") {
            assert_eq!(record["TicketStatus"], "Open");
            assert!(
                record["TicketTitle"]
                    .as_str()
                    .expect("text")
                    .to_lowercase()
                    .contains('e')
            );
            titles.push(record["TicketID"].as_i64().expect("an id"));
        }
        match page.get("next") {
            Some(next) => arguments = json!({"cursor": next}),
            None => break,
        }
    }
    let count = json!({"operation": "tickets_list", "where": "Status=Open and Title~e", "count": true});
    assert_eq!(session.call("read", count).await["count"], titles.len());

    let mistake = json!({"operation": "tickets_list", "where": "Stats=Open"});
    let failed = session.call("read", mistake).await;
    assert_eq!(kind(&failed), "invalid_request");
    assert!(
        failed["error"]["message"]
            .as_str()
            .expect("text")
            .contains("TicketStatus"),
        "{failed}"
    );
}

#[tokio::test]
async fn secrets_are_not_shown_and_not_compared_with() {
    let sandbox = sandbox().await;
    let session = connected(&sandbox, Access::Read).await;
    let list = json!({"operation": "devices_snmp_list", "limit": 50});
    let list = session.call("read", list).await;
    assert!(
        list["records"]
            .as_array()
            .expect("records")
            .iter()
            .any(|it| it["Community"] == "(secret, not shown)")
    );
    let guess = json!({"operation": "devices_snmp_list", "where": "Community~u", "count": true});
    assert_eq!(session.call("read", guess).await["count"], 0);
    let groups = json!({"operation": "devices_snmp_list", "group_by": ["Community"]});
    let groups = session.call("read", groups).await;
    assert!(!groups.to_string().contains("public"), "{groups}");
}

/// Accounts keep passwords in custom fields, whose names tell it.
#[tokio::test]
async fn passwords_in_custom_fields_are_not_shown_and_not_compared_with() {
    let values = json!([
        {"ItemId": 54321, "FieldName": "Firewall password", "ValueAsString": "hunter2", "ValueAsDecimal": 4711.0},
        {"ItemId": 54321, "FieldName": "Asset tag", "ValueAsString": "HD-9"},
    ]);
    let recorder = atera::mock::Recorder::answering(200, values.to_string());
    let server = AteraServer::builder(recorder.client()).build().expect("a server");
    let session = Host::mute().connect(server).await;
    let list = |further: Value| {
        let mut call = json!({"operation": "custom_values_list_on_ticket", "arguments": {"ticketId": 54321}});
        call.as_object_mut()
            .expect("an object")
            .extend(further.as_object().expect("an object").clone());
        call
    };
    let all = session.call("read", list(json!({}))).await;
    assert_eq!(all["records"][0]["ValueAsString"], "(secret, not shown)");
    assert_eq!(all["records"][1]["ValueAsString"], "HD-9");
    for further in [
        json!({}),
        // The name is not among the fields that are shown.
        json!({"fields": ["ValueAsString", "ValueAsDecimal"]}),
        json!({"group_by": ["ValueAsString"]}),
        json!({"sum": ["ValueAsDecimal"]}),
    ] {
        let answer = session.call("read", list(further.clone())).await;
        let text = answer.to_string();
        assert!(
            !text.contains("hunter2") && !text.contains("4711"),
            "{further}: {text}"
        );
    }
    let guess = session
        .call("read", list(json!({"where": "ValueAsString~hunter"})))
        .await;
    assert_eq!(guess["records"], json!([]), "{guess}");

    // The call names the field, and the answer does not.
    let unnamed = json!([{"ItemId": 54321, "ValueAsString": "hunter2"}]);
    let recorder = atera::mock::Recorder::answering(200, unnamed.to_string());
    let server = AteraServer::builder(recorder.client()).build().expect("a server");
    let session = Host::mute().connect(server).await;
    let one = json!({
        "operation": "custom_values_get_on_ticket",
        "arguments": {"ticketId": 54321, "fieldName": "firewall PASSWORD"},
    });
    let one = session.call("read", one).await;
    assert_eq!(one["records"][0]["ValueAsString"], "(secret, not shown)", "{one}");
}

/// A list that is shorter than it was ends, and it is told that records may be missing.
#[tokio::test]
async fn a_list_that_has_become_shorter_ends() {
    let sandbox = sandbox().await;
    let session = connected(&sandbox, Access::Read).await;
    let first = json!({"operation": "tickets_list", "limit": 100, "fields": ["TicketID"]});
    let mut page = session.call("read", first).await;
    assert_eq!(page["total"], 300);
    assert!(page["remarks"].is_null(), "{page}");
    let client = sandbox.client().expect("a client");
    let gone: Vec<_> = page["records"]
        .as_array()
        .expect("records")
        .iter()
        .take(60)
        .cloned()
        .collect();
    for record in gone {
        let id = record["TicketID"].as_i64().expect("an id");
        client.tickets().delete(id).await.expect("deleted");
    }
    let mut calls = 0;
    while let Some(next) = page.get("next").cloned() {
        page = session.call("read", json!({"cursor": next})).await;
        calls += 1;
        assert_eq!(page["total"], 240, "{page}");
        // It is told once: from there on, the cursor knows the list as it is.
        let is_told = page["remarks"].to_string().contains("has changed");
        assert_eq!(is_told, calls == 1, "{page}");
        assert!(calls < 5, "it never ends: {page}");
    }
    // 100 were read, and 140 are left behind them.
    assert_eq!(calls, 2);
}

/// A place that a list does not reach any more is its end.
#[tokio::test]
async fn a_place_beyond_the_list_is_its_end() {
    let sandbox = sandbox().await;
    let session = connected(&sandbox, Access::Read).await;
    let first = json!({"operation": "alerts_list", "limit": 20});
    let page = session.call("read", first).await;
    let client = sandbox.client().expect("a client");
    for alert in client
        .alerts()
        .list()
        .all()
        .await
        .expect("alerts")
        .into_iter()
        .take(25)
    {
        client
            .alerts()
            .delete(alert.alert_id.expect("an id"))
            .await
            .expect("deleted");
    }
    let page = session.call("read", json!({"cursor": page["next"]})).await;
    assert_eq!(page["returned"], 0, "{page}");
    assert!(
        page.get("next").is_none() && page.get("total").is_none(),
        "{page}"
    );
    assert!(page["remarks"].to_string().contains("has changed"), "{page}");
}

/// An answer has the arguments in its cursors, and no cursor may be longer than one that is read.
#[tokio::test]
async fn arguments_that_are_too_long_to_go_on_are_refused() {
    let sandbox = sandbox().await;
    let session = connected(&sandbox, Access::Read).await;
    let long = format!("TicketTitle!={}", "x".repeat(4_000));
    let failed = session
        .call("read", json!({"operation": "tickets_list", "where": long}))
        .await;
    assert_eq!(kind(&failed), "invalid_request", "{failed}");
    assert!(failed.to_string().len() < 2_000, "{failed}");
    assert!(sandbox.log().is_empty());
    let fits = format!("TicketTitle!={}", "x".repeat(2_000));
    let page = session
        .call(
            "read",
            json!({"operation": "tickets_list", "where": fits, "limit": 5}),
        )
        .await;
    let page = session.call("read", json!({"cursor": page["next"]})).await;
    assert_eq!(page["returned"], 5, "{page}");
}

/// `-7d` is a time of the first page, so that no record moves over it between the pages.
#[tokio::test]
async fn times_do_not_move_between_the_pages() {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

    let sandbox = sandbox().await;
    let session = connected(&sandbox, Access::Read).await;
    let first = json!({"operation": "tickets_list", "where": "TicketCreatedDate>-9000d", "limit": 5});
    let page = session.call("read", first).await;
    let read = |next: &Value| {
        let json = URL_SAFE_NO_PAD
            .decode(next.as_str().expect("a cursor"))
            .expect("base64");
        serde_json::from_slice::<Value>(&json).expect("JSON")
    };
    let mut cursor = read(&page["next"]);
    let now = cursor["w"].clone();
    assert!(now.is_string(), "{cursor}");
    let page = session.call("read", json!({"cursor": page["next"]})).await;
    assert_eq!(read(&page["next"])["w"], now, "{page}");
    // The time of the cursor is what counts: all records are from after this one.
    cursor["a"]["where"] = json!("TicketCreatedDate>now");
    cursor["w"] = json!("2000-01-01T00:00:00Z");
    let cursor = URL_SAFE_NO_PAD.encode(cursor.to_string());
    let page = session.call("read", json!({"cursor": cursor})).await;
    assert_eq!(page["returned"], 5, "{page}");
}
