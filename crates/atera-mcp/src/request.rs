//! A call as an assistant asks for it, checked against the description. Nothing is sent before everything is right.
//!
//! Every mistake is reported at once, under the name of its argument or field. A value that a list lacks, and a field that a body
//! lacks, is most likely made up, and is refused.

use atera::{
    Client, DynamicCall,
    description::{Check, Kind, Location, OPERATIONS, Operation, Parameter, Schema, Violation, is_paging},
};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::{
    failure::{Failure, FieldProblem},
    level::Level,
    secret,
};

/// A checked call of an operation.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// The operation.
    pub(crate) operation: &'static Operation,
    /// The parameters of the path and the query, by their names on the wire.
    pub(crate) parameters: Vec<(&'static str, String)>,
    /// The body.
    pub(crate) body: Option<Value>,
}

impl Request {
    /// Reads the arguments of an operation, and its body.
    ///
    /// # Errors
    ///
    /// `InvalidRequest`, with everything that is wrong.
    pub(crate) fn read(
        operation: &'static Operation,
        arguments: Option<Value>,
        body: Option<Value>,
    ) -> Result<Self, Failure> {
        let mut problems = Problems(Vec::new());
        let mut parameters: Vec<(&'static str, String)> = Vec::new();
        for (name, value) in object(arguments, "arguments", &mut problems) {
            match parameter(operation, &name) {
                Some(known) if is_paging(known.name) && operation.list => {
                    problems.add(
                        &name,
                        "the server reads the pages; leave it out, and use `limit` and `cursor`",
                    );
                }
                Some(known) => match text(&value) {
                    Some(text) => {
                        parameters.retain(|(given, _)| *given != known.name);
                        parameters.push((known.name, text));
                    }
                    None if value.is_null() => {}
                    None => problems.add(&name, "it must be a text, a number, true or false"),
                },
                None => problems.add(&name, no_such_argument(operation, &name)),
            }
        }
        let body = unquoted(body.filter(|body| !body.is_null()));
        match (operation.body, &body) {
            (None, Some(_)) => problems.add("body", format!("{} takes no body; leave it out", operation.id)),
            (Some(kind), Some(body)) => unknown_fields(kind, body, "", &mut problems),
            (Some(_), None) => problems.add("body", "it is missing; `describe` shows its fields"),
            (None, None) => {}
        }
        let mut check = Check::new().with_closed_lists();
        for (name, value) in &parameters {
            if let Some(known) = parameter(operation, name) {
                check.argument(known, value);
            }
        }
        check.required(operation, |known| {
            parameters
                .iter()
                .any(|(name, value)| *name == known.name && !value.trim().is_empty())
        });
        if let Some((kind, body)) = operation.body.as_ref().zip(body.as_ref()) {
            check.body(kind, body);
        }
        for violation in check.into_violations() {
            problems.violation(&violation);
        }
        for (name, value) in &parameters {
            let in_path = parameter(operation, name).is_some_and(|it| it.location == Location::Path);
            if in_path && matches!(value.as_str(), "." | "..") {
                problems.add(name, "it must not be `.` or `..`");
            }
        }
        match problems.0.is_empty() {
            true => Ok(Request {
                operation,
                parameters,
                body,
            }),
            false => Err(Failure::invalid(
                format!("{} was not sent: its arguments are wrong", operation.id),
                format!(
                    "correct them and call again; `describe` with `{}` shows what it takes",
                    operation.id
                ),
            )
            .with_fields(problems.0)),
        }
    }

    /// The value of a parameter, if it is given.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        let mut parameters = self.parameters.iter();
        parameters
            .find(|(given, _)| *given == name)
            .map(|(_, value)| value.as_str())
    }

    /// Sets a parameter, and replaces an earlier value.
    pub(crate) fn set(&mut self, name: &'static str, value: String) {
        self.parameters.retain(|(given, _)| *given != name);
        self.parameters.push((name, value));
    }

