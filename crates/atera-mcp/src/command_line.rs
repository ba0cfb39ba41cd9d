//! The command that does the same as a call, for a person to run.

use atera::description::{Kind, Location, Operation};
use heck::ToKebabCase;
use serde_json::Value;

use crate::request::Request;

/// A word as the shell of this machine reads it: a POSIX shell, or PowerShell on Windows.
///
/// ```
/// assert_eq!(atera_mcp::shell_quoted("acme"), "acme");
/// # if cfg!(not(windows)) {
/// assert_eq!(atera_mcp::shell_quoted("it's $HOME"), r"'it'\''s $HOME'");
/// # }
/// ```
pub fn shell_quoted(word: &str) -> String {
    Shell::HERE.quoted(word)
}

/// A shell that a person runs a command in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shell {
    Posix,
    PowerShell,
}

impl Shell {
    /// The one of this machine.
    const HERE: Shell = if cfg!(windows) {
        Shell::PowerShell
    } else {
        Shell::Posix
    };

    /// A word as the shell reads it.
    fn quoted(self, word: &str) -> String {
        let is_plain = |it: char| it.is_ascii_alphanumeric() || self.plain().contains(it);
        if !word.is_empty() && word.chars().all(is_plain) {
            return word.to_string();
        }
        match self {
            Shell::Posix => format!("'{}'", word.replace('\'', r"'\''")),
            Shell::PowerShell => {
                let mut quoted = String::from("'");
                for character in word.chars() {
                    // PowerShell takes typographic quotes for quotes as well. Two of them are one.
                    if matches!(character, '\'' | '\u{2018}'..='\u{201b}') {
                        quoted.push(character);
                    }
                    quoted.push(character);
                }
                quoted.push('\'');
                quoted
            }
        }
    }

    /// The signs that need no quotes.
    fn plain(self) -> &'static str {
        match self {
            Shell::Posix => "-_./:=@,+",
            // A comma makes a list, `@` spreads one, and a word is split at some dots and colons.
            Shell::PowerShell => "-_=",
        }
    }

    /// Whether a word reaches a program as it is quoted. PowerShell hands double quotes on in one way before version 7.3 and in
    /// another since, and a backslash at the end may take a quote with it: so a word could become several.
    fn hands_on(self, word: &str) -> bool {
        self == Shell::Posix || !(word.contains('"') || word.ends_with('\\'))
    }

    /// What is told beside a command, if it is for a shell that may be mistaken for another.
    fn note(self) -> &'static str {
        match self {
            Shell::Posix => "",
            Shell::PowerShell => "   (for PowerShell, not for cmd)",
        }
    }
}

/// How long a command may be, in characters, for a person to read it and copy it.
const LONGEST: usize = 2_000;

/// The command for a call; `program` is its beginning, as in `atera --profile acme`. One that is too long to be shown is never cut,
/// since a part of it would be another command: it takes the body from a file, or is only named.
pub(crate) fn of(program: &str, request: &Request) -> String {
    in_shell(Shell::HERE, program, request)
}

/// The command for a call in a shell.
fn in_shell(shell: Shell, program: &str, request: &Request) -> String {
    let told = |line: String| {
        let line = line + shell.note();
        (line.chars().count() <= LONGEST).then_some(line)
    };
    if let Some(line) = whole(shell, program, request).and_then(told) {
        return line;
    }
    if let (Some(body), Some(line)) = (&request.body, with_file(shell, program, request)) {
        let line = format!(
            "{line}   (the body of this call, {} characters of JSON, cannot be shown here: write it to body.json)",
            body.to_string().chars().count()
        );
        if let Some(line) = told(line) {
            return line;
        }
    }
    let operation = request.operation;
    let (group, verb) = (operation.group.to_kebab_case(), operation.verb.to_kebab_case());
    format!(
        "{program} {group} {verb} --help   (the command itself cannot be shown here: this tells how to write it)"
    )
}

/// The command with the whole body in it, or beside it. `None` if the shell would not hand it on.
fn whole(shell: Shell, program: &str, request: &Request) -> Option<String> {
    let Some(body) = &request.body else {
        return line(shell, program, request, &[]);
    };
    match flags(request.operation, body) {
        Some(flags) => line(shell, program, request, &flags),
        None => with_file(shell, program, request).map(|line| format!("{line}   (with body.json: {body})")),
    }
}

