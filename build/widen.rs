//! The simplified copy of the description that progenitor gets.
//!
//! - Bounds and examples are removed, because typify would generate a type of its own for each bounded value. The client checks
//!   bounds from the tables instead, and reports all violations with their fields.
//! - Extensions (`x-..`) are removed, because they mean nothing to progenitor.
//! - Optional arrays are nullable, as the service's .NET sends them.
//! - The statuses of an operation become one success and one failure, because the live service does not keep to the documented
//!   statuses.

use openapiv3::OpenAPI;
use serde_json::{Map, Value, json};

use super::{
    model::Verb,
    spec::{Operation, Spec, SpecError},
};

/// Keys of a schema that do not change its Rust type.
const NON_TYPE_KEYS: [&str; 9] = [
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

/// The simplified description, as JSON.
pub fn for_progenitor(spec: &Spec) -> Value {
    let mut document = spec.json.clone();
    for operation in &spec.operations {
        let entry = &mut document["paths"][&operation.path][operation.method.key()];
        entry["responses"] = responses(operation);
        change_each(entry.pointer_mut("/requestBody/content"), strip_media);
        change_each(entry.get_mut("parameters"), strip_parameter);
        if let Some(entry) = entry.as_object_mut() {
            entry.retain(|key, _| !key.starts_with("x-"));
        }
    }
    let components = &mut document["components"];
    change_each(components.get_mut("parameters"), strip_parameter);
    change_each(components.get_mut("responses"), |response| {
        change_each(response.get_mut("content"), strip_media)
    });
    change_each(components.get_mut("schemas"), strip);
    document
}

/// Decodes a description into the types that progenitor takes.
pub fn document(description: Value) -> Result<OpenAPI, SpecError> {
    serde_json::from_value(description).map_err(|error| {
        SpecError::without_line(format!(
            "cannot generate the client: openapiv3 rejects the description: {error}"
        ))
    })
}

/// The responses of an operation: one success for `2XX`, and `ApiError` for everything else.
fn responses(operation: &Operation) -> Value {
    let refers = |name: &str| json!({"$ref": format!("#/components/schemas/{name}")});
    let success = match &operation.answer {
        Some(_) => success_schema(operation),
        // A write may get an answer although none is documented, and a read always gets one.
        None if operation.method != Verb::Get => refers("ActionResult"),
        None => json!({"type": "object"}),
    };
    let answer = |schema| json!({"description": "", "content": {"application/json": {"schema": schema}}});
    json!({"2XX": answer(success), "default": answer(refers("ApiError"))})
}

/// The schema of the documented success. An array is rebuilt without its bounds, with items of a
/// component or of a scalar type.
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

/// A parameter or a reference to one, without example and bounds.
fn strip_parameter(parameter: &mut Value) {
    if let Some(parameter) = parameter.as_object_mut() {
        parameter.remove("example");
        if let Some(schema) = parameter.get_mut("schema") {
            strip(schema);
        }
    }
}

/// The content of a body or an answer, without examples and bounds.
fn strip_media(media: &mut Value) {
    if let Some(media) = media.as_object_mut() {
        media.remove("example");
        media.remove("examples");
        if let Some(schema) = media.get_mut("schema") {
            strip(schema);
        }
    }
}

/// Removes everything but the type from a schema and the schemas within it, and makes its arrays nullable.
fn strip(schema: &mut Value) {
    let Some(schema) = schema.as_object_mut() else {
        return;
    };
    schema.retain(|key, _| !key.starts_with("x-") && !NON_TYPE_KEYS.contains(&key.as_str()));
    for key in ["items", "additionalProperties"] {
        if let Some(inner) = schema.get_mut(key) {
            strip(inner);
        }
    }
    change_each(schema.get_mut("allOf"), strip);
    let required = schema.get("required").cloned().unwrap_or_default();
    let required: Vec<&str> = required
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        make_arrays_nullable(properties, &required);
        properties.values_mut().for_each(strip);
    }
}

/// A required array stays as it is, because required means that requests have to send it. For the
/// others progenitor generates `Option<Vec<_>>`, and `null` and a missing array are read alike.
fn make_arrays_nullable(properties: &mut Map<String, Value>, required: &[&str]) {
    for (name, property) in properties {
        if property["type"] == "array" && !required.contains(&name.as_str()) {
            property["nullable"] = Value::Bool(true);
        }
    }
}

/// Changes every value of an array or an object.
fn change_each(values: Option<&mut Value>, change: impl FnMut(&mut Value)) {
    match values {
        Some(Value::Array(values)) => values.iter_mut().for_each(change),
        Some(Value::Object(values)) => values.values_mut().for_each(change),
        _ => {}
    }
}
