//! Answers that our types did not write: the guide's own, and ones with what is new to us.

use std::sync::{Arc, Mutex};

use atera::{
    Consistency, ErrorKind,
    description::Operation,
    mock::Recorder,
    transport::Response,
    types::{CreateTicket, TicketPriority, UpdateTicket},
};
use futures_util::{StreamExt, TryStreamExt};
use http::{Method, StatusCode};
use serde_json::Value;
use tracing::instrument::WithSubscriber;

/// One of the guide's JSON samples, as it stands there.
macro_rules! guide {
    ($name:literal) => {
        include_str!(concat!("fixtures/guide/", $name, ".json"))
    };
}

#[tokio::test]
async fn the_guides_page_decodes() {
    let page = Recorder::answering(200, guide!("page"))
        .client()
        .tickets()
        .list()
        .await
        .unwrap();
    assert_eq!(
        (page.page, page.items_in_page, page.total_pages),
        (Some(1), Some(50), Some(57))
    );
    assert_eq!(page.total(), Some(2847));
}

#[tokio::test]
async fn the_guides_create_is_sent_and_its_answer_decodes() {
    let body: CreateTicket = serde_json::from_str(guide!("ticket_create")).unwrap();
    assert_eq!(
        body,
        CreateTicket {
            end_user_id: Some(12345),
            ticket_priority: Some(TicketPriority::Medium),
            ..CreateTicket::new("New ticket", "Issue description")
        }
    );
    let recorder = Recorder::answering(200, guide!("ticket_created"));
    let made = recorder.client().tickets().create(body).await.unwrap();
    assert_eq!(made.action_id.and_then(|id| id.number()), Some(54321));
    assert_eq!(made.ticket_id, Some(54321));
    let sent: Value = serde_json::from_slice(&recorder.only().body.unwrap()).unwrap();
    assert_eq!(
        sent,
        serde_json::from_str::<Value>(guide!("ticket_create")).unwrap()
    );
}

#[tokio::test]
async fn the_guides_update_is_sent_to_the_ticket_by_post() {
    let body: UpdateTicket = serde_json::from_str(guide!("ticket_update")).unwrap();
    let recorder = Recorder::answering(204, "");
    recorder.client().tickets().update(54321, body).await.unwrap();
    let sent = recorder.only();
    assert_eq!(
        (sent.method.as_str(), sent.url.path()),
        ("POST", "/api/v3/tickets/54321")
    );
    assert_eq!(
        serde_json::from_slice::<Value>(&sent.body.unwrap()).unwrap(),
        serde_json::from_str::<Value>(guide!("ticket_update")).unwrap()
    );
}

#[tokio::test]
async fn the_guides_answer_to_a_delete_decodes() {
    let gone = Recorder::answering(200, guide!("deleted"))
        .client()
        .tickets()
        .delete(54321)
        .await
        .unwrap();
    assert_eq!(
        (gone.success, gone.action_id.and_then(|id| id.number())),
        (Some(true), Some(54321))
    );
}

#[tokio::test]
async fn the_guides_errors_are_told() {
    let error = Recorder::answering(400, guide!("error"))
        .client()
        .tickets()
        .get(1)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Rejected);
    assert_eq!(
        (error.message(), error.code()),
        (Some("Error description here"), Some("SPECIFIC_ERROR_CODE"))
    );

    let error = Recorder::answering(429, guide!("rate_limited"))
        .client()
        .tickets()
        .get(1)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RateLimited);
    assert_eq!(
        error.message(),
        Some("Rate limit exceeded. Please wait before making more requests.")
    );
}

#[tokio::test]
async fn what_is_new_to_us_does_not_stop_a_page() {
    let page = r#"{
        "items": [{
            "TicketID": "54321",
            "TicketPriority": "Catastrophic",
            "TicketImpact": 7,
            "TicketStatus": "Waiting for customer",
            "TicketCreatedDate": "2026-03-02T08:15:00.1234567",
            "TicketResolvedDate": "0001-01-01T00:00:00",
            "TicketTitle": null,
            "TicketMood": {"Level": [1, 2]}
        }],
        "totalItemCount": 1, "totalPages": 1, "page": 1, "itemsInPage": 20, "continuationToken": "x"
    }"#;
    let page = Recorder::answering(200, page)
        .client()
        .tickets()
        .list()
        .await
        .unwrap();
    let ticket = &page.items[0];
    assert_eq!(ticket.ticket_id, Some(54321));
    assert_eq!(
        ticket.ticket_priority,
        Some(TicketPriority::Other("Catastrophic".into()))
    );
    assert_eq!(ticket.ticket_impact.as_ref().map(AsRef::as_ref), Some("7"));
    assert_eq!(ticket.ticket_status.as_deref(), Some("Waiting for customer"));
    assert_eq!(ticket.ticket_title, None);
    assert_eq!(
        ticket.ticket_created_date.unwrap().to_string(),
        "2026-03-02T08:15:00.123456700Z"
    );
    assert!(ticket.ticket_resolved_date.unwrap().is_unset());
}