    /// What the call does to the account.
    pub(crate) fn level(&self) -> Level {
        Level::of(self.operation, self.body.as_ref())
    }

    /// The call, for this client.
    ///
    /// # Errors
    ///
    /// As [`DynamicCall::body`].
    pub(crate) fn call(&self, client: &Client) -> atera::Result<DynamicCall> {
        let call = self.call_of(self.operation, client)?;
        match &self.body {
            Some(body) => call.body(body),
            None => Ok(call),
        }
    }

    /// The call of another operation with the same parameters, as far as it has them.
    pub(crate) fn call_of(&self, other: &'static Operation, client: &Client) -> atera::Result<DynamicCall> {
        let mut call = client.operation(other);
        for parameter in other.parameters {
            if let Some(value) = self.value(parameter.name) {
                call = call.set(parameter.name, value)?;
            }
        }
        Ok(call)
    }

    /// The values in the path, in its order: what the call is about.
    pub(crate) fn target(&self) -> Vec<&str> {
        let in_path = self.operation.parameters.iter();
        let in_path = in_path.filter(|parameter| parameter.location == Location::Path);
        in_path
            .filter_map(|parameter| self.value(parameter.name))
            .collect()
    }

    /// The parameters that are not in the path, with their values.
    pub(crate) fn beside_path(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let parameters = self.parameters.iter();
        let beside = parameters.filter(|(name, _)| {
            parameter(self.operation, name).is_none_or(|it| it.location != Location::Path)
        });
        beside.map(|(name, value)| (*name, value.as_str()))
    }

    /// Whether it is about a custom field whose value is a secret.
    pub(crate) fn names_secret(&self) -> bool {
        let mut parameters = self.parameters.iter();
        parameters.any(|(name, value)| secret::is_field_name(name) && secret::is_secret(value))
    }

    /// What tells it from other requests: two say the same if their fingerprints are equal.
    pub(crate) fn fingerprint(&self) -> Fingerprint {
        let mut parameters = self.parameters.clone();
        parameters.sort();
        let mut all = serde_json::json!([self.operation.id, parameters, self.body]);
        // The order of fields says nothing.
        all.sort_all_objects();
        Fingerprint::of(&all.to_string())
    }
}

/// The SHA-256 of a request. It is remembered in place of the request, whose body may be large or hold secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Fingerprint([u8; 32]);

impl Fingerprint {
    pub(crate) fn of(text: &str) -> Self {
        Fingerprint(Sha256::digest(text).into())
    }
}

/// The operation of a name. Names as on the command line are understood too: `tickets list-comments`.
///
/// # Errors
///
/// `InvalidRequest`, with the nearest names.
pub(crate) fn operation(name: &str) -> Result<&'static Operation, Failure> {
    let plain = name
        .trim()
        .trim_start_matches("atera ")
        .replace([' ', '-', '.'], "_");
    Operation::find(&plain).ok_or_else(|| {
        let mut near: Vec<_> = OPERATIONS
            .iter()
            .map(|operation| (strsim::jaro_winkler(&plain, operation.id), operation.id))
            .filter(|(likeness, _)| *likeness > 0.85)
            .collect();
        near.sort_by(|one, other| other.0.total_cmp(&one.0));
        let near: Vec<_> = near.iter().take(3).map(|(_, id)| *id).collect();
        let next = match near.is_empty() {
            true => "find it with `search`".to_string(),
            false => format!(
                "did you mean {}? otherwise find it with `search`",
                near.join(" or ")
            ),
        };
        Failure::invalid(format!("there is no operation `{}`", shortened(name)), next)
    })
}

/// The type of the records that an operation answers.
pub(crate) fn record_of(operation: &Operation) -> Option<&'static Schema> {
    match (operation.record(), operation.answer) {
        (Some(record), _) => Some(record),
        (None, Some(Kind::Object(schema))) => Some(schema),
        (None, Some(Kind::Array(Kind::Object(schema)))) => Some(*schema),
        _ => None,
    }
}

