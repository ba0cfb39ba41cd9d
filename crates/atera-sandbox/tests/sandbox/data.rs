//! The generated records.

use std::collections::{BTreeMap, HashMap, HashSet};

use atera::{
    RateLimit, Timestamp,
    description::{Field, Kind, OPERATIONS, Operation, Schema},
};
use atera_sandbox::Sandbox;
use chrono::{Datelike, TimeDelta, Timelike};
use serde_json::Value;

use crate::{
    description,
    wire::{Ordered, get},
};

async fn started() -> Sandbox {
    Sandbox::builder().start().await.expect("a sandbox")
}

/// A list of each kind of record: path and operation.
const LISTS: [(&str, &str); 8] = [
    ("/tickets?includeRelations=true", "tickets_list"),
    ("/tickets/noComments", "tickets_list_without_comments"),
    ("/tickets/statusmodified", "tickets_list_status_modified"),
    (
        "/tickets/lastmodified?date=2000-01-01",
        "tickets_list_last_modified",
    ),
    ("/agents", "agents_list"),
    ("/customers", "customers_list"),
    ("/contacts", "contacts_list"),
    ("/alerts", "alerts_list"),
];

/// The records of a page, each as JSON text.
fn items(body: &str) -> Vec<Box<serde_json::value::RawValue>> {
    let page = Ordered::read(body);
    let (_, items) = page.0.iter().find(|(name, _)| name == "items").expect("items");
    serde_json::from_str(items.get()).expect("an array")
}

#[tokio::test]
async fn a_walk_yields_every_ticket_once() -> atera::Result<()> {
    let sandbox = started().await;
    let mut tickets = sandbox.client()?.tickets().list().stream();
    let mut ids = HashSet::new();
    let mut records = 0;
    while let Some(ticket) = tickets.try_next().await? {
        ids.insert(ticket.ticket_id);
        records += 1;
    }
    assert_eq!((records, ids.len()), (2_847, 2_847));
    Ok(())
}

#[tokio::test]
async fn there_are_as_many_records_as_asked_for() -> atera::Result<()> {
    let sandbox = Sandbox::builder()
        .customers(3)
        .contacts(5)
        .agents(7)
        .tickets(11)
        .alerts(13);
    let sandbox = sandbox.start().await?;
    let client = sandbox.client()?;
    assert_eq!(client.customers().list().count().await?, 3);
    assert_eq!(client.contacts().list().count().await?, 5);
    assert_eq!(client.agents().list().count().await?, 7);
    assert_eq!(client.tickets().list().count().await?, 11);
    assert_eq!(client.alerts().list().count().await?, 13);

    let nothing = Sandbox::builder().customers(0).start().await?;
    for (path, _) in LISTS {
        let page = get(&nothing, path).await.json();
        assert_eq!(
            (&page["totalItemCount"], &page["totalPages"]),
            (&0.into(), &0.into()),
            "{path}"
        );
    }
    Ok(())
}

/// Lists that are the same for each seed.
const FIXED: [&str; 4] = [
    "departments_list",
    "guide_rates_list",
    "rates_expenses_list",
    "rates_products_list",
];

/// Paths of some pages of a list, with each flag set.
fn questions(operation: &Operation) -> Vec<String> {
    let path = description::operations()[operation.id].example_path();
    let parameters = operation.parameters.iter();
    let asked = parameters.filter_map(|parameter| match (parameter.name, parameter.kind) {
        ("date", _) => Some("&date=2000-01-01".to_string()),
        (name, Kind::Boolean) => Some(format!("&{name}=true")),
        _ => None,
    });
    let asked: String = asked.collect();
    (1..=3)
        .map(|page| format!("{path}?page={page}&itemsInPage=50{asked}"))
        .collect()
}

