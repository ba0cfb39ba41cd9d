//! progenitor's own client for two operations, without anything of ours around it: what the benchmarks compare with.

use std::collections::BTreeSet;

use proc_macro2::TokenStream;
use progenitor::{GenerationSettings, Generator};
use serde_json::Value;

use crate::build::{
    spec::{Spec, SpecError, component},
    widen,
};

/// The paths of the operations.
const PATHS: [&str; 2] = ["/tickets", "/tickets/{ticketId}"];

/// The client.
pub fn generate(spec: &Spec) -> Result<TokenStream, SpecError> {
    let mut description = widen::for_progenitor(spec);
    let mut used = BTreeSet::new();
    if let Some(paths) = description["paths"].as_object_mut() {
        paths.retain(|path, _| PATHS.contains(&path.as_str()));
        for item in paths.values_mut().filter_map(Value::as_object_mut) {
            item.retain(|key, _| !["post", "put", "delete"].contains(&key.as_str()));
        }
    }
    references(&description, &description["paths"], &mut used);
    if let Some(schemas) = description["components"]["schemas"].as_object_mut() {
        schemas.retain(|name, _| used.contains(name));
    }
    Generator::new(&GenerationSettings::new())
        .generate_tokens(&widen::document(description)?)
        .map_err(|error| SpecError::without_line(format!("no plain client can be made: {error}")))
}

/// The names of all schemas that a part of the document refers to, also by way of others.
fn references(document: &Value, part: &Value, used: &mut BTreeSet<String>) {
    match part {
        Value::Object(entries) => {
            if let Some(reference) = entries.get("$ref").and_then(Value::as_str) {
                let target = document.pointer(reference.trim_start_matches('#'));
                if component(reference).is_some_and(|name| used.insert(name.to_string())) {
                    references(document, target.unwrap_or(&Value::Null), used);
                }
            }
            entries.values().for_each(|part| references(document, part, used));
        }
        Value::Array(parts) => parts.iter().for_each(|part| references(document, part, used)),
        _ => {}
    }
}
