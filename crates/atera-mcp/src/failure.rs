//! What a tool answers when it fails: whether the call took effect, what is wrong with which field, and what to do next.

use atera::{Applied, ErrorKind};
use serde::Serialize;
use serde_json::{Value, json};

/// How long a message may be, in characters. It may quote the service, and so text of strangers.
const MOST: usize = 1_000;
/// How many fields are told of. A body can be wrong in more places than anybody mends at once.
const MOST_FIELDS: usize = 30;

/// A failure as an assistant gets it.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    /// What kind of failure it is.
    pub(crate) kind: Kind,
    /// What failed, and why.
    pub(crate) message: String,
    /// Whether the call took effect.
    pub(crate) applied: Applied,
    /// What is wrong with which field.
    pub(crate) fields: Vec<FieldProblem>,
    /// What to do next.
    pub(crate) next: String,
    /// The HTTP status of the answer, if there was one.
    pub(crate) status: Option<u16>,
    /// How the confirmation went, in a word for the log.
    pub(crate) confirmation: Option<&'static str>,
}

/// What is wrong with a field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct FieldProblem {
    /// The argument, or the path of the field in the body.
    pub(crate) field: String,
    /// What is wrong with it.
    pub(crate) problem: String,
}

/// What kind of failure it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The server does not allow it: by its access, its groups or its customer. Nothing was sent.
    NotAllowed,
    /// No person has confirmed it. Nothing was sent.
    NotConfirmed,
    /// It was sent already.
    AlreadySent,
    /// The call was cancelled.
    Cancelled,
    /// What the client fails with, or the server in the same way.
    Client(ErrorKind),
}

impl Kind {
    /// The name of the kind, for the assistant and the log.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Kind::NotAllowed => "not_allowed",
            Kind::NotConfirmed => "not_confirmed",
            Kind::AlreadySent => "already_sent",
            Kind::Cancelled => "cancelled",
            Kind::Client(kind) => kind.as_str(),
        }
    }
}

impl From<ErrorKind> for Kind {
    fn from(kind: ErrorKind) -> Self {
        Kind::Client(kind)
    }
}

impl Failure {
    /// A failure of this kind, of a call that had no effect.
    pub(crate) fn new(kind: impl Into<Kind>, message: impl Into<String>, next: impl Into<String>) -> Self {
        Failure {
            kind: kind.into(),
            message: message.into(),
            applied: Applied::No,
            fields: Vec::new(),
            next: next.into(),
            status: None,
            confirmation: None,
        }
    }

    /// Arguments that are wrong.
    pub(crate) fn invalid(message: impl Into<String>, next: impl Into<String>) -> Self {
        Failure::new(ErrorKind::InvalidRequest, message, next)
    }

    /// Something that the server does not allow.
    pub(crate) fn not_allowed(message: impl Into<String>, next: impl Into<String>) -> Self {
        Failure::new(Kind::NotAllowed, message, next)
    }

    /// The same with what is wrong with which fields.
    pub(crate) fn with_fields(mut self, fields: Vec<FieldProblem>) -> Self {
        self.fields = fields;
        self
    }

    /// The same for a call that may have had an effect.
    pub(crate) fn with_applied(mut self, applied: Applied) -> Self {
        self.applied = applied;
        self
    }

    /// The same with how the confirmation went.
    pub(crate) fn with_confirmation(mut self, word: &'static str) -> Self {
        self.confirmation = Some(word);
        self
    }

    /// The message, cleaned and bounded.
    pub(crate) fn short_message(&self) -> String {
        short(&self.message)
    }

    /// What can be told of it without any text that may quote an argument: its status, and what is wrong by the names of fields.
    pub(crate) fn outline(&self) -> String {
        let mut told = "not written down, since the arguments have a secret".to_string();
        if let Some(status) = self.status {
            told.push_str(&format!("; status {status}"));
        }
        let fields = self.fields.iter().take(MOST_FIELDS).map(|it| it.field.as_str());
        let fields: Vec<_> = fields.collect();
        if !fields.is_empty() {
            told.push_str(&format!("; fields: {}", fields.join(", ")));
        }
        short(&told)
    }

    /// As JSON, for the assistant.
    pub(crate) fn to_json(&self) -> Value {
        let mut error = json!({
            "kind": self.kind.as_str(),
            "message": short(&self.message),
            "applied": self.applied.as_str(),
            "next": self.next(),
        });
        let (fields, further) = self.fields();
        if !fields.is_empty() {
            error["fields"] = json!(fields);
        }
        if further > 0 {
            error["further_fields"] = json!(further);
        }
        if let Some(status) = self.status {
            error["status"] = json!(status);
        }
        json!({"error": error})
    }

