//! Each answer keeps the description.

use std::{collections::BTreeSet, time::Duration};

use atera::{
    RateLimit,
    description::{Kind, OPERATIONS, Schema},
};
use atera_sandbox::{Dialect, Permissions, Sandbox, SandboxBuilder};
use serde_json::{Value, json};

use crate::{
    description::{self, Documented},
    wire::{Answer, ask, get, send},
};

/// A sandbox with few records, which starts quickly.
fn small() -> SandboxBuilder {
    Sandbox::builder()
        .customers(6)
        .contacts(24)
        .agents(20)
        .tickets(40)
        .alerts(30)
        .contracts(14)
        .invoices(12)
        .articles(8)
        .devices(8)
        .rate_limit(RateLimit::off())
}

const DIALECTS: [Dialect; 2] = [Dialect::Published, Dialect::Guide];

/// Fails if the answer breaks the description, and says where.
#[track_caller]
fn keeps(id: &str, documented: &Documented, dialect: Dialect, answer: &Answer) {
    let violations = documented.violations_of(dialect, answer);
    assert!(
        violations.is_empty(),
        "{id}: {} {}\n{violations:#?}",
        answer.status,
        answer.body
    );
}

/// The requests that the examples of an operation make: path with query, and body.
fn examples(id: &str, documented: &Documented) -> Vec<(String, String)> {
    // The description has one example for the ids of all devices, which is the id of an HTTP device.
    let own_id = match id {
        _ if id.contains("snmpv3") => "/7302",
        _ if id.contains("snmp") => "/7301",
        _ if id.contains("tcp") => "/7201",
        _ if id.contains("generic") => "/7401",
        _ => "/7101",
    };
    let mut path = documented.example_path().replace("/7101", own_id);
    if id == "rates_products_delete" {
        // The product of the example is in the terms of contracts, so it cannot be deleted.
        path = path.replace("410", "418");
    }
    let query: Vec<String> = documented
        .parameters()
        .into_iter()
        .filter(|(_, place, _)| *place == "query")
        .map(|(name, _, example)| format!("{name}={}", example.replace(' ', "%20").replace('+', "%2B")))
        .collect();
    let mut requests = Vec::new();
    for body in documented.bodies() {
        let text = match (id, body) {
            (_, Value::Null) => String::new(),
            // The ticket of the example does not exist.
            ("tickets_add_relation", mut body) => {
                body["RelatedTicketId"] = 54322.into();
                body.to_string()
            }
            (_, body) => body.to_string(),
        };
        requests.push((path.clone(), text.clone()));
        if !query.is_empty() {
            requests.push((format!("{path}?{}", query.join("&")), text));
        }
    }
    requests
}

/// The path of a contract whose type is that of the terms in the body.
async fn contract_with_the_terms_of(sandbox: &Sandbox, body: &str) -> Option<String> {
    let body: Value = serde_json::from_str(body).ok()?;
    let kind = body
        .as_object()?
        .keys()
        .find_map(|name| name.strip_suffix("Contract"))?
        .to_string();
    let contracts = get(sandbox, "/contracts?itemsInPage=50").await.json();
    let contract = contracts["items"]
        .as_array()?
        .iter()
        .find(|contract| contract["ContractType"] == kind);
    Some(format!(
        "/contracts/{}",
        contract.expect("a contract of each type")["ContractID"]
    ))
}

