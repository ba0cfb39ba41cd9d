//! The log of what assistants did: one line of JSON for each call, in a file that is only ever appended to.
//!
//! A call that changes something is written down before it is sent, so that a crash leaves no gap. If the file cannot be written,
//! nothing is sent. Secrets are left out, by the names of their fields.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use atera::Timestamp;
use serde::Serialize;
use serde_json::Value;

use crate::{clean::clean, secret};

/// How long a text in the log may be, in characters.
const LONGEST: usize = 2_000;
/// What stands in place of a text of which it cannot be told what in it is a secret begins so.
const UNREAD: &str = "(a text that is not JSON";

/// The log. A clone writes to the same file.
#[derive(Clone, Debug, Default)]
pub struct Audit {
    file: Option<Arc<Mutex<File>>>,
}

/// A line of the log.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Entry<'a> {
    /// What happened: `sending` before a call that changes something, `called` when it is answered.
    pub(crate) event: &'a str,
    /// Which call it is, so that the lines of one can be found.
    pub(crate) call: &'a str,
    /// The program of the assistant, as it names itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) host: Option<&'a str>,
    /// The tool, the resource or the prompt.
    pub(crate) tool: &'a str,
    /// The operation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) operation: Option<&'a str>,
    /// The arguments, without secrets.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub(crate) arguments: Value,
    /// How it was confirmed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) confirmation: Option<&'a str>,
    /// What came of it: `ok`, or the kind of the failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) outcome: Option<&'a str>,
    /// Whether it took effect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) applied: Option<&'a str>,
    /// What failed, and why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) message: Option<String>,
}

impl Audit {
    /// A log in this file. It is made if it does not exist, and only its owner can read it.
    ///
    /// # Errors
    ///
    /// If the file cannot be opened, or if others can read or write it.
    pub fn file(path: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.append(true).create(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt;
            options.mode(0o600);
        }
        let file = options.open(path)?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = file.metadata()?.permissions().mode();
            if mode & 0o077 != 0 {
                return Err(io::Error::other(format!(
                    "others can read or write {}; `chmod 600` it, or name another file",
                    path.display()
                )));
            }
        }
        Ok(Audit {
            file: Some(Arc::new(Mutex::new(file))),
        })
    }

    /// A log over a file that is open, and the file, which a test replaces by one that cannot be written.
    #[cfg(test)]
    pub(crate) fn of_test(file: File) -> (Self, Arc<Mutex<File>>) {
        let file = Arc::new(Mutex::new(file));
        let audit = Audit {
            file: Some(Arc::clone(&file)),
        };
        (audit, file)
    }

    /// Whether there is a log.
    pub(crate) fn is_on(&self) -> bool {
        self.file.is_some()
    }

    /// Writes a line, with the time.
    pub(crate) fn write(&self, entry: &Entry<'_>) -> io::Result<()> {
        let Some(file) = &self.file else {
            return Ok(());
        };
        #[derive(Serialize)]
        struct Line<'a> {
            time: String,
            #[serde(flatten)]
            entry: &'a Entry<'a>,
        }
        let mut line = serde_json::to_string(&Line {
            time: Timestamp::now().to_string(),
            entry,
        })?;
        line.push('\n');
        // One write for each line: lines of several processes do not mix.
        let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
        file.write_all(line.as_bytes())
    }
}

/// Arguments as the log has them: without secrets, and with long texts cut.
pub(crate) fn loggable(arguments: Value) -> Value {
    let mut arguments = without_secrets(arguments);
    shorten(&mut arguments, LONGEST);
    arguments
}

/// Whether a secret, or a text in which there may be one, was replaced in arguments that are [`loggable`].
pub(crate) fn has_redacted(arguments: &Value) -> bool {
    match arguments {
        Value::String(text) => text == secret::HIDDEN || text.starts_with(UNREAD),
        Value::Array(values) => values.iter().any(has_redacted),
        Value::Object(object) => object.values().any(has_redacted),
        _ => false,
    }
}

/// The arguments of a call that is sent, as the log has them: without secrets, and nothing cut, so that the log has all that was
/// done.
pub(crate) fn loggable_in_full(arguments: Value) -> Value {
    let mut arguments = without_secrets(arguments);
    shorten(&mut arguments, usize::MAX);
    arguments
}

fn without_secrets(mut arguments: Value) -> Value {
    unquote(&mut arguments);
    if let Value::Object(arguments) = &mut arguments {
        for (name, value) in arguments.iter_mut() {
            hide_unread(name, value);
        }
        // The path names the custom field, and the body has its value.
        let parameters = arguments.get("arguments").and_then(Value::as_object);
        if parameters.is_some_and(secret::names_secret)
            && let Some(body) = arguments.get_mut("body")
        {
            secret::hide_custom_values(body);
        }
    }
    secret::hide(&mut arguments);
    arguments
}

