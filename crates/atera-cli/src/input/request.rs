//! What the arguments ask for: values for the parameters, and a body.

mod check;

use chrono::{DateTime, Utc};
use clap::ArgMatches;
use serde_json::Value;

use super::{
    arguments, body, connection::Connection, failure::Failure, globals::Globals, interrupt::Interrupt, since,
    since::Since,
};
use crate::{Client, DynamicCall, Operation, Parameter, clock, operation::Location};

/// A call before there is a client to make it with.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) operation: &'static Operation,
    parameters: Vec<(&'static str, String)>,
    /// A time for a parameter that takes it by the clocks of the account, which are not known yet.
    account_time: Option<(&'static Parameter, DateTime<Utc>)>,
    body: Option<Value>,
    /// Whether values and fields are let through that the description lacks.
    pub(super) allow_unknown: bool,
}

impl Request {
    /// Takes the arguments apart, and reads the body.
    pub(super) fn read(operation: &'static Operation, matches: &ArgMatches) -> Result<Self, Failure> {
        let given = operation.parameters.iter().filter_map(|parameter| {
            let value = matches.get_one::<Value>(parameter.name)?;
            Some((parameter.name, text(value)))
        });
        let mut parameters: Vec<_> = given.collect();
        let mut account_time = None;
        if let Some(parameter) = since::parameter(operation)
            && let Some(since) = matches.get_one::<Since>(arguments::SINCE)
        {
            let time = since.time(clock::utc());
            match since::in_utc(parameter.kind, time) {
                Some(value) => parameters.push((parameter.name, value)),
                None => account_time = Some((parameter, time)),
            }
        }
        let request = Request {
            operation,
            parameters,
            account_time,
            body: body::read(operation, matches)?,
            allow_unknown: matches.get_flag(arguments::ALLOW_UNKNOWN),
        };
        request.check()?;
        Ok(request)
    }

    /// Sets the time that is by the clocks of the account, and returns what there is to say about it.
    pub(super) async fn settle_time(
        &mut self,
        globals: &Globals,
        connection: &Connection,
        interrupt: &Interrupt,
    ) -> Result<Option<&'static str>, Failure> {
        let Some((parameter, time)) = self.account_time.take() else {
            return Ok(None);
        };
        let (local, is_certain) = since::of_account(time, connection, globals, interrupt).await?;
        self.parameters
            .push((parameter.name, since::in_account(parameter.kind, local)));
        Ok((!is_certain).then_some(
            "the time zone of the account is not known, so --since reaches back far enough for every zone: up to a day \
             more may come",
        ))
    }

    /// The body as JSON for people.
    pub(super) fn body_text(&self) -> Option<String> {
        self.body.as_ref().map(|body| format!("{body:#}"))
    }

    /// The call of another operation on the same path.
    pub(super) fn call_of(&self, other: &'static Operation, client: &Client) -> crate::Result<DynamicCall> {
        let mut call = client.operation(other);
        for parameter in other.parameters {
            if let Some((name, value)) = self.parameters.iter().find(|(name, _)| *name == parameter.name) {
                call = call.set(name, value)?;
            }
        }
        Ok(call)
    }

    /// The value that a parameter is given.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        let mut parameters = self.parameters.iter();
        parameters
            .find(|(given, _)| *given == name)
            .map(|(_, value)| value.as_str())
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
        std::fs::write(file.path(), content).expect("a file");
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
            "--description",
            "Fire",
            "--end-user-id",
            "7",
            "--ticket-priority",
            "high",
        ]);
        assert_eq!(
            body,
            json!({"TicketTitle": "Printer", "Description": "Fire", "EndUserID": 7, "TicketPriority": "High"})
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
        let arguments = ["tickets", "update", "7", "--body", path, "--ticket-title", "New"];
        let Err(Failure::Usage(sentence)) = request(&arguments) else {
            panic!("it is let through");
        };
        assert!(
            sentence.contains("UpdateTicket has no field `New field`"),
            "{sentence}"
        );
        let body = body_of(&[&arguments[..], &["--allow-unknown"]].concat());
        assert_eq!(body, json!({"TicketTitle": "New", "New field": [1]}));
    }

    #[test]
    fn cleared_fields_are_null() {
        let arguments = [
            "customers",
            "update",
            "7",
            "--clear",
            "Domain,city",
            "--clear",
            "zip-code-str",
        ];
        assert_eq!(
            body_of(&arguments),
            json!({"Domain": null, "City": null, "ZipCodeStr": null})
        );
        let Err(Failure::Usage(sentence)) = request(&["customers", "update", "7", "--clear", "Town"]) else {
            panic!("it is let through");
        };
        assert!(sentence.contains("has no field `Town`"), "{sentence}");
    }

    #[test]
    fn what_is_wrong_is_told_with_its_mend() {
        for (arguments, reason) in [
            (
                &[
                    "tickets",
                    "create",
                    "--ticket-title",
                    "Printer",
                    "--end-user-id",
                    "7",
                ][..],
                "tickets_create was not sent: `Description` is missing, give it with --description",
            ),
            (
                &[
                    "tickets",
                    "create",
                    "--ticket-title",
                    "Printer",
                    "--description",
                    "Fire",
                ],
                "tickets_create was not sent: it needs --end-user-id, or --end-user-first-name with \
                 --end-user-last-name with --end-user-email",
            ),
            (
                &["tickets", "update", "7", "--ticket-priority", "Huge"],
                "tickets_update was not sent: `TicketPriority` must be one of Low, Medium, High, Critical, not `Huge`; \
                 --allow-unknown lets it through all the same",
            ),
            (
                &["tickets", "list", "--items-in-page", "51"],
                "tickets_list was not sent: `itemsInPage` must be 1 to 50, not 51",
            ),
        ] {
            match request(arguments) {
                Err(Failure::Usage(sentence)) => assert_eq!(sentence, reason),
                other => panic!("{other:?}"),
            }
        }
        let allowed = [
            "tickets",
            "update",
            "7",
            "--ticket-priority",
            "Huge",
            "--allow-unknown",
        ];
        assert_eq!(body_of(&allowed), json!({"TicketPriority": "Huge"}));
    }

    #[test]
    fn a_time_since_when_becomes_the_parameter_for_it() {
        let request =
            request(&["tickets", "list-last-modified", "--since", "2026-03-02"]).expect("a request");
        assert_eq!(request.parameters, [("date", "2026-03-02T00:00:00Z".to_string())]);
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
