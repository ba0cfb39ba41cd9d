//! The rules of the description as one check: the client refuses by it before it sends, the sandbox once it has received.

use std::borrow::Cow;

use serde_json::Value;

use crate::{AccountTime, Kind, Operation, Parameter, Schema, Timestamp};

/// What is wrong with a request, and where.
#[derive(Debug)]
pub(crate) struct Violation {
    /// The parameter or field, `Ports[0].Number` where it is within others, empty for the body as a whole.
    #[cfg_attr(
        not(feature = "sandbox"),
        allow(dead_code, reason = "only answers and the command line tell it apart")
    )]
    pub(crate) field: String,
    /// What is wrong, in words that name the field.
    pub(crate) reason: String,
}

/// Values of a request on their way through the rules.
#[derive(Debug, Default)]
pub(crate) struct Check {
    /// Whether a value that a list lacks is refused. The client lets it through, since Atera extends its lists.
    pub(crate) lists_are_closed: bool,
    pub(crate) violations: Vec<Violation>,
}

impl Check {
    /// Checks the path and query parameters that a request gives.
    pub(crate) fn arguments(&mut self, operation: &Operation, given: &[(&'static Parameter, Cow<'_, str>)]) {
        for (parameter, text) in given {
            self.argument(parameter, text);
        }
        let lacks = |name: &str| given.iter().all(|(parameter, _)| parameter.name != name);
        for parameter in operation.parameters {
            if parameter.required && lacks(parameter.name) {
                self.refuse(parameter.name, |place| format!("{place} is missing"));
            }
        }
    }

    /// Checks a body and returns what it holds.
    pub(crate) fn body(&mut self, kind: Kind, body: Option<&[u8]>) -> Value {
        let Some(body) = body else {
            self.refuse("", |_| "it needs a body".to_string());
            return Value::Null;
        };
        match serde_json::from_slice(body) {
            Ok(value) => {
                self.value(&kind, &value, "");
                value
            }
            Err(error) => {
                self.refuse("", |_| format!("its body is not JSON: {error}"));
                Value::Null
            }
        }
    }

    fn argument(&mut self, parameter: &Parameter, text: &str) {
        let value = match parameter.kind {
            Kind::Integer => text.parse::<i64>().ok().map(Value::from),
            Kind::Boolean => boolean(text).map(Value::from),
            _ => Some(Value::from(text)),
        };
        match value {
            Some(value) => {
                self.value(&parameter.kind, &value, parameter.name);
                self.bounds(&value, parameter.minimum, parameter.maximum, parameter.name);
            }
            None if matches!(parameter.kind, Kind::Boolean) => self.refuse(parameter.name, |place| {
                format!("{place} must be true or false, not `{text}`")
            }),
            None => self.refuse(parameter.name, |place| {
                format!("{place} must be a whole number, and `{text}` is none")
            }),
        }
    }

    fn value(&mut self, kind: &Kind, value: &Value, path: &str) {
        if let Some(what) = wanted(kind, value) {
            return self.refuse(path, |place| format!("{place} must be {what}"));
        }
        match kind {
            Kind::Enum { values, .. } => self.listed(value, values, path),
            Kind::Array(kind) => {
                for (index, value) in value.as_array().into_iter().flatten().enumerate() {
                    self.value(kind, value, &format!("{path}[{index}]"));
                }
            }
            Kind::Object(schema) => self.object(schema, value, path),
            _ => {}
        }
    }

    fn listed(&mut self, value: &Value, values: &[&str], path: &str) {
        let known = |text: &str| values.iter().any(|it| it.eq_ignore_ascii_case(text));
        if let Some(text) = value
            .as_str()
            .filter(|text| self.lists_are_closed && !known(text))
        {
            self.refuse(path, |place| {
                format!("{place} must be one of {}, not `{text}`", values.join(", "))
            });
        }
    }

    fn object(&mut self, schema: &Schema, value: &Value, path: &str) {
        let Value::Object(object) = value else { return };
        let given = |name: &str| match object.get(name) {
            None | Some(Value::Null) => false,
            Some(Value::String(text)) => !text.trim().is_empty(),
            Some(_) => true,
        };
        for field in schema.fields {
            let path = within(path, field.name);
            match object.get(field.name) {
                None | Some(Value::Null) if field.required => {
                    self.refuse(&path, |place| format!("{place} is missing"));
                }
                None | Some(Value::Null) => {}
                Some(value) => {
                    self.value(&field.kind, value, &path);
                    self.bounds(value, field.minimum, field.maximum, &path);
                    if field.min_length > 0 && !given(field.name) {
                        self.refuse(&path, |place| format!("{place} must not be empty"));
                    }
                }
            }
        }
        let complete = |set: &&[&str]| set.iter().all(|name| given(name));
        if let Some([first, ..]) = schema.requires.first()
            && !schema.requires.iter().any(complete)
        {
            self.refuse(&within(path, first), |_| either_or(schema.requires));
        }
    }

