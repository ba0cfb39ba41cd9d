//! The question before something that cannot be undone.
//!
//! It names the record by its title and the tenant by its company, both asked from the service, because an id on a command
//! line is easily that of another record, or of another tenant. Where there is nobody to ask, nothing is sent: a script says
//! `--yes`. The sandbox is not asked about.

use std::io::{self, IsTerminal, Write};

use atera::{
    Client,
    description::{Kind, Operation},
    text::plain_line,
};
use atera_records::{Column, Record};
use http::Method;

use super::{
    connection::Connection, globals::Globals, interrupt::Interrupt, request::OperationRequest, target,
};
use crate::{
    names::command_line,
    output::{cells::cell, failure::Failure, terminal::escaped},
};

/// Whether an operation cannot be undone: it deletes, runs or resolves something, or writes many records at once.
pub(crate) fn asks(operation: &Operation) -> bool {
    operation.method == Method::DELETE
        || operation.verb.starts_with("run_")
        || operation.verb == "resolve"
        || (!operation.reads && matches!(operation.body, Some(Kind::Array(_))))
}

/// Asks whether to send a request, if it cannot be undone and `--yes` is not given.
///
/// # Errors
///
/// `Declined` unless the answer is yes, and `Usage` if there is no terminal to ask on.
pub(crate) async fn request(
    request: &OperationRequest,
    connection: &Connection,
    globals: &Globals,
    interrupt: &Interrupt,
) -> Result<(), Failure> {
    let operation = request.operation;
    if !asks(operation) || globals.yes || connection.is_sandbox() {
        return Ok(());
    }
    needs_a_terminal(&command_line(operation))?;
    let client = connection.client()?;
    let target = match interrupt.or(record(&client, request)).await? {
        Some(record) => format!("{} ({record})", request.target()),
        None => request.target(),
    };
    let what = format!("{} {target}", operation.summary);
    ask(&what, request.body_text(), connection, interrupt).await
}

/// Asks once whether to do something to many records, unless `--yes` is given. It is asked about whatever changes them: a wrong
/// list of ids does as much harm with an update as with a deletion.
///
/// # Errors
///
/// `Declined` unless the answer is yes, and `Usage` if there is no terminal to ask on.
pub(crate) async fn many(
    operation: &Operation,
    what: &str,
    body: Option<String>,
    connection: &Connection,
    globals: &Globals,
    interrupt: &Interrupt,
) -> Result<(), Failure> {
    if operation.reads || globals.yes || connection.is_sandbox() {
        return Ok(());
    }
    if !is_terminal() {
        return Err(Failure::Usage(format!(
            "`{}` is asked about where it is for many records, and there is no terminal to ask on, so nothing was \
             sent; add --yes once --dry-run shows what you mean",
            command_line(operation)
        )));
    }
    ask(what, body, connection, interrupt).await
}

/// Whether someone can be asked. Both stdin and stderr have to be a terminal: the question goes to stderr, since stdout may be a
/// file.
fn is_terminal() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Fails if there is no terminal to ask on.
pub(crate) fn needs_a_terminal(what: &str) -> Result<(), Failure> {
    match is_terminal() {
        true => Ok(()),
        false => Err(Failure::Usage(format!(
            "`{what}` cannot be undone and there is no terminal to ask on, so nothing was sent; add --yes once \
             --dry-run shows what you mean"
        ))),
    }
}

/// Asks whether to do this to the account of the connection. Every answer but yes means no.
///
/// The question shows everything that can be told about the target: the tenant, the address, and the body. All of it is escaped,
/// because a ticket's title could otherwise rewrite the question on the screen.
pub(crate) async fn ask(
    what: &str,
    body: Option<String>,
    connection: &Connection,
    interrupt: &Interrupt,
) -> Result<(), Failure> {
    let client = connection.client()?;
    let tenant = match interrupt.or(tenant(&client)).await? {
        Some(name) => format!("{} ({})", plain_line(&name), connection.name),
        None => connection.name.clone(),
    };
    let body = body.map(|body| format!("\n{body}\n")).unwrap_or_default();
    let question = format!("{what} of {tenant} at {}?{body} [y/N] ", connection.base_url());
    let answer = tokio::task::spawn_blocking(move || {
        io::stderr().write_all(escaped(&question).as_bytes())?;
        let mut line = String::new();
        io::stdin().read_line(&mut line)?;
        Ok::<_, io::Error>(line)
    });
    let answer = interrupt.or(answer).await?.map_err(io::Error::other)?;
    match is_yes(&answer.map_err(Failure::Start)?) {
        true => Ok(()),
        false => Err(Failure::Declined),
    }
}

/// Whether an answer means yes.
fn is_yes(answer: &str) -> bool {
    matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes")
}

/// The company of the account, if the key may read it. A failure to read it is no reason not to ask.
async fn tenant(client: &Client) -> Option<String> {
    client.account().get().await.ok()?.company_name
}

/// The title or the name of the record that the path names, if the key may read it.
async fn record(client: &Client, request: &OperationRequest) -> Option<String> {
    let read = target::read_of(request.operation)?;
    let Some(Kind::Object(schema)) = read.answer else {
        return None;
    };
    let answer = request.call_of(read, client).ok()?.send().await.ok()?;
    let record = std::str::from_utf8(&answer.value).map(Record::new).ok()?;
    let columns = Column::summary(schema).into_iter();
    let mut texts = columns
        .filter(|column| matches!(column.kind, Kind::Text))
        .map(|column| cell(column.kind, column.value(&record)))
        .filter(|text| !text.is_empty());
    texts.next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_undone_is_asked_about() {
        for (id, asked) in [
            ("tickets_delete", true),
            ("guide_devices_http_delete", true),
            ("tickets_delete_relation", true),
            ("agents_run_powershell", true),
            ("alerts_resolve", true),
            ("tickets_create", false),
            ("tickets_update", false),
            ("tickets_query_billable_durations", false),
            ("tickets_list", false),
        ] {
            assert_eq!(asks(Operation::find(id).expect(id)), asked, "{id}");
        }
    }

    #[test]
    fn nothing_but_a_yes_is_one() {
        for (answer, yes) in [
            ("y\n", true),
            ("YES\r\n", true),
            ("\n", false),
            ("", false),
            ("yellow\n", false),
        ] {
            assert_eq!(is_yes(answer), yes, "{answer:?}");
        }
    }
}
