//! `destroy`: a call that cannot be undone, after a person's yes.

use rmcp::{
    model::{
        ElicitRequest, ElicitRequestParams, ElicitResult, InputRequest, InputRequests, InputRequiredResult,
        InputResponses, ProtocolVersion,
    },
    service::ServiceError,
};

use super::{
    context::{CallContext, is_over_http},
    send::send,
    write::CallArguments,
};
use crate::{
    confirm::{Reply, Subject, question, subject::one_line, unseen},
    content::Answer,
    failure::{Failure, Kind},
    level::Level,
    request::Request,
    setup::Setup,
};

/// The name of the question in the answer to a call.
const QUESTION: &str = "confirm";

/// What comes of a call.
pub(crate) enum Outcome {
    /// It is done.
    Done(Answer),
    /// The host has to ask first, and then make the call again.
    Ask(InputRequiredResult),
}

/// What the host brings with a call that it makes again.
#[derive(Debug, Default)]
pub(crate) struct Brought {
    /// The handle of the question.
    pub(crate) state: Option<String>,
    /// The answers.
    pub(crate) responses: Option<InputResponses>,
}

/// Destroys, or asks for it.
///
/// # Errors
///
/// `InvalidRequest` and `NotAllowed` before anyone is asked, `NotConfirmed` without a yes, and as [`send`].
pub(crate) async fn destroy(
    setup: &Setup,
    context: CallContext<'_>,
    arguments: CallArguments,
    brought: Brought,
) -> Result<Outcome, Failure> {
    let request = arguments.check(setup, context, Level::Destroy).await?;
    // Before the command is told as well: nobody would see them there either.
    unseen::check(&request)?;
    if let Err(reason) = can_ask(context) {
        return Err(refused(&request, setup, "unavailable", reason));
    }
    let subject = context
        .or_cancelled(Subject::read(&request, &setup.client))
        .await??;
    let asked = match (is_stateless(context), brought.state) {
        (true, Some(state)) => {
            let asked = answered(setup, &request, &state, brought.responses)?;
            // The name was typed for the record as it was then.
            if asked != subject {
                return Err(changed(&request));
            }
            asked
        }
        (true, None) => {
            let question = ask(setup, context, &request, &subject).await?;
            let handle = setup
                .questions
                .ask(request.fingerprint(), subject, setup.confirm_within);
            let mut requests = InputRequests::new();
            requests.insert(
                QUESTION.to_string(),
                InputRequest::Elicitation(ElicitRequest::new(question)),
            );
            return Ok(Outcome::Ask(InputRequiredResult::new(
                Some(requests),
                Some(handle),
            )));
        }
        (false, _) => {
            let question = ask(setup, context, &request, &subject).await?;
            let peer = &context.request.peer;
            let reply = peer.create_elicitation_with_timeout(question, Some(setup.confirm_within));
            match context.or_cancelled(reply).await? {
                Ok(reply) => confirmed(&request, &reply, &subject)?,
                Err(ServiceError::Timeout { .. }) => return Err(late(&request)),
                Err(error) => {
                    let reason = format!("the host could not ask the user: {error}");
                    return Err(refused(&request, setup, "unavailable", &reason));
                }
            }
            let now = context
                .or_cancelled(Subject::read(&request, &setup.client))
                .await??;
            if now != subject {
                return Err(changed(&request));
            }
            subject
        }
    };
    drop(asked);
    send(setup, context, &request, Some("typed"))
        .await
        .map(Outcome::Done)
}

/// The record that a question was about, if its answer is a yes to this call.
fn answered(
    setup: &Setup,
    request: &Request,
    state: &str,
    responses: Option<InputResponses>,
) -> Result<Subject, Failure> {
    // Taken first: an answer counts once, whatever it is.
    let pending = setup.questions.take(state).ok_or_else(|| late(request))?;
    if pending.fingerprint != request.fingerprint() {
        return Err(not_confirmed(
            request,
            "another call",
            "the yes was for another call",
        ));
    }
    let reply = responses
        .and_then(|mut responses| responses.remove(QUESTION))
        .and_then(|reply| serde_json::from_value::<ElicitResult>(reply).ok())
        .ok_or_else(|| not_confirmed(request, "unanswered", "the host brought no answer of the user"))?;
    confirmed(request, &reply, &pending.subject)?;
    Ok(pending.subject)
}

/// Checks that an answer is a yes.
fn confirmed(request: &Request, reply: &ElicitResult, subject: &Subject) -> Result<(), Failure> {
    match Reply::of(reply, subject) {
        Reply::Yes => Ok(()),
        Reply::No(word, reason) => Err(not_confirmed(request, word, reason)),
    }
}

/// The question about a call, with the account that it is for.
async fn ask(
    setup: &Setup,
    context: CallContext<'_>,
    request: &Request,
    subject: &Subject,
) -> Result<ElicitRequestParams, Failure> {
    // A key that may not read the account is no reason not to ask.
    let account = context
        .or_cancelled(setup.client.account().get().into_future())
        .await?;
    let account = account.ok().and_then(|account| account.company_name);
    let account = account.as_deref().map(one_line).unwrap_or_default();
    question(request, subject, &account, &setup.command_line(request))
}

/// Checks that the host can put a form before a person.
///
/// # Errors
///
/// Why it cannot.
fn can_ask(context: CallContext<'_>) -> Result<(), &'static str> {
    let capabilities = context.request.client_capabilities();
    let elicitation = capabilities.and_then(|capabilities| capabilities.elicitation);
    if !elicitation.is_some_and(|it| it.form.is_some() || it.url.is_none()) {
        return Err("this host cannot ask the user (it has no elicitation)");
    }
    // A question in the middle of a call would be sent, and waited for in vain: there is no session in which the answer could come.
    if is_over_http(context.request) && !is_stateless(context) {
        return Err("this version of the protocol cannot ask the user over HTTP");
    }
    Ok(())
}

/// Whether the host makes a call again with the answer, instead of being asked in the middle of one.
fn is_stateless(context: CallContext<'_>) -> bool {
    let version = context.request.protocol_version();
    version.is_some_and(|version| version >= ProtocolVersion::V_2026_07_28)
}

fn not_confirmed(request: &Request, word: &'static str, reason: &str) -> Failure {
    Failure::new(
        Kind::NotConfirmed,
        format!("{} was not sent: {reason}", request.operation.id),
        "do not try again on your own; ask the user what they want",
    )
    .with_confirmation(word)
}

/// That nobody can be asked, with the command that a person can run.
fn refused(request: &Request, setup: &Setup, word: &'static str, reason: &str) -> Failure {
    Failure::new(
        Kind::NotConfirmed,
        format!("{} was not sent: {reason}", request.operation.id),
        format!("tell the user, who can run: {}", setup.command_line(request)),
    )
    .with_confirmation(word)
}

fn late(request: &Request) -> Failure {
    not_confirmed(
        request,
        "late",
        "there was no answer in time, or it was used already",
    )
}

fn changed(request: &Request) -> Failure {
    not_confirmed(
        request,
        "changed",
        "the record was renamed or moved after the user was asked about it; read it again",
    )
}
