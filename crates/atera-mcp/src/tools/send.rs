//! Sends a call that changes something, once it is checked and confirmed.

use atera::{Applied, ErrorKind};
use serde_json::{Value, json};

use super::context::CallContext;
use crate::{
    audit::{Entry, loggable_in_full},
    content::{Answer, Shown, UNTRUSTED},
    decode,
    failure::Failure,
    request::Request,
    secret,
    sent::Decision,
    setup::Setup,
};

/// Sends it.
///
/// # Errors
///
/// `AlreadySent` if it is a create that was sent lately, `Config` if it cannot be written down, and whatever the service fails
/// with.
pub(crate) async fn send(
    setup: &Setup,
    context: CallContext<'_>,
    request: &Request,
    confirmation: Option<&str>,
) -> Result<Answer, Failure> {
    let operation = request.operation;
    // First: a call that cannot be made is not on its way.
    let call = request.call(&setup.client)?;
    let sending = match operation.creates() {
        true => match setup.sent.begin(request.fingerprint(), confirmation.is_some())? {
            Decision::Send(sending) => Some(sending),
            Decision::Repeat(mut answer, seconds) => {
                answer["repeated"] = json!(format!(
                    "the same call took effect {seconds} s ago, and was not sent again; this is its answer"
                ));
                return Ok(Answer::json(answer));
            }
        },
        false => None,
    };
    let logged = setup.audit.write(&Entry {
        event: "sending",
        call: context.call,
        host: context.host,
        tool: context.tool,
        operation: Some(operation.id),
        arguments: loggable_in_full(json!({"arguments": object(request), "body": request.body})),
        confirmation,
        ..Entry::default()
    });
    if let Err(error) = logged {
        if let Some(sending) = sending {
            sending.failed();
        }
        return Err(Failure::new(
            ErrorKind::Config,
            format!(
                "{} was not sent: the log cannot be written: {error}",
                operation.id
            ),
            "tell the user, who has to see to the file of --audit",
        ));
    }
    let answer = match context.or_cancelled(call.send()).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) => {
            let failure = Failure::from(error);
            match (sending, failure.applied) {
                (Some(sending), Applied::No) => sending.failed(),
                (Some(sending), Applied::Yes) => {
                    sending.done(told(request, Applied::Yes, &Value::Null, setup))
                }
                _ => {}
            }
            return Err(failure);
        }
        // What was on its way may have arrived.
        Err(cancelled) => return Err(cancelled.with_applied(Applied::Unknown)),
    };
    let value = match answer.value.is_empty() {
        true => Value::Null,
        false => decode::record(&String::from_utf8_lossy(&answer.value)),
    };
    let told = told(request, Applied::Yes, &value, setup);
    if let Some(sending) = sending {
        sending.done(told.clone());
    }
    Ok(Answer::json(told))
}

/// What came of a call.
fn told(request: &Request, applied: Applied, answer: &Value, setup: &Setup) -> Value {
    let mut answer = answer.clone();
    if request.names_secret() {
        secret::hide_custom_values(&mut answer);
    }
    let shown = Shown::of(answer, setup.limits.text, setup.limits.answer);
    let mut told = json!({
        "operation": request.operation.id,
        "applied": applied.as_str(),
    });
    if !shown.value.is_null() {
        told["untrusted"] = json!(UNTRUSTED);
        told["answer"] = shown.value;
    }
    told
}

/// The parameters of a call as an object.
fn object(request: &Request) -> Value {
    let parameters = request.parameters.iter();
    parameters
        .map(|(name, value)| ((*name).to_string(), Value::from(value.as_str())))
        .collect()
}