/// A name as it was given, of bounded length.
fn shortened(name: &str) -> String {
    name.chars().take(80).collect()
}

/// The parameter of a name. Letter case is ignored, as the service does.
fn parameter(operation: &'static Operation, name: &str) -> Option<&'static Parameter> {
    let mut parameters = operation.parameters.iter();
    parameters.find(|parameter| parameter.name.eq_ignore_ascii_case(name))
}

/// What is wrong, by field.
struct Problems(Vec<FieldProblem>);

/// How many problems are told.
const MOST_PROBLEMS: usize = 20;

impl Problems {
    fn add(&mut self, field: &str, problem: impl Into<String>) {
        let problem = FieldProblem {
            field: shortened(field),
            problem: problem.into(),
        };
        if self.0.len() < MOST_PROBLEMS && !self.0.contains(&problem) {
            self.0.push(problem);
        }
    }

    fn violation(&mut self, violation: &Violation) {
        // A missing body has been told already.
        if !matches!(violation, Violation::NoBody) {
            let place = violation.place();
            let place = if place.is_empty() { "body" } else { &*place };
            self.add(place, violation.to_string());
        }
    }
}

/// The entries of an object. Assistants write objects as text at times, which is understood.
fn object(value: Option<Value>, name: &str, problems: &mut Problems) -> Map<String, Value> {
    match unquoted(value) {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Object(object)) => object,
        Some(_) => {
            problems.add(name, "it must be an object, as in {\"ticketId\": 54321}");
            Map::new()
        }
    }
}

/// The object or the array in a text, or the value itself.
fn unquoted(value: Option<Value>) -> Option<Value> {
    match value {
        Some(Value::String(text)) => match serde_json::from_str(&text) {
            Ok(inner @ (Value::Object(_) | Value::Array(_))) => Some(inner),
            _ => Some(Value::String(text)),
        },
        value => value,
    }
}

/// A value as it goes into an address.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(value) => Some(value.to_string()),
        _ => None,
    }
}

fn no_such_argument(operation: &Operation, name: &str) -> String {
    let known = operation.parameters.iter().map(|parameter| parameter.name);
    let known: Vec<_> = known
        .filter(|name| !(operation.list && is_paging(name)))
        .collect();
    let in_body = match operation.body {
        Some(Kind::Object(schema)) => schema
            .fields
            .iter()
            .any(|field| field.name.eq_ignore_ascii_case(name)),
        _ => false,
    };
    match (in_body, known.is_empty()) {
        (true, _) => "it is a field of the body; give it in `body`".to_string(),
        (_, true) => format!("{} has no such argument; it has none", operation.id),
        (_, false) => format!(
            "{} has no such argument; it has {}",
            operation.id,
            known.join(", ")
        ),
    }
}

/// The fields, at any depth, that a body lacks by its type.
fn unknown_fields(kind: Kind, value: &Value, place: &str, problems: &mut Problems) {
    match (kind, value) {
        (Kind::Object(schema), Value::Object(object)) => {
            for (name, value) in object {
                let inner = match place {
                    "" => name.clone(),
                    place => format!("{place}.{name}"),
                };
                match schema.fields.iter().find(|field| field.name == name) {
                    Some(field) => unknown_fields(field.kind, value, &inner, problems),
                    None => problems.add(&inner, no_such_field(schema, name)),
                }
            }
        }
        (Kind::Array(kind), Value::Array(values)) => {
            for (index, value) in values.iter().enumerate() {
                unknown_fields(*kind, value, &format!("{place}[{index}]"), problems);
            }
        }
        _ => {}
    }
}

