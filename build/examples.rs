//! The examples of bodies and answers: those of the description, or composed from the examples of their properties.

use serde_json::{Map, Value};

use super::{
    model::{Media, Schema},
    spec::{Operation, Spec},
};

/// The example bodies of an operation, with their names. There is always at least one; it is `null` if the operation has no
/// body.
pub fn bodies(spec: &Spec, operation: &Operation) -> Vec<(String, Value)> {
    match &operation.entry.request_body {
        Some(body) => examples(spec, &body.content.json),
        None => vec![("request".into(), Value::Null)],
    }
}

/// The examples of a body or an answer, with their names. Without examples of its own, one is composed from the schema.
pub fn examples(spec: &Spec, media: &Media) -> Vec<(String, Value)> {
    if let Some(example) = &media.example {
        return vec![("request".into(), example.clone())];
    }
    if !media.examples.is_empty() {
        return media
            .examples
            .iter()
            .map(|(name, example)| (name.clone(), example.value.clone()))
            .collect();
    }
    vec![("request".into(), compose(spec, &media.schema))]
}

/// The example of a schema, or one composed from its items or properties. `cargo xtask spec check` ensures that every scalar
/// has an example.
fn compose(spec: &Spec, schema: &Schema) -> Value {
    let (_, schema) = spec.resolve(schema);
    if let Some(example) = schema.example {
        return example;
    }
    if let Some(items) = &schema.items {
        return Value::Array(vec![compose(spec, items)]);
    }
    let parts = schema
        .properties
        .iter()
        .map(|(name, property)| (name.clone(), compose(spec, property)));
    Value::Object(parts.collect::<Map<_, _>>())
}