#[tokio::test]
async fn the_examples_of_every_operation_succeed_as_documented_and_fill_every_property() -> atera::Result<()>
{
    let operations = description::operations();
    assert_eq!(operations.len(), OPERATIONS.len());
    let mut filled = BTreeSet::new();
    let mut schemas = BTreeSet::new();
    for dialect in DIALECTS {
        let sandbox = small().dialect(dialect).start().await?;
        for (id, documented) in &operations {
            for (path, body) in examples(id, documented) {
                sandbox.reset();
                if *id == "tickets_delete_relation" {
                    let parent = json!({"RelatedTicketId": 54322, "RelationType": "Child"}).to_string();
                    assert_eq!(
                        ask(&sandbox, "POST", "/tickets/54321/relations", &parent)
                            .await
                            .status,
                        201
                    );
                }
                let path = match id.starts_with("contracts_update") {
                    true => contract_with_the_terms_of(&sandbox, &body).await.unwrap_or(path),
                    false => path,
                };
                let answer = ask(&sandbox, &documented.method, &path, &body).await;
                assert!(
                    (200..300).contains(&answer.status),
                    "{id} {path} {body}: {} {}",
                    answer.status,
                    answer.body
                );
                keeps(id, documented, dialect, &answer);
                if let Some(schema) = documented.answers_records_of() {
                    schemas.insert(schema);
                    if !answer.body.is_empty() {
                        description::note_filled(schema, &answer.json(), &mut filled);
                    }
                }
            }
        }
    }
    // Properties that the records of the examples lack are in other records.
    let sandbox = Sandbox::builder().rate_limit(RateLimit::off()).start().await?;
    for (id, documented) in operations
        .iter()
        .filter(|(_, it)| it.answers_records_of().is_some_and(|it| it.ends_with("Page")))
    {
        let schema = documented.answers_records_of().unwrap_or_default();
        for page in 1..=8 {
            let more = match *id {
                _ if id.starts_with("tickets_list") => "&includeRelations=true",
                "work_hours_list" => "&includeRates=true",
                _ => "",
            };
            // With one record a page, each list has links.
            let size = if page < 8 { 50 } else { 1 };
            let number = if page < 8 { page } else { 2 };
            let path = format!(
                "{}?page={number}&itemsInPage={size}{more}",
                documented.example_path()
            );
            let answer = get(&sandbox, &path).await;
            keeps(id, documented, Dialect::Published, &answer);
            description::note_filled(schema, &answer.json(), &mut filled);
        }
    }
    for ticket in 54321..54400 {
        for (path, schema) in [
            ("comments", "TicketCommentPage"),
            ("workhoursrecords", "TicketWorkHoursPage"),
        ] {
            let page = get(&sandbox, &format!("/tickets/{ticket}/{path}?itemsInPage=1")).await;
            description::note_filled(schema, &page.json(), &mut filled);
        }
    }
    // Only the guide has a list of custom values, so its pages lack what the guide does not have.
    let guide_lacks = ["totalItemCount", "prevLink", "nextLink"].map(|it| format!("CustomValuePage.{it}"));
    let missing = description::properties(schemas);
    let missing: Vec<_> = missing
        .difference(&filled)
        .filter(|it| !guide_lacks.contains(it))
        .collect();
    assert!(missing.is_empty(), "never filled: {missing:#?}");
    Ok(())
}

/// The example of a body with the required fields only.
fn fewest_fields(schema: &Schema, example: &Value) -> Value {
    let is_given = |name: &&str| !example[*name].is_null();
    let either_or = schema.requires.iter();
    let either_or = either_or.copied().find(|names| names.iter().all(is_given));
    let required = schema
        .fields
        .iter()
        .filter(|field| field.required)
        .map(|field| field.name);
    let names = required.chain(either_or.into_iter().flatten().copied());
    names
        .map(|name| (name.to_string(), example[name].clone()))
        .collect()
}