#[tokio::test]
async fn the_same_seed_makes_the_same_bytes_and_another_seed_makes_others() -> atera::Result<()> {
    async fn bytes(sandbox: &Sandbox, path: &str) -> String {
        let answer = get(sandbox, path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        answer.body.replace(sandbox.base_url(), "")
    }
    let start = |seed| {
        let builder = Sandbox::builder().seed(seed).rate_limit(RateLimit::off());
        builder.start()
    };
    let (one, same, other) = (start(7).await?, start(7).await?, start(8).await?);
    for operation in OPERATIONS.iter().filter(|operation| operation.list) {
        let mut differs = false;
        for path in questions(operation) {
            let expected = bytes(&one, &path).await;
            assert!(bytes(&same, &path).await == expected, "{path}");
            differs |= bytes(&other, &path).await != expected;
        }
        assert_ne!(differs, FIXED.contains(&operation.id), "{}", operation.id);
    }
    assert!(one.dump() == same.dump(), "the same seed");
    assert!(one.dump() != other.dump(), "another seed");
    assert_eq!(one.api_key(), same.api_key());
    assert_ne!(one.api_key(), other.api_key());
    Ok(())
}

#[tokio::test]
async fn the_same_date_makes_the_same_bytes_and_another_date_makes_others() -> atera::Result<()> {
    let as_of = async |time: &str| -> atera::Result<String> {
        let builder = Sandbox::builder().records_as_of(time.parse()?);
        Ok(builder.start().await?.dump())
    };
    let by_default = started().await.dump();
    assert!(as_of("2026-03-02T09:00:00Z").await? == by_default);
    let other = as_of("2027-01-01T00:00:30Z").await?;
    assert!(as_of("2027-01-01T00:00:30.5Z").await? == other);
    assert!(other != by_default);
    let error = as_of("1969-12-31T23:59:59Z").await.expect_err("too early");
    assert_eq!(error.kind(), atera::ErrorKind::Config);
    Ok(())
}

#[tokio::test]
async fn every_record_has_the_fields_of_its_schema_in_order() {
    let sandbox = started().await;
    for (path, id) in LISTS {
        let schema = Operation::find(id)
            .and_then(Operation::record)
            .expect("a list of records");
        let sign = if path.contains('?') { '&' } else { '?' };
        for page in 1..=3 {
            let answer = get(&sandbox, &format!("{path}{sign}itemsInPage=50&page={page}")).await;
            for item in items(&answer.body) {
                is_shaped(schema, item.get());
            }
        }
    }
    for (path, schema) in [
        ("/tickets/54321", "Ticket"),
        ("/customers/1201", "Customer"),
        ("/contacts/12345", "Contact"),
        ("/agents/5501", "Agent"),
        ("/alerts/90210", "Alert"),
        ("/account", "Account"),
    ] {
        let answer = get(&sandbox, path).await;
        is_shaped(Schema::find(schema).expect(schema), &answer.body);
    }
}

/// Checks names, order and kinds of the fields of a record.
fn is_shaped(schema: &Schema, json: &str) {
    let object = Ordered::read(json);
    let names = object.names();
    // A field that the published document cannot make nullable is left out without a value.
    let may_lack = |field: &Field| matches!(field.kind, Kind::Object(_) | Kind::Enum { .. });
    let expected = schema.fields.iter();
    let expected = expected.filter(|field| !may_lack(field) || names.contains(&field.name));
    let expected: Vec<_> = expected.collect();
    let expected_names: Vec<_> = expected.iter().map(|field| field.name).collect();
    assert_eq!(names, expected_names, "{}", schema.name);
    for (field, (_, value)) in expected.into_iter().zip(&object.0) {
        match value.get() {
            "null" => assert!(field.nullable && !may_lack(field), "{}", field.name),
            value => has_kind(&field.kind, value, field.name),
        }
    }
}

fn has_kind(kind: &Kind, json: &str, name: &str) {
    let value: Value = serde_json::from_str(json).expect("JSON");
    let text = value.as_str();
    let fits = match kind {
        Kind::Integer => value.is_i64(),
        Kind::Number => value.is_number(),
        Kind::Boolean => value.is_boolean(),
        Kind::Timestamp => text.is_some_and(|text| text.ends_with('Z') && text.parse::<Timestamp>().is_ok()),
        Kind::Uuid => text.is_some_and(|text| uuid::Uuid::parse_str(text).is_ok()),
        Kind::Enum { values, .. } => text.is_some_and(|text| values.contains(&text)),
        Kind::Object(schema) => return is_shaped(schema, json),
        Kind::Array(kind) => {
            let values: Vec<Box<serde_json::value::RawValue>> = serde_json::from_str(json).expect(name);
            return values.iter().for_each(|value| has_kind(kind, value.get(), name));
        }
        _ => value.is_string(),
    };
    assert!(fits, "{name}: {json}");
}

#[tokio::test]
async fn records_refer_to_each_other_in_agreement() -> atera::Result<()> {
    let sandbox = started().await;
    let client = sandbox.client()?;
    let customers = client.customers().list().all().await?;
    let contacts = client.contacts().list().all().await?;
    let agents = client.agents().list().all().await?;
    let tickets = client.tickets().list().include_relations(true).all().await?;
    let customers: HashMap<_, _> = customers.iter().map(|it| (it.customer_id, it)).collect();
    let contacts: HashMap<_, _> = contacts.iter().map(|it| (it.end_user_id, it)).collect();
    let agents: HashMap<_, _> = agents.iter().map(|it| (it.agent_id, it)).collect();
    let by_id: HashMap<_, _> = tickets.iter().map(|it| (it.ticket_id, it)).collect();

    for contact in contacts.values() {
        let customer = customers[&contact.customer_id];
        assert_eq!(contact.customer_name, customer.customer_name);
        let domain = customer.domain.as_deref().unwrap_or_default();
        // A few have none.
        if let Some(email) = &contact.email {
            assert!(email.ends_with(&format!("@{domain}")), "{email}");
        }
        if contact.default_agent_id.is_some() {
            assert_eq!(agents[&contact.default_agent_id].customer_id, contact.customer_id);
        }
    }
    assert!(
        contacts
            .values()
            .any(|contact| contact.default_agent_id.is_some())
    );
    for agent in agents.values() {
        assert_eq!(agent.customer_name, customers[&agent.customer_id].customer_name);
    }
    let mut related = 0;
    for ticket in &tickets {
        let contact = contacts[&ticket.end_user_id];
        assert_eq!(ticket.customer_id, contact.customer_id);
        assert_eq!(ticket.end_user_email, contact.email);
        assert_eq!(ticket.customer_name, contact.customer_name);
        assert!(contact.created_on <= ticket.ticket_created_date);
        assert_eq!(
            ticket.technician_contact_id.is_some(),
            ticket.technician_full_name.is_some()
        );
        if ticket.related_ticket_id.is_some() {
            let other = by_id[&ticket.related_ticket_id];
            assert_eq!(other.related_ticket_id, ticket.ticket_id);
            assert_eq!(other.customer_id, ticket.customer_id);
            assert_ne!(other.relation_type, ticket.relation_type);
            related += 1;
        }
    }
    assert!(related > 20, "{related}");
    let mut linked = 0;
    for alert in client.alerts().list().all().await? {
        let agent = agents[&alert.agent_id];
        assert_eq!(alert.device_guid, agent.device_guid);
        assert_eq!(alert.device_name, agent.agent_name);
        assert_eq!(alert.customer_id, agent.customer_id);
        if alert.ticket_id.is_some() {
            let ticket = by_id[&alert.ticket_id];
            assert_eq!(ticket.customer_id, alert.customer_id);
            assert!(alert.created <= ticket.ticket_created_date);
            linked += 1;
        }
    }
    assert!(linked > 20, "{linked}");
    Ok(())
}

#[tokio::test]
async fn dates_agree() -> atera::Result<()> {
    dates_agree_at("2026-03-02T09:00:00Z", &started().await).await?;
    for time in [
        "2024-02-29T23:59:59Z",
        "2027-01-01T00:00:30Z",
        "2031-10-26T01:30:00Z",
    ] {
        let sandbox = Sandbox::builder().records_as_of(time.parse()?).start().await?;
        dates_agree_at(time, &sandbox).await?;
    }
    Ok(())
}

async fn dates_agree_at(time: &str, sandbox: &Sandbox) -> atera::Result<()> {
    let client = sandbox.client()?;
    let end: Option<Timestamp> = Some(time.parse()?);
    let customers = client.customers().list().all().await?;
    let taken_on: HashMap<_, _> = customers
        .iter()
        .map(|it| (it.customer_id, it.created_on))
        .collect();
    for customer in &customers {
        assert!(customer.created_on <= customer.last_modified && customer.last_modified <= end);
    }
    for contact in client.contacts().list().all().await? {
        assert!(taken_on[&contact.customer_id] <= contact.created_on);
        assert!(contact.created_on <= contact.last_modified && contact.last_modified <= end);
    }
    let minutes = end.map(|end| Timestamp::from(end.to_utc() - TimeDelta::minutes(5)));
    let mut offline = 0;
    for agent in client.agents().list().all().await? {
        assert!(taken_on[&agent.customer_id] <= agent.created);
        assert!(
            agent.created <= agent.modified && agent.modified <= agent.last_seen && agent.last_seen <= end
        );
        assert!(agent.created <= agent.last_reboot_time && agent.last_reboot_time <= agent.last_seen);
        assert_eq!(agent.online, Some(agent.last_seen >= minutes));
        offline += usize::from(agent.online == Some(false));
    }
    assert!(offline > 20, "{offline}");
    for ticket in client.tickets().list().all().await? {
        let done = ["Resolved", "Closed"].contains(&ticket.ticket_status.as_deref().unwrap_or_default());
        assert_eq!(ticket.ticket_resolved_date.is_some(), done);
        assert!(ticket.ticket_created_date <= end);
        assert!(ticket.ticket_created_date < ticket.first_response_due_date);
        assert!(ticket.first_response_due_date < ticket.closed_ticket_due_date);
        assert_eq!(
            ticket.last_technician_comment.is_some(),
            ticket.technician_first_comment_date.is_some()
        );
        if ticket.technician_first_comment_date.is_some() {
            assert!(ticket.ticket_created_date <= ticket.technician_first_comment_date);
            assert!(ticket.technician_first_comment_date <= ticket.last_technician_comment_timestamp);
            assert!(ticket.last_technician_comment_timestamp <= end);
        }
        if done {
            assert!(ticket.last_technician_comment_timestamp <= ticket.ticket_resolved_date);
            assert!(ticket.ticket_resolved_date <= end);
        }
        assert!(ticket.last_end_user_comment_timestamp >= ticket.ticket_created_date);
    }
    for alert in client.alerts().list().all().await? {
        assert!(alert.created <= end);
        assert_eq!(alert.archived_date.is_some(), alert.archived == Some(true));
        if alert.archived_date.is_some() {
            assert!(alert.created <= alert.archived_date && alert.archived_date <= end);
        }
        assert!(alert.snoozed_end_date.is_none() || alert.snoozed_end_date > end);
    }
    for invoice in client.invoices().list().all().await? {
        // One in 50 has no dates.
        if let Some(start) = invoice.period_start_date {
            let start = start.to_utc();
            assert_eq!((start.day(), start.hour()), (1, 0), "{start}");
            assert!(invoice.invoice_date <= end);
        }
    }
    let week = end.map(|end| Timestamp::from(end.to_utc() - TimeDelta::days(7)));
    let changed = client.tickets().list_last_modified().date(week.expect("a time"));
    assert!(changed.count().await? > 10);
    Ok(())
}

#[tokio::test]
async fn values_that_trip_programs_up_occur() -> atera::Result<()> {
    let sandbox = started().await;
    let client = sandbox.client()?;
    let mut tickets = client.tickets().list().undecoded();
    let mut seen = BTreeMap::from([
        ("null", 0),
        ("not ASCII", 0),
        ("HTML", 0),
        ("long", 0),
        ("line breaks", 0),
    ]);
    while let Some(ticket) = tickets.try_next().await? {
        let ticket = ticket.get();
        for (what, found) in [
            ("null", ticket.contains("\"TechnicianContactID\":null")),
            ("not ASCII", !ticket.is_ascii()),
            ("HTML", ticket.contains("<p>")),
            ("long", ticket.len() > 3_000),
            ("line breaks", ticket.contains("\\r\\n")),
        ] {
            *seen.entry(what).or_default() += i32::from(found);
        }
    }
    assert!(seen.values().all(|times| (1..2_847).contains(times)), "{seen:?}");
    Ok(())
}

#[tokio::test]
async fn the_records_of_the_descriptions_examples_exist() -> atera::Result<()> {
    let sandbox = Sandbox::builder().seed(3).start().await?;
    let client = sandbox.client()?;
    let contact = client.contacts().get(12345).await?;
    assert_eq!(
        contact.email.as_deref(),
        Some("maya.lindqvist@harbordental.example")
    );
    assert_eq!(
        (contact.customer_id, contact.department_name.as_deref()),
        (Some(1201), Some("Front office"))
    );
    let agent = client.agents().get(5501).await?;
    assert_eq!(agent.machine_name.as_deref(), Some("HD-FRONT-01"));
    assert_eq!(client.tickets().get(54321).await?.end_user_id, Some(12345));
    assert_eq!(client.alerts().get(90210).await?.device_guid, agent.device_guid);
    assert_eq!(
        client.customers().get(1201).await?.customer_name.as_deref(),
        Some("Harbor Dental")
    );
    Ok(())
}
