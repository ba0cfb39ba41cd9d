//! Generates the example of each call for rustdoc, with the required arguments and the values of the description's examples.
//!
//! The examples are doc tests, so they are compiled with `cargo test --doc`. That proves for every
//! operation that its arguments can be written as shown.

use serde_json::Value;

use super::{
    examples,
    methods::{Argument, Method},
    model::Schema,
    spec::{Operation, Spec},
    types::rust_name,
};

/// The example of an operation, as a code block. A list is read as a stream; any other call is awaited.
pub fn block(spec: &Spec, operation: &Operation, method: &Method) -> String {
    let (group, verb) = (&operation.group, &operation.verb);
    let required = method.arguments().iter().filter(|argument| !argument.optional);
    let arguments: Vec<_> = required
        .map(|argument| argument_value(spec, operation, argument))
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

/// The value of a required argument.
fn argument_value(spec: &Spec, operation: &Operation, argument: &Argument) -> String {
    match argument.parameter(operation) {
        Some(parameter) => {
            let example = parameter.example.clone().unwrap_or_default();
            literal(spec, &parameter.schema, &example, Position::Argument)
        }
        None => {
            let (_, body) = examples::bodies(spec, operation).swap_remove(0);
            let schema = operation
                .entry
                .request_body
                .as_ref()
                .map(|body| body.content.json.schema.clone());
            literal(spec, &schema.unwrap_or_default(), &body, Position::Argument)
        }
    }
}

/// Where a literal is used, which decides whether it needs a conversion.
#[derive(Clone, Copy, PartialEq)]
enum Position {
    /// As an argument, which is `impl Into<..>`.
    Argument,
    /// As a field of a struct or an item of a `vec!`, which needs the exact type.
    Field,
}

/// A value as a Rust expression, by the type and format of its schema.
fn literal(spec: &Spec, schema: &Schema, value: &Value, position: Position) -> String {
    let (name, resolved) = spec.resolve(schema);
    let kind = (resolved.kind.as_deref(), resolved.format.as_deref());
    match (kind, value) {
        ((Some("object"), _), Value::Object(_)) => match name {
            Some(name) => object(spec, &name, &resolved, value),
            None => "Default::default()".to_string(),
        },
        ((Some("array"), _), Value::Array(items)) => {
            let of = resolved.items.as_deref().cloned().unwrap_or_default();
            let items = items.iter().map(|item| literal(spec, &of, item, Position::Field));
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
        (_, Value::String(text)) if position == Position::Field => format!("{text:?}.into()"),
        (_, Value::String(text)) => format!("{text:?}"),
        (_, value) => value.to_string(),
    }
}

/// An object as a Rust expression: `new` with the required fields, or else a literal with the first field of the example.
fn object(spec: &Spec, name: &str, schema: &Schema, value: &Value) -> String {
    if !schema.required.is_empty() {
        let arguments = schema
            .required
            .iter()
            .filter_map(|wire| field(schema, value, wire));
        let arguments =
            arguments.map(|(_, property, value)| literal(spec, property, value, Position::Argument));
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
    let value = literal(spec, property, value, Position::Field);
    format!("atera::types::{name} {{ {rust}: Some({value}), ..Default::default() }}")
}

/// The name, schema and value of a field, if the example has it.
fn field<'a>(
    schema: &'a Schema,
    value: &'a Value,
    wire: &'a str,
) -> Option<(&'a str, &'a Schema, &'a Value)> {
    Some((wire, schema.properties.get(wire)?, value.get(wire)?))
}
