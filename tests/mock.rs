//! The mocks for users' own tests: what fits, what does not, and what is answered.

use std::time::Duration;

use atera::{
    ApiKey, Client, ErrorKind,
    mock::{self, Mocks, Recorder, request_shape},
    types::{CreateTicket, Ticket, TicketPriority, TicketRelationType},
};
use httpmock::MockServer;
use serde_json::json;

fn ticket(id: i64) -> Ticket {
    mock::record(|ticket: &mut Ticket| ticket.ticket_id = Some(id))
}

/// A server that answers nothing by itself, and a client of it.
async fn server() -> (MockServer, Client) {
    let server = MockServer::start_async().await;
    let client = mock::client(&server).unwrap();
    (server, client)
}

#[tokio::test]
async fn a_mock_fits_its_operation_and_no_other() {
    let (server, client) = server().await;
    let get = server.tickets_get(|_, then| {
        then.value(&ticket(7));
    });

    assert_eq!(client.tickets().get(7).await.unwrap().ticket_id, Some(7));
    // Both are GETs with one segment after `/tickets`.
    assert!(client.tickets().list_last_modified().await.is_err());
    assert!(client.tickets().delete(7).await.is_err());
    get.assert_calls(1);
}

#[tokio::test]
async fn what_is_asked_for_has_to_be_as_the_mock_says() {
    let (server, client) = server().await;
    let relation = server.tickets_delete_relation(|when, then| {
        when.ticket_id(7).relation_type(TicketRelationType::Parent);
        then.empty(204);
    });
    let tickets = client.tickets();
    assert!(
        tickets
            .delete_relation(7, TicketRelationType::Parent)
            .await
            .is_ok()
    );
    assert!(
        tickets
            .delete_relation(7, TicketRelationType::Child)
            .await
            .is_err()
    );
    assert!(
        tickets
            .delete_relation(77, TicketRelationType::Parent)
            .await
            .is_err()
    );
    relation.assert_calls(1);

    // A dot in a value is a dot.
    let agent = server.agents_list_by_machine(|when, then| {
        when.machine_name("srv 4.2/b");
        then.page(&[]);
    });
    let by_machine = |name: &str| client.agents().list_by_machine(name);
    assert!(by_machine("srv 4.2/b").await.is_ok());
    assert!(by_machine("srv 4x2/b").await.is_err());
    agent.assert_calls(1);
}

#[tokio::test]
async fn a_parameter_may_have_to_be_there_or_not_to_be_there() {
    let (server, client) = server().await;
    let open = server.tickets_list(|when, then| {
        when.ticket_status("Waiting for customer")
            .customer_id(None)
            .include_relations(true);
        then.page(&[ticket(1), ticket(2)]);
    });
    let list = || {
        client
            .tickets()
            .list()
            .ticket_status("Waiting for customer")
            .include_relations(true)
    };
    assert_eq!(list().await.unwrap().items.len(), 2);
    assert!(list().customer_id(7).await.is_err());
    assert!(client.tickets().list().include_relations(true).await.is_err());
    open.assert_calls(1);
}

#[tokio::test]
async fn a_body_has_to_be_the_same_or_to_have_the_fields() {
    let (server, client) = server().await;
    let body = |priority| CreateTicket {
        end_user_id: Some(7),
        ticket_priority: Some(priority),
        ..CreateTicket::new("Printer", "It is on fire")
    };
    let whole = server.tickets_create(|when, then| {
        when.body(&body(TicketPriority::High));
        then.json(201, &json!({"ActionID": "1"}));
    });
    let part = server.tickets_create(|when, then| {
        when.body_includes(json!({"TicketPriority": "Low"}));
        then.json(201, &json!({"ActionID": "2"}));
    });
    let created = async |priority| {
        let made = client.tickets().create(body(priority)).await?;
        Ok::<_, atera::Error>(made.action_id.unwrap().number())
    };
    assert_eq!(created(TicketPriority::High).await.unwrap(), Some(1));
    assert_eq!(created(TicketPriority::Low).await.unwrap(), Some(2));
    assert!(created(TicketPriority::Medium).await.is_err());
    whole.assert_calls(1);
    part.assert_calls(1);
}

#[tokio::test]
async fn a_list_is_served_page_by_page() {
    let (server, client) = server().await;
    let all: Vec<_> = (1..=121).map(ticket).collect();
    let list = server.tickets_list(|_, then| {
        then.records(&all);
    });
    let read = client.tickets().list().all().await.unwrap();
    assert_eq!(read, all);
    list.assert_calls(3);

    assert_eq!(client.tickets().list().count().await.unwrap(), 121);
    let page = client.tickets().list().page(7).await.unwrap();
    assert_eq!(page.items, [ticket(121)]);
    let page = client.tickets().list().page(8).await.unwrap();
    assert!(page.items.is_empty());
}

#[tokio::test]
async fn each_failure_is_what_the_client_takes_it_for() {
    let (server, client) = server().await;
    let failed = async |id: i64| client.tickets().get(id).await.unwrap_err();

    server.tickets_get(|when, then| {
        when.ticket_id(1);
        then.empty(401);
    });
    assert_eq!(failed(1).await.kind(), ErrorKind::Unauthorized);

    server.tickets_get(|when, then| {
        when.ticket_id(2);
        then.fails_with_code(404, "NO_TICKET", "There is no such ticket.");
    });
    let error = failed(2).await;
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(error.code(), Some("NO_TICKET"));
    assert_eq!(error.message(), Some("There is no such ticket."));

    server.tickets_get(|when, then| {
        when.ticket_id(3);
        then.refuses(&[("Email", "is required"), ("Email", "is no address")]);
    });
    let error = failed(3).await;
    assert_eq!(error.kind(), ErrorKind::Rejected);
    assert_eq!(error.field_errors()["Email"], ["is required", "is no address"]);
}

#[tokio::test]
async fn a_rate_limit_says_how_long_to_wait() {
    let server = MockServer::start_async().await;
    server.tickets_get(|_, then| {
        then.rate_limited(Duration::from_secs(900));
    });
    let error = mock::client(&server).unwrap().tickets().get(7).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RateLimited);
}

#[tokio::test]
async fn a_shape_shows_the_request_and_not_the_key() {
    const KEY: &str = "canary0123456789canary0123456789";
    let recorder = Recorder::answering(200, "{}");
    let client = recorder
        .builder()
        .api_key(ApiKey::new(KEY).unwrap())
        .build()
        .unwrap();
    // The fields as the description has them, not by the alphabet.
    client
        .tickets()
        .create(CreateTicket {
            end_user_id: Some(7),
            ..CreateTicket::new("Printer", "It is on fire")
        })
        .await
        .unwrap();
    let [request] = &recorder.sent()[..] else {
        panic!("one request")
    };
    assert_eq!(
        request_shape(request),
        r#"POST https://app.atera.com/api/v3/tickets
accept: application/json
content-type: application/json
user-agent: atera/[version]
x-api-key: [key]

{
  "TicketTitle": "Printer",
  "Description": "It is on fire",
  "EndUserID": 7
}
"#
    );
    assert!(!format!("{recorder:?}").contains(KEY));
}
