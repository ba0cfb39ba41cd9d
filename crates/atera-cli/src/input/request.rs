//! A request of an operation: the values of its parameters, and its body, from the arguments.
//!
//! A request is read and checked before anything else happens: before stdin is waited for, a sandbox is started or a client is
//! built. So a mistyped flag costs no time and sends nothing.

use atera::{
    Client, DynamicCall, Timestamp,
    description::{Location, Operation, Parameter},
};
use clap::ArgMatches;
use serde_json::{Value, json};

use super::{
    arguments, body, check,
    connection::Connection,
    globals::Globals,
    interrupt::Interrupt,
    named::{self, Directory, Pending, To},
    since::{self, Since},
    target::text,
};
use crate::output::failure::Failure;

/// A call of an operation before there is a client to make it with.
#[derive(Clone, Debug)]
pub(crate) struct OperationRequest {
    /// The operation.
    pub(crate) operation: &'static Operation,
    /// The parameters that are given, by their names on the wire.
    pub(crate) parameters: Vec<(&'static str, String)>,
    /// The parameter of `--since`, if its value depends on the time zone of the account, which has yet to be asked for it.
    account_time: Option<(&'static Parameter, Since)>,
    /// The body.
    pub(crate) body: Option<Value>,
    /// The ids that are given by names, which have yet to be looked up. Until then 1 stands in their places, so that the request
    /// can be checked.
    names: Vec<Pending>,
    /// Whether values and fields are let through that the description lacks.
    pub(crate) allow_unknown: bool,
}

impl OperationRequest {
    /// Reads the arguments of an operation, and its body, and checks them. If the body comes from stdin, this waits for its end.
    ///
    /// # Errors
    ///
    /// `Usage`, with everything that is wrong.
    pub(crate) fn read(operation: &'static Operation, matches: &ArgMatches) -> Result<Self, Failure> {
        let request = Self::unchecked(operation, matches)?;
        request.check()?;
        Ok(request)
    }

    /// A request without arguments.
    pub(crate) fn of(operation: &'static Operation) -> Self {
        OperationRequest {
            operation,
            parameters: Vec::new(),
            account_time: None,
            body: None,
            names: Vec::new(),
            allow_unknown: false,
        }
    }

    /// Reads the arguments of an operation, and makes of them a request for each of these ids.
    ///
    /// # Errors
    ///
    /// `Usage`, with everything that is wrong with the first request that is not sound.
    pub(crate) fn read_many(
        operation: &'static Operation,
        matches: &ArgMatches,
        parameter: &'static Parameter,
        ids: Vec<String>,
    ) -> Result<Vec<Self>, Failure> {
        let request = Self::unchecked(operation, matches)?;
        ids.into_iter().map(|id| request.with_id(parameter, id)).collect()
    }

    /// The same request for the record with this id.
    ///
    /// # Errors
    ///
    /// `Usage`, with everything that is wrong with it.
    pub(crate) fn with_id(&self, parameter: &'static Parameter, id: String) -> Result<Self, Failure> {
        let mut request = self.clone();
        request.set(parameter.name, id);
        request.check()?;
        Ok(request)
    }

    /// Checks the values.
    fn check(&self) -> Result<(), Failure> {
        if self.operation.body.is_some() && self.body.is_none() {
            return Err(Failure::Usage(format!(
                "{} needs a body; give --body FILE or flags for its fields, see --help",
                self.operation.id
            )));
        }
        check::request(
            self.operation,
            &self.parameters,
            self.body.as_ref(),
            self.allow_unknown,
        )
    }

    /// Everything that it says, as text: two requests say the same if their texts are equal. It is empty if nothing is said.
    pub(crate) fn fingerprint(&self) -> String {
        let parameters = self.parameters.iter();
        let mut words: Vec<_> = parameters.map(|(name, value)| json!([name, value])).collect();
        words.extend(self.body.clone());
        let names = self.names.iter();
        words.extend(names.map(|pending| json!([pending.named.noun, pending.name])));
        words.iter().map(Value::to_string).collect()
    }

    /// What may be mistyped although it cannot be refused.
    pub(crate) fn remarks(&self) -> Vec<String> {
        check::remarks(&self.parameters, self.body.as_ref())
    }

    /// Sets a parameter, and replaces an earlier value.
    pub(crate) fn set(&mut self, name: &'static str, value: String) {
        self.parameters.retain(|(given, _)| *given != name);
        self.parameters.push((name, value));
    }

    /// Reads the arguments of an operation, and its body.
    pub(crate) fn unchecked(operation: &'static Operation, matches: &ArgMatches) -> Result<Self, Failure> {
        let given = operation.parameters.iter().filter_map(|parameter| {
            let value = matches.get_one::<Value>(parameter.name)?;
            Some((parameter.name, text(value)))
        });
        let mut parameters: Vec<_> = given.collect();
        let mut account_time = None;
        if let Some(parameter) = operation.since_parameter()
            && let Some(since) = matches.get_one::<Since>(arguments::SINCE)
        {
            match since.in_utc(parameter.kind, Timestamp::now().to_utc()) {
                Some(value) => parameters.push((parameter.name, value)),
                None => account_time = Some((parameter, *since)),
            }
        }
        let mut request = OperationRequest {
            parameters,
            account_time,
            body: body::read(operation, matches)?,
            allow_unknown: matches.get_flag(arguments::ALLOW_UNKNOWN),
            ..Self::of(operation)
        };
        for pending in named::given(operation, matches) {
            request.put_off(pending)?;
        }
        Ok(request)
    }

    /// Takes a name whose id is not known yet.
    pub(crate) fn put_off(&mut self, pending: Pending) -> Result<(), Failure> {
        self.place(pending.to, 1)?;
        self.names.push(pending);
        Ok(())
    }

    /// Puts an id where it goes.
    fn place(&mut self, to: To, id: i64) -> Result<(), Failure> {
        match to {
            To::Parameter(name) => {
                self.set(name, id.to_string());
                Ok(())
            }
            To::Field(parent, field) => body::set(&mut self.body, parent, field, id.into()),
        }
    }

    /// Whether an id is given by a name.
    pub(crate) fn has_names(&self) -> bool {
        !self.names.is_empty()
    }

    /// Looks up the ids that are given by names.
    ///
    /// # Errors
    ///
    /// As [`Directory::id`].
    pub(crate) async fn settle_names(&mut self, directory: &mut Directory<'_>) -> Result<(), Failure> {
        for pending in std::mem::take(&mut self.names) {
            let id = directory.id(&pending).await?;
            self.place(pending.to, id)?;
        }
        Ok(())
    }

    /// Sets the parameter of `--since`, if its value depends on the time zone of the account. Returns a remark if the time is not
    /// certain.
    ///
    /// This comes after [`read`](OperationRequest::read), because the account has to be asked, and before the question or the
    /// dry run, which show the value.
    pub(crate) async fn settle_time(
        &mut self,
        globals: &Globals,
        connection: &Connection,
        interrupt: &Interrupt,
    ) -> Result<Option<&'static str>, Failure> {
        let Some((parameter, since)) = self.account_time.take() else {
            return Ok(None);
        };
        let now = Timestamp::now().to_utc();
        let zone = since::account_zone(connection, globals, interrupt).await?;
        let value = match zone {
            Some(zone) => since.in_zone(parameter.kind, now, zone),
            None => since.in_any_zone(parameter.kind, now),
        };
        self.parameters.push((parameter.name, value));
        Ok(zone.is_none().then_some(
            "the time zone of the account is not known, so --since reaches back far enough for every zone: records from up to \
             two days before may come",
        ))
    }

    /// Has the service filter by these parameters, unless others are given for them. Returns those that were added.
    pub(crate) fn narrow(&mut self, parameters: Vec<(&'static str, String)>) -> Vec<String> {
        let new = parameters
            .into_iter()
            .filter(|(name, _)| self.value(name).is_none());
        let new: Vec<_> = new.collect();
        let told = new
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        self.parameters.extend(new);
        told
    }

    /// The body as indented JSON.
    pub(crate) fn body_text(&self) -> Option<String> {
        self.body.as_ref().map(|body| format!("{body:#}"))
    }

    /// The call of another operation with the same parameters, as far as it has them: to read the record that a write is about.
    pub(crate) fn call_of(&self, other: &'static Operation, client: &Client) -> atera::Result<DynamicCall> {
        let mut call = client.operation(other);
        for parameter in other.parameters {
            if let Some((name, value)) = self.parameters.iter().find(|(name, _)| *name == parameter.name) {
                call = call.set(name, value)?;
            }
        }
        Ok(call)
    }

    /// The value of a parameter, if it is given.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        let mut parameters = self.parameters.iter();
        parameters
            .find(|(given, _)| *given == name)
            .map(|(_, value)| value.as_str())
    }

    /// The call, for this client. It may be made several times.
    pub(crate) fn call(&self, client: &Client) -> atera::Result<DynamicCall> {
        let mut call = client.operation(self.operation);
        for (name, value) in &self.parameters {
            call = call.set(name, value)?;
        }
        match &self.body {
            Some(body) => call.body(body),
            None => Ok(call),
        }
    }

    /// The ids in the path, with spaces between them: what a write is about.
    pub(crate) fn target(&self) -> String {
        let in_path = self.operation.parameters.iter().filter_map(|parameter| {
            let (_, value) = self.parameters.iter().find(|(name, _)| *name == parameter.name)?;
            (parameter.location == Location::Path).then_some(value.as_str())
        });
        in_path.collect::<Vec<_>>().join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::groups;

    /// The request that these arguments make.
    fn request(arguments: &[&str]) -> Result<OperationRequest, Failure> {
        let arguments = ["atera"].iter().chain(arguments);
        let matches = groups::root()
            .try_get_matches_from(arguments)
            .map_err(Failure::Arguments)?;
        let (group, matches) = matches.subcommand().expect("a group");
        let (operation, matches) = groups::chosen(group, matches)?;
        OperationRequest::read(operation, matches)
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
    fn a_mistake_is_reported_with_the_flag_that_mends_it() {
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
                 --allow-unknown lets it through anyway",
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
        let request = request(&["tickets", "list-last-modified", "--since", "2026-03-02T08:15:00Z"])
            .expect("a request");
        assert_eq!(request.parameters, [("date", "2026-03-02T08:15:00Z".to_string())]);
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
