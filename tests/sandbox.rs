//! The sandbox, by way of the client.
#![cfg(feature = "sandbox")]

use std::collections::HashSet;

use atera::{
    Client, ErrorKind, List, Operation, RawRecord, Schema, Timestamp,
    sandbox::{Sandbox, SandboxBuilder},
    types::{
        CreateAlert, CreateContact, CreateCustomer, CreateTicket, UpdateContact, UpdateCustomer, UpdateTicket,
    },
};
use serde_json::Value;

fn small() -> SandboxBuilder {
    let now: Timestamp = "2026-03-02T12:00:00Z".parse().unwrap();
    Sandbox::builder()
        .customers(6)
        .contacts(20)
        .agents(15)
        .tickets(130)
        .alerts(30)
        .now(now)
}

async fn raw(client: &Client, list: &str) -> Vec<RawRecord> {
    let mut records = client.operation(Operation::find(list).unwrap()).records();
    let mut all = Vec::new();
    while let Some(record) = records.try_next().await.unwrap() {
        all.push(record);
    }
    all
}

#[tokio::test]
async fn a_walk_yields_each_of_the_2847_tickets_once() {
    let sandbox = Sandbox::builder().start().await.unwrap();
    let tickets = sandbox.client().unwrap().tickets().list().all().await.unwrap();
    let ids: HashSet<_> = tickets.iter().map(|ticket| ticket.ticket_id.unwrap()).collect();
    assert_eq!((tickets.len(), ids.len()), (2847, 2847));
}

#[tokio::test]
async fn the_same_seed_gives_the_same_bytes_and_another_gives_others() {
    let mut worlds = Vec::new();
    for seed in [7, 7, 8] {
        let sandbox = small().seed(seed).start().await.unwrap();
        let client = sandbox.client().unwrap();
        let mut bytes = sandbox.api_key().to_string();
        for list in [
            "tickets_list",
            "agents_list",
            "customers_list",
            "contacts_list",
            "alerts_list",
        ] {
            for record in raw(&client, list).await {
                bytes += record.get();
            }
        }
        worlds.push(bytes);
    }
    assert!(worlds[0] == worlds[1]);
    assert!(worlds[0] != worlds[2]);
}

#[tokio::test]
async fn every_record_has_the_fields_of_its_schema_in_their_order() {
    let sandbox = small().start().await.unwrap();
    let client = sandbox.client().unwrap();
    for (list, schema) in [
        ("tickets_list", "Ticket"),
        ("agents_list", "Agent"),
        ("customers_list", "Customer"),
        ("contacts_list", "Contact"),
        ("alerts_list", "Alert"),
    ] {
        let fields: Vec<_> = Schema::find(schema)
            .unwrap()
            .fields
            .iter()
            .map(|field| field.name)
            .collect();
        for record in raw(&client, list).await {
            let mut at = 0;
            for field in &fields {
                let name = format!("\"{field}\":");
                at += record.get()[at..]
                    .find(&name)
                    .unwrap_or_else(|| panic!("{list}: {field} is missing"));
            }
            let object: serde_json::Map<String, Value> = serde_json::from_str(record.get()).unwrap();
            assert_eq!(object.len(), fields.len());
        }
    }
}

#[tokio::test]
async fn records_refer_to_records_that_exist_and_agree() {
    let sandbox = small().start().await.unwrap();
    let client = sandbox.client().unwrap();
    let contacts = client.contacts().list().all().await.unwrap();
    for ticket in client.tickets().list().all().await.unwrap() {
        let contact = contacts
            .iter()
            .find(|contact| contact.end_user_id == ticket.end_user_id)
            .unwrap();
        assert_eq!(
            (contact.customer_id, &contact.email),
            (ticket.customer_id, &ticket.end_user_email)
        );
        let done = matches!(ticket.ticket_status.as_deref(), Some("Resolved" | "Closed"));
        assert_eq!(ticket.ticket_resolved_date.is_some(), done);
        let created = ticket.ticket_created_date.unwrap();
        assert!(ticket.first_response_due_date.unwrap() > created);
        assert!(
            ticket
                .ticket_resolved_date
                .is_none_or(|resolved| resolved >= created)
        );
    }
    let agents = client.agents().list().all().await.unwrap();
    for alert in client.alerts().list().all().await.unwrap() {
        let agent = agents
            .iter()
            .find(|agent| agent.agent_id == alert.agent_id)
            .unwrap();
        assert_eq!(
            (agent.device_guid, agent.customer_id),
            (alert.device_guid, alert.customer_id)
        );
    }
}

