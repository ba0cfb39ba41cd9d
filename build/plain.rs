//! progenitor's own client for two operations, without anything of ours around it: what the benchmarks compare with.

use std::collections::BTreeSet;

use openapiv3::OpenAPI;
use proc_macro2::TokenStream;
use progenitor::{GenerationSettings, Generator};
use serde_json::Value;

use super::spec::{Fault, component};

/// The paths of the operations.
const PATHS: [&str; 2] = ["/tickets", "/tickets/{ticketId}"];

/// The client, for the description as progenitor gets it.
pub fn generate(mut description: OpenAPI) -> Result<TokenStream, Fault> {
    let refuse =
        |error: &dyn std::fmt::Display| Fault::whole(format!("no plain client can be made: {error}"));
    description
        .paths
        .paths
        .retain(|path, _| PATHS.contains(&path.as_str()));
    for item in description.paths.paths.values_mut() {
        if let openapiv3::ReferenceOr::Item(item) = item {
            (item.post, item.put, item.delete) = (None, None, None);
        }
    }
    let document = serde_json::to_value(&description).map_err(|error| refuse(&error))?;
    let mut used = BTreeSet::new();
    references(&document, &document["paths"], &mut used);
    if let Some(components) = &mut description.components {
        components.schemas.retain(|name, _| used.contains(name));
    }
    Generator::new(&GenerationSettings::new())
        .generate_tokens(&description)
        .map_err(|error| refuse(&error))
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
