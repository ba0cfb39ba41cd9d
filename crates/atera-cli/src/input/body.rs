//! The body of a request: the file of `--body`, with the flags for its fields over it, and the fields of `--clear` as null.
//!
//! A flag that is not given leaves its field alone, which is not the same as null: an update changes only the fields that are
//! in its body, and null empties a field.
//!
//! ```text
//! atera tickets add-comment 7 --comment-text Done --technician-id 3
//! {"CommentText": "Done", "TechnicianCommentDetails": {"TechnicianId": 3}}
//!
//! atera customers update 7 --body new.json --clear Domain
//! everything in new.json, and "Domain": null
//! ```

use std::path::{Path, PathBuf};

use atera::description::{Kind, Operation};
use atera_records::no_such_field;
use clap::ArgMatches;
use serde_json::{Map, Value};

use super::{arguments, fields, source};
use crate::{names, output::failure::Failure};

/// Makes the body of an operation. `None` if it takes none, or if nothing is given.
///
/// # Errors
///
/// If the file cannot be read, or if a field to clear does not exist.
pub(crate) fn read(operation: &Operation, matches: &ArgMatches) -> Result<Option<Value>, Failure> {
    let Some(kind) = operation.body else {
        return Ok(None);
    };
    let mut body = match matches.get_one::<PathBuf>(arguments::BODY) {
        Some(file) => Some(from_file(file)?),
        None => None,
    };
    for scalar in fields::scalars(kind) {
        if let Some(value) = matches.get_one::<Value>(scalar.field.name) {
            let parent = scalar.parent.map(|parent| parent.name);
            set(&mut body, parent, scalar.field.name, value.clone())?;
        }
    }
    if let Kind::Object(schema) = kind {
        let allow_unknown = matches.get_flag(arguments::ALLOW_UNKNOWN);
        for name in matches.get_many::<String>(arguments::CLEAR).unwrap_or_default() {
            let column = names::fields(Some(schema), allow_unknown).column(name)?;
            let (parent, field) = match column.path.as_slice() {
                [field] => (None, field),
                [parent, field] => (Some(parent.as_str()), field),
                _ => {
                    let sentence = format!("`{name}` lies too deep for --clear; give the object with --body");
                    return Err(Failure::Usage(sentence));
                }
            };
            set(&mut body, parent, field, Value::Null)?;
        }
    }
    Ok(body)
}

/// Sets a field of the body, or of an object in it. The body and the object are created if they are missing.
pub(crate) fn set(
    body: &mut Option<Value>,
    parent: Option<&str>,
    field: &str,
    value: Value,
) -> Result<(), Failure> {
    let object = object(body.get_or_insert_with(empty), "the body")?;
    let object = match parent {
        None => object,
        Some(parent) => self::object(object.entry(parent).or_insert_with(empty), parent)?,
    };
    object.insert(field.to_string(), value);
    Ok(())
}

/// What is wrong with each field, at any depth, that its type lacks.
pub(crate) fn unknown_fields(kind: Kind, value: &Value) -> Vec<String> {
    match (kind, value) {
        (Kind::Object(schema), Value::Object(object)) => {
            let fields = object.iter().flat_map(|(name, value)| {
                match schema.fields.iter().find(|field| field.name == name) {
                    Some(field) => unknown_fields(field.kind, value),
                    None => vec![no_such_field(schema, name)],
                }
            });
            fields.collect()
        }
        (Kind::Array(kind), Value::Array(values)) => {
            let values = values.iter();
            values.flat_map(|value| unknown_fields(*kind, value)).collect()
        }
        _ => Vec::new(),
    }
}

/// An object without fields.
fn empty() -> Value {
    Value::Object(Map::new())
}

/// The fields of a part of the body, which `name` stands for in the message.
fn object<'a>(value: &'a mut Value, name: &str) -> Result<&'a mut Map<String, Value>, Failure> {
    value.as_object_mut().ok_or_else(|| {
        Failure::Usage(format!(
            "{name} in --body is not an object, so a flag cannot set a field of it"
        ))
    })
}

/// Reads JSON from a file, or from stdin for `-`. It may be any JSON: some operations take an array.
pub(crate) fn from_file(file: &Path) -> Result<Value, Failure> {
    let name = source::name(file);
    let text = source::text(file)
        .map_err(|error| Failure::Usage(format!("the body in {name} cannot be read: {error}")))?;
    serde_json::from_str(&text)
        .map_err(|error| Failure::Usage(format!("the body in {name} is not JSON: {error}")))
}
