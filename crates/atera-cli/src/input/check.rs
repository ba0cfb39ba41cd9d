//! A request against the rules of the description, before there is a client.
//!
//! The client checks every request itself. The command checks first, for three reasons: it reports every mistake at once, it
//! names the flag that mends one, and it refuses values and fields that the description lacks. Atera extends its closed lists,
//! so the client lets an unknown value through; on a command line it is most likely mistyped. `--allow-unknown` lets it
//! through here as well.

use atera::description::{Check, Operation, Violation};
use serde_json::Value;

use super::{body::unknown_fields, fields};
use crate::{names::nearly_known, output::failure::Failure};

/// Checks the values of a request.
///
/// # Errors
///
/// `Usage`, with everything that is wrong.
pub(crate) fn request(
    operation: &'static Operation,
    parameters: &[(&'static str, String)],
    body: Option<&Value>,
    allow_unknown: bool,
) -> Result<(), Failure> {
    let reasons = reasons(operation, parameters, body, allow_unknown);
    match reasons.is_empty() {
        true => Ok(()),
        false => Err(Failure::Usage(format!(
            "{} was not sent: {}",
            operation.id,
            reasons.join("; ")
        ))),
    }
}

/// Everything that is wrong with the values of a request, a clause each.
pub(crate) fn reasons(
    operation: &'static Operation,
    parameters: &[(&'static str, String)],
    body: Option<&Value>,
    allow_unknown: bool,
) -> Vec<String> {
    // A misspelt field comes first, since it may be the reason why another is missing.
    let mut reasons = match operation.body.zip(body) {
        Some((kind, body)) if !allow_unknown => unknown_fields(kind, body),
        _ => Vec::new(),
    };
    let found = violations(operation, parameters, body, !allow_unknown);
    let is_passable = |violation: &Violation| matches!(violation, Violation::NotListed { .. });
    let all_are_passable = !allow_unknown && found.iter().all(is_passable);
    reasons.extend(found.iter().map(|violation| with_flags(operation, violation)));
    if all_are_passable && !reasons.is_empty() {
        reasons.push("--allow-unknown lets it through anyway".to_string());
    }
    reasons
}

/// What may be mistyped although it cannot be refused: a value that is nearly one of the service's own, where accounts may have
/// added others.
pub(crate) fn remarks(parameters: &[(&'static str, String)], body: Option<&Value>) -> Vec<String> {
    let parameters = parameters.iter().map(|(name, value)| (*name, value.as_str()));
    let fields = body.and_then(Value::as_object).into_iter().flatten();
    let fields = fields.filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)));
    let near = parameters.chain(fields).filter_map(|(name, value)| {
        let near = nearly_known(name, value)?;
        Some(format!(
            "`{name}` is `{value}`: did you mean `{near}`? It is sent as it is, since the account may have added it"
        ))
    });
    near.collect()
}

/// The rules that the values break.
fn violations(
    operation: &'static Operation,
    parameters: &[(&'static str, String)],
    body: Option<&Value>,
    lists_are_closed: bool,
) -> Vec<Violation> {
    let mut check = match lists_are_closed {
        true => Check::new().with_closed_lists(),
        false => Check::new(),
    };
    for (name, value) in parameters {
        if let Some(parameter) = operation.parameters.iter().find(|it| it.name == *name) {
            check.argument(parameter, value);
        }
    }
    check.required(operation, |parameter| {
        parameters.iter().any(|(name, _)| *name == parameter.name)
    });
    if let Some((kind, body)) = operation.body.as_ref().zip(body) {
        check.body(kind, body);
    }
    check.into_violations()
}

/// A violation in words, with the flags for what is missing.
fn with_flags(operation: &Operation, violation: &Violation) -> String {
    match violation {
        Violation::Missing { place } => match flag(operation, place) {
            Some(flag) => format!("{violation}, give it with --{flag}"),
            None => violation.to_string(),
        },
        Violation::Incomplete { place, sets } if place.is_empty() => {
            let name = |name: &&str| match flag(operation, name) {
                Some(flag) => format!("--{flag}"),
                None => format!("`{name}`"),
            };
            let sets = sets
                .iter()
                .map(|set| set.iter().map(name).collect::<Vec<_>>().join(" with "));
            format!("it needs {}", sets.collect::<Vec<_>>().join(", or "))
        }
        _ => violation.to_string(),
    }
}

/// The flag for a field of the body itself, if it has one.
fn flag(operation: &Operation, field: &str) -> Option<String> {
    let scalars = fields::scalars(operation.body?);
    let mut scalars = scalars.into_iter();
    let scalar = scalars.find(|scalar| scalar.parent.is_none() && scalar.field.name == field);
    scalar.map(fields::ScalarField::flag)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_that_are_nearly_those_of_an_open_list_are_remarked_on() {
        let of = |status: &str| {
            let body = json!({"TicketStatus": status});
            let both = remarks(&[("ticketStatus", status.to_string())], Some(&body));
            assert_eq!(both.len() % 2, 0, "{both:?}");
            both.into_iter().next()
        };
        let remark = of("Clsed").expect("a remark");
        assert!(
            remark.starts_with("`ticketStatus` is `Clsed`: did you mean `Closed`?"),
            "{remark}"
        );
        for status in ["closed", "Waiting for customer"] {
            assert_eq!(of(status), None);
        }
    }
}
