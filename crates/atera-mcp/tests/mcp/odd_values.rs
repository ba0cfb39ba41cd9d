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
