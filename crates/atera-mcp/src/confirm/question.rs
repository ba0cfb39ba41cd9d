//! What the person reads, and whether the answer is a yes.

use atera::ErrorKind;
use rmcp::model::{ElicitRequestParams, ElicitResult, ElicitationAction, ElicitationSchema};
use serde_json::Value;

use super::subject::Subject;
use crate::{
    clean::clean,
    failure::{Failure, Kind},
    request::Request,
};

/// The field of the form.
const FIELD: &str = "name";
/// The most that a person is shown of what is sent, in characters. More cannot be read in a small window, and is refused.
const LONGEST_SENT: usize = 4_000;
/// The most lines of it.
const MOST_LINES: usize = 100;
/// What stands before a line that is not the server's own. In Markdown it makes code.
const INDENT: &str = "    ";

/// The question about a call.
///
/// # Errors
///
/// `NotConfirmed` if it has more text than a person can be shown, or names no record whose name could be typed.
pub(crate) fn question(
    request: &Request,
    subject: &Subject,
    account: &str,
    command: &str,
) -> Result<ElicitRequestParams, Failure> {
    let operation = request.operation;
    let typed = subject.typed();
    if typed.is_empty() {
        return Err(Failure::new(
            Kind::NotConfirmed,
            format!(
                "{} was not sent: it names no record, so there is no name that the user could type",
                operation.id
            ),
            format!("tell the user, who can run: {command}"),
        )
        .with_confirmation("unavailable"));
    }
    let mut message = format!(
        "An assistant asks to: {}\n\n",
        operation.summary.trim_end_matches('.')
    );
    // Names are texts of strangers too.
    let mut line = |label: &str, text: &str| {
        if !text.is_empty() {
            message.push_str(&format!("{INDENT}{label}: {text}\n"));
        }
    };
    line("Record", subject.name.as_deref().unwrap_or_default());
    line("Id", &subject.id);
    line("Customer", subject.customer.as_deref().unwrap_or_default());
    line("Account", account);
    let sent = shown(request);
    if sent.chars().count() > LONGEST_SENT || sent.lines().count() > MOST_LINES {
        return Err(Failure::new(
            Kind::NotConfirmed,
            format!(
                "{} was not sent: it has more than {LONGEST_SENT} characters or {MOST_LINES} lines, more than a person can be shown",
                operation.id
            ),
            format!("shorten it, or tell the user, who can run `{command}`"),
        )
        .with_confirmation("too long"));
    }
    if !sent.is_empty() {
        message.push_str(&format!("\nIt sends:\n\n{sent}"));
    }
    message.push_str("\nIt cannot be undone, or is seen outside of the account.\n");
    let schema = ElicitationSchema::builder()
        .required_string_property(FIELD, |field| {
            field
                .title(format!("Type {typed} to confirm"))
                .description("Exactly as it stands here")
        })
        .build();
    let schema = schema.map_err(|reason| Failure::new(ErrorKind::Config, reason, "tell the user"))?;
    message.push_str(&format!("To confirm, type: {typed}"));
    Ok(ElicitRequestParams::FormElicitationParams {
        meta: None,
        message,
        requested_schema: schema,
    })
}

/// What a call sends as a person reads it: a parameter or a field on each line, and texts as they are. The parameters of the path
/// are the id. [`unseen`](super::unseen) has refused what `clean` would remove, so that it only makes line breaks alike here.
///
/// Every line is indented, and those of a text of many lines once more, below how many they are. So none looks like a line of the
/// server, or like another field, and a host that reads Markdown shows them as code, in which nothing can be hidden.
fn shown(request: &Request) -> String {
    let mut shown = String::new();
    for (name, value) in request.beside_path() {
        push_text(&mut shown, name, value);
    }
    if let Some(body) = &request.body {
        visit("", body, &mut |place, value| match value {
            Value::String(text) => push_text(&mut shown, place, text),
            value => shown.push_str(&format!("{INDENT}{}: {value}\n", on_one_line(place))),
        });
    }
    shown
}

/// Adds a text, with what it is called.
fn push_text(shown: &mut String, place: &str, text: &str) {
    let (text, place) = (clean(text).0, on_one_line(place));
    if !text.contains('\n') {
        shown.push_str(&format!("{INDENT}{place}: {text}\n"));
        return;
    }
    let (lines, characters) = (text.split('\n').count(), text.chars().count());
    shown.push_str(&format!(
        "{INDENT}{place} ({lines} lines, {characters} characters):\n"
    ));
    for line in text.split('\n') {
        shown.push_str(&format!("{INDENT}{INDENT}{line}\n"));
    }
}

/// The name of a field, which an assistant may have chosen.
fn on_one_line(place: &str) -> String {
    clean(place).0.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Calls a function with each text, number and switch of a body, and its place.
pub(crate) fn visit(place: &str, value: &Value, each: &mut impl FnMut(&str, &Value)) {
    let within = |name: &str| match place {
        "" => name.to_string(),
        place => format!("{place}.{name}"),
    };
    match value {
        Value::Object(object) => object
            .iter()
            .for_each(|(name, value)| visit(&within(name), value, each)),
        Value::Array(values) => values
            .iter()
            .enumerate()
            .for_each(|(index, value)| visit(&within(&index.to_string()), value, each)),
        value => each(place, value),
    }
}

/// What a person answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    /// A yes to this record.
    Yes,
    /// Something else, in a word for the log, and a sentence for the assistant.
    No(&'static str, &'static str),
}

