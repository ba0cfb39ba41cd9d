//! What the arguments ask for: values for the parameters, and a body.

use std::{fs, io, path::Path};

use clap::ArgMatches;
use serde_json::{Map, Value};

use super::{arguments, failure::Failure, fields};
use crate::{Client, DynamicCall, Operation, operation::Location};

/// A call before there is a client to make it with.
#[derive(Debug)]
pub(super) struct Request {
    operation: &'static Operation,
    parameters: Vec<(&'static str, String)>,
    body: Option<Value>,
}

impl Request {
    /// Takes the arguments apart, and reads the body.
    pub(super) fn read(operation: &'static Operation, matches: &ArgMatches) -> Result<Self, Failure> {
        let given = operation.parameters.iter().filter_map(|parameter| {
            let value = matches.get_one::<Value>(parameter.name)?;
            Some((parameter.name, text(value)))
        });
        Ok(Request {
            operation,
            parameters: given.collect(),
            body: body(operation, matches)?,
        })
    }

    /// The call that this client makes of it.
    pub(super) fn call(&self, client: &Client) -> crate::Result<DynamicCall> {
        let mut call = client.operation(self.operation);
        for (name, value) in &self.parameters {
            call = call.set(name, value)?;
        }
        match &self.body {
            Some(body) => call.body(body),
            None => Ok(call),
        }
    }

    /// What the path names.
    pub(super) fn target(&self) -> String {
        let in_path = self.operation.parameters.iter().filter_map(|parameter| {
            let (_, value) = self.parameters.iter().find(|(name, _)| *name == parameter.name)?;
            (parameter.location == Location::Path).then_some(value.as_str())
        });
        in_path.collect::<Vec<_>>().join(" ")
    }
}

/// A value as it goes into an address.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        value => value.to_string(),
    }
}

/// The body: the file, with the fields over it that are given as flags.
fn body(operation: &Operation, matches: &ArgMatches) -> Result<Option<Value>, Failure> {
    let Some(kind) = operation.body else {
        return Ok(None);
    };
    let file = matches.get_one::<std::path::PathBuf>(arguments::BODY);
    let mut body = match file {
        Some(file) => Some(read(file)?),
        None => None,
    };
    for scalar in fields::scalars(kind) {
        let Some(value) = matches.get_one::<Value>(scalar.field.name) else {
            continue;
        };
        let object = object(body.get_or_insert_with(empty), "the body")?;
        let object = match scalar.parent {
            None => object,
            Some(parent) => {
                let inner = object.entry(parent.name).or_insert_with(empty);
                self::object(inner, parent.name)?
            }
        };
        object.insert(scalar.field.name.to_string(), value.clone());
    }
    if body.is_none() {
        return Err(Failure::Usage(format!(
            "{} needs a body; give --body FILE or flags for its fields, see --help",
            operation.id
        )));
    }
    Ok(body)
}

fn empty() -> Value {
    Value::Object(Map::new())
}

fn object<'a>(value: &'a mut Value, name: &str) -> Result<&'a mut Map<String, Value>, Failure> {
    value.as_object_mut().ok_or_else(|| {
        Failure::Usage(format!(
            "{name} in --body is not an object, so a flag cannot change a field of it"
        ))
    })
}

fn read(file: &Path) -> Result<Value, Failure> {
    let (text, name) = match file.to_str() {
        Some("-") => (io::read_to_string(io::stdin()), "stdin".to_string()),
        _ => (fs::read_to_string(file), file.display().to_string()),
    };
    let text = text.map_err(|error| Failure::Usage(format!("the body in {name} cannot be read: {error}")))?;
    // Windows editors put a byte order mark in front.
    serde_json::from_str(text.trim_start_matches('\u{feff}'))
        .map_err(|error| Failure::Usage(format!("the body in {name} is not JSON: {error}")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cli::command;

    fn request(arguments: &[&str]) -> Result<Request, Failure> {
        let arguments = ["atera"].iter().chain(arguments);
        let matches = command::root()
            .try_get_matches_from(arguments)
            .map_err(Failure::Arguments)?;
        let (group, matches) = matches.subcommand().expect("a group");
        let (operation, matches) = command::chosen(group, matches)?;
        Request::read(operation, matches)
    }

    fn body_of(arguments: &[&str]) -> Value {
        request(arguments).expect("a request").body.expect("a body")
    }

    fn file(content: &str) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().expect("a file");
        fs::write(file.path(), content).expect("a file");
        file
    }

    #[test]
    fn flags_become_parameters() {
        let request = request(&["tickets", "get", "54321", "--include-relations"]).expect("a request");
        assert_eq!(
            request.parameters,
            [
                ("ticketId", "54321".to_string()),
                ("includeRelations", "true".to_string())
            ]
        );
        assert_eq!(request.target(), "54321");
    }

    #[test]
    fn flags_become_fields_of_the_body() {
        let body = body_of(&[
            "tickets",
            "create",
            "--ticket-title",
            "Printer",
            "--end-user-id",
            "7",
            "--ticket-priority",
            "high",
        ]);
        assert_eq!(
            body,
            json!({"TicketTitle": "Printer", "EndUserID": 7, "TicketPriority": "High"})
        );
    }

    #[test]
    fn flags_for_an_object_in_the_body_go_into_it() {
        let body = body_of(&[
            "tickets",
            "add-comment",
            "7",
            "--comment-text",
            "Done",
            "--technician-id",
            "3",
            "--is-internal=false",
        ]);
        assert_eq!(
            body,
            json!({
                "CommentText": "Done",
                "TechnicianCommentDetails": {"TechnicianId": 3, "IsInternal": false},
            })
        );
    }

    #[test]
    fn flags_win_over_the_file() {
        let file = file("\u{feff}{\"TicketTitle\": \"Old\", \"New field\": [1]}");
        let path = file.path().to_str().expect("a path");
        let body = body_of(&["tickets", "update", "7", "--body", path, "--ticket-title", "New"]);
        assert_eq!(body, json!({"TicketTitle": "New", "New field": [1]}));
    }

    #[test]
    fn a_body_that_is_missing_or_unfit_is_a_usage_error() {
        let (broken, array) = (file("{"), file("[]"));
        let path = |file: &tempfile::NamedTempFile| file.path().display().to_string();
        for (arguments, reason) in [
            (&["--body", "no/such/file"][..], "cannot be read"),
            (&["--body", &path(&broken)], "is not JSON"),
            (
                &["--body", &path(&array), "--ticket-title", "New"],
                "is not an object",
            ),
            (&[], "needs a body"),
        ] {
            let arguments = [&["tickets", "update", "7"][..], arguments].concat();
            match request(&arguments) {
                Err(Failure::Usage(sentence)) => assert!(sentence.contains(reason), "{sentence}"),
                other => panic!("{other:?}"),
            }
        }
    }
}
