//! Creates, updates and deletes through the client.

use atera::{
    ErrorKind, Timestamp,
    types::{
        ActionResult, AlertSeverity, CreateAlert, CreateContact, CreateCustomer, CreateTicket,
        TicketPriority, UpdateContact, UpdateCustomer, UpdateTicket,
    },
};
use atera_sandbox::Sandbox;
use serde_json::json;

use crate::wire::{ask, get};

const NOW: &str = "2026-03-09T12:00:00Z";

async fn at_noon() -> Sandbox {
    let now: Timestamp = NOW.parse().expect("a time");
    let sandbox = Sandbox::builder().now(now).tickets(60).alerts(60).start().await;
    sandbox.expect("a sandbox")
}

fn now() -> Option<Timestamp> {
    NOW.parse().ok()
}

fn id(made: &ActionResult) -> i64 {
    let id = made.action_id.as_ref().and_then(|id| id.number());
    id.expect("the id of a record")
}

#[tokio::test]
async fn a_ticket_is_created_changed_listed_and_deleted() -> atera::Result<()> {
    let sandbox = at_noon().await;
    let client = sandbox.client()?;
    let ticket = CreateTicket {
        end_user_id: Some(12345),
        ticket_priority: Some(TicketPriority::High),
        technician_email: Some("tom.reyes@fieldline.example".into()),
        ..CreateTicket::new("Printer", "No lights")
    };

    let made = id(&client.tickets().create(ticket).await?);
    assert_eq!(made, 54_321 + 60);
    let ticket = client.tickets().get(made).await?;
    assert_eq!(ticket.ticket_title.as_deref(), Some("Printer"));
    assert_eq!(ticket.ticket_number.as_deref(), Some("61"));
    assert_eq!(ticket.first_comment.as_deref(), Some("No lights"));
    assert_eq!(ticket.ticket_status.as_deref(), Some("Open"));
    assert_eq!(ticket.ticket_priority, Some(TicketPriority::High));
    assert_eq!(
        (ticket.customer_id, ticket.customer_name.as_deref()),
        (Some(1201), Some("Harbor Dental"))
    );
    assert_eq!(ticket.end_user_first_name.as_deref(), Some("Maya"));
    assert_eq!(ticket.technician_contact_id, Some(77));
    assert_eq!(
        (ticket.ticket_created_date, ticket.ticket_resolved_date),
        (now(), None)
    );
    assert!(ticket.first_response_due_date > now());

    let resolve = UpdateTicket {
        ticket_status: Some("Resolved".into()),
        ..Default::default()
    };
    assert_eq!(id(&client.tickets().update(made, resolve).await?), made);
    let ticket = client.tickets().get(made).await?;
    assert_eq!(ticket.ticket_resolved_date, now());
    assert_eq!(ticket.ticket_title.as_deref(), Some("Printer"));
    assert!(
        client
            .tickets()
            .list()
            .ticket_status("Resolved")
            .all()
            .await?
            .contains(&ticket)
    );

    let reopen = UpdateTicket {
        ticket_status: Some("Waiting for customer".into()),
        technician_contact_id: Some(78),
        ..Default::default()
    };
    client.tickets().update_put(made, reopen).await?;
    let ticket = client.tickets().get(made).await?;
    assert_eq!(
        (
            ticket.ticket_resolved_date,
            ticket.technician_full_name.as_deref()
        ),
        (None, Some("Priya Raman"))
    );

    client.tickets().delete(made).await?;
    let gone = client.tickets().get(made).await.expect_err("it is deleted");
    assert_eq!(gone.kind(), ErrorKind::NotFound);
    assert_eq!(client.tickets().list().count().await?, 60);
    Ok(())
}

#[tokio::test]
async fn a_ticket_for_somebody_new_makes_a_contact() -> atera::Result<()> {
    let sandbox = at_noon().await;
    let client = sandbox.client()?;
    let ticket = |email: &str| CreateTicket {
        end_user_first_name: Some("Nils".into()),
        end_user_last_name: Some("Holm".into()),
        end_user_email: Some(email.into()),
        ..CreateTicket::new("T", "D")
    };
    let mut tickets = Vec::new();
    for email in [
        "nils@harbordental.example",
        "NILS@harbordental.example",
        "nils@nowhere.example",
        "x@nowhere.example",
    ] {
        let made = id(&client.tickets().create(ticket(email)).await?);
        tickets.push(client.tickets().get(made).await?);
    }

    let [known, again, unknown, other] = tickets.as_slice() else {
        panic!("four tickets")
    };
    assert_eq!(
        (known.customer_id, known.end_user_last_name.as_deref()),
        (Some(1201), Some("Holm"))
    );
    assert_eq!(again.end_user_id, known.end_user_id);
    assert_eq!(unknown.customer_name.as_deref(), Some("Unassigned"));
    assert_eq!(other.customer_id, unknown.customer_id);
    assert_ne!(other.end_user_id, unknown.end_user_id);
    Ok(())
}

