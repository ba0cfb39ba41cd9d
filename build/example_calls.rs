//! An example for each call, as rustdoc shows and compiles it: what is required first, with the values of the
//! description's own examples.

use serde_json::Value;

use super::{
    examples,
    methods::{Argument, Method},
    model::Schema,
    spec::{Operation, Spec},
    types::rust_name,
};

/// The example of an operation, as a block of rustdoc.
pub fn block(spec: &Spec, operation: &Operation, method: &Method) -> String {
    let (group, verb) = (&operation.group, &operation.verb);
    let required = method.arguments().iter().filter(|argument| !argument.optional);
    let arguments: Vec<_> = required
        .map(|argument| given(spec, operation, argument))
        .collect();
    let call = format!("client.{group}().{verb}({})", arguments.join(", "));
    let code = match &operation.record {
        Some(_) => format!(
            "let mut records = {call}.stream();\n\
             while let Some(record) = records.try_next().await? {{\n    \
             println!(\"{{record:?}}\");\n\
             }}"
        ),
        None => format!("let answer = {call}.await?;"),
    };
    format!(
        "```no_run\n\
         # async fn example(client: atera::Client) -> Result<(), Box<dyn std::error::Error>> {{\n\
         {code}\n\
         # Ok(())\n\
         # }}\n\
         ```"
    )
}

/// A required argument.
fn given(spec: &Spec, operation: &Operation, argument: &Argument) -> String {
    match argument.parameter(operation) {
        Some(parameter) => {
            let example = parameter.example.clone().unwrap_or_default();
            literal(spec, &parameter.schema, &example, Taken::ByInto)
        }
        None => {
            let (_, body) = examples::bodies(spec, operation).swap_remove(0);
            let schema = operation
                .entry
                .request_body
                .as_ref()
                .map(|body| body.content.json.schema.clone());
            literal(spec, &schema.unwrap_or_default(), &body, Taken::ByInto)
        }
    }
}

/// How a value is taken where the literal stands.
#[derive(Clone, Copy, PartialEq)]
enum Taken {
    /// As an argument, `impl Into` of its type.
    ByInto,
    /// As the field of a struct, of its type.
    AsIs,
}

/// A value as Rust.
fn literal(spec: &Spec, schema: &Schema, value: &Value, taken: Taken) -> String {
    let (name, flat) = spec.flat(schema);
    let kind = (flat.kind.as_deref(), flat.format.as_deref());
    match (kind, value) {
        ((Some("object"), _), Value::Object(_)) => match name {
            Some(name) => object(spec, &name, &flat, value),
            None => "Default::default()".to_string(),
        },
        ((Some("array"), _), Value::Array(items)) => {
            let of = flat.items.as_deref().cloned().unwrap_or_default();
            let items = items.iter().map(|item| literal(spec, &of, item, Taken::AsIs));
            format!("vec![{}]", items.collect::<Vec<_>>().join(", "))
        }
        ((_, Some("date-time")), Value::String(text)) => format!("{text:?}.parse::<atera::Timestamp>()?"),
        ((_, Some("account-time")), Value::String(text)) => {
            format!("{text:?}.parse::<atera::AccountTime>()?")
        }
        ((_, Some("uuid" | "date")), Value::String(text)) => format!("{text:?}.parse()?"),
        ((Some("number"), _), Value::Number(number)) => {
            format!("{:?}", number.as_f64().unwrap_or_default())
        }
        (_, Value::String(text)) if taken == Taken::AsIs => format!("{text:?}.into()"),
        (_, Value::String(text)) => format!("{text:?}"),
        (_, value) => value.to_string(),
    }
}

/// An object as Rust: with what is required, or else with the first of its fields.
fn object(spec: &Spec, name: &str, schema: &Schema, value: &Value) -> String {
    if !schema.required.is_empty() {
        let arguments = schema
            .required
            .iter()
            .filter_map(|wire| field(schema, value, wire));
        let arguments = arguments.map(|(_, property, value)| literal(spec, property, value, Taken::ByInto));
        return format!(
            "atera::types::{name}::new({})",
            arguments.collect::<Vec<_>>().join(", ")
        );
    }
    let Some((wire, property, value)) = schema
        .properties
        .keys()
        .find_map(|wire| field(schema, value, wire))
    else {
        return format!("atera::types::{name}::default()");
    };
    let rust = property.rust_name.clone().unwrap_or_else(|| rust_name(wire));
    let value = literal(spec, property, value, Taken::AsIs);
    format!("atera::types::{name} {{ {rust}: Some({value}), ..Default::default() }}")
}

/// A field that the example has: its name on the wire, its schema, its value.
fn field<'a>(
    schema: &'a Schema,
    value: &'a Value,
    wire: &'a str,
) -> Option<(&'a str, &'a Schema, &'a Value)> {
    Some((wire, schema.properties.get(wire)?, value.get(wire)?))
}