#[tokio::test]
async fn null_may_stand_for_an_array() {
    let agent = r#"{"AgentID": 5501, "IpAddresses": null, "HardwareDisks": null, "BatteryInfo": null}"#;
    let agent = Recorder::answering(200, agent)
        .client()
        .agents()
        .get(5501)
        .await
        .unwrap();
    assert_eq!((agent.ip_addresses, agent.hardware_disks), (None, None));
}

#[tokio::test]
async fn what_is_no_utf_8_does_harm_only_where_it_is_read() {
    let answering = |body: Vec<u8>| Recorder::new(move |_| Ok(Response::new(StatusCode::OK, body.clone())));
    for (field, reads) in [("TheNextField", true), ("TicketTitle", false)] {
        let record = [br#"{"TicketID": 7, ""#, field.as_bytes(), b"\": \"Caf\xe9\"}"].concat();
        let page = [br#"{"items": ["#, &record[..], b"]}"].concat();
        let one = answering(record).client().tickets().get(7).await;
        let all = answering(page).client().tickets().list().await;
        assert_eq!(
            one.as_ref().is_ok_and(|ticket| ticket.ticket_id == Some(7)),
            reads,
            "{one:?}"
        );
        assert_eq!(
            all.as_ref().is_ok_and(|page| page.items.len() == 1),
            reads,
            "{all:?}"
        );
        for error in [one.err(), all.err()].into_iter().flatten() {
            assert_eq!(error.kind(), ErrorKind::Decode);
        }
    }
    let page = b"{\"items\": [{\"TicketID\": 1, \"TicketTitle\": \"Caf\xef\xbf\xbd\"}, {\"TicketID\": 2, \"TicketTitle\": \"Caf\xe9\"}, {\"TicketID\": 3}]}";
    let list = answering(page.to_vec()).client().tickets().list();
    let typed: Vec<_> = list.clone().stream().map_ok(|_| ()).collect().await;
    let raw: Vec<_> = list.undecoded().map_ok(|_| ()).collect().await;
    for told in [typed, raw] {
        assert_eq!(told.len(), 3, "the others are not lost: {told:?}");
        for (index, told) in told.into_iter().enumerate() {
            match told {
                Ok(()) => assert_ne!(index, 1),
                Err(error) => {
                    assert_eq!(error.record(), Some(1));
                    assert_eq!(error.body(), b"{\"TicketID\": 2, \"TicketTitle\": \"Caf\xe9\"}");
                    assert!(error.to_string().contains("it is not UTF-8"), "{error}");
                }
            }
        }
    }
}

#[tokio::test]
async fn what_goes_on_after_its_end_is_an_error() {
    let client = Recorder::answering(200, r#"{"items": []} {"items": []}"#).client();
    let raw = client.request(Method::GET, "/tickets").decode::<Value>().await;
    for error in [client.tickets().list().await.err(), raw.err()] {
        let error = error.expect("an error");
        assert_eq!(error.kind(), ErrorKind::Decode);
        assert!(error.to_string().contains("trailing characters"), "{error}");
    }
}

#[tokio::test]
async fn a_field_unknown_to_us_is_kept_in_an_undecoded_record() {
    let record = r#"{ "TicketMood":1.50,  "TicketID":7 }"#;
    let page = format!(r#"{{"items": [{record}], "totalPages": 1}}"#);
    let mut records = Recorder::answering(200, page)
        .client()
        .tickets()
        .list()
        .undecoded();
    assert_eq!(records.try_next().await.unwrap().unwrap().get(), record);
    assert!(records.try_next().await.unwrap().is_none());
}

#[tokio::test]
async fn a_list_without_items_is_an_error_and_not_its_end() {
    for answer in [
        "{}",
        r#"{"items": null, "totalItemCount": 3}"#,
        "[]",
        "null",
        "",
        "<html>",
    ] {
        let recorder = Recorder::answering(200, answer);
        for error in [
            recorder.client().tickets().list().await.map(|_| ()).unwrap_err(),
            recorder
                .client()
                .tickets()
                .list()
                .all()
                .await
                .map(|_| ())
                .unwrap_err(),
            recorder
                .client()
                .tickets()
                .list()
                .undecoded()
                .try_next()
                .await
                .map(|_| ())
                .unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::Decode, "{answer}: {error}");
        }
    }
}

#[tokio::test]
async fn a_fault_in_a_record_is_told_with_its_place() {
    let odd = r#"{"TicketID": 2, "TicketTitle": {"en": "?"}}"#;
    let error = Recorder::answering(200, format!(r#"{{"items": [{{"TicketID": 1}}, {odd}]}}"#))
        .client()
        .tickets()
        .list()
        .await
        .unwrap_err();
    assert_eq!((error.kind(), error.record()), (ErrorKind::Decode, Some(1)));
    assert_eq!(error.body(), odd.as_bytes());
    assert!(error.to_string().contains("at TicketTitle: "), "{error}");
}

#[tokio::test]
async fn a_write_may_be_answered_by_nothing_at_all() {
    for (status, body) in [(200, ""), (204, ""), (200, " \r\n"), (200, "{}")] {
        let client = Recorder::answering(status, body).client();
        assert_eq!(
            client.tickets().delete(1).await.unwrap().action_id,
            None,
            "{status} {body:?}"
        );
    }
}

#[tokio::test]
async fn an_undecoded_answer_is_as_the_service_sent_it() {
    for body in ["", " \r\n", "{ }", "OK"] {
        let client = Recorder::answering(200, body).client();
        let dynamic = client.operation(Operation::find("tickets_delete").unwrap());
        let dynamic = dynamic.set("ticketId", "1").unwrap().send().await.unwrap();
        let typed = client.tickets().delete(1).send_undecoded().await.unwrap();
        assert_eq!(
            (&dynamic.value[..], &typed.value[..]),
            (body.as_bytes(), body.as_bytes())
        );
    }
}

#[tokio::test]
async fn a_read_may_not() {
    for (status, body) in [(200, ""), (204, ""), (200, "\n")] {
        let error = Recorder::answering(status, body)
            .client()
            .tickets()
            .get(1)
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode, "{status} {body:?}");
        assert!(error.to_string().contains("it is empty"), "{error}");
    }
}

#[tokio::test]
async fn a_malformed_record_is_told_with_its_json_and_the_stream_goes_on() {
    let page = r#"{"items": [
        {"TicketID": 1}, {"TicketTitle": []}, {"TicketID": 2, "EndUserID": {"a": 1}}, {"TicketID": 3}, 7
    ], "totalPages": 1}"#;
    let client = Recorder::answering(200, page).client();
    let typed = client
        .tickets()
        .list()
        .stream()
        .map_ok(|ticket| ticket.ticket_id.unwrap());
    let raw = client
        .tickets()
        .list()
        .undecoded()
        .map_ok(|record| record.get().len() as i64);
    let told: Vec<_> = typed.collect().await;
    let ids: Vec<_> = told.iter().filter_map(|record| record.as_ref().ok()).collect();
    assert_eq!(ids, [&1, &3]);
    let faults: Vec<_> = told.into_iter().filter_map(Result::err).collect();
    for (fault, (index, json, reason)) in faults.iter().zip([
        (1, r#"{"TicketTitle": []}"#, "at TicketTitle: "),
        (2, r#"{"TicketID": 2, "EndUserID": {"a": 1}}"#, "at EndUserID: "),
        (4, "7", "invalid type: "),
    ]) {
        assert_eq!((fault.kind(), fault.record()), (ErrorKind::Decode, Some(index)));
        assert_eq!(std::str::from_utf8(fault.body()), Ok(json));
        assert!(fault.to_string().contains(reason), "{fault}");
    }
    assert_eq!(faults.len(), 3);
    let raw: Vec<_> = raw.collect().await;
    assert_eq!(
        raw.iter().filter(|record| record.is_ok()).count(),
        5,
        "they are left as they came"
    );

    let pages: Vec<_> = client.tickets().list().pages().collect().await;
    let fault = pages.into_iter().next().unwrap().unwrap_err();
    assert_eq!((fault.page(), fault.record()), (Some(1), Some(1)));
}

#[tokio::test]
async fn records_without_an_id_come_out_and_are_counted() {
    let page = r#"{"items": [
        {"TicketID": 1, "TicketTitle": "a"}, {"TicketTitle": "b"}, {"TicketTitle": "b"}, {"TicketID": null}, {"TicketID": 2}
    ], "totalItemCount": 5, "totalPages": 1}"#;
    let client = Recorder::answering(200, page).client();
    for consistency in [Consistency::OnePass, Consistency::Complete] {
        let list = client.tickets().list().consistency(consistency);
        let mut tickets = list.clone().stream();
        let mut count = 0;
        while tickets.try_next().await.unwrap().is_some() {
            count += 1;
        }
        assert_eq!((count, tickets.drift().without_id), (5, 3), "{consistency:?}");
        assert!(!tickets.drift().is_none());
        assert_eq!(list.undecoded().count().await, 5, "{consistency:?}");
    }
}

#[tokio::test]
async fn a_scalar_in_another_form_does_not_fail_its_record() {
    let device = r#"{"DeviceID": "7", "DeviceGuid": "", "Port": 161, "Version": 2.5, "Monitored": "True", "Online": 0}"#;
    let page = format!(r#"{{"items": [{device}], "totalPages": "1.0"}}"#);
    let client = Recorder::answering(200, page).client();
    let page = client.devices_snmp().list().await.unwrap();
    let device = &page.items[0];
    assert_eq!((device.device_id, device.device_guid), (Some(7), None));
    assert_eq!(
        (device.port.as_deref(), device.version.as_deref()),
        (Some("161"), Some("2.5"))
    );
    assert_eq!((device.monitored, device.online), (Some(true), Some(false)));
    assert_eq!(page.total_pages, Some(1));

    let invoice =
        r#"{"InvoiceNumber": 1000.0, "Total": "12.50", "Tax": "", "InvoiceDate": "", "Currency": true}"#;
    let client = Recorder::answering(200, format!(r#"{{"items": [{invoice}], "totalPages": 1}}"#)).client();
    let invoice = client.invoices().list().all().await.unwrap().remove(0);
    assert_eq!(
        (invoice.invoice_number, invoice.total, invoice.tax),
        (Some(1000), Some(12.5), None)
    );
    assert_eq!(
        (invoice.invoice_date, invoice.currency.as_deref()),
        (None, Some("true"))
    );
}

#[tokio::test]
async fn a_scalar_that_does_not_fit_fails_its_record_alone() {
    let id = |n: u8| format!("c4b1f7a2-93d5-4e08-b6a1-5d7e20f84c1{n}");
    let odd = format!(r#"{{"InvoiceId": "{}", "InvoiceNumber": "INV-7"}}"#, id(2));
    let page = format!(
        r#"{{"items": [{{"InvoiceId": "{}"}}, {odd}, {{"InvoiceId": "{}"}}], "totalPages": 1}}"#,
        id(1),
        id(3)
    );
    let client = Recorder::answering(200, page).client();
    let list = client.invoices().list();

    let walked: Vec<_> = list.clone().stream().collect().await;
    let came: Vec<_> = walked.iter().map(Result::is_ok).collect();
    assert_eq!(came, [true, false, true]);
    let walked = walked.into_iter().find_map(Result::err);
    for error in [
        walked,
        list.clone().all().await.err(),
        list.clone().await.err(),
        list.send().await.err(),
    ] {
        let error = error.expect("an error");
        assert_eq!((error.kind(), error.record()), (ErrorKind::Decode, Some(1)));
        assert_eq!(std::str::from_utf8(error.body()), Ok(&odd[..]));
        let said = error.to_string();
        assert!(
            said.contains("record 1 ") && said.contains("at InvoiceNumber: "),
            "{said}"
        );
        assert!(!said.contains("INV-7"), "{said}");
    }
    assert_eq!(
        client.invoices().list().await.unwrap_err().status(),
        Some(StatusCode::OK)
    );
}

#[tokio::test]
async fn a_value_in_an_array_that_does_not_fit_is_told_with_its_json() {
    let odd = r#"{"ItemId": 1, "ValueAsDecimal": "much"}"#;
    let client = Recorder::answering(200, format!(r#"[{{"ItemId": 1}}, {odd}]"#)).client();
    let error = client.custom_values().list_on_ticket(1).await.unwrap_err();
    assert_eq!((error.kind(), error.record()), (ErrorKind::Decode, Some(1)));
    assert_eq!(std::str::from_utf8(error.body()), Ok(odd));
    assert!(error.to_string().contains("at ValueAsDecimal: "), "{error}");
}

/// What a call logs.
async fn logged<T>(call: impl Future<Output = T>) -> (T, String) {
    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl std::io::Write for Log {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::WARN)
        .with_ansi(false)
        .with_writer({
            let log = log.clone();
            move || log.clone()
        })
        .finish();
    let value = call.with_subscriber(subscriber).await;
    let log = log.0.lock().unwrap().clone();
    (value, String::from_utf8(log).unwrap())
}

#[tokio::test]
async fn a_record_without_its_id_is_returned_with_a_warning() {
    for answer in [
        r#"{"TicketTitle": "Printer"}"#,
        r#"{"TicketID": null, "TicketTitle": "Printer"}"#,
        "{}",
        r#"{"TicketMood": "Printer"}"#,
    ] {
        let client = Recorder::answering(200, answer).client();
        let (ticket, log) = logged(client.tickets().get(1).into_future()).await;
        let titled = answer.contains("TicketTitle");
        assert_eq!(
            ticket.unwrap().ticket_title.as_deref(),
            titled.then_some("Printer"),
            "{answer}"
        );
        assert_eq!(log.lines().count(), 1, "{log}");
        assert!(
            log.contains("WARN") && log.contains("tickets_get") && log.contains("TicketID"),
            "{log}"
        );
        assert!(!log.contains("Printer"), "{log}");
    }

    let page = r#"{"items": [{"TicketID": 1}, {"TicketTitle": "?"}], "totalPages": 1}"#;
    let client = Recorder::answering(200, page).client();
    let (page, log) = logged(client.tickets().list().into_future()).await;
    assert_eq!(page.unwrap().items.len(), 2);
    assert!(log.contains("tickets_list") && log.contains("TicketID"), "{log}");

    let client = Recorder::answering(200, r#"[{"ItemId": 1}]"#).client();
    let (values, log) = logged(client.custom_values().list_on_ticket(1).into_future()).await;
    assert_eq!(values.unwrap().len(), 1);
    assert!(log.contains("custom_values_list_on_ticket"), "{log}");

    let (ticket, log) = logged(
        Recorder::answering(200, r#"{"TicketID": 1}"#)
            .client()
            .tickets()
            .get(1)
            .into_future(),
    )
    .await;
    assert_eq!((ticket.unwrap().ticket_id, log.as_str()), (Some(1), ""));
}

#[tokio::test]
async fn what_is_no_object_is_no_record() {
    for answer in ["[]", r#"[{"TicketID": 1}]"#, "[null]", "null", "7", r#""OK""#] {
        let client = Recorder::answering(200, answer).client();
        let error = client.tickets().get(1).await.expect_err(answer);
        assert_eq!(error.kind(), ErrorKind::Decode, "{answer}");

        let page = format!(r#"{{"items": [{{"TicketID": 1}}, {answer}], "totalPages": 1}}"#);
        let client = Recorder::answering(200, page).client();
        let list = client.tickets().list();
        let walked: Vec<_> = list.clone().stream().collect().await;
        assert_eq!(walked.len(), 2, "{answer}");
        for error in [walked.into_iter().find_map(Result::err), list.await.err()] {
            assert_eq!(error.expect(answer).record(), Some(1), "{answer}");
        }

        let client = Recorder::answering(200, format!("[{answer}]")).client();
        let error = client.custom_values().list_on_ticket(1).await.expect_err(answer);
        assert_eq!(error.record(), Some(0), "{answer}: {error}");
    }
}

#[tokio::test]
async fn an_id_in_another_form_is_one_beside_a_record_that_does_not_fit() {
    let page = r#"{"items": [{"TicketID": 7.0}, {"TicketID": " 8"}, {"TicketID": "INV-9"}, {"TicketID": 7}], "totalPages": 1}"#;
    let mut tickets = Recorder::answering(200, page).client().tickets().list().stream();
    let mut came = Vec::new();
    while let Some(ticket) = tickets.next().await {
        came.push(ticket.ok().and_then(|ticket| ticket.ticket_id));
    }
    assert_eq!(came, [Some(7), Some(8), None], "7 comes once");
    assert_eq!(tickets.drift().without_id, 1);
}
