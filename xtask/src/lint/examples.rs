//! Rules for examples: each is valid against its schema, and there is one for everything that is sent.
//!
//! Examples are more than documentation. They become requests in tests, answers of mocks, examples in
//! rustdoc and in the help of the command, so a wrong one fails in many places. They are validated by
//! JSON Schema, with formats.

use std::{collections::HashMap, rc::Rc};

use jsonschema::Validator;
use serde_json::{Map, Value, json};

use super::findings::Findings;
use crate::build::{
    model::{Media, Schema},
    spec::{component, escape},
};

/// A component is checked once, and not again for each reference to it.
pub(super) fn check(findings: &mut Findings<'_>) {
    let mut examples = Examples {
        components: schemas(&findings.spec.json["components"]["schemas"]),
        validators: HashMap::new(),
    };
    let spec = findings.spec;
    for operation in &spec.operations {
        let at = operation.pointer();
        for (index, parameter) in operation.entry.parameters.iter().enumerate() {
            let (parameter, at) = match parameter.reference.as_deref().and_then(component) {
                // Checked once, with the components.
                Some(_) => continue,
                None => (parameter, format!("{at}/parameters/{index}")),
            };
            examples.parameter(findings, &parameter.name, &parameter.example, &at);
        }
        if let Some(body) = &operation.entry.request_body {
            examples.media(findings, &body.content.json, &format!("{at}/requestBody"));
        }
        for (status, response) in &operation.entry.responses {
            if let Some(content) = &response.content {
                examples.media(
                    findings,
                    &content.json,
                    &format!("{at}/responses/{}", escape(status)),
                );
            }
        }
    }
    for (name, parameter) in &spec.document.components.parameters {
        let at = format!("/components/parameters/{}", escape(name));
        examples.parameter(findings, &parameter.name, &parameter.example, &at);
    }
    for (name, response) in &spec.document.components.responses {
        if let Some(content) = &response.content {
            examples.media(
                findings,
                &content.json,
                &format!("/components/responses/{}", escape(name)),
            );
        }
    }
    for (name, schema) in &spec.document.components.schemas {
        examples.schema(findings, schema, &format!("/components/schemas/{}", escape(name)));
    }
}

/// The validators, which are expensive to build and are kept for all examples of a schema.
struct Examples {
    /// The schemas of the description as JSON Schema.
    components: Value,
    /// By the reference of the schema, or by its place if it has no name.
    validators: HashMap<String, Rc<Validator>>,
}

impl Examples {
    /// Every parameter needs an example.
    fn parameter(&mut self, findings: &mut Findings<'_>, name: &str, example: &Option<Value>, at: &str) {
        match example {
            Some(example) => self.value(
                findings,
                example,
                &format!("{at}/schema"),
                &format!("{at}/example"),
            ),
            None => findings.add("examples", at, format!("`{name}` has no example; add one")),
        }
    }

    /// A body or an answer may do without examples, because one can be composed from its properties.
    fn media(&mut self, findings: &mut Findings<'_>, media: &Media, at: &str) {
        let at = format!("{at}/content/application~1json");
        if let Some(example) = &media.example {
            self.value(
                findings,
                example,
                &format!("{at}/schema"),
                &format!("{at}/example"),
            );
        }
        for (name, example) in &media.examples {
            let place = format!("{at}/examples/{}/value", escape(name));
            self.value(findings, &example.value, &format!("{at}/schema"), &place);
        }
    }

    /// The examples within a schema. Every scalar needs one. Those of objects and arrays are composed from them.
    fn schema(&mut self, findings: &mut Findings<'_>, schema: &Schema, at: &str) {
        if let Some(example) = &schema.example {
            self.value(findings, example, at, &format!("{at}/example"));
        }
        for (name, property) in &schema.properties {
            let at = format!("{at}/properties/{}", escape(name));
            let (_, resolved) = findings.spec.resolve(property);
            let scalar = !matches!(resolved.kind.as_deref(), Some("object" | "array"));
            if scalar && resolved.example.is_none() {
                findings.add("examples", &at, format!("`{name}` has no example; add one"));
            }
            self.schema(findings, property, &at);
        }
        if let Some(items) = &schema.items {
            self.schema(findings, items, &format!("{at}/items"));
        }
    }