/// Replaces an argument that should be an object, and is a text that is not JSON: what in it is a secret cannot be told.
fn hide_unread(name: &str, value: &mut Value) {
    let Value::String(text) = value else {
        return;
    };
    if matches!(name, "arguments" | "body") || text.trim_start().starts_with(['{', '[']) {
        *value = Value::from(format!("{UNREAD}, of {} characters)", text.chars().count()));
    }
}

/// Reads objects that are written as text, which may hold secrets.
fn unquote(value: &mut Value) {
    match value {
        Value::String(text) => {
            if let Ok(mut inner @ (Value::Object(_) | Value::Array(_))) = serde_json::from_str(text) {
                unquote(&mut inner);
                *value = inner;
            }
        }
        Value::Array(values) => values.iter_mut().for_each(unquote),
        Value::Object(object) => object.values_mut().for_each(unquote),
        _ => {}
    }
}

/// Cuts texts after so many characters, and removes what is not seen, so that the log can be read on a terminal. Both are told.
fn shorten(value: &mut Value, longest: usize) {
    match value {
        Value::String(text) => {
            let (clean, removed) = clean(text);
            *text = match clean.char_indices().nth(longest) {
                Some((end, _)) => format!("{}… ({} characters)", &clean[..end], clean.chars().count()),
                None => clean,
            };
            if removed > 0 {
                text.push_str(&format!(" (and {removed} characters that are not seen)"));
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| shorten(value, longest)),
        Value::Object(object) => object.values_mut().for_each(|value| shorten(value, longest)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn lines_are_appended_without_secrets() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("audit.jsonl");
        for text in ["one", "two"] {
            let audit = Audit::file(&path).expect("a log");
            let arguments = loggable(
                json!({"body": {"Community": "public", "Name": text, "Inner": "{\"PrivacyPassword\": \"public\"}", "Long": "x".repeat(3000)}}),
            );
            let entry = Entry {
                event: "called",
                tool: "write",
                arguments,
                ..Entry::default()
            };
            audit.write(&entry).expect("a line");
        }
        let text = std::fs::read_to_string(&path).expect("a log");
        let lines: Vec<Value> = text
            .lines()
            .map(|line| serde_json::from_str(line).expect("JSON"))
            .collect();
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[1]["arguments"]["body"]["Name"], "two");
        assert!(!text.contains("public") && text.contains("(3000 characters)"));
    }

    #[test]
    fn secrets_are_left_out_however_they_are_written() {
        for arguments in [
            json!({"body": {"Community": ["hunter2"], "Password": {"is": "hunter2"}}}),
            // JSON that ends too early.
            json!({"body": "{\"Community\": \"hunter2\", \"Name\": "}),
            json!({"arguments": "Community=hunter2"}),
            json!({"bodies": " [{\"Community\": \"hunter2\""}),
            // Custom fields.
            json!({"arguments": {"ticketId": 7, "fieldName": "Firewall password"}, "body": {"Value": "hunter2"}}),
            json!({"arguments": "{\"fieldname\": \"Wi-Fi PASSCODE\"}", "body": "{\"Value\": \"hunter2\"}"}),
            json!({"body": {"ItemId": 7, "FieldName": "Firewall password", "Value": "hunter2"}}),
        ] {
            for logged in [loggable(arguments.clone()), loggable_in_full(arguments.clone())] {
                assert!(!logged.to_string().contains("hunter2"), "{arguments}: {logged}");
            }
        }
        let told =
            json!({"words": "[printer]", "arguments": {"fieldName": "Asset tag"}, "body": {"Value": "HD-9"}});
        let logged = loggable(told.clone());
        assert_eq!(logged["body"], told["body"]);
        let text = loggable(json!({"body": "{\"Community\": "}));
        assert_eq!(text["body"], "(a text that is not JSON, of 14 characters)");
    }

    #[test]
    fn what_is_sent_is_not_cut() {
        let arguments = json!({"body": {"Script": format!("{}\u{200b}", "x".repeat(4_000))}});
        let script = format!("{} (and 1 characters that are not seen)", "x".repeat(4_000));
        assert_eq!(loggable_in_full(arguments.clone())["body"]["Script"], script);
        assert!(loggable(arguments).to_string().contains("… (4000 characters)"));
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;

        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("audit.jsonl");
        Audit::file(&path).expect("a log");
        let mode = std::fs::metadata(&path).expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).expect("a mode");
        assert!(Audit::file(&path).is_err());
    }
}
