//! Create, list, get, update and delete for each kind of record that has them. The operations come from the table.

use atera::{
    Client, ErrorKind, RateLimit,
    description::{Kind, OPERATIONS, Operation},
};
use atera_sandbox::Sandbox;
use serde_json::{Value, json};

use crate::description;

/// The operations on one kind of record that begin with one create.
struct Resource {
    create: &'static Operation,
    list: &'static Operation,
    get: Option<&'static Operation>,
    updates: Vec<&'static Operation>,
    delete: Option<&'static Operation>,
}

/// All creates of records that have a list.
fn resources() -> Vec<Resource> {
    let resource = |create: &'static Operation| {
        let (prefix, _) = create.id.split_once("_create")?;
        let operation = |verb: &str| Operation::find(&format!("{prefix}_{verb}"));
        Some(Resource {
            create,
            list: operation("list")?,
            get: operation("get"),
            updates: ["update", "update_put"]
                .into_iter()
                .filter_map(operation)
                .collect(),
            delete: operation("delete"),
        })
    };
    OPERATIONS.iter().filter_map(resource).collect()
}

/// Calls an operation, with the id in its path if it has one.
async fn call(
    client: &Client,
    operation: &'static Operation,
    id: &str,
    body: Option<&Value>,
) -> atera::Result<Value> {
    let mut call = client.operation(operation);
    if let Some(parameter) = operation
        .parameters
        .iter()
        .find(|it| operation.path.contains(&format!("{{{}}}", it.name)))
    {
        call = call.set(parameter.name, id)?;
    }
    if let Some(body) = body {
        call = call.body(body)?;
    }
    let answer = call.send().await?.value;
    Ok(serde_json::from_slice(&answer).unwrap_or_default())
}

/// The record with this id in the list.
async fn listed(client: &Client, list: &'static Operation, id: &str) -> atera::Result<Option<Value>> {
    let key = list.record().and_then(|record| record.id_field).expect("a key");
    let mut records = client.operation(list).records();
    while let Some(record) = records.try_next().await? {
        let record: Value = serde_json::from_str(record.get()).expect("JSON");
        if text(&record[key]) == id {
            return Ok(Some(record));
        }
    }
    Ok(None)
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_string)
}

#[tokio::test]
async fn every_kind_of_record_lives_from_its_create_to_its_delete() -> atera::Result<()> {
    let sandbox = Sandbox::builder()
        .tickets(60)
        .rate_limit(RateLimit::off())
        .start()
        .await?;
    let client = sandbox.client()?;
    let described = description::operations();
    let resources = resources();
    assert!(resources.len() >= 18, "{}", resources.len());
    for Resource {
        create,
        list,
        get,
        updates,
        delete,
    } in resources
    {
        for body in described[create.id].bodies() {
            let made = call(&client, create, "", Some(&body)).await?;
            let id = made
                .get("ActionID")
                .or(made.get("DeviceId"))
                .map(text)
                .expect("an id");

            let record = listed(&client, list, &id).await?;
            let record = record.unwrap_or_else(|| panic!("{} {id} is not listed", create.id));
            for (name, value) in body.as_object().expect("an object") {
                // Answers have terms of contracts and ports in another form than bodies.
                // The contact with this e-mail address exists and keeps its name.
                let as_written = (value.is_string() || value.is_boolean()) && !name.starts_with("EndUser");
                if as_written && record.get(name).is_some() && !record[name].is_null() {
                    assert_eq!(record[name], *value, "{} {name}", create.id);
                }
            }
            if let Some(get) = get {
                let mut got = call(&client, get, &id, None).await?;
                // Tickets show relations only with `includeRelations`.
                got.as_object_mut()
                    .expect("an object")
                    .retain(|name, _| record.get(name).is_some());
                assert_eq!(got, record, "{}", get.id);
            }
            for update in &updates {
                let field = text_field(update, list).unwrap_or_else(|| panic!("{} has no text", update.id));
                let change = json!({field: format!("Changed by {}", update.id)});
                call(&client, update, &id, Some(&change)).await?;
                let changed = listed(&client, list, &id).await?.expect("it is still there");
                assert_eq!(changed[field], change[field], "{}", update.id);
            }
            if let Some(delete) = delete {
                call(&client, delete, &id, None).await?;
                assert_eq!(listed(&client, list, &id).await?, None, "{}", delete.id);
                for gone in [get, Some(delete)].into_iter().flatten() {
                    let error = call(&client, gone, &id, None).await.expect_err(gone.id);
                    assert_eq!(error.kind(), ErrorKind::NotFound, "{}", gone.id);
                }
            }
        }
    }
    // Each create was sent once, so there are as many effects as requests.
    for (operation, creates) in sandbox.stats().creates {
        assert_eq!(
            (creates.requests, creates.most_effects),
            (creates.effects, 1),
            "{operation}"
        );
    }
    Ok(())
}

/// A field of free text in the update and in the record.
fn text_field(update: &Operation, list: &Operation) -> Option<&'static str> {
    let Some(Kind::Object(body)) = update.body else {
        return None;
    };
    let shown = list.record()?.fields;
    let is_text = |kind: &Kind| matches!(kind, Kind::Text);
    // These name other records, which would have to exist.
    let names_another = [
        "TicketStatus",
        "CustomerName",
        "DepartmentName",
        "TechnicianEmail",
    ];
    body.fields
        .iter()
        .filter(|field| {
            is_text(&field.kind) && (update.group == "customers" || !names_another.contains(&field.name))
        })
        .map(|field| field.name)
        .find(|name| shown.iter().any(|field| field.name == *name))
}
