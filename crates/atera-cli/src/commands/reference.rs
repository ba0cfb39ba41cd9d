//! `atera operations` and `atera schema`: the description, to be read and searched without a network.
//!
//! A type is printed as a table of its fields, or as JSON Schema (draft 2020-12) for programs that check bodies before they
//! send them. Closed lists are examples there and not an `enum`, because Atera extends them.

use atera::description::{Field, Kind, OPERATIONS, Operation, SCHEMAS, Schema, Source};
use clap::{Arg, ArgMatches, Command};
use serde_json::{Map, Value, json};

use crate::{
    input::{completion, globals::Globals},
    names::command_line,
    output::{destination::Destination, failure::Failure, records::Layout, rows},
};

/// Name of the command that lists the operations.
pub(crate) const OPERATIONS_NAME: &str = "operations";
/// Name of the command that shows types.
pub(crate) const SCHEMA_NAME: &str = "schema";

const TYPE: &str = "type";

/// A row of `atera operations`.
static OPERATION_ROW: Schema = Schema::new(
    "Operation",
    &[
        text("Command"),
        text("Method"),
        text("Path"),
        text("Summary"),
        text("Id"),
        text("Source"),
    ],
);

/// A row of `atera schema`.
static TYPE_ROW: Schema = Schema::new("Type", &[text("Name"), text("Key"), text("Description")]);

/// A row of `atera schema TYPE`.
static FIELD_ROW: Schema = Schema::new(
    "Field",
    &[text("Name"), text("Type"), text("Required"), text("Description")],
);

/// A column of text.
const fn text(name: &'static str) -> Field {
    Field::new(name, Kind::Text)
}

/// The arguments of `atera operations`: none of its own.
pub(crate) fn operations_command() -> Command {
    Command::new(OPERATIONS_NAME)
        .about("List every operation of the API with its command")
        .after_help("Examples:\n  atera operations\n  atera operations --output csv --select Command,Path")
}

/// The arguments of `atera schema`.
pub(crate) fn schema_command() -> Command {
    Command::new(SCHEMA_NAME)
        .about("Show the fields of a type, or list the types")
        .after_help(
            "Examples:\n  atera schema\n  atera schema Ticket\n  atera schema tickets_create\n  \
             atera schema CreateTicket --output json\n\nJSON and YAML are JSON Schema.",
        )
        .arg(Arg::new(TYPE).value_name("TYPE").add(completion::types()).help(
            "Name of a type, or of an operation, whose body or answer is then shown; all types if left out",
        ))
}

/// Prints every operation, in the order of the description.
pub(crate) fn operations(globals: &Globals) -> Result<(), Failure> {
    let rows = OPERATIONS.iter().map(|operation| {
        json!({
            "Command": command_line(operation),
            "Method": operation.method.as_str(),
            "Path": operation.path,
            "Summary": operation.summary,
            "Id": operation.id,
            "Source": source(operation),
        })
    });
    rows::print(&globals.output, &OPERATION_ROW, rows)
}

/// The document that an operation comes from, as `atera operations` calls it.
fn source(operation: &Operation) -> &'static str {
    match operation.source {
        Source::Guide => "guide",
        _ => "published",
    }
}

/// Prints a type, or the list of types.
pub(crate) fn schema(matches: &ArgMatches, globals: &Globals) -> Result<(), Failure> {
    let Some(name) = matches.get_one::<String>(TYPE) else {
        let rows = SCHEMAS.iter().map(
            |schema| json!({"Name": schema.name, "Key": schema.id_field, "Description": schema.description}),
        );
        return rows::print(&globals.output, &TYPE_ROW, rows);
    };
    let schema = find(name)?;
    let layout = Layout::new(&globals.output, None, true)?;
    if layout.format.for_documents {
        if layout.sorts() {
            let sentence =
                "--sort has nothing to sort: the schema is one document; leave it out, or add --output table";
            return Err(Failure::Usage(sentence.to_string()));
        }
        let json = json_schema(schema);
        let mut out = Destination::open(globals.output.file.as_deref())?;
        layout.single(&format!("{json:#}"), &mut out)?;
        return out.commit();
    }
    let rows = schema.fields.iter().map(|field| {
        json!({
            "Name": field.name,
            "Type": type_of(field.kind),
            "Required": if field.required { "required" } else { "" },
            "Description": field.description,
        })
    });
    rows::print(&globals.output, &FIELD_ROW, rows)
}

/// The type of this name, or the body or else the answer of the operation of this name.
fn find(name: &str) -> Result<&'static Schema, Failure> {
    let mut schemas = SCHEMAS.iter().copied();
    if let Some(schema) = schemas.find(|schema| schema.name.eq_ignore_ascii_case(name)) {
        return Ok(schema);
    }
    let of_operation = || {
        let operation = Operation::find(name)?;
        let kind = operation
            .body
            .or(operation.record().map(Kind::Object))
            .or(operation.answer)?;
        type_in(kind)
    };
    of_operation().ok_or_else(|| {
        Failure::Usage(format!(
            "there is no type `{name}`; `atera schema` lists the types, `atera operations` the operations"
        ))
    })
}

/// The type of the objects in an answer, in an array or a map of any depth too.
fn type_in(kind: Kind) -> Option<&'static Schema> {
    match kind {
        Kind::Object(schema) => Some(schema),
        Kind::Array(kind) | Kind::Map(kind) => type_in(*kind),
        _ => None,
    }
}