/// The command with the body in a file.
fn with_file(shell: Shell, program: &str, request: &Request) -> Option<String> {
    line(shell, program, request, &["--body=body.json".to_string()])
}

/// The command with these flags for the body. `None` if the shell would not hand a word of it on.
fn line(shell: Shell, program: &str, request: &Request, body: &[String]) -> Option<String> {
    let operation = request.operation;
    let mut line = format!(
        "{program} {} {}",
        operation.group.to_kebab_case(),
        operation.verb.to_kebab_case()
    );
    let mut is_whole = true;
    let mut push = |word: &str| {
        is_whole &= shell.hands_on(word);
        line.push(' ');
        line.push_str(&quoted_flag(shell, word));
    };
    for parameter in operation
        .parameters
        .iter()
        .filter(|it| it.location == Location::Query)
    {
        if let Some(value) = request.value(parameter.name) {
            push(&flag(parameter.name, value));
        }
    }
    body.iter().for_each(|word| push(word));
    let target = request.target();
    if target.iter().any(|word| word.starts_with('-')) {
        push("--");
    }
    for word in target {
        push(word);
    }
    is_whole.then_some(line)
}

/// A flag, before it is quoted.
fn flag(name: &str, value: &str) -> String {
    format!("--{}={value}", name.to_kebab_case())
}

/// A word, of which only the value is quoted where that is enough.
fn quoted_flag(shell: Shell, word: &str) -> String {
    match word.split_once('=') {
        Some((name, value)) if shell == Shell::Posix && name.starts_with("--") && is_name(name) => {
            format!("{name}={}", shell.quoted(value))
        }
        _ => shell.quoted(word),
    }
}

/// Whether this is a flag without anything that a shell would read.
fn is_name(flag: &str) -> bool {
    flag.chars().all(|it| it.is_ascii_alphanumeric() || it == '-')
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
    fn powershell_reads_a_word_as_it_is() {
        let quoted = |word| Shell::PowerShell.quoted(word);
        assert_eq!(quoted("acme-1"), "acme-1");
        for (word, expected) in [
            ("a; Remove-Item C:/ -Recurse", "'a; Remove-Item C:/ -Recurse'"),
            ("it's $HOME", "'it''s $HOME'"),
            (
                "a\u{2019}; calc \u{2018}b",
                "'a\u{2019}\u{2019}; calc \u{2018}\u{2018}b'",
            ),
            ("@list", "'@list'"),
            ("a,b", "'a,b'"),
            ("", "''"),
        ] {
            assert_eq!(quoted(word), expected);
        }
    }

    #[test]
    fn a_command_for_powershell_is_quoted_for_it_and_says_so() {
        let told = |text: &str| {
            let body = json!({
                "CommentText": text,
                "TechnicianCommentDetails": {"TechnicianId": 77, "IsInternal": false},
            });
            let operation = Operation::find("tickets_add_comment").expect("an operation");
            let request = Request::read(operation, Some(json!({"ticketId": 54321})), Some(body));
            in_shell(Shell::PowerShell, "atera", &request.expect("a request"))
        };
        assert_eq!(
            told("it's done'; calc"),
            "atera tickets add-comment '--comment-text=it''s done''; calc' --technician-id=77 --is-internal=false 54321   \
             (for PowerShell, not for cmd)"
        );
        // Some versions would take these apart.
        for text in ["x\" --yes \"", "C:\\"] {
            let told = told(text);
            assert!(
                told.starts_with("atera tickets add-comment '--body=body.json' 54321   (the body"),
                "{told}"
            );
            assert!(!told.contains(text), "{told}");
        }
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
            "atera --profile acme agents run-powershell --body=body.json 5501   (the body of this call, 4013 characters of JSON, \
             cannot be shown here: write it to body.json)"
        );
        let long = told(
            "agents_list_by_machine",
            json!({"machineName": "m".repeat(3_000)}),
            Value::Null,
        );
        assert_eq!(
            long,
            "atera --profile acme agents list-by-machine --help   (the command itself cannot be shown here: this tells how to write it)"
        );
    }
}