#[tokio::test]
async fn records_with_nothing_but_what_must_be_given_are_read_as_documented() -> atera::Result<()> {
    let operations = description::operations();
    for dialect in DIALECTS {
        let sandbox = small().dialect(dialect).start().await?;
        for operation in OPERATIONS.iter().filter(|it| it.verb.starts_with("create")) {
            let (documented, Some(Kind::Object(schema))) = (&operations[operation.id], operation.body) else {
                continue;
            };
            let body = fewest_fields(schema, &documented.bodies()[0]).to_string();
            let made = ask(&sandbox, "POST", &documented.example_path(), &body).await;
            assert!(
                (200..300).contains(&made.status),
                "{} {body}: {}",
                operation.id,
                made.body
            );
        }
        for operation in OPERATIONS.iter().filter(|it| it.verb == "update") {
            let (documented, Some(Kind::Object(schema))) = (&operations[operation.id], operation.body) else {
                continue;
            };
            for field in schema.fields.iter().filter(|field| !field.required) {
                let body = json!({field.name: null}).to_string();
                let path = documented.example_path();
                let cleared = ask(&sandbox, &documented.method, &path, &body).await;
                keeps(operation.id, documented, dialect, &cleared);
            }
        }
        for (id, documented) in operations
            .iter()
            .filter(|(_, documented)| documented.method == "GET")
        {
            let path = documented.example_path();
            keeps(id, documented, dialect, &get(&sandbox, &path).await);
            if OPERATIONS
                .iter()
                .any(|operation| operation.id == *id && operation.list)
            {
                for page in 1..=2 {
                    let page = get(&sandbox, &format!("{path}?page={page}&itemsInPage=50")).await;
                    keeps(id, documented, dialect, &page);
                }
            }
        }
    }
    Ok(())
}

#[tokio::test]
async fn every_kind_of_refusal_is_as_documented() -> atera::Result<()> {
    for dialect in DIALECTS {
        let nobody = "0".repeat(32);
        let sandbox = small()
            .dialect(dialect)
            .key(&nobody, Permissions::none())
            .start()
            .await?;
        for (id, documented) in &description::operations() {
            let path = documented.example_path();
            let full = format!("/api/v3{path}");
            let body = documented.bodies().remove(0);
            let text = if body.is_null() {
                String::new()
            } else {
                body.to_string()
            };

            let unknown = send(&sandbox, &documented.method, &full, "", &text).await;
            assert_eq!((unknown.status, unknown.body.as_str()), (401, ""), "{id}");
            keeps(id, documented, dialect, &unknown);

            let key = format!("X-API-KEY: {nobody}\r\n");
            let forbidden = send(&sandbox, &documented.method, &full, &key, &text).await;
            assert_eq!(forbidden.status, 403, "{id}");
            keeps(id, documented, dialect, &forbidden);

            if let Some(path) = with_unknown_id(documented) {
                let missing = ask(&sandbox, &documented.method, &path, &text).await;
                let nowhere = match *id {
                    // One has a filter in its path, and one answers an array.
                    "agents_list_by_customer" | "contracts_list_by_customer" | "custom_values_get" => 200,
                    _ => 404,
                };
                assert_eq!(missing.status, nowhere, "{id} {path} {}", missing.body);
                keeps(id, documented, dialect, &missing);
            }
            if !body.is_null() {
                for invalid in ["", "{", "7", "[\"x\"]", "{\"TicketPriority\": 7, \"Rate\": []}"] {
                    let refused = ask(&sandbox, &documented.method, &path, invalid).await;
                    assert!(
                        [200, 204, 400].contains(&refused.status),
                        "{id} {invalid}: {}",
                        refused.status
                    );
                    keeps(id, documented, dialect, &refused);
                }
            }
            for (name, place, _) in documented.parameters() {
                if place == "query"
                    && ["page", "itemsInPage", "customerId", "includeRelations"].contains(&name)
                {
                    let refused = get(&sandbox, &format!("{path}?{name}=-")).await;
                    assert_eq!(refused.status, 400, "{id}");
                    keeps(id, documented, dialect, &refused);
                }
            }
            for (fault, status) in [
                ("500=1", 500),
                ("503=1", 503),
                ("500-after=1", 500),
                ("429=1", 429),
            ] {
                sandbox.set_faults(fault.parse()?);
                let failed = ask(&sandbox, &documented.method, &path, &text).await;
                assert_eq!(failed.status, status, "{id}");
                keeps(id, documented, dialect, &failed);
            }
            sandbox.set_faults(atera_sandbox::Faults::none());
            sandbox.reset();
        }
    }
    Ok(())
}

