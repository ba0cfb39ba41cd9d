//! The examples of the description: its own, or composed from those of its parts.

use serde_json::{Map, Value};

use super::{
    model::{Media, Schema},
    spec::{Operation, Spec},
};

/// The request bodies of an operation, with their names; one `null` where it takes none.
pub fn bodies(spec: &Spec, operation: &Operation) -> Vec<(String, Value)> {
    match &operation.entry.request_body {
        Some(body) => examples(spec, &body.content.json),
        None => vec![("request".into(), Value::Null)],
    }
}

/// The examples of a content: its own, or the one that its schema amounts to.
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

/// The example of a schema: its own, or composed from those of its parts.
fn compose(spec: &Spec, schema: &Schema) -> Value {
    let (_, schema) = spec.flat(schema);
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