impl Reply {
    /// Reads an answer. Only the exact name is a yes, and where there is none, nothing is.
    pub(crate) fn of(result: &ElicitResult, subject: &Subject) -> Self {
        match result.action {
            ElicitationAction::Accept => {
                let content = result.content.as_ref();
                let typed = content
                    .and_then(|content| content.get(FIELD))
                    .and_then(Value::as_str);
                match typed.is_some_and(|typed| !typed.trim().is_empty() && typed.trim() == subject.typed()) {
                    true => Reply::Yes,
                    false => Reply::No("mistyped", "the user typed another name than that of the record"),
                }
            }
            ElicitationAction::Decline => Reply::No("declined", "the user declined"),
            ElicitationAction::Cancel => Reply::No("dismissed", "the user dismissed the question"),
            _ => Reply::No(
                "unknown",
                "the host gave an answer that is neither a yes nor a no",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use atera::description::Operation;
    use serde_json::json;

    use super::*;

    fn subject() -> Subject {
        Subject {
            id: "1201".to_string(),
            name: Some("Harbor Dental".to_string()),
            customer: None,
        }
    }

    #[test]
    fn only_the_name_is_a_yes() {
        let accept = |content: Value| {
            let result = ElicitResult::new(ElicitationAction::Accept).with_content(content);
            Reply::of(&result, &subject())
        };
        assert_eq!(accept(json!({"name": " Harbor Dental "})), Reply::Yes);
        for content in [
            json!({"name": "harbor dental"}),
            json!({"name": "1201"}),
            json!({"name": true}),
            json!({"name": ["Harbor Dental"]}),
            json!({"confirm": "Harbor Dental"}),
            json!({}),
            json!("Harbor Dental"),
        ] {
            assert!(
                matches!(accept(content.clone()), Reply::No("mistyped", _)),
                "{content}"
            );
        }
        for action in [
            ElicitationAction::Accept,
            ElicitationAction::Decline,
            ElicitationAction::Cancel,
        ] {
            assert_ne!(Reply::of(&ElicitResult::new(action), &subject()), Reply::Yes);
        }
    }

    #[test]
    fn where_there_is_no_name_nothing_is_a_yes() {
        let nameless = Subject {
            id: String::new(),
            name: None,
            customer: None,
        };
        for typed in ["", " ", "yes"] {
            let result = ElicitResult::new(ElicitationAction::Accept).with_content(json!({"name": typed}));
            assert_ne!(Reply::of(&result, &nameless), Reply::Yes, "`{typed}`");
        }
        let operation = Operation::find("customers_delete").expect("an operation");
        let request = Request {
            operation,
            parameters: Vec::new(),
            body: None,
        };
        let failure =
            question(&request, &nameless, "Fieldline", "atera customers delete").expect_err("no question");
        assert_eq!(failure.kind, Kind::NotConfirmed);
        assert!(failure.next.ends_with("atera customers delete"), "{failure:?}");
    }

    /// What a call asks beside its path says what it does as well, as `force=true` would.
    #[test]
    fn parameters_that_are_not_in_the_path_are_shown() {
        let operation = Operation::find("tickets_get").expect("an operation");
        let arguments = json!({"ticketId": 54321, "includeRelations": true});
        let mut request = Request::read(operation, Some(arguments), None).expect("a request");
        request.body = Some(json!({"Text": "Done"}));
        let asked = |request: &Request| {
            let subject = Subject {
                id: "54321".to_string(),
                ..subject()
            };
            let question = question(request, &subject, "Fieldline", "atera tickets get");
            question.map(|question| match question {
                ElicitRequestParams::FormElicitationParams { message, .. } => message,
                _ => panic!("it is no form"),
            })
        };
        let message = asked(&request).expect("a question");
        assert!(
            message.contains("\n    Id: 54321\n")
                && message.contains("It sends:\n\n    includeRelations: true\n    Text: Done\n\n"),
            "{message}"
        );
        request.set("includeRelations", "x".repeat(LONGEST_SENT));
        assert!(asked(&request).is_err());
    }

    #[test]
    fn the_question_shows_all_that_is_sent() {
        let operation = Operation::find("agents_run_powershell").expect("an operation");
        let script = "Get-Process\r\nStop-Computer";
        let request = Request::read(
            operation,
            Some(json!({"agentId": 5501})),
            Some(json!({"Script": script})),
        )
        .expect("a request");
        let subject = Subject {
            id: "5501".to_string(),
            name: Some("HD-FRONT-01".to_string()),
            customer: Some("Harbor Dental".to_string()),
        };
        let ElicitRequestParams::FormElicitationParams { message, .. } =
            question(&request, &subject, "Fieldline", "atera agents run-powershell").expect("a question")
        else {
            panic!("it is no form");
        };
        insta::assert_snapshot!("question", message);
        let long = json!({"Script": "x".repeat(LONGEST_SENT)});
        let request =
            Request::read(operation, Some(json!({"agentId": 5501})), Some(long)).expect("a request");
        assert!(question(&request, &subject, "Fieldline", "atera").is_err());
    }
}