    fn bounds(&mut self, value: &Value, minimum: Option<i64>, maximum: Option<i64>, path: &str) {
        let Some(number) = value.as_f64() else { return };
        let below = minimum.is_some_and(|minimum| number < minimum as f64);
        let above = maximum.is_some_and(|maximum| number > maximum as f64);
        if !below && !above {
            return;
        }
        self.refuse(path, |place| match (minimum, maximum) {
            (Some(minimum), Some(maximum)) => format!("{place} must be {minimum} to {maximum}, not {value}"),
            (Some(minimum), None) => format!("{place} must be at least {minimum}, not {value}"),
            (None, Some(maximum)) => format!("{place} must be at most {maximum}, not {value}"),
            (None, None) => format!("{place} must not be {value}"),
        });
    }

    fn refuse(&mut self, path: &str, reason: impl FnOnce(&str) -> String) {
        let place = if path.is_empty() {
            "the body".to_string()
        } else {
            format!("`{path}`")
        };
        self.violations.push(Violation {
            field: path.to_string(),
            reason: reason(&place),
        });
    }
}

/// What a value of this kind must be, if this one is not. What is within arrays and objects is not looked at.
pub(crate) fn wanted(kind: &Kind, value: &Value) -> Option<&'static str> {
    let is_text = |fits: fn(&str) -> bool| value.as_str().is_some_and(fits);
    let (fits, what) = match kind {
        Kind::Integer => (value.is_i64() || value.is_u64(), "a whole number"),
        Kind::Number => (value.is_number(), "a number"),
        Kind::Boolean => (value.is_boolean(), "true or false"),
        Kind::Text | Kind::Enum { .. } => (value.is_string(), "text"),
        Kind::Uuid => (is_text(|text| uuid::Uuid::parse_str(text).is_ok()), "a UUID"),
        Kind::Date => (
            is_text(|text| text.parse::<chrono::NaiveDate>().is_ok()),
            "a date, yyyy-MM-dd",
        ),
        Kind::Timestamp => (
            is_text(|text| text.parse::<Timestamp>().is_ok()),
            "a point in time, as in 2026-03-02T08:15:00Z",
        ),
        Kind::AccountTime => (
            is_text(|text| text.parse::<AccountTime>().is_ok()),
            "a time in the account's zone without an offset, yyyy-MM-dd or yyyy-MM-ddTHH:mm:ss",
        ),
        Kind::Array(_) => (value.is_array(), "an array"),
        Kind::Object(_) | Kind::Map(_) => (value.is_object(), "an object"),
        Kind::ActionId | Kind::Any => (true, ""),
    };
    (!fits).then_some(what)
}

/// `true` or `false` in any case: some languages write `True`, and .NET reads it.
pub(crate) fn boolean(text: &str) -> Option<bool> {
    text.to_ascii_lowercase().parse().ok()
}

fn within(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_string()
    } else {
        format!("{path}.{name}")
    }
}

fn either_or(sets: &[&[&str]]) -> String {
    let quoted = |set: &&[&str]| {
        let names: Vec<_> = set.iter().map(|name| format!("`{name}`")).collect();
        names.join(" with ")
    };
    let sets: Vec<_> = sets.iter().map(quoted).collect();
    format!("it needs {}", sets.join(", or "))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn violations(check: &mut Check, id: &str, body: &Value) -> Vec<(String, String)> {
        let operation = Operation::find(id).expect(id);
        check.body(operation.body.expect("a body"), Some(body.to_string().as_bytes()));
        let found = check.violations.drain(..);
        found.map(|it| (it.field, it.reason)).collect()
    }

    #[test]
    fn every_violation_is_found_under_the_path_of_its_field() {
        let body = json!({
            "CommentText": " ",
            "TechnicianCommentDetails": {"TechnicianId": "seven"},
        });
        let found = violations(&mut Check::default(), "tickets_add_comment", &body);
        assert_eq!(
            found,
            [
                (
                    "CommentText".to_string(),
                    "`CommentText` must not be empty".to_string()
                ),
                (
                    "TechnicianCommentDetails.TechnicianId".to_string(),
                    "`TechnicianCommentDetails.TechnicianId` must be a whole number".to_string()
                ),
            ]
        );
    }

    #[test]
    fn either_or_rules_name_every_way_out() {
        let body = json!({"TicketTitle": "T", "Description": "D", "EndUserEmail": "a@b.example"});
        let found = violations(&mut Check::default(), "tickets_create", &body);
        let reason = "it needs `EndUserID`, or `EndUserFirstName` with `EndUserLastName` with \
                      `EndUserEmail`";
        assert_eq!(found, [("EndUserID".to_string(), reason.to_string())]);
    }

    #[test]
    fn a_value_that_a_list_lacks_is_refused_only_where_lists_are_closed() {
        let body = json!({"TicketPriority": "Urgent", "TicketType": "incident"});
        let mut open = Check::default();
        assert!(violations(&mut open, "tickets_update", &body).is_empty());
        let mut closed = Check {
            lists_are_closed: true,
            ..Check::default()
        };
        let reason = "`TicketPriority` must be one of Low, Medium, High, Critical, not `Urgent`";
        assert_eq!(
            violations(&mut closed, "tickets_update", &body),
            [("TicketPriority".to_string(), reason.to_string())]
        );
    }
}
