//! The copy of the description that progenitor gets.
//!
//! The description is truthful; this is where it is made to suit. Bounds and our own marks are taken out, since
//! typify turns them into types of their own; arrays may be null, as the service's .NET sends them; the statuses of an
//! operation become one success and one failure, since the live service does not keep to the documented ones.

use openapiv3::OpenAPI;
use serde_json::{Map, Value, json};

use super::{
    model::Verb,
    spec::{Fault, Operation, Spec},
};

/// Keys of a schema that say more than its type.
const BEYOND_THE_TYPE: [&str; 9] = [
    "minimum",
    "maximum",
    "minLength",
    "maxLength",
    "pattern",
    "minItems",
    "maxItems",
    "default",
    "example",
];

/// The description as progenitor can digest it.
pub fn for_progenitor(spec: &Spec) -> Value {
    let mut document = spec.json.clone();
    for operation in &spec.operations {
        let entry = &mut document["paths"][&operation.path][operation.method.key()];
        entry["responses"] = responses(operation);
        each(entry.pointer_mut("/requestBody/content"), strip_media);
        each(entry.get_mut("parameters"), strip_parameter);
        if let Some(entry) = entry.as_object_mut() {
            entry.retain(|key, _| !key.starts_with("x-"));
        }
    }
    let components = &mut document["components"];
    each(components.get_mut("parameters"), strip_parameter);
    each(components.get_mut("responses"), |response| {
        each(response.get_mut("content"), strip_media)
    });
    each(components.get_mut("schemas"), strip);
    document
}

/// The description as progenitor takes it.
pub fn document(description: Value) -> Result<OpenAPI, Fault> {
    serde_json::from_value(description)
        .map_err(|error| Fault::whole(format!("openapiv3 refuses the description: {error}")))
}

/// One success, one failure.
fn responses(operation: &Operation) -> Value {
    let refers = |name: &str| json!({"$ref": format!("#/components/schemas/{name}")});
    let success = match &operation.answer {
        Some(_) => success_schema(operation),
        // A write without a documented answer may get one all the same, and a read always gets something.
        None if operation.method != Verb::Get => refers("ActionResult"),
        None => json!({"type": "object"}),
    };
    let answer = |schema| json!({"description": "", "content": {"application/json": {"schema": schema}}});
    json!({"2XX": answer(success), "default": answer(refers("ApiError"))})
}

fn success_schema(operation: &Operation) -> Value {
    let media = operation.answer.as_ref().map(|media| &media.schema);
    match media.and_then(|schema| schema.reference.clone()) {
        Some(reference) => json!({"$ref": reference}),
        None => {
            let items = media.and_then(|schema| schema.items.as_deref());
            let item = match items.and_then(|items| items.reference.clone()) {
                Some(reference) => json!({"$ref": reference}),
                None => json!({"type": items.and_then(|items| items.kind.clone()).unwrap_or_default()}),
            };
            json!({"type": "array", "items": item})
        }
    }
}

fn strip_parameter(parameter: &mut Value) {
    if let Some(parameter) = parameter.as_object_mut() {
        parameter.remove("example");
        if let Some(schema) = parameter.get_mut("schema") {
            strip(schema);
        }
    }
}

fn strip_media(media: &mut Value) {
    if let Some(media) = media.as_object_mut() {
        media.remove("example");
        media.remove("examples");
        if let Some(schema) = media.get_mut("schema") {
            strip(schema);
        }
    }
}

/// Leaves the type of a schema, and opens its arrays to null.
fn strip(schema: &mut Value) {
    let Some(schema) = schema.as_object_mut() else {
        return;
    };
    schema.retain(|key, _| !key.starts_with("x-") && !BEYOND_THE_TYPE.contains(&key.as_str()));
    for key in ["items", "additionalProperties"] {
        if let Some(inner) = schema.get_mut(key) {
            strip(inner);
        }
    }
    each(schema.get_mut("allOf"), strip);
    let required = schema.get("required").cloned().unwrap_or_default();
    let required: Vec<&str> = required
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        open_arrays(properties, &required);
        properties.values_mut().for_each(strip);
    }
}

fn open_arrays(properties: &mut Map<String, Value>, required: &[&str]) {
    for (name, property) in properties {
        if property["type"] == "array" && !required.contains(&name.as_str()) {
            property["nullable"] = Value::Bool(true);
        }
    }
}

/// Every value of an array or an object.
fn each(values: Option<&mut Value>, change: impl FnMut(&mut Value)) {
    match values {
        Some(Value::Array(values)) => values.iter_mut().for_each(change),
        Some(Value::Object(values)) => values.values_mut().for_each(change),
        _ => {}
    }
}