#[tokio::test]
async fn a_customer_is_created_renamed_listed_and_deleted() -> atera::Result<()> {
    let sandbox = at_noon().await;
    let client = sandbox.client()?;

    let made = id(&client.customers().create(CreateCustomer::new("Nordlys")).await?);
    let customer = client.customers().get(made).await?;
    assert_eq!((customer.created_on, customer.last_modified), (now(), now()));
    assert_eq!(client.customers().list().await?.items.first(), Some(&customer));
    let person = CreateContact {
        customer_name: Some("nordlys".into()),
        ..CreateContact::new("a@nordlys.example")
    };
    let person = id(&client.contacts().create(person).await?);

    let rename = UpdateCustomer {
        customer_name: Some("Nordlys AS".into()),
        ..Default::default()
    };
    assert_eq!(id(&client.customers().update(made, rename.clone()).await?), made);
    client.customers().update_put(made, rename).await?;
    assert_eq!(
        client.contacts().get(person).await?.customer_name.as_deref(),
        Some("Nordlys AS")
    );

    client.customers().delete(made).await?;
    for error in [
        client.customers().get(made).await.expect_err("it is deleted"),
        client
            .contacts()
            .get(person)
            .await
            .expect_err("it belonged to the customer"),
    ] {
        assert_eq!(error.kind(), ErrorKind::NotFound);
    }
    let next = id(&client.customers().create(CreateCustomer::new("Next")).await?);
    assert_eq!(next, made + 1, "an id is not given twice");
    Ok(())
}

#[tokio::test]
async fn a_contact_is_created_moved_listed_and_deleted() -> atera::Result<()> {
    let sandbox = at_noon().await;
    let client = sandbox.client()?;
    let contact = CreateContact {
        customer_id: Some(1201),
        department_name: Some("Finance".into()),
        created_on: Some("2024-05-06T07:08:09+02:00".parse()?),
        ..CreateContact::new("new@harbordental.example")
    };

    let made = id(&client.contacts().create(contact).await?);
    let contact = client.contacts().get(made).await?;
    assert_eq!((contact.department_id, contact.archived), (Some(15), Some(false)));
    assert_eq!(contact.created_on, "2024-05-06T05:08:09Z".parse().ok());
    assert_eq!(contact.last_modified, now());
    assert_eq!(
        client
            .contacts()
            .list()
            .email("new@harbordental.example")
            .all()
            .await?,
        [contact]
    );

    let other = client.customers().get(1202).await?.customer_name;
    let movement = UpdateContact {
        customer_name: other.clone(),
        archived: Some(true),
        ..Default::default()
    };
    client.contacts().update(made, movement).await?;
    let contact = client.contacts().get(made).await?;
    assert_eq!(
        (contact.customer_id, contact.customer_name, contact.archived),
        (Some(1202), other, Some(true))
    );
    let back = UpdateContact {
        customer_id: Some(1201),
        ..Default::default()
    };
    client.contacts().update_put(made, back).await?;
    assert_eq!(
        client.contacts().get(made).await?.customer_name.as_deref(),
        Some("Harbor Dental")
    );

    client.contacts().delete(made).await?;
    assert_eq!(
        client
            .contacts()
            .list()
            .email("new@harbordental.example")
            .count()
            .await?,
        0
    );
    Ok(())
}

#[tokio::test]
async fn an_alert_is_created_resolved_listed_and_deleted() -> atera::Result<()> {
    let sandbox = at_noon().await;
    let client = sandbox.client()?;
    let agent = client.agents().get(5501).await?;
    let alert = CreateAlert {
        severity: Some(AlertSeverity::Critical),
        ticket_id: Some(54321),
        ..CreateAlert::new(agent.device_guid.expect("a guid"), "Backup did not run")
    };

    let made = id(&client.alerts().create(alert).await?);
    let alert = client.alerts().get(made).await?;
    assert_eq!(
        (alert.agent_id, alert.device_name, alert.customer_id),
        (Some(5501), agent.agent_name, Some(1201))
    );
    assert_eq!(alert.alert_message.as_deref(), Some("Backup did not run"));
    assert_eq!(
        (alert.created, alert.archived, alert.severity),
        (now(), Some(false), Some(AlertSeverity::Critical))
    );

    client.alerts().resolve(made).await?;
    let alert = client.alerts().get(made).await?;
    assert_eq!((alert.archived, alert.archived_date), (Some(true), now()));
    assert!(
        client
            .alerts()
            .list()
            .alert_status("Resolved")
            .all()
            .await?
            .contains(&alert)
    );

    client.tickets().delete(54321).await?;
    assert_eq!(client.alerts().get(made).await?.ticket_id, None);
    client.alerts().delete(made).await?;
    assert!(client.alerts().get(made).await.is_err());
    Ok(())
}