    /// Checks a value against the schema at a pointer of the description.
    fn value(&mut self, findings: &mut Findings<'_>, value: &Value, schema_at: &str, at: &str) {
        let schema = findings.spec.json.pointer(schema_at).cloned().unwrap_or_default();
        let validator = match self.validator(schema_at, &schema) {
            Ok(validator) => validator,
            Err(reason) => return findings.add("examples", schema_at, reason),
        };
        for error in validator.iter_errors(value) {
            let reason = format!("the example does not fit its schema: {error}");
            findings.add("examples", &format!("{at}{}", error.instance_path()), reason);
        }
    }

    /// # Errors
    ///
    /// The schema is not a valid JSON Schema.
    fn validator(&mut self, at: &str, schema: &Value) -> Result<Rc<Validator>, String> {
        let name = schema["$ref"].as_str().unwrap_or(at);
        if let Some(validator) = self.validators.get(name) {
            return Ok(Rc::clone(validator));
        }
        let mut whole = json_schema(schema);
        if whole.to_string().contains("$ref") {
            whole["components"] = json!({"schemas": self.components});
        }
        let validator = jsonschema::options()
            .should_validate_formats(true)
            .with_format("account-time", is_account_time)
            .build(&whole)
            .map_err(|error| format!("cannot check examples against the schema: {error}"))?;
        let validator = Rc::new(validator);
        self.validators.insert(name.to_string(), Rc::clone(&validator));
        Ok(validator)
    }
}

/// Whether the text is a date, or a date and a time without an offset. The format is our own, so JSON Schema does not know it.
fn is_account_time(text: &str) -> bool {
    let digits = |form: &str| {
        text.len() == form.len()
            && text.chars().zip(form.chars()).all(|(letter, form)| match form {
                '0' => letter.is_ascii_digit(),
                _ => letter == form,
            })
    };
    digits("0000-00-00") || digits("0000-00-00T00:00:00")
}

/// A map of schemas, each as JSON Schema.
fn schemas(schemas: &Value) -> Value {
    let entries = schemas.as_object().into_iter().flatten();
    entries
        .map(|(name, schema)| (name.clone(), json_schema(schema)))
        .collect::<Map<_, _>>()
        .into()
}

/// Converts a schema of OpenAPI 3.0 to JSON Schema. `nullable` becomes part of the type. An object allows no other properties
/// than its own, so that a typing error in an example is found.
fn json_schema(schema: &Value) -> Value {
    let Value::Object(entries) = schema else {
        return schema.clone();
    };
    let mut out = Map::new();
    for (key, value) in entries {
        let value = match key.as_str() {
            "properties" => schemas(value),
            "items" | "additionalProperties" => json_schema(value),
            "allOf" => value.as_array().into_iter().flatten().map(json_schema).collect(),
            "$ref" | "type" | "format" | "enum" | "required" | "minimum" | "maximum" | "minLength" => {
                value.clone()
            }
            _ => continue,
        };
        out.insert(key.clone(), value);
    }
    if out.contains_key("properties") {
        out.entry("additionalProperties").or_insert(Value::Bool(false));
    }
    if out.get("format") == Some(&"action-id".into()) {
        out.insert("type".into(), json!(["integer", "string"]));
    }
    if entries.get("nullable") == Some(&Value::Bool(true)) {
        match out.get("type") {
            // In this form the message of a failure names the type.
            Some(Value::String(kind)) => {
                let kinds = json!([kind, "null"]);
                out.insert("type".into(), kinds);
            }
            _ => return json!({"anyOf": [{"type": "null"}, out]}),
        }
    }
    out.into()
}
