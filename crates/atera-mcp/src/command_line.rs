//! The command that does the same as a call, for a person to run.

use atera::description::{Kind, Location, Operation};
use heck::ToKebabCase;
use serde_json::Value;

use crate::request::Request;

/// A word as a POSIX shell reads it.
///
/// ```
/// assert_eq!(atera_mcp::shell_quoted("acme"), "acme");
/// assert_eq!(atera_mcp::shell_quoted("it's $HOME"), r"'it'\''s $HOME'");
/// ```
pub fn shell_quoted(word: &str) -> String {
    let is_plain = |it: char| it.is_ascii_alphanumeric() || "-_./:=@,+".contains(it);
    match !word.is_empty() && word.chars().all(is_plain) {
        true => word.to_string(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}

/// How long a command may be, in characters, for a person to read it and copy it.
const LONGEST: usize = 2_000;

/// The command for a call; `program` is its beginning, as in `atera --profile acme`. One that is too long to be shown is never cut,
/// since a part of it would be another command: it takes the body from a file, or is only named.
pub(crate) fn of(program: &str, request: &Request) -> String {
    let fits = |line: &String| line.chars().count() <= LONGEST;
    let line = whole(program, request);
    if fits(&line) {
        return line;
    }
    if let Some(body) = &request.body {
        let line = with_file(program, request);
        let line = format!(
            "{line}   (the body of this call, {} characters of JSON, is too long to show: write it to body.json)",
            body.to_string().chars().count()
        );
        if fits(&line) {
            return line;
        }
    }
    let operation = request.operation;
    let (group, verb) = (operation.group.to_kebab_case(), operation.verb.to_kebab_case());
    format!(
        "{program} {group} {verb} --help   (the command itself is too long to show: this tells how to write it)"
    )
}

/// The command with the whole body in it, or beside it.
fn whole(program: &str, request: &Request) -> String {
    let Some(body) = &request.body else {
        return line(program, request, &[]);
    };
    match flags(request.operation, body) {
        Some(flags) => line(program, request, &flags),
        None => format!("{}   (with body.json: {body})", with_file(program, request)),
    }
}

/// The command with the body in a file.
fn with_file(program: &str, request: &Request) -> String {
    line(program, request, &["--body body.json".to_string()])
}

/// The command with these flags for the body.
fn line(program: &str, request: &Request, body: &[String]) -> String {
    let operation = request.operation;
    let mut line = format!(
        "{program} {} {}",
        operation.group.to_kebab_case(),
        operation.verb.to_kebab_case()
    );
    let mut push = |word: String| {
        line.push(' ');
        line.push_str(&word);
    };
    for parameter in operation
        .parameters
        .iter()
        .filter(|it| it.location == Location::Query)
    {
        if let Some(value) = request.value(parameter.name) {
            push(flag(parameter.name, value));
        }
    }
    body.iter().cloned().for_each(&mut push);
    let target = request.target();
    if target.iter().any(|word| word.starts_with('-')) {
        push("--".to_string());
    }
    for word in target {
        push(shell_quoted(word));
    }
    line
}

fn flag(name: &str, value: &str) -> String {
    format!("--{}={}", name.to_kebab_case(), shell_quoted(value))
}

/// A flag for each field of a body. `None` if a field has no flag: one of a list, or deep within.
fn flags(operation: &Operation, body: &Value) -> Option<Vec<String>> {
    let (Some(Kind::Object(schema)), Value::Object(body)) = (operation.body, body) else {
        return None;
    };
    let mut flags = Vec::new();
    for (name, value) in body {
        let field = schema.fields.iter().find(|field| field.name == name)?;
        match (field.kind, value) {
            (_, Value::Null) => flags.push(flag("clear", name)),
            (Kind::Object(inner), Value::Object(values)) => {
                for (name, value) in values {
                    inner.fields.iter().find(|field| field.name == name)?;
                    // Two fields of the same name have no flags of their own.
                    let shares = schema
                        .fields
                        .iter()
                        .filter(|it| has(it.kind, name) || it.name == name);
                    (shares.count() == 1).then_some(())?;
                    flags.push(flag(name, &scalar(value)?));
                }
            }
            (_, value) => flags.push(flag(name, &scalar(value)?)),
        }
    }
    Some(flags)
}

/// Whether an object has a field of this name.
fn has(kind: Kind, name: &str) -> bool {
    matches!(kind, Kind::Object(schema) if schema.fields.iter().any(|field| field.name == name))
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(value) => Some(value.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(id: &str, arguments: Value, body: Value) -> String {
        let request = Request::read(Operation::find(id).expect(id), Some(arguments), Some(body));
        of("atera --profile acme", &request.expect("a request"))
    }

    #[test]
    fn a_call_is_told_as_its_command() {
        assert_eq!(
            told("customers_delete", json!({"customerId": 1201}), Value::Null),
            "atera --profile acme customers delete 1201"
        );
        let body = json!({
            "CommentText": "it's done; rm -rf $HOME\n`id`",
            "TechnicianCommentDetails": {"TechnicianId": 77, "IsInternal": false},
        });
        assert_eq!(
            told("tickets_add_comment", json!({"ticketId": 54321}), body),
            "atera --profile acme tickets add-comment --comment-text='it'\\''s done; rm -rf $HOME\n`id`' \
             --technician-id=77 --is-internal=false 54321"
        );
    }

    #[test]
    fn a_command_that_is_too_long_takes_its_body_from_a_file() {
        let script = |length: usize| {
            told(
                "agents_run_powershell",
                json!({"agentId": 5501}),
                json!({"Script": "x y ".repeat(length / 4)}),
            )
        };
        assert!(script(1_600).contains(&"x y ".repeat(400)));
        assert_eq!(
            script(4_000),
            "atera --profile acme agents run-powershell --body body.json 5501   (the body of this call, 4013 characters of JSON, is \
             too long to show: write it to body.json)"
        );
        let long = told(
            "agents_list_by_machine",
            json!({"machineName": "m".repeat(3_000)}),
            Value::Null,
        );
        assert_eq!(
            long,
            "atera --profile acme agents list-by-machine --help   (the command itself is too long to show: this tells how to write it)"
        );
    }
}