#[tokio::test]
async fn a_deleted_agent_takes_its_alerts_along() -> atera::Result<()> {
    let sandbox = at_noon().await;
    let client = sandbox.client()?;
    assert_eq!(client.alerts().get(90210).await?.agent_id, Some(5501));
    assert_eq!(client.contacts().get(12345).await?.default_agent_id, Some(5501));

    client.agents().delete(5501).await?;

    assert!(client.agents().get(5501).await.is_err());
    assert!(client.alerts().get(90210).await.is_err());
    assert_eq!(client.contacts().get(12345).await?.default_agent_id, None);
    Ok(())
}

#[tokio::test]
async fn a_deleted_contact_stays_in_the_history_of_its_tickets() -> atera::Result<()> {
    let sandbox = at_noon().await;
    let client = sandbox.client()?;
    let before = client.tickets().get(54321).await?;

    client.contacts().delete(12345).await?;

    assert_eq!(client.tickets().get(54321).await?, before);
    Ok(())
}

#[tokio::test]
async fn writes_are_answered_as_published() {
    let sandbox = at_noon().await;
    let ticket = json!({"TicketTitle": "T", "Description": "D", "EndUserID": 12345}).to_string();
    let guid = "6F1C0D3E-8A54-4B7B-9D0E-2F6A3C1B7E55";
    for (method, path, body, status, answer) in [
        ("POST", "/tickets", ticket, 201, r#"{"ActionID":"54381"}"#),
        (
            "POST",
            "/customers",
            json!({"CustomerName": "C"}).to_string(),
            201,
            r#"{"ActionID":"1265"}"#,
        ),
        (
            "POST",
            "/contacts",
            json!({"Email": "e@c.example", "CustomerID": 1265}).to_string(),
            201,
            r#"{"ActionID":"12865"}"#,
        ),
        (
            "POST",
            "/alerts",
            json!({"Title": "A", "DeviceGuid": guid}).to_string(),
            201,
            r#"{"ActionID":"90270"}"#,
        ),
        (
            "POST",
            "/tickets/54381",
            "{}".to_string(),
            200,
            r#"{"ActionID":"54381"}"#,
        ),
        (
            "PUT",
            "/customers/1265",
            "{}".to_string(),
            200,
            r#"{"ActionID":"1265"}"#,
        ),
        (
            "PUT",
            "/contacts/12865",
            "{}".to_string(),
            200,
            r#"{"ActionID":"12865"}"#,
        ),
        ("PUT", "/alerts/90270", String::new(), 204, ""),
        ("DELETE", "/tickets/54381", String::new(), 204, ""),
        ("DELETE", "/contacts/12865", String::new(), 204, ""),
        ("DELETE", "/customers/1265", String::new(), 204, ""),
        ("DELETE", "/alerts/90270", String::new(), 204, ""),
        ("DELETE", "/agents/5502", String::new(), 204, ""),
    ] {
        let got = ask(&sandbox, method, path, &body).await;
        assert_eq!(
            (got.status, got.body.as_str()),
            (status, answer),
            "{method} {path}"
        );
        if method == "DELETE" {
            assert_eq!(
                ask(&sandbox, method, path, &body).await.status,
                404,
                "{path} again"
            );
        }
    }
}

#[tokio::test]
async fn an_update_changes_what_it_may_and_a_null_clears() {
    let sandbox = at_noon().await;
    let before = get(&sandbox, "/tickets/54321").await.json();
    let change = json!({
        "TicketID": 7, "CustomerID": 1202, "EndUserID": 12346, "Unheard": 1,
        "TicketType": "problem", "TechnicianContactID": null,
    });

    let answer = ask(&sandbox, "POST", "/tickets/54321", &change.to_string()).await;

    assert_eq!(answer.status, 200);
    let mut expected = before;
    expected["TicketType"] = "Problem".into();
    for name in ["TechnicianContactID", "TechnicianFullName", "TechnicianEmail"] {
        expected[name] = json!(null);
    }
    assert_eq!(get(&sandbox, "/tickets/54321").await.json(), expected);
}

#[tokio::test]
async fn an_update_of_what_does_not_exist_is_404() {
    let sandbox = at_noon().await;
    for (method, path) in [
        ("POST", "/tickets/9"),
        ("PUT", "/customers/9"),
        ("POST", "/contacts/9"),
        ("PUT", "/alerts/9"),
        ("DELETE", "/agents/9"),
    ] {
        assert_eq!(
            ask(&sandbox, method, path, "{}").await.status,
            404,
            "{method} {path}"
        );
    }
}