/// A type in words, for the table. Values of a closed list are given in full, since that is what people look up.
fn type_of(kind: Kind) -> String {
    match kind {
        Kind::Integer => "whole number".to_string(),
        Kind::Number => "number".to_string(),
        Kind::Boolean => "true or false".to_string(),
        Kind::Text => "text".to_string(),
        Kind::Uuid => "UUID".to_string(),
        Kind::Date => "date".to_string(),
        Kind::Timestamp => "time in UTC".to_string(),
        Kind::AccountTime => "time in the account's zone".to_string(),
        Kind::ActionId => "number or text".to_string(),
        Kind::Enum { values, .. } => values.join(" | "),
        Kind::Object(schema) => schema.name.to_string(),
        Kind::Array(kind) => format!("array of {}", type_of(*kind)),
        Kind::Map(kind) => format!("map to {}", type_of(*kind)),
        // A kind that is new in the library has no words yet.
        _ => "anything".to_string(),
    }
}

/// A type as JSON Schema, with the definitions of all types that it refers to, so that the file is complete by itself.
fn json_schema(schema: &'static Schema) -> Value {
    let mut definitions = Map::new();
    let mut json = object_schema(schema, &mut definitions);
    json["$schema"] = "https://json-schema.org/draft/2020-12/schema".into();
    json["title"] = schema.name.into();
    definitions.remove(schema.name);
    if !definitions.is_empty() {
        json["$defs"] = definitions.into();
    }
    json
}

/// An object as JSON Schema. The types in it are added to the definitions.
///
/// Fields that the description lacks are allowed, since Atera may have added them. Either-or rules become `anyOf`.
fn object_schema(schema: &'static Schema, definitions: &mut Map<String, Value>) -> Value {
    let mut properties = Map::new();
    for field in schema.fields {
        let mut json = value_schema(field.kind, definitions);
        if !field.description.is_empty() {
            json["description"] = field.description.into();
        }
        for (name, bound) in [("minimum", field.minimum), ("maximum", field.maximum)] {
            if let Some(bound) = bound {
                json[name] = bound.into();
            }
        }
        properties.insert(field.name.to_string(), json);
    }
    let required: Vec<_> = schema
        .fields
        .iter()
        .filter(|field| field.required)
        .map(|field| field.name)
        .collect();
    let mut json = json!({"type": "object", "description": schema.description, "properties": properties});
    if !required.is_empty() {
        json["required"] = required.into();
    }
    let sets: Vec<_> = schema
        .requires
        .iter()
        .map(|set| json!({"required": set}))
        .collect();
    if !sets.is_empty() {
        json["anyOf"] = sets.into();
    }
    json
}

/// A value of this kind as JSON Schema. Local times have no `format`: those of JSON Schema need an offset.
fn value_schema(kind: Kind, definitions: &mut Map<String, Value>) -> Value {
    match kind {
        Kind::Integer => json!({"type": "integer"}),
        Kind::Number => json!({"type": "number"}),
        Kind::Boolean => json!({"type": "boolean"}),
        Kind::Text | Kind::AccountTime => json!({"type": "string"}),
        Kind::Uuid => json!({"type": "string", "format": "uuid"}),
        Kind::Date => json!({"type": "string", "format": "date"}),
        Kind::Timestamp => json!({"type": "string", "format": "date-time"}),
        Kind::ActionId => json!({"type": ["integer", "string"]}),
        Kind::Enum { values, .. } => json!({"type": "string", "examples": values}),
        Kind::Array(kind) => json!({"type": "array", "items": value_schema(*kind, definitions)}),
        Kind::Map(kind) => {
            json!({"type": "object", "additionalProperties": value_schema(*kind, definitions)})
        }
        Kind::Object(schema) => {
            if !definitions.contains_key(schema.name) {
                // A type may refer to itself, so its name is taken before its definition is there.
                definitions.insert(schema.name.to_string(), Value::Null);
                let json = object_schema(schema, definitions);
                definitions.insert(schema.name.to_string(), json);
            }
            json!({"$ref": format!("#/$defs/{}", schema.name)})
        }
        // Anything goes.
        _ => json!({}),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_found_by_their_names_and_by_operations() {
        for (name, schema) in [
            ("ticket", "Ticket"),
            ("tickets_create", "CreateTicket"),
            ("tickets_list", "Ticket"),
            ("custom_values_list_fields", "CustomField"),
        ] {
            assert_eq!(find(name).expect(name).name, schema);
        }
        assert!(matches!(find("Tocket"), Err(Failure::Usage(_))));
    }

    #[test]
    fn every_type_is_a_json_schema_without_loose_ends() {
        for schema in SCHEMAS {
            let json = json_schema(schema);
            let text = json.to_string();
            for reference in text.split("\"#/$defs/").skip(1) {
                let name = reference.split('"').next().expect("a name");
                assert!(json["$defs"][name].is_object(), "{}: {name}", schema.name);
            }
        }
    }

    #[test]
    fn what_must_be_given_is_said() {
        let json = json_schema(find("CreateTicket").expect("a type"));
        assert_eq!(json["required"], json!(["TicketTitle", "Description"]));
        assert_eq!(json["anyOf"][0], json!({"required": ["EndUserID"]}));
    }
}
