//! The record that a call is about, as it is now.

use atera::{
    Client, ErrorKind,
    description::{Kind, OPERATIONS, Operation, Schema},
};
use http::Method;
use serde_json::Value;

use crate::{clean::clean, decode::decode, failure::Failure, request::Request};

/// The longest name that a person has to type. Of a record with a longer one, it is the id.
const LONGEST_TYPED: usize = 60;
/// How much of a name is shown.
const LONGEST_SHOWN: usize = 200;

/// The record that a call is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Subject {
    /// Its id, as the call has it.
    pub(crate) id: String,
    /// What people call it. `None` if no operation tells.
    pub(crate) name: Option<String>,
    /// The customer that it belongs to, if it tells.
    pub(crate) customer: Option<String>,
}

/// Names of the fields by which people call a record, the most telling first, without the name of its type before it.
const NAMES: [&str; 8] = [
    "Title",
    "Name",
    "MachineName",
    "FieldName",
    "Firstname",
    "Email",
    "Description",
    "Hostname",
];

impl Subject {
    /// Reads the record that the path of a call names.
    ///
    /// # Errors
    ///
    /// Whatever the service fails with, as `NotFound` if there is no such record, and `Decode` if what it answers is none: nobody can
    /// confirm what they are not shown.
    pub(crate) async fn read(request: &Request, client: &Client) -> Result<Self, Failure> {
        let id = request.target().join(" ");
        let Some((read, schema)) = read_of(request.operation) else {
            return Ok(Subject {
                id,
                name: None,
                customer: None,
            });
        };
        let answer = request.call_of(read, client)?.send().await?;
        let record = decode(&answer.value).filter(Value::is_object).ok_or_else(|| {
            Failure::new(
                ErrorKind::Decode,
                format!(
                    "{} was not sent: {} answers no record that can be read, so the user cannot be asked about it",
                    request.operation.id, read.id
                ),
                "tell the user, who has to look at the record in Atera",
            )
        })?;
        let customer = record.get("CustomerName").and_then(Value::as_str).map(one_line);
        Ok(Subject {
            id,
            name: name_of(&record, schema),
            customer: customer.filter(|_| schema.name != "Customer"),
        })
    }

    /// What the person has to type: the name, or the id where there is none or it is too long. It is empty for a call that names
    /// no record, which nobody can confirm.
    pub(crate) fn typed(&self) -> &str {
        match &self.name {
            Some(name) if name.chars().count() <= LONGEST_TYPED => name,
            _ => &self.id,
        }
    }
}

/// The operation that reads the record that a path names, and its type: the longest beginning of the path that can be read.
fn read_of(operation: &Operation) -> Option<(&'static Operation, &'static Schema)> {
    let reads = OPERATIONS.iter().filter_map(|read| {
        let rest = operation.path.strip_prefix(read.path)?;
        let begins = rest.is_empty() || rest.starts_with('/');
        match read.answer {
            Some(Kind::Object(schema))
                if begins && read.method == Method::GET && !read.list && read.path.ends_with('}') =>
            {
                Some((read, schema))
            }
            _ => None,
        }
    });
    reads.max_by_key(|(read, _)| read.path.len())
}

/// What people call a record.
fn name_of(record: &Value, schema: &Schema) -> Option<String> {
    let text = |name: &str| {
        let text = record.get(name).and_then(Value::as_str).map(one_line)?;
        (!text.is_empty()).then_some(text)
    };
    NAMES.iter().find_map(|name| {
        let mut fields = schema.fields.iter();
        let field = fields.find(|field| {
            let plain = field.name.strip_prefix(schema.name).unwrap_or(field.name);
            plain.eq_ignore_ascii_case(name)
        })?;
        let found = text(field.name)?;
        Some(match *name {
            "Firstname" => [Some(found), text("Lastname")]
                .into_iter()
                .flatten()
                .collect::<Vec<_>>()
                .join(" "),
            _ => found,
        })
    })
}

/// A text on one line, of bounded length: a ticket's title must not rewrite the question.
pub(crate) fn one_line(text: &str) -> String {
    let (text, _) = clean(text);
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match text.char_indices().nth(LONGEST_SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use atera::description::{Location, Parameter};
    use serde_json::json;

    use super::*;
    use crate::level::Level;

    #[test]
    fn records_are_called_as_people_call_them() {
        for (kind, record, name) in [
            (
                "Ticket",
                json!({"TicketTitle": "Printer\n on\u{200b} fire"}),
                Some("Printer on fire"),
            ),
            (
                "Customer",
                json!({"CustomerName": "Harbor Dental"}),
                Some("Harbor Dental"),
            ),
            (
                "Contact",
                json!({"Firstname": "Maya", "Lastname": "Lindqvist", "CustomerName": "x"}),
                Some("Maya Lindqvist"),
            ),
            (
                "Contact",
                json!({"Email": "maya@harbor.example"}),
                Some("maya@harbor.example"),
            ),
            (
                "Agent",
                json!({"AgentName": "", "MachineName": "HD-01"}),
                Some("HD-01"),
            ),
            ("Alert", json!({"Title": null}), None),
        ] {
            let schema = Schema::find(kind).expect(kind);
            assert_eq!(name_of(&record, schema).as_deref(), name, "{kind}");
        }
    }

    #[test]
    fn nobody_types_a_long_name() {
        let mut subject = Subject {
            id: "7".to_string(),
            name: Some("x".repeat(60)),
            customer: None,
        };
        assert_eq!(subject.typed().len(), 60);
        subject.name = Some("x".repeat(61));
        assert_eq!(subject.typed(), "7");
        subject.name = None;
        assert_eq!(subject.typed(), "7");
    }

    /// Where nothing can be typed, nobody can say yes.
    #[test]
    fn every_call_that_is_confirmed_has_something_to_type() {
        for operation in OPERATIONS
            .iter()
            .filter(|it| Level::highest(it) == Level::Destroy)
        {
            let path = operation.parameters.iter();
            let path = path.filter(|it| it.location == Location::Path);
            let with = |text: fn(&'static Parameter) -> &'static str| Request {
                operation,
                parameters: path.clone().map(|it| (it.name, text(it).to_string())).collect(),
                body: None,
            };
            let subject = Subject {
                id: with(|it| it.example).target().join(" "),
                name: None,
                customer: None,
            };
            assert!(!subject.typed().trim().is_empty(), "{}", operation.id);
            // Nor can an assistant leave it empty.
            let blank = with(|_| " ").parameters;
            let blank: Value = blank.iter().map(|(name, text)| (*name, text.as_str())).collect();
            let failure = Request::read(operation, Some(blank), None).expect_err(operation.id);
            assert!(
                path.clone()
                    .all(|it| failure.fields.iter().any(|problem| problem.field == it.name)),
                "{}: {failure:?}",
                operation.id
            );
        }
    }

    /// Which records a person cannot be told by name, since no operation reads one of them.
    #[test]
    fn nearly_all_records_can_be_named() {
        let unnamed: Vec<_> = OPERATIONS
            .iter()
            .filter(|operation| Level::highest(operation) == Level::Destroy && read_of(operation).is_none())
            .map(|operation| operation.id)
            .collect();
        assert_eq!(
            unnamed,
            [
                "guide_custom_values_delete",
                "guide_devices_http_delete",
                "guide_devices_snmp_delete",
                "guide_devices_snmpv3_delete",
                "guide_devices_tcp_delete",
            ]
        );
    }
}