/// That a type has no field of a name, with the nearest ones.
pub(crate) fn no_such_field(schema: &Schema, name: &str) -> String {
    let mut near: Vec<_> = schema
        .fields
        .iter()
        .map(|field| {
            (
                strsim::jaro_winkler(&name.to_lowercase(), &field.name.to_lowercase()),
                field.name,
            )
        })
        .filter(|(likeness, _)| *likeness > 0.8)
        .collect();
    near.sort_by(|one, other| other.0.total_cmp(&one.0));
    let near: Vec<_> = near.iter().take(3).map(|(_, name)| *name).collect();
    match near.is_empty() {
        false => format!(
            "{} has no such field; did you mean {}?",
            schema.name,
            near.join(" or ")
        ),
        true => {
            let names: Vec<_> = schema.fields.iter().take(40).map(|field| field.name).collect();
            format!("{} has no such field; it has {}", schema.name, names.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(id: &str, arguments: Value, body: Value) -> Result<Request, Failure> {
        Request::read(Operation::find(id).expect(id), Some(arguments), Some(body))
    }

    #[test]
    fn arguments_are_taken_in_any_letter_case_and_as_text() {
        let request = read("tickets_get", json!({"ticketid": 54321}), Value::Null).expect("a request");
        assert_eq!(request.parameters, [("ticketId", "54321".to_string())]);
        assert_eq!(request.target(), ["54321"]);
        let request = read("tickets_get", json!("{\"ticketId\": \"54321\"}"), Value::Null);
        assert!(request.is_ok(), "{request:?}");
    }

    #[test]
    fn every_mistake_is_named_by_its_field() {
        let body = json!({"TicketTitel": "Printer", "TicketPriority": "Huge", "TechnicianContactID": "x"});
        let failure = read("tickets_update", json!({"id": 7}), body).expect_err("a failure");
        let fields: Vec<_> = failure.fields.iter().map(|it| it.field.as_str()).collect();
        assert_eq!(
            fields,
            [
                "id",
                "TicketTitel",
                "ticketId",
                "TicketPriority",
                "TechnicianContactID"
            ]
        );
        assert!(
            failure.fields[1].problem.contains("did you mean TicketTitle"),
            "{failure:?}"
        );
    }

    #[test]
    fn pages_are_left_to_the_server_and_paths_stay_paths() {
        let failure = read("tickets_list", json!({"page": 2}), Value::Null).expect_err("a failure");
        assert!(failure.fields[0].problem.contains("cursor"), "{failure:?}");
        let failure = read(
            "agents_list_by_machine",
            json!({"machineName": ".."}),
            Value::Null,
        );
        assert!(failure.is_err());
    }

    #[test]
    fn a_fingerprint_tells_requests_apart() {
        let of = |arguments: Value, body: Value| {
            let request = read("tickets_update", arguments, body).expect("a request");
            request.fingerprint()
        };
        let one = of(json!({"ticketId": 7}), json!({"TicketTitle": "Printer"}));
        assert_eq!(
            one,
            of(json!({"TICKETID": "7"}), json!({"TicketTitle": "Printer"}))
        );
        assert_ne!(one, of(json!({"ticketId": 8}), json!({"TicketTitle": "Printer"})));
        assert_ne!(one, of(json!({"ticketId": 7}), json!({"TicketTitle": "Plotter"})));
        let ordered = |body: &str| of(json!({"ticketId": 7}), serde_json::from_str(body).expect("JSON"));
        assert_eq!(
            ordered(r#"{"TicketTitle": "Printer", "TicketStatus": "Open"}"#),
            ordered(r#"{"TicketStatus": "Open", "TicketTitle": "Printer"}"#)
        );
    }

    #[test]
    fn an_operation_is_found_by_its_command_too() {
        for name in [
            "tickets_list_comments",
            "tickets list-comments",
            "atera tickets list-comments",
        ] {
            assert_eq!(operation(name).expect(name).id, "tickets_list_comments");
        }
        let failure = operation("ticket_list_coments").expect_err("a failure");
        assert!(failure.next.contains("tickets_list_comments"), "{failure:?}");
    }
}
