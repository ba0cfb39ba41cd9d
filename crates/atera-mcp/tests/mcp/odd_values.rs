//! Answers with what JSON allows and few can hold: half of an emoji, numbers beyond a double, 200 levels, a byte order mark.

use atera::mock::Recorder;

use super::*;

/// What a device of SNMP has of secrets, which must never be seen.
const SECRET: &str = "hunter2";

/// Values that a whole record cannot be decoded with.
fn odd() -> [(&'static str, String); 4] {
    [
        ("half of an emoji", r#""switch \ud83d""#.to_string()),
        ("a number beyond a double", "1e400".to_string()),
        (
            "many levels",
            format!(
                r#"{}{{"Community":"{SECRET}"}}{}"#,
                "[".repeat(200),
                "]".repeat(200)
            ),
        ),
        ("half of an emoji in a name", r#"{"\ud83d":"a"}"#.to_string()),
    ]
}

/// A host of a server whose service answers every request with this.
async fn answered(body: impl Into<String>, customer: Option<i64>) -> Session {
    let client = Recorder::answering(200, body).client();
    let mut builder = AteraServer::builder(client).access(Access::Full);
    if let Some(customer) = customer {
        builder = builder.customer(customer);
    }
    Host::typing("switch")
        .connect(builder.build().expect("a server"))
        .await
}

fn page(records: &str, total: u64) -> String {
    format!(
        r#"{{"items":[{records}],"totalItemCount":{total},"page":1,"itemsInPage":{total},"totalPages":1}}"#
    )
}

#[tokio::test]
async fn secrets_stay_hidden_beside_what_cannot_be_decoded() {
    for (what, value) in odd() {
        let device = format!(r#"{{"DeviceID":7,"Name":{value},"Community":"{SECRET}","Hostname":"hd"}}"#);
        let session = answered(format!("\u{feff}{device}"), None).await;
        let one = json!({"operation": "devices_snmp_get", "arguments": {"deviceId": 7}});
        let read = session.call("read", one).await;
        assert_eq!(read["record"]["DeviceID"], 7, "{what}: {read}");
        assert_eq!(read["record"]["Hostname"], "hd", "{what}: {read}");
        assert!(!read.to_string().contains(SECRET), "{what}: {read}");
        let session = answered(page(&device, 1), None).await;
        for arguments in [
            json!({"operation": "devices_snmp_list"}),
            json!({"operation": "devices_snmp_list", "fields": ["Name", "Hostname"]}),
        ] {
            let read = session.call("read", arguments).await;
            assert_eq!(read["records"][0]["DeviceID"], 7, "{what}: {read}");
            assert_eq!(read["records"][0]["Hostname"], "hd", "{what}: {read}");
            assert!(!read.to_string().contains(SECRET), "{what}: {read}");
        }
    }
}

#[tokio::test]
async fn what_is_not_json_is_not_shown() {
    for body in [
        format!(r#"{{"DeviceID":7,"Community":"{SECRET}""#),
        format!(r#"<html>{SECRET}</html>"#),
    ] {
        let session = answered(body.clone(), None).await;
        let one = json!({"operation": "devices_snmp_get", "arguments": {"deviceId": 7}});
        let read = session.call("read", one).await;
        let told = read["record"]["unreadable"].as_str().unwrap_or_default();
        assert!(told.contains(&body.len().to_string()), "{read}");
        assert!(!read.to_string().contains(SECRET), "{read}");
    }
}

#[tokio::test]
async fn records_are_neither_lost_nor_counted_wrong() {
    for (what, value) in odd() {
        let ticket =
            format!(r#"{{"TicketID":7,"TicketTitle":{value},"CustomerID":1201,"TicketStatus":"Open"}}"#);
        for customer in [None, Some(1201)] {
            let session = answered(page(&ticket, 1), customer).await;
            for arguments in [
                json!({"operation": "tickets_list"}),
                json!({"operation": "tickets_list", "fields": ["TicketTitle", "CustomerID"]}),
            ] {
                let read = session.call("read", arguments).await;
                assert_eq!(read["records"][0]["TicketID"], 7, "{what}: {read}");
                assert_eq!(read["records"][0]["CustomerID"], 1201, "{what}: {read}");
            }
            let groups = json!({"operation": "tickets_list", "group_by": ["TicketTitle"]});
            let read = session.call("read", groups).await;
            if !value.starts_with(['[', '{']) {
                assert_eq!(read["rows"][0]["Count"], 1, "{what}: {read}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_asked_by_the_name_or_not_at_all() {
    let deletion = json!({"operation": "customers_delete", "arguments": {"customerId": 1201}});
    let session = answered(
        "\u{feff}{\"CustomerID\":1201,\"CustomerName\":\"Harbor \\ud83d\"}",
        None,
    )
    .await;
    let failed = session.call("destroy", deletion.clone()).await;
    assert_eq!(kind(&failed), "not_confirmed", "{failed}");
    let [question] = &session.questions()[..] else {
        panic!("it was not asked once");
    };
    assert!(question.contains("Record: Harbor"), "{question}");
    // Without a record that can be read, nobody is asked, and nothing is sent.
    for body in [r#"{"CustomerID":1201,"CustomerName":"Har"#, "null", "\"Harbor\""] {
        let session = answered(body, None).await;
        let failed = session.call("destroy", deletion.clone()).await;
        assert_eq!(kind(&failed), "decode", "{body}: {failed}");
        assert_eq!(applied(&failed), "no", "{body}");
        assert!(session.questions().is_empty(), "{body}");
    }
}

/// A long text in the name of a group is no group that is left out.
#[tokio::test]
async fn a_group_with_a_long_name_leaves_out_no_other() {
    let ticket = |id: u64, title: &str| format!(r#"{{"TicketID":{id},"TicketTitle":"{title}"}}"#);
    let records = [ticket(1, &"x".repeat(2_000)), ticket(2, "short\u{200b}")].join(",");
    let session = answered(page(&records, 2), None).await;
    let groups = json!({"operation": "tickets_list", "group_by": ["TicketTitle"]});
    let read = session.call("read", groups).await;
    assert_eq!(read["rows"].as_array().map(Vec::len), Some(2), "{read}");
    assert!(read.get("cut").is_none(), "{read}");
    let cut = json!([{"row": 0, "path": "/TicketTitle", "shown": 1500, "of": 2000}]);
    assert_eq!(read["texts_cut"], cut, "{read}");
    assert_eq!(read["invisible_characters_removed"], 1, "{read}");
    // Many of them are left out, and that is told.
    let records: Vec<_> = (0..40)
        .map(|id| ticket(id, &format!("{id}{}", "y".repeat(2_000))))
        .collect();
    let session = answered(page(&records.join(","), 40), None).await;
    let groups = json!({"operation": "tickets_list", "group_by": ["TicketTitle"]});
    let read = session.call("read", groups).await;
    let rows = read["rows"].as_array().map(Vec::len).expect("rows");
    assert!(rows < 40, "{read}");
    assert_eq!(
        (&read["cut"]["shown"], &read["cut"]["of"]),
        (&json!(rows), &json!(40)),
        "{read}"
    );
}

/// The rest of a list is cut as well, and says so.
#[tokio::test]
async fn the_rest_of_a_list_tells_what_it_cuts() {
    let long = |letter: &str| letter.repeat(13_000);
    let record =
        json!({"DeviceID": 7, "Notes": [long("a"), long("b"), format!("{}\u{200b}", long("c")), "d"]});
    let session = answered(record.to_string(), None).await;
    let one = json!({"operation": "devices_snmp_get", "arguments": {"deviceId": 7}});
    let read = session.call("read", one).await;
    let cuts = read["cut"].as_array().expect("cuts");
    let list = cuts.iter().find(|cut| cut["path"] == "/Notes").expect("the list");
    assert_eq!((&list["shown"], &list["of"]), (&json!(2), &json!(4)), "{read}");
    let rest = session.call("read", json!({"cursor": list["next"]})).await;
    assert_eq!(rest["rest"][1], "d", "{rest}");
    assert_eq!(rest["invisible_characters_removed"], 1, "{rest}");
    let cut = &rest["cut"][0];
    assert_eq!(
        (&cut["path"], &cut["of"]),
        (&json!("/Notes/2"), &json!(13_000)),
        "{rest}"
    );
    let shown = cut["shown"].as_u64().expect("a number") as usize;
    let last = session.call("read", json!({"cursor": cut["next"]})).await;
    assert_eq!(last["rest"], "c".repeat(13_000 - shown), "{last}");
    assert!(last.get("cut").is_none() && last.get("next").is_none(), "{last}");
}