    /// As text, for hosts that show no structured content.
    pub(crate) fn to_text(&self) -> String {
        let (fields, further) = self.fields();
        let mut fields: String = fields
            .iter()
            .map(|it| format!("\n- {}: {}", it.field, it.problem))
            .collect();
        if further > 0 {
            fields.push_str(&format!("\n- and {further} further fields"));
        }
        format!(
            "{}{fields}\nTook effect: {}. Next: {}",
            short(&self.message),
            self.applied.as_str(),
            self.next()
        )
    }

    /// What is wrong with the first fields, and how many further ones there are. Their names may be those of the service too.
    fn fields(&self) -> (Vec<FieldProblem>, usize) {
        let fields = self.fields.iter().take(MOST_FIELDS).map(|it| FieldProblem {
            field: short(&it.field),
            problem: short(&it.problem),
        });
        (fields.collect(), self.fields.len().saturating_sub(MOST_FIELDS))
    }

    /// What to do next, whole: it may hold a command, which must not be cut in the middle of a word. It is text of this server,
    /// and commands are of bounded length.
    fn next(&self) -> String {
        let (next, _) = crate::clean::clean(&self.next);
        next
    }
}

/// A text that may quote strangers, cleaned and of bounded length.
fn short(text: &str) -> String {
    let (text, _) = crate::clean::clean(text);
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

impl From<atera::Error> for Failure {
    fn from(error: atera::Error) -> Self {
        let fields = error
            .field_errors()
            .into_iter()
            .map(|(field, errors)| FieldProblem {
                field: field.to_string(),
                problem: errors.join("; "),
            });
        Failure {
            kind: error.kind().into(),
            message: error.to_string(),
            applied: error.applied(),
            fields: fields.collect(),
            next: next(&error),
            status: error.status().map(|status| status.as_u16()),
            confirmation: None,
        }
    }
}

/// What to do after an error of the client.
fn next(error: &atera::Error) -> String {
    let reads = error.operation().is_none_or(|operation| operation.reads);
    let wait = error.retry_after().map(|wait| wait.as_secs().max(1));
    match (error.kind(), error.applied()) {
        (_, Applied::Unknown) => {
            "do not send it again: read the record or the list first, and see whether it took effect"
                .to_string()
        }
        (_, Applied::Yes) => "it took effect, so do not send it again; read the record to see it".to_string(),
        (ErrorKind::InvalidRequest | ErrorKind::Rejected, _) => {
            "correct what is named and call again; `describe` shows the arguments and fields".to_string()
        }
        (ErrorKind::NotFound, _) => "check the id: read the list that has the record".to_string(),
        (ErrorKind::Unauthorized | ErrorKind::Forbidden | ErrorKind::Config, _) => {
            "do not try again: tell the user, who has to change the API key or its permissions".to_string()
        }
        (ErrorKind::Conflict, _) => "read the record, then decide anew".to_string(),
        (ErrorKind::RateLimited, _) => match wait {
            Some(seconds) => format!("call again in {seconds} s"),
            None => "call again in a minute".to_string(),
        },
        (ErrorKind::Unsettled | ErrorKind::Decode, _) => {
            "read it again; if it fails again, tell the user".to_string()
        }
        _ if reads => "call again; if it fails again, tell the user".to_string(),
        _ => "nothing was changed; call again, and if it fails again, tell the user".to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_service_says_is_cleaned_and_bounded_in_both_forms() {
        let problem = |field: &str| FieldProblem {
            field: field.to_string(),
            problem: format!("\u{1b}[2J{}", "x".repeat(5_000)),
        };
        let failure = Failure::invalid("m".repeat(5_000), "correct it")
            .with_fields((0..100).map(|_| problem("Na\u{200b}me")).collect());
        let json = failure.to_json();
        assert_eq!(json["error"]["fields"][0]["field"], "Name");
        assert_eq!(json["error"]["further_fields"], 70);
        for text in [json.to_string(), failure.to_text()] {
            assert!(text.len() < 40_000, "{}", text.len());
            assert!(
                !text.contains(['\u{1b}', '\u{200b}']) && !text.contains("\\u001b"),
                "{text}"
            );
        }
        assert!(
            failure
                .to_text()
                .ends_with("- and 70 further fields\nTook effect: no. Next: correct it")
        );
    }

    #[test]
    fn a_command_is_never_cut() {
        let command = format!(
            "atera agents run-powershell --script='{}' 5501",
            "x".repeat(1_500)
        );
        let failure = Failure::invalid("it was not sent", format!("run: {command}"));
        assert!(failure.to_text().ends_with(&command));
        assert_eq!(failure.to_json()["error"]["next"], format!("run: {command}"));
    }
}
