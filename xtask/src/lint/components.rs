//! Rules for components: parameters, responses and schemas, which are defined once and referred to.
//!
//! | rule | requires |
//! |---|---|
//! | `naming` | PascalCase without technical suffixes; a page is called after its records |
//! | `descriptions` | whole sentences, since they become documentation and help |
//! | `closed lists` | values, each with its own Rust name |
//! | `keys` | an id that is an integer or a UUID |
//! | `bounds` | bounds that fit the type, and that some value is within |
//! | `orphans` | a reference to every component |

use std::collections::{BTreeSet, HashMap};

use heck::ToPascalCase;
use serde_json::Value;

use super::{case::is_pascal_case, findings::Findings};
use crate::build::{
    model::{Parameter, Schema},
    spec::{component, escape},
};

/// Suffixes that say how a type is transported. Generators add them; they mean nothing to users of the client.
const TRANSPORT_SUFFIXES: [&str; 4] = ["Dto", "Model", "Request", "Response"];

/// Parameters that are written inline in an operation follow the same rules as components.
pub(super) fn check(findings: &mut Findings<'_>) {
    let components = &findings.spec.document.components;
    for (name, schema) in &components.schemas {
        let at = format!("/components/schemas/{}", escape(name));
        type_name(findings, name, &at);
        if schema
            .description
            .as_deref()
            .is_none_or(|text| !text.trim().ends_with('.'))
        {
            findings.add(
                "descriptions",
                &at,
                format!("`{name}` has no whole sentence as its description; add one"),
            );
        }
        if schema.open_enum {
            closed_list(findings, schema, &at);
        }
        key(findings, schema, &at);
        properties(findings, schema, &at);
    }
    for (name, parameter) in &components.parameters {
        let at = format!("/components/parameters/{}", escape(name));
        type_name(findings, name, &at);
        self::parameter(findings, parameter, &at);
    }
    for operation in &findings.spec.operations {
        for (index, parameter) in operation.entry.parameters.iter().enumerate() {
            if parameter.reference.is_none() {
                let at = format!("{}/parameters/{index}", operation.pointer());
                self::parameter(findings, parameter, &at);
            }
        }
    }
    pages(findings);
    unused_components(findings);
}

/// The name becomes that of a Rust type.
fn type_name(findings: &mut Findings<'_>, name: &str, at: &str) {
    if !is_pascal_case(name) {
        findings.add("naming", at, format!("`{name}` is not in PascalCase; rename it"));
    }
    if let Some(ending) = TRANSPORT_SUFFIXES.iter().find(|ending| name.ends_with(**ending)) {
        findings.add(
            "naming",
            at,
            format!("`{name}` has a technical suffix; leave out `{ending}`"),
        );
    }
}

/// The generated enum has a variant for each value, and `Other` for unknown ones. Two values whose names only differ in case or
/// in punctuation would have the same variant.
fn closed_list(findings: &mut Findings<'_>, schema: &Schema, at: &str) {
    let at = format!("{at}/enum");
    if schema.values.is_empty() {
        findings.add("closed lists", &at, "the closed list has no values; add them");
    }
    let mut variants = HashMap::from([("Other".to_string(), "the variant for unknown values")]);
    for (index, value) in schema.values.iter().enumerate() {
        if let Some(other) = variants.insert(value.to_pascal_case(), value) {
            let at = format!("{at}/{index}");
            findings.add(
                "closed lists",
                &at,
                format!("`{value}` has the same Rust name as {other}; remove one of them"),
            );
        }
    }
}

/// The id of a record is a number or a UUID, because `RecordId` has no other variants.
fn key(findings: &mut Findings<'_>, schema: &Schema, at: &str) {
    let Some(key) = schema.key.as_ref().and_then(|key| schema.properties.get(key)) else {
        return;
    };
    let (_, key) = findings.spec.resolve(key);
    if key.kind.as_deref() != Some("integer") && key.format.as_deref() != Some("uuid") {
        findings.add(
            "keys",
            &format!("{at}/x-atera-key"),
            "the id is neither an integer nor a UUID; choose another property",
        );
    }
}