#[tokio::test]
async fn a_wrong_key_is_answered_by_nothing_but_401() {
    let sandbox = small().start().await.unwrap();
    let key = atera::ApiKey::new("0123456789abcdef0123456789abcdef").unwrap();
    let client = Client::builder()
        .api_key(key)
        .base_url(sandbox.base_url())
        .build()
        .unwrap();
    let error = client.tickets().get(1).await.unwrap_err();
    assert_eq!((error.kind(), error.body()), (ErrorKind::Unauthorized, &b""[..]));
}

#[tokio::test]
async fn the_key_is_taken_from_either_header() {
    let sandbox = small().start().await.unwrap();
    let key = atera::ApiKey::new(sandbox.api_key())
        .unwrap()
        .in_header(atera::KeyHeader::Bearer);
    let client = Client::builder()
        .api_key(key)
        .base_url(sandbox.base_url())
        .build()
        .unwrap();
    assert_eq!(client.tickets().list().count().await.unwrap(), 130);
}

#[tokio::test]
async fn a_ticket_lives_from_create_to_delete() {
    let sandbox = small().start().await.unwrap();
    let tickets = sandbox.client().unwrap().tickets();
    let contact = tickets.list().await.unwrap().items[0].end_user_id;
    let body = CreateTicket {
        end_user_id: contact,
        ..CreateTicket::new("Printer", "on fire")
    };
    let id = tickets
        .create(body)
        .await
        .unwrap()
        .action_id
        .and_then(|id| id.number())
        .unwrap();

    let made = tickets.get(id).await.unwrap();
    assert_eq!(
        (made.ticket_title.as_deref(), made.ticket_status.as_deref()),
        (Some("Printer"), Some("Open"))
    );
    assert_eq!(tickets.list().count().await.unwrap(), 131);

    let body = UpdateTicket {
        ticket_status: Some("Resolved".into()),
        ..Default::default()
    };
    tickets.update(id, body.clone()).await.unwrap();
    tickets.update_put(id, body).await.unwrap();
    let solved = tickets.get(id).await.unwrap();
    assert_eq!(
        solved.ticket_resolved_date.unwrap().to_string(),
        "2026-03-02T12:00:00Z"
    );
    assert_eq!(solved.ticket_title.as_deref(), Some("Printer"), "the rest stays");

    tickets.delete(id).await.unwrap();
    assert_eq!(tickets.get(id).await.unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(tickets.delete(id).await.unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn customers_contacts_agents_and_alerts_live_too() {
    let sandbox = small().start().await.unwrap();
    let client = sandbox.client().unwrap();
    let number = |answer: atera::types::ActionResult| answer.action_id.and_then(|id| id.number()).unwrap();

    let customer = number(
        client
            .customers()
            .create(CreateCustomer::new("Quay Optics"))
            .await
            .unwrap(),
    );
    let city = UpdateCustomer {
        city: Some("Cork".into()),
        ..Default::default()
    };
    client.customers().update(customer, city).await.unwrap();
    assert_eq!(
        client.customers().get(customer).await.unwrap().city.as_deref(),
        Some("Cork")
    );

    let body = CreateContact {
        customer_id: Some(customer),
        ..CreateContact::new("ann@quay.example")
    };
    let contact = number(client.contacts().create(body).await.unwrap());
    let title = UpdateContact {
        job_title: Some("Owner".into()),
        ..Default::default()
    };
    client.contacts().update(contact, title).await.unwrap();
    let found = client.contacts().list().email("ANN@quay").all().await.unwrap();
    assert_eq!(found[0].job_title.as_deref(), Some("Owner"));
    assert_eq!(found[0].customer_name.as_deref(), Some("Quay Optics"));

    let agent = client.agents().list().await.unwrap().items.remove(0);
    let alert = number(
        client
            .alerts()
            .create(CreateAlert::new(agent.device_guid.unwrap(), "Fan"))
            .await
            .unwrap(),
    );
    assert_eq!(client.alerts().get(alert).await.unwrap().agent_id, agent.agent_id);
    client.alerts().resolve(alert).await.unwrap();
    let resolved = client
        .alerts()
        .list()
        .alert_status("Resolved")
        .all()
        .await
        .unwrap();
    assert!(resolved.iter().any(|it| it.alert_id == Some(alert)));
    client.alerts().delete(alert).await.unwrap();

    client.agents().delete(agent.agent_id.unwrap()).await.unwrap();
    assert!(client.agents().get(agent.agent_id.unwrap()).await.is_err());
    client.customers().delete(customer).await.unwrap();
    assert_eq!(
        client.contacts().get(contact).await.unwrap_err().kind(),
        ErrorKind::NotFound
    );
}

#[tokio::test]
async fn what_does_not_fit_is_refused_by_field() {
    let sandbox = small().start().await.unwrap();
    let client = sandbox.client().unwrap();
    let body = CreateTicket {
        end_user_id: Some(1),
        ..CreateTicket::new("Printer", "on fire")
    };
    let error = client.tickets().create(body).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Rejected);
    assert_eq!(error.field_errors()["EndUserID"], ["There is no such contact."]);

    let body = UpdateTicket {
        ticket_priority: Some("Urgent".into()),
        ..Default::default()
    };
    let error = client.tickets().update(54001, body).await.unwrap_err();
    assert!(
        error.field_errors()["TicketPriority"][0].contains("Low, Medium, High, Critical"),
        "{error}"
    );
}

#[tokio::test]
async fn pages_have_the_habits_of_the_service() {
    let sandbox = small().start().await.unwrap();
    let tickets = sandbox.client().unwrap().tickets();
    let first = tickets.list().await.unwrap();
    assert_eq!(
        (first.items.len(), first.items_in_page, first.total()),
        (20, Some(20), Some(130))
    );
    assert_eq!(first.prev_link.as_deref(), Some(""));
    assert_eq!(
        first.next_link,
        Some(format!("{}/tickets?page=2", sandbox.base_url()))
    );
    let last = tickets.list().page(3).items_in_page(50).await.unwrap();
    assert_eq!((last.items.len(), last.next_link.as_deref()), (30, Some("")));
    assert!(tickets.list().page(9).await.unwrap().items.is_empty());
}

#[tokio::test]
async fn filters_filter() {
    let sandbox = small().start().await.unwrap();
    let client = sandbox.client().unwrap();
    let open = client.tickets().list().ticket_status("open").all().await.unwrap();
    assert!(
        !open.is_empty()
            && open
                .iter()
                .all(|ticket| ticket.ticket_status.as_deref() == Some("Open"))
    );
    let customer = open[0].customer_id.unwrap();
    let theirs = client.tickets().list().customer_id(customer).all().await.unwrap();
    assert!(!theirs.is_empty() && theirs.iter().all(|ticket| ticket.customer_id == Some(customer)));
    let since: Timestamp = "2026-02-20T00:00:00Z".parse().unwrap();
    let recent = client
        .tickets()
        .list_last_modified()
        .date(since)
        .count()
        .await
        .unwrap();
    assert!(recent > 0 && recent < 130);
    let agents = client.agents().list_by_customer(customer).all().await.unwrap();
    assert!(agents.iter().all(|agent| agent.customer_id == Some(customer)));
}

#[tokio::test]
async fn an_operation_that_is_not_served_says_so() {
    let sandbox = small().start().await.unwrap();
    let error = sandbox
        .client()
        .unwrap()
        .departments()
        .list()
        .await
        .map(|_| ())
        .unwrap_err();
    assert_eq!(error.status().map(|status| status.as_u16()), Some(501));
    assert!(
        error.to_string().contains("does not serve departments_list yet"),
        "{error}"
    );
}
