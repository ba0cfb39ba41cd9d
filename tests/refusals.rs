//! Bad input: refused with what to do about it, before anything is sent.

use atera::{
    ErrorKind,
    description::{Kind, Location, Operation},
    mock::Recorder,
    types::{
        AddComment, CreateContact, CreatePort, CreateTcpDevice, CreateTicket, EndUserCommentDetails,
        TechnicianCommentDetails,
    },
};

/// Awaits the call, which must be refused without being sent, and returns the reason.
macro_rules! refused {
    ($client:ident => $call:expr) => {{
        let recorder = Recorder::answering(200, "{}");
        let $client = recorder.client();
        let error = $call.await.map(|_| ()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{error}");
        assert_eq!(recorder.sent().len(), 0, "it was sent");
        assert_eq!(error.attempts(), 0);
        error.to_string()
    }};
}

#[tokio::test]
async fn pages_are_counted_from_one_and_hold_fifty_at_most() {
    let reason = refused!(client => client.tickets().list().page(0));
    assert_eq!(
        reason,
        "tickets_list was not sent: `page` must be at least 1, not 0"
    );
    let list = Operation::find("tickets_list").expect("an operation");
    let reason = refused!(client => async {
        client.operation(list).set("page", "2147483648")?.send().await
    });
    assert_eq!(
        reason,
        "tickets_list was not sent: `page` must be 1 to 2147483647, not 2147483648"
    );
    let reason = refused!(client => client.tickets().list().items_in_page(51));
    assert_eq!(
        reason,
        "tickets_list was not sent: `itemsInPage` must be 1 to 50, not 51"
    );
    let reason = refused!(client => client.tickets().list().items_in_page(51).all());
    assert_eq!(
        reason,
        "tickets_list was not sent: `itemsInPage` must be 1 to 50, not 51"
    );
}

#[tokio::test]
async fn an_id_is_at_least_one() {
    let reason = refused!(client => client.tickets().delete(0));
    assert_eq!(
        reason,
        "tickets_delete was not sent: `ticketId` must be at least 1, not 0"
    );
    refused!(client => client.tickets().delete(-54321));
}

#[tokio::test]
async fn a_text_that_would_not_stay_one_segment_of_the_path_is_refused() {
    for name in ["", ".", "..", "./", "../"] {
        let recorder = Recorder::answering(200, r#"{"items": []}"#);
        let result = recorder.client().agents().list_by_machine(name).await;
        if name.ends_with('/') {
            // It is one encoded segment, and so a name like any other.
            result.unwrap();
            assert!(recorder.only().url.path().ends_with("%2F"), "{name}");
        } else {
            let error = result.map(|_| ()).unwrap_err();
            assert_eq!(
                error.to_string(),
                "agents_list_by_machine was not sent: `machineName` must not be empty, `.` or `..`"
            );
            assert_eq!(recorder.sent().len(), 0);
        }
    }
    let reason = refused!(client => client.custom_values().get_on_ticket(54321, ".."));
    assert!(reason.contains("`fieldName` must not be empty"), "{reason}");
}

#[tokio::test]
async fn every_other_text_is_exactly_one_encoded_segment() {
    for (name, segment) in [
        ("a/b", "a%2Fb"),
        ("%2e%2e", "%252e%252e"),
        ("a?b#c", "a%3Fb%23c"),
        ("B\u{fc}ro 2", "B%C3%BCro%202"),
        ("...", "..."),
        ("DENTAL\\a", "DENTAL%5Ca"),
        ("a\\..\\b", "a%5C..%5Cb"),
    ] {
        let recorder = Recorder::answering(200, r#"{"items": []}"#);
        recorder.client().agents().list_by_machine(name).await.unwrap();
        assert_eq!(
            recorder.only().url.path(),
            format!("/api/v3/agents/machine/{segment}")
        );
    }
}

#[tokio::test]
async fn a_parameter_of_a_path_is_one_segment_of_it_or_refused_whatever_the_call() {
    let answering = || Recorder::answering(200, r#"{"items": []}"#);
    let mut texts = 0;
    for operation in atera::description::OPERATIONS {
        let in_path = |parameter: &&atera::description::Parameter| parameter.location == Location::Path;
        for parameter in operation.parameters.iter().filter(in_path) {
            for (value, segment) in [
                ("", None),
                (".", None),
                ("..", None),
                ("a/b", Some("a%2Fb")),
                ("/..", Some("%2F..")),
                ("a\\b", Some("a%5Cb")),
                ("1\\..\\2", Some("1%5C..%5C2")),
                ("%2e%2e", Some("%252e%252e")),
                ("a?b", Some("a%3Fb")),
                ("a#b", Some("a%23b")),
                (" ", Some("%20")),
                (".\n", Some(".%0A")),
            ] {
                let recorder = answering();
                let mut call = recorder.client().operation(operation);
                for other in operation.parameters {
                    call = call.set(other.name, other.example).unwrap();
                }
                if let Some(kind) = operation.body {
                    call = call.body(&example(&kind)).unwrap();
                }
                let result = call.set(parameter.name, value).unwrap().send().await;
                let told = format!("{} with {value:?}: {result:?}", operation.id);
                let segment = segment.filter(|_| matches!(parameter.kind, Kind::Text | Kind::Enum { .. }));
                match segment {
                    Some(segment) => {
                        texts += 1;
                        result.expect(&told);
                        let sent = recorder.only().url;
                        let sent = sent.path().strip_prefix("/api/v3").unwrap();
                        let template = format!("{{{}}}", parameter.name);
                        assert_eq!(
                            sent.split('/').count(),
                            operation.path.split('/').count(),
                            "{told}"
                        );
                        let place = operation.path.split('/').position(|part| part == template);
                        assert_eq!(sent.split('/').nth(place.unwrap()), Some(segment), "{told}");
                    }
                    None => {
                        assert_eq!(
                            result.expect_err(&told).kind(),
                            ErrorKind::InvalidRequest,
                            "{told}"
                        );
                        assert_eq!(recorder.sent().len(), 0, "{told}");
                    }
                }
            }
        }
    }
    assert!(texts > 0);
}

/// A value that fits.
fn example(kind: &Kind) -> serde_json::Value {
    match kind {
        Kind::Object(schema) => {
            let asked = |name: &str| {
                schema
                    .requires
                    .first()
                    .is_some_and(|fields| fields.contains(&name))
            };
            let fields = schema.fields.iter();
            let fields = fields.filter(|field| field.required || asked(field.name));
            fields
                .map(|field| (field.name.to_string(), example(&field.kind)))
                .collect()
        }
        Kind::Array(kind) => vec![example(kind)].into(),
        Kind::Boolean => true.into(),
        Kind::Integer | Kind::Number => 1.into(),
        Kind::Enum { values, .. } => values[0].into(),
        Kind::Uuid => "5f9c2a10-1111-4c5e-9a51-0d2f3b4c5d6e".into(),
        Kind::Date => "2026-03-02".into(),
        Kind::Timestamp => "2026-03-02T08:15:00Z".into(),
        Kind::AccountTime => "2026-03-02T08:15:00".into(),
        _ => "text".into(),
    }
}

#[tokio::test]
async fn a_ticket_needs_a_contact_by_id_or_by_name_and_address() {
    let reason = refused!(client => client.tickets().create(CreateTicket::new("Printer", "on fire")));
    assert_eq!(
        reason,
        "tickets_create was not sent: it needs `EndUserID`, or `EndUserFirstName` with \
         `EndUserLastName` with `EndUserEmail`"
    );
    refused!(client => client.tickets().create(CreateTicket {
        end_user_first_name: Some("Maya".into()),
        end_user_email: Some("maya@harbordental.example".into()),
        ..CreateTicket::new("Printer", "on fire")
    }));

    let recorder = Recorder::answering(201, "{}");
    let by_name = CreateTicket {
        end_user_first_name: Some("Maya".into()),
        end_user_last_name: Some("Lindqvist".into()),
        end_user_email: Some("maya@harbordental.example".into()),
        ..CreateTicket::new("Printer", "on fire")
    };
    recorder.client().tickets().create(by_name).await.unwrap();
    recorder.only();
}

#[tokio::test]
async fn required_text_is_not_blank() {
    let body = CreateTicket {
        end_user_id: Some(7),
        ..CreateTicket::new(" ", "on fire")
    };
    let reason = refused!(client => client.tickets().create(body));
    assert_eq!(
        reason,
        "tickets_create was not sent: `TicketTitle` must not be empty"
    );
    refused!(client => client.contacts().create(CreateContact::new("")));
}

#[tokio::test]
async fn a_comment_is_a_technicians_or_an_end_users() {
    refused!(client => client.tickets().add_comment(54321, AddComment::new("Done")));
    for body in [
        AddComment {
            technician_comment_details: Some(TechnicianCommentDetails {
                technician_id: Some(77),
                ..Default::default()
            }),
            ..AddComment::new("Done")
        },
        AddComment {
            enduser_comment_details: Some(EndUserCommentDetails::new(12345)),
            ..AddComment::new("Thanks")
        },
    ] {
        let recorder = Recorder::answering(201, "{}");
        recorder
            .client()
            .tickets()
            .add_comment(54321, body)
            .await
            .unwrap();
        recorder.only();
    }
}

#[tokio::test]
async fn a_mistake_inside_an_array_is_told_with_its_place() {
    let ports = vec![CreatePort::new(443), CreatePort::new(65536)];
    let body = CreateTcpDevice::new("server.harbordental.example", ports, 1201, 5501);
    let reason = refused!(client => client.devices_tcp().create(body));
    assert_eq!(
        reason,
        "devices_tcp_create was not sent: `Ports[1].PortNum` must be 1 to 65535, not 65536"
    );
}

#[tokio::test]
async fn a_dynamic_call_is_held_to_the_same_rules() {
    let operation = |id| Operation::find(id).unwrap();
    let call = |client: &atera::Client, id| client.operation(operation(id));

    let reason = refused!(client => async { call(&client, "tickets_list").set("PAGE", "0")?.send().await });
    assert_eq!(
        reason,
        "tickets_list was not sent: `page` must be at least 1, not 0"
    );
    let reason =
        refused!(client => async { call(&client, "tickets_list").set("itemsInPage", "many")?.send().await });
    assert_eq!(
        reason,
        "tickets_list was not sent: `itemsInPage` must be a whole number, not `many`"
    );
    let reason =
        refused!(client => async { call(&client, "tickets_list").set("status", "Open")?.send().await });
    assert_eq!(
        reason,
        "tickets_list has no parameter `status`; it has page, itemsInPage, customerId, ticketStatus, includeRelations"
    );
    let reason = refused!(client => async { call(&client, "tickets_get").send().await });
    assert_eq!(reason, "tickets_get was not sent: `ticketId` is missing");
    let reason =
        refused!(client => async { call(&client, "tickets_get").set("ticketId", "..")?.send().await });
    assert_eq!(
        reason,
        "tickets_get was not sent: `ticketId` must not be empty, `.` or `..`"
    );
    let reason = refused!(client => async { call(&client, "tickets_create").send().await });
    assert_eq!(reason, "tickets_create was not sent: it needs a body");
    let reason = refused!(client => async { call(&client, "contacts_list").set("FromLastModifiedDate", "2026-03-02T08:15:00Z")?.send().await });
    assert!(
        reason.contains("`FromLastModifiedDate` must be a time in the account's zone"),
        "{reason}"
    );
}