/// A property needs no description, but one that is there has to be a sentence.
fn properties(findings: &mut Findings<'_>, schema: &Schema, at: &str) {
    for (name, property) in &schema.properties {
        let at = format!("{at}/properties/{}", escape(name));
        if let Some(text) = &property.description
            && !text.trim().ends_with('.')
        {
            findings.add(
                "descriptions",
                &at,
                format!("the description of `{name}` is not a sentence; end it with a full stop"),
            );
        }
        bounds(findings, property, &at);
    }
}

/// Every parameter needs a description, because it is the help of a flag of the command.
fn parameter(findings: &mut Findings<'_>, parameter: &Parameter, at: &str) {
    if !parameter.description.trim().ends_with('.') {
        let name = &parameter.name;
        findings.add(
            "descriptions",
            at,
            format!("`{name}` has no whole sentence as its description; add one"),
        );
    }
    bounds(findings, &parameter.schema, &format!("{at}/schema"));
}

/// Bounds are checked before a request is sent, so a wrong one would reject valid requests.
fn bounds(findings: &mut Findings<'_>, schema: &Schema, at: &str) {
    if let (Some(minimum), Some(maximum)) = (schema.minimum, schema.maximum)
        && minimum > maximum
    {
        findings.add(
            "bounds",
            at,
            format!("the minimum {minimum} is greater than the maximum {maximum}; swap them"),
        );
    }
    let numeric = matches!(schema.kind.as_deref(), Some("integer" | "number"));
    if !numeric && (schema.minimum.is_some() || schema.maximum.is_some()) {
        findings.add(
            "bounds",
            at,
            "only a number can have a minimum or a maximum; remove them",
        );
    }
    if schema.kind.as_deref() != Some("string") && schema.min_length.is_some() {
        findings.add("bounds", at, "only text can have a length; remove `minLength`");
    }
}

/// A page is called after its records, so that users can guess the name.
fn pages(findings: &mut Findings<'_>) {
    for (name, record) in findings.spec.pages() {
        if name != format!("{record}Page") {
            let at = format!("/components/schemas/{}", escape(name));
            findings.add(
                "naming",
                &at,
                format!("the page of `{record}` has another name; call it `{record}Page`"),
            );
        }
    }
}

/// Every component is referred to, directly or through another one, from an operation. A component that only refers to itself
/// is unused.
fn unused_components(findings: &mut Findings<'_>) {
    let mut used = BTreeSet::new();
    let document = &findings.spec.json;
    references(&document["paths"], &mut used);
    // Follow the references of components that are used.
    let mut followed = BTreeSet::new();
    while let Some(reference) = used.difference(&followed).next().cloned() {
        if component(&reference).is_some() {
            let target = document.pointer(reference.trim_start_matches('#'));
            references(target.unwrap_or(&Value::Null), &mut used);
        }
        followed.insert(reference);
    }
    for kind in ["parameters", "responses", "schemas"] {
        for name in document["components"][kind]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, _)| name)
        {
            // The client decodes every failure as an `ApiError`, whether or not something refers to it.
            if !used.contains(&format!("#/components/{kind}/{name}")) && name != "ApiError" {
                let at = format!("/components/{kind}/{}", escape(name));
                findings.add("orphans", &at, format!("nothing refers to `{name}`; remove it"));
            }
        }
    }
}

/// Adds all references within a value. Examples are data and may contain anything.
fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(entries) => {
            for (key, value) in entries {
                match (key.as_str(), value) {
                    ("$ref", Value::String(reference)) => {
                        found.insert(reference.clone());
                    }
                    ("example" | "examples", _) => {}
                    _ => references(value, found),
                }
            }
        }
        Value::Array(values) => values.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}