/// The path with an unknown id in place of the id that it has.
fn with_unknown_id(documented: &Documented) -> Option<String> {
    let mut path = documented.path.clone();
    let mut replaced = false;
    for (name, place, example) in documented.parameters() {
        let unknown = match (place, example) {
            ("path", example) if example.parse::<u64>().is_ok() && !replaced => "999999999".to_string(),
            ("path", example) if uuid::Uuid::parse_str(&example).is_ok() => uuid::Uuid::nil().to_string(),
            ("path", example) => example.replace(' ', "%20"),
            _ => continue,
        };
        replaced |= unknown == "999999999" || unknown == uuid::Uuid::nil().to_string();
        path = path.replace(&format!("{{{name}}}"), &unknown);
    }
    replaced.then_some(path)
}

#[tokio::test]
async fn the_limit_refuses_as_documented() -> atera::Result<()> {
    let sandbox = small()
        .rate_limit(RateLimit::new(1, Duration::from_secs(3_600)))
        .start()
        .await?;
    for (id, documented) in &description::operations() {
        let answer = ask(&sandbox, &documented.method, &documented.example_path(), "").await;
        if *id != "account_get" {
            assert_eq!(answer.status, 429, "{id}");
        }
        keeps(id, documented, Dialect::Published, &answer);
    }
    Ok(())
}

#[test]
fn a_planted_mistake_is_found() {
    let operations = description::operations();
    let ticket = json!({"TicketID": 7, "TicketPriority": "Low", "TicketCreatedDate": "2026-03-02T08:15:00Z"});
    let check = |id: &str, status: u16, change: &dyn Fn(&mut Value)| {
        let mut body = ticket.clone();
        change(&mut body);
        operations[id].violations(Dialect::Published, status, "application/json", &body.to_string())
    };
    assert!(check("tickets_get", 200, &|_| {}).is_empty());
    assert!(check("tickets_get", 200, &|it| it["TicketTitle"] = Value::Null).is_empty());
    for change in [
        &|it: &mut Value| it["TicketID"] = "7".into(),
        &|it: &mut Value| it["TicketID"] = 7.5.into(),
        &|it: &mut Value| it["CustomerID"] = Value::Null,
        &|it: &mut Value| it["TicketPriority"] = "Urgent".into(),
        &|it: &mut Value| it["TicketCreatedDate"] = "yesterday".into(),
        &|it: &mut Value| it["Unheard"] = 1.into(),
        &|it: &mut Value| *it = json!([]),
    ] as [&dyn Fn(&mut Value); 7]
    {
        assert_eq!(check("tickets_get", 200, change).len(), 1);
    }
    for (dialect, may_be_null) in [(Dialect::Published, false), (Dialect::Guide, true)] {
        let unprioritized = r#"{"TicketPriority": null}"#;
        let violations =
            operations["tickets_get"].violations(dialect, 200, "application/json", unprioritized);
        assert_eq!(violations.is_empty(), may_be_null, "{dialect:?}");
    }
    assert_eq!(check("tickets_get", 201, &|_| {}), ["201 is not documented"]);
    assert_eq!(
        check("contracts_update", 204, &|_| {}),
        ["204 is documented without a body"]
    );
    assert_eq!(
        operations["tickets_get"]
            .violations(
                Dialect::Published,
                404,
                "application/json",
                "{\"status\": \"404\"}"
            )
            .len(),
        1
    );
    assert_eq!(
        operations["tickets_get"]
            .violations(Dialect::Published, 404, "text/html", "<p>")
            .len(),
        1
    );
    assert_eq!(
        operations["tickets_get"]
            .violations(Dialect::Published, 200, "application/json", "{")
            .len(),
        1
    );
}
